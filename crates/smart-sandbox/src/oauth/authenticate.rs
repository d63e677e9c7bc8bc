//! Who sent a request: the one place where signatures, tokens, time and nonces are looked at.

use smart_oauth::{
    AuthorizationHeader, ConsumerSecret, HeaderError, Nonce, SignError, SignableRequest,
    TimeWindow, TokenSecret, VerifyError, verify,
};

use crate::container::Container;
use crate::reply::{self, Reply};
use crate::rules::{Principal, Token};
use crate::tokens::Known;
use crate::visit::Visit;

/// A request whose sender is known.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) principal: Principal,
    header: AuthorizationHeader,
}

impl Authenticated {
    /// A parameter of a token request that is not empty: from the header, the form or the query, in this order.
    pub(crate) fn parameter<'a>(&'a self, visit: &'a Visit<'_>, name: &str) -> Option<&'a str> {
        [
            self.header.get(name),
            visit.form.get(name),
            visit.query.get(name),
        ]
        .into_iter()
        .flatten()
        .find(|value| !value.is_empty())
    }
}

/// Why a request is anonymous. For the log only: the peer learns nothing but the status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("there is no oauth header")]
    Anonymous,
    #[error("the oauth header cannot be read: {0}")]
    Header(HeaderError),
    #[error("the nonce is longer than {} characters", Nonce::MAX_BYTES)]
    LongNonce,
    #[error("the request cannot be verified: {0}")]
    Request(SignError),
    #[error("the token belongs to another app")]
    TokenOfAnotherApp,
    #[error("the app is not installed")]
    UnknownConsumer,
    #[error("the token is unknown or has expired")]
    UnknownToken,
    #[error("the body is not covered by the signature")]
    UnsignedBody,
    #[error("{0}")]
    Verify(VerifyError),
}

impl Rejection {
    /// The answer: 401, but for three mistakes that the reference container stumbles over, and answers with 500.
    pub(crate) fn reply(&self) -> Reply {
        match self {
            Self::LongNonce => reply::server_error(),
            Self::Verify(error) if is_stumble(error) => reply::server_error(),
            _ => reply::unauthorized(),
        }
    }
}

/// What the reference container stumbles over in any header, whoever sent it.
fn is_stumble(error: &VerifyError) -> bool {
    matches!(
        error,
        VerifyError::MalformedTimestamp
            | VerifyError::UnsupportedSignatureMethod
            | VerifyError::MissingParameter {
                name: "oauth_signature_method"
            }
    )
}

/// How strictly signatures are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strictness {
    /// Take bodies that no signature covers, as Java clients of SMART containers send them.
    pub(crate) accepts_unsigned_bodies: bool,
    pub(crate) window: TimeWindow,
}

/// Finds out who sent a request. The nonce is used up only by a request that is right in everything else.
///
/// A query that the signature leaves out, as the container's dialect does off GET, is removed from the visit.
pub(crate) fn authenticate(
    container: &Container,
    visit: &mut Visit<'_>,
) -> Result<Authenticated, Rejection> {
    let header = AuthorizationHeader::from_headers(visit.headers())
        .map_err(Rejection::Header)?
        .ok_or(Rejection::Anonymous)?;
    if header
        .nonce()
        .is_some_and(|nonce| nonce.len() > Nonce::MAX_BYTES)
    {
        return Err(Rejection::LongNonce);
    }
    let claim = claim(container, visit, &header);
    // An unknown key is verified too, against nothing that could match, so that the time taken does not tell.
    let no_secret = TokenSecret::new("");
    let (consumer_secret, token_secret) = match &claim {
        Ok(claim) => (claim.consumer_secret.clone(), claim.token_secret.as_ref()),
        Err(_) => (ConsumerSecret::new(""), header.token().map(|_| &no_secret)),
    };
    let request =
        SignableRequest::from_received("http", visit.request).map_err(Rejection::Request)?;
    let verified = verify(&request, &header, &consumer_secret, token_secret);
    // An unknown key comes first, unless the request would have made the reference container stumble anyway.
    let claim = match (claim, &verified) {
        (Ok(claim), _) => claim,
        (Err(_), Err(error)) if is_stumble(error) => return Err(Rejection::Verify(error.clone())),
        (Err(rejection), _) => return Err(rejection),
    };
    let accepted = verified.map_err(Rejection::Verify)?;
    if !accepted.covers_body() && !container.strictness.accepts_unsigned_bodies {
        return Err(Rejection::UnsignedBody);
    }
    accepted
        .admit(
            container.strictness.window,
            &mut container.desk().nonces,
            visit.now,
        )
        .map_err(Rejection::Verify)?;
    if !accepted.covers_query() {
        visit.query = crate::form::Pairs::default();
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
}

fn claim(
    container: &Container,
    visit: &Visit<'_>,
    header: &AuthorizationHeader,
) -> Result<Claim, Rejection> {
    let consumer = header.consumer_key().unwrap_or_default();
    let app = container
        .apps
        .get(consumer)
        .ok_or(Rejection::UnknownConsumer)?;
    let (token, token_secret) = match header.token() {
        None => (Token::None, None),
        Some(key) => {
            let known = container.desk().tokens.look_up(key, visit.now);
            let (owner, token, secret) = match known.ok_or(Rejection::UnknownToken)? {
                Known::Access { grant, secret } => {
                    let token = Token::Access {
                        record: grant.record,
                        user: grant.user,
                    };
                    (grant.app, token, secret)
                }
                Known::Request { app, secret } => (
                    app,
                    Token::Request {
                        key: key.to_owned(),
                    },
                    secret,
                ),
            };
            if owner != consumer {
                return Err(Rejection::TokenOfAnotherApp);
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
    })
}

#[cfg(test)]
mod tests;
