//! The token endpoints, as OAuth 1.0a and the background apps of SMART know them.
//!
//! What the user sees of the dance is in [`crate::classic::people`].

pub(crate) mod authenticate;

use http::StatusCode;

use crate::classic::container::Container;
use crate::classic::rules::{Principal, Token};
use crate::classic::tokens::Grant;
use crate::form::encode_pairs;
use crate::web::reply::{self, FORM, Reply, TEXT};
use crate::web::visit::Visit;
use authenticate::Authenticated;

/// `POST /oauth/request_token`: a token to show to the user
/// ([RFC 5849 §2.1](https://www.rfc-editor.org/rfc/rfc5849#section-2.1)).
pub(crate) fn request_token(
    container: &Container,
    visit: &Visit<'_>,
    who: &Authenticated,
) -> Reply {
    // Any callback will do, and none is followed: the browser always returns to the callback of the app's manifest.
    if who.parameter(visit, "oauth_callback").is_none() {
        let reply = reply::unauthorized();
        let app = Some(who.principal.app.clone());
        container.report(visit, &reply, app, "there is no oauth_callback".to_owned());
        return reply;
    }
    let record = who
        .parameter(visit, "smart_record_id")
        .filter(|id| container.store.contains(id))
        .map(str::to_owned);
    match container
        .desk()
        .tokens
        .issue_request(&who.principal.app, record, visit.now)
    {
        Ok(issued) => token_answer(
            TEXT,
            &[
                ("oauth_token", &issued.key),
                ("oauth_token_secret", &issued.secret),
                ("oauth_callback_confirmed", "true"),
            ],
        ),
        Err(error) => no_randomness(error),
    }
}

/// `POST /oauth/access_token`: the token for the data
/// ([RFC 5849 §2.3](https://www.rfc-editor.org/rfc/rfc5849#section-2.3)).
pub(crate) fn access_token(container: &Container, visit: &Visit<'_>, who: &Authenticated) -> Reply {
    let Token::Request { key } = &who.principal.token else {
        return reply::forbidden();
    };
    let verifier = who.parameter(visit, "oauth_verifier").unwrap_or_default();
    let mut desk = container.desk();
    let Some(grant) = desk.tokens.exchange(key, verifier, visit.now) else {
        drop(desk);
        let reply = reply::unauthorized();
        let app = Some(who.principal.app.clone());
        let reason = "the verifier is wrong or missing, or the user has not authorized the token";
        container.report(visit, &reply, app, reason.to_owned());
        return reply;
    };
    let (record, user) = (grant.record.clone(), grant.user.clone());
    let issued = match desk.tokens.issue_access(grant, visit.now) {
        Ok(issued) => issued,
        Err(error) => return no_randomness(error),
    };
    let mut pairs = vec![
        ("oauth_token", issued.key.as_str()),
        ("oauth_token_secret", &issued.secret),
    ];
    pairs.extend(record.as_deref().map(|record| ("record_id", record)));
    // The reference container sends an internal number here, which none of its own paths takes.
    pairs.extend(user.as_deref().map(|user| ("user_id", user)));
    token_answer(TEXT, &pairs)
}

/// Which record a background app asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    First,
    /// The one after the record in the path.
    Next,
    /// The record in the path.
    This,
}

/// `POST /apps/{app}/tokens/records/…`: a token for one record, without a user. 404 ends the loop over all records.
pub(crate) fn record_token(
    container: &Container,
    visit: &Visit<'_>,
    principal: &Principal,
    which: Which,
) -> Reply {
    let store = &container.store;
    let named = visit.record_id();
    if which != Which::First && !store.contains(named) {
        // Not 404, which would tell the app that it has seen every record.
        return reply::server_error();
    }
    let record = match which {
        Which::First => store.first_id(),
        Which::Next => store.id_after(named),
        Which::This => Some(named),
    };
    let Some(record) = record else {
        return reply::not_found();
    };
    let grant = Grant {
        app: principal.app.clone(),
        record: Some(record.to_owned()),
        user: None,
    };
    match container.desk().tokens.issue_access(grant, visit.now) {
        Ok(issued) => token_answer(
            FORM,
            &[
                ("oauth_token", &issued.key),
                ("oauth_token_secret", &issued.secret),
                ("smart_record_id", record),
            ],
        ),
        Err(error) => no_randomness(error),
    }
}

fn token_answer(content_type: &'static str, pairs: &[(&str, &str)]) -> Reply {
    reply::answer(StatusCode::OK, content_type, encode_pairs(pairs))
}

pub(crate) fn no_randomness(error: getrandom::Error) -> Reply {
    tracing::error!(%error, "the operating system gives no random numbers");
    reply::server_error()
}

#[cfg(test)]
mod tests;
