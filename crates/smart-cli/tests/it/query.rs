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
    let error = fail(1, [&command, &query, &query]);
    assert!(error.contains("ends neither in .rdf"), "{error}");
}
