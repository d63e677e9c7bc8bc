//! Faults of the token endpoint, and of how clients prove who they are.

use bytes::Bytes;
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::authorization::VERIFIER;
use crate::fhir::oauth::approvals::{CODE_LIFETIME, Code, Stage, challenge_of};
use crate::fhir::oauth::credentials::{decoded, shown};
use crate::fhir::replies;
use crate::fhir::state::Registry;
use crate::fhir::time::Time;
use crate::web::context::RequestContext;
use crate::web::reply::Reply;

/// Puts the client's real secret in the place of what the request shows.
pub(super) fn show_real_secret(request: &mut RequestContext<'_>, registry: &mut Registry) {
    let Some((id, _)) = shown(request) else {
        return;
    };
    let client = registry
        .clients
        .get(&id)
        .or_else(|| registry.clients.get(&decoded(&id)?));
    let Some(client) = client else {
        return;
    };
    request
        .http
        .to_mut()
        .headers_mut()
        .remove(header::AUTHORIZATION);
    request.form.set("client_id", client.id.clone());
    match client.secret() {
        Some(secret) => request.form.set("client_secret", secret),
        None => request.form.remove("client_secret"),
    }
}

pub(super) fn replace_verifier(request: &mut RequestContext<'_>, _registry: &mut Registry) {
    if grant_type(request) == "authorization_code" {
        request.form.set("code_verifier", VERIFIER);
    }
}

/// Moves the end of a code behind this request.
pub(super) fn prolong_code(request: &mut RequestContext<'_>, registry: &mut Registry) {
    let later = Time::from(request.now).plus(CODE_LIFETIME);
    let code = request.form.first("code").unwrap_or_default();
    registry.approvals.tamper(code, |approval| {
        if let Stage::Code(code) = &mut approval.stage {
            code.ends = code.ends.max(later);
        }
    });
}

/// Takes the tokens back that a code brought, so that it can be exchanged once more.
pub(super) fn issue_code_again(request: &mut RequestContext<'_>, registry: &mut Registry) {
    let field = |name| request.form.first(name).map(str::to_owned);
    let text = field("code").unwrap_or_default();
    registry.approvals.tamper(&text, |approval| {
        if approval.pair().and_then(|pair| pair.spent.as_deref()) == Some(&text) {
            approval.stage = Stage::Code(Code {
                redirect_uri: field("redirect_uri").unwrap_or_default(),
                challenge: field("code_verifier").map(|verifier| challenge_of(&verifier)),
                ends: Time::from(request.now).plus(CODE_LIFETIME),
                text: text.clone(),
            });
        }
    });
}

/// Grants the scopes that a refresh asks for.
pub(super) fn widen(request: &mut RequestContext<'_>, registry: &mut Registry) {
    let scope = request.form.first("scope").unwrap_or_default();
    let token = request.form.first("refresh_token").unwrap_or_default();
    if !scope.trim().is_empty() {
        registry.approvals.tamper(token, |approval| {
            approval.grant.scope = scope.to_owned();
        });
    }
}

/// Answers a grant that is refused with a page.
pub(super) fn stumble(request: &RequestContext<'_>, reply: &mut Reply, _registry: &mut Registry) {
    let is_grant = ["authorization_code", "refresh_token"].contains(&grant_type(request));
    let error = body(reply).map(|body| body["error"].clone());
    let is_refused = ["access_denied", "invalid_grant", "invalid_scope"]
        .iter()
        .any(|refused| error.as_ref().is_some_and(|error| error == refused));
    if is_grant && is_refused {
        *reply = replies::html(StatusCode::INTERNAL_SERVER_ERROR);
    }
}

pub(super) fn drop_patient(
    _request: &RequestContext<'_>,
    reply: &mut Reply,
    _registry: &mut Registry,
) {
    rewrite(reply, |body| {
        if let Some(members) = body.as_object_mut() {
            members.shift_remove("patient");
        }
    });
}

pub(super) fn change_patient(
    request: &RequestContext<'_>,
    reply: &mut Reply,
    _registry: &mut Registry,
) {
    if grant_type(request) == "refresh_token" {
        rewrite(reply, |body| {
            if body.get("patient").is_some() {
                body["patient"] = json!("smart-somebody-else");
            }
        });
    }
}

/// Gives the old refresh token again, and keeps it good.
pub(super) fn keep_refresh_token(
    request: &RequestContext<'_>,
    reply: &mut Reply,
    registry: &mut Registry,
) {
    let Some(old) = request.form.first("refresh_token") else {
        return;
    };
    rewrite(reply, |body| {
        let new = body["refresh_token"].as_str().unwrap_or_default();
        registry.approvals.tamper(new, |approval| {
            if let Stage::Tokens(pair) = &mut approval.stage {
                pair.refresh = old.to_owned();
            }
        });
        body["refresh_token"] = json!(old);
    });
}

fn grant_type<'a>(request: &'a RequestContext<'_>) -> &'a str {
    request.form.first("grant_type").unwrap_or_default()
}

fn body(reply: &Reply) -> Option<Value> {
    serde_json::from_slice(reply.body()).ok()
}

/// Changes tokens that are given out.
fn rewrite(reply: &mut Reply, change: impl FnOnce(&mut Value)) {
    let tokens = body(reply).filter(|body| body.get("access_token").is_some());
    if let Some(mut tokens) = tokens {
        change(&mut tokens);
        *reply.body_mut() = Bytes::from(tokens.to_string());
    }
}
