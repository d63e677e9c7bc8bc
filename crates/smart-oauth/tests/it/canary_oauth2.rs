//! Plants secrets in everything of OAuth 2 and searches whatever can be printed.

use http::Response;
use smart_oauth::Timestamp;
use smart_oauth::oauth2::s4s::{DebugIntrospection, DebugToken};
use smart_oauth::oauth2::{
    AccessToken, Authentication, Authorization, AuthorizationCode, AuthorizationParts,
    AuthorizationRequest, AuthorizationSecrets, AuthorizationState, Callback, Client,
    ClientAssertion, ClientSecret, CodeVerifier, IdNonce, RedirectUri, RefreshToken, Registration,
    Server, ServerUrl, TokenDialect,
};

use crate::canary::{CANARY, Net, secret};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn server() -> Server {
    let url = |text| ServerUrl::new(text).unwrap();
    let mut server = Server::new(
        url("https://ehr.example/fhir"),
        url("https://ehr.example/token"),
    )
    .with_authorize(url("https://ehr.example/authorize"));
    server.register = Some(url("https://ehr.example/register"));
    server
}

fn secrets() -> AuthorizationSecrets {
    let verifier = CodeVerifier::new(format!("{CANARY}-{}", "v".repeat(43))).unwrap();
    AuthorizationSecrets::new(secret("state").into(), verifier, secret("nonce").into())
}

fn authentications() -> Vec<Authentication> {
    vec![
        Authentication::SecretBasic(ClientSecret::new(secret("basic"))),
        Authentication::SecretForm(ClientSecret::new(secret("form"))),
        Authentication::Assertion(ClientAssertion::new(secret("assertion"))),
        Authentication::Public,
    ]
}

/// An answer with a secret in every place.
fn answer(status: u16, body: &str) -> Response<String> {
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    response.body(body.replace("CANARY", CANARY)).unwrap()
}

/// Answers that no step can use.
fn failures() -> Vec<Response<String>> {
    let mut failures = vec![Response::new(
        "CANARY".replace("CANARY", CANARY).repeat(30_000),
    )];
    for status in [200, 302, 401, 404, 500, 503] {
        for body in [
            "<html>CANARY",
            "[\"CANARY\"]",
            r#"{"x": "CANARY"}"#,
            r#"{"error": "e", "error_description": "CANARY"}"#,
        ] {
            failures.push(answer(status, body));
        }
    }
    failures
}

#[test]
fn authorization_and_tokens() {
    let mut net = Net::default();
    let client = Client::new("app", server());
    let redirect_uri = RedirectUri::new("http://localhost:8000/cb").unwrap();
    let request = AuthorizationRequest::new(redirect_uri, "openid offline_access".parse().unwrap())
        .for_launch(
            ServerUrl::new("https://ehr.example/fhir").unwrap(),
            secret("launch"),
        );
    net.debug(&client);
    net.debug(&request);
    net.debug(&secrets());
    net.debug(&(
        AuthorizationState::new(secret("s")),
        IdNonce::new(secret("n")),
        AuthorizationCode::new(secret("c")),
    ));
    let awaiting = client.authorize(request, secrets()).unwrap();
    net.debug(&awaiting);
    assert!(
        awaiting.authorize_url().contains(CANARY),
        "the canary was not where it would show"
    );
    for callback in [
        format!("code={}", secret("code")),
        format!("code={0}&code={0}&state={0}", secret("code")),
        format!("code={}&state=other", secret("code")),
        format!("code={0}&error=x&state={0}", secret("state")),
        secret("x").repeat(5000),
    ] {
        net.error(&awaiting.clone().callback(&callback).unwrap_err());
    }
    let denied = format!(
        "error=access_denied&error_description={}&state={}",
        secret("description"),
        secret("state")
    );
    net.debug(&awaiting.clone().callback(&denied).unwrap());

    let parts = awaiting.into_parts();
    net.debug(&parts);
    let parts = AuthorizationParts::new(parts.redirect_uri, parts.scopes, parts.secrets);
    let authorized = || {
        let awaiting = Authorization::from_parts(&client, parts.clone()).unwrap();
        let callback = format!("code={}&state={}", secret("code"), secret("state"));
        let Callback::Authorized(authorized) = awaiting.callback(&callback).unwrap() else {
            panic!()
        };
        *authorized
    };
    net.debug(&authorized());
    for authentication in authentications() {
        net.debug(&authentication);
        net.debug(authorized().request(&authentication).unwrap().headers());
    }
    for failed in failures() {
        net.error(&authorized().receive(&failed, NOW).unwrap_err());
    }

    let tokens = authorized().receive(
        &answer(
            200,
            r#"{"access_token": "CANARY", "refresh_token": "CANARY", "id_token": "CANARY", "patient": "CANARY",
                "encounter": "CANARY", "token_type": "Bearer", "secret_of_the_vendor": "CANARY", "intent": "CANARY",
                "fhirContext": [{"reference": "Patient/CANARY"}]}"#,
        ),
        NOW,
    );
    let tokens = tokens.unwrap();
    assert_eq!(tokens.access_token.expose(), CANARY);
    net.debug(&tokens);
    let refresh = client.refresh(tokens).unwrap();
    net.debug(&refresh);
    net.debug(refresh.request(&authentications()[0]).unwrap().headers());
    for failed in failures() {
        net.error(&refresh.receive(&failed, NOW).unwrap_err());
    }
    let other = answer(200, r#"{"access_token": "CANARY2", "patient": "CANARY2"}"#);
    net.error(&refresh.receive(&other, NOW).unwrap_err());
    net.debug(
        &refresh
            .receive(&answer(200, r#"{"access_token": "CANARY"}"#), NOW)
            .unwrap(),
    );
    net.check();
}

#[test]
fn requests_that_cannot_be_made() {
    let mut net = Net::default();
    let client = Client::new("app", server()).with_dialect(TokenDialect::S4S);
    let grant = client.client_credentials("system/*.rs".parse().unwrap());
    net.debug(&grant);
    let colon = Authentication::SecretBasic(ClientSecret::new(format!("{}:", secret("basic"))));
    net.error(&grant.request(&colon).unwrap_err());
    net.error(&CodeVerifier::new(secret("v")).unwrap_err());
    net.error(
        &ServerUrl::new(&format!("https://u:{}@ehr.example/", secret("password"))).unwrap_err(),
    );
    net.check();
}

#[test]
fn registration() {
    let mut net = Net::default();
    let registration = Registration::new([]).with_member("software_statement", "x");
    for failed in failures() {
        net.error(&registration.receive(&failed).unwrap_err());
    }
    let app = registration
        .receive(&answer(
            201,
            r#"{"client_id": "c", "client_secret": "CANARY"}"#,
        ))
        .unwrap();
    net.debug(&app);
    net.debug(&app.authentication());
    net.check();
}

#[test]
fn revocation_and_introspection() {
    let mut net = Net::default();
    let url = |text| ServerUrl::new(text).unwrap();
    let mut server = server();
    server.revoke = Some(url("https://ehr.example/revoke"));
    server.introspect = Some(url("https://ehr.example/introspect"));
    let client = Client::new("app", server);
    let revocation = client.revoke(RefreshToken::new(secret("refresh")));
    let introspection = client.introspect(AccessToken::new(secret("access")));
    net.debug(&revocation);
    net.debug(&introspection);
    net.debug(revocation.request(&authentications()[0]).unwrap().headers());
    let debug = DebugIntrospection::new(AccessToken::new(secret("access")));
    net.debug(&debug);
    for failed in failures() {
        if failed.status() != 200 {
            net.error(&revocation.receive(&failed).unwrap_err());
        }
        net.error(&introspection.receive(&failed).unwrap_err());
        net.error(&debug.receive(&failed).unwrap_err());
    }
    let facts = answer(
        200,
        r#"{"active": true, "patient": "CANARY", "sub": "CANARY", "access_token": "CANARY", "username": "CANARY"}"#,
    );
    net.debug(&introspection.receive(&facts).unwrap());
    net.debug(&debug.receive(&facts).unwrap());
    let pair = answer(
        200,
        r#"{"access_token": "CANARY", "refresh_token": "CANARY"}"#,
    );
    net.debug(&DebugToken::new("app", "user", "1").receive(&pair).unwrap());
    net.check();
}
