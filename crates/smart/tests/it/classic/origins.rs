//! Credentials go where they belong and nowhere else.

use smart::api::calls::GetMedications;
use smart::classic::Client;
use smart::transport::HyperTransport;
use smart::{Error, Stage};
use smart_test_support::{CannedResponse, TestServer};

use super::container::{APP, SECRET, answer, client, token};

fn client_of(server: &TestServer) -> Client {
    Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .build()
        .unwrap()
}

#[tokio::test]
async fn redirects_are_refusals_wherever_they_lead() {
    let elsewhere = TestServer::in_turn([CannedResponse::new(200)])
        .await
        .unwrap();
    for status in [301, 302, 303, 307, 308] {
        let server = TestServer::redirecting(status, &elsewhere.url("/records/1/medications/"))
            .await
            .unwrap();
        let record = client_of(&server).record("1").with_token(token("t1"));
        let error = record.get_medications().send().await.unwrap_err();
        assert_eq!(error.stage(), Stage::Refused);
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(
            error.to_string(),
            format!(
                "the container answered get_medications with {}; set the API base to where the container lies now, since redirects are never followed",
                http::StatusCode::from_u16(status).unwrap()
            )
        );
        assert_eq!(server.requests(), 1);
    }
    assert_eq!(elsewhere.connections(), 0);
}

/// A page of medications that names this as the next.
fn page(next: &str) -> String {
    let next = next.replace('&', "&amp;");
    format!(
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:api="http://smartplatforms.org/terms/api#">
             <api:ResponseSummary><api:nextPageURL>{next}</api:nextPageURL></api:ResponseSummary>
           </rdf:RDF>"#
    )
}

/// Asks for the pages of a call whose first answer names this link as the next, and whose second
/// names none; what was sent for the second, if anything.
async fn follow(link: &str) -> (Result<bool, Error>, Vec<String>) {
    let pages = [page(link), page("")];
    let (client, log) = client(move |seen| {
        let page = &pages[usize::from(seen.uri.contains("offset="))];
        answer(200, "application/rdf+xml", page.clone())
    });
    let record = client.record("1").with_token(token("t1"));
    let mut pages = record.get_medications().limit(2).pages();
    let next = match pages.try_next().await {
        Ok(_) => pages.try_next().await.map(|next| next.is_some()),
        Err(error) => Err(error),
    };
    // Nothing follows, neither a last page nor an error.
    assert!(pages.try_next().await.unwrap().is_none());
    let sent = log.lines().split_off(1);
    (next, sent)
}

#[tokio::test]
async fn next_page_is_asked_for_where_the_first_was() {
    const NEXT: &str = "GET http://localhost:7000/records/1/medications/?limit=2&offset=2";
    for link in [
        "http://localhost:7000/records/1/medications/?limit=2&offset=2",
        "HTTP://LOCALHOST:7000/records/1/medications/?limit=2&offset=2",
        "http://localhost:7000/records/1/medications/?limit=2&offset=2&oauth_token=t2",
        // Whatever house it names, the question goes to our own.
        "/records/1/medications/?limit=2&offset=2",
        "https://localhost:7000/records/1/medications/?limit=2&offset=2",
        "http://evil.example/records/1/medications/?limit=2&offset=2",
        "http://localhost:7001/records/1/medications/?limit=2&offset=2",
        "http://localhost.:7000/records/1/medications/?limit=2&offset=2",
        "http://localhost:7000.evil.example/records/1/medications/?limit=2&offset=2",
        "http://localhost:7000@evil.example/records/1/medications/?limit=2&offset=2",
        "http://evil@localhost:7000/records/1/medications/?limit=2&offset=2",
        "http://localhost.evil.example:7000/records/1/medications/?limit=2&offset=2",
        // An o of another alphabet, as it is and encoded.
        "http://l\u{43e}calhost:7000/records/1/medications/?limit=2&offset=2",
        "http://xn--lcalhost-1nf:7000/records/1/medications/?limit=2&offset=2",
        "http://127.0.0.1:7000/records/1/medications/?limit=2&offset=2",
        "//localhost:7000/records/1/medications/?limit=2&offset=2",
        "ftp://localhost:7000/records/1/medications/?limit=2&offset=2",
    ] {
        let (next, requests) = follow(link).await;
        assert!(next.unwrap(), "{link}");
        assert_eq!(requests, [NEXT], "{link}");
    }
}

#[tokio::test]
async fn next_page_of_something_else_is_not_asked_for() {
    for (link, reason) in [
        // The right house, somebody else's door.
        (
            "http://localhost:7000/records/2/medications/?limit=2&offset=2",
            "leads to something else",
        ),
        (
            "http://localhost:7000/records/1/../2/medications/?limit=2&offset=2",
            "leads to something else",
        ),
        (
            "http://localhost:7000/records/1/%2e%2e/2/medications/?limit=2&offset=2",
            "leads to something else",
        ),
        (
            "http://localhost:7000/records/12/medications/?limit=2&offset=2",
            "leads to something else",
        ),
        (
            "http://localhost:7000/records/1/problems/?limit=2&offset=2",
            "leads to something else",
        ),
        (
            "http://localhost:7000/apps/x/tokens/records/first",
            "leads to something else",
        ),
        ("not a link", "leads to something else"),
        // Round in a circle.
        (
            "http://localhost:7000/records/1/medications/?limit=2&offset=0",
            "does not go on from here",
        ),
    ] {
        let (next, requests) = follow(link).await;
        let error = next.unwrap_err();
        assert_eq!(error.stage(), Stage::Unreadable);
        assert!(error.to_string().contains(reason), "{link}: {error}");
        assert!(requests.is_empty(), "{link}: {requests:?}");
    }
}

#[tokio::test]
async fn last_page_has_no_next() {
    let (next, requests) = follow("").await;
    assert!(!next.unwrap());
    assert!(requests.is_empty());
}

#[tokio::test]
async fn call_of_one_record_is_not_sent_by_the_handle_of_another() {
    let (client, log) = client(|_| answer(200, "text/plain", ""));
    let other = client.record("2").with_token(token("t2"));
    let error = GetMedications::new("1")
        .with_sender(other)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "get_medications was prepared for record 1 and given to the handle of record 2; send it with a handle of its own"
    );
    assert_eq!(error.stage(), Stage::NotSent);
    assert!(log.all().is_empty());
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused_before_anything_is_sent() {
    let client = Client::builder()
        .app_id(APP)
        .api_base("http://emr.example")
        .consumer(APP, SECRET)
        .transport(HyperTransport::new())
        .build()
        .unwrap();
    let error = client.manifest().await.unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    assert!(!error.is_retryable());
}
