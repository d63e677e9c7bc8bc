use super::{fail, succeed, write_patient};

#[test]
fn all_calls_are_listed() {
    let printed = succeed(["calls"]);
    assert_eq!(printed.lines().count(), 47 + 2);
    assert!(printed.contains("get_medications"), "{printed}");
}

#[test]
fn one_call_is_explained() {
    for name in ["get_medications", "medications"] {
        let printed = succeed(["calls", name]);
        assert!(printed.starts_with("get_medications\n"), "{printed}");
        assert!(
            printed.contains("`GET /records/{record_id}/medications/`"),
            "{printed}"
        );
        assert!(
            printed.contains("| `rxnorm` | one or more codes"),
            "{printed}"
        );
        assert!(!printed.contains("get_problems"), "{printed}");
    }
    let message = fail(2, ["calls", "get_medicine"]);
    assert_eq!(
        message,
        "error: there is no call get_medicine; did you mean get_medication?"
    );
    let message = fail(2, ["calls", "everything"]);
    assert_eq!(
        message,
        "error: there is no call everything; smart calls lists them"
    );
}

#[test]
fn findings_are_listed_instead_of_the_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    write_patient(folder.path(), "7", &["Invented drug"]);
    let patients = folder.path().to_str().expect("a plain path");
    let printed = succeed([
        "get",
        "medications",
        "--record",
        "7",
        "--sandbox",
        "--patients",
        patients,
        "--findings",
    ]);
    assert!(printed.contains("finding: <http://"), "{printed}");
    assert!(
        printed.contains("sp:drugName/sp:code: expected exactly one, found none"),
        "{printed}"
    );
    assert!(
        printed.trim_end().ends_with("findings, 0 remarks"),
        "{printed}"
    );
    let printed = succeed([
        "get",
        "medications",
        "--sandbox",
        "--record",
        "1288992",
        "--findings",
    ]);
    assert_eq!(printed, "0 findings, 0 remarks\n");
}
