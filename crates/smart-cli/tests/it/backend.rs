//! Backend services: `smart fhir … --client-id ID --key FILE`, against a server that takes signed
//! statements.

use smart_test_support::{CannedResponse, Received, TestServer};

use super::{fail, succeed};

const PEM: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../smart-oauth/tests/keys/p384.pem"
);

/// Gives a token to a statement, and a patient to the token.
fn answer(request: &Received) -> CannedResponse {
    let json = |status, body: String| {
        let answer = CannedResponse::new(status).header("content-type", "application/json");
        answer.body(body)
    };
    let host = request.header("host").unwrap_or_default();
    let body = String::from_utf8_lossy(request.body());
    match request.target() {
        "/fhir/.well-known/smart-configuration" => json(
            200,
            format!(
                r#"{{"token_endpoint": "http://{host}/token", "capabilities": ["permission-v2"],
                    "token_endpoint_auth_signing_alg_values_supported": ["ES384"]}}"#
            ),
        ),
        "/token"
            if body.contains("grant_type=client_credentials")
                && body.contains("client_assertion=ey")
                && body.contains("scope=system%2F") =>
        {
            json(
                200,
                r#"{"access_token": "t1", "token_type": "bearer", "expires_in": 300, "scope": "system/*.rs"}"#.to_owned(),
            )
        }
        "/fhir/Patient/1" if request.header("authorization") == Some("Bearer t1") => {
            json(200, r#"{"resourceType": "Patient", "id": "1"}"#.to_owned())
        }
        _ => json(400, r#"{"error": "invalid_request"}"#.to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_service_reads_without_a_login() {
    let server = TestServer::answering(answer).await.expect("a free port");
    let base = server.url("/fhir");
    tokio::task::spawn_blocking(move || {
        let read = ["fhir", "read", "Patient/1", "--fhir", &base];
        let with = |more: &[&'static str]| {
            let words = read.iter().map(ToString::to_string);
            words
                .chain(more.iter().map(ToString::to_string))
                .collect::<Vec<_>>()
        };
        let printed = succeed(with(&[
            "--client-id",
            "service",
            "--key",
            PEM,
            "--kid",
            "k1",
        ]));
        assert!(printed.contains(r#""id": "1""#), "{printed}");
        for (client_id, kid, scope) in [("", "k", "a"), ("c", "", "a"), ("c", "k", "")] {
            fail(
                2,
                with(&[
                    "--client-id",
                    client_id,
                    "--key",
                    PEM,
                    "--kid",
                    kid,
                    "--scope",
                    scope,
                ]),
            );
        }
        succeed(with(&[
            "--client-id",
            "service",
            "--key",
            PEM,
            "--scope",
            "system/Patient.rs",
        ]));
        let error = fail(2, with(&["--client-id", "service"]));
        assert!(!error.is_empty());
        let error = fail(1, with(&["--client-id", "service", "--key", "/dev/null"]));
        assert!(
            error.contains("/dev/null cannot be used: the key is not a private key"),
            "{error}"
        );
        let error = fail(
            1,
            with(&["--client-id", "service", "--key", "/nowhere.pem"]),
        );
        assert!(error.contains("/nowhere.pem cannot be read"), "{error}");
    })
    .await
    .expect("the commands run");
}
