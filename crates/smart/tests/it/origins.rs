//! Credentials go where they belong and nowhere else.

use smart::api::calls::GetMedications;
use smart::transport::HyperTransport;
use smart::{Client, Error, Stage};
use smart_test_support::{Answer, Server};

use crate::container::{APP, SECRET, answer, client, token};

fn client_of(server: &Server) -> Client {
    Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .build()
        .unwrap()
}

#[tokio::test]
async fn redirects_are_refusals_wherever_they_lead() {
    let elsewhere = Server::in_turn([Answer::new(200)]).await.unwrap();
    for status in [301, 302, 303, 307, 308] {
        let server = Server::redirecting(status, &elsewhere.url("/records/1/medications/"))
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

/// Asks for the page after one that names this link; what was sent for it, if anything.
async fn follow(link: &str) -> (Result<bool, Error>, Vec<String>) {
    let page = page(link);
    let (client, log) = client(move |_| answer(200, "application/rdf+xml", page.clone()));
    let record = client.record("1").with_token(token("t1"));
    let first = record.get_medications().limit(2).send().await.unwrap();
    let next = record.next_page(&first).await.map(|next| next.is_some());
    let sent = log.lines().split_off(1);
    (next, sent)
}

#[tokio::test]
async fn next_page_is_followed_in_the_container() {
    for (link, sent) in [
        (
            "http://localhost:7000/records/1/medications/?limit=2&offset=2",
            "GET http://localhost:7000/records/1/medications/?limit=2&offset=2",
        ),
        (
            "HTTP://LOCALHOST:7000/records/1/medications/?offset=2&limit=2",
            "GET http://localhost:7000/records/1/medications/?offset=2&limit=2",
        ),
        // Containers do not encode the values.
        (
            "http://localhost:7000/records/1/medications/?limit=2&offset=2&rxnorm=a|b c+é",
            "GET http://localhost:7000/records/1/medications/?limit=2&offset=2&rxnorm=a%7Cb%20c%2B%C3%A9",
        ),
        (
            "http://localhost:7000/records/1/medications/?limit=2&offset=2&rxnorm=a%7Cb",
            "GET http://localhost:7000/records/1/medications/?limit=2&offset=2&rxnorm=a%7Cb",
        ),
    ] {
        let (next, requests) = follow(link).await;
        assert!(next.unwrap(), "{link}");
        assert_eq!(requests, [sent]);
    }
}

#[tokio::test]
async fn next_page_elsewhere_is_not_followed() {
    for link in [
        "http://evil.example/records/1/medications/?limit=2&offset=2",
        "https://localhost:7000/records/1/medications/",
        "http://localhost:7001/records/1/medications/",
        "http://localhost/records/1/medications/",
        "http://localhost.:7000/records/1/medications/",
        "http://localhost:7000.evil.example/records/1/medications/",
        "http://localhost:7000@evil.example/records/1/medications/",
        "http://evil@localhost:7000/records/1/medications/",
        "http://localhost.evil.example:7000/records/1/medications/",
        // An o of another alphabet, as it is and encoded.
        "http://l\u{43e}calhost:7000/records/1/medications/",
        "http://xn--lcalhost-1nf:7000/records/1/medications/",
        "http://127.0.0.1:7000/records/1/medications/",
        "//localhost:7000/records/1/medications/",
        "/records/1/medications/?offset=2",
        "ftp://localhost:7000/records/1/medications/",
        // The right house, somebody else's door.
        "http://localhost:7000/records/2/medications/",
        "http://localhost:7000/records/1/../2/medications/",
        "http://localhost:7000/records/1/%2e%2e/2/medications/",
        "http://localhost:7000/records/12/medications/",
        "http://localhost:7000/apps/x/tokens/records/first",
        "not a link",
        "",
    ] {
        let (next, requests) = follow(link).await;
        let error = next.unwrap_err();
        assert!(
            matches!(error, Error::OtherOrigin { .. }),
            "{link}: {error}"
        );
        assert_eq!(error.stage(), Stage::NotSent);
        assert_eq!(
            error.to_string(),
            "the address lies outside http://localhost:7000/records/1/, where the credentials belong; nothing was sent to it"
        );
        assert!(requests.is_empty(), "{link}: {requests:?}");
    }
}

#[tokio::test]
async fn last_page_has_no_next() {
    let (client, _) = client(|_| {
        let empty = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>"#;
        answer(200, "application/rdf+xml", empty)
    });
    let record = client.record("1").with_token(token("t1"));
    let page = record.get_medications().send().await.unwrap();
    assert!(record.next_page(&page).await.unwrap().is_none());
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
