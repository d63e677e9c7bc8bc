//! A server in memory that says what a test tells it to, and otherwise what the original would.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use smart::Retries;
use smart::fhir::{App, AppBuilder};
use smart::transport::TransportError;

pub(crate) const BASE: &str = "https://ehr.example/api/fhir";

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

type Answering = Arc<dyn Fn(&Sent) -> Response<Bytes> + Send + Sync>;

#[derive(Clone, Default)]
pub(crate) struct Stub {
    log: Arc<Mutex<Vec<Sent>>>,
    answers: Arc<Mutex<HashMap<&'static str, Answering>>>,
}

impl Stub {
    /// What it says at addresses that end in this.
    pub(crate) fn on(
        &self,
        path: &'static str,
        answer: impl Fn(&Sent) -> Response<Bytes> + Send + Sync + 'static,
    ) {
        let mut answers = self.answers.lock().expect("no test panics here");
        answers.insert(path, Arc::new(answer));
    }

    pub(crate) fn builder(&self) -> AppBuilder {
        let stub = self.clone();
        App::builder(BASE)
            .client_id("c")
            .client_secret("s")
            .redirect_uri("http://localhost:9001/authorized")
            .retries(Retries::none())
            .transport(move |request: Request<Bytes>| {
                let stub = stub.clone();
                async move { Ok::<_, TransportError>(stub.answer(&request)) }
            })
    }

    pub(crate) fn app(&self) -> App {
        self.builder().build().expect("the settings are good")
    }

    pub(crate) fn all(&self, path: &str) -> Vec<Sent> {
        let log = self.log.lock().expect("no test panics here");
        log.iter()
            .filter(|sent| sent.path.ends_with(path))
            .cloned()
            .collect()
    }

    pub(crate) fn last(&self, path: &str) -> Sent {
        self.all(path).pop().expect("something was sent there")
    }

    pub(crate) fn count(&self, path: &str) -> usize {
        self.all(path).len()
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let header = request.headers().get("authorization");
        let sent = Sent {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            authorization: header
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            body: String::from_utf8_lossy(request.body()).into_owned(),
        };
        self.log
            .lock()
            .expect("no test panics here")
            .push(sent.clone());
        let answers = self.answers.lock().expect("no test panics here");
        let told = answers.iter().find(|(path, _)| sent.path.ends_with(**path));
        let told = told.map(|(_, answer)| Arc::clone(answer));
        drop(answers);
        if let Some(answer) = told {
            return answer(&sent);
        }
        match sent.path.as_str() {
            "/api/fhir/metadata" => json(
                200,
                &statement(
                    "Conformance",
                    "http://hl7.org/fhir/restful-security-service",
                ),
            ),
            "/oauth/register" => json(
                201,
                r#"{"client_id": "c", "client_secret": "s", "client_secret_expires_at": 0}"#,
            ),
            "/oauth/token" => {
                let scope = r#""scope": "patient/*.read", "patient": "1", "expires_in": 3600"#;
                json(
                    200,
                    &format!(
                        r#"{{"access_token": "a1", "refresh_token": "r1", "token_type": "Bearer", {scope}}}"#
                    ),
                )
            }
            // below the base nobody gets anything without a token, not even what is not there
            _ => html(401),
        }
    }
}

/// A statement with the four addresses, on two origins.
pub(crate) fn statement(kind: &str, system: &str) -> String {
    serde_json::json!({
        "resourceType": kind,
        "rest": [{"security": {
            "cors": true,
            "extension": [{
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [
                    {"url": "authorize", "valueUri": "https://other.example/oauth/authorize"},
                    {"url": "manage", "valueUri": "https://other.example/apps"},
                    {"url": "token", "valueUri": "https://ehr.example/oauth/token"},
                    {"url": "register", "valueUri": "https://ehr.example/oauth/register"},
                ],
            }],
            "service": [{"coding": [{"system": system, "code": "SMART-on-FHIR"}], "text": "OAuth2"}],
        }}],
    })
    .to_string()
}

pub(crate) fn json(status: u16, body: &str) -> Response<Bytes> {
    answer(status, "application/json", body)
}

pub(crate) fn html(status: u16) -> Response<Bytes> {
    answer(status, "text/html", "<!DOCTYPE HTML><title>Error</title>")
}

fn answer(status: u16, kind: &str, body: &str) -> Response<Bytes> {
    let response = Response::builder()
        .status(status)
        .header("content-type", kind);
    let response = response.body(Bytes::copy_from_slice(body.as_bytes()));
    response.expect("a status and a header")
}

/// A field of a form, or of an address's query.
pub(crate) fn fields(text: &str, name: &str) -> Option<String> {
    let form = text.split_once('?').map_or(text, |(_, query)| query);
    let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(found, _)| *found == name)?;
    let value = value.replace('+', " ");
    Some(
        percent_encoding::percent_decode_str(&value)
            .decode_utf8_lossy()
            .into_owned(),
    )
}
