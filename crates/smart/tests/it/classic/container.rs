//! A container in memory. A test says how it answers; it verifies and remembers what it is asked.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http::{Request, Response};
use smart::Retries;
use smart::classic::{Client, ClientBuilder};
use smart::oauth::oauth1::{
    AccessToken, AuthorizationHeader, ConsumerSecret, SignableRequest, TokenSecret, verify,
};
use smart::transport::TransportError;

pub(crate) use bytes::Bytes;

pub(crate) const APP: &str = "counter@apps.example.org";
pub(crate) const SECRET: &str = "canary-consumer-secret";
pub(crate) const BASE: &str = "http://localhost:7000";
pub(crate) const MANIFEST: &str = r#"{
    "launch_urls": {
        "app_launch": "http://localhost:7001/apps/{{ app_id }}/launch",
        "authorize_token": "http://localhost:7001/oauth/authorize",
        "exchange_token": "http://localhost:7002/oauth/access_token",
        "request_token": "http://localhost:7002/oauth/request_token"
    }
}"#;

/// A request that came, as far as the tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) token: Option<String>,
    pub(crate) nonce: String,
    pub(crate) timestamp: String,
    pub(crate) verifier: Option<String>,
    pub(crate) body: String,
}

/// What came so far, shared with the transport.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Seen>>>);

impl Log {
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    /// Method and URI of everything that came, in order.
    pub(crate) fn lines(&self) -> Vec<String> {
        let seen = self.all();
        seen.iter()
            .map(|seen| format!("{} {}", seen.method, seen.uri))
            .collect()
    }
}

/// A client of a container that answers each request, by method and URI, as the function says.
pub(crate) fn client(
    answer: impl Fn(&Seen) -> Response<Bytes> + Send + Sync + 'static,
) -> (Client, Log) {
    let (builder, log) = builder(answer);
    (builder.build().unwrap(), log)
}

pub(crate) fn builder(
    answer: impl Fn(&Seen) -> Response<Bytes> + Send + Sync + 'static,
) -> (ClientBuilder, Log) {
    let log = Log::default();
    let seen_so_far = log.clone();
    let transport = move |request: Request<Bytes>| {
        let seen = check(&request);
        seen_so_far.0.lock().unwrap().push(seen.clone());
        let response = answer(&seen);
        async move {
            // Others get their turn while this one is under way.
            tokio::task::yield_now().await;
            Ok::<_, TransportError>(response)
        }
    };
    let builder = Client::builder()
        .app_id(APP)
        .api_base(BASE)
        .consumer(APP, SECRET)
        .clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_365_000_000))
        .retries(Retries::none())
        .transport(transport);
    (builder, log)
}

/// Verifies the signature as a container does. The secret of each token here is its key with a
/// prefix.
fn check(request: &Request<Bytes>) -> Seen {
    let header = AuthorizationHeader::from_headers(request.headers())
        .unwrap()
        .expect("every request is signed");
    assert_eq!(header.consumer_key(), Some(APP));
    let secret = header.token().map(|key| TokenSecret::new(secret_of(key)));
    verify(
        &SignableRequest::from_http(request).unwrap(),
        &header,
        &ConsumerSecret::new(SECRET),
        secret.as_ref(),
    )
    .unwrap();
    Seen {
        method: request.method().to_string(),
        uri: request.uri().to_string(),
        token: header.token().map(str::to_owned),
        nonce: header.nonce().unwrap().to_owned(),
        timestamp: header.timestamp().unwrap().to_string(),
        verifier: header.verifier().map(str::to_owned),
        body: String::from_utf8(request.body().to_vec()).unwrap(),
    }
}

fn secret_of(key: &str) -> String {
    format!("canary-token-secret-{key}")
}

pub(crate) fn token(key: &str) -> AccessToken {
    AccessToken::new(key, secret_of(key))
}

/// The body in which a container hands out a token, with more fields.
pub(crate) fn token_body(key: &str, fields: &str) -> String {
    format!(
        "oauth_token={key}&oauth_token_secret={}{fields}",
        secret_of(key)
    )
}

pub(crate) fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body.into())
        .unwrap()
}

pub(crate) fn html(status: u16, body: &'static str) -> Response<Bytes> {
    answer(status, "text/html; charset=utf-8", body)
}

pub(crate) fn form(body: impl Into<Bytes>) -> Response<Bytes> {
    answer(200, "application/x-www-form-urlencoded", body)
}

pub(crate) fn manifest() -> Response<Bytes> {
    answer(200, "application/json", MANIFEST)
}

/// The messages of an error and of what it goes back to, as a command prints them.
pub(crate) fn story(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", story(source)),
        None => error.to_string(),
    }
}
