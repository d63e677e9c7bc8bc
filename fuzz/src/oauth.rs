//! Bytes of a peer into each reader of `smart-oauth`. A target panics when a promise is broken; an
//! error is an answer.

use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AuthorizationHeader, Consumer, ConsumerSecret, Dance, DanceParts, Dialect, Endpoints, Launch,
    LaunchHeader, MemoryNonces, Nonce, RequestToken, SignableRequest, SignedUrl, SigningParams,
    TimeWindow, Verification, explain_received, sign,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_365_000_000);

/// An `Authorization` header: what parses has unique names, and nobody gets in with it.
pub fn header(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(header) = AuthorizationHeader::parse(&text) else {
        return;
    };
    let mut names: Vec<_> = header.iter().map(|(name, _)| name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name came twice");
    let request = http::Request::get("http://localhost:7000/a%20b?c=d&oauth_callback=oob")
        .body(Vec::new())
        .expect("a plain request");
    let view = SignableRequest::from_http(&request).expect("an absolute url");
    let secret = ConsumerSecret::new("a secret that no fuzzer guesses");
    assert!(
        Verification::new(&secret, None)
            .verify(&view, &header)
            .is_err()
    );
    if let Ok(explanation) = explain_received(&view, &header, &secret, None, Dialect::Rfc5849) {
        let _ = explanation.compare_base_string(&text);
        let _ = explanation.compare_signature(header.signature().unwrap_or_default());
    }
}

/// A callback: only one that names our token goes on.
pub fn callback(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let endpoint = http::Uri::from_static("http://localhost:7000/oauth");
    let endpoints = Endpoints {
        request_token: endpoint.clone(),
        authorize: endpoint.clone(),
        access_token: endpoint,
    };
    let parts = DanceParts::new(RequestToken::new("rt", "rs"), None, false);
    let dance = Dance::from_parts(Consumer::new("app", "secret"), endpoints, parts);
    if let Ok(verified) = dance.callback(&text) {
        assert!(text.contains("oauth_token") || text.contains('%') || text.contains('+'));
        let _ = verified.request(Nonce::from_random([1; 16]), NOW);
    }
}

/// A form body, or a query: what can be signed verifies, in every dialect.
pub fn form(bytes: &[u8]) {
    let consumer = Consumer::new("app", "secret");
    let form = http::Request::post("http://localhost:7000/a")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(bytes.to_vec())
        .expect("a plain request");
    let mut requests = vec![form];
    if let Ok(uri) =
        format!("http://localhost:7000/a?{}", String::from_utf8_lossy(bytes)).parse::<http::Uri>()
    {
        requests.push(
            http::Request::get(uri)
                .body(Vec::new())
                .expect("a plain request"),
        );
    }
    for request in requests {
        let view = SignableRequest::from_http(&request).expect("an absolute url");
        for dialect in [Dialect::Portable, Dialect::Container, Dialect::Rfc5849] {
            let params = SigningParams::new(&consumer, Nonce::from_random([1; 16]), NOW);
            let Ok(signed) = sign(&view, &params.with_dialect(dialect)) else {
                continue;
            };
            let header = signed.authorization().to_str().expect("ascii");
            let header = AuthorizationHeader::parse(header).expect("our own header");
            let verification = Verification::new(consumer.secret(), None).with_dialect(dialect);
            let outcome = verification.verify(&view, &header);
            assert!(
                outcome.is_ok(),
                "{dialect:?} refuses what it signed: {outcome:?}"
            );
        }
    }
}

/// A launch, as a URL, as a header, and as a signed URL.
pub fn launch(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let headers = [
        Launch::parse(&text)
            .ok()
            .and_then(|launch| launch.header().ok().flatten()),
        LaunchHeader::parse(&text).ok(),
    ];
    let index = http::Uri::from_static("http://localhost:8000/index.html");
    let window = TimeWindow::default();
    for header in headers.into_iter().flatten() {
        let secret = ConsumerSecret::new("a secret that no fuzzer guesses");
        let mut nonces = MemoryNonces::new(window);
        assert!(
            header
                .verify(&index, &secret, window, &mut nonces, NOW)
                .is_err()
        );
        assert!(nonces.is_empty(), "a nonce was burned");
    }
    if let Ok(url) = SignedUrl::parse(&text) {
        assert!(
            url.verify(&"another secret".into(), SignedUrl::WINDOW, NOW)
                .is_err()
        );
    }
}
