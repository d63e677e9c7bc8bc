//! A SMART on FHIR server in memory: it rotates refresh tokens, and remembers what it was asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use smart::fhir::{App, AppBuilder, Session, TokenSet};
use smart::oauth::Timestamp;
use smart::oauth::oauth2::RefreshToken;
use smart::transport::{Stage, TransportError};
use smart::vault::VaultKey;
use smart::{Error, Retries};

pub(crate) const BASE: &str = "https://ehr.example/fhir";
pub(crate) const NOW: u64 = 1_800_000_000;

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

#[derive(Clone, Default)]
pub(crate) struct Ehr(Arc<Mutex<State>>);

type Override = Box<dyn FnMut(&Seen) -> Option<Response<Bytes>> + Send>;

#[derive(Default)]
struct State {
    log: Vec<Seen>,
    /// The pair that is good: `canary-a<n>` and `canary-r<n>`.
    generation: u64,
    instead: Option<Override>,
    /// At which stage the network fails for the token endpoint.
    broken: Option<Stage>,
}

/// A clock that tests move.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Ehr {
    /// What it answers before anything else, if it answers that.
    pub(crate) fn instead(
        &self,
        answer: impl FnMut(&Seen) -> Option<Response<Bytes>> + Send + 'static,
    ) {
        self.0.lock().unwrap().instead = Some(Box::new(answer));
    }

    /// The way to the token endpoint breaks at this stage, after the server has seen the request if
    /// it has got so far.
    pub(crate) fn break_at(&self, stage: impl Into<Option<Stage>>) {
        self.0.lock().unwrap().broken = stage.into();
    }

    fn outcome(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let broken = self.0.lock().unwrap().broken;
        let broken = broken.filter(|_| request.uri().path() == "/token");
        if broken == Some(Stage::NotSent) {
            return Err(TransportError::new(Stage::NotSent, "no way there"));
        }
        let answer = self.answer(request);
        match broken {
            Some(stage) => Err(TransportError::new(stage, "no way back")),
            None => Ok(answer),
        }
    }

    /// The access token of before is over, as if somebody had revoked it.
    pub(crate) fn end_access_token(&self) {
        self.instead(|seen| {
            let is_first = seen.authorization == "Bearer canary-a0";
            is_first.then(|| html(401))
        });
    }

    /// All access tokens of before are over.
    pub(crate) fn rotate(&self) {
        let mut is_new = false;
        self.instead(move |seen| {
            is_new |= seen.line.ends_with("/token");
            (!is_new && seen.line.contains("/Patient/")).then(|| html(401))
        });
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().log.clone()
    }

    /// Method and address of everything that came.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.all().into_iter().map(|seen| seen.line).collect()
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|seen| *seen == line).count()
    }

    /// The forms that came to the revocation endpoint.
    pub(crate) fn revoked(&self) -> Vec<String> {
        let all = self.all().into_iter();
        let revoked = all.filter(|seen| seen.line.ends_with("/revoke"));
        revoked.map(|seen| seen.body).collect()
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.count("POST https://ehr.example/token")
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let header = request.headers().get("authorization");
        let seen = Seen {
            line: format!("{} {}", request.method(), request.uri()),
            authorization: header
                .map_or("", |value| value.to_str().unwrap())
                .to_owned(),
            body: String::from_utf8(request.body().to_vec()).unwrap(),
        };
        let mut state = self.0.lock().unwrap();
        state.log.push(seen.clone());
        if let Some(answer) = state.instead.as_mut().and_then(|instead| instead(&seen)) {
            return answer;
        }
        match request.uri().path() {
            "/fhir/.well-known/smart-configuration" => json(200, CONFIGURATION),
            "/token" => state.token(&seen.body),
            "/register" => json(
                201,
                r#"{"client_id": "new", "client_secret": "canary-secret"}"#,
            ),
            "/revoke" => json(200, ""),
            path if path.starts_with("/fhir/") => {
                let good = format!("Bearer canary-a{}", state.generation);
                if seen.authorization == good {
                    json(
                        200,
                        r#"{"resourceType": "Patient", "id": "canary-patient"}"#,
                    )
                } else {
                    html(401)
                }
            }
            _ => html(404),
        }
    }
}

impl State {
    fn token(&mut self, body: &str) -> Response<Bytes> {
        let is_good = body.contains(&format!("refresh_token=canary-r{}&", self.generation))
            || body.ends_with(&format!("refresh_token=canary-r{}", self.generation));
        if body.contains("grant_type=refresh_token") {
            if !is_good {
                return json(401, r#"{"error": "invalid_grant"}"#);
            }
            self.generation += 1;
        }
        json(
            200,
            &format!(
                r#"{{"access_token": "canary-a{0}", "refresh_token": "canary-r{0}", "token_type": "Bearer", "expires_in": 3600,
                "patient": "canary-patient", "scope": "launch/patient patient/*.rs"}}"#,
                self.generation
            ),
        )
    }
}

const CONFIGURATION: &str = r#"{
    "authorization_endpoint": "https://ehr.example/authorize",
    "token_endpoint": "https://ehr.example/token",
    "registration_endpoint": "https://ehr.example/register",
    "revocation_endpoint": "https://ehr.example/revoke",
    "capabilities": ["launch-standalone", "permission-v2", "permission-offline"],
    "code_challenge_methods_supported": ["S256"]
}"#;

pub(crate) fn json(status: u16, body: &str) -> Response<Bytes> {
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    response
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

pub(crate) fn html(status: u16) -> Response<Bytes> {
    let response = Response::builder()
        .status(status)
        .header("content-type", "text/html");
    response.body(Bytes::from_static(b"<html>canary")).unwrap()
}

/// A builder of an app at the server, and the clock that it goes by.
pub(crate) fn builder(ehr: &Ehr) -> (AppBuilder, Hands) {
    builder_at(BASE, ehr)
}

pub(crate) fn builder_at(base: &str, ehr: &Ehr) -> (AppBuilder, Hands) {
    let (builder, hands) = public_builder_at(base, ehr);
    (builder.client_secret("canary-secret"), hands)
}

/// The same for an app without a secret.
pub(crate) fn public_builder_at(base: &str, ehr: &Ehr) -> (AppBuilder, Hands) {
    let hands = Hands(Arc::new(AtomicU64::new(NOW)));
    let (clock, ehr) = (hands.clone(), ehr.clone());
    let transport = move |request: Request<Bytes>| {
        let ehr = ehr.clone();
        async move {
            // others get their turn before the server has seen it
            tokio::task::yield_now().await;
            let outcome = ehr.outcome(&request);
            tokio::task::yield_now().await;
            outcome
        }
    };
    let builder = App::builder(base)
        .client_id("app")
        .redirect_uri("http://localhost:8000/back")
        .retries(Retries::none())
        .clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.0.load(Ordering::SeqCst)))
        .transport(transport);
    (builder, hands)
}

pub(crate) fn app(ehr: &Ehr) -> (App, Hands) {
    let (builder, hands) = builder(ehr);
    (builder.build().unwrap(), hands)
}

pub(crate) fn key(name: &str) -> VaultKey {
    VaultKey::new(name).unwrap()
}

/// The server's first pair of tokens, good for an hour.
pub(crate) fn tokens() -> TokenSet {
    let mut tokens = TokenSet::new("canary-a0");
    tokens.refresh_token = Some(RefreshToken::new("canary-r0"));
    tokens.expires_at = Some(Timestamp::from_unix_seconds(NOW + 3600));
    tokens
}

pub(crate) async fn session(app: &App) -> Session {
    Session::with_tokens(app, key("user"), tokens())
        .await
        .unwrap()
}

pub(crate) fn get(path: &str) -> Request<Bytes> {
    Request::get(format!("{BASE}/{path}"))
        .body(Bytes::new())
        .unwrap()
}

pub(crate) async fn read(session: &Session) -> Result<StatusCode, Error> {
    Ok(session.send(get("Patient/1")).await?.status())
}

/// What is below the failure that all who waited for a renewal get.
pub(crate) fn cause(error: &Error) -> &smart::fhir::FhirError {
    match error {
        Error::Fhir(smart::fhir::FhirError::Renewal { source }) => cause(source),
        Error::Fhir(error) => error,
        other => panic!("{other:?}"),
    }
}
