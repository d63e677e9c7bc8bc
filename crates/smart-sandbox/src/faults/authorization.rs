//! Faults of the authorization endpoint.

use http::{HeaderValue, header};

use crate::fhir::oauth::approvals::challenge_of;
use crate::fhir::state::Registry;
use crate::form::{Pairs, encode_pairs};
use crate::web::context::RequestContext;
use crate::web::reply::Reply;

/// The verifier of every code, if PKCE is ignored.
pub(super) const VERIFIER: &str = "the-verifier-that-belongs-to-every-code-of-this-server";

/// Registers the requested redirect URI for the client.
pub(super) fn add_redirect_uri(request: &mut RequestContext<'_>, registry: &mut Registry) {
    let asked = |name| request.query.first(name).or(request.form.first(name));
    if let (Some(id), Some(uri)) = (asked("client_id"), asked("redirect_uri")) {
        registry.clients.add_redirect_uri(id, uri);
    }
}

pub(super) fn drop_audience(request: &mut RequestContext<'_>, _registry: &mut Registry) {
    request.query.remove("aud");
    request.form.remove("aud");
}

/// Puts a challenge of our own in the place of the client's.
pub(super) fn replace_challenge(request: &mut RequestContext<'_>, _registry: &mut Registry) {
    for pairs in [&mut request.query, &mut request.form] {
        if pairs.first("client_id").is_some() {
            pairs.set("code_challenge", challenge_of(VERIFIER));
            pairs.set("code_challenge_method", "S256");
        }
    }
}

pub(super) fn change_state(reply: &mut Reply) {
    rewrite(reply, |pairs| {
        if pairs.first("state").is_some() {
            pairs.set("state", "a-state-that-nobody-sent");
        }
    });
}

pub(super) fn drop_state(reply: &mut Reply) {
    rewrite(reply, |pairs| pairs.remove("state"));
}

/// Changes the parameters with which a code goes to the client.
fn rewrite(reply: &mut Reply, change: impl FnOnce(&mut Pairs)) {
    let location = reply.headers().get(header::LOCATION);
    let Some(location) = location.and_then(|location| location.to_str().ok()) else {
        return;
    };
    // The parameters are the last part, whether query or fragment.
    let Some(start) = location.rfind(['?', '#']) else {
        return;
    };
    let (address, parameters) = location.split_at(start + 1);
    let mut pairs = Pairs::parse(parameters);
    if pairs.first("code").is_none() {
        return;
    }
    change(&mut pairs);
    let parameters = encode_pairs(&pairs.iter().collect::<Vec<_>>());
    if let Ok(location) = HeaderValue::from_str(&format!("{address}{parameters}")) {
        reply.headers_mut().insert(header::LOCATION, location);
    }
}
