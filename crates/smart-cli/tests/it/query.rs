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
    assert!(crate::stderr(&output).contains("long.ttl, 40 MiB\n"));
}

#[test]
fn a_query_can_stand_in_place_of_a_file() {
    let (_folder, [command, _, data]) = files("");
    let query = "SELECT ?since { ?m <http://a.example/since> ?since }";
    assert_eq!(succeed([&command, query, &data]), "since\n-----\n2008\n");
    assert_eq!(succeed([&command, "ask{}", &data]), "true\n");
    let error = fail(1, [&command, "SELECT ?x {", &data]);
    assert!(error.starts_with("error: the query: "), "{error}");
    // A word alone is the name of a file.
    let error = fail(1, [&command, "select", &data]);
    assert!(
        error.starts_with("error: select cannot be read: "),
        "{error}"
    );
}

#[test]
fn relative_iris_are_relative_to_the_file_or_to_the_base() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("a b.ttl");
    std::fs::write(&file, "<#m> a <T> .").expect("the folder can be written");
    let data = file.display().to_string();
    let subjects = "SELECT ?s { ?s a ?t }";
    let printed = succeed(["query", subjects, &data, "--format", "csv"]);
    let expected = format!("s\r\nfile://{}#m\r\n", data.replace(' ', "%20"));
    assert_eq!(printed, expected);
    let base = ["--base", "http://a.example/d"];
    let words = ["query", subjects, &data, "--format", "csv"];
    let printed = succeed(words.iter().chain(&base));
    assert_eq!(printed, "s\r\nhttp://a.example/d#m\r\n");
    let words = ["convert", "--to", "n-triples", &data];
    let printed = succeed(words.iter().chain(&base));
    assert!(printed.contains("<http://a.example/T>"), "{printed}");
}

#[test]
fn entities_are_replaced_where_they_are_allowed() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("wine.owl");
    let text = r#"<?xml version="1.0"?>
        <!DOCTYPE rdf:RDF [ <!ENTITY rdf "http://www.w3.org/1999/02/22-rdf-syntax-ns#"> ]>
        <rdf:RDF xmlns:rdf="&rdf;"><rdf:Description rdf:about="http://a.example/m" rdf:type="&rdf;Bag"/></rdf:RDF>"#;
    std::fs::write(&file, text).expect("the folder can be written");
    let data = file.display().to_string();
    for words in [
        &["query", "ASK { ?s a rdf:Bag }", "--prefixes", &data][..],
        &["convert", "--to", "turtle", &data],
        &["check", &data],
    ] {
        let error = fail(1, words);
        assert!(error.ends_with("(here: --allow-entities)"), "{error}");
        succeed(words.iter().chain(&["--allow-entities"]));
    }
}

#[test]
fn a_cell_of_a_document_is_printed() {
    let (folder, [command, ..]) = files("");
    let long = folder.path().join("long.nt");
    let document = "A".repeat(70_000);
    std::fs::write(&long, format!("<a:s> <a:p> \"{document}\" ."))
        .expect("the folder can be written");
    let printed = succeed([
        &command,
        "SELECT ?o ?s { ?s ?p ?o }",
        &long.display().to_string(),
    ]);
    assert!(printed.contains(&format!("{document}  <a:s>\n")));
}

#[test]
fn what_was_not_read_is_told() {
    let (folder, [command, query, data]) = files("ASK {}");
    let told = |data: &str| {
        let output = crate::smart([&*command, &*query, data])
            .output()
            .expect("the command runs");
        assert!(output.status.success());
        String::from_utf8(output.stderr).expect("notes are UTF-8")
    };
    assert_eq!(told(&data), "");
    let fhir = folder.path().join("patient.json");
    std::fs::write(&fhir, r#"{"resourceType": "Patient"}"#).expect("the folder can be written");
    let note = told(&fhir.display().to_string());
    assert!(
        note.contains("patient.json has no triples; without a @context"),
        "{note}"
    );
    let note = told(&folder.path().display().to_string());
    assert!(
        note.starts_with("not read, because not RDF by name: q.rq in "),
        "{note}"
    );
}

#[test]
fn limits_without_an_option_are_told_as_such() {
    let (folder, [command, _, _]) = files("ASK {}");
    let long = folder.path().join("long.ttl");
    std::fs::write(&long, format!("<a:{}> a <a:b> .", "a".repeat(5_000)))
        .expect("the folder can be written");
    let error = fail(1, [&*command, "ASK {}", &long.display().to_string()]);
    assert!(
        error.contains("raise the limit on the length of an IRI (fixed in this command;"),
        "{error}"
    );
    let deep = format!("ASK {{ {} ?s ?p ?o {} }}", "{".repeat(30), "}".repeat(30));
    let error = fail(1, [&*command, &*deep, "-"]);
    assert!(
        error.contains("(fixed in this command; narrow the query)"),
        "{error}"
    );
}
