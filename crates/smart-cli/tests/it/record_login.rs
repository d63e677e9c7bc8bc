//! `smart login --api-base`: the dance of SMART Classic with the embedded container, and what is
//! done with its token.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Stdio};

use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{Method, Request, Response};
use smart::transport::{HyperTransport, Transport as _};
use smart_sandbox::{AppManifest, DEMO_PASSWORD, DEMO_USER, Sandbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{smart, stderr, stdout};

const APP: &str = "chart@apps.example.org";
const RECORD: &str = "1288992";

/// A container with an app whose callback is a free port of this machine, and an empty vault.
struct Bench {
    runtime: Runtime,
    sandbox: Sandbox,
    folder: TempDir,
    callback: String,
}

impl Bench {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = free.local_addr().expect("it has an address").port();
        let callback = format!("http://127.0.0.1:{port}/back");
        let manifest = format!(
            r#"{{"id": "{APP}", "name": "Chart", "description": "Draws", "mode": "ui", "index": "http://127.0.0.1/i",
                "icon": "http://127.0.0.1/j", "oauth_callback": "{callback}"}}"#
        );
        let manifest = AppManifest::from_json(manifest.as_bytes()).expect("it keeps the rules");
        let sandbox = Sandbox::builder().app(manifest, "s3cret").start();
        Self {
            sandbox: runtime.block_on(sandbox).expect("a free port"),
            runtime,
            folder: tempfile::tempdir().expect("a folder"),
            callback,
        }
    }

    /// The words, and where and as what they are meant.
    fn arguments(&self, words: &[&str]) -> Vec<OsString> {
        let place = ["--api-base", self.sandbox.api_base(), "--app-id", APP];
        let vault = self.folder.path().join("vault");
        let words = words.iter().chain(&place).map(OsString::from);
        words.chain(["--vault".into(), vault.into()]).collect()
    }

    /// How the command ends, and what it says.
    fn check(&self, code: i32, words: &[&str], expected: &str) {
        let mut command = smart(self.arguments(words));
        let output = command.env("SMART_CONSUMER_SECRET", "s3cret").output();
        let output = output.expect("the command runs");
        let said = stdout(&output) + &stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert!(said.contains(expected), "{words:?}: {said}");
    }

    /// Begins a login; gives the command and the address that it prints.
    fn begin(&self, more: &[&str]) -> (Child, String) {
        let secret = self.folder.path().join("secret");
        std::fs::write(&secret, "s3cret\n").expect("the folder can be written");
        let words = ["login", "--no-browser", "--record", RECORD];
        let words: Vec<&str> = words.iter().chain(more).copied().collect();
        let mut command = smart(self.arguments(&words));
        command.arg("--consumer-secret-file").arg(secret);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.stderr(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.trim().starts_with("http"));
        // the rest is read so that the command does not stop over it
        std::thread::spawn(move || lines.for_each(drop));
        let url = url.expect("the address is printed").trim().to_owned();
        (child, url)
    }

    /// The user logs in and allows it; where the browser ends.
    fn allow(&self, url: &str) -> String {
        let base = self.sandbox.api_base();
        let login = format!("username={DEMO_USER}&password={DEMO_PASSWORD}");
        let answer = self.visit(Method::POST, &format!("{base}/login"), "", &login);
        let cookie = answer.headers().get(SET_COOKIE).expect("a login");
        let cookie = cookie.to_str().expect("text").split(';').next();
        let cookie = cookie.unwrap_or_default().to_owned();
        let page = self.visit(Method::GET, url, &cookie, "");
        let answer = if page.headers().contains_key(LOCATION) {
            page // allowed before
        } else {
            let query = url.split_once('?').expect("it names the token").1;
            let form = format!("{query}&oauth_callback=&record_id=");
            self.visit(Method::POST, url, &cookie, &form)
        };
        let location = answer.headers().get(LOCATION).expect("a redirect");
        location.to_str().expect("text").to_owned()
    }

    fn visit(&self, method: Method, url: &str, cookie: &str, form: &str) -> Response<bytes::Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(COOKIE, cookie)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.to_owned().into())
            .expect("a request");
        let transport = HyperTransport::builder().build();
        let answer = self.runtime.block_on(transport.fetch(request));
        answer.expect("the container answers")
    }

    fn log_in(&self) {
        let (child, url) = self.begin(&["--callback", &self.callback]);
        open(&self.allow(&url));
        end(child);
    }
}

/// What the command printed, when it ended well.
fn end(child: Child) -> String {
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", stdout(&output));
    stdout(&output)
}

/// A browser at the command's own address.
fn open(url: &str) -> String {
    let rest = url.strip_prefix("http://").expect("this machine's");
    let (host, path) = rest.split_once('/').expect("it has a path");
    let mut stream = TcpStream::connect(host).expect("the command listens");
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn a_record_is_opened_by_its_user() {
    let bench = Bench::new();
    let read = ["get", "demographics", "--record", RECORD];
    let login = format!(
        "smart login --api-base {} --app-id {APP} --record {RECORD}",
        bench.sandbox.api_base()
    );
    bench.check(1, &read, &login);
    bench.check(1, &["token", "show", "--record", RECORD], &login);
    assert!(!bench.folder.path().join("vault").exists());

    let (child, url) = bench.begin(&["--callback", &bench.callback]);
    // others come first: they are sent away, and the login waits on
    let foreign = format!("{}?oauth_token=guessed&oauth_verifier=evil", bench.callback);
    assert!(open(&foreign).starts_with("HTTP/1.1 400"));
    assert!(open(&bench.callback).starts_with("HTTP/1.1 400"));
    let page = open(&bench.allow(&url));
    assert!(page.contains("Logged in"), "{page}");
    let printed = end(child);
    assert!(printed.contains("record     1288992"), "{printed}");

    bench.check(0, &read, "<rdf:RDF");
    bench.check(0, &["token", "show", "--record", RECORD], APP);
    // another record has its own consent
    bench.check(
        1,
        &["get", "demographics", "--record", "1081332"],
        "smart login",
    );
}

#[test]
fn a_pasted_address_does_as_well() {
    let bench = Bench::new();
    let (mut child, url) = bench.begin(&[]);
    let callback = bench.allow(&url);
    let mut stdin = child.stdin.take().expect("it is piped");
    writeln!(stdin, "http://127.0.0.1/back?oauth_token=x\n{callback}").expect("it reads");
    assert!(end(child).contains("logged in at"));
}

#[test]
fn calls_write_with_the_token() {
    let bench = Bench::new();
    bench.log_in();
    let file = bench.folder.path().join("note.txt");
    std::fs::write(&file, "remember").expect("the folder can be written");
    let file = file.to_str().expect("the path is text");
    let put = [
        "get",
        "put_scratchpad_data",
        "--record",
        RECORD,
        "--body",
        file,
    ];
    bench.check(0, &put, "remember");
    bench.check(
        0,
        &["get", "scratchpad_data", "--record", RECORD],
        "remember",
    );
    let delete = ["get", "delete_scratchpad_data", "--record", RECORD];
    bench.check(0, &delete, "ok");
}

#[test]
fn a_forgotten_token_is_gone() {
    let bench = Bench::new();
    bench.log_in();
    let secrets = ["token", "show", "--secrets", "--record", RECORD];
    bench.check(0, &secrets, "secret     ");
    bench.check(0, &["token", "forget", "--record", RECORD], "forgotten");
    bench.check(1, &["token", "forget", "--record", RECORD], "smart login");
    bench.check(
        1,
        &["get", "demographics", "--record", RECORD],
        "smart login",
    );
}

#[test]
fn a_refused_token_needs_a_new_login() {
    let bench = Bench::new();
    bench.log_in();
    let wrong = [
        "get",
        "demographics",
        "--record",
        RECORD,
        "--consumer-secret",
        "wrong",
    ];
    bench.check(1, &wrong, "smart login --api-base");
}

#[test]
fn a_login_names_container_record_and_app() {
    let check = |words: &str, expected: &str| {
        let output = smart(words.split(' ')).output().expect("the command runs");
        assert_eq!(output.status.code(), Some(2), "{words}");
        let said = stderr(&output);
        assert!(said.contains(expected), "{words}: {said}");
    };
    check("login", "say where to log in");
    check("login --api-base http://localhost:1", "--record <ID>");
    check("login --record 1 --app-id a", "--api-base URL");
    check(
        "login --api-base http://localhost:1 --record 1",
        "--app-id ID",
    );
    check(
        "login --api-base http://localhost:1 --record  --app-id a",
        "an id is not empty",
    );
    check(
        "login --api-base http://localhost:1 --record 1 --fhir http://localhost:2",
        "cannot be used with",
    );
    for words in [
        "login --fhir http://localhost:2 --app-id x",
        "login --launch https://a.example/?iss=http://localhost:2&launch=x --callback x",
        "login --record 1 --param a=b",
        "token show --fhir http://localhost:2 --app-id x",
    ] {
        check(words, "cannot be used with");
    }
    check("token show", "say which login");
    check(
        "token forget --api-base http://localhost:1",
        "--record <ID>",
    );
}
