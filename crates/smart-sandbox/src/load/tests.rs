use std::error::Error;

use super::*;

const RECORD: &str = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:sp="http://smartplatforms.org/terms#"><sp:MedicalRecord/><sp:Problem/></rdf:RDF>"#;

/// Loads a folder of files and gives the ids, or all messages of the error.
fn check(files: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    load(folder.path())
}

fn load(path: &Path) -> Result<Vec<String>, String> {
    let mut store = Store::new("http://localhost:7000");
    match folder(path, &mut store) {
        Ok(()) => Ok(store.ids().map(str::to_owned).collect()),
        Err(error) => {
            let mut messages = error.to_string();
            let mut source = error.source();
            while let Some(error) = source {
                messages = format!("{messages}: {error}");
                source = error.source();
            }
            Err(messages)
        }
    }
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
    let none = RECORD.replace("<sp:MedicalRecord/>", "");
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
    }
}

#[test]
fn two_files_of_one_record_are_refused() {
    let error = check(&[("a1.xml", RECORD), ("b1.xml", RECORD)]).unwrap_err();
    assert!(
        error.contains("a1.xml") && error.contains("b1.xml"),
        "{error}"
    );
    assert!(error.contains("record 1"), "{error}");
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
