//! Long lists, from containers that say the truth about the next page and from others.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use smart_api::calls::{GetLabResults, PutScratchpadData};
use smart_api::{
    ApiBase, Body, CallError, CallRequest, CallResponse, Caller, Prepared, ResponseError,
};

/// Answers from a list of next pages, and remembers what it was asked.
#[derive(Clone, Default)]
struct Container {
    asked: Arc<Mutex<Vec<String>>>,
    next: Arc<Vec<&'static str>>,
}

#[derive(Debug)]
enum Fault {
    Call,
    Response(ResponseError),
}

impl From<CallError> for Fault {
    fn from(_: CallError) -> Self {
        Self::Call
    }
}

impl From<ResponseError> for Fault {
    fn from(error: ResponseError) -> Self {
        Self::Response(error)
    }
}

impl Caller for Container {
    type Error = Fault;

    async fn call(&self, request: CallRequest) -> Result<http::Response<Bytes>, Fault> {
        let base = ApiBase::parse("http://localhost:7000").expect("a plain base");
        let uri = request.to_http(&base)?.uri().to_string();
        let mut asked = self.asked.lock().expect("nobody panics with it");
        let next = self
            .next
            .get(asked.len())
            .map_or(String::new(), |next| format!("; api:nextPageURL {next:?}"));
        asked.push(uri);
        let body = format!(
            "@prefix api: <http://smartplatforms.org/terms/api#> . [] a api:ResponseSummary {next} ."
        );
        let response = http::Response::builder().header("content-type", "text/turtle");
        Ok(response.body(Bytes::from(body)).expect("a plain answer"))
    }
}

/// Nothing here waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the sender waits"),
    }
}

/// Follows the pages of a call to a container that points to these; what it was asked and how it
/// ended.
fn follow(
    call: Prepared<GetLabResults>,
    next: &[&'static str],
) -> (Vec<String>, Result<(), Fault>) {
    let container = Container {
        next: Arc::new(next.to_vec()),
        ..Container::default()
    };
    let mut pages = call.with_sender(container.clone()).pages();
    let outcome = loop {
        match now(pages.try_next()) {
            Ok(Some(_)) => {}
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    assert!(
        matches!(now(pages.try_next()), Ok(None)),
        "it goes on after its end"
    );
    let asked = container
        .asked
        .lock()
        .expect("nobody panics with it")
        .clone();
    (asked, outcome)
}

fn call() -> Prepared<GetLabResults> {
    GetLabResults::new("1").loinc(["1-2", "3-4"]).limit(10)
}

const BASE: &str = "http://localhost:7000/records/1/lab_results/?";

#[test]
fn the_next_page_is_asked_for_as_the_container_says_it_and_properly_encoded() {
    let (asked, outcome) = follow(
        call(),
        &[
            "http://localhost:7000/records/1/lab_results/?loinc=1-2|3-4&limit=10&offset=10",
            "http://inner.example.org:80/api/records/1/lab_results/?offset=20&evil=1&limit=10&loinc=1-2%7C3-4",
        ],
    );
    outcome.unwrap();
    let expected = [
        "loinc=1-2%7C3-4&limit=10",
        "loinc=1-2%7C3-4&limit=10&offset=10",
        "offset=20&limit=10&loinc=1-2%7C3-4",
    ];
    assert_eq!(asked, expected.map(|query| format!("{BASE}{query}")));
}

#[test]
fn a_page_that_does_not_go_on_ends_the_list() {
    let list = "http://localhost:7000/records/1/lab_results/?limit=10";
    for (first, reason) in [
        (list, "does not go on from here"),
        (
            "http://localhost:7000/records/1/lab_results/?limit=10&offset=0",
            "does not go on from here",
        ),
        (
            "http://localhost:7000/records/1/lab_results/",
            "does not go on from here",
        ),
        ("nonsense", "leads to something else"),
        (
            "http://localhost:7000/records/2/lab_results/?limit=10&offset=10",
            "leads to something else",
        ),
        (
            "http://evil.example.org/?limit=10&offset=10",
            "leads to something else",
        ),
    ] {
        let (asked, outcome) = follow(call(), &[first]);
        let Err(Fault::Response(ResponseError::NextPage { url, reason: found })) = outcome else {
            panic!("{first}: {outcome:?}")
        };
        assert_eq!((url.as_str(), found, asked.len()), (first, reason, 1));
    }
}

#[test]
fn a_circle_of_pages_is_left() {
    const ONE: &str = "/records/1/lab_results/?limit=10&offset=10";
    const TWO: &str = "/records/1/lab_results/?limit=10&offset=20";
    let (asked, outcome) = follow(call(), &[ONE, TWO, ONE, TWO, ONE, TWO]);
    assert!(matches!(
        outcome,
        Err(Fault::Response(ResponseError::NextPage { .. }))
    ));
    assert_eq!(asked.len(), 3);
}

#[test]
fn what_the_container_keeps_is_compared_with_what_was_sent() {
    let echo = |content_type: &str, body: &'static str| {
        let answer = http::Response::builder().header("content-type", content_type);
        let answer = answer.body(Bytes::from(body)).expect("a plain answer");
        CallResponse::<PutScratchpadData>::from_http(answer)
    };
    let sent = Body::new("Application/JSON; charset=utf-8", "{}");
    echo("application/json", "{}").confirm(&sent).unwrap();
    for (content_type, body) in [("application/json", "{ }"), ("text/plain", "{}")] {
        let error = echo(content_type, body).confirm(&sent).unwrap_err();
        assert!(matches!(error, ResponseError::NotTheSame), "{error}");
    }
}
