//! What servers of every age answer.

use serde_json::json;

use super::*;
use crate::oauth2::error::UrlError;

fn base() -> ServerUrl {
    ServerUrl::new("http://localhost:9000/api/fhir/").unwrap()
}

fn answer(status: u16, content_type: &str, body: &str) -> Response<String> {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body.to_owned())
        .unwrap()
}

fn well_known(document: &Value) -> Result<Server, DiscoveryError> {
    let response = answer(200, "application/json", &document.to_string());
    match Discovery::new(base()).receive(&response)? {
        Discovered::Server(server) => Ok(*server),
        Discovered::AskStatement(_) => panic!("a document was not taken for one: {document}"),
    }
}

fn statement(document: &Value) -> Result<Server, DiscoveryError> {
    let response = answer(200, "application/json", &document.to_string());
    Discovery::of_statement(base()).receive(&response)
}

/// The statement of an S4S server that is reached by another name than it knows itself by.
fn s4s(kind: &str, system: &str) -> Value {
    let entry = |name: &str, uri: &str| json!({"url": name, "valueUri": uri});
    json!({"resourceType": kind, "rest": [{"mode": "server", "security": {
        "cors": true,
        "extension": [{"url": OAUTH_EXTENSION, "extension": [
            entry("authorize", "https://s4s.example/oauth/authorize"), entry("manage", "https://s4s.example/apps"),
            entry("token", "http://localhost:9000/oauth/token"), entry("register", "http://localhost:9000/oauth/register"),
        ]}],
        "service": [{"coding": [{"system": system, "code": "SMART-on-FHIR"}], "text": "OAuth2 using SMART-on-FHIR profile"}],
    }}]})
}

#[test]
fn row_discovery_falls_back_on_whatever_is_not_a_document() {
    for (status, content_type, body) in [
        (401, "text/html", "<html>UNAUTHORIZED"),
        (
            403,
            "application/json",
            r#"{"error": "Not allowed to query for \".well-known\" resource type."}"#,
        ),
        (404, "text/html", "<html>NOT FOUND"),
        (405, "text/html", ""),
        (302, "text/html", ""),
        (200, "text/html", "<html>log in"),
        (200, "application/json", "<html>log in"),
        (200, "application/json", "[]"),
        (200, "application/json", "{}"),
        (200, "application/json", r#"{"error": "not here"}"#),
        (200, "application/json", r#"{"token_endpoint": null}"#),
        (
            200,
            "application/json",
            r#"{"token_endpoint": "", "authorization_endpoint": 1}"#,
        ),
        (
            200,
            "application/fhir+json",
            r#"{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]}"#,
        ),
        (204, "application/json", ""),
    ] {
        let found = Discovery::new(base())
            .receive(&answer(status, content_type, body))
            .unwrap();
        let Discovered::AskStatement(next) = found else {
            panic!("{status} {body}")
        };
        let request = next.request().unwrap();
        assert_eq!(request.uri(), "http://localhost:9000/api/fhir/metadata");
        assert!(
            request.headers()[ACCEPT]
                .to_str()
                .unwrap()
                .contains("application/json+fhir")
        );
    }
}

#[test]
fn a_server_that_is_down_is_not_an_old_one() {
    for status in [408, 425, 429, 500, 502, 503] {
        let error = Discovery::new(base())
            .receive(&answer(status, "text/html", ""))
            .unwrap_err();
        assert!(matches!(error, DiscoveryError::Refused { .. }), "{error}");
    }
}

#[test]
fn row_discovery_reads_conformance_and_capability_statement_and_two_origins() {
    for (kind, system) in [
        (
            "Conformance",
            "http://hl7.org/fhir/restful-security-service",
        ),
        (
            "CapabilityStatement",
            "http://hl7.org/fhir/restful-security-service",
        ),
        (
            "CapabilityStatement",
            "http://terminology.hl7.org/CodeSystem/restful-security-service",
        ),
    ] {
        let server = statement(&s4s(kind, system)).unwrap();
        assert_eq!(server.token.as_str(), "http://localhost:9000/oauth/token");
        assert_eq!(server.authorize.unwrap().origin(), "https://s4s.example");
        assert_eq!(
            server.register.unwrap().as_str(),
            "http://localhost:9000/oauth/register"
        );
        assert_eq!(server.manage.unwrap().as_str(), "https://s4s.example/apps");
        assert_eq!(server.fhir_base.as_str(), "http://localhost:9000/api/fhir/");
        assert_eq!((server.source, server.notes), (Source::Statement, vec![]));
    }
}

#[test]
fn statements_without_oauth_are_told_from_other_answers() {
    let error = statement(&json!({"resourceType": "CapabilityStatement", "rest": []})).unwrap_err();
    assert!(matches!(error, DiscoveryError::NoOauth));
    let error = statement(&json!({"resourceType": "OperationOutcome"})).unwrap_err();
    assert!(matches!(error, DiscoveryError::Unreadable(_)));
    let response = answer(200, "application/json", "no json");
    let error = Discovery::of_statement(base())
        .receive(&response)
        .unwrap_err();
    assert!(matches!(error, DiscoveryError::Unreadable(_)));
    let response = answer(404, "text/html", "");
    let error = Discovery::of_statement(base())
        .receive(&response)
        .unwrap_err();
    assert!(matches!(error, DiscoveryError::Refused { .. }));
    let mut unspoken = s4s("CapabilityStatement", "x");
    unspoken["rest"][0]["security"]["service"] = json!([]);
    assert_eq!(
        statement(&unspoken).unwrap().notes,
        [DiscoveryNote::NoSmartService]
    );
}

#[test]
fn capabilities_of_a_statement() {
    let mut document = s4s("CapabilityStatement", "x");
    let extensions = document["rest"][0]["security"]["extension"]
        .as_array_mut()
        .unwrap();
    extensions.push(json!({"url": CAPABILITY_EXTENSION, "valueCode": "launch-standalone"}));
    extensions.push(json!({"url": CAPABILITY_EXTENSION, "valueCode": 7}));
    assert_eq!(
        statement(&document).unwrap().capabilities,
        ["launch-standalone"]
    );
}

#[test]
fn a_full_document() {
    let server = well_known(&json!({
        "issuer": "https://ehr.example",
        "authorization_endpoint": "https://ehr.example/auth/authorize",
        "token_endpoint": "https://ehr.example/auth/token",
        "registration_endpoint": "https://ehr.example/auth/register",
        "revocation_endpoint": "https://ehr.example/auth/revoke",
        "introspection_endpoint": "https://ehr.example/auth/introspect",
        "management_endpoint": "https://ehr.example/manage",
        "jwks_uri": "https://ehr.example/jwks.json",
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "scopes_supported": ["openid", "patient/*.rs"],
        "capabilities": ["launch-ehr", "permission-v2", "authorize-post"],
        "authorization_response_iss_parameter_supported": true,
    }))
    .unwrap();
    assert!(server.speaks_scopes_v2() && server.promises_iss && !server.refuses_s256());
    assert_eq!(server.issuer.as_deref(), Some("https://ehr.example"));
    assert_eq!(
        server.revoke.unwrap().as_str(),
        "https://ehr.example/auth/revoke"
    );
    assert_eq!(
        server.jwks.unwrap().as_str(),
        "https://ehr.example/jwks.json"
    );
    assert_eq!((server.source, server.notes), (Source::WellKnown, vec![]));
}

#[test]
fn every_member_of_a_configuration_can_be_read() {
    let identifier = json!({"system": "urn:ietf:rfc:3986", "value": "https://ehr.example"});
    let server = well_known(&json!({
        "token_endpoint": "https://ehr.example/token",
        "token_endpoint_auth_signing_alg_values_supported": ["ES384"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "response_types_supported": ["code"],
        "associated_endpoints": [
            {"url": "https://ehr.example/state", "capabilities": ["smart-app-state"]},
            {"url": "javascript:alert(1)"}, {}, 7,
        ],
        "user_access_brand_bundle": "https://brands.example/bundle.json",
        "user_access_brand_identifier": identifier,
        "vendor": {"x": 1},
    }))
    .unwrap();
    assert_eq!(server.token_auth_algorithms, ["ES384"]);
    assert_eq!(
        server.grant_types,
        ["authorization_code", "client_credentials"]
    );
    assert_eq!(server.response_types, ["code"]);
    let [state] = &server.associated_endpoints[..] else {
        panic!("{:?}", server.associated_endpoints)
    };
    assert_eq!(state.url.as_str(), "https://ehr.example/state");
    assert_eq!(state.capabilities, ["smart-app-state"]);
    let bundle = server.user_access_brand_bundle.as_ref().unwrap();
    assert_eq!(bundle.as_str(), "https://brands.example/bundle.json");
    assert_eq!(
        server.user_access_brand_identifier.as_ref(),
        Some(&identifier)
    );
    assert_eq!(server.member("vendor"), Some(&json!({"x": 1})));
    assert_eq!(server.member("issuer"), None);
    let unusable = DiscoveryNote::UnusableUrl {
        name: "associated_endpoints",
    };
    assert_eq!(server.notes, [unusable]);
}

#[test]
fn relative_endpoints_are_resolved_from_the_base_as_it_is() {
    let document = json!({"token_endpoint": "auth/token", "authorization_endpoint": "/authorize"});
    let of = |base: &str| {
        let response = answer(200, "application/json", &document.to_string());
        let base = ServerUrl::new(base).unwrap();
        match Discovery::new(base).receive(&response).unwrap() {
            Discovered::Server(server) => *server,
            Discovered::AskStatement(_) => panic!("there is a document"),
        }
    };
    let server = of("https://ehr.example/api/fhir");
    assert_eq!(server.token.as_str(), "https://ehr.example/api/auth/token");
    let other = server.below_base().unwrap();
    assert_eq!(
        other.token.as_str(),
        "https://ehr.example/api/fhir/auth/token"
    );
    assert_eq!(other.authorize, server.authorize);
    assert!(other.below_base().is_none());
    // no second reading where there is nothing to choose
    let server = of("https://ehr.example/api/fhir/");
    assert_eq!(
        server.token.as_str(),
        "https://ehr.example/api/fhir/auth/token"
    );
    assert!(server.below_base().is_none());
}

#[test]
fn scopes_of_version_2_are_announced_in_two_ways() {
    for (capabilities, scopes, expected) in [
        (json!(["permission-v2"]), json!([]), true),
        (json!(["launch-ehr"]), json!(["patient/*.rs"]), true),
        (json!(["launch-ehr"]), json!(["patient/*.read"]), false),
        (json!(["permission-v1"]), json!(["patient/*.rs"]), false),
        (json!([]), json!([]), false),
    ] {
        let server = well_known(&json!({"token_endpoint": "https://ehr.example/token",
            "capabilities": capabilities, "scopes_supported": scopes}))
        .unwrap();
        assert_eq!(
            server.speaks_scopes_v2(),
            expected,
            "{capabilities} {scopes}"
        );
    }
}

#[test]
fn a_scope_is_announced_by_capability_or_by_name() {
    for (capabilities, scopes, expected) in [
        (json!(["permission-offline"]), json!([]), Some(true)),
        (json!(["launch-ehr"]), json!(["offline_access"]), Some(true)),
        (json!(["launch-ehr"]), json!(["openid"]), Some(false)),
        (json!([]), json!([]), None),
    ] {
        let server = well_known(&json!({"token_endpoint": "https://ehr.example/token",
            "capabilities": capabilities, "scopes_supported": scopes}))
        .unwrap();
        let announced = server.announces(&super::super::Scope::OfflineAccess);
        assert_eq!(announced, expected, "{capabilities} {scopes}");
    }
}

#[test]
fn odd_documents() {
    let server = well_known(&json!({
        "authorization_endpoint": "../auth/authorize",
        "token_endpoint": "/auth/token",
        "registration_endpoint": "http://ehr.example/plain",
        "capabilities": "launch-ehr",
        "code_challenge_methods_supported": ["plain"],
        "authorization_response_iss_parameter_supported": "true",
        "issuer": 5,
    }))
    .unwrap();
    assert_eq!(server.token.as_str(), "http://localhost:9000/auth/token");
    assert_eq!(
        server.authorize.as_ref().unwrap().as_str(),
        "http://localhost:9000/api/auth/authorize"
    );
    assert!(server.promises_iss && server.refuses_s256());
    assert_eq!(server.capabilities, ["launch-ehr"]);
    assert_eq!((server.register, server.issuer), (None, None));
    assert_eq!(
        server.notes,
        [
            DiscoveryNote::RelativeUrl {
                name: "token_endpoint"
            },
            DiscoveryNote::RelativeUrl {
                name: "authorization_endpoint"
            },
            DiscoveryNote::UnusableUrl {
                name: "registration_endpoint"
            },
            DiscoveryNote::PlainChallenge,
        ]
    );
}

#[test]
fn what_every_app_needs_must_be_usable() {
    let error = well_known(&json!({"authorization_endpoint": "https://ehr.example/authorize"}))
        .unwrap_err();
    assert!(matches!(
        error,
        DiscoveryError::Incomplete {
            name: "token_endpoint"
        }
    ));
    let error = well_known(&json!({"token_endpoint": "http://ehr.example/token"})).unwrap_err();
    let DiscoveryError::BadUrl { source, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(source, UrlError::PlainHttp);
}

#[test]
fn row_transport_plain_http_by_explicit_choice() {
    let document = json!({"token_endpoint": "http://ehr.example/token"}).to_string();
    let base = ServerUrl::with_plain_http("http://ehr.example/fhir").unwrap();
    let found = Discovery::new(base)
        .receive(&answer(200, "application/json", &document))
        .unwrap();
    assert!(matches!(found, Discovered::Server(_)));
}

#[test]
fn documents_are_bounded_and_nesting_ends() {
    let long = answer(200, "application/json", &" ".repeat(MAX_DOCUMENT_BYTES + 1));
    let error = Discovery::new(base()).receive(&long).unwrap_err();
    assert!(matches!(error, DiscoveryError::TooLong { .. }));
    let deep = answer(
        200,
        "application/json",
        &format!("{{\"a\":{}", "[".repeat(1_000_000)),
    );
    let found = Discovery::new(base()).receive(&deep).unwrap();
    assert!(matches!(found, Discovered::AskStatement(_)));
}
