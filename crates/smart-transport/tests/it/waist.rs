//! What may stand at the waist: closures, tower services, our own client, and what wraps it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use smart_test_support::{CannedResponse, TestServer};
use smart_transport::{
    Body, HyperTransport, ServiceTransport, SharedTransport, Stage, Transport, TransportError,
};
use tower_service::Service;

fn request(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::from_static(b"ping")).unwrap()
}

async fn body(transport: impl Transport) -> String {
    let shared = SharedTransport::new(transport);
    let response = shared.fetch(request("http://localhost/")).await.unwrap();
    String::from_utf8(response.into_body().to_vec()).unwrap()
}

#[tokio::test]
async fn closures_answer_with_whatever_becomes_a_body() {
    let bytes =
        |_: Request<Bytes>| async { Ok::<_, TransportError>(Response::new(Bytes::from("pong"))) };
    let text = |_: Request<Bytes>| async { Ok::<_, TransportError>(Response::new("pong")) };
    let streamed = |_: Request<Bytes>| async {
        let body = Body::limited(Full::new(Bytes::from("pong")), 4);
        Ok::<_, TransportError>(Response::new(body))
    };
    assert_eq!(body(bytes).await, "pong");
    assert_eq!(body(text).await, "pong");
    assert_eq!(body(streamed).await, "pong");
}

/// A service as other people write them.
#[derive(Clone)]
struct Echo;

impl Service<Request<Full<Bytes>>> for Echo {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        ready(Ok(Response::new(request.into_body())))
    }
}

#[tokio::test]
async fn services_answer_up_to_a_limit() {
    assert_eq!(body(ServiceTransport::new(Echo)).await, "ping");
    let short = ServiceTransport::new(Echo).with_body_limit(3);
    let error = short.fetch(request("http://localhost/")).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Unreadable);
    assert!(error.is_body_too_large());
    assert_eq!(
        error.to_string(),
        "the answer is longer than 3 bytes; raise the limit if that is expected"
    );
}

#[tokio::test]
async fn own_client_is_a_service_too() {
    let server = TestServer::in_turn([CannedResponse::new(200).body("pong")])
        .await
        .unwrap();
    let mut service = HyperTransport::new();
    let response = service.call(request(&server.url("/"))).await.unwrap();
    assert_eq!(response.into_body().bytes().await.unwrap(), "pong");
}

#[tokio::test]
async fn body_comes_in_pieces_and_shows_nothing_of_itself() {
    let mut body = Body::from("canary");
    assert_eq!(format!("{body:?}"), "Body { .. }");
    assert_eq!(body.chunk().await.unwrap().unwrap(), "canary");
    assert!(body.chunk().await.unwrap().is_none());
    assert_eq!(Body::empty().bytes().await.unwrap(), "");
}
