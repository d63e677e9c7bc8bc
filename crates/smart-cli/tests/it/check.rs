use super::{fail, run, stdout, succeed, write_patient};

#[test]
fn findings_are_a_table_and_a_failure() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write_patient(folder.path(), "1", &["aspirin"]);
    let file = folder.path().join("p1.xml").display().to_string();
    let output = run(["check", &file]);
    let table = stdout(&output);
    let headings = table.lines().next().unwrap_or_default();
    let words: Vec<_> = headings.split_whitespace().collect();
    assert_eq!(
        words,
        ["kind", "statement", "property", "expected", "found"]
    );
    let line = table
        .lines()
        .find(|line| line.contains("sp:instructions"))
        .expect("it has none");
    assert!(line.starts_with("finding"), "{line}");
    assert!(
        line.contains("exactly one") && line.ends_with("none"),
        "{line}"
    );
    let error = fail(1, ["check", &file]);
    assert!(
        error.starts_with("error: ") && error.contains(" findings, "),
        "{error}"
    );
    // Of several files each line says which.
    write_patient(folder.path(), "2", &[]);
    let both = stdout(&run(["check", &folder.path().display().to_string()]));
    assert!(both.contains("  in  "), "{both}");
    assert!(both.contains("p1.xml"), "{both}");
}

#[test]
fn a_file_without_faults_passes() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("d.ttl");
    std::fs::write(&file, "<a:m> <a:p> 1 .").expect("the folder can be written");
    assert_eq!(
        succeed(["check", &file.display().to_string()]),
        "0 findings, 0 remarks\n"
    );
}
