//! The loop, driven by hand.

use super::*;
use crate::oauth1::header::AuthorizationHeader;

fn records() -> RecordLoop {
    let app = "smart-connector@apps.smartplatforms.org";
    RecordLoop::new(
        "http://localhost:7000",
        app,
        Consumer::new(app, "smartapp-secret"),
    )
}

fn request(records: &RecordLoop) -> Option<Request<Vec<u8>>> {
    let timestamp = Timestamp::from_unix_seconds(1_365_000_000);
    records
        .next_request(Nonce::new("kllo9940pd9333jh").unwrap(), timestamp)
        .unwrap()
}

fn path(records: &RecordLoop) -> Option<String> {
    request(records).map(|request| request.uri().path().to_owned())
}

fn answer(record_id: &str) -> Response<String> {
    Response::new(format!(
        "oauth_token_secret=s{record_id}&smart_record_id={record_id}&oauth_token=t{record_id}"
    ))
}

fn status(status: u16) -> Response<String> {
    Response::builder()
        .status(status)
        .body("oauth_token_secret=s&smart_record_id=9&oauth_token=t".into())
        .unwrap()
}

#[test]
fn first_request_is_the_known_one() {
    let request = request(&records()).unwrap();
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.uri(),
        "http://localhost:7000/apps/smart-connector@apps.smartplatforms.org/tokens/records/first"
    );
    assert!(request.body().is_empty());
    let header = AuthorizationHeader::from_headers(request.headers())
        .unwrap()
        .unwrap();
    assert_eq!(header.signature(), Some("/vbwOSqSOwrWF45lP074Gi70v2g="));
    assert_eq!(header.token(), None);
}

#[test]
fn walks_until_404() {
    let mut records = records();
    let base = "/apps/smart-connector@apps.smartplatforms.org/tokens/records";
    for (record_id, next) in [("10", "10/next"), ("9", "9/next"), ("a%20b", "a%20b/next")] {
        let access = records.receive(&answer(record_id)).unwrap().unwrap();
        assert_eq!(access.record_id, record_id.replace("%20", " "));
        assert_eq!(
            access.token.key().as_str(),
            format!("t{}", access.record_id)
        );
        assert_eq!(path(&records), Some(format!("{base}/{next}")));
    }
    assert!(records.receive(&status(404)).unwrap().is_none());
    assert_eq!(path(&records), None);
}

#[test]
fn resumes_after_a_record() {
    let records = records().resume_after("1288992");
    assert!(
        path(&records)
            .unwrap()
            .ends_with("/tokens/records/1288992/next")
    );
}

#[test]
fn failed_step_is_tried_again() {
    let mut records = records().resume_after("1");
    let before = path(&records);
    for code in [201, 302, 401, 403, 500] {
        let error = records.receive(&status(code)).unwrap_err();
        assert!(
            matches!(
                error,
                DanceError::Refused {
                    step: Step::RecordToken,
                    ..
                }
            ),
            "{error}"
        );
    }
    for body in [
        "",
        "oauth_token=t&oauth_token_secret=s",
        "smart_record_id=2&oauth_token=t",
    ] {
        assert!(
            matches!(
                records.receive(&Response::new(body)),
                Err(DanceError::Incomplete { .. })
            ),
            "{body}"
        );
    }
    assert_eq!(path(&records), before);
    assert_eq!(
        records.receive(&answer("2")).unwrap().unwrap().record_id,
        "2"
    );
}

#[test]
fn container_that_goes_around_in_a_circle_is_stopped() {
    for (named, again, last) in [
        (&["1", "1"][..], "1", "1"),
        (&["1", "2", "1"], "1", "2"),
        (&["1", "2", "3", "4", "2"], "2", "4"),
    ] {
        let mut records = records();
        let (closing, before) = named.split_last().unwrap();
        for id in before {
            records.receive(&answer(id)).unwrap().unwrap();
        }
        let error = records.receive(&answer(closing)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the container named record {again:?} again, after record {last:?}, so its list of records has no end; \
                 the loop was stopped"
            )
        );
    }
    // The record that it was taken up after counts as well.
    let mut records = records().resume_after("1");
    records.receive(&answer("2")).unwrap().unwrap();
    assert!(matches!(
        records.receive(&answer("1")),
        Err(DanceError::LoopStuck { .. })
    ));
}

#[test]
fn ids_that_lead_elsewhere_are_refused() {
    let nonce = || Nonce::from_random([0; 16]);
    let now = Timestamp::from_unix_seconds(0);
    for id in ["", ".", ".."] {
        let is_refused = |made: Result<(), SignError>| {
            assert!(
                matches!(&made, Err(SignError::UnusableId { id: named }) if named == id),
                "{id:?}: {made:?}"
            );
        };
        let next = records().resume_after(id).next_request(nonce(), now);
        is_refused(next.map(|_request| ()));
        let one = records().record_request(id, nonce(), now);
        is_refused(one.map(|_request| ()));
        let app = RecordLoop::new("http://localhost:7000", id, Consumer::new("a", "s"));
        is_refused(app.next_request(nonce(), now).map(|_request| ()));
    }
}

#[test]
fn base_and_ids_need_to_make_a_url() {
    let next = |base: &str, app: &str| {
        let records = RecordLoop::new(base, app, Consumer::new("a", "s"));
        records.next_request(Nonce::from_random([0; 16]), Timestamp::from_unix_seconds(0))
    };
    assert!(matches!(
        next("not a url", "app"),
        Err(SignError::BadUrl(_))
    ));
    assert!(matches!(
        next("/relative", "app"),
        Err(SignError::MissingHost)
    ));
    assert!(matches!(
        next("ftp://h", "app"),
        Err(SignError::UnsupportedScheme)
    ));
    let request = next("https://h/base/", "an app/1?").unwrap_err();
    assert!(matches!(request, SignError::AmbiguousPath), "{request}");
    let request = next("https://h/base/", "an app?").unwrap_err();
    assert!(matches!(request, SignError::PathCutShort), "{request}");
    let request = next("https://h/base/", "an app").unwrap().unwrap();
    assert_eq!(
        request.uri(),
        "https://h/base/apps/an%20app/tokens/records/first"
    );
}

#[test]
fn one_record_is_asked_for_by_its_id() {
    let records = records();
    let nonce = Nonce::from_random([0; 16]);
    let request = records
        .record_request("a b/1", nonce.clone(), Timestamp::from_unix_seconds(0))
        .unwrap_err();
    assert!(matches!(request, SignError::AmbiguousPath), "{request}");
    let request = records
        .record_request("1288992", nonce, Timestamp::from_unix_seconds(0))
        .unwrap();
    assert!(request.uri().path().ends_with("/tokens/records/1288992"));
    assert_eq!(request.method(), "POST");

    let access = records.receive_record("2", &answer("2")).unwrap().unwrap();
    assert_eq!(access.record_id, "2");
    for code in [404, 500] {
        assert!(
            records
                .receive_record("2", &status(code))
                .unwrap()
                .is_none()
        );
    }
    assert!(matches!(
        records.receive_record("2", &status(403)),
        Err(DanceError::Refused { .. })
    ));
    assert!(matches!(
        records.receive_record("2", &answer("3")),
        Err(DanceError::WrongRecord { .. })
    ));
}
