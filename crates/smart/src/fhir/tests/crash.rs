//! A process that dies during a refresh, at each step in turn, and the next one that finds what it
//! left.

use super::*;
use crate::fhir::FhirError;
use crate::vault::DIE_AT;

/// What the next process finds.
#[derive(Debug, PartialEq)]
enum Found {
    /// It goes on without the user.
    Session,
    /// It says that the answer to a refresh was lost.
    LostAnswer,
}

/// Every step of a refresh in order, and what comes of dying there. The answer is lost from the
/// server's saying it to its being written down, and nowhere else.
const STEPS: &[(&str, Found)] = &[
    ("refresh about to be noted", Found::Session),
    ("entry about to be written", Found::Session),
    ("draft written", Found::Session),
    ("draft on disk", Found::Session),
    ("draft renamed", Found::Session),
    ("folder on disk", Found::Session),
    ("refresh noted", Found::Session),
    ("refresh answered", Found::LostAnswer),
    ("tokens received", Found::LostAnswer),
    ("entry about to be written", Found::LostAnswer),
    ("draft written", Found::Session),
    ("draft on disk", Found::Session),
    ("draft renamed", Found::Session),
    ("folder on disk", Found::Session),
    ("tokens stored", Found::Session),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_is_survived_or_told() {
    let mut died_at = Vec::new();
    for step in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("v");
        let rotating = Rotating::default();
        let server = rotating.start().await;
        with_stale_tokens(&server.url(""), &folder).await;
        let child = child(
            "fhir::tests::crash::process_that_dies",
            &server.url(""),
            &folder,
        )
        .env(DIE_AT, step.to_string())
        .output()
        .await
        .unwrap();
        if child.status.success() {
            break;
        }
        let said = String::from_utf8_lossy(&child.stderr).into_owned();
        let place = said.lines().find_map(|line| line.split("died at: ").nth(1));
        let place = place.unwrap_or_else(|| panic!("the child failed otherwise: {said}"));

        let found = match read_afresh(&server.url(""), &folder).await {
            Ok(StatusCode::OK) => Found::Session,
            Ok(status) => panic!("{status} after a crash at {place}"),
            Err(error) => {
                assert!(error.needs_user(), "{error:?}");
                assert!(is_lost_answer(&error), "{place}: {error:?}");
                // the old tokens are still there, and a token that had not ended would still be
                // used
                let app = app(&server.url(""), FileVault::open(&folder).unwrap());
                let session = Session::open(&app, key()).await.unwrap();
                assert_eq!(session.tokens().access_token.expose(), "a0");
                Found::LostAnswer
            }
        };
        died_at.push((place.to_owned(), found));
    }
    let expected: Vec<_> = STEPS
        .iter()
        .map(|(place, found)| ((*place).to_owned(), found))
        .collect();
    let died_at: Vec<_> = died_at
        .iter()
        .map(|(place, found)| (place.clone(), found))
        .collect();
    assert_eq!(died_at, expected);
}

#[test]
#[ignore = "a process of its own, which the test above starts and which is to die"]
fn process_that_dies() {
    let Some((server, folder)) = orders() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = runtime.unwrap().block_on(read_afresh(&server, &folder));
    assert_eq!(outcome.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn a_crash_while_the_key_is_made_leaves_a_vault() {
    for step in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("v");
        let child = child("fhir::tests::crash::process_that_makes_a_key", "", &folder)
            .env(DIE_AT, step.to_string())
            .output()
            .await
            .unwrap();
        with_stale_tokens("http://localhost:1", &folder).await;
        if child.status.success() {
            assert_eq!(step, 10, "steps of making a key and its check value");
            break;
        }
    }
}

#[test]
#[ignore = "a process of its own, which the test above starts and which is to die"]
fn process_that_makes_a_key() {
    if let Some((_, folder)) = orders() {
        FileVault::open(folder).unwrap();
    }
}

fn is_lost_answer(error: &Error) -> bool {
    match error {
        Error::Fhir(FhirError::Renewal { source }) => is_lost_answer(source),
        Error::Fhir(FhirError::RefreshLost { .. }) => true,
        _ => false,
    }
}
