//! What is said when the container says no: one sentence for each status, with the container's own
//! words.

use http::Response;
use smart::classic::Body;
use smart::{Error, Stage};

use super::container::{Bytes, answer, client, html, token};

async fn refusal_of_a_record_call(response: Response<Bytes>) -> Error {
    let (client, _) = client(move |_| response.clone());
    let record = client.record("1288992").with_token(token("t1"));
    let error = record.get_medications().send().await.unwrap_err();
    assert_eq!(error.stage(), Stage::Refused);
    error
}

#[tokio::test]
async fn each_status_has_its_advice() {
    let permission = "<h1>Permission denied</h1>";
    for (status, body, retryable, expected) in [
        (
            202,
            "",
            false,
            "the container answered get_medications with 202 Accepted; try again later, since this is not the whole of the data",
        ),
        (
            206,
            "patient data",
            false,
            "the container answered get_medications with 206 Partial Content; try again later, since this is not the whole of the data",
        ),
        (
            302,
            "",
            false,
            "the container answered get_medications with 302 Found; set the API base to where the container lies now, since redirects are never followed",
        ),
        (
            401,
            "Unauthorized",
            false,
            "the container answered get_medications with 401 Unauthorized; authorize the record again if the token may have expired, else correct the consumer secret",
        ),
        (
            403,
            permission,
            false,
            "the container answered get_medications with 403 Forbidden; use a token of the right record, user and kind of app, since this one does not cover the call (it says \"Permission denied\")",
        ),
        (
            404,
            "<h4>Sorry, no such page</h4>",
            false,
            "the container answered get_medications with 404 Not Found; check the ids and the API base, since there is nothing at that address (it says \"Sorry, no such page\")",
        ),
        (
            405,
            "",
            false,
            "the container answered get_medications with 405 Method Not Allowed; do without this call, since the container does not offer it",
        ),
        (
            429,
            "",
            true,
            "the container answered get_medications with 429 Too Many Requests; try again later, since it is busy",
        ),
        (
            500,
            "",
            false,
            "the container answered get_medications with 500 Internal Server Error; look in its log, since the fault is its own",
        ),
        (
            502,
            "",
            true,
            "the container answered get_medications with 502 Bad Gateway; look in its log, since the fault is its own",
        ),
        (
            503,
            "",
            true,
            "the container answered get_medications with 503 Service Unavailable; try again later, since it is busy",
        ),
        (
            418,
            "",
            false,
            "the container answered get_medications with 418 I'm a teapot; check the call and its parameters",
        ),
    ] {
        let error = refusal_of_a_record_call(html(status, body)).await;
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(error.is_retryable(), retryable, "{status}");
    }
}

#[tokio::test]
async fn call_without_a_token_gets_other_advice() {
    for (status, expected) in [
        (
            401,
            "the container answered search_records with 401 Unauthorized; check the consumer key and its secret, and this machine's clock",
        ),
        (
            403,
            "the container answered search_records with 403 Forbidden; send the call with a token, since it may need one",
        ),
    ] {
        let (client, _) = client(move |_| html(status, ""));
        let error = client.search_records().send().await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn refused_body_is_to_be_corrected_and_not_sent_twice() {
    for (status, retryable, expected) in [
        (
            409,
            false,
            "the container answered post_clinical_note with 409 Conflict; correct the body that was sent (it says \"belongs to record 7\")",
        ),
        (
            504,
            false,
            "the container answered post_clinical_note with 504 Gateway Timeout; look in its log, since the fault is its own (it says \"belongs to record 7\")",
        ),
    ] {
        let (client, _) = client(move |_| answer(status, "text/plain", "belongs to\nrecord 7\n"));
        let record = client.record("1").with_token(token("t1"));
        let error = record
            .post_clinical_note(Body::text("x"))
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.is_retryable(), retryable);
    }
}

#[tokio::test]
async fn words_of_a_page_are_short_and_plain() {
    let page = "<html><head><title>Error</title><STYLE>body { color: red }</STYLE></head>\
        <body><script>alert(1)</script><h1>Out of\u{1b}[31m order</h1> &amp; more <b";
    let Error::Refused(refusal) = refusal_of_a_record_call(html(500, page)).await else {
        panic!("a 500 is a refusal");
    };
    assert_eq!(refusal.words(), "Error Out of [31m order &amp; more");
    assert_eq!(refusal.call().name, "get_medications");
    assert_eq!(refusal.response().body(), page);

    let long = "x".repeat(100_000);
    let error = refusal_of_a_record_call(answer(500, "text/plain", long)).await;
    assert!(error.to_string().len() < 400);
    assert!(format!("{error:?}").len() < 400);
}
