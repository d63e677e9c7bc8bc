use std::path::Path;

use super::{fail, succeed, write_patient};

/// A folder with one patient, and the path of the file.
fn patient() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write_patient(folder.path(), "1", &["aspirin", "zinc"]);
    let file = folder.path().join("p1.xml").display().to_string();
    (folder, file)
}

fn save(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("the folder can be written");
    file.display().to_string()
}

#[test]
fn every_syntax_leads_back() {
    let (folder, file) = patient();
    let lines = |text: &str| text.lines().count();
    let triples = lines(&succeed(["convert", "--to", "n-triples", &file]));
    assert_eq!(triples, 13);
    for (to, from) in [
        ("json-ld", "json-ld"),
        ("n-quads", "n-quads"),
        ("n-triples", "n-triples"),
        ("rdf-xml", "rdf-xml"),
        ("smart-json-ld", "json-ld"),
        ("trig", "trig"),
        ("turtle", "turtle"),
    ] {
        let written = succeed(["convert", "--to", to, &file]);
        let written = save(folder.path(), "written", &written);
        let again = succeed(["convert", "--to", "n-triples", "--from", from, &written]);
        assert_eq!(lines(&again), triples, "{to}");
    }
}

#[test]
fn the_prefixes_of_smart_are_known() {
    let (_folder, file) = patient();
    let turtle = succeed(["convert", "--to", "turtle", &file]);
    assert!(turtle.contains("a sp:Medication"), "{turtle}");
    let objects = succeed(["convert", "--to", "smart-json-ld", &file]);
    assert!(
        objects.contains(r#""dcterms__title": "aspirin""#),
        "{objects}"
    );
}

#[test]
fn named_graphs_need_a_syntax_that_has_them() {
    let (folder, _) = patient();
    let file = save(folder.path(), "data.trig", "<a:g> { <a:s> <a:p> 1 }");
    let quads = succeed(["convert", "--to", "n-quads", &file]);
    assert!(quads.ends_with("<a:g> .\n"), "{quads}");
    for to in ["turtle", "smart-json-ld"] {
        let error = fail(1, ["convert", "--to", to, &file]);
        assert!(error.contains("named graph <a:g>"), "{error}");
    }
}
