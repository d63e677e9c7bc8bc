//! The few things that need a real socket.

use std::net::Ipv6Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::records::testing::ada;

async fn small() -> Sandbox {
    Sandbox::builder()
        .patient("1", ada())
        .start()
        .await
        .unwrap()
}

fn port(sandbox: &Sandbox) -> u16 {
    sandbox
        .api_base()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// Sends bytes on a connection of its own and reads until the container closes it.
async fn exchange(stream: TcpStream, request: &[u8]) -> String {
    let (mut reader, mut writer) = stream.into_split();
    let mut answer = Vec::new();
    // The container may answer and close before it has read everything; writing on is then allowed
    // to fail.
    let (_, read) = tokio::join!(writer.write_all(request), reader.read_to_end(&mut answer));
    drop(read);
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask(sandbox: &Sandbox, request: &[u8]) -> String {
    let stream = TcpStream::connect(("127.0.0.1", port(sandbox)))
        .await
        .unwrap();
    exchange(stream, request).await
}

#[tokio::test]
async fn a_manifest_comes_over_a_socket() {
    let sandbox = small().await;
    let answer = ask(
        &sandbox,
        b"GET /manifest HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("content-type: application/json\r\n"),
        "{answer}"
    );
    assert!(answer.contains(sandbox.api_base()), "{answer}");
}

/// Register, make a token, read the patient: each on a connection of its own, as Python's
/// `requests.get` does it.
#[tokio::test]
async fn the_fhir_server_listens_beside_the_container() {
    let sandbox = Sandbox::builder()
        .synthetic_patients(3)
        .start()
        .await
        .unwrap();
    let base = sandbox.fhir_base().to_owned();
    let port: u16 = base
        .strip_prefix("http://localhost:")
        .and_then(|rest| rest.strip_suffix("/api/fhir"))
        .and_then(|port| port.parse().ok())
        .unwrap();
    let ask = |head: String, body: String| async move {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request = format!(
            "{head}\r\nHost: localhost:{port}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = exchange(stream, request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        (head.lines().next().unwrap().to_owned(), body)
    };
    let json = "HTTP/1.1\r\nContent-Type: application/json";
    let (status, client) = ask(
        format!("POST /oauth/register {json}"),
        r#"{"redirect_uris": ["http://localhost:9001/authorized"], "scope": "patient/*.read"}"#
            .to_owned(),
    )
    .await;
    assert_eq!(status, "HTTP/1.1 201 Created");
    let wanted = serde_json::json!({
        "client_id": client["client_id"], "username": crate::FHIR_USER, "patient_id": "smart-1288992",
    });
    let (_, tokens) = ask(
        format!("POST /oauth/debug/token {json}"),
        wanted.to_string(),
    )
    .await;
    let path = "GET /api/fhir/Patient/smart-1288992 HTTP/1.1";
    let token = tokens["access_token"].as_str().unwrap();
    let (status, patient) = ask(
        format!("{path}\r\nAuthorization: Bearer {token}"),
        String::new(),
    )
    .await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert_eq!(patient["name"][0]["family"], "Adams");
    let (status, _) = ask(path.to_owned(), String::new()).await;
    assert_eq!(status, "HTTP/1.1 401 Unauthorized");
    sandbox.shutdown().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn both_meanings_of_localhost_are_served() {
    let sandbox = small().await;
    let has_v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.is_ok();
    if has_v6 {
        let stream = TcpStream::connect((Ipv6Addr::LOCALHOST, port(&sandbox)))
            .await
            .unwrap();
        let answer = exchange(stream, b"GET /manifest HTTP/1.0\r\n\r\n").await;
        assert!(answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Sandbox::builder().port(port).start().await.unwrap_err();
    assert!(
        matches!(error, SandboxError::PortInUse { port: named } if named == port),
        "{error}"
    );
}

#[tokio::test]
async fn a_shutdown_frees_the_port() {
    let sandbox = small().await;
    let port = port(&sandbox);
    sandbox.shutdown().await;
    let again = Sandbox::builder()
        .port(port)
        .patient("1", ada())
        .start()
        .await
        .unwrap();
    assert_eq!(again.api_base(), format!("http://localhost:{port}"));
}

#[tokio::test]
async fn dropping_a_sandbox_stops_it() {
    let sandbox = small().await;
    let port = port(&sandbox);
    drop(sandbox);
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the port is still open");
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_a_shutdown() {
    let sandbox = small().await;
    let mut stream = TcpStream::connect(("127.0.0.1", port(&sandbox)))
        .await
        .unwrap();
    stream
        .write_all(b"GET /manifest HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    let began = std::time::Instant::now();
    sandbox.shutdown().await;
    assert!(began.elapsed().as_secs() < 2);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let sandbox = small().await;
    let head = "PUT /records/1/apps/a/scratchpad HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n";
    let mut request = head.as_bytes().to_vec();
    request.resize(head.len() + 5_000_000, b'x');
    let answer = ask(&sandbox, &request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_head_over_the_limits_is_refused() {
    let sandbox = small().await;
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200));
    let long = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(100_000));
    for request in [many, long] {
        let answer = ask(&sandbox, request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 431 "),
            "{}",
            &answer[..answer.len().min(100)]
        );
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let sandbox = small().await;
    let answer = ask(&sandbox, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
}

#[tokio::test]
async fn apps_and_records_are_counted() {
    let sandbox = small().await;
    assert_eq!(sandbox.record_count(), 1);
    assert_eq!(sandbox.app_ids().len(), 3);
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let future = Sandbox::start();
    let result = futures_util::FutureExt::now_or_never(future).unwrap();
    assert!(matches!(result, Err(SandboxError::NoRuntime)));
}

/// Opens connections that send `request` and never read, and holds them.
async fn crowd(port: u16, request: &[u8]) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for _ in 0..1024 {
        // The server may close one of them at any time to make room.
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await {
            drop(stream.write_all(request).await);
            crowd.push(stream);
        }
    }
    crowd
}

/// A test of many connections needs more file handles than some systems give by default.
#[cfg(unix)]
fn allow_many_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit
        .maximum
        .map_or(Some(8192), |maximum| Some(maximum.min(8192)));
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn idle_and_unread_connections_do_not_block_others() {
    allow_many_files();
    let sandbox = small().await;
    let port = port(&sandbox);
    let unread = b"GET /ontology HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(40);
    for request in [&b""[..], b"GET /manifest HTTP/1.1\r\nHost: lo", &unread] {
        let crowd = crowd(port, request).await;
        assert!(crowd.len() > 1000, "{} connections", crowd.len());
        let answer = tokio::time::timeout(
            std::time::Duration::from_secs(10),
            ask(
                &sandbox,
                b"GET /manifest HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            ),
        );
        let answer = answer.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_request_without_exactly_one_host_is_refused() {
    let sandbox = small().await;
    for (version, hosts, status) in [
        ("1.1", "", "400 Bad Request"),
        (
            "1.1",
            "Host: localhost\r\nHost: localhost\r\n",
            "400 Bad Request",
        ),
        ("1.1", "Host: localhost\r\n", "200 OK"),
        ("1.0", "", "200 OK"),
    ] {
        let request = format!("GET /manifest HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
        let answer = ask(&sandbox, request.as_bytes()).await;
        let expected = format!("HTTP/{version} {status}\r\n");
        assert!(answer.starts_with(&expected), "{expected} {answer}");
    }
}

#[tokio::test]
async fn both_servers_can_be_nested() {
    use tower::ServiceExt as _;

    let sandbox = Sandbox::builder()
        .patient("1", ada())
        .into_router("http://localhost:3000")
        .unwrap();
    let app = axum::Router::new().merge(sandbox);
    for (path, status, shown) in [
        (
            "/classic/manifest",
            200,
            "http://localhost:3000/classic/oauth/request_token",
        ),
        ("/classic/login", 200, "action=\"/classic/login\""),
        (
            "/classic/apps/my-app@apps.smartplatforms.org/launch",
            302,
            "/classic/login?return_url=/classic/apps/",
        ),
        ("/classic/nowhere", 404, ""),
        (
            "/fhir/api/fhir/metadata",
            200,
            "http://localhost:3000/fhir/oauth/token",
        ),
        ("/fhir/api/fhir/Patient/1", 401, ""),
        ("/fhir/login", 200, "action=\"/fhir/login\""),
        (
            "/fhir/apps",
            302,
            "http://localhost:3000/fhir/login?next=%2Ffhir%2Fapps",
        ),
        ("/fhir/nowhere", 404, ""),
    ] {
        let request = http::Request::get(path).header("host", "localhost:3000");
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let body = axum::body::to_bytes(response.into_body(), 1_000_000)
            .await
            .unwrap();
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(shown), "{path}: {body}");
    }
}
