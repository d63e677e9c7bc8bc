//! `smart register`, `login` and `token` against the embedded server.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use smart::fhir::{App, Session, TokenSet};
use smart::vault::{Entry, FileVault, Vault as _, VaultKey};
use smart_sandbox::Sandbox;
use smart_test_support::{CannedResponse, Received, TestServer};
use smart_tests::{Decision, Participant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{fail, smart, succeed};

/// A server, and an empty vault.
pub(super) struct Bench {
    runtime: Runtime,
    sandbox: Sandbox,
    folder: TempDir,
}

impl Bench {
    pub(super) fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let sandbox = runtime.block_on(Sandbox::start()).expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            runtime,
            sandbox,
            folder,
        }
    }

    pub(super) fn arguments(&self, command: &[&str]) -> Vec<OsString> {
        let server = ["--fhir", self.sandbox.fhir_base(), "--vault"];
        let words = command.iter().chain(&server).map(OsString::from);
        words.chain([self.vault().into_os_string()]).collect()
    }

    /// A folder that is not there yet, and becomes one that only this user can read.
    fn vault(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    /// Begins a login; gives the command and the address that it prints.
    fn begin(&self) -> (Child, String) {
        Self::begun(self.arguments(&["login", "--no-browser"]))
    }

    fn begun(arguments: Vec<OsString>) -> (Child, String) {
        let mut command = smart(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let stderr = child.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(stderr).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.trim().starts_with("http"));
        let url = url.expect("the address is printed").trim().to_owned();
        // the rest is read so that the command does not stop over it
        std::thread::spawn(move || lines.for_each(drop));
        (child, url)
    }

    fn visit(&self, url: &str, decision: Decision) -> String {
        let participant = Participant::new("daniel-adams", "smart-1288992").who(decision);
        self.runtime
            .block_on(participant.visit(url))
            .expect("the browser comes back")
    }

    pub(super) fn log_in(&self) -> String {
        let (mut child, url) = self.begin();
        let callback = self.visit(&url, Decision::Allows);
        let mut stdin = child.stdin.take().expect("it is piped");
        writeln!(stdin, "{callback}").expect("the command reads");
        end(child, true)
    }
}

/// What the command printed, when it ended as it should.
fn end(mut child: Child, well: bool) -> String {
    let mut printed = String::new();
    let mut stdout = child.stdout.take().expect("it is piped");
    stdout.read_to_string(&mut printed).expect("it is text");
    let status = child.wait().expect("it ends");
    assert_eq!(status.success(), well, "{printed}");
    printed
}

/// A browser at the command's own address.
fn open(url: &str) -> String {
    let rest = url
        .strip_prefix("http://")
        .expect("an address of this machine");
    let (host, path) = rest.split_once('/').expect("it has a path");
    let mut stream = TcpStream::connect(host).expect("the command listens");
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn the_browser_comes_back_by_itself() {
    let bench = Bench::new();
    let (child, url) = bench.begin();
    let callback = bench.visit(&url, Decision::Allows);
    // others come first: they are sent away, and the login waits on
    let (address, _) = callback.split_once('?').expect("it has a query");
    assert!(open(&format!("{address}?code=evil&state=guessed")).starts_with("HTTP/1.1 400"));
    assert!(open(address).starts_with("HTTP/1.1 400"));
    assert!(open(&format!("{address}/elsewhere")).starts_with("HTTP/1.1 404"));
    let page = open(&callback);
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("Logged in"),
        "{page}"
    );
    let printed = end(child, true);
    assert!(printed.contains("patient    smart-1288992"), "{printed}");
}

#[test]
fn a_launch_from_within_an_ehr_is_answered() {
    let bench = Bench::new();
    let base = bench.sandbox.fhir_base().to_owned();
    let encoded = base.replace(':', "%3A").replace('/', "%2F");
    let launch = format!("https://app.example/launch?iss={encoded}&launch=xyz");
    let vault = bench.vault();
    let vault = vault.to_str().expect("the path is text");
    // a launch alone does not make its server one to trust
    let error = fail(1, ["login", "--launch", &launch, "--vault", vault]);
    assert!(
        error.contains(&format!(
            "if you trust that server, give it as --fhir {base}"
        )),
        "{error}"
    );
    let other = [
        "login",
        "--fhir",
        "http://localhost:1/fhir",
        "--launch",
        &launch,
    ];
    let error = fail(1, other.iter().copied().chain(["--vault", vault]));
    assert!(!error.is_empty());

    let asked = [
        "login",
        "--launch",
        &launch,
        "--no-browser",
        "--param",
        "prompt=consent",
    ];
    let arguments = bench.arguments(&asked);
    let (mut child, url) = Bench::begun(arguments);
    for part in ["&launch=xyz", "&prompt=consent", "launch%2Fpatient"] {
        assert!(url.contains(part), "{url}");
    }
    let callback = bench.visit(&url, Decision::Allows);
    let mut stdin = child.stdin.take().expect("it is piped");
    writeln!(stdin, "{callback}").expect("the command reads");
    let printed = end(child, true);
    assert!(printed.contains("patient    smart-1288992"), "{printed}");
}

#[test]
fn launches_and_scopes_are_checked_before_anything_is_asked() {
    let bench = Bench::new();
    for (option, value) in [
        ("--launch", "https://app.example/launch"),
        ("--launch", ""),
        ("--scope", ""),
        ("--scope", "patient/\""),
    ] {
        fail(2, bench.arguments(&["login", option, value]));
    }
}

#[test]
fn every_spelling_of_a_base_finds_the_same_login() {
    let bench = Bench::new();
    bench.log_in();
    let base = bench.sandbox.fhir_base();
    let spelled = base.replacen("http://", "HTTP://", 1) + "/";
    let vault = bench.vault();
    let vault = vault.to_str().expect("the path is text");
    let arguments = ["token", "show", "--fhir", &spelled, "--vault", vault];
    assert!(succeed(arguments).contains("patient    smart-1288992"));
}

#[test]
fn parameters_cannot_replace_the_request() {
    let bench = Bench::new();
    for bad in ["state=x", "redirect_uri=https://evil.example", "scope=*"] {
        let error = fail(
            2,
            bench.arguments(&["login", "--no-browser", "--param", bad]),
        );
        assert!(
            error.contains("the request sets this parameter itself"),
            "{error}"
        );
    }
}

#[test]
fn a_development_server_makes_tokens_and_describes_them() {
    let bench = Bench::new();
    let printed = succeed(bench.arguments(&["token", "debug", "--secrets"]));
    for expected in ["patient    smart-1288992", "access     ", "refresh    "] {
        assert!(printed.contains(expected), "{printed}");
    }
    let introspect = |more: &[&str]| {
        let words = ["token", "introspect"].into_iter();
        let words: Vec<_> = words.chain(more.iter().copied()).collect();
        succeed(bench.arguments(&words))
    };
    for expected in ["active     yes", "patient    smart-1288992", "until      "] {
        let described = introspect(&[]);
        assert!(described.contains(expected), "{described}");
    }
    for expected in [
        "active     yes",
        "user       daniel-adams",
        "labels     none",
        "approval   until ",
    ] {
        let described = introspect(&["--debug"]);
        assert!(described.contains(expected), "{described}");
    }
    let refresh = introspect(&["--debug", "--refresh-token"]);
    assert!(refresh.starts_with("active     yes"), "{refresh}");
    // over already
    let over = [
        "token",
        "debug",
        "--access-lifetime",
        "-1",
        "--approval-expires",
        "4102444800",
    ];
    succeed(bench.arguments(&over));
    assert_eq!(introspect(&[]), "active     no\n");
    let described = introspect(&["--debug"]);
    assert!(described.starts_with("active     no\n"), "{described}");
    assert!(
        described.contains("approval   until Fri, 01 Jan 2100"),
        "{described}"
    );
    let foreign = ["token", "debug", "--patient", "smart-1081332"];
    let error = fail(1, bench.arguments(&foreign));
    assert!(error.contains("no_patient_for_user"), "{error}");
}

#[test]
fn a_refusal_ends_the_login() {
    let bench = Bench::new();
    let (child, url) = bench.begin();
    let callback = bench.visit(&url, Decision::Declines);
    let page = open(&callback);
    assert!(page.contains("It did not work"), "{page}");
    end(child, false);
}

#[test]
fn tokens_are_shown_renewed_and_revoked() {
    let bench = Bench::new();
    let printed = bench.log_in();
    for expected in [
        "patient    smart-1288992",
        "granted    launch/patient",
        "renewable  yes",
    ] {
        assert!(printed.contains(expected), "{printed}");
    }
    let show = || succeed(bench.arguments(&["token", "show"]));
    assert_eq!(show().lines().count(), 4, "no secret is shown: {}", show());
    let secrets = || {
        let shown = succeed(bench.arguments(&["token", "show", "--secrets"]));
        let secret = |name: &str| {
            let line = shown.lines().find_map(|line| line.strip_prefix(name));
            line.expect("it is shown").trim().to_owned()
        };
        [secret("access"), secret("refresh")]
    };
    let before = secrets();
    let printed = [printed, show()].concat();
    assert!(before.iter().all(|secret| !printed.contains(secret)));
    succeed(bench.arguments(&["token", "refresh"]));
    let after = secrets();
    assert!(before.iter().all(|secret| !after.contains(secret)));

    // nothing of it lies on the disk in the clear
    for file in std::fs::read_dir(bench.vault()).expect("the vault is there") {
        let bytes = std::fs::read(file.expect("it is there").path()).expect("it can be read");
        for secret in before.iter().chain(&after) {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes())
            );
        }
    }

    assert_eq!(succeed(bench.arguments(&["token", "revoke"])), "revoked\n");
    let error = fail(1, bench.arguments(&["token", "show"]));
    assert!(error.contains("nobody is logged in"), "{error}");
    // the registration stays, and the next login needs none
    let printed = bench.log_in();
    assert!(printed.contains("smart-1288992"));
    let forgotten = succeed(bench.arguments(&["token", "forget"]));
    assert!(forgotten.contains("the server was not told"), "{forgotten}");
    let error = fail(1, bench.arguments(&["token", "forget"]));
    assert!(error.contains("nobody is logged in"), "{error}");
}

/// A server with neither revocation nor patience, and a vault that has tokens for it.
struct Unhelpful {
    runtime: Runtime,
    server: TestServer,
    folder: TempDir,
}

impl Unhelpful {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(TestServer::answering(|request: &Received| {
            let json = |status, body: String| {
                let answer = CannedResponse::new(status);
                answer.header("content-type", "application/json").body(body)
            };
            let host = request.header("host").expect("it is there");
            match request.target() {
                "/fhir/.well-known/smart-configuration" => json(
                    200,
                    format!(
                        r#"{{"token_endpoint": "http://{host}/token", "management_endpoint": "http://{host}/manage"}}"#
                    ),
                ),
                _ => json(400, r#"{"error": "invalid_grant"}"#.to_owned()),
            }
        }));
        let unhelpful = Self {
            runtime,
            server: server.expect("a free port"),
            folder: tempfile::tempdir().expect("a folder"),
        };
        unhelpful.runtime.block_on(unhelpful.log_in());
        unhelpful
    }

    fn base(&self) -> String {
        self.server.url("/fhir")
    }

    fn vault(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    async fn log_in(&self) {
        let vault = FileVault::open(self.vault()).expect("a new vault");
        let key = |what: &str| VaultKey::new(format!("{what} {}", self.base())).expect("a name");
        let registration = r#"{"client_id": "c", "redirect_uri": "http://localhost:1/"}"#;
        let mut held = vault.lock(&key("registration")).await.expect("it is free");
        let entry = Entry::new(registration.as_bytes().to_vec());
        held.write(entry).await.expect("it is written");
        let app = App::builder(self.base()).client_id("c").vault(vault);
        let app = app.build().expect("an app");
        let mut tokens = TokenSet::new("canary-access");
        tokens.refresh_token = Some("canary-refresh".into());
        let session = Session::with_tokens(&app, key("session"), tokens).await;
        session.expect("it is kept");
    }

    fn arguments(&self, command: &[&str]) -> Vec<OsString> {
        let base = self.base();
        let server = ["--fhir", &base, "--vault"];
        let words = command.iter().chain(&server).map(OsString::from);
        words.chain([self.vault().into_os_string()]).collect()
    }
}

#[test]
fn tokens_are_forgotten_where_the_server_cannot_end_them() {
    let unhelpful = Unhelpful::new();
    let printed = succeed(unhelpful.arguments(&["token", "revoke"]));
    assert_eq!(
        printed,
        "forgotten; the server has no revocation, and knows the tokens until they end\n"
    );
    let error = fail(1, unhelpful.arguments(&["token", "show"]));
    assert!(error.contains("nobody is logged in"), "{error}");
}

#[test]
fn a_grant_that_has_ended_is_shown_as_such() {
    let unhelpful = Unhelpful::new();
    let renewable = |expected: &str| {
        let shown = succeed(unhelpful.arguments(&["token", "show"]));
        let line = format!("renewable  {expected}");
        assert!(shown.lines().any(|shown| shown == line), "{shown}");
    };
    renewable("yes, without the user");
    let error = fail(1, unhelpful.arguments(&["token", "renew"]));
    assert!(error.contains("invalid_grant"), "{error}");
    renewable("no, the grant has ended; log in again");
}

#[test]
fn looking_at_tokens_creates_nothing() {
    let bench = Bench::new();
    for command in ["show", "refresh", "revoke", "forget"] {
        let error = fail(1, bench.arguments(&["token", command]));
        assert!(error.contains("nobody has logged in"), "{error}");
        assert!(!bench.vault().exists(), "{command}");
    }
}

#[test]
fn apps_are_registered_and_told() {
    let bench = Bench::new();
    let error = fail(1, bench.arguments(&["token", "show"]));
    assert!(error.contains("smart login --fhir"), "{error}");
    let printed = succeed(bench.arguments(&[
        "register",
        "--redirect-uri",
        "http://localhost:9001/authorized",
    ]));
    assert!(
        printed.contains("redirect uri  http://localhost:9001/authorized"),
        "{printed}"
    );
    assert!(
        printed.contains("secret        kept in the vault"),
        "{printed}"
    );
    // by hand: nothing is sent, so that any address will do
    let by_hand = [
        "register",
        "--client-id",
        "test-suite",
        "--client-secret",
        "canary",
        "--redirect-uri",
        "http://localhost:1/",
    ];
    let printed = succeed(bench.arguments(&by_hand));
    assert!(
        printed.contains("client id     test-suite") && !printed.contains("canary"),
        "{printed}"
    );
    let bad = [
        "register",
        "--client-id",
        "x",
        "--redirect-uri",
        "http://elsewhere.example/",
    ];
    assert!(fail(1, bench.arguments(&bad)).contains("http is for this machine only"));
}
