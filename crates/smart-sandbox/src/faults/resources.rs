//! Faults of the data: which tokens open it, and where its links lead.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::fhir::api::bearer;
use crate::fhir::oauth::approvals::{Grant, Stage};
use crate::fhir::state::Registry;
use crate::fhir::time::Time;
use crate::web::context::RequestContext;
use crate::web::reply::Reply;

/// Moves the end of an access token behind this request.
pub(super) fn prolong_token(request: &RequestContext<'_>, registry: &mut Registry) {
    let later = Time::from(request.now).plus(1);
    let token = bearer(request.headers()).unwrap_or_default();
    registry.approvals.tamper(token, |approval| {
        if let Stage::Tokens(pair) = &mut approval.stage
            && pair.access == token
        {
            pair.access_ends = pair.access_ends.max(later);
        }
    });
}

/// Grants the patient whom the path names.
pub(super) fn grant_any_patient(request: &RequestContext<'_>, grant: &mut Grant) {
    let mut segments = request.path.rsplit('/');
    if let (Some(id), Some("Patient")) = (segments.next(), segments.next())
        && !id.starts_with('$')
    {
        grant.patient = id.to_owned();
    }
}

pub(super) fn grant_everything(_request: &RequestContext<'_>, grant: &mut Grant) {
    grant.scope = "patient/*.cruds".to_owned();
}

/// Lets the link to the next page lead to another origin.
pub(super) fn link_elsewhere(reply: &mut Reply) {
    let Ok(mut bundle) = serde_json::from_slice::<Value>(reply.body()) else {
        return;
    };
    let links = bundle["link"].as_array_mut().into_iter().flatten();
    let mut is_changed = false;
    for link in links.filter(|link| link["relation"] == "next") {
        let url = link["url"].as_str().unwrap_or_default();
        let path = url.find("/api/").map_or(url, |start| &url[start..]);
        link["url"] = json!(format!("http://fhir.internal.invalid{path}"));
        is_changed = true;
    }
    if is_changed {
        *reply.body_mut() = Bytes::from(format!("{bundle:#}\n"));
    }
}
