use std::error::Error;

use super::*;

const RECORD: &str = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:sp="http://smartplatforms.org/terms#"><sp:MedicalRecord/><sp:Problem/></rdf:RDF>"#;

/// Loads a folder of files and gives the ids and the problems, or all messages of the error.
fn load_files(files: &[(&str, &str)]) -> Result<(Vec<String>, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    load(folder.path())
}

/// The ids of a folder without a problem, or all messages of the error.
fn check(files: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let (ids, problems) = load_files(files)?;
    assert_eq!(problems, [] as [&str; 0]);
    Ok(ids)
}

fn load(path: &Path) -> Result<(Vec<String>, Vec<String>), String> {
    let mut store = Store::new("http://localhost:7000");
    folder(path, &mut store).map_err(|error| messages(&error))?;
    let problems = store.problems().iter().map(|problem| messages(problem));
    let problems = problems.collect();
    Ok((store.ids().map(str::to_owned).collect(), problems))
}

fn messages(error: &dyn Error) -> String {
    let mut messages = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        messages = format!("{messages}: {error}");
        source = error.source();
    }
    messages
}

#[test]
fn ids_are_the_digits_of_the_names() {
    let turtle = "[] a <http://smartplatforms.org/terms#MedicalRecord> .";
    let files = [
        ("p12.xml", RECORD),
        ("34.v2.rdf", RECORD),
        ("5-6.XML", RECORD),
        ("p78.ttl", turtle),
        (".hidden9.xml", "not read"),
        ("README.md", "not read"),
    ];
    assert_eq!(check(&files).unwrap(), ["12", "34", "56", "78"]);
}

#[test]
fn what_is_wrong_is_named_with_the_file() {
    let two = RECORD.replace("<sp:Problem/>", "<sp:MedicalRecord/>");
    let none = RECORD.replace("<sp:MedicalRecord/><sp:Problem/>", "");
    for (name, content, message) in [
        ("p1.xml", "<html>", "it is not RDF"),
        ("p1.xml", &RECORD[..150], "it is not RDF"),
        ("p1.xml", "", "it is not RDF"),
        ("patient.xml", RECORD, "has no digits"),
        ("p1.xml", &two, "there are 2 nodes of type sp:MedicalRecord"),
        ("p1.xml", &none, "there is no sp:MedicalRecord"),
    ] {
        let error = check(&[(name, content)]).unwrap_err();
        assert!(
            error.contains(message) && error.contains(name),
            "{name}: {error}"
        );
        assert!(error.starts_with("none of the 1 patient file(s) in "));
        // the others of the folder are served
        let (ids, problems) = load_files(&[(name, content), ("p2.xml", RECORD)]).unwrap();
        assert_eq!(ids, ["2"]);
        let [problem] = &problems[..] else {
            panic!("{problems:?}")
        };
        assert!(
            problem.contains(message) && problem.contains(name),
            "{problem}"
        );
    }
}

#[test]
fn a_record_that_the_file_does_not_mention_is_added() {
    let none = RECORD.replace("<sp:MedicalRecord/>", "");
    assert_eq!(check(&[("p1.xml", &none)]).unwrap(), ["1"]);
}

#[test]
fn of_two_files_of_one_record_neither_is_served() {
    let two = [("a1.xml", RECORD), ("b1.xml", RECORD)];
    let error = check(&two).unwrap_err();
    for part in ["a1.xml", "b1.xml", "record 1"] {
        assert!(error.contains(part), "{error}");
    }
    let (ids, problems) = load_files(&[two[0], two[1], ("c1.ttl", ""), ("2.xml", RECORD)]).unwrap();
    assert_eq!(ids, ["2"]);
    assert_eq!(
        problems.len(),
        2,
        "one for each file too many: {problems:?}"
    );
}

#[test]
fn files_that_a_record_names_and_that_are_not_there_are_counted() {
    let document =
        |name: &str| format!("<sp:Document><sp:fileName>{name}</sp:fileName></sp:Document>");
    let content = "<sp:Document><sp:resource><sp:Resource><sp:content><sp:Content/></sp:content></sp:Resource></sp:resource></sp:Document>";
    let names = [
        "a.txt",
        "b.txt",
        "../p1.xml",
        "/etc/hostname",
        "documents",
        "",
    ];
    let documents: String = names.map(document).concat() + content;
    let record = RECORD.replace("<sp:Problem/>", &documents);
    let (ids, problems) = load_files(&[
        ("p1.xml", &record),
        ("p2.xml", RECORD),
        ("documents/1/a.txt", "a"),
        ("documents/2/b.txt", "of another record"),
    ])
    .unwrap();
    assert_eq!(ids, ["1", "2"]);
    let [problem] = &problems[..] else {
        panic!("{problems:?}")
    };
    assert!(
        problem.starts_with("record 1 names 5 file(s) that are not in "),
        "{problem}"
    );
    assert!(problem.contains("documents"), "{problem}");
}

#[test]
fn a_folder_must_be_there_and_hold_patients() {
    assert!(
        check(&[("notes.txt", "")])
            .unwrap_err()
            .contains("no patient files")
    );
    let error = load(Path::new("/there/is/no/such/folder")).unwrap_err();
    assert!(error.contains("/there/is/no/such/folder"), "{error}");
}

#[test]
fn a_position_is_part_of_the_message() {
    let broken = RECORD.replace("<sp:Problem/>", "\n<sp:Problem>");
    let error = check(&[("p1.xml", &broken)]).unwrap_err();
    assert!(error.contains("line 3") || error.contains("3:"), "{error}");
}

#[test]
fn a_long_history_is_read() {
    let note = "<sp:Problem><sp:notes>words and words and words and words</sp:notes></sp:Problem>";
    let long = RECORD.replace("<sp:Problem/>", &note.repeat(20_000));
    assert!(long.len() > 1_500_000);
    assert_eq!(check(&[("p1.xml", &long)]).unwrap(), ["1"]);
}
