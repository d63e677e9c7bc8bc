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
fn a_medication_without_the_name_of_its_drug_is_not_left_out() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write_patient(folder.path(), "1", &["Samplamol 10 MG", " "]);
    let file = folder.path().join("p1.xml");
    let nameless = std::fs::read_to_string(&file)
        .expect("the file is there")
        .replace(
            "</rdf:RDF>",
            "<sp:Medication><sp:startDate>2009</sp:startDate></sp:Medication></rdf:RDF>",
        );
    std::fs::write(&file, nameless).expect("the file can be written");
    let printed = succeed([
        "sweep",
        "--sandbox",
        "--patients",
        &folder.path().display().to_string(),
    ]);
    assert_eq!(
        printed,
        "1: (drug name missing), (drug name missing), Samplamol 10 MG\n"
    );
}

#[test]
fn a_sweep_goes_on_after_the_record_named() {
    let all = succeed(["sweep", "--sandbox"]);
    assert_eq!(all.lines().count(), 50);
    let (tenth, _) = all
        .lines()
        .nth(9)
        .and_then(|line| line.split_once(':'))
        .expect("there is a tenth line");
    let rest = succeed(["sweep", "--sandbox", "--after", tenth, "--concurrency", "1"]);
    assert_eq!(
        rest.lines().collect::<Vec<_>>(),
        all.lines().skip(10).collect::<Vec<_>>()
    );
}

#[test]
fn a_file_that_is_not_rdf_is_named_and_the_others_are_served() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write_patient(folder.path(), "1", &["Samplamol 10 MG"]);
    std::fs::write(folder.path().join("p2.xml"), "Dear Sir or Madam")
        .expect("the folder can be written");
    let patients = folder.path().display().to_string();
    let output = run(["sweep", "--sandbox", "--patients", &patients]);
    assert_eq!(stdout(&output), "1: Samplamol 10 MG\n");
    let error = stderr(&output);
    assert!(
        error.starts_with("warning: ") && error.contains("p2.xml"),
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
        [
            "sweep",
            "--sandbox",
            "--patients",
            &folder.path().display().to_string(),
        ],
    );
    assert!(
        error.contains("p1.xml") && error.contains("line"),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = fail(1, ["sweep", "--sandbox", "--patients", "no/such/folder"]);
    assert!(error.contains("no/such/folder"), "{error}");
}

#[test]
fn a_wrong_secret_ends_the_sweep_with_advice() {
    let output = run(["sweep", "--sandbox", "--consumer-secret", "wrong"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    let error = stderr(&output);
    assert!(
        error.contains("401") && error.contains("secret") && error.lines().count() == 1,
        "{error}"
    );
}

/// A folder with three patients, and the words that sweep it.
fn three() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for id in ["1", "2", "3"] {
        write_patient(folder.path(), id, &["Samplamol 10 MG"]);
    }
    let patients = folder.path().display().to_string();
    let words = ["sweep", "--sandbox", "--patients", &patients].map(str::to_owned);
    (folder, words.to_vec())
}

fn with(words: &[String], more: &[&str]) -> Vec<String> {
    let more = more.iter().map(ToString::to_string);
    words.iter().cloned().chain(more).collect()
}

#[test]
fn a_sweep_says_how_far_it_came() {
    let (_folder, sweep) = three();
    let output = run(&sweep);
    assert_eq!(stderr(&output), "3 records read, the last one is 3\n");
    succeed(with(&sweep, &["--expect", "3"]));
}

#[test]
fn a_walk_that_is_shorter_than_expected_ends_with_3() {
    let (_folder, sweep) = three();
    let output = run(with(&sweep, &["--expect", "50"]));
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stdout(&output).lines().count(), 3);
    assert_eq!(
        stderr(&output),
        "error: 3 records read, the last one is 3, but 50 were expected\n"
    );
}

#[test]
fn named_records_are_read_in_their_order_and_a_missing_one_ends_with_3() {
    let (folder, sweep) = three();
    let file = folder.path().join("records.txt");
    let path = file.display().to_string();
    std::fs::write(&file, "3\n\n 1\n").expect("the folder can be written");
    let printed = succeed(with(&sweep, &["--records", &path]));
    assert_eq!(printed, "3: Samplamol 10 MG\n1: Samplamol 10 MG\n");
    let printed = succeed(with(&sweep, &["--records", &path, "--after", "3"]));
    assert_eq!(printed, "1: Samplamol 10 MG\n");
    std::fs::write(&file, "1\n404\n2\n").expect("the folder can be written");
    let output = run(with(&sweep, &["--records", &path]));
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stdout(&output), "1: Samplamol 10 MG\n2: Samplamol 10 MG\n");
    let error = stderr(&output);
    assert!(
        error.ends_with("error: 1 of 3 records could not be read; go on with --after 1\n"),
        "{error}"
    );
}

#[test]
fn a_file_without_records_and_an_unknown_place_are_usage_errors() {
    let (folder, sweep) = three();
    let file = folder.path().join("records.txt");
    let path = file.display().to_string();
    std::fs::write(&file, "\n").expect("the folder can be written");
    let error = fail(2, with(&sweep, &["--records", &path]));
    assert!(error.contains("names no record"), "{error}");
    std::fs::write(&file, "1\n").expect("the folder can be written");
    let error = fail(2, with(&sweep, &["--records", &path, "--after", "7"]));
    assert!(error.contains("record 7 is not in the file"), "{error}");
}

#[test]
fn an_answer_over_the_limit_names_the_option() {
    let (_folder, sweep) = three();
    let output = run(with(&sweep, &["--body-limit", "300"]));
    assert_eq!(output.status.code(), Some(3));
    let error = stderr(&output);
    assert!(error.contains("longer than 300 bytes"), "{error}");
}
