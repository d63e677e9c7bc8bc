//! What the original server has not: revocation ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)) and introspection
//! ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)), for the client that a token was issued to.

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::approvals::{Approval, Kind};
use super::clients::Client;
use crate::fhir::answers;
use crate::fhir::state::FhirState;
use crate::web::context::RequestContext;
use crate::web::reply::{self, JSON, Reply};

/// Ends a token of the client. A token that is unknown, or another client's, is answered as one that was revoked.
pub(crate) fn revoke(server: &FhirState, request: &RequestContext<'_>, client: &Client) -> Reply {
    let Some(token) = request.form.first("token") else {
        return bad_request();
    };
    let now = request.now.into();
    server
        .registry()
        .approvals
        .revoke_token(&client.id, token, now);
    answers::unstored(reply::bare(StatusCode::OK, ""))
}

/// Describes a token that is good now; of every other it says only that it is not.
pub(crate) fn introspect(
    server: &FhirState,
    request: &RequestContext<'_>,
    client: &Client,
) -> Reply {
    let Some(token) = request.form.first("token") else {
        return bad_request();
    };
    let registry = server.registry();
    let found = registry.approvals.find(token).filter(|(approval, kind)| {
        approval.grant.client == client.id && approval.is_active(*kind, request.now.into())
    });
    let body = match found {
        Some((approval, kind)) => active(approval, kind),
        None => json!({"active": false}),
    };
    line(StatusCode::OK, &body)
}

fn active(approval: &Approval, kind: Kind) -> Value {
    let grant = &approval.grant;
    let ends = match (kind, approval.pair()) {
        (Kind::Access, Some(pair)) => pair.access_ends,
        _ => grant.ends,
    };
    let mut body = json!({
        "active": true,
        "client_id": grant.client,
        "exp": ends.unix_seconds(),
        "patient": grant.patient,
        "scope": grant.scope,
        "username": grant.user,
    });
    if kind == Kind::Access {
        body["token_type"] = json!("Bearer");
    }
    body
}

/// The client did not prove who it is.
pub(crate) fn unauthorized() -> Reply {
    let body = json!({"error": "invalid_client"});
    let mut reply = line(StatusCode::UNAUTHORIZED, &body);
    let challenge = HeaderValue::from_static("Basic realm=\"clients\"");
    reply
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    reply
}

fn bad_request() -> Reply {
    let body = json!({"error": "invalid_request", "error_description": "Missing token parameter."});
    line(StatusCode::BAD_REQUEST, &body)
}

fn line(status: StatusCode, body: &Value) -> Reply {
    answers::unstored(reply::answer(status, JSON, body.to_string()))
}
