//! A background app's way through all records.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::TryStreamExt as _;
use http::Response;
use smart::classic::RecordSweep;
use smart::{Error, Stage};

use super::container::{
    Bytes, Seen, answer, client, form, html, manifest, story, token, token_body,
};

const TOKENS: &str = "http://localhost:7000/apps/counter@apps.example.org/tokens/records/";

/// Hands out tokens for three records.
fn three_records(seen: &Seen) -> Response<Bytes> {
    let record = match seen.uri.strip_prefix(TOKENS) {
        Some("first") => "10",
        Some("10/next") => "11",
        Some("11/next") => "9",
        Some("9/next") => return html(404, "<h4>Sorry</h4>"),
        _ => return answer(200, "text/plain", "ok"),
    };
    form(token_body(
        &format!("t{record}"),
        &format!("&smart_record_id={record}"),
    ))
}

async fn ids(mut records: RecordSweep) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(record) = records.try_next().await.unwrap() {
        ids.push(record.id().to_string());
    }
    ids
}

#[tokio::test]
async fn every_record_comes_with_its_own_token() {
    let (client, log) = client(three_records);
    let records: Vec<_> = client.records().try_collect().await.unwrap();
    for record in &records {
        record.get_medications().send().await.unwrap();
    }
    let seen: Vec<_> = log
        .all()
        .into_iter()
        .map(|seen| (seen.method, seen.uri, seen.token))
        .collect();
    let token_call = |path: &str| ("POST".to_owned(), format!("{TOKENS}{path}"), None);
    let data_call = |id: &str| {
        let uri = format!("http://localhost:7000/records/{id}/medications/");
        ("GET".to_owned(), uri, Some(format!("t{id}")))
    };
    assert_eq!(
        seen,
        [
            token_call("first"),
            token_call("10/next"),
            token_call("11/next"),
            token_call("9/next"),
            data_call("10"),
            data_call("11"),
            data_call("9"),
        ]
    );
}

#[tokio::test]
async fn sweep_asks_only_when_polled_and_ends_for_good() {
    let (client, log) = client(three_records);
    let mut records = client.records();
    assert!(log.all().is_empty());
    assert_eq!(records.next().await.unwrap().unwrap().id().as_str(), "10");
    assert_eq!(log.all().len(), 1);
    while records.next().await.is_some() {}
    assert!(records.next().await.is_none());
    assert_eq!(log.all().len(), 4);
}

#[tokio::test]
async fn sweep_is_taken_up_after_a_record() {
    let (client, log) = client(three_records);
    assert_eq!(ids(client.records_after("10")).await, ["11", "9"]);
    assert_eq!(log.lines()[0], format!("POST {TOKENS}10/next"));
}

#[tokio::test]
async fn end_counts_only_where_a_container_is_known_to_be() {
    // Nothing comes after the last record of a container.
    let (here, _) = client(|seen| match seen.uri.as_str() {
        "http://localhost:7000/manifest" => manifest(),
        _ => three_records(seen),
    });
    assert_eq!(ids(here.records_after("9")).await, [""; 0]);
    // An address that knows nothing knows nothing of records either, whichever comes next.
    let (elsewhere, _) = client(|_| html(404, "<h4>Sorry</h4>"));
    for mut records in [elsewhere.records(), elsewhere.records_after("9")] {
        let error = records.try_next().await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
        assert!(!records.report().is_over);
    }
}

#[tokio::test]
async fn records_in_a_circle_end_the_sweep() {
    let (client, log) = client(|seen| {
        let record = match seen.uri.strip_prefix(TOKENS) {
            Some("first" | "2/next") => "1",
            _ => "2",
        };
        form(token_body("t", &format!("&smart_record_id={record}")))
    });
    let mut records = client.records();
    let mut came = 0;
    let error = loop {
        match records.try_next().await {
            Ok(record) => came += usize::from(record.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!((came, log.all().len()), (2, 3));
    assert!(
        story(&error).contains("named record \"1\" again, after record \"2\""),
        "{}",
        story(&error)
    );
}

#[tokio::test]
async fn report_tells_how_far_a_sweep_came() {
    let (client, _) = client(three_records);
    let mut records = client.records();
    for (count, last) in [(1, "10"), (2, "11"), (3, "9")] {
        records.try_next().await.unwrap().unwrap();
        let report = records.report();
        assert_eq!(report.records, count);
        assert_eq!(report.last.as_ref().unwrap().as_str(), last);
        assert!(!report.is_over);
    }
    assert!(records.try_next().await.unwrap().is_none());
    assert!(records.report().is_over);
    assert_eq!(records.report().records, 3);
}

#[tokio::test]
async fn empty_ids_are_refused_before_anything_is_sent() {
    let (client, log) = client(three_records);
    let refused = [
        client.records_after("").try_next().await.unwrap_err(),
        client.open_record("").await.unwrap_err(),
        client.authorize("").await.unwrap_err(),
        {
            let record = client.record("").with_token(token("t1"));
            record.get_medications().send().await.unwrap_err()
        },
        {
            let record = client.record("1").with_token(token("t1"));
            record.get_medication("").send().await.unwrap_err()
        },
        {
            let client = client.clone().with_token(token("t1"));
            client.get_user("").send().await.unwrap_err()
        },
    ];
    for error in refused {
        assert_eq!(error.stage(), Stage::NotSent, "{error}");
    }
    assert!(log.all().is_empty(), "{:?}", log.lines());
    let error = smart::classic::Client::builder()
        .app_id("")
        .api_base("http://localhost:7000")
        .consumer("a", "b")
        .build()
        .unwrap_err();
    assert!(matches!(error, Error::MissingSetting { setting: "app_id" }));
}

#[tokio::test]
async fn records_can_be_read_several_at_a_time() {
    let (client, _) = client(three_records);
    let read = client.records().map_ok(|record| async move {
        record.get_medications().send().await?;
        Ok::<_, Error>(record.id().to_string())
    });
    let ids: Vec<_> = read.try_buffered(3).try_collect().await.unwrap();
    assert_eq!(ids, ["10", "11", "9"]);
}

#[tokio::test]
async fn failure_names_the_last_record_and_ends_the_sweep() {
    let (client, _) = client(|seen| match seen.uri.strip_prefix(TOKENS) {
        Some("11/next") => html(503, ""),
        _ => three_records(seen),
    });
    let mut records = client.records();
    records.next().await.unwrap().unwrap();
    records.next().await.unwrap().unwrap();
    let error = records.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sweep stopped after record 11 had come; go on after the last record that was read to its end"
    );
    assert!(
        story(&error).contains(": the container answered the record token request with 503"),
        "{}",
        story(&error)
    );
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    assert_eq!(error.stage(), Stage::Refused);
    assert!(error.is_retryable());
    assert!(records.next().await.is_none());
}

#[tokio::test]
async fn failure_at_the_first_record_speaks_for_itself() {
    for status in [401, 403] {
        let (client, _) = client(move |_| html(status, ""));
        let error = client.records().next().await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Dance(_)));
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn empty_container_is_not_an_error_but_a_wrong_address_is() {
    let (empty, log) = client(|seen| match seen.uri.as_str() {
        "http://localhost:7000/manifest" => manifest(),
        _ => html(404, ""),
    });
    assert!(empty.records().next().await.is_none());
    assert_eq!(log.all().len(), 2);

    let (elsewhere, _) = client(|_| html(404, "<h4>Sorry</h4>"));
    let error = elsewhere.records().next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the container answered get_container_manifest with 404 Not Found; check the ids and the API base, since there is nothing at that address (it says \"Sorry\")"
    );
}

#[tokio::test]
async fn page_instead_of_a_token_is_an_error() {
    let (client, _) = client(|_| html(200, "<html>Welcome</html>"));
    let error = client.records().next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Dance(_)));
    assert_eq!(error.stage(), Stage::Unreadable);
}

#[tokio::test]
async fn dropped_step_is_taken_again() {
    let turns = AtomicUsize::new(0);
    let (client, _) = client(move |seen| {
        turns.fetch_add(1, Ordering::SeqCst);
        three_records(seen)
    });
    let mut records = client.records();
    // Given up while the request is under way: the sweep goes on with the same step.
    let mut step = Box::pin(records.next());
    assert!(futures_util::poll!(&mut step).is_pending());
    drop(step);
    assert_eq!(ids(records).await, ["10", "11", "9"]);
}

#[tokio::test]
async fn one_record_can_be_opened_alone() {
    let (client, log) = client(|seen| match seen.uri.strip_prefix(TOKENS) {
        Some("1288992") => form(token_body("t1", "&smart_record_id=1288992")),
        _ => answer(200, "text/plain", "ok"),
    });
    let record = client.open_record("1288992").await.unwrap();
    assert_eq!(record.id().as_str(), "1288992");
    record.get_medications().send().await.unwrap();
    assert_eq!(log.lines()[0], format!("POST {TOKENS}1288992"));
    assert_eq!(log.all()[0].token, None);
    assert_eq!(log.all()[1].token.as_deref(), Some("t1"));
}

#[tokio::test]
async fn record_that_cannot_be_opened_is_named() {
    for (status, reason) in [(404, "Not Found"), (500, "Internal Server Error")] {
        let (client, log) = client(move |_| html(status, "<h4>Sorry</h4>"));
        let error = client.open_record("7 of 9").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the container answered the request for record 7 of 9 with {status} {reason}, as for one that it does not know; check the id"
            )
        );
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(error.stage(), Stage::Refused);
        assert!(!error.is_retryable());
        assert_eq!(log.lines(), [format!("POST {TOKENS}7%20of%209")]);
    }
}

#[tokio::test]
async fn token_for_another_record_is_not_taken() {
    let (client, _) = client(|_| form(token_body("t1", "&smart_record_id=2")));
    // An id that means something else to the container is no way around it.
    let error = client.open_record("first").await.unwrap_err();
    assert_eq!(error.stage(), Stage::Unreadable);
    assert!(
        error.to_string().contains("was granted record \"2\""),
        "{error}"
    );
}
