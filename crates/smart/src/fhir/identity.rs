//! Who the user is: the id token, validated, and the user's own resource.

use std::fmt;

use smart_fhir::{Path, Reference, Resource};
use smart_oauth::Timestamp;
use smart_oauth::oauth2::{
    IdClaims, IdToken, IdTokenError, IssuerError, IssuerMetadata, Jwks, Server, ServerUrl, UrlError,
};

use super::Session;
use super::app::{Inner, origin, purpose};
use super::builder::{get, sendable};
use super::discovery::{after, life};
use super::error::FhirError;
use crate::Error;
use crate::exchange::retry::Repeat;

/// How long keys are kept at least, once they were fetched anew for a token that did not fit, in
/// seconds.
const PAUSE: u64 = 60;

/// A server's keys, and until when they are trusted: a key that the server has withdrawn is
/// forgotten by then.
pub(super) struct KnownKeys {
    issuer: String,
    keys: Jwks,
    until: Timestamp,
    /// When they were last fetched because a token did not fit.
    refetched_at: Option<Timestamp>,
}

/// The user of a session. `Debug` shows nothing about the person.
#[derive(Clone)]
#[non_exhaustive]
pub struct User {
    /// What the id token says, validated.
    pub claims: IdClaims,
    /// The user's own resource. `None` if the server names none, or names one of another server,
    /// where this session's token is not sent: see [`IdClaims::fhir_user`].
    pub resource: Option<Resource>,
}

impl fmt::Debug for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("User")
            .field("claims", &self.claims)
            .field("has_resource", &self.resource.is_some())
            .finish()
    }
}

impl Session {
    /// Who the user is, as the server says in an id token: for scopes `openid` and `fhirUser`
    /// ([SMART,
    /// identity](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data)).
    /// Signature, server, audience, times and nonce are checked before anything in it can be read.
    ///
    /// The keys are those of `smart-configuration`, or else those of the issuer's
    /// `openid-configuration`. They are kept for as long as their `Cache-Control` says (an hour if
    /// it says nothing, a day at most), and fetched once more, at most once a minute, when a token
    /// fits none of them.
    ///
    /// An id token is good for minutes after the login: ask soon. `None` where the server sent
    /// none.
    ///
    /// # Errors
    ///
    /// If the token is not to be believed ([`FhirError::IdToken`]), or the server's keys cannot be
    /// fetched.
    pub async fn identity(&self) -> Result<Option<IdClaims>, Error> {
        let Some(token) = self.tokens().id_token else {
            return Ok(None);
        };
        let app = self.app().inner();
        let client = app.client().await?;
        let issuer = issuer(client.server(), &token)?;
        let now = self.app().environment().now()?;
        let mut known = app.keys.lock().await;
        let kept = known
            .take()
            .filter(|known| known.issuer == issuer && now < known.until);
        let (kept, are_fresh) = match kept {
            Some(kept) => (kept, false),
            None => (fetch(app, client.server(), &issuer, now).await?, true),
        };
        let kept = known.insert(kept);
        let validate = |keys: &Jwks| token.validate_from(&issuer, keys, &client, now);
        let outcome = validate(&kept.keys);
        if are_fresh || !kept.may_be_stale(&outcome, &token, now) {
            return Ok(outcome.map(Some)?);
        }
        *kept = fetch(app, client.server(), &issuer, now).await?;
        kept.refetched_at = Some(now);
        Ok(validate(&kept.keys).map(Some)?)
    }

    /// The user: what the id token says, and the user's own resource, read with the session's
    /// token. `None` where the server sent no id token.
    ///
    /// # Errors
    ///
    /// As [`identity`](Self::identity) and [`read`](Self::read).
    pub async fn user(&self) -> Result<Option<User>, Error> {
        let Some(claims) = self.identity().await? else {
            return Ok(None);
        };
        let reference = claims.fhir_user.as_ref().map(|user| &*user.reference);
        let resource = match reference {
            Some(reference) if self.is_here(reference)? => Some(self.read(reference).await?),
            _ => None,
        };
        Ok(Some(User { claims, resource }))
    }

    /// Whether a reference leads to this server.
    fn is_here(&self, reference: &str) -> Result<bool, Error> {
        Ok(match Reference::parse(reference) {
            Reference::Absolute(address) => Path::below(&self.fhir()?, address).is_ok(),
            _ => true,
        })
    }
}

impl KnownKeys {
    /// Whether a token may have failed because the server has changed its keys since these were
    /// fetched.
    fn may_be_stale(
        &self,
        outcome: &Result<IdClaims, IdTokenError>,
        token: &IdToken,
        now: Timestamp,
    ) -> bool {
        let is_unknown = match outcome {
            Err(IdTokenError::UnknownKey) => true,
            Err(IdTokenError::BadSignature) => !token.names_key(),
            _ => false,
        };
        let may_ask = self
            .refetched_at
            .is_none_or(|last| after(last, PAUSE) <= now);
        is_unknown && may_ask
    }
}

/// The server's name, or where it tells none, the name in the token.
fn issuer(server: &Server, token: &IdToken) -> Result<String, IdTokenError> {
    let told = server.issuer.clone();
    told.or_else(|| token.claimed_issuer())
        .ok_or(IdTokenError::NoIssuer)
}

async fn fetch(
    app: &Inner,
    server: &Server,
    issuer: &str,
    now: Timestamp,
) -> Result<KnownKeys, Error> {
    let address = match &server.jwks {
        Some(address) => address.clone(),
        None => metadata(app, issuer).await?.jwks.ok_or(FhirError::NoKeys)?,
    };
    let origin = origin(&address)?;
    let make = |_ahead| get(&address);
    let asked = app.exchange(purpose("keys", Repeat::Always, &origin), &make);
    let response = asked.await?;
    Ok(KnownKeys {
        issuer: issuer.to_owned(),
        keys: Jwks::receive(&response)?,
        until: after(now, life(&response)),
        refetched_at: None,
    })
}

/// What the issuer says of itself, by OpenID Connect or else by RFC 8414.
async fn metadata(app: &Inner, issuer: &str) -> Result<IssuerMetadata, Error> {
    let issuer = ServerUrl::new(issuer)?;
    let is_plain = |url: &ServerUrl| url.origin().starts_with("http:");
    if is_plain(&issuer) && !is_plain(&app.settings().fhir_base) {
        // a server elsewhere has no business on this machine
        return Err(UrlError::PlainHttp.into());
    }
    let origin = origin(&issuer)?;
    let purpose = || purpose("issuer", Repeat::Always, &origin);
    let make = |_ahead| Ok(sendable(IssuerMetadata::request(&issuer)?));
    let response = app.exchange(purpose(), &make).await?;
    match IssuerMetadata::receive(&issuer, &response) {
        Err(IssuerError::Refused { status }) if status.is_client_error() => {}
        found => return Ok(found?),
    }
    let make = |_ahead| Ok(sendable(IssuerMetadata::oauth_request(&issuer)?));
    let response = app.exchange(purpose(), &make).await?;
    Ok(IssuerMetadata::receive(&issuer, &response)?)
}
