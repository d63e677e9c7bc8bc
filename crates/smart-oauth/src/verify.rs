//! The container's side: recompute, compare in constant time, then mind time and nonce
//! ([RFC 5849, section 3.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.2)).

mod freshness;

use std::borrow::Cow;

use subtle::ConstantTimeEq;

use crate::base_string::base_string;
use crate::credentials::{ConsumerSecret, Timestamp, TokenSecret};
use crate::dialect::Reading;
use crate::error::VerifyError;
use crate::header::AuthorizationHeader;
use crate::parameters::{Parameter, Source, arrange, collect};
use crate::request::SignableRequest;
use crate::signature::{SignatureMethod, SigningKey, body_hash};

pub use freshness::{MemoryNonces, NonceMemory, TimeWindow};

/// Checks that whoever sent the request knows the secrets: signature method, version, signature, and body hash if there is one.
///
/// The signature may be over the RFC's base string or over any of the Classic container's variants of it: the path decoded;
/// the query left out off GET; a parameter that stands in header and form counted once; parameters sorted before encoding; the
/// host as it was sent. What such a variant leaves unsigned, the returned [`Accepted`] tells.
///
/// Time and nonce are not looked at here. Call [`Accepted::admit`] for them: the order matters, since a nonce remembered before
/// the signature was found right would let anyone burn it.
///
/// Look the secrets up by the header's consumer key and token. For an unknown one, verify against a made-up secret rather than
/// return at once, so that the time taken does not tell which keys exist.
///
/// # Errors
///
/// Always the most specific reason, meant for the container's log; answer the peer with 401 and nothing else.
pub fn verify<'h>(
    request: &SignableRequest<'_>,
    header: &'h AuthorizationHeader,
    consumer_secret: &ConsumerSecret,
    token_secret: Option<&TokenSecret>,
) -> Result<Accepted<'h>, VerifyError> {
    let claims = Claims::read(header)?;
    if claims.token.is_some() != token_secret.is_some() {
        return Err(VerifyError::TokenMismatch);
    }
    let key = SigningKey::new(consumer_secret, token_secret);
    let reading =
        matching_reading(request, header, &claims, &key)?.ok_or(VerifyError::BadSignature)?;
    check_body(request, header)?;
    Ok(Accepted {
        claims,
        covers_query: request.query.is_empty() || reading.reads(Source::Query, request),
        covers_body: covers_body(request, header, reading),
    })
}

/// A request whose signature is right, and how much of it the signature covers.
///
/// The answer to *who*; the answer to *when* is still open until [`Accepted::admit`].
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'h> {
    claims: Claims<'h>,
    covers_query: bool,
    covers_body: bool,
}

impl Accepted<'_> {
    /// Checks that the request is recent and was not seen before, and remembers it.
    ///
    /// # Errors
    ///
    /// [`VerifyError::TooLate`], [`VerifyError::TooEarly`] or [`VerifyError::Replayed`].
    pub fn admit(
        &self,
        window: TimeWindow,
        nonces: &mut impl NonceMemory,
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        let Claims {
            consumer_key,
            token,
            timestamp,
            nonce,
            ..
        } = self.claims;
        window.check(timestamp, now)?;
        if nonces.remember(consumer_key, token, timestamp, nonce, now) {
            Ok(())
        } else {
            Err(VerifyError::Replayed)
        }
    }

    /// Whether the query is signed. If not, anyone on the way may have added it, and the container must not read it, as the
    /// Classic one does not: it ignores the query of everything but a GET.
    pub fn covers_query(&self) -> bool {
        self.covers_query
    }

    /// Whether the body is signed: as a form, by `oauth_body_hash`, or because there is none. Java clients of SMART containers
    /// send bodies without a hash; taking those is a choice, not a duty.
    pub fn covers_body(&self) -> bool {
        self.covers_body
    }
}

/// What the header says, once nothing needed is missing.
#[derive(Clone, Copy, Debug)]
struct Claims<'h> {
    consumer_key: &'h str,
    token: Option<&'h str>,
    timestamp: Timestamp,
    nonce: &'h str,
    signature: &'h str,
    method: SignatureMethod,
}

impl<'h> Claims<'h> {
    fn read(header: &'h AuthorizationHeader) -> Result<Self, VerifyError> {
        let required = |name| {
            let value = header.get(name).filter(|value| !value.is_empty());
            value.ok_or(VerifyError::MissingParameter { name })
        };
        if header
            .get("oauth_version")
            .is_some_and(|version| version != "1.0")
        {
            return Err(VerifyError::UnsupportedVersion);
        }
        let method = required("oauth_signature_method")?;
        required("oauth_timestamp")?;
        Ok(Self {
            consumer_key: required("oauth_consumer_key")?,
            token: header.token(),
            timestamp: header.timestamp().ok_or(VerifyError::MalformedTimestamp)?,
            nonce: required("oauth_nonce")?,
            signature: required("oauth_signature")?,
            method: SignatureMethod::from_name(method)
                .ok_or(VerifyError::UnsupportedSignatureMethod)?,
        })
    }
}

/// The first reading under which the signature comes out as claimed.
fn matching_reading(
    request: &SignableRequest<'_>,
    header: &AuthorizationHeader,
    claims: &Claims<'_>,
    key: &SigningKey,
) -> Result<Option<Reading>, VerifyError> {
    let mut parameters = collect(request, 16)?;
    let signed = header.iter().filter(|(name, _)| *name != "oauth_signature");
    parameters.extend(signed.map(|(name, value)| Parameter {
        name: Cow::Borrowed(name.as_bytes()),
        value: Cow::Borrowed(value.as_bytes()),
        source: Source::Header,
    }));
    let matches = |reading: &Reading| {
        let base_string = base_string(request, &arrange(&parameters, request, *reading), *reading);
        let expected = claims.method.sign(&base_string, key);
        bool::from(expected.as_bytes().ct_eq(claims.signature.as_bytes()))
    };
    Ok(Reading::candidates(request, &parameters).find(matches))
}

/// A hash that was sent must be right, on any request: the Python client sends the hash of nothing with every GET, which is
/// right, and checking it there too keeps anyone from stripping a signed body on the way.
fn check_body(
    request: &SignableRequest<'_>,
    header: &AuthorizationHeader,
) -> Result<(), VerifyError> {
    if let Some(claimed) = header.get("oauth_body_hash")
        && !bool::from(body_hash(request.body).as_bytes().ct_eq(claimed.as_bytes()))
    {
        return Err(VerifyError::BodyHashMismatch);
    }
    if let Some(claimed) = header.get("oauth_content_type")
        && is_opaque(request)
        && request.media_type() != Some(claimed)
    {
        return Err(VerifyError::ContentTypeMismatch);
    }
    Ok(())
}

fn covers_body(
    request: &SignableRequest<'_>,
    header: &AuthorizationHeader,
    reading: Reading,
) -> bool {
    request.body.is_empty()
        || header.get("oauth_body_hash").is_some()
        || request.is_form() && reading.reads(Source::Form, request)
}

/// A body that the base string does not cover, by the Classic container's rule.
fn is_opaque(request: &SignableRequest<'_>) -> bool {
    !request.body.is_empty() && !request.is_form() && !request.is_get()
}

#[cfg(test)]
mod tests;
