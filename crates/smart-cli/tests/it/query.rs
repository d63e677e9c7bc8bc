use std::io::Write as _;
use std::process::Stdio;

use super::{fail, succeed};

const DATA: &str = r#"<http://a.example/1> <http://purl.org/dc/terms/title> "aspirin" ; <http://a.example/since> 2008 .
<http://a.example/2> <http://purl.org/dc/terms/title> "ibuprofen" ."#;

/// Runs a query over the data above.
fn files(query: &str) -> (tempfile::TempDir, [String; 3]) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let [query_path, data_path] =
        ["q.rq", "d.ttl"].map(|name| folder.path().join(name).display().to_string());
    std::fs::write(&query_path, query).expect("the folder can be written");
    std::fs::write(&data_path, DATA).expect("the folder can be written");
    (folder, ["query".to_owned(), query_path, data_path])
}

fn answer(query: &str) -> String {
    let (_folder, arguments) = files(query);
    succeed(arguments)
}

#[test]
fn solutions_are_a_table() {
    let printed = answer(
        "PREFIX d: <http://purl.org/dc/terms/> SELECT ?drug ?since
         { ?m d:title ?drug OPTIONAL { ?m <http://a.example/since> ?since } } ORDER BY ?drug",
    );
    assert_eq!(
        printed,
        "drug       since\n---------  -----\naspirin    2008\nibuprofen\n"
    );
}

#[test]
fn an_ask_prints_its_answer() {
    assert_eq!(answer("ASK { ?m ?p 'aspirin' }"), "true\n");
    assert_eq!(answer("ASK { ?m ?p 'paracetamol' }"), "false\n");
}

#[test]
fn a_construct_prints_turtle() {
    let printed =
        answer("CONSTRUCT { ?m a <http://a.example/Drug> } { ?m <http://a.example/since> ?since }");
    assert_eq!(
        printed.trim(),
        "<http://a.example/1> a <http://a.example/Drug> ."
    );
}

#[test]
fn a_wrong_query_says_where() {
    let (_folder, arguments) = files("SELECT ?drug {\n  ?m ?p \n}");
    let error = fail(1, arguments);
    assert!(
        error.starts_with("error: ") && error.contains("q.rq") && error.contains("line 3"),
        "{error}"
    );
}

#[test]
fn absent_and_unknown_files_are_named() {
    let (_folder, [command, query, data]) = files("ASK {}");
    let error = fail(1, [&command, "nowhere.rq", &data]);
    assert!(
        error.starts_with("error: nowhere.rq cannot be read"),
        "{error}"
    );
    let error = fail(1, [&command, &query, "nowhere.ttl"]);
    assert!(
        error.starts_with("error: nowhere.ttl cannot be read"),
        "{error}"
    );
    let error = fail(2, [&command, &query, &query]);
    assert!(error.contains("say what it is by --from"), "{error}");
    let error = fail(1, [&command, &query, &query, "--from", "turtle"]);
    assert!(
        error.contains("q.rq: syntax error at line 1, column 1"),
        "{error}"
    );
}

#[test]
fn many_files_a_folder_and_standard_input_are_one_graph() {
    let (folder, [command, query, data]) =
        files("SELECT ?drug { ?m ?title ?drug FILTER(isLiteral(?drug)) } ORDER BY STR(?drug)");
    let more = folder.path().join("more");
    std::fs::create_dir(&more).expect("the folder can be written");
    crate::write_patient(&more, "1", &["metformin"]);
    std::fs::write(more.join("read.me"), "not RDF").expect("the folder can be written");
    let more = more.display().to_string();
    let csv = |data: &[&str], input: Option<&str>| {
        let options = [&*command, &*query, "--format", "csv"];
        let mut child = crate::smart(options.iter().chain(data))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin
            .write_all(input.unwrap_or_default().as_bytes())
            .expect("it is read");
        drop(stdin);
        let output = child.wait_with_output().expect("the command ends");
        assert!(output.status.success());
        crate::stdout(&output)
    };
    assert_eq!(
        csv(&[&more, &data], None),
        "drug\r\n2008\r\n2009-01-01\r\naspirin\r\nibuprofen\r\nmetformin\r\n"
    );
    let by_input = csv(&["-"], Some("<a:m> <a:name> 'zinc' ."));
    assert_eq!(by_input, "drug\r\nzinc\r\n");
    let both = csv(&["-", &data], Some(r#"{"@id": "a:m", "a:name": "zinc"}"#));
    assert_eq!(both, "drug\r\n2008\r\naspirin\r\nibuprofen\r\nzinc\r\n");
}

#[test]
fn results_have_the_forms_of_the_w3c() {
    let (_folder, [command, query, data]) =
        files("SELECT ?since { ?m <http://a.example/since> ?since }");
    let printed = |format: &str| succeed([&command, &query, &data, "--format", format]);
    assert_eq!(printed("csv"), "since\r\n2008\r\n");
    assert_eq!(printed("tsv"), "?since\n2008\n");
    assert!(printed("json").contains(r#""value":"2008""#));
    assert!(printed("xml").contains("integer\">2008</literal>"));
    let error = fail(2, [&command, &query, &data, "--format", "yaml"]);
    assert!(error.contains("--help"), "{error}");

    let (_folder, [command, query, data]) =
        files("CONSTRUCT { ?m a <http://a.example/D> } { ?m <http://a.example/since> ?since }");
    let printed = |format: &str| succeed([&command, &query, &data, "--format", format]);
    assert!(printed("json").contains(r#""@type": "http://a.example/D""#));
    assert!(printed("xml").contains("rdf:about=\"http://a.example/1\""));
    let error = fail(2, [&command, &query, &data, "--format", "csv"]);
    assert!(error.contains("print it as table, json or xml"), "{error}");
}

#[test]
fn the_prefixes_of_smart_can_be_switched_on() {
    let (_folder, [command, query, data]) =
        files("SELECT ?drug { ?m dcterms:title ?drug } LIMIT 1");
    let error = fail(1, [&command, &query, &data]);
    assert!(error.ends_with("(here: --prefixes)"), "{error}");
    let printed = succeed([&command, &query, &data, "--prefixes"]);
    assert!(printed.starts_with("drug\n"), "{printed}");
}

#[test]
fn a_long_load_is_announced() {
    let (folder, [command, query, data]) = files("ASK {}");
    let output = crate::run([&command, &query, &data]);
    assert_eq!(crate::stderr(&output), "");
    let long = folder.path().join("long.ttl");
    std::fs::write(&long, "#".repeat(40 << 20)).expect("the folder can be written");
    let output = crate::run([&command, &query, &long.display().to_string()]);
    assert_eq!(crate::stdout(&output), "true\n");
    assert!(crate::stderr(&output).ends_with("long.ttl, 40 MiB\n"));
}
