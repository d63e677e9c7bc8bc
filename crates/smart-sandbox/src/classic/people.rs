//! The pages: logging in, choosing a record, authorizing an app. What they look like is in [`crate::web::pages`].

use http::Method;

use crate::classic::container::Container;
use crate::classic::oauth::no_randomness;
use crate::classic::tokens::ClaimError;
use crate::classic::view::View;
use crate::form::{self, encode, encode_but_slash, encode_pairs, join_query};
use crate::random;
use crate::web::browser::{comes_from_elsewhere, local, with_cookie};
use crate::web::pages::{self, AppLink, RecordLink};
use crate::web::reply::{self, Reply};
use crate::web::sessions::SESSION_ID_LENGTH;
use crate::web::visit::Visit;

const COOKIE: &str = "sessionid";

/// Shows a page. Forms that another site made the browser send are refused before anything else.
pub(crate) fn show(container: &Container, visit: &Visit<'_>, view: View) -> Reply {
    if visit.method() == Method::POST && comes_from_elsewhere(visit.headers()) {
        return pages::foreign_form();
    }
    match view {
        View::Authorize => authorize(container, visit),
        View::Deny => deny(container, visit),
        View::Launch => launch(container, visit),
        View::LoggedOut => pages::logged_out(),
        View::Login => login(container, visit),
        View::Logout => logout(container, visit),
        _ => home(container, visit),
    }
}

fn home(container: &Container, visit: &Visit<'_>) -> Reply {
    let apps: Vec<AppLink<'_>> = container
        .apps
        .iter()
        .map(|app| AppLink {
            name: app.manifest.name(),
            id: app.manifest.id(),
            launch: app
                .manifest
                .index()
                .map(|_| format!("/apps/{}/launch", app.manifest.id())),
        })
        .collect();
    pages::home(
        user(container, visit).as_deref(),
        &apps,
        container.store.len(),
    )
}

fn login(container: &Container, visit: &Visit<'_>) -> Reply {
    let hint = container.login_hint.as_deref();
    if visit.method() != Method::POST {
        return pages::login(visit.query.get("return_url").unwrap_or("/"), hint, None);
    }
    let field = |name| visit.form.get(name).unwrap_or_default();
    let return_url = field("return_url");
    let Some(account) = container
        .accounts
        .log_in(field("username"), field("password"))
    else {
        return pages::login(
            return_url,
            hint,
            Some("E-mail address or password is wrong."),
        );
    };
    let id = match random::alphanumeric(SESSION_ID_LENGTH) {
        Ok(id) => id,
        Err(error) => return no_randomness(error),
    };
    let cookie = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax");
    container
        .desk()
        .sessions
        .begin(id, account.email(), visit.now);
    with_cookie(reply::found(local(return_url)), &cookie)
}

fn logout(container: &Container, visit: &Visit<'_>) -> Reply {
    if let Some(id) = form::cookie(visit.headers(), COOKIE) {
        container.desk().sessions.end(id);
    }
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    with_cookie(reply::found("/login/did_logout"), &gone)
}

/// Lets the user choose the record with which an app opens.
fn launch(container: &Container, visit: &Visit<'_>) -> Reply {
    let Some(user) = user(container, visit) else {
        return ask_to_log_in(visit);
    };
    let Some(app) = container.apps.get(visit.app_id()) else {
        return pages::error("There is no such app on this container.");
    };
    let Some(index) = app.manifest.index() else {
        return pages::error("This app has no page to open; it runs in the background.");
    };
    let records: Vec<RecordLink> = container
        .patients_of(&user)
        .into_iter()
        .map(|patient| RecordLink {
            href: launch_url(index, &patient.record_id, &container.api_base),
            label: patient.label(),
        })
        .collect();
    pages::choose_record(app.manifest.name(), &records)
}

fn launch_url(index: &str, record_id: &str, api_base: &str) -> String {
    let query = format!(
        "record_id={}&api_base={}",
        encode(record_id),
        encode(api_base)
    );
    join_query(index, &query)
}

/// The user's step of the dance ([RFC 5849 §2.2](https://www.rfc-editor.org/rfc/rfc5849#section-2.2)).
fn authorize(container: &Container, visit: &Visit<'_>) -> Reply {
    let is_approval = visit.method() == Method::POST;
    let key = match *visit.method() {
        Method::GET => visit.query.get("oauth_token"),
        Method::POST => visit.form.get("oauth_token"),
        _ => None,
    };
    let Some(key) = key else {
        return pages::line("Nothing to authorize: there is no oauth_token.");
    };
    let Some(user) = user(container, visit) else {
        return ask_to_log_in(visit);
    };
    let claim = match container.desk().tokens.claim(key, &user, visit.now) {
        Ok(claim) => claim,
        Err(ClaimError::NotYours) => return pages::error("Unauthorized"),
        Err(ClaimError::NoRecord) => return pages::error("The token contains no record id"),
    };
    let may_open = container
        .accounts
        .get(&user)
        .is_some_and(|who| who.may_open(&claim.record));
    if !may_open {
        return pages::error("You may not open this record.");
    }
    let Some(app) = container.apps.get(&claim.app) else {
        return pages::error("Unauthorized");
    };
    let Some(callback) = app.manifest.oauth_callback() else {
        return pages::error(
            "The app's manifest has no oauth_callback, so the app cannot be told.",
        );
    };
    if !is_approval && !claim.shared_before {
        let patient = container.patient(&claim.record);
        return pages::authorize(app.manifest.name(), &patient.label(), key, &user);
    }
    let verifier = match container.desk().tokens.approve(key, &user, visit.now) {
        Ok(Some(verifier)) => verifier,
        Ok(None) => return pages::error("Unauthorized"),
        Err(error) => return no_randomness(error),
    };
    let answer = encode_pairs(&[("oauth_token", key), ("oauth_verifier", &verifier)]);
    reply::found(&join_query(callback, &answer))
}

/// Ends a dance without telling the app, for which there is no protocol.
fn deny(container: &Container, visit: &Visit<'_>) -> Reply {
    let Some(user) = user(container, visit) else {
        return pages::error("You are not logged in.");
    };
    let key = visit.form.get("oauth_token").unwrap_or_default();
    if container.desk().tokens.deny(key, &user, visit.now) {
        pages::denied()
    } else {
        pages::error("Unauthorized")
    }
}

fn user(container: &Container, visit: &Visit<'_>) -> Option<String> {
    let id = form::cookie(visit.headers(), COOKIE)?;
    container.desk().sessions.email(id, visit.now)
}

fn ask_to_log_in(visit: &Visit<'_>) -> Reply {
    let here = visit
        .request
        .uri()
        .path_and_query()
        .map_or("/", |here| here.as_str());
    reply::found(&format!("/login?return_url={}", encode_but_slash(here)))
}

#[cfg(test)]
mod tests;
