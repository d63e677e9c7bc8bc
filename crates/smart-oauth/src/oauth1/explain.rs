//! What goes into a signature, laid out for a person who has to find out why two sides disagree.

mod cause;
mod difference;
mod variants;

use std::fmt;

use zeroize::Zeroizing;

use crate::encode::{decode, into_text, percent_encode};
use crate::oauth1::base_string::base_string;
use crate::oauth1::credentials::{ConsumerSecret, TokenSecret};
use crate::oauth1::dialect::Dialect;
use crate::oauth1::error::{SignError, VerifyError};
use crate::oauth1::header::AuthorizationHeader;
use crate::oauth1::parameters::{Arranged, Parameters, Source, collect};
use crate::oauth1::request::SignableRequest;
use crate::oauth1::sign::{Made, SigningParams};
use crate::oauth1::signature::{SignatureMethod, SigningKey};
use crate::oauth1::verify::with_header;

pub use cause::Cause;
pub use difference::{Difference, Part};
use variants::{Variant, variants};

/// Lays out what [`sign`](crate::oauth1::sign()) would sign, also where it would refuse to.
///
/// # Errors
///
/// When the request is over a limit.
///
/// ```
/// use smart_oauth::Timestamp;
/// use smart_oauth::oauth1::{Cause, Consumer, Nonce, SignableRequest, SigningParams, explain};
///
/// let consumer = Consumer::new("app", "secret");
/// let request = http::Request::get("http://localhost:7000/records/1/problems/?limit=2").body(Vec::new())?;
/// let params = SigningParams::new(&consumer, Nonce::new("n")?, Timestamp::from_unix_seconds(7));
/// let explanation = explain(&SignableRequest::from_http(&request)?, &params)?;
/// assert_eq!(explanation.parameters()[0].to_string(), "limit=2 (query)");
///
/// // the server says what it made of the request
/// let theirs = explanation.base_string().replacen("http%3A", "https%3A", 1);
/// let difference = explanation.compare_base_string(&theirs).ok_or("no difference")?;
/// assert_eq!(difference.cause, Cause::Scheme);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain(
    request: &SignableRequest<'_>,
    params: &SigningParams<'_>,
) -> Result<Explanation, SignError> {
    let mut digits = itoa::Buffer::new();
    let made = Made::new(request, params, &mut digits);
    let mut parameters = Parameters::new();
    collect(request, &mut parameters)?;
    params.push_fields(&made, &mut parameters);
    let (consumer, token_secret) = params.secrets();
    let secrets = Secrets::new(consumer.secret(), token_secret);
    Ok(Explanation::new(
        request,
        &parameters,
        params.dialect(),
        params.method(),
        secrets,
    ))
}

/// Lays out what a server makes of a request that it received, in the base string of one dialect.
///
/// # Errors
///
/// When the header names no known signature method, or the request is over a limit.
pub fn explain_received(
    request: &SignableRequest<'_>,
    header: &AuthorizationHeader,
    consumer_secret: &ConsumerSecret,
    token_secret: Option<&TokenSecret>,
    dialect: Dialect,
) -> Result<Explanation, VerifyError> {
    let method = header
        .signature_method()
        .ok_or(VerifyError::MissingParameter {
            name: "oauth_signature_method",
        })?;
    let method =
        SignatureMethod::from_name(method).ok_or(VerifyError::UnsupportedSignatureMethod)?;
    let parameters = with_header(request, header)?;
    let secrets = Secrets::new(consumer_secret, token_secret);
    Ok(Explanation::new(
        request,
        &parameters,
        dialect,
        method,
        secrets,
    ))
}

/// A base string, taken apart, and the means to hold another one against it.
///
/// It shows the request's parameters, some of which may be secret (a verifier, a patient's data),
/// so that `Debug` leaves them out. The two shared secrets it never shows, only their
/// [shape](Self::key).
#[derive(Clone)]
pub struct Explanation {
    base_string: String,
    signature: Option<Zeroizing<String>>,
    parameters: Vec<ExplainedParameter>,
    method: SignatureMethod,
    key: KeyShape,
    variants: Vec<Variant>,
}

impl Explanation {
    fn new(
        request: &SignableRequest<'_>,
        parameters: &Parameters<'_>,
        dialect: Dialect,
        method: SignatureMethod,
        secrets: Secrets<'_>,
    ) -> Self {
        let reading = dialect.reading();
        let arranged = Arranged::new(parameters, request, reading);
        let base_string = into_text(base_string(request, &arranged, reading));
        let key = SigningKey::new(method, secrets.consumer, secrets.token);
        Self {
            signature: key.map(|key| key.signature(&base_string)),
            parameters: arranged
                .iter()
                .map(|parameter| ExplainedParameter {
                    name: encoded(&parameter.name.decoded()),
                    value: encoded(&parameter.value.decoded()),
                    source: parameter.source,
                })
                .collect(),
            method,
            key: secrets.shape(),
            variants: variants(request, parameters, &base_string, method, secrets),
            base_string,
        }
    }

    /// The base string ([RFC 5849, section
    /// 3.4.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1)).
    pub fn base_string(&self) -> &str {
        &self.base_string
    }

    /// The signature, not percent-encoded. None for RSA-SHA1, whose key is elsewhere. With
    /// `PLAINTEXT` it is the secrets.
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_ref().map(|signature| signature.as_str())
    }

    /// The parameters as they are signed, in that order ([section
    /// 3.4.1.3.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3.2)), each with the place
    /// it came from.
    pub fn parameters(&self) -> &[ExplainedParameter] {
        &self.parameters
    }

    /// How it is signed.
    pub fn method(&self) -> SignatureMethod {
        self.method
    }

    /// What the key looks like, without the key.
    pub fn key(&self) -> KeyShape {
        self.key
    }

    /// The first place where the other side's base string differs from this one, and why it may.
    /// None when they are the same.
    pub fn compare_base_string(&self, theirs: &str) -> Option<Difference> {
        let theirs = theirs.trim();
        let mut difference = Difference::find(&self.base_string, theirs)?;
        let known = self
            .variants
            .iter()
            .find(|variant| variant.base_string.as_str() == theirs);
        if let Some(variant) = known {
            difference.cause = variant.cause.clone();
        }
        Some(difference)
    }

    /// Why the other side may have come to this signature: it is that of a mistake that is often
    /// made. None when the signatures are the same.
    pub fn compare_signature(&self, theirs: &str) -> Option<Cause> {
        let theirs = theirs.trim();
        if self.signature() == Some(theirs) {
            return None;
        }
        if self
            .signature()
            .is_some_and(|ours| percent_encode(ours) == theirs)
        {
            return Some(Cause::SignatureEncoding);
        }
        let known = self.variants.iter().find(|variant| {
            variant.signature.as_ref().is_some_and(|signature| {
                signature.as_str() == theirs || percent_encode(signature) == theirs
            })
        });
        Some(known.map_or(Cause::Unknown, |variant| variant.cause.clone()))
    }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Explanation")
            .field("parameters", &self.parameters)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// One parameter of a base string.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedParameter {
    /// The name, encoded once, as it is sorted.
    pub name: String,
    /// The value, encoded once.
    pub value: String,
    /// Where it stood.
    pub source: Source,
}

impl fmt::Display for ExplainedParameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            Source::Form => "form",
            Source::Header => "header",
            Source::Query => "query",
        };
        write!(formatter, "{}={} ({source})", self.name, self.value)
    }
}

impl fmt::Debug for ExplainedParameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({:?})", self.name, self.source)
    }
}

/// The shape of the two secrets: enough to see that one is missing, or was copied with a line
/// break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyShape {
    /// The consumer secret.
    pub consumer_secret: SecretShape,
    /// The token secret; none on a two-legged call.
    pub token_secret: Option<SecretShape>,
}

impl fmt::Display for KeyShape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "consumer secret of {}", self.consumer_secret)?;
        match self.token_secret {
            Some(shape) => write!(formatter, ", token secret of {shape}"),
            None => formatter.write_str(", no token secret"),
        }
    }
}

/// The shape of one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretShape {
    /// Its length, in bytes.
    pub bytes: usize,
    /// Whether it holds characters that have to be encoded, which some implementations forget.
    pub needs_encoding: bool,
    /// Whether it begins or ends with white space, as a secret that was read with its line break
    /// does.
    pub has_outer_space: bool,
}

impl SecretShape {
    fn of(secret: &str) -> Self {
        Self {
            bytes: secret.len(),
            needs_encoding: percent_encode(secret).len() != secret.len(),
            has_outer_space: secret.trim().len() != secret.len(),
        }
    }
}

impl fmt::Display for SecretShape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes", self.bytes)?;
        if self.needs_encoding {
            formatter.write_str(", some to be encoded")?;
        }
        if self.has_outer_space {
            formatter.write_str(", white space at an end")?;
        }
        Ok(())
    }
}

/// The shared secrets, borrowed.
#[derive(Clone, Copy)]
struct Secrets<'a> {
    consumer: &'a ConsumerSecret,
    token: Option<&'a TokenSecret>,
}

impl<'a> Secrets<'a> {
    fn new(consumer: &'a ConsumerSecret, token: Option<&'a TokenSecret>) -> Self {
        Self { consumer, token }
    }

    fn shape(self) -> KeyShape {
        KeyShape {
            consumer_secret: SecretShape::of(self.consumer.expose()),
            token_secret: self.token.map(|secret| SecretShape::of(secret.expose())),
        }
    }
}

fn encoded(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    crate::encode::push_encoded(&mut out, bytes);
    into_text(out)
}

/// A piece of a base string, with one layer of encoding off.
fn decoded(piece: &str) -> String {
    String::from_utf8_lossy(&decode(piece.as_bytes())).into_owned()
}

#[cfg(test)]
mod tests;
