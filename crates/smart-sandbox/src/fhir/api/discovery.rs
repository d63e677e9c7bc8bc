//! What the server says about itself: a statement of its capabilities with the OAuth extension, and
//! the newer document of [SMART App
//! Launch](https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html).

use http::StatusCode;
use serde_json::{Value, json};

use super::SEARCH_PARAMETERS;
use crate::fhir::replies;
use crate::fhir::resources::Release;
use crate::fhir::state::FhirState;
use crate::web::context::RequestContext;
use crate::web::reply::Reply;

const EXTENSION: &str = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";

/// `metadata`: a `CapabilityStatement`, or a `Conformance` on the base of DSTU2.
pub(crate) fn metadata(
    server: &FhirState,
    request: &RequestContext<'_>,
    release: Release,
) -> Reply {
    let base = server.base(request);
    let fhir_base = format!("{base}{}", release.path());
    let mut statement = json!({
        "status": "active",
        "date": server.began.instant(),
        "publisher": "smart-sandbox",
        "kind": "instance",
        "software": {"name": "smart-sandbox", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "Invented patients to develop against", "url": fhir_base},
        "rest": [{
            "mode": "server",
            "security": security(&base, release),
            "resource": release.types().iter().map(|name| resource(name)).collect::<Vec<_>>(),
            "operation": [{"name": "export", "definition": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"}],
        }],
    });
    match release {
        Release::R4 => {
            statement["resourceType"] = json!("CapabilityStatement");
            statement["fhirVersion"] = json!("4.0.1");
            statement["format"] = json!(["application/fhir+json", "application/json"]);
        }
        Release::Dstu2 => {
            statement["resourceType"] = json!("Conformance");
            statement["fhirVersion"] = json!("1.0.2");
            statement["format"] = json!(["application/json+fhir", "application/json"]);
            statement["acceptUnknown"] = json!("no");
        }
    }
    replies::json(StatusCode::OK, &statement)
}

fn security(base: &str, release: Release) -> Value {
    let uris = [
        ("authorize", "/oauth/authorize"),
        ("manage", "/apps"),
        ("token", "/oauth/token"),
        ("register", "/oauth/register"),
        ("introspect", "/oauth/introspect"),
        ("revoke", "/oauth/revoke"),
    ];
    let uris = uris.map(|(name, path)| json!({"url": name, "valueUri": format!("{base}{path}")}));
    let old = "http://hl7.org/fhir/restful-security-service";
    let new = "http://terminology.hl7.org/CodeSystem/restful-security-service";
    let systems = match release {
        // Clients look for one or the other.
        Release::R4 => vec![new, old],
        Release::Dstu2 => vec![old],
    };
    let codings: Vec<Value> = systems
        .into_iter()
        .map(|system| json!({"system": system, "code": "SMART-on-FHIR"}))
        .collect();
    json!({
        "cors": true,
        "extension": [{"url": EXTENSION, "extension": uris}],
        "service": [{"coding": codings, "text": "OAuth 2 with SMART on FHIR"}],
    })
}

fn resource(name: &str) -> Value {
    let parameters: Vec<Value> = SEARCH_PARAMETERS
        .iter()
        .filter(|(parameter, _)| name != "Patient" || *parameter != "patient")
        .map(|(parameter, kind)| json!({"name": parameter, "type": kind}))
        .collect();
    json!({
        "type": name,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": parameters,
    })
}

/// `.well-known/smart-configuration`. What is not there is not offered: no `id_token`, and so no
/// issuer and no keys.
pub(crate) fn smart_configuration(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    let base = server.base(request);
    let at = |path: &str| format!("{base}{path}");
    let body = json!({
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "registration_endpoint": at("/oauth/register"),
        "management_endpoint": at("/apps"),
        "introspection_endpoint": at("/oauth/introspect"),
        "revocation_endpoint": at("/oauth/revoke"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment"],
        "scopes_supported": ["launch/patient", "offline_access", "patient/*.read", "patient/*.rs"],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": [
            "launch-standalone",
            "client-confidential-symmetric",
            "client-public",
            "context-standalone-patient",
            "permission-offline",
            "permission-patient",
            "permission-v1",
            "permission-v2",
        ],
    });
    replies::json(StatusCode::OK, &body)
}

/// The keys that sign `id_token`s. The list is empty, because none are issued.
pub(crate) fn keys(_server: &FhirState, _request: &RequestContext<'_>) -> Reply {
    replies::json(StatusCode::OK, &json!({"keys": []}))
}
