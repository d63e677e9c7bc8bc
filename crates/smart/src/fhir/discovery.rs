//! What a server says of itself, kept for as long as it may be.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{Response, StatusCode};
use smart_oauth::Timestamp;
use smart_oauth::oauth2::{Discovered, Discovery, Server, ServerUrl};

use super::app::{Inner, origin, purpose};
use super::builder::{get, sendable};
use crate::Error;
use crate::exchange::retry::Repeat;

/// How long an answer is kept that does not say so itself, in seconds.
const USUAL: u64 = 60 * 60;

/// How long an answer is kept at most, in seconds.
const LONGEST: u64 = 24 * 60 * 60;

/// How long a stale answer serves on before the server is tried again, in seconds.
const GRACE: u64 = 60;

/// A server that was asked, and how long its answer is good for.
pub(super) struct Known {
    server: Arc<Server>,
    until: Timestamp,
}

/// The server as it is known, or as it says when it is asked.
pub(super) async fn server(app: &Inner, known: &mut Option<Known>) -> Result<Arc<Server>, Error> {
    let now = app.settings().environment.now()?;
    if let Some(known) = known
        && now < known.until
    {
        return Ok(Arc::clone(&known.server));
    }
    match (discover(app).await, &mut *known) {
        (Ok((server, life)), known) => {
            let server = Arc::new(server);
            *known = Some(Known {
                server: Arc::clone(&server),
                until: after(now, life),
            });
            Ok(server)
        }
        (Err(_passing), Some(known)) => {
            tracing::warn!(target: "smart", "the server's description is stale and could not be had anew");
            known.until = after(now, GRACE);
            Ok(Arc::clone(&known.server))
        }
        (Err(error), None) => Err(error),
    }
}

async fn discover(app: &Inner) -> Result<(Server, u64), Error> {
    let settings = app.settings();
    let ask = Discovery::new(settings.fhir_base.clone());
    let make = |_ahead| Ok(sendable(ask.request()?));
    let asked = app.exchange(purpose("discover", Repeat::Always, &settings.origin), &make);
    let response = asked.await?;
    let ask = match ask.receive(&response)? {
        Discovered::Server(server) => return Ok((settled(app, *server).await, life(&response))),
        Discovered::AskStatement(ask) => ask,
    };
    let make = |_ahead| Ok(sendable(ask.request()?));
    let asked = app.exchange(purpose("metadata", Repeat::Always, &settings.origin), &make);
    let response = asked.await?;
    let life = life(&response);
    Ok((settled(app, ask.receive(&response)?).await, life))
}

/// The server with its relative addresses read as the standard says or, if nothing is there, as if
/// the FHIR base ended in a slash. One address is tried for all; no secret is sent to it.
async fn settled(app: &Inner, server: Server) -> Server {
    let Some(other) = server.below_base() else {
        return server;
    };
    let (standard, below) = if other.token == server.token {
        (server.authorize.as_ref(), other.authorize.as_ref())
    } else {
        (Some(&server.token), Some(&other.token))
    };
    match (standard, below) {
        (Some(standard), Some(below))
            if is_missing(app, standard).await && !is_missing(app, below).await =>
        {
            other.clone()
        }
        _ => server,
    }
}

/// Whether the server says that there is nothing at that address. What fails otherwise says nothing
/// about it.
async fn is_missing(app: &Inner, address: &ServerUrl) -> bool {
    let Ok(origin) = origin(address) else {
        return true;
    };
    let make = |_ahead| get(address);
    let asked = app.exchange(purpose("probe", Repeat::Always, &origin), &make);
    let gone = [StatusCode::NOT_FOUND, StatusCode::GONE];
    asked
        .await
        .is_ok_and(|response| gone.contains(&response.status()))
}

/// How many seconds an answer may be kept. What may not be kept at all is kept for a minute: a flow
/// has several steps.
pub(super) fn life(response: &Response<Bytes>) -> u64 {
    let values = response.headers().get_all(CACHE_CONTROL);
    let texts = values.iter().filter_map(|value| value.to_str().ok());
    let directives = texts.flat_map(|text| text.split(','));
    let mut life = USUAL;
    for directive in directives {
        let directive = directive.trim().to_ascii_lowercase();
        if directive == "no-store" || directive == "no-cache" {
            return GRACE;
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            life = seconds.trim_matches('"').parse().unwrap_or(USUAL);
        }
    }
    life.clamp(GRACE, LONGEST)
}

pub(super) fn after(now: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(now.as_unix_seconds().saturating_add(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_as_they_say() {
        for (header, expected) in [
            (None, USUAL),
            (Some("max-age=600"), 600),
            (Some("public, Max-Age=600"), 600),
            (Some("max-age=1"), GRACE),
            (Some("max-age=999999999"), LONGEST),
            (Some("max-age=soon"), USUAL),
            (Some("max-age=600, no-store"), GRACE),
            (Some("no-cache"), GRACE),
        ] {
            let mut response = Response::new(Bytes::new());
            if let Some(header) = header {
                let value = header.parse().unwrap();
                response.headers_mut().insert(CACHE_CONTROL, value);
            }
            assert_eq!(life(&response), expected, "{header:?}");
        }
    }
}
