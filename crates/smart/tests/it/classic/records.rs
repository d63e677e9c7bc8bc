//! Handles of records and users: each has its own token, or says that it lacks one.

use http::Response;
use smart::classic::Body;
use smart::{Error, Query, Stage};

use super::container::{Bytes, Seen, answer, client, html, story, token};

const DRUGS: &str = "
    PREFIX sp: <http://smartplatforms.org/terms#> PREFIX dcterms: <http://purl.org/dc/terms/>
    SELECT ?drug WHERE { ?medication a sp:Medication ; sp:drugName/dcterms:title ?drug }";

/// A medication list with one drug, named after the token that asked for it.
fn medications(seen: &Seen) -> Response<Bytes> {
    let token = seen.token.as_deref().unwrap();
    answer(
        200,
        "application/rdf+xml",
        format!(
            r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
                xmlns:sp="http://smartplatforms.org/terms#" xmlns:dcterms="http://purl.org/dc/terms/">
              <sp:Medication rdf:about="{}1">
                <sp:drugName><sp:CodedValue><dcterms:title>drug of {token}</dcterms:title></sp:CodedValue></sp:drugName>
              </sp:Medication>
            </rdf:RDF>"#,
            seen.uri
        ),
    )
}

#[tokio::test]
async fn handles_used_at_once_keep_to_their_own_tokens() {
    let (client, log) = client(medications);
    let query = Query::prepare(DRUGS).unwrap();
    let calls = (0..50).map(|number| {
        let record = client
            .record(format!("r{number}"))
            .with_token(token(&format!("t{number}")));
        tokio::spawn(async move { (number, record.get_medications().send().await.unwrap()) })
    });
    for call in calls.collect::<Vec<_>>() {
        let (number, response) = call.await.unwrap();
        let rows = query.select(&response.graph().unwrap()).unwrap();
        let drugs: Vec<_> = rows
            .rows()
            .filter_map(|row| row.text("drug"))
            .map(str::to_owned)
            .collect();
        assert_eq!(drugs, [format!("drug of t{number}")]);
    }
    for seen in log.all() {
        let token = seen.token.unwrap();
        let expected = token.replace('t', "http://localhost:7000/records/r") + "/medications/";
        assert_eq!(seen.uri, expected);
    }
    assert_eq!(log.all().len(), 50);
}

#[tokio::test]
async fn changing_a_handle_leaves_its_clones_alone() {
    let (client, log) = client(medications);
    let record = client.record("1").with_token(token("t1"));
    let other = record.clone().with_token(token("t2"));
    record.get_medications().send().await.unwrap();
    other.get_medications().send().await.unwrap();
    let tokens: Vec<_> = log
        .all()
        .into_iter()
        .filter_map(|seen| seen.token)
        .collect();
    assert_eq!(tokens, ["t1", "t2"]);
}

#[tokio::test]
async fn handle_without_a_token_sends_nothing_and_says_what_to_do() {
    let (client, log) = client(medications);
    let record = client
        .record("1288992")
        .get_medications()
        .send()
        .await
        .unwrap_err();
    let user = client
        .user("me@example.org")
        .get_user_preferences()
        .send()
        .await
        .unwrap_err();
    for (error, expected) in [
        (
            record,
            "get_medications needs a token, and this handle of record 1288992 has none; let a user authorize it, take the handle from a sweep, or give it a token",
        ),
        (
            user,
            "get_user_preferences needs a token, and this handle of user me@example.org has none; give it that of a record which the user authorized",
        ),
    ] {
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, Error::NoToken { .. }));
        assert_eq!(error.stage(), Stage::NotSent);
        assert!(!error.is_retryable());
    }
    assert!(log.all().is_empty());
}

#[tokio::test]
async fn user_calls_are_signed_with_the_users_token() {
    let (client, log) = client(|_| answer(200, "application/rdf+xml", ""));
    let user = client.user("me@example.org").with_token(token("t1"));
    user.get_user_preferences().send().await.unwrap();
    assert_eq!(
        log.lines(),
        [
            "GET http://localhost:7000/users/me@example.org/apps/counter@apps.example.org/preferences"
        ]
    );
    assert_eq!(log.all()[0].token.as_deref(), Some("t1"));
}

#[tokio::test]
async fn filters_are_signed_and_sent() {
    let (client, log) = client(medications);
    let record = client.record("1").with_token(token("t1"));
    let call = record
        .get_medications()
        .date_from("2008")
        .rxnorm(["856987", "197361"])
        .limit(10);
    call.send().await.unwrap();
    assert_eq!(
        log.lines(),
        [
            "GET http://localhost:7000/records/1/medications/?date_from=2008&rxnorm=856987%7C197361&limit=10"
        ]
    );
}

#[tokio::test]
async fn value_that_cannot_be_sent_is_not() {
    let (client, log) = client(medications);
    let record = client.record("../users").with_token(token("t1"));
    for error in [
        record.get_demographics().send().await.unwrap_err(),
        client
            .record("1")
            .with_token(token("t1"))
            .get_medications()
            .date_from("soon")
            .send()
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, Error::Call(_)), "{error}");
        assert_eq!(error.stage(), Stage::NotSent);
        assert!(!error.is_retryable());
    }
    assert!(log.all().is_empty());
}

#[tokio::test]
async fn body_goes_along() {
    let (client, log) = client(|_| answer(200, "application/rdf+xml", ""));
    let record = client.record("1").with_token(token("t1"));
    record
        .post_clinical_note(Body::new("application/rdf+xml", "<rdf/>"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        log.lines(),
        ["POST http://localhost:7000/records/1/clinical_notes/"]
    );
    assert_eq!(log.all()[0].body, "<rdf/>");
}

#[tokio::test]
async fn page_instead_of_a_graph_is_shown() {
    let (client, _) = client(|_| html(200, "<html><body>Please log in</body></html>"));
    let record = client.record("1").with_token(token("t1"));
    let response = record.get_medications().send().await.unwrap();
    let error = Error::from(response.graph().unwrap_err());
    assert_eq!(error.stage(), Stage::Unreadable);
    let story = story(&error);
    assert!(
        story.contains("text/html") && story.contains("Please log in"),
        "{story}"
    );
}

#[tokio::test]
async fn truncated_graph_is_an_error() {
    let (client, _) = client(|seen| {
        let whole = medications(seen).into_body();
        answer(200, "application/rdf+xml", whole.slice(..whole.len() - 30))
    });
    let record = client.record("1").with_token(token("t1"));
    let response = record.get_medications().send().await.unwrap();
    let error = Error::from(response.graph().unwrap_err());
    assert_eq!(error.stage(), Stage::Unreadable);
    assert!(error.to_string().contains("application/rdf+xml"), "{error}");
}
