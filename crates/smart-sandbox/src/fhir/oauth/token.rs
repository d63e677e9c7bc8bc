//! The token endpoint ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)). Most
//! refusals have the status 401 where the standard says 400, because clients of the original know
//! them so.

use http::StatusCode;
use serde_json::json;

use super::approvals::{ACCESS_LIFETIME, Approval, Denial, Exchange};
use super::credentials;
use crate::fhir::replies;
use crate::fhir::state::FhirState;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

pub(crate) fn answer(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    let field = |name| request.form.first(name);
    let grant_type = field("grant_type").unwrap_or_default();
    let known = [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
    ];
    if !known.contains(&grant_type) {
        return refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type", None);
    }
    let Some(client) = credentials::client(server, request) else {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client", None);
    };
    let now = request.now.into();
    let mut registry = server.registry();
    let granted = match grant_type {
        "authorization_code" => {
            let exchange = Exchange {
                client: &client.id,
                code: field("code").unwrap_or_default(),
                redirect_uri: field("redirect_uri"),
                verifier: field("code_verifier"),
            };
            registry.approvals.exchange(exchange, now)
        }
        "refresh_token" => {
            let Some(token) = field("refresh_token") else {
                let description = Some("Missing refresh token parameter.");
                return refusal(StatusCode::BAD_REQUEST, "invalid_request", description);
            };
            registry
                .approvals
                .refresh(&client.id, token, field("scope"), now)
        }
        "password" => {
            let description = Some("Invalid credentials given.");
            return refusal(StatusCode::UNAUTHORIZED, "invalid_grant", description);
        }
        _ => return refusal(StatusCode::UNAUTHORIZED, "unauthorized_client", None),
    };
    match granted {
        Ok(approval) => {
            let is_refresh = grant_type == "refresh_token";
            tokens(approval, field("state").filter(|_| is_refresh))
        }
        Err(denial) => denied(denial),
    }
}

fn tokens(approval: &Approval, state: Option<&str>) -> Reply {
    let Some(pair) = approval.pair() else {
        return reply::server_error();
    };
    let mut body = json!({
        "access_token": pair.access,
        "expires_in": ACCESS_LIFETIME,
        "token_type": "Bearer",
        "scope": approval.grant.scope,
        "refresh_token": pair.refresh,
        "patient": approval.grant.patient,
    });
    if let Some(state) = state {
        body["state"] = json!(state);
    }
    replies::compact(StatusCode::OK, &body)
}

fn denied(denial: Denial) -> Reply {
    match denial {
        Denial::AccessDenied => refusal(StatusCode::UNAUTHORIZED, "access_denied", None),
        Denial::InvalidGrant => refusal(StatusCode::UNAUTHORIZED, "invalid_grant", None),
        Denial::InvalidScope => refusal(StatusCode::UNAUTHORIZED, "invalid_scope", None),
        // The original stumbles here; the standard has a word for it.
        Denial::UnknownGrant => refusal(StatusCode::BAD_REQUEST, "invalid_grant", None),
        Denial::Ours => {
            tracing::error!("the operating system gives no random numbers");
            reply::server_error()
        }
    }
}

fn refusal(status: StatusCode, error: &str, description: Option<&str>) -> Reply {
    let mut body = json!({"error": error});
    if let Some(description) = description {
        body["error_description"] = json!(description);
    }
    replies::compact(status, &body)
}
