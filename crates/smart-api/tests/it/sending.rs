//! A call on its way through a sender.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use smart_api::calls::GetMedications;
use smart_api::{ApiBase, CallError, CallRequest, Caller};

/// Answers every request with its own address, or fails.
#[derive(Clone)]
struct Echo;

impl Caller for Echo {
    type Error = CallError;

    async fn call(&self, request: CallRequest) -> Result<http::Response<Bytes>, CallError> {
        let base = ApiBase::parse("http://localhost:7000").expect("a plain base");
        let uri = request.to_http(&base)?.uri().to_string();
        assert_eq!(request.info().name, "get_medications");
        Ok(http::Response::new(Bytes::from(uri)))
    }
}

/// Nothing here waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the sender waits"),
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn the_sender_gets_the_request_and_its_answer_comes_back() {
    let response = now(is_send(
        GetMedications::new("1").limit(3).with_sender(Echo).send(),
    ))
    .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.content_type(), None);
    assert_eq!(
        response.into_bytes(),
        "http://localhost:7000/records/1/medications/?limit=3"
    );
}

#[test]
fn a_call_that_makes_no_request_is_not_sent() {
    let error = now(GetMedications::new("1").limit(0).with_sender(Echo).send()).unwrap_err();
    assert!(matches!(error, CallError::Number { .. }));
}
