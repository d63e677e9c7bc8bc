//! Who sent a request: the one place where signatures, tokens, time and nonces are looked at.

use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AuthorizationHeader, ConsumerSecret, HeaderError, Nonce, SignError, SignableRequest,
    TimeWindow, TokenSecret, VerifyError, verify,
};

use crate::classic::rules::{Principal, Token};
use crate::classic::state::ContainerState;
use crate::classic::tokens::KnownToken;
use crate::form::Pairs;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

/// A request whose sender is known.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) principal: Principal,
    header: AuthorizationHeader,
}

impl Authenticated {
    /// A parameter of a token request that is not empty: from the header, the form or the query, in
    /// this order.
    pub(crate) fn parameter<'a>(
        &'a self,
        request: &'a RequestContext<'_>,
        name: &str,
    ) -> Option<&'a str> {
        [
            self.header.get(name),
            request.form.get(name),
            request.query.get(name),
        ]
        .into_iter()
        .flatten()
        .find(|value| !value.is_empty())
    }
}

/// A request that proves nothing about who sent it.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) reason: Reason,
    /// The installed app that the header names.
    pub(crate) app: Option<String>,
}

/// Why a request is anonymous. Not for the peer, which learns nothing but the status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Reason {
    #[error("there is no oauth header")]
    Anonymous,
    #[error("the oauth header cannot be read: {0}")]
    Header(HeaderError),
    #[error("the nonce is longer than {} characters", Nonce::MAX_BYTES)]
    LongNonce,
    #[error(
        "the oauth parameters stand in the query or form, and a classic container reads the header only"
    )]
    NotInHeader,
    #[error("the request cannot be verified: {0}")]
    Request(SignError),
    #[error("the token belongs to another app")]
    TokenOfAnotherApp,
    #[error("the app is not installed")]
    UnknownConsumer,
    #[error("the token is unknown or has expired")]
    UnknownToken,
    #[error(
        "the body is not covered by the signature: the client must send oauth_body_hash, or the sandbox accept unsigned bodies"
    )]
    UnsignedBody,
    #[error("{0}")]
    Verify(VerifyError),
}

impl Rejection {
    /// The answer: 401, but for four mistakes that the reference container stumbles over, and
    /// answers with 500. It comes as far as that only with a header that names an app and a token
    /// it knows: see [`check_order`].
    pub(crate) fn reply(&self) -> Reply {
        let stumbles = matches!(
            self.reason,
            Reason::LongNonce
                | Reason::Verify(
                    VerifyError::MalformedTimestamp
                        | VerifyError::UnsupportedSignatureMethod
                        | VerifyError::MissingParameter {
                            name: "oauth_signature_method"
                        }
                )
        );
        if stumbles {
            reply::server_error()
        } else {
            reply::unauthorized()
        }
    }
}

/// How strictly signatures are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strictness {
    /// Take bodies that no signature covers from every app, as Java clients of SMART containers
    /// send them. A single app can be
    /// [marked](crate::classic::apps::InstalledApp::accepts_unsigned_bodies) instead.
    pub(crate) accepts_unsigned_bodies: bool,
    pub(crate) window: TimeWindow,
}

/// Finds out who sent a request. The nonce is used up only by a request that is right in everything
/// else.
///
/// A query that the signature leaves out, as the container's dialect does off GET, is removed from
/// the request, and so is a form.
pub(crate) fn authenticate(
    container: &ContainerState,
    request: &mut RequestContext<'_>,
) -> Result<Authenticated, Rejection> {
    let unknown = |reason| Rejection { reason, app: None };
    let header = AuthorizationHeader::from_headers(request.headers())
        .map_err(|error| unknown(Reason::Header(error)))?
        .ok_or_else(|| unknown(anonymous(request)))?;
    let app = header
        .consumer_key()
        .and_then(|key| container.apps.get(key));
    let app = app.map(|app| app.manifest.id().to_owned());
    authenticate_header(container, request, header).map_err(|reason| Rejection { reason, app })
}

/// A request without a header is not signed, or its parameters stand where no Classic container
/// looks for them.
fn anonymous(request: &RequestContext<'_>) -> Reason {
    match AuthorizationHeader::from_request(&*request.http) {
        Ok(None) => Reason::Anonymous,
        Ok(Some(_)) | Err(_) => Reason::NotInHeader,
    }
}

fn authenticate_header(
    container: &ContainerState,
    request: &mut RequestContext<'_>,
    header: AuthorizationHeader,
) -> Result<Authenticated, Reason> {
    let claim = claim(container, request, &header);
    // An unknown key is verified too, against nothing that could match, so that the time taken does
    // not tell.
    let no_secret = TokenSecret::new("");
    let (consumer_secret, token_secret) = match &claim {
        Ok(claim) => (claim.consumer_secret.clone(), claim.token_secret.as_ref()),
        Err(_) => (ConsumerSecret::new(""), header.token().map(|_| &no_secret)),
    };
    let signable =
        SignableRequest::from_received("http", &*request.http).map_err(Reason::Request)?;
    let verified = verify(&signable, &header, &consumer_secret, token_secret);
    let claim = check_order(&header, claim, container.strictness.window, request.now)?;
    let accepted = verified.map_err(Reason::Verify)?;
    let accepts_unsigned =
        container.strictness.accepts_unsigned_bodies || claim.accepts_unsigned_bodies;
    if !accepted.covers_body() && !accepts_unsigned {
        return Err(Reason::UnsignedBody);
    }
    accepted
        .admit(
            container.strictness.window,
            &mut container.identity().nonces,
            request.now,
        )
        .map_err(Reason::Verify)?;
    if !accepted.covers_query() {
        request.query = Pairs::default();
    }
    if !accepted.covers_body() {
        request.form = Pairs::default();
    }
    Ok(Authenticated {
        principal: claim.principal,
        header,
    })
}

/// Who the header claims to come from, and the secrets that would prove it.
struct Claim {
    principal: Principal,
    consumer_secret: ConsumerSecret,
    token_secret: Option<TokenSecret>,
    accepts_unsigned_bodies: bool,
}

/// Looks at a header in the order of the reference container: the signature, the app and the token
/// first, then the time, then the nonce. What follows, the method and the signature itself, is left
/// to [`verify`]. The order decides between 401 and 500.
fn check_order(
    header: &AuthorizationHeader,
    claim: Result<Claim, Reason>,
    window: TimeWindow,
    now: Timestamp,
) -> Result<Claim, Reason> {
    let required = |name| {
        let value = header.get(name).filter(|value| !value.is_empty());
        value.ok_or(Reason::Verify(VerifyError::MissingParameter { name }))
    };
    required("oauth_signature")?;
    required("oauth_consumer_key")?;
    let claim = claim?;
    required("oauth_timestamp")?;
    let timestamp = header
        .timestamp()
        .ok_or(Reason::Verify(VerifyError::MalformedTimestamp))?;
    window.check(timestamp, now).map_err(Reason::Verify)?;
    if required("oauth_nonce")?.len() > Nonce::MAX_BYTES {
        return Err(Reason::LongNonce);
    }
    Ok(claim)
}

fn claim(
    container: &ContainerState,
    request: &RequestContext<'_>,
    header: &AuthorizationHeader,
) -> Result<Claim, Reason> {
    let consumer = header.consumer_key().unwrap_or_default();
    let app = container
        .apps
        .get(consumer)
        .ok_or(Reason::UnknownConsumer)?;
    let (token, token_secret) = match header.token() {
        None => (Token::None, None),
        Some(key) => {
            let known = container.identity().tokens.look_up(key, request.now);
            let (owner, token, secret) = match known.ok_or(Reason::UnknownToken)? {
                KnownToken::Access { grant, secret } => {
                    let token = Token::Access {
                        record: grant.record,
                        user: grant.user,
                    };
                    (grant.app, token, secret)
                }
                KnownToken::Request { app, secret } => (
                    app,
                    Token::Request {
                        key: key.to_owned(),
                    },
                    secret,
                ),
            };
            if owner != consumer {
                return Err(Reason::TokenOfAnotherApp);
            }
            (token, Some(secret))
        }
    };
    Ok(Claim {
        principal: Principal {
            app: consumer.to_owned(),
            mode: app.manifest.mode(),
            token,
        },
        consumer_secret: app.secret.clone(),
        token_secret,
        accepts_unsigned_bodies: app.accepts_unsigned_bodies,
    })
}

#[cfg(test)]
mod tests;
