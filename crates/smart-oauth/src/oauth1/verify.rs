//! The container's side: recompute, compare in constant time, then mind time and nonce
//! ([RFC 5849, section 3.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.2)).

mod freshness;

use subtle::ConstantTimeEq;

use crate::oauth1::base_string::base_string;
use crate::oauth1::credentials::{ConsumerSecret, TokenSecret};
use crate::oauth1::dialect::{Dialect, Reading};
use crate::oauth1::error::VerifyError;
use crate::oauth1::header::AuthorizationHeader;
use crate::oauth1::parameters::{Arranged, Parameter, Parameters, Source, collect};
use crate::oauth1::request::SignableRequest;
#[cfg(feature = "rsa-sha1")]
use crate::oauth1::signature::rsa_sha1::RsaSha1PublicKey;
use crate::oauth1::signature::{SignatureMethod, SigningKey, body_hash};
use crate::oauth1::text::Text;
use crate::time::Timestamp;

pub use freshness::{MemoryNonces, NonceMemory, TimeWindow};

/// Checks that whoever sent the request knows the secrets: signature method, version, signature,
/// and body hash if there is one.
///
/// The signature may be over the RFC's base string or over any of the Classic container's variants
/// of it: the path decoded; the query left out off GET; a parameter that stands in header and form
/// counted once; parameters sorted before encoding; the host as it was sent. What such a variant
/// leaves unsigned, the returned [`Accepted`] tells. The method is HMAC-SHA1, as the Classic
/// container has it; for other methods, or for one dialect alone, see [`Verification`].
///
/// Time and nonce are not looked at here. Call [`Accepted::admit`] for them: the order matters,
/// since a nonce remembered before the signature was found right would let anyone burn it.
///
/// Look the secrets up by the header's consumer key and token. For an unknown one, verify against a
/// made-up secret rather than return at once, so that the time taken does not tell which keys
/// exist.
///
/// # Errors
///
/// Always the most specific reason, meant for the container's log; answer the peer with 401 and
/// nothing else.
pub fn verify<'h>(
    request: &SignableRequest<'_>,
    header: &'h AuthorizationHeader,
    consumer_secret: &ConsumerSecret,
    token_secret: Option<&TokenSecret>,
) -> Result<Accepted<'h>, VerifyError> {
    Verification::new(consumer_secret, token_secret).verify(request, header)
}

/// What a server takes for a right signature: the secrets, the signature methods, the dialects.
///
/// ```
/// use smart_oauth::Timestamp;
/// use smart_oauth::oauth1::{
///     AuthorizationHeader, Consumer, Dialect, Nonce, SignableRequest, SignatureMethod,
///     SigningParams, Verification, sign,
/// };
///
/// let consumer = Consumer::new("app", "secret");
/// let mut request = http::Request::get("https://api.example.org/photos?size=original").body(Vec::new())?;
/// let params = SigningParams::new(&consumer, Nonce::from_random([1; 16]), Timestamp::from_unix_seconds(1))
///     .with_dialect(Dialect::Rfc5849)
///     .with_method(SignatureMethod::HmacSha256);
/// sign(&SignableRequest::from_http(&request)?, &params)?.apply_to(&mut request);
///
/// let header = AuthorizationHeader::from_headers(request.headers())?.ok_or("no header")?;
/// let verification = Verification::new(consumer.secret(), None)
///     .with_dialect(Dialect::Rfc5849)
///     .with_methods(&[SignatureMethod::HmacSha1, SignatureMethod::HmacSha256]);
/// verification.verify(&SignableRequest::from_http(&request)?, &header)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Verification<'k> {
    consumer_secret: &'k ConsumerSecret,
    token_secret: Option<&'k TokenSecret>,
    methods: &'k [SignatureMethod],
    dialect: Dialect,
    plaintext_off_tls: bool,
    #[cfg(feature = "rsa-sha1")]
    rsa_key: Option<&'k RsaSha1PublicKey>,
}

impl<'k> Verification<'k> {
    /// Takes HMAC-SHA1 in any dialect.
    pub fn new(consumer_secret: &'k ConsumerSecret, token_secret: Option<&'k TokenSecret>) -> Self {
        Self {
            consumer_secret,
            token_secret,
            methods: &[SignatureMethod::HmacSha1],
            dialect: Dialect::default(),
            plaintext_off_tls: false,
            #[cfg(feature = "rsa-sha1")]
            rsa_key: None,
        }
    }

    /// Takes these methods and no others.
    ///
    /// Choose them for each consumer, not for all: whoever could choose between a public key and a
    /// shared secret for someone else's key could choose the weaker.
    #[must_use]
    pub fn with_methods(self, methods: &'k [SignatureMethod]) -> Self {
        Self { methods, ..self }
    }

    /// Takes base strings of this dialect alone; [`Dialect::Portable`] stands for all of them.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// Verifies RSA-SHA1 with the consumer's public key. The method has to be among those taken as
    /// well.
    #[cfg(feature = "rsa-sha1")]
    #[must_use]
    pub fn with_rsa_key(self, key: &'k RsaSha1PublicKey) -> Self {
        Self {
            rsa_key: Some(key),
            ..self
        }
    }

    /// Takes [`SignatureMethod::Plaintext`] over `http` too, if it is among the methods. For test
    /// servers.
    #[must_use]
    pub fn allow_plaintext_off_tls(self) -> Self {
        Self {
            plaintext_off_tls: true,
            ..self
        }
    }

    /// As [`verify`].
    ///
    /// # Errors
    ///
    /// Always the most specific reason, meant for the container's log; answer the peer with 401 and
    /// nothing else.
    pub fn verify<'h>(
        &self,
        request: &SignableRequest<'_>,
        header: &'h AuthorizationHeader,
    ) -> Result<Accepted<'h>, VerifyError> {
        let claims = Claims::read(header)?;
        self.check_method(request, claims.method)?;
        if claims.token.is_some() != self.token_secret.is_some() {
            return Err(VerifyError::TokenMismatch);
        }
        if header.place() != Source::Header && self.dialect == Dialect::Container {
            return Err(VerifyError::HeaderOnly);
        }
        let parameters = with_header(request, header)?;
        let shared = SigningKey::new(claims.method, self.consumer_secret, self.token_secret);
        let reading = Reading::candidates(request, &parameters, self.dialect)
            // a signature over anything less would say nothing about consumer, time and nonce
            .filter(|reading| reading.reads(header.place(), request))
            .find(|reading| {
                let arranged = Arranged::new(&parameters, request, *reading);
                let base_string = base_string(request, &arranged, *reading);
                self.is_right(shared.as_ref(), base_string, claims.signature)
            })
            .ok_or(VerifyError::BadSignature)?;
        check_body(request, header)?;
        Ok(Accepted {
            claims,
            covers_query: covers(&claims)
                && (request.query.is_empty() || reading.reads(Source::Query, request)),
            covers_body: request.body.is_empty()
                || covers(&claims) && covers_body(request, header, reading),
        })
    }

    fn check_method(
        &self,
        request: &SignableRequest<'_>,
        method: SignatureMethod,
    ) -> Result<(), VerifyError> {
        if !self.methods.contains(&method) {
            return Err(VerifyError::UnsupportedSignatureMethod);
        }
        let is_plaintext = method == SignatureMethod::Plaintext;
        if is_plaintext && !request.is_encrypted() && !self.plaintext_off_tls {
            return Err(VerifyError::PlaintextWithoutTls);
        }
        Ok(())
    }

    /// Whether the base string has this signature, by whichever key belongs to the method.
    fn is_right(&self, shared: Option<&SigningKey>, base_string: Vec<u8>, claimed: &str) -> bool {
        match shared {
            Some(key) => key.makes_signature(base_string, claimed),
            #[cfg(feature = "rsa-sha1")]
            None => self
                .rsa_key
                .is_some_and(|key| key.verifies(&base_string, claimed)),
            #[cfg(not(feature = "rsa-sha1"))]
            None => false,
        }
    }
}

/// The parameters of query, form and header. Those that `header` found in the query or form are
/// among these already.
pub(crate) fn with_header<'a>(
    request: &SignableRequest<'a>,
    header: &'a AuthorizationHeader,
) -> Result<Parameters<'a>, VerifyError> {
    let mut parameters = Parameters::new();
    collect(request, &mut parameters)?;
    if header.place() == Source::Header {
        let signed = header.iter().filter(|(name, _)| *name != "oauth_signature");
        parameters.extend(
            signed.map(|(name, value)| Parameter::of_header(Text::plain(name), Text::plain(value))),
        );
    }
    Ok(parameters)
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

    /// Whether the query is signed. If not, anyone on the way may have added it, and the container
    /// must not read it, as the Classic one does not: it ignores the query of everything but a GET.
    pub fn covers_query(&self) -> bool {
        self.covers_query
    }

    /// Whether the body is signed: as a form, by `oauth_body_hash`, or because there is none. Java
    /// clients of SMART containers send bodies without a hash; taking those is a choice, not a
    /// duty.
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

/// A hash that was sent must be right, on any request: the Python client sends the hash of nothing
/// with every GET, which is right, and checking it there too keeps anyone from stripping a signed
/// body on the way.
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

/// `PLAINTEXT` says who, and nothing about what.
fn covers(claims: &Claims<'_>) -> bool {
    claims.method != SignatureMethod::Plaintext
}

fn covers_body(
    request: &SignableRequest<'_>,
    header: &AuthorizationHeader,
    reading: Reading,
) -> bool {
    header.get("oauth_body_hash").is_some()
        || request.is_form() && reading.reads(Source::Form, request)
}

/// A body that the base string does not cover, by the Classic container's rule.
fn is_opaque(request: &SignableRequest<'_>) -> bool {
    !request.body.is_empty() && !request.is_form() && !request.is_get()
}

#[cfg(test)]
mod tests;
