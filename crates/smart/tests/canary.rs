//! Planted secrets and patients: none of them in logs, spans, errors and recordings, at any level.
//!
//! A process of its own, since whoever listens to spans listens to the whole process.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smart::classic::{AccessToken, Body, Client};
use smart::transport::{Certificates, HyperTransport};
use smart::{Error, Retries};
use smart_test_support::{Authority, CannedResponse, TestServer};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

const APP: &str = "counter@apps.example.org";

fn token(key: &str) -> AccessToken {
    AccessToken::new(key, format!("canary-token-secret-{key}"))
}

/// What is planted: in secrets, tokens, ids, queries, bodies, headers of answers.
const CANARY: &str = "canary";

/// Takes what is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Paper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn assert_clean(printed: &str) {
    let line = printed.lines().find(|line| line.contains(CANARY));
    assert!(line.is_none(), "{line:?}");
}

fn assert_clean_error(error: &Error) {
    let mut error: &dyn std::error::Error = error;
    loop {
        assert_clean(&format!("{error} {error:?} {error:#?}"));
        match error.source() {
            Some(source) => error = source,
            None => return,
        }
    }
}

/// Everything that can be asked of one server, however it answers.
async fn run(client: &Client) {
    let record = client.record("canary-record").with_token(token("t"));
    let mut errors = Vec::new();
    match record.get_medications().limit(3).send().await {
        Ok(answer) => errors.extend(answer.medications().err().map(Error::from)),
        Err(error) => errors.push(error),
    }
    let note = Body::text("canary note");
    errors.extend(record.post_clinical_note(note).send().await.err());
    errors.extend(record.get_clinical_note("canary-note").send().await.err());
    let found = client.search_records().given_name("canary");
    errors.extend(found.family_name("canary-name").send().await.err());
    let user = client.user("canary@example.org").with_token(token("t"));
    errors.extend(user.get_user_preferences().send().await.err());
    errors.extend(client.records().try_next().await.err());
    errors.extend(client.manifest().await.err());
    let other = smart::api::calls::GetMedications::new("1").with_sender(record);
    assert!(other.send().await.is_err());
    for error in &errors {
        assert_clean_error(error);
    }
}

/// The same of a server of the second generation. Its description comes from memory, and all else
/// from that server.
#[cfg(feature = "fhir")]
async fn run_fhir(server: &TestServer, transport: HyperTransport, retries: Retries, paper: &Paper) {
    use bytes::Bytes;
    use http::{Request, Response};
    use smart::fhir::s4s::DebugToken;
    use smart::fhir::{App, PatientContext, RefreshToken, Session, TokenSet};
    use smart::transport::Transport as _;
    use smart::vault::VaultKey;

    let at = server.url("");
    let described = move |request: Request<Bytes>| {
        let (at, transport) = (at.clone(), transport.clone());
        async move {
            if !request.uri().path().ends_with("/smart-configuration") {
                return transport.send(request).await;
            }
            let description = format!(
                r#"{{"authorization_endpoint": "{at}/authorize", "token_endpoint": "{at}/token", "revocation_endpoint": "{at}/revoke",
                    "introspection_endpoint": "{at}/introspect", "registration_endpoint": "{at}/register"}}"#
            );
            Ok(Response::new(Bytes::from(description).into()))
        }
    };
    let app = App::builder(server.url("/fhir"))
        .client_id("app")
        .client_secret("canary-secret")
        .redirect_uri("http://localhost:8000/back")
        .retries(retries)
        .record_exchanges(paper.clone())
        .transport(described);
    let app = app.build().unwrap();
    let mut tokens = TokenSet::new("canary-access");
    tokens.refresh_token = Some(RefreshToken::new("canary-refresh"));
    tokens.patient = PatientContext::Stated("canary-patient".to_owned());
    let key = VaultKey::new("canary-user").unwrap();
    let session = Session::with_tokens(&app, key, tokens).await.unwrap();
    let mut errors = Vec::new();
    let search = server.url("/fhir/Patient?name=canary-name");
    let request = Request::get(search).body(Bytes::from("canary")).unwrap();
    errors.extend(session.send(request).await.err());
    errors.extend(session.read::<[u8; 1]>("Patient/canary").await.err());
    let foreign = Request::get("https://evil.example/canary").body(Bytes::new());
    errors.extend(session.send(foreign.unwrap()).await.err());
    errors.extend(session.refresh().await.err());
    errors.extend(session.introspect().await.err());
    let authorization = app.authorize("patient/*.rs").await.unwrap();
    let callback = format!("code=canary-code&state={}", authorization.state());
    errors.extend(authorization.exchange(&callback).await.err());
    let forged = authorization.exchange("code=canary&state=canary").await;
    errors.extend(forged.err());
    let token = DebugToken::new("app", "canary-user", "canary-patient");
    errors.extend(app.debug_session(&token).await.err());
    let access = session.tokens().access_token;
    errors.extend(app.debug_introspect(access).await.err());
    errors.extend(session.revoke().await.err());
    assert!(errors.len() > 4);
    for error in &errors {
        assert_clean_error(error);
    }
}

fn listen(paper: &Paper) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(paper.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
}

fn well(status: u16) -> CannedResponse {
    let answer = CannedResponse::new(status).header("content-type", "application/rdf+xml");
    let answer = answer
        .header("x-patient", "canary name")
        .header("set-cookie", "canary=1");
    answer
        .header("www-authenticate", "OAuth realm=\"canary\"")
        .body("<rdf:RDF>canary name</rdf:RDF>")
}

fn typed(content_type: &str, body: &'static str) -> CannedResponse {
    CannedResponse::new(200)
        .header("content-type", content_type)
        .body(body)
}

fn empty(status: u16) -> CannedResponse {
    CannedResponse::new(status)
        .header("x-patient", "canary name")
        .header("retry-after", "0")
}

#[tokio::test]
async fn nothing_planted_comes_to_light() {
    let (log, recording) = (Paper::default(), Paper::default());
    listen(&log);
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let stranger = Authority::new().unwrap().certify(&["localhost"]).unwrap();
    let cut = CannedResponse::new(200)
        .header("content-length", "100")
        .body("canary name");
    let servers = [
        TestServer::in_turn([well(200)]).await.unwrap(),
        TestServer::in_turn([typed("text/plain", "canary note")])
            .await
            .unwrap(),
        TestServer::in_turn([typed("application/rdf+xml", "<rdf:RDF>canary name")])
            .await
            .unwrap(),
        TestServer::in_turn([typed("application/fhir+json", "\"canary name\"")])
            .await
            .unwrap(),
        TestServer::in_turn([typed("application/json", "{\"canary name")])
            .await
            .unwrap(),
        TestServer::in_turn([empty(503)]).await.unwrap(),
        TestServer::in_turn([empty(401).header("date", "Sun, 06 Nov 1994 08:49:37 GMT")])
            .await
            .unwrap(),
        TestServer::with_clock_ahead(3600, |_| well(200))
            .await
            .unwrap(),
        TestServer::in_turn([empty(404)]).await.unwrap(),
        TestServer::redirecting(302, "http://localhost/canary")
            .await
            .unwrap(),
        TestServer::closing("").await.unwrap(),
        TestServer::closing("HTTP/1.1 200 OK\r\ncanary")
            .await
            .unwrap(),
        TestServer::closing(cut.to_bytes()).await.unwrap(),
        TestServer::in_turn([well(200).header("content-encoding", "gzip")])
            .await
            .unwrap(),
        TestServer::tls(&identity).await.unwrap(),
        TestServer::tls(&stranger).await.unwrap(),
        TestServer::going_away_after(&identity, 2).await.unwrap(),
    ];
    let at_once = Retries::default().with_pauses(Duration::ZERO, Duration::ZERO);
    let at_once = at_once.with_budget(1000);
    for server in &servers {
        let certificates = Certificates::from_pem(authority.pem().as_bytes()).unwrap();
        let transport = HyperTransport::builder().trust_certificate(certificates);
        let transport = transport.build();
        #[cfg(feature = "fhir")]
        run_fhir(server, transport.clone(), at_once, &recording).await;
        let client = Client::builder()
            .app_id(APP)
            .api_base(server.url(""))
            .consumer(APP, "canary-consumer-secret")
            .transport(transport)
            .retries(at_once)
            .record_exchanges(recording.clone())
            .build()
            .unwrap();
        run(&client).await;
    }
    let (log, recording) = (log.text(), recording.text());
    assert_clean(&log);
    assert_clean(&recording);

    // It was looking: all this is there.
    #[cfg(feature = "fhir")]
    for expected in [
        "call=\"fhir\"",
        "call=\"exchange\"",
        "call=\"refresh\"",
        "call=\"revoke\"",
    ] {
        assert!(log.contains(expected), "{expected} is not in the log");
    }
    for expected in [
        "call{",
        "get_medications",
        "status=200",
        "bytes=30",
        "attempts=4",
        "milliseconds=",
        "record=\"",
        "stage=MaybeSent",
        "server's clock",
    ] {
        assert!(log.contains(expected), "{expected} is not in the log");
    }
    for expected in [
        r#""call":"get_medications""#,
        r#""path":"/records/{record_id}/medications/""#,
        r#""query":["limit"]"#,
        r#""x-patient":null"#,
        r#""oauth_signature":null"#,
        r#""status":503"#,
        r#""stage":"Unreadable""#,
        r#""attempt":4"#,
    ] {
        assert!(recording.contains(expected), "{expected} is not recorded");
    }
}
