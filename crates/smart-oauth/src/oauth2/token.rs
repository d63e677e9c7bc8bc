//! Token responses, parsed leniently ([RFC 6749, section
//! 5](https://www.rfc-editor.org/rfc/rfc6749#section-5), [SMART, token
//! response](https://hl7.org/fhir/smart-app-launch/app-launch.html#step-5-access-token)).

mod context;
mod grants;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Response, StatusCode};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

pub use context::{FhirContext, LaunchContext, PatientContext};
pub use grants::{ClientCredentials, Refresh};

use super::answer::{
    Body, Refusal, Unreadable, content_type, is_html, read, seconds, sendable, text, words,
};
use super::client::TokenDialect;
use super::credentials::{AccessToken, IdNonce, RefreshToken};
use super::error::TokenError;
use super::scope::{ScopeReport, Scopes};
use crate::time::Timestamp;

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Tokens, what they are good for, and what came with them.
///
/// Plain data: an app that stores it takes it apart field by field, and begins with
/// [`TokenSet::new`] to put it together again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenSet {
    /// Opens the data.
    pub access_token: AccessToken,
    /// When it ends; `None` where the server does not say.
    pub expires_at: Option<Timestamp>,
    /// Buys the next one.
    pub refresh_token: Option<RefreshToken>,
    /// What was granted against what was asked.
    pub scopes: ScopeReport,
    /// Whose record the token opens.
    pub patient: PatientContext,
    /// What else the launch is about.
    pub context: LaunchContext,
    /// Who the user is, once it is validated.
    pub id_token: Option<IdToken>,
    /// What was odd about the answer.
    pub notes: Vec<TokenNote>,
}

impl TokenSet {
    /// A token that came another way, or from a store.
    pub fn new(access_token: impl Into<AccessToken>) -> Self {
        Self {
            access_token: access_token.into(),
            expires_at: None,
            refresh_token: None,
            scopes: ScopeReport::new(Scopes::new(), None),
            patient: PatientContext::Unstated,
            context: LaunchContext::default(),
            id_token: None,
            notes: Vec::new(),
        }
    }

    /// Whether the token is over at that time. A token whose end nobody told is not.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// An id token as it came, nothing of it believed, and the nonce that it has to carry. There is no
/// way to its claims but validation (feature `jwt`).
#[derive(Clone)]
pub struct IdToken {
    token: Zeroizing<String>,
    nonce: Option<IdNonce>,
    at_hash_matches: Option<bool>,
}

impl IdToken {
    /// An id token that came another way, with the nonce that was sent, if one was.
    pub fn new(token: impl Into<String>, nonce: Option<IdNonce>) -> Self {
        Self {
            token: Zeroizing::new(token.into()),
            nonce,
            at_hash_matches: None,
        }
    }

    /// Compares the token's `at_hash` with the access token that it came with ([OpenID Connect
    /// Core, section
    /// 3.1.3.8](https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowTokenValidation)).
    /// The id token remembers the outcome until it is validated, since the access token is replaced
    /// by the next refresh.
    #[must_use]
    pub fn issued_with(self, access_token: &AccessToken) -> Self {
        let at_hash_matches = self.at_hash_matches_for(access_token);
        Self {
            at_hash_matches,
            ..self
        }
    }

    /// Puts the outcome of [`issued_with`](Self::issued_with) back, for tokens from a store.
    #[must_use]
    pub fn with_at_hash_match(self, at_hash_matches: Option<bool>) -> Self {
        Self {
            at_hash_matches,
            ..self
        }
    }

    /// Whether the token's `at_hash` matches the access token that it came with. `None` where it
    /// has none, or where the access token is not known.
    pub fn at_hash_matches(&self) -> Option<bool> {
        self.at_hash_matches
    }

    fn at_hash_matches_for(&self, access_token: &AccessToken) -> Option<bool> {
        let given = self.unverified(1)?.remove("at_hash")?;
        let token = access_token.expose().as_bytes();
        let header = self.unverified(0)?;
        let hash = match text(&header, "alg")? {
            algorithm if algorithm.ends_with("256") => Sha256::digest(token).to_vec(),
            algorithm if algorithm.ends_with("384") => Sha384::digest(token).to_vec(),
            algorithm if algorithm.ends_with("512") => Sha512::digest(token).to_vec(),
            // validation refuses what it does not know
            _ => return None,
        };
        let half = URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]);
        Some(given.as_str().map(|given| given.trim_end_matches('=')) == Some(&*half))
    }

    /// The header (0) or the claims (1), of which nothing may be believed yet.
    pub(super) fn unverified(&self, part: usize) -> Option<Map<String, Value>> {
        let text = self.token.split('.').nth(part)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }

    /// Whether both tokens name the same user (`iss` and `sub`); `None` if one of them cannot be
    /// read. Both came straight from the token endpoint; their signatures are checked when they are
    /// validated, and neither name is given out before.
    pub fn names_same_user(&self, other: &Self) -> Option<bool> {
        let user = |token: &Self| {
            let claims = token.unverified(1)?;
            Some((claims.get("iss").cloned()?, claims.get("sub").cloned()?))
        };
        Some(user(self)? == user(other)?)
    }

    /// The nonce that was sent, if one was.
    pub fn nonce(&self) -> Option<&IdNonce> {
        self.nonce.as_ref()
    }

    /// The text as it came, for storing it or for handing it to a validator elsewhere.
    pub fn expose(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for IdToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdToken(redacted)")
    }
}

/// Something in an answer that the standards do not allow and that was borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenNote {
    /// `expires_in` is there and cannot be read.
    MalformedExpiry,
    /// There is no `expires_in`, which SMART demands.
    NoExpiry,
    /// There is no `token_type`; `Bearer` was assumed.
    NoTokenType,
    /// The answer's content type is not JSON.
    NotJsonType,
    /// `expires_in` is text.
    TextExpiry,
}

/// What an answer is held against.
pub(super) struct Wanted {
    pub(super) scopes: Scopes,
    pub(super) nonce: Option<IdNonce>,
    /// What is known of the launch, until the answer replaces it.
    pub(super) context: LaunchContext,
    pub(super) dialect: TokenDialect,
}

impl TokenSet {
    pub(super) fn read<B: AsRef<[u8]>>(
        response: &Response<B>,
        wanted: Wanted,
        received_at: Timestamp,
    ) -> Result<Self, TokenError> {
        let answer = read_answer(response);
        let answer = answer.map_err(|error| of_grant(error, response, wanted.dialect))?;
        let access_token = access_token(&answer)?;
        let mut notes = Vec::new();
        check_type(&answer, &mut notes)?;
        if !content_type(response).is_some_and(|kind| kind.to_ascii_lowercase().contains("json")) {
            notes.push(TokenNote::NotJsonType);
        }
        let expires_at = expiry(&answer, received_at, &mut notes);
        let id_token = text(&answer, "id_token")
            .map(|token| IdToken::new(token, wanted.nonce).issued_with(&access_token));
        Ok(Self {
            access_token,
            expires_at,
            refresh_token: refresh_token(&answer)?,
            scopes: ScopeReport::new(wanted.scopes, granted(&answer)),
            patient: PatientContext::read(&answer)?,
            context: wanted.context.updated(&answer, MAX_ANSWER_BYTES),
            id_token,
            notes,
        })
    }
}

/// A successful JSON answer, or what went wrong. A member `error` decides, not the status: S4S
/// answers 401 where others answer 400, and some servers 200.
pub(super) fn read_answer<B: AsRef<[u8]>>(
    response: &Response<B>,
) -> Result<Map<String, Value>, TokenError> {
    let status = response.status();
    match read(response, MAX_ANSWER_BYTES).ok_or(TokenError::TooLong {
        limit: MAX_ANSWER_BYTES,
    })? {
        Body::Object(answer) => match Refusal::from_object(&answer) {
            Some(refusal) => Err(TokenError::Refused { status, refusal }),
            None if status.is_success() => Ok(answer),
            None => Err(failure(response)),
        },
        Body::Other => Err(failure(response)),
    }
}

/// S4S breaks down over a useless grant, and answers with a page. Elsewhere that page may come for
/// any reason, and a refresh token is not to be given up for it; nor is it for a gateway's.
fn of_grant<B>(error: TokenError, response: &Response<B>, dialect: TokenDialect) -> TokenError {
    match error {
        TokenError::Unavailable { status }
            if dialect == TokenDialect::S4S
                && status.is_server_error()
                && !matches!(status.as_u16(), 502..=504)
                && is_html(content_type(response).as_deref()) =>
        {
            TokenError::GrantUnusable { status }
        }
        error => error,
    }
}

/// What a failure without a code means.
pub(super) fn failure<B: AsRef<[u8]>>(response: &Response<B>) -> TokenError {
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        TokenError::Unavailable { status }
    } else if matches!(status.as_u16(), 400 | 401 | 403) {
        TokenError::RefusedSilently { status }
    } else {
        TokenError::Unreadable(Unreadable::new(response))
    }
}

/// A token that a header can hold ([RFC 6749, appendix
/// A.12](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.12)).
pub(super) fn access_token(answer: &Map<String, Value>) -> Result<AccessToken, TokenError> {
    let name = "access_token";
    match sendable(answer, name) {
        Ok(Some(token)) if token.is_ascii() => Ok(AccessToken::new(token)),
        Ok(None) => Err(TokenError::Incomplete { name }),
        _ => Err(TokenError::Malformed { name }),
    }
}

/// [RFC 6749, appendix A.17](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.17).
pub(super) fn refresh_token(
    answer: &Map<String, Value>,
) -> Result<Option<RefreshToken>, TokenError> {
    let name = "refresh_token";
    let token = sendable(answer, name).map_err(|_| TokenError::Malformed { name })?;
    Ok(token.map(RefreshToken::new))
}

/// Bearer tokens only, written in any case ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
fn check_type(answer: &Map<String, Value>, notes: &mut Vec<TokenNote>) -> Result<(), TokenError> {
    match text(answer, "token_type") {
        Some(kind) if kind.eq_ignore_ascii_case("bearer") => Ok(()),
        Some(kind) => Err(TokenError::UnsupportedTokenType { kind: words(kind) }),
        None => {
            notes.push(TokenNote::NoTokenType);
            Ok(())
        }
    }
}

fn expiry(
    answer: &Map<String, Value>,
    received_at: Timestamp,
    notes: &mut Vec<TokenNote>,
) -> Option<Timestamp> {
    match answer.get("expires_in") {
        None | Some(Value::Null) => notes.push(TokenNote::NoExpiry),
        Some(Value::String(_)) => notes.push(TokenNote::TextExpiry),
        Some(_) => {}
    }
    let Some(life) = seconds(answer, "expires_in") else {
        if !notes.contains(&TokenNote::NoExpiry) {
            notes.push(TokenNote::MalformedExpiry);
        }
        return None;
    };
    let end = received_at.as_unix_seconds().saturating_add(life);
    Some(Timestamp::from_unix_seconds(end))
}

/// The scopes, as text or as a list of texts; an empty text grants nothing, but nobody means that.
pub(super) fn granted(answer: &Map<String, Value>) -> Option<Scopes> {
    match answer.get("scope")? {
        Value::String(text) if !text.trim().is_empty() => Some(Scopes::read_leniently(text)),
        // a list of texts, of which one may hold several scopes
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            Some(Scopes::read_leniently(&texts.join(" ")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
