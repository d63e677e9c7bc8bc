//! Dynamic registration ([RFC 7591](https://www.rfc-editor.org/rfc/rfc7591)), open to everybody.

use http::StatusCode;
use serde_json::{Value, json};

use super::clients::{Registration, RegistrationError};
use crate::fhir::replies;
use crate::fhir::state::FhirState;
use crate::form;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

pub(crate) fn answer(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    if !is_json(request) {
        return replies::refusal("bad_request", "send a JSON object as application/json");
    }
    let Ok(body) = serde_json::from_slice::<Value>(request.body()) else {
        return replies::html(StatusCode::BAD_REQUEST);
    };
    let registration = match Registration::read(&body) {
        Ok(registration) => registration,
        Err(refusal) => return refused(refusal),
    };
    let client = match server.registry().clients.register(registration) {
        Ok(client) => client,
        Err(error) => return reply::no_randomness(error),
    };
    let mut body = json!({
        "client_id": client.id,
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "scope": client.scope,
    });
    match client.secret() {
        Some(secret) => {
            body["client_secret"] = json!(secret);
            body["client_secret_expires_at"] = json!(0);
        }
        None => body["token_endpoint_auth_method"] = json!("none"),
    }
    replies::json(StatusCode::CREATED, &body)
}

fn refused(refusal: RegistrationError) -> Reply {
    let (error, description) = match refusal {
        RegistrationError::BadRequest => {
            ("bad_request", "the body must be a JSON object with members")
        }
        RegistrationError::InvalidClientMetadata => (
            "invalid_client_metadata",
            "redirect_uris must be a list of at least one address, client_name and scope must be text",
        ),
        RegistrationError::InvalidRedirectUri => (
            "invalid_redirect_uri",
            "every redirect URI needs a scheme and may not have a fragment",
        ),
    };
    replies::refusal(error, description)
}

pub(crate) fn is_json(request: &RequestContext<'_>) -> bool {
    form::media_type(request.headers()).is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        name == "application/json" || (name.starts_with("application/") && name.ends_with("+json"))
    })
}
