//! The pages: logging in, choosing a record, authorizing an app. Their markup is in
//! `templates/classic`.

use http::Method;

use super::pages::{AppLink, Authorize, ChooseRecord, Denied, Home, LoggedOut, Login, RecordLink};
use crate::classic::state::ContainerState;
use crate::classic::tokens::ClaimError;
use crate::form::{self, encode, encode_but_slash, encode_pairs, join_query};
use crate::random;
use crate::web::browser::{local, with_cookie};
use crate::web::context::RequestContext;
use crate::web::pages::{self, page};
use crate::web::reply::{self, Reply};
use crate::web::sessions::SESSION_ID_LENGTH;

const COOKIE: &str = "sessionid";

pub(crate) fn home(container: &ContainerState, request: &RequestContext<'_>) -> Reply {
    let apps: Vec<AppLink<'_>> = container
        .apps
        .iter()
        .map(|app| AppLink {
            name: app.manifest.name(),
            id: app.manifest.id(),
            launch: app.manifest.index().map(|_| {
                format!(
                    "{}/apps/{}/launch",
                    container.address.path(),
                    app.manifest.id()
                )
            }),
        })
        .collect();
    page(&Home {
        base: container.address.path(),
        user: user(container, request).as_deref(),
        apps: &apps,
        record_count: container.store.len(),
    })
}

pub(crate) fn login(container: &ContainerState, request: &RequestContext<'_>) -> Reply {
    let form = |return_url, problem| {
        page(&Login {
            base: container.address.path(),
            return_url,
            hint: container.login_hint.as_deref(),
            problem,
        })
    };
    if request.method() != Method::POST {
        let home = format!("{}/", container.address.path());
        return form(request.query.get("return_url").unwrap_or(&home), None);
    }
    let field = |name| request.form.get(name).unwrap_or_default();
    let return_url = field("return_url");
    let account = container
        .accounts
        .log_in(field("username"), field("password"));
    let Some(account) = account else {
        return form(return_url, Some("E-mail address or password is wrong."));
    };
    let id = match random::alphanumeric(SESSION_ID_LENGTH) {
        Ok(id) => id,
        Err(error) => return reply::no_randomness(error),
    };
    let cookie = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax");
    container
        .identity()
        .sessions
        .begin(id, account.email(), request.now);
    with_cookie(reply::found(local(return_url)), &cookie)
}

pub(crate) fn logout(container: &ContainerState, request: &RequestContext<'_>) -> Reply {
    if let Some(id) = form::cookie(request.headers(), COOKIE) {
        container.identity().sessions.end(id);
    }
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    let address = format!("{}/login/did_logout", container.address.path());
    with_cookie(reply::found(&address), &gone)
}

/// What is shown after a logout.
pub(crate) fn logged_out(container: &ContainerState, _request: &RequestContext<'_>) -> Reply {
    page(&LoggedOut {
        base: container.address.path(),
    })
}

/// Lets the user choose the record with which an app opens.
pub(crate) fn launch(container: &ContainerState, request: &RequestContext<'_>) -> Reply {
    let Some(user) = user(container, request) else {
        return ask_to_log_in(container, request);
    };
    let Some(app) = container.apps.get(request.parameter("smart_app_id")) else {
        return pages::error("There is no such app on this container.");
    };
    let Some(index) = app.manifest.index() else {
        return pages::error("This app has no page to open; it runs in the background.");
    };
    let records: Vec<RecordLink> = container
        .patients_of(&user)
        .into_iter()
        .map(|patient| RecordLink {
            href: launch_url(index, &patient.record_id, container.address.base()),
            label: patient.label(),
        })
        .collect();
    page(&ChooseRecord {
        app: app.manifest.name(),
        records: &records,
    })
}

fn launch_url(index: &str, record_id: &str, api_base: &str) -> String {
    let query = format!(
        "record_id={}&api_base={}",
        encode(record_id),
        encode(api_base)
    );
    join_query(index, &query)
}

/// The user's step of the dance ([RFC 5849
/// §2.2](https://www.rfc-editor.org/rfc/rfc5849#section-2.2)).
pub(crate) fn authorize(container: &ContainerState, request: &RequestContext<'_>) -> Reply {
    let is_approval = request.method() == Method::POST;
    let key = match *request.method() {
        Method::GET => request.query.get("oauth_token"),
        Method::POST => request.form.get("oauth_token"),
        _ => None,
    };
    let Some(key) = key else {
        return pages::line("Nothing to authorize: there is no oauth_token.");
    };
    let Some(user) = user(container, request) else {
        return ask_to_log_in(container, request);
    };
    let claim = match container.identity().tokens.claim(key, &user, request.now) {
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
        return page(&Authorize {
            base: container.address.path(),
            app: app.manifest.name(),
            record: &patient.label(),
            token: key,
            user: &user,
        });
    }
    let verifier = match container.identity().tokens.approve(key, &user, request.now) {
        Ok(Some(verifier)) => verifier,
        Ok(None) => return pages::error("Unauthorized"),
        Err(error) => return reply::no_randomness(error),
    };
    let answer = encode_pairs(&[("oauth_token", key), ("oauth_verifier", &verifier)]);
    reply::found(&join_query(callback, &answer))
}

/// Ends a dance without telling the app, for which there is no protocol.
pub(crate) fn deny(container: &ContainerState, request: &RequestContext<'_>) -> Reply {
    let Some(user) = user(container, request) else {
        return pages::error("You are not logged in.");
    };
    let key = request.form.get("oauth_token").unwrap_or_default();
    if container.identity().tokens.deny(key, &user, request.now) {
        page(&Denied)
    } else {
        pages::error("Unauthorized")
    }
}

fn user(container: &ContainerState, request: &RequestContext<'_>) -> Option<String> {
    let id = form::cookie(request.headers(), COOKIE)?;
    container.identity().sessions.email(id, request.now)
}

fn ask_to_log_in(container: &ContainerState, request: &RequestContext<'_>) -> Reply {
    let here = encode_but_slash(request.here());
    reply::found(&format!(
        "{}/login?return_url={here}",
        container.address.path()
    ))
}

#[cfg(test)]
mod tests;
