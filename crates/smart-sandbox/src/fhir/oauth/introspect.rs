//! Introspection ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)), which the original server
//! does not have, for the client that a token was issued to.

use http::StatusCode;
use serde_json::{Value, json};

use super::approvals::{Approval, TokenKind};
use super::clients::Client;
use crate::fhir::replies;
use crate::fhir::state::FhirState;
use crate::web::context::RequestContext;
use crate::web::reply::Reply;

/// Describes a token that is valid now. Every other token is only reported as not active.
pub(crate) fn answer(server: &FhirState, request: &RequestContext<'_>, client: &Client) -> Reply {
    let Some(token) = request.form.first("token") else {
        return replies::missing_token();
    };
    let registry = server.registry();
    let found = registry.approvals.find(token).filter(|(approval, kind)| {
        approval.grant.client == client.id && approval.is_active(*kind, request.now.into())
    });
    let body = match found {
        Some((approval, kind)) => active(approval, kind),
        None => json!({"active": false}),
    };
    replies::compact(StatusCode::OK, &body)
}

fn active(approval: &Approval, kind: TokenKind) -> Value {
    let grant = &approval.grant;
    let ends = match (kind, approval.pair()) {
        (TokenKind::Access, Some(pair)) => pair.access_ends,
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
    if kind == TokenKind::Access {
        body["token_type"] = json!("Bearer");
    }
    body
}
