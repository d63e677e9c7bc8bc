use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use super::{fail, smart, succeed};

/// `smart sandbox` on a free port, stopped when dropped.
struct Running {
    child: Child,
    api_base: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = smart(
            ["sandbox", "--port", "0", "--fhir-port", "0"]
                .iter()
                .chain(arguments),
        );
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut lines =
            BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
        let first = lines
            .next()
            .expect("it says where it is")
            .expect("that is text");
        std::thread::spawn(move || lines.for_each(drop)); // reads on, so that the sandbox can write on
        let api_base = first
            .split(' ')
            .find(|word| word.starts_with("http://"))
            .expect("that has its address")
            .to_owned();
        Self { child, api_base }
    }

    fn port(&self) -> &str {
        self.api_base
            .rsplit_once(':')
            .expect("the address has a port")
            .1
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn another_process_can_sweep_it() {
    let sandbox = Running::start(&[]);
    let printed = succeed(["sweep", "--api-base", &sandbox.api_base]);
    assert_eq!(printed.lines().count(), 50);
}

#[test]
fn a_call_prints_what_the_container_sent() {
    let sandbox = Running::start(&[]);
    let base = sandbox.api_base.as_str();
    let manifest = succeed(["get", "get_container_manifest", "--api-base", base]);
    assert!(manifest.contains("\"launch_urls\""), "{manifest}");
    let one = succeed([
        "get",
        "medications",
        "--record",
        "1288992",
        "--param",
        "limit=1",
        "--api-base",
        base,
    ]);
    assert!(
        one.contains("<rdf:RDF") && one.contains("resultsReturned"),
        "{one}"
    );
}

#[test]
fn a_port_in_use_is_named() {
    let sandbox = Running::start(&[]);
    let error = fail(1, ["sandbox", "--port", sandbox.port(), "--fhir-port", "0"]);
    assert!(
        error.contains(sandbox.port()) && error.contains("in use"),
        "{error}"
    );
}

#[test]
fn an_installed_app_can_sign_with_its_secret() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let manifest = folder.path().join("app.json");
    let text = r#"{"id": "counter@apps.example.org", "name": "Counter", "description": "Counts", "mode": "background"}"#;
    std::fs::write(&manifest, text).expect("the folder can be written");
    let app = format!("{}:s3cret", manifest.display());
    let sandbox = Running::start(&["--app", &app]);
    let sweep = [
        "sweep",
        "--api-base",
        &sandbox.api_base,
        "--app-id",
        "counter@apps.example.org",
        "--consumer-secret",
    ];
    assert_eq!(succeed(sweep.iter().chain(&["s3cret"])).lines().count(), 50);
    assert!(fail(1, sweep.iter().chain(&["smartapp-secret"])).contains("401"));
}

#[test]
fn a_manifest_that_breaks_the_rules_is_explained() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let manifest = folder.path().join("app.json");
    std::fs::write(&manifest, r#"{"id": "x@apps.example.org"}"#)
        .expect("the folder can be written");
    let error = fail(
        1,
        [
            "sandbox",
            "--port",
            "0",
            "--app",
            &format!("{}:secret", manifest.display()),
        ],
    );
    assert!(
        error.contains("app.json") && error.contains("name"),
        "{error}"
    );
    for (argument, problem) in [
        ("no-secret", "there is no colon"),
        (":s3cret", "there is no path before the colon"),
        ("app.json:", "there is no secret behind the colon"),
    ] {
        let error = fail(2, ["sandbox", "--port", "0", "--app", argument]);
        assert_eq!(
            error,
            format!("error: --app takes MANIFEST.json:SECRET or MANIFEST.json:@FILE; {problem}")
        );
    }
}

#[test]
fn a_secret_of_an_installed_app_can_lie_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (manifest, secret) = (folder.path().join("app.json"), folder.path().join("secret"));
    let text = r#"{"id": "counter@apps.example.org", "name": "Counter", "description": "Counts", "mode": "background"}"#;
    std::fs::write(&manifest, text).expect("the folder can be written");
    std::fs::write(&secret, "s3cret\n").expect("the folder can be written");
    let app = format!("{}:@{}", manifest.display(), secret.display());
    let sandbox = Running::start(&["--app", &app, "--accept-unsigned-bodies"]);
    let sweep = ["sweep", "--app-id", "counter@apps.example.org"];
    let printed = succeed(sweep.iter().chain(&[
        "--api-base",
        &sandbox.api_base,
        "--consumer-secret",
        "s3cret",
    ]));
    assert_eq!(printed.lines().count(), 50);
}

#[cfg(unix)]
#[test]
fn sigterm_is_a_clean_stop() {
    let mut sandbox = Running::start(&[]);
    let id = sandbox.child.id().to_string();
    let sent = std::process::Command::new("kill").arg(&id).status();
    assert!(sent.expect("there is such a command").success());
    let status = sandbox.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn what_is_not_served_and_what_is_refused_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = "[] a <http://smartplatforms.org/terms#MedicalRecord> .";
    for (name, text) in [("p1.ttl", record), ("p2.ttl", "not RDF")] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let folder = folder.path().to_str().expect("text");
    let arguments = ["sandbox", "--port", "0", "--fhir-port", "0", "--patients"];
    let mut child = smart(arguments.iter().chain([&folder]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let stderr = child.stderr.take().expect("standard error is piped");
    let mut notes = BufReader::new(stderr).lines();
    let mut note = || notes.next().expect("a note").expect("that is text");
    let problem = note();
    assert!(problem.starts_with("warning: "), "{problem}");
    assert!(
        problem.contains("p2.ttl") && problem.contains("it is not RDF"),
        "{problem}"
    );

    let stdout = child.stdout.take().expect("standard output is piped");
    let mut lines = BufReader::new(stdout).lines();
    let first = lines.next().expect("where it is").expect("that is text");
    std::thread::spawn(move || lines.for_each(drop)); // reads on, so that the sandbox can write on
    let running = Running {
        child,
        api_base: first.split(' ').nth(3).expect("the address").to_owned(),
    };
    assert!(first.ends_with("with 1 records"), "{first}");
    let arguments = ["sweep", "--consumer-secret", "guess", "--api-base"];
    let _ = fail(1, arguments.iter().chain([&running.api_base.as_str()]));
    assert_eq!(
        note(),
        "refused: 401 POST /apps/smart-background-app@apps.smartplatforms.org/tokens/records/first from \
         smart-background-app@apps.smartplatforms.org: the signature does not match"
    );
}
