//! Certificates, good and bad.

use bytes::Bytes;
use http::Request;
use smart_test_support::{Authority, ServerIdentity, TestServer, vacant};
use smart_transport::{
    CertificateProblem, Certificates, HyperTransport, HyperTransportBuilder, Identity, Stage,
    TlsError, Transport as _, TransportError,
};

fn trusting(authority: &Authority) -> HyperTransportBuilder {
    let certificates = Certificates::from_pem(authority.pem().as_bytes()).unwrap();
    HyperTransport::builder().trust_certificate(certificates)
}

fn request(server: &TestServer) -> Request<Bytes> {
    Request::get(server.url("/records"))
        .body(Bytes::new())
        .unwrap()
}

async fn refused(builder: HyperTransportBuilder, identity: &ServerIdentity) -> TransportError {
    let server = TestServer::tls(identity).await.unwrap();
    let error = builder.build().fetch(request(&server)).await.unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    assert!(error.is_permanent());
    assert_eq!(server.requests(), 0);
    error
}

#[tokio::test]
async fn authority_added_by_hand_is_trusted() {
    let authority = Authority::new().unwrap();
    let server = TestServer::tls(&authority.certify(&["localhost"]).unwrap())
        .await
        .unwrap();
    for builder in [
        trusting(&authority),
        trusting(&authority).trust_nothing_else(),
        trusting(&authority).http1_only(),
    ] {
        let transport = builder.build();
        for _ in 0..3 {
            let response = transport.fetch(request(&server)).await.unwrap();
            assert_eq!(response.body(), "hello");
        }
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn bad_certificates_are_refused_by_reason() {
    let authority = Authority::new().unwrap();
    let stranger = Authority::new().unwrap();
    for (identity, problem, text) in [
        (
            authority.certify_expired(&["localhost"]).unwrap(),
            CertificateProblem::NotValidNow,
            "has expired or is not valid yet; have it renewed, or correct this machine's clock",
        ),
        (
            authority.certify(&["elsewhere.example"]).unwrap(),
            CertificateProblem::OtherName,
            "is made out for another name; use the name that it is made out for",
        ),
        (
            stranger.certify(&["localhost"]).unwrap(),
            CertificateProblem::UnknownAuthority,
            "comes from an authority that is not trusted here; if that is the right server, trust its authority with trust_certificate",
        ),
    ] {
        for builder in [
            trusting(&authority),
            trusting(&authority).trust_nothing_else(),
        ] {
            let error = refused(builder, &identity).await;
            assert_eq!(error.certificate_problem(), Some(problem), "{error}");
            let message = error.to_string();
            assert!(
                message.starts_with("the certificate of localhost:"),
                "{message}"
            );
            assert!(message.ends_with(text), "{message}");
        }
    }
}

#[tokio::test]
async fn nobody_is_trusted_by_default_who_is_unknown_to_the_system() {
    let identity = Authority::new().unwrap().certify(&["localhost"]).unwrap();
    let error = refused(HyperTransport::builder(), &identity).await;
    let problem = CertificateProblem::UnknownAuthority;
    assert_eq!(error.certificate_problem(), Some(problem));
}

#[tokio::test]
async fn server_that_asks_who_is_there_is_told() {
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = TestServer::tls(&identity.for_clients_of(&authority))
        .await
        .unwrap();
    let own = Identity::from_pem(authority.client_pem("app").unwrap().as_bytes()).unwrap();
    let transport = trusting(&authority).identity(own).build();
    let response = transport.fetch(request(&server)).await.unwrap();
    assert_eq!(response.body(), "hello");

    // In TLS 1.3 the refusal comes when the handshake is over for the client, and so at the first
    // request.
    let nameless = trusting(&authority).build();
    let error = nameless.fetch(request(&server)).await.unwrap_err();
    assert!(
        matches!(error.stage(), Stage::NotSent | Stage::MaybeSent),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        format!("{} closed the connection without an answer", server.host())
    );
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("CertificateRequired"), "{cause}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn server_without_tls_is_told() {
    let server = TestServer::start(|mut connection| async move {
        connection.write("HTTP/1.1 400 Bad Request\r\n\r\n").await
    })
    .await
    .unwrap();
    let url = format!("https://{}/records", server.host());
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let error = HyperTransport::new().fetch(request).await.unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    assert_eq!(
        error.to_string(),
        format!(
            "{} and this machine cannot agree on TLS; check that it speaks TLS 1.2 or 1.3 on this port, and whether it wants a client certificate",
            server.host()
        )
    );
}

#[tokio::test]
async fn connection_refused_is_that_over_https_too() {
    let address = vacant().await.unwrap();
    let url = format!("https://{address}/records");
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let error = HyperTransport::new().fetch(request).await.unwrap_err();
    assert!(error.is_connect() && !error.is_permanent(), "{error}");
    assert_eq!(error.stage(), Stage::NotSent);
    assert_eq!(
        error.to_string(),
        format!("no connection to {address}; check the address and that the server is running")
    );
}

#[test]
fn what_is_no_certificate_or_key_is_refused_when_it_is_given() {
    let authority = Authority::new().unwrap();
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let error = Certificates::from_pem(pem.as_bytes()).unwrap_err();
        assert_eq!(error, TlsError::Certificates);
        let error = Identity::from_pem(pem.as_bytes()).unwrap_err();
        assert_eq!(error, TlsError::Identity);
    }
    // A certificate with the key of another.
    let (one, other) = (
        authority.client_pem("one").unwrap(),
        authority.client_pem("other").unwrap(),
    );
    let key = &other[other.find("-----BEGIN PRIVATE").unwrap()..];
    let certificate = &one[..one.find("-----BEGIN PRIVATE").unwrap()];
    let mixed = format!("{certificate}{key}");
    assert_eq!(
        Identity::from_pem(mixed.as_bytes()).unwrap_err(),
        TlsError::Identity
    );
    let identity = Identity::from_pem(one.as_bytes()).unwrap();
    assert_eq!(format!("{identity:?}"), "Identity { .. }");
}
