use super::{fail, run, stderr, stdout, succeed, write_patient};

#[test]
fn a_folder_of_patients_is_swept_in_the_order_of_record_ids() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write_patient(folder.path(), "9", &[]);
    write_patient(folder.path(), "10", &["Samplamol 10 MG", "Examplin 5 MG"]);
    let printed = succeed([
        "sweep",
        "--sandbox",
        "--patients",
        &folder.path().display().to_string(),
    ]);
    assert_eq!(
        printed,
        "10: Examplin 5 MG, Samplamol 10 MG\n9: no medications\n"
    );
}

#[test]
fn a_sweep_goes_on_after_the_record_named() {
    let all = succeed(["sweep"]);
    assert_eq!(all.lines().count(), 50);
    let (tenth, _) = all
        .lines()
        .nth(9)
        .and_then(|line| line.split_once(':'))
        .expect("there is a tenth line");
    let rest = succeed(["sweep", "--after", tenth, "--concurrency", "1"]);
    assert_eq!(
        rest.lines().collect::<Vec<_>>(),
        all.lines().skip(10).collect::<Vec<_>>()
    );
}

#[test]
fn a_file_that_is_not_rdf_is_named_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write_patient(folder.path(), "1", &["Samplamol 10 MG"]);
    std::fs::write(folder.path().join("p2.xml"), "Dear Sir or Madam")
        .expect("the folder can be written");
    let error = fail(
        1,
        ["sweep", "--patients", &folder.path().display().to_string()],
    );
    assert!(
        error.starts_with("error: ") && error.contains("p2.xml"),
        "{error}"
    );
}

#[test]
fn a_truncated_file_is_named_with_the_place_where_it_ends() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write_patient(folder.path(), "1", &["Samplamol 10 MG"]);
    let path = folder.path().join("p1.xml");
    let text = std::fs::read_to_string(&path).expect("the file was written");
    std::fs::write(&path, &text[..text.len() - 40]).expect("the folder can be written");
    let error = fail(
        1,
        ["sweep", "--patients", &folder.path().display().to_string()],
    );
    assert!(
        error.contains("p1.xml") && error.contains("line"),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = fail(1, ["sweep", "--patients", "no/such/folder"]);
    assert!(error.contains("no/such/folder"), "{error}");
}

#[test]
fn a_wrong_secret_ends_the_sweep_with_advice() {
    let output = run(["sweep", "--consumer-secret", "wrong"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    let error = stderr(&output);
    assert!(
        error.contains("401") && error.contains("secret") && error.lines().count() == 1,
        "{error}"
    );
}
