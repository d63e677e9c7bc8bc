//! The endpoints of a development server: tokens without a login, and everything about a token.
//! They require no authentication, as on the original server.

use http::StatusCode;
use serde_json::{Value, json};

use super::approvals::{ACCESS_LIFETIME, Approval, Grant};
use super::register::is_json;
use crate::fhir::replies;
use crate::fhir::state::FhirState;
use crate::fhir::time::{DAY, Time};
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

/// How long an approval made here is valid, in days.
const APPROVAL_DAYS: i64 = 365;

/// Makes a pair of tokens for a client, a user and a patient.
pub(crate) fn token(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    let body = is_json(request).then(|| serde_json::from_slice::<Value>(request.body()).ok());
    let Some(Value::Object(members)) = body.flatten() else {
        return replies::html(StatusCode::BAD_REQUEST);
    };
    let members = Value::Object(members);
    let now = request.now.into();
    let (grant, access_ends) = match read(server, &members, now) {
        Ok(read) => read,
        Err((error, description)) => return replies::refusal(error, description),
    };
    let pair = server
        .registry()
        .approvals
        .insert_pair(grant, access_ends, now);
    match pair {
        Ok([access, refresh]) => {
            let body = json!({"access_token": access, "refresh_token": refresh});
            replies::unstored(replies::json(StatusCode::OK, &body))
        }
        Err(error) => reply::no_randomness(error),
    }
}

/// The checks are in the order of the original server. It does not know `security_labels`, and
/// gives debug tokens none, so that searches with them find next to nothing.
fn read(
    server: &FhirState,
    members: &Value,
    now: Time,
) -> Result<(Grant, Time), (&'static str, &'static str)> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let user = text("username").and_then(|name| server.users().get(name));
    let user = user.ok_or(("no_user", "there is no user of this username"))?;
    let client = text("client_id").and_then(|id| server.registry().clients.get(id));
    let client = client.ok_or(("no_client", "there is no client of this client_id"))?;
    let patient = text("patient_id").ok_or(("no_patient", "there is no patient_id"))?;
    if user.record_of(patient).is_none() {
        return Err((
            "no_patient_for_user",
            "the patient is not one of the user's",
        ));
    }
    let lifetime = match members.get("access_lifetime") {
        None | Some(Value::Null) => Some(ACCESS_LIFETIME),
        Some(given) => whole_number(given),
    };
    let access_ends = lifetime
        .and_then(|seconds| now.unix_seconds().checked_add(seconds))
        .and_then(Time::from_unix_seconds)
        .ok_or((
            "malformed_lifetime",
            "access_lifetime is a number of seconds",
        ))?;
    let ends = match members.get("approval_expires") {
        None | Some(Value::Null) => Some(now.plus(APPROVAL_DAYS * DAY)),
        Some(given) => whole_number(given).and_then(Time::from_unix_seconds),
    };
    let ends = ends.ok_or((
        "malformed_expiration",
        "approval_expires is a number of seconds since 1970",
    ))?;
    let labels = text("security_labels").unwrap_or_default();
    let grant = Grant {
        client: client.id.clone(),
        user: user.username.to_owned(),
        patient: patient.to_owned(),
        scope: text("scope").unwrap_or(&client.scope).to_owned(),
        labels: labels.split_whitespace().map(str::to_owned).collect(),
        ends,
    };
    Ok((grant, access_ends))
}

/// Fractions are cut, and a text may hold a number.
fn whole_number(value: &Value) -> Option<i64> {
    /// No time of the calendar is near; a cast below it is exact.
    const FAR: f64 = 1e15;
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    number
        .filter(|number| number.abs() < FAR)
        .map(|number| number as i64)
}

/// Describes a token of either kind, also one that has ended.
pub(crate) fn introspect(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    let registry = server.registry();
    let token = request.query.first("token").unwrap_or_default();
    let Some((approval, kind)) = registry.approvals.find(token) else {
        return replies::refusal("no_token", "there is no such token");
    };
    let mut body = description(approval);
    body["active"] = json!(approval.is_active(kind, request.now.into()));
    replies::unstored(replies::json(StatusCode::OK, &body))
}

/// Describes the token that is shown. The original describes all tokens of its client, those of
/// other users included.
pub(crate) fn me(_server: &FhirState, _request: &RequestContext<'_>, approval: &Approval) -> Reply {
    let body = json!({
        "client_id": approval.grant.client,
        "tokens": [description(approval)],
    });
    replies::unstored(replies::json(StatusCode::OK, &body))
}

fn description(approval: &Approval) -> Value {
    let grant = &approval.grant;
    let pair = approval.pair();
    json!({
        "token_type": "Bearer",
        "access_token": pair.map(|pair| &pair.access),
        "refresh_token": pair.map(|pair| &pair.refresh),
        "scope": grant.scope,
        "client_id": grant.client,
        "username": grant.user,
        "security_labels": grant.labels,
        "access_expires": pair.map(|pair| pair.access_ends.http_date()),
        "approval_expires": grant.ends.http_date(),
    })
}
