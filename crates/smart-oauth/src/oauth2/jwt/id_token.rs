//! Who the user is, believed only after every check ([OpenID Connect Core 3.1.3.7, by SMART's
//! scopes](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#steps-for-using-an-id-token)).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::choose_provider;
use super::jwks::Jwks;
use crate::oauth2::answer::text;
use crate::oauth2::client::Client;
use crate::oauth2::error::IdTokenError;
use crate::oauth2::token::IdToken;
use crate::time::Timestamp;

/// The longest token that is read, in bytes.
const MAX_TOKEN_BYTES: usize = 32 * 1024;
/// By how much clocks may differ, in seconds.
const LEEWAY: u64 = 60;
/// How long ago a token may have been made, in seconds, however long it lives.
const MAX_AGE: u64 = 24 * 60 * 60;

/// The algorithms that are believed: signatures by a key that only the server has. Never `none`,
/// never `HS…`.
const ALLOWED: [(&str, Algorithm); 8] = [
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
];

/// What a validated id token says. `Debug` shows nothing about the user.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct IdClaims {
    /// The server.
    pub issuer: String,
    /// The user, as the server names them. Unique only together with the issuer.
    pub subject: String,
    /// The user, as a FHIR resource, if the server says and it is one of the five types that users
    /// are.
    pub fhir_user: Option<FhirUser>,
    /// When the token was made.
    pub issued_at: Timestamp,
    /// When the token ends, which says nothing about the user's session.
    pub expires_at: Timestamp,
    claims: Map<String, Value>,
}

impl IdClaims {
    /// Any claim as it came.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }
}

impl fmt::Debug for IdClaims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IdClaims")
            .field("issuer", &self.issuer)
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A user as a FHIR resource. Its address may lie on another server, where this app's tokens are
/// not to be sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FhirUser {
    /// The type, one of `Patient`, `Person`, `Practitioner`, `PractitionerRole`, `RelatedPerson`.
    pub resource_type: String,
    /// The id.
    pub id: String,
    /// The reference as it came, relative or absolute.
    pub reference: String,
}

impl fmt::Debug for FhirUser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FhirUser({})", self.resource_type)
    }
}

impl FhirUser {
    const TYPES: [&str; 5] = [
        "Patient",
        "Person",
        "Practitioner",
        "PractitionerRole",
        "RelatedPerson",
    ];

    fn read(reference: &str) -> Option<Self> {
        let path = reference
            .split_once("/_history/")
            .map_or(reference, |(path, _)| path);
        let mut steps = path.rsplit('/');
        let (id, resource_type) = (steps.next()?, steps.next()?);
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        let fits = Self::TYPES.contains(&resource_type)
            && (1..=64).contains(&id.len())
            && id.bytes().all(is_id);
        fits.then(|| Self {
            resource_type: resource_type.to_owned(),
            id: id.to_owned(),
            reference: reference.to_owned(),
        })
    }
}

impl IdToken {
    /// Checks signature, server, audience, times and nonce, and only then gives the claims. The
    /// server's name comes from its own description; an id token of a server without a name cannot
    /// be believed.
    ///
    /// ```compile_fail,E0599
    /// # use smart_oauth::oauth2::IdToken;
    /// fn hasty(token: IdToken) {
    ///     let _ = token.get("sub"); // there is no way to the claims but this function
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// At the first check that fails. [`IdTokenError::UnknownKey`] may mean that the server has
    /// changed its keys: fetch them once more, then give up.
    pub fn validate(
        &self,
        keys: &Jwks,
        client: &Client,
        now: Timestamp,
    ) -> Result<IdClaims, IdTokenError> {
        let issuer = client.server().issuer.as_deref();
        self.validate_from(issuer.ok_or(IdTokenError::NoIssuer)?, keys, client, now)
    }

    /// The same for a server that does not tell its name, with the name under which its keys were
    /// found ([`claimed_issuer`](Self::claimed_issuer)).
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub fn validate_from(
        &self,
        issuer: &str,
        keys: &Jwks,
        client: &Client,
        now: Timestamp,
    ) -> Result<IdClaims, IdTokenError> {
        let claims = verified_claims(self.expose(), keys)?;
        if text(&claims, "iss") != Some(issuer) {
            return Err(IdTokenError::ForeignIssuer);
        }
        check_audience(&claims, client.id().as_str())?;
        let (issued_at, expires_at) = check_times(&claims, now.as_unix_seconds())?;
        if let Some(nonce) = self.nonce() {
            let given = text(&claims, "nonce").unwrap_or_default().as_bytes();
            if !bool::from(nonce.expose().as_bytes().ct_eq(given)) {
                return Err(IdTokenError::WrongNonce);
            }
        }
        if self.at_hash_matches() == Some(false) {
            return Err(IdTokenError::ForeignAccessToken);
        }
        let subject = text(&claims, "sub").filter(|subject| subject.len() <= 255);
        let fhir_user = text(&claims, "fhirUser").or_else(|| text(&claims, "profile"));
        Ok(IdClaims {
            issuer: issuer.to_owned(),
            subject: subject.ok_or(IdTokenError::BadSubject)?.to_owned(),
            fhir_user: fhir_user.and_then(FhirUser::read),
            issued_at,
            expires_at,
            claims,
        })
    }
}

impl IdToken {
    /// Who the token says it is from, before anything is checked: good for finding the keys of a
    /// server that does not tell its name elsewhere ([SMART, steps for using an id
    /// token](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#steps-for-using-an-id-token)),
    /// and for nothing else.
    pub fn claimed_issuer(&self) -> Option<String> {
        let fits = self.expose().len() <= MAX_TOKEN_BYTES;
        let claims = fits.then(|| self.unverified(1)).flatten()?;
        text(&claims, "iss").map(str::to_owned)
    }

    /// Whether the token names the key that it is signed with. One that does not may fail by
    /// [`BadSignature`](IdTokenError::BadSignature) when the server has changed its keys.
    pub fn names_key(&self) -> bool {
        let fits = self.expose().len() <= MAX_TOKEN_BYTES;
        let header = fits.then(|| self.unverified(0)).flatten();
        header.is_some_and(|header| header.contains_key("kid"))
    }
}

/// The claims of a token whose signature holds ([RFC 7515, section
/// 5.2](https://www.rfc-editor.org/rfc/rfc7515#section-5.2)).
fn verified_claims(token: &str, keys: &Jwks) -> Result<Map<String, Value>, IdTokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(IdTokenError::TooLong {
            limit: MAX_TOKEN_BYTES,
        });
    }
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err(IdTokenError::Malformed);
    };
    let (algorithm, key_id) = read_header(&object(header)?)?;
    let key = keys
        .find(key_id.as_deref(), algorithm)
        .ok_or(IdTokenError::UnknownKey)?;
    choose_provider();
    let message = &token.as_bytes()[..header.len() + 1 + payload.len()];
    match jsonwebtoken::crypto::verify(signature, message, &key.public, algorithm) {
        Ok(true) => object(payload),
        _ => Err(IdTokenError::BadSignature),
    }
}

/// Algorithm and key id. Where keys are (`jku`, `jwk`, `x5u`, `x5c`) is for us to know and not for
/// the token to say; what has to be understood (`crit`) is nothing that we understand.
fn read_header(header: &Map<String, Value>) -> Result<(Algorithm, Option<String>), IdTokenError> {
    let name = text(header, "alg").ok_or(IdTokenError::Malformed)?;
    let (_, algorithm) = ALLOWED
        .into_iter()
        .find(|(known, _)| *known == name)
        .ok_or(IdTokenError::UnsupportedAlgorithm)?;
    let odd = ["crit", "enc", "zip"]
        .iter()
        .any(|name| header.contains_key(*name));
    let is_jwt = match header.get("typ") {
        None => true,
        Some(kind) => kind
            .as_str()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("jwt")),
    };
    let key_id = match header.get("kid") {
        None => None,
        Some(Value::String(id)) => Some(id.clone()),
        Some(_) => return Err(IdTokenError::Malformed),
    };
    if odd || !is_jwt {
        return Err(IdTokenError::Malformed);
    }
    Ok((algorithm, key_id))
}

fn object(part: &str) -> Result<Map<String, Value>, IdTokenError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| IdTokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| IdTokenError::Malformed)
}

/// Made for us; where it is made for others too, or says by `azp` whom it was given to, that has to
/// be us.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), IdTokenError> {
    let (names_us, names_others) = match claims.get("aud") {
        Some(Value::String(one)) => (one == client_id, false),
        Some(Value::Array(all)) => (
            all.iter().any(|one| one == client_id),
            all.iter().any(|one| one != client_id),
        ),
        _ => (false, false),
    };
    let given_to_us = match claims.get("azp") {
        None => !names_others,
        Some(party) => party == client_id,
    };
    if names_us && given_to_us {
        Ok(())
    } else {
        Err(IdTokenError::ForeignAudience)
    }
}

fn check_times(
    claims: &Map<String, Value>,
    now: u64,
) -> Result<(Timestamp, Timestamp), IdTokenError> {
    let issued_at = time(claims, "iat")?.ok_or(IdTokenError::BadTime)?;
    let expires_at = time(claims, "exp")?.ok_or(IdTokenError::BadTime)?;
    let not_before = time(claims, "nbf")?.unwrap_or(0);
    let latest = now.saturating_add(LEEWAY);
    if issued_at > latest || not_before > latest || expires_at < issued_at {
        return Err(IdTokenError::BadTime);
    }
    if expires_at.saturating_add(LEEWAY) <= now || issued_at.saturating_add(MAX_AGE + LEEWAY) <= now
    {
        return Err(IdTokenError::Expired);
    }
    let stamp = Timestamp::from_unix_seconds;
    Ok((stamp(issued_at), stamp(expires_at)))
}

/// Seconds since 1970 as a number; fractions are allowed by RFC 7519 and cut.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, IdTokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0);
            // a cast of a float saturates
            let seconds = seconds.map(|seconds| seconds as u64);
            seconds.map(Some).ok_or(IdTokenError::BadTime)
        }
    }
}

#[cfg(test)]
mod tests;
