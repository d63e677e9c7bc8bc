//! Plants secrets everywhere and searches whatever can be printed.

use std::error::Error;
use std::fmt::Debug;

use http::Response;
use smart_oauth::oauth1::{
    AccessToken, AuthorizationHeader, Consumer, ConsumerSecret, Dance, DanceError, Dialect,
    Endpoints, Launch, LaunchHeader, MemoryNonces, Nonce, RecordLoop, RequestToken,
    SignableRequest, SignatureMethod, SignedUrl, Signer, SigningParams, TimeWindow, TokenSecret,
    UrlSigner, Verification, Verifier, explain, sign, verify,
};
use smart_oauth::{Timestamp, percent_encode};

pub(crate) const CANARY: &str = "canary7f3a";

/// Everything printed so far.
#[derive(Default)]
pub(crate) struct Net(Vec<String>);

impl Net {
    pub(crate) fn debug(&mut self, value: &impl Debug) {
        self.0.push(format!("{value:?}"));
        self.0.push(format!("{value:#?}"));
    }

    pub(crate) fn error(&mut self, error: &(impl Error + 'static)) {
        self.debug(error);
        let mut cause: Option<&dyn Error> = Some(error);
        while let Some(error) = cause {
            self.0.push(error.to_string());
            cause = error.source();
        }
    }

    pub(crate) fn check(&self) {
        for text in &self.0 {
            assert!(!text.contains(CANARY), "a secret got out: {text}");
        }
    }
}

pub(crate) fn secret(name: &str) -> String {
    format!("{CANARY}-{name}")
}

fn consumer() -> Consumer {
    Consumer::new("app", secret("consumer"))
}

fn nonce() -> Nonce {
    Nonce::from_random([3; 16])
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_365_000_000)
}

#[test]
fn credentials_and_signing() {
    let mut net = Net::default();
    let (consumer, token) = (consumer(), AccessToken::new("token", secret("token")));
    let verifier = Verifier::new(secret("verifier"));
    net.debug(&consumer);
    net.debug(&token);
    net.debug(&verifier);
    net.debug(&ConsumerSecret::new(secret("consumer")));
    net.debug(&TokenSecret::new(secret("token")));
    net.debug(&RequestToken::new("token", secret("token")));

    let mut request = http::Request::post("http://localhost:7000/a")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("password={}", secret("body")).into_bytes())
        .unwrap();
    let params = SigningParams::new(&consumer, nonce(), now())
        .with_access_token(&token)
        .with_verifier(&verifier);
    let view = SignableRequest::from_http(&request).unwrap();
    net.debug(&params);
    net.debug(&view);
    let signed = sign(&view, &params).unwrap();
    net.debug(&signed);
    assert!(
        signed.base_string().contains(CANARY),
        "the canary was not where it would show"
    );
    signed.apply_to(&mut request);
    net.debug(request.headers());

    let header = AuthorizationHeader::from_headers(request.headers())
        .unwrap()
        .unwrap();
    net.debug(&header);
    let view = SignableRequest::from_http(&request).unwrap();
    let accepted = verify(&view, &header, consumer.secret(), Some(token.secret())).unwrap();
    net.debug(&accepted);
    let mut nonces = MemoryNonces::new(TimeWindow::default());
    accepted
        .admit(TimeWindow::default(), &mut nonces, now())
        .unwrap();
    net.debug(&nonces);
    net.error(
        &verify(
            &view,
            &header,
            &ConsumerSecret::new(secret("other")),
            Some(token.secret()),
        )
        .unwrap_err(),
    );
    net.error(&verify(&view, &header, consumer.secret(), None).unwrap_err());
    net.check();
}

#[test]
fn launch_header() {
    let mut net = Net::default();
    let header = format!(
        "OAuth smart_oauth_token=\"t\", smart_oauth_token_secret=\"{}\"",
        secret("token")
    );
    let parsed = AuthorizationHeader::parse(&header).unwrap();
    assert_eq!(
        parsed.get("smart_oauth_token_secret"),
        Some(&*secret("token"))
    );
    net.debug(&parsed);
    for broken in [
        format!("{header}, {header}"),
        format!("{header}, x"),
        format!("{header}%zz"),
        format!("{header}, a=%ff"),
    ] {
        net.error(&AuthorizationHeader::parse(&broken).unwrap_err());
    }
    net.check();
}

#[test]
fn launch_and_signed_url() {
    let mut net = Net::default();
    let header = format!(
        "OAuth oauth_consumer_key=app, oauth_nonce=1, oauth_timestamp=1, oauth_signature_method=HMAC-SHA1, oauth_signature=a, \
         smart_oauth_token=t, smart_oauth_token_secret={}",
        secret("token")
    );
    let launch = Launch::parse(&format!(
        "/index?record_id=1&oauth_header={}",
        percent_encode(&header)
    ))
    .unwrap();
    net.debug(&launch);
    let parsed = launch.header().unwrap().unwrap();
    net.debug(&parsed);
    let (window, index) = (TimeWindow::default(), "http://h/index".parse().unwrap());
    let mut nonces = MemoryNonces::new(window);
    let refused = parsed.verify(
        &index,
        &secret("consumer").into(),
        window,
        &mut nonces,
        now(),
    );
    net.error(&refused.unwrap_err());
    net.error(&Launch::parse(&header.repeat(100)).unwrap_err());
    net.error(&LaunchHeader::parse(&format!("{header}%zz")).unwrap_err());
    net.error(&LaunchHeader::parse(&format!("OAuth%20{}%ff", secret("token"))).unwrap_err());
    let doubled = format!("?oauth_header={0}&oauth_header={0}x", secret("token"));
    net.error(&Launch::parse(&doubled).unwrap_err());

    let signer = UrlSigner::new(&AccessToken::new("t", secret("token")));
    net.debug(&signer);
    let url = signer
        .sign(&format!("/a?password={}", secret("url")), now())
        .unwrap();
    net.error(&signer.sign(&url, now()).unwrap_err());
    let received = SignedUrl::parse(&url).unwrap();
    net.debug(&received);
    net.error(
        &received
            .verify(&secret("other").into(), SignedUrl::WINDOW, now())
            .unwrap_err(),
    );
    net.check();
}

#[test]
fn explanations_and_methods() {
    let mut net = Net::default();
    let (consumer, verifier) = (consumer(), Verifier::new(secret("verifier")));
    let token = AccessToken::new("t", secret("token"));
    let signer = Signer::new(consumer.clone()).with_access_token(&token);
    net.debug(&signer);
    let request = http::Request::get(format!("https://h/?password={}", secret("query")))
        .body(Vec::new())
        .unwrap();
    let view = SignableRequest::from_http(&request).unwrap();
    for method in [
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
        SignatureMethod::Plaintext,
    ] {
        let params = SigningParams::new(&consumer, nonce(), now())
            .with_access_token(&token)
            .with_verifier(&verifier)
            .with_dialect(Dialect::Rfc5849)
            .with_method(method);
        net.debug(&params);
        net.debug(&sign(&view, &params).unwrap());
        let explanation = explain(&view, &params).unwrap();
        net.debug(&explanation);
        net.0.push(explanation.key().to_string());
        let theirs = explanation.base_string().replace("verifier", "verifies");
        net.debug(&explanation.compare_base_string(&theirs));
        net.debug(&explanation.compare_signature("theirs"));
        net.error(
            &sign(
                &view,
                &params
                    .with_dialect(Dialect::Portable)
                    .with_method(SignatureMethod::Plaintext),
            )
            .unwrap_err(),
        );
    }
    net.debug(&Verification::new(consumer.secret(), Some(token.secret())));
    net.check();
}

#[test]
fn dance() {
    let mut net = Net::default();
    let endpoints = endpoints();
    let unstarted = Dance::new(consumer(), endpoints.clone(), Some("1".into()));
    net.debug(&unstarted);
    let answer = |more: &str| {
        Response::new(format!(
            "oauth_token=t&oauth_token_secret={}{more}",
            secret("token")
        ))
    };
    for failed in failures() {
        net.error(&unstarted.clone().receive(&failed).unwrap_err());
    }

    let awaiting = unstarted.receive(&answer("")).unwrap();
    net.debug(&awaiting);
    net.debug(awaiting.request_token());
    for callback in [
        format!("?oauth_token=other&oauth_verifier={}", secret("verifier")),
        format!("?oauth_verifier={}", secret("verifier")),
        format!(
            "?oauth_token=t&oauth_verifier={0}&oauth_verifier={0}",
            secret("verifier")
        ),
        format!("?{}", secret("verifier").repeat(5000)),
    ] {
        net.error(&awaiting.clone().callback(&callback).unwrap_err());
    }
    let parts = awaiting.into_parts();
    net.debug(&parts);
    let awaiting = Dance::from_parts(consumer(), endpoints, parts);

    let verified = awaiting
        .callback(&format!(
            "oauth_token=t&oauth_verifier={}",
            secret("verifier")
        ))
        .unwrap();
    net.debug(&verified);
    net.debug(&verified.request(nonce(), now()).unwrap());
    for failed in failures() {
        net.error(&verified.clone().receive(&failed).unwrap_err());
    }
    net.error(
        &verified
            .clone()
            .receive(&answer("&record_id=2"))
            .unwrap_err(),
    );
    let authorized = verified
        .receive(&answer(&format!("&rest_secret={}", secret("extra"))))
        .unwrap();
    assert_eq!(authorized.get("rest_secret"), Some(&*secret("extra")));
    net.debug(&authorized);
    net.check();
}

#[test]
fn record_loop() {
    let mut net = Net::default();
    let mut records = RecordLoop::new("http://localhost", "app", consumer());
    net.debug(&records);
    for failed in failures() {
        net.error(&records.receive(&failed).unwrap_err());
    }
    let answer = Response::new(format!(
        "smart_record_id=1&oauth_token=t&oauth_token_secret={}",
        secret("token")
    ));
    net.debug(&records.receive(&answer).unwrap());
    net.error(&records.receive(&answer).unwrap_err());
    net.debug(&records);
    net.check();
}

/// Answers with a secret in them that no step can use.
fn failures() -> Vec<Response<String>> {
    let body = format!("oauth_token_secret={}", secret("token"));
    let mut failures = vec![
        Response::new(body.clone()),
        Response::new(body.repeat(1000)),
    ];
    for status in [302, 401, 403, 500] {
        failures.push(
            Response::builder()
                .status(status)
                .body(body.clone())
                .unwrap(),
        );
    }
    // with a content type, which the error shows
    failures.push(
        Response::builder()
            .header("content-type", "text/html")
            .body(body)
            .unwrap(),
    );
    failures
}

#[test]
fn answers_are_kept_for_those_who_ask() {
    let dance = Dance::new(consumer(), endpoints(), None);
    let body = format!("oauth_token_secret={}", secret("token"));
    let error = dance.receive(&Response::new(&body)).unwrap_err();
    let DanceError::Incomplete {
        body: kept,
        name: "oauth_token",
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(kept.expose(), body.as_bytes());
}

fn endpoints() -> Endpoints {
    Endpoints {
        request_token: "http://localhost/r".parse().unwrap(),
        authorize: "http://localhost/a".parse().unwrap(),
        access_token: "http://localhost/x".parse().unwrap(),
    }
}
