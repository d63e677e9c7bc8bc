//! The pages for people but for the consent: logging in and out, seeing and ending approvals.

use http::Method;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::FhirServer;
use super::forms::{self, ApprovalRow};
use super::users::User;
use crate::classic::oauth::no_randomness;
use crate::form::{self, encode};
use crate::random;
use crate::web::browser::{comes_from_elsewhere, local, with_cookie};
use crate::web::reply::{self, Reply};
use crate::web::sessions::SESSION_ID_LENGTH;
use crate::web::visit::Visit;

/// Not the container's name: cookies do not tell ports apart.
const COOKIE: &str = "session";

/// Somebody who is logged in.
pub(super) struct Visitor<'a> {
    pub(super) user: &'a User,
    /// Goes into every form that changes something, and comes back with it.
    pub(super) csrf_token: String,
}

impl Visitor<'_> {
    /// Whether the form is one that this visitor was shown: the token stands in a field or in a header.
    pub(super) fn sent(&self, visit: &Visit<'_>) -> bool {
        let header = ["x-csrftoken", "x-csrf-token"]
            .iter()
            .find_map(|name| visit.headers().get(*name))
            .and_then(|value| value.to_str().ok());
        let shown = visit.form.first("csrf_token").or(header);
        shown.is_some_and(|shown| shown.as_bytes().ct_eq(self.csrf_token.as_bytes()).into())
    }
}

/// Who is logged in.
pub(super) fn visitor<'a>(server: &'a FhirServer, visit: &Visit<'_>) -> Option<Visitor<'a>> {
    let id = form::cookie(visit.headers(), COOKIE)?;
    let username = server.desk().sessions.email(id, visit.now)?;
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
pub(super) fn ask_to_log_in(server: &FhirServer, visit: &Visit<'_>, next: &str) -> Reply {
    let origin = server.origin(visit);
    reply::found(&format!("{origin}/login?next={}", encode(next)))
}

pub(super) fn home(server: &FhirServer, visit: &Visit<'_>) -> Reply {
    let visitor = visitor(server, visit);
    forms::home(visitor.map(|visitor| visitor.user.name), &server.fhir_base)
}

/// A failed login is a page with the status 200, as on the original.
pub(super) fn login(server: &FhirServer, visit: &Visit<'_>) -> Reply {
    if visit.method() != Method::POST {
        return forms::login(visit.query.first("next").unwrap_or("/"), None);
    }
    if comes_from_elsewhere(visit.headers()) {
        return crate::web::pages::foreign_form();
    }
    let field = |name| visit.form.first(name).unwrap_or_default();
    let next = field("next");
    let Some(user) = server.users().log_in(field("username"), field("password")) else {
        return forms::login(next, Some("Username or password is wrong."));
    };
    let id = match random::alphanumeric(SESSION_ID_LENGTH) {
        Ok(id) => id,
        Err(error) => return no_randomness(error),
    };
    let cookie = format!("{COOKIE}={id}; HttpOnly; Path=/; SameSite=Lax");
    server.desk().sessions.begin(id, user.username, visit.now);
    let origin = server.origin(visit);
    with_cookie(reply::found(&format!("{origin}{}", local(next))), &cookie)
}

pub(super) fn logout(server: &FhirServer, visit: &Visit<'_>) -> Reply {
    if let Some(id) = form::cookie(visit.headers(), COOKIE) {
        server.desk().sessions.end(id);
    }
    let gone = format!("{COOKIE}=; HttpOnly; Path=/; SameSite=Lax; Max-Age=0");
    let origin = server.origin(visit);
    with_cookie(reply::found(&format!("{origin}/login")), &gone)
}

/// The user's approvals. One whose code was not exchanged has no scopes yet.
pub(super) fn apps(server: &FhirServer, visit: &Visit<'_>) -> Reply {
    let Some(visitor) = visitor(server, visit) else {
        return ask_to_log_in(server, visit, "/apps");
    };
    let desk = server.desk();
    let rows: Vec<ApprovalRow> = desk
        .approvals
        .of_user(visitor.user.username)
        .map(|(number, approval)| ApprovalRow {
            number,
            client_id: approval.grant.client.clone(),
            name: desk.clients.get(&approval.grant.client).map_or_else(
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
    forms::apps(visitor.user.name, &rows)
}

/// Ends one of the user's own approvals; the original lets every user end every approval.
pub(super) fn revoke(server: &FhirServer, visit: &Visit<'_>, row: u64) -> Reply {
    if comes_from_elsewhere(visit.headers()) {
        return crate::web::pages::foreign_form();
    }
    let Some(visitor) = visitor(server, visit) else {
        return ask_to_log_in(server, visit, "/apps");
    };
    server.desk().approvals.revoke(row, visitor.user.username);
    reply::found(&format!("{}/apps", server.origin(visit)))
}
