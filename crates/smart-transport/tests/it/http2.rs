//! HTTP/2, and how it ends.

use bytes::Bytes;
use http::{Request, Version};
use smart_test_support::{Authority, Server};
use smart_transport::{Certificates, HyperTransport, Stage, Transport as _};

fn trusting(authority: &Authority) -> HyperTransport {
    let certificates = Certificates::from_pem(authority.pem().as_bytes()).unwrap();
    HyperTransport::builder()
        .trust_certificate(certificates)
        .build()
}

fn request(server: &Server) -> Request<Bytes> {
    Request::get(server.url("/records"))
        .body(Bytes::new())
        .unwrap()
}

#[tokio::test]
async fn one_connection_serves_many_requests_at_once() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = Server::going_away_after(&identity, 100).await.unwrap();
    let transport = trusting(&authority);
    let first = transport.fetch(request(&server)).await.unwrap();
    assert_eq!(first.version(), Version::HTTP_2);
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let (transport, request) = (transport.clone(), request(&server));
            tokio::spawn(async move { transport.fetch(request).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().body(), "hello");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn request_that_a_leaving_server_left_alone_was_not_sent() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = Server::going_away_after(&identity, 1).await.unwrap();
    let transport = trusting(&authority);
    assert!(transport.fetch(request(&server)).await.is_ok());
    let error = transport.fetch(request(&server)).await.unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    assert!(error.is_closed());
    assert_eq!(
        error.to_string(),
        format!("{} closed the connection without an answer", server.host())
    );
    // The next goes out on a new connection.
    assert!(transport.fetch(request(&server)).await.is_ok());
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn request_that_a_breaking_server_took_may_have_been_sent() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = Server::breaking_off(&identity).await.unwrap();
    let error = trusting(&authority)
        .fetch(request(&server))
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Stage::MaybeSent);
    assert!(error.is_closed());
}

#[tokio::test]
async fn http1_can_be_kept_to() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = Server::tls(&identity).await.unwrap();
    // This server offers nothing, so HTTP/1.1 it is.
    let response = trusting(&authority).fetch(request(&server)).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
}
