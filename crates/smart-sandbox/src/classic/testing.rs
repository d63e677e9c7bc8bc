//! What the tests share: a container in memory, signed requests, a clock that is moved by hand.

use bytes::Bytes;
use http::{Method, Request, Response};
use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AccessToken, Consumer, Nonce, RequestToken, SignableRequest, SigningParams, Verifier, sign,
};
use smart_rdf::{Graph, Syntax};

use crate::builder::{BACKGROUND_APP_ID, STOCK_SECRET, SandboxBuilder, UI_APP_ID};
use crate::classic::container::Container;
use crate::form::Pairs;
use crate::records::testing::{ada, bob};
use crate::sandbox::Sandbox;

pub(crate) const BASE: &str = "http://localhost:7000";
pub(crate) const HOST: &str = "localhost:7000";

/// A container and the time; every call of [`send`](Self::send) happens at that time.
pub(crate) struct Bench {
    pub(crate) container: Container,
    pub(crate) now: u64,
    nonces: u64,
}

/// How to sign a request.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) consumer: Consumer,
    pub(crate) access: Option<AccessToken>,
    pub(crate) request: Option<RequestToken>,
    pub(crate) verifier: Option<String>,
    /// Sent in the header.
    pub(crate) callback: Option<String>,
}

impl Signer {
    pub(crate) fn new(app: &str, secret: &str) -> Self {
        Self {
            consumer: Consumer::new(app, secret),
            access: None,
            request: None,
            verifier: None,
            callback: None,
        }
    }

    pub(crate) fn ui() -> Self {
        Self::new(UI_APP_ID, STOCK_SECRET)
    }

    pub(crate) fn background() -> Self {
        Self::new(BACKGROUND_APP_ID, STOCK_SECRET)
    }

    pub(crate) fn with_access(mut self, token: AccessToken) -> Self {
        self.access = Some(token);
        self
    }

    pub(crate) fn with_request(mut self, token: RequestToken, verifier: Option<&str>) -> Self {
        self.request = Some(token);
        self.verifier = verifier.map(str::to_owned);
        self
    }
}

impl Bench {
    pub(crate) fn new(builder: SandboxBuilder) -> Self {
        Self {
            container: builder.container(BASE).unwrap(),
            now: 1_365_000_000,
            nonces: 0,
        }
    }

    /// A container with the small records of [`ada`] and [`bob`].
    pub(crate) fn small() -> Self {
        Self::new(Sandbox::builder().patient("1", ada()).patient("2", bob()))
    }

    pub(crate) fn send(&self, request: &Request<Bytes>) -> Response<Bytes> {
        self.container
            .handle(request, Timestamp::from_unix_seconds(self.now))
    }

    pub(crate) fn signed(&mut self, signer: &Signer, request: Request<Bytes>) -> Request<Bytes> {
        self.try_signed(signer, request).unwrap()
    }

    /// Signs a request, unless the client half refuses to.
    pub(crate) fn try_signed(
        &mut self,
        signer: &Signer,
        mut request: Request<Bytes>,
    ) -> Option<Request<Bytes>> {
        self.nonces += 1;
        let nonce = Nonce::new(format!("nonce{}", self.nonces)).unwrap();
        let view = SignableRequest::from_received("http", &request).ok()?;
        let now = Timestamp::from_unix_seconds(self.now);
        let mut params = SigningParams::new(&signer.consumer, nonce, now);
        if let Some(token) = &signer.access {
            params = params.with_access_token(token);
        }
        if let Some(token) = &signer.request {
            params = params.with_request_token(token);
        }
        let verifier = signer.verifier.clone().map(Verifier::new);
        if let Some(verifier) = &verifier {
            params = params.with_verifier(verifier);
        }
        if let Some(callback) = &signer.callback {
            params = params.with_callback(callback);
        }
        let signed = sign(&view, &params).ok()?;
        signed.apply_to(&mut request);
        Some(request)
    }

    /// Signs a request without a body, and sends it.
    pub(crate) fn call(&mut self, signer: &Signer, method: Method, path: &str) -> Response<Bytes> {
        let request = self.signed(signer, bare(method, path));
        self.send(&request)
    }

    pub(crate) fn get(&mut self, signer: &Signer, path: &str) -> Response<Bytes> {
        self.call(signer, Method::GET, path)
    }

    /// Signs a request with a body, and sends it.
    pub(crate) fn call_with(
        &mut self,
        signer: &Signer,
        method: Method,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> Response<Bytes> {
        let request = self.signed(signer, with_body(method, path, content_type, body));
        self.send(&request)
    }

    /// A background app that holds the token of one record.
    pub(crate) fn background_with(&mut self, record_id: &str) -> Signer {
        let path = format!("/apps/{BACKGROUND_APP_ID}/tokens/records/{record_id}");
        let response = self.call(&Signer::background(), Method::POST, &path);
        assert_eq!(response.status(), 200, "{response:?}");
        Signer::background().with_access(access_token(&response))
    }

    /// The stock app, authorized by the demo user for one record: the whole dance.
    pub(crate) fn ui_with(&mut self, record_id: &str) -> Signer {
        self.dance(&Signer::ui(), record_id)
    }

    /// Any app, authorized by the demo user for one record.
    pub(crate) fn dance(&mut self, app: &Signer, record_id: &str) -> Signer {
        let body = format!("smart_record_id={record_id}&oauth_callback=oob");
        let response = self.call_with(app, Method::POST, "/oauth/request_token", FORM, &body);
        let token = request_token(&response);
        let cookie = self.log_in();
        let path = format!("/oauth/authorize?oauth_token={}", token.key());
        let form = format!("oauth_token={}&oauth_callback=&record_id=", token.key());
        let mut request = with_body(Method::POST, &path, FORM, &form);
        request
            .headers_mut()
            .insert("cookie", cookie.parse().unwrap());
        let response = self.send(&request);
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        let query = Pairs::parse(location.split_once('?').unwrap().1);
        let app = app.clone().with_request(token, query.get("oauth_verifier"));
        let response = self.call(&app, Method::POST, "/oauth/access_token");
        assert_eq!(response.status(), 200, "{response:?}");
        Signer {
            request: None,
            verifier: None,
            ..app
        }
        .with_access(access_token(&response))
    }

    /// Logs the demo user in and gives the cookie to send.
    pub(crate) fn log_in(&self) -> String {
        let body = "username=demouser%40smartplatforms.org&password=password";
        let response = self.send(&with_body(Method::POST, "/login", FORM, body));
        assert_eq!(response.status(), 302);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn bare(method: Method, path: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", HOST)
        .body(Bytes::new())
        .unwrap()
}

pub(crate) fn with_body(
    method: Method,
    path: &str,
    content_type: &str,
    body: &str,
) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", HOST)
        .header("content-type", content_type)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

pub(crate) fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// The graph of an answer, which must be RDF/XML under exactly that content type.
pub(crate) fn graph(response: &Response<Bytes>) -> Graph {
    assert_eq!(response.status(), 200, "{response:?}");
    assert_eq!(response.headers()["content-type"], "application/rdf+xml");
    Syntax::RdfXml.parse(response.body()).unwrap()
}

pub(crate) fn access_token(response: &Response<Bytes>) -> AccessToken {
    let pairs = Pairs::parse(text(response));
    AccessToken::new(
        pairs.get("oauth_token").unwrap(),
        pairs.get("oauth_token_secret").unwrap(),
    )
}

pub(crate) fn request_token(response: &Response<Bytes>) -> RequestToken {
    assert_eq!(response.status(), 200, "{response:?}");
    let pairs = Pairs::parse(text(response));
    RequestToken::new(
        pairs.get("oauth_token").unwrap(),
        pairs.get("oauth_token_secret").unwrap(),
    )
}
