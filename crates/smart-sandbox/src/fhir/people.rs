//! The pages for people but for the consent: logging in and out, seeing and ending approvals.

use http::Method;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::pages::{ApprovalRow, Apps, Home, Login};
use super::state::FhirState;
use crate::fhir::oauth::users::User;
use crate::form::{self, encode};
use crate::random;
use crate::web::browser::{local, with_cookie};
use crate::web::context::RequestContext;
use crate::web::pages::page;
use crate::web::reply::{self, Reply};
use crate::web::sessions::SESSION_ID_LENGTH;

/// Not the container's name: cookies do not tell ports apart.
const COOKIE: &str = "session";

/// Somebody who is logged in.
pub(super) struct Visitor<'a> {
    pub(super) user: &'a User,
    /// Goes into every form that changes something, and comes back with it.
    pub(super) csrf_token: String,
}

impl Visitor<'_> {
    /// Whether the form is one that this visitor was shown: the token stands in a field or in a
    /// header.
    pub(super) fn sent(&self, request: &RequestContext<'_>) -> bool {
        let header = ["x-csrftoken", "x-csrf-token"]
            .iter()
            .find_map(|name| request.headers().get(*name))
            .and_then(|value| value.to_str().ok());
        let shown = request.form.first("csrf_token").or(header);
        shown.is_some_and(|shown| shown.as_bytes().ct_eq(self.csrf_token.as_bytes()).into())
    }
}

/// Who is logged in.
pub(super) fn visitor<'a>(
    server: &'a FhirState,
    request: &RequestContext<'_>,
) -> Option<Visitor<'a>> {
    let id = form::cookie(request.headers(), COOKIE)?;
    let username = server.registry().sessions.email(id, request.now)?;
    Some(Visitor {
        user: server.users().get(&username)?,
        csrf_token: csrf_token(id),
    })
}

/// Made from the session's id, which no page and no other site ever sees.
fn csrf_token(session: &str) -> String {
    let digest = Sha256::digest(format!("form {session}").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends a person to log in and back to `next` afterwards.
pub(super) fn ask_to_log_in(server: &FhirState, request: &RequestContext<'_>, next: &str) -> Reply {
    reply::found(&format!(
        "{}/login?next={}",
        server.base(request),
        encode(next)
    ))
}

pub(super) fn home(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    let visitor = visitor(server, request);
    page(&Home {
        base: server.address.path(),
        user: visitor.map(|visitor| visitor.user.name),
        fhir_base: &server.fhir_base,
    })
}

/// A failed login is a page with the status 200, as on the original.
pub(super) fn login(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    let form = |next, problem| {
        page(&Login {
            base: server.address.path(),
            next,
            problem,
        })
    };
    if request.method() != Method::POST {
        let home = format!("{}/", server.address.path());
        return form(request.query.first("next").unwrap_or(&home), None);
    }
    let field = |name| request.form.first(name).unwrap_or_default();
    let next = field("next");
    let Some(user) = server.users().log_in(field("username"), field("password")) else {
        return form(next, Some("Username or password is wrong."));
    };
    let id = match random::alphanumeric(SESSION_ID_LENGTH) {
        Ok(id) => id,
        Err(error) => return reply::no_randomness(error),
    };
    let cookie = format!("{COOKIE}={id}; HttpOnly; Path=/; SameSite=Lax");
    server
        .registry()
        .sessions
        .begin(id, user.username, request.now);
    let origin = server.origin(request);
    with_cookie(reply::found(&format!("{origin}{}", local(next))), &cookie)
}

pub(super) fn logout(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    if let Some(id) = form::cookie(request.headers(), COOKIE) {
        server.registry().sessions.end(id);
    }
    let gone = format!("{COOKIE}=; HttpOnly; Path=/; SameSite=Lax; Max-Age=0");
    let login = format!("{}/login", server.base(request));
    with_cookie(reply::found(&login), &gone)
}

/// The user's approvals. One whose code was not exchanged has no scopes yet.
pub(super) fn apps(
    server: &FhirState,
    _request: &RequestContext<'_>,
    visitor: &Visitor<'_>,
) -> Reply {
    let registry = server.registry();
    let rows: Vec<ApprovalRow> = registry
        .approvals
        .of_user(visitor.user.username)
        .map(|(number, approval)| ApprovalRow {
            number,
            client_id: approval.grant.client.clone(),
            name: registry.clients.get(&approval.grant.client).map_or_else(
                || approval.grant.client.clone(),
                |client| client.name.clone(),
            ),
            patient: approval.grant.patient.clone(),
            scope: approval
                .pair()
                .map(|_| approval.grant.scope.clone())
                .unwrap_or_default(),
            began: approval.began.date(),
            ends: approval.grant.ends.date(),
        })
        .collect();
    page(&Apps {
        base: server.address.path(),
        user: visitor.user.name,
        rows: &rows,
    })
}

/// Ends one of the user's own approvals; the original lets every user end every approval.
pub(super) fn revoke(
    server: &FhirState,
    request: &RequestContext<'_>,
    visitor: &Visitor<'_>,
) -> Reply {
    let Some(row) = number(request.parameter("approval")) else {
        return reply::not_found();
    };
    server
        .registry()
        .approvals
        .revoke(row, visitor.user.username);
    reply::found(&format!("{}/apps", server.base(request)))
}

fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}
