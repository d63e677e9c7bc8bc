//! The token endpoints, as OAuth 1.0a and the background apps of SMART know them.
//!
//! What the user sees of the dance is in [`crate::classic::people`].

pub(crate) mod authenticate;

use http::StatusCode;

use crate::classic::rules::Token;
use crate::classic::state::ContainerState;
use crate::classic::tokens::Grant;
use crate::form::encode_pairs;
use crate::web::context::RequestContext;
use crate::web::reply::{self, FORM, Reply, TEXT};
use authenticate::Authenticated;

/// `POST /oauth/request_token`: a token to show to the user
/// ([RFC 5849 §2.1](https://www.rfc-editor.org/rfc/rfc5849#section-2.1)).
pub(crate) fn request_token(
    container: &ContainerState,
    request: &RequestContext<'_>,
    who: &Authenticated,
) -> Reply {
    // Any callback will do, and none is followed: the browser always returns to the callback of the
    // app's manifest.
    if who.parameter(request, "oauth_callback").is_none() {
        let reply = reply::unauthorized();
        let app = Some(who.principal.app.clone());
        container.report(
            request,
            &reply,
            app,
            "there is no oauth_callback".to_owned(),
        );
        return reply;
    }
    let record = who
        .parameter(request, "smart_record_id")
        .filter(|id| container.store.contains(id))
        .map(str::to_owned);
    match container
        .identity()
        .tokens
        .issue_request(&who.principal.app, record, request.now)
    {
        Ok(issued) => token_answer(
            TEXT,
            &[
                ("oauth_token", &issued.key),
                ("oauth_token_secret", &issued.secret),
                ("oauth_callback_confirmed", "true"),
            ],
        ),
        Err(error) => reply::no_randomness(error),
    }
}

/// `POST /oauth/access_token`: the token for the data
/// ([RFC 5849 §2.3](https://www.rfc-editor.org/rfc/rfc5849#section-2.3)).
pub(crate) fn access_token(
    container: &ContainerState,
    request: &RequestContext<'_>,
    who: &Authenticated,
) -> Reply {
    let Token::Request { key } = &who.principal.token else {
        return reply::forbidden();
    };
    let verifier = who.parameter(request, "oauth_verifier").unwrap_or_default();
    let mut identity = container.identity();
    let Some(grant) = identity.tokens.exchange(key, verifier, request.now) else {
        drop(identity);
        let reply = reply::unauthorized();
        let app = Some(who.principal.app.clone());
        let reason = "the verifier is wrong or missing, or the user has not authorized the token";
        container.report(request, &reply, app, reason.to_owned());
        return reply;
    };
    let (record, user) = (grant.record.clone(), grant.user.clone());
    let issued = match identity.tokens.issue_access(grant, request.now) {
        Ok(issued) => issued,
        Err(error) => return reply::no_randomness(error),
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

/// `POST /apps/{app}/tokens/records/first`: a token for the first record, without a user.
pub(crate) fn first_record_token(
    container: &ContainerState,
    request: &RequestContext<'_>,
    who: &Authenticated,
) -> Reply {
    issue_record_token(container, request, who, container.store.first_id())
}

/// `POST /apps/{app}/tokens/records/{record_id}`: a token for the record in the path.
pub(crate) fn record_token(
    container: &ContainerState,
    request: &RequestContext<'_>,
    who: &Authenticated,
) -> Reply {
    match known_record(container, request) {
        Some(record) => issue_record_token(container, request, who, Some(record)),
        None => unknown_record(),
    }
}

/// `POST /apps/{app}/tokens/records/{record_id}/next`: a token for the record after the one in
/// the path. 404 ends the loop over all records.
pub(crate) fn next_record_token(
    container: &ContainerState,
    request: &RequestContext<'_>,
    who: &Authenticated,
) -> Reply {
    match known_record(container, request) {
        Some(record) => {
            issue_record_token(container, request, who, container.store.id_after(record))
        }
        None => unknown_record(),
    }
}

/// The record in the path.
fn known_record<'a>(
    container: &ContainerState,
    request: &'a RequestContext<'_>,
) -> Option<&'a str> {
    let named = request.parameter("record_id");
    container.store.contains(named).then_some(named)
}

/// Not 404, which would tell the app that it has seen every record.
fn unknown_record() -> Reply {
    reply::server_error()
}

fn issue_record_token(
    container: &ContainerState,
    request: &RequestContext<'_>,
    who: &Authenticated,
    record: Option<&str>,
) -> Reply {
    let Some(record) = record else {
        return reply::not_found();
    };
    let grant = Grant {
        app: who.principal.app.clone(),
        record: Some(record.to_owned()),
        user: None,
    };
    match container.identity().tokens.issue_access(grant, request.now) {
        Ok(issued) => token_answer(
            FORM,
            &[
                ("oauth_token", &issued.key),
                ("oauth_token_secret", &issued.secret),
                ("smart_record_id", record),
            ],
        ),
        Err(error) => reply::no_randomness(error),
    }
}

fn token_answer(content_type: &'static str, pairs: &[(&str, &str)]) -> Reply {
    reply::answer(StatusCode::OK, content_type, encode_pairs(pairs))
}

#[cfg(test)]
mod tests;
