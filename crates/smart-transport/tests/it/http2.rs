//! HTTP/2, and how it ends.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Version};
use smart_test_support::{Authority, TestServer};
use smart_transport::{Certificates, Deadline, HyperTransport, Stage, Transport as _};

fn trusting(authority: &Authority) -> HyperTransport {
    let certificates = Certificates::from_pem(authority.pem().as_bytes()).unwrap();
    HyperTransport::builder()
        .trust_certificate(certificates)
        .build()
}

fn request(server: &TestServer) -> Request<Bytes> {
    Request::get(server.url("/records"))
        .body(Bytes::new())
        .unwrap()
}

#[tokio::test]
async fn one_connection_serves_many_requests_at_once() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = TestServer::going_away_after(&identity, 100).await.unwrap();
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
    let server = TestServer::going_away_after(&identity, 1).await.unwrap();
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
    let server = TestServer::breaking_off(&identity).await.unwrap();
    let error = trusting(&authority)
        .fetch(request(&server))
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Stage::MaybeSent);
    assert!(error.is_closed());
    assert_eq!(
        error.to_string(),
        format!("{} closed the connection without an answer", server.host())
    );
}

#[tokio::test]
async fn call_dropped_anywhere_leaves_the_connection_usable() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = TestServer::going_away_after(&identity, 1000).await.unwrap();
    for warm in [false, true] {
        let transport = trusting(&authority);
        if warm {
            transport.fetch(request(&server)).await.unwrap();
        }
        for polls in 0..40 {
            let mut call = Box::pin(transport.fetch(request(&server)));
            for _ in 0..polls {
                let done =
                    poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
                if done {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(call);
            let response = transport.fetch(request(&server)).await.unwrap();
            assert_eq!(response.version(), Version::HTTP_2);
            assert_eq!(response.body(), "hello");
        }
    }
    // One for each transport, and what was given up while it was being opened.
    assert!(server.connections() < 45, "{}", server.connections());
}

#[tokio::test]
async fn calls_that_begin_at_once_come_to_share_a_connection() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = TestServer::going_away_after(&identity, 1000).await.unwrap();
    let transport = trusting(&authority);
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (transport, request) = (transport.clone(), request(&server));
            tokio::spawn(async move { transport.fetch(request).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().body(), "hello");
    }
    let opened = server.connections();
    for _ in 0..20 {
        transport.fetch(request(&server)).await.unwrap();
    }
    assert_eq!(server.connections(), opened);
    for _ in 0..100 {
        if server.open_connections() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.open_connections(), 1);
}

#[tokio::test]
async fn idle_connection_is_closed_after_its_time() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = TestServer::going_away_after(&identity, 1000).await.unwrap();
    let certificates = Certificates::from_pem(authority.pem().as_bytes()).unwrap();
    let transport = HyperTransport::builder()
        .trust_certificate(certificates)
        .pool_idle_timeout(Duration::from_millis(150))
        .build();
    transport.fetch(request(&server)).await.unwrap();
    for _ in 0..100 {
        if server.open_connections() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.open_connections(), 0);
    transport.fetch(request(&server)).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn connection_on_which_an_answer_was_overdue_gets_no_further_requests() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = TestServer::silent_after(&identity, 1).await.unwrap();
    let transport = trusting(&authority);
    for round in 1..4 {
        // The first of two is answered, on a new connection each time.
        let response = transport.fetch(request(&server)).await.unwrap();
        assert_eq!(response.body(), "hello");
        let mut overdue = request(&server);
        let deadline = Deadline::after(Duration::from_millis(50));
        overdue.extensions_mut().insert(deadline);
        let error = transport.fetch(overdue).await.unwrap_err();
        assert!(error.is_timeout());
        assert_eq!(server.connections(), round);
    }
}

#[tokio::test]
async fn connection_without_a_sign_of_life_is_closed() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = TestServer::silent_after(&identity, 1).await.unwrap();
    let transport = trusting(&authority);
    transport.fetch(request(&server)).await.unwrap();
    let overdue = {
        let (transport, request) = (transport.clone(), request(&server));
        tokio::spawn(async move { transport.fetch(request).await })
    };
    while server.requests() < 2 {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let error = overdue.await.unwrap().unwrap_err();
    // Before the limit for the first byte, which is 30 seconds.
    assert!(
        began.elapsed() <= Duration::from_secs(21),
        "{:?}",
        began.elapsed()
    );
    assert!(error.is_closed());
    assert_eq!(error.stage(), Stage::MaybeSent);
    tokio::time::resume();
    assert_eq!(
        transport.fetch(request(&server)).await.unwrap().body(),
        "hello"
    );
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn http1_can_be_kept_to() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = TestServer::tls(&identity).await.unwrap();
    // This server offers nothing, so HTTP/1.1 it is.
    let response = trusting(&authority).fetch(request(&server)).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
}
