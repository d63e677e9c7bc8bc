//! Signing: a request view and credentials in, an `Authorization` header out
//! ([RFC 5849, section 3.4](https://www.rfc-editor.org/rfc/rfc5849#section-3.4)).

use std::borrow::Cow;
use std::fmt;

use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::base_string::base_string;
use crate::credentials::{
    AccessToken, Consumer, Nonce, RequestToken, Timestamp, TokenKey, TokenSecret, Verifier,
};
use crate::dialect::Dialect;
use crate::error::SignError;
use crate::header::HeaderWriter;
use crate::parameters::{Parameter, Source, arrange, collect};
use crate::request::SignableRequest;
use crate::signature::{SignatureMethod, SigningKey, body_hash};

/// Everything that goes into a signature besides the request: credentials, nonce, time, and what to say in the header.
#[derive(Clone, Debug)]
pub struct SigningParams<'a> {
    consumer: &'a Consumer,
    token: Option<(&'a TokenKey, &'a TokenSecret)>,
    nonce: Nonce,
    timestamp: Timestamp,
    verifier: Option<&'a Verifier>,
    callback: Option<&'a str>,
    realm: Option<&'a str>,
    method: SignatureMethod,
    dialect: Dialect,
    version: bool,
}

impl<'a> SigningParams<'a> {
    /// For a two-legged call: the app signs in its own name. Every signature needs a nonce of its own.
    pub fn new(consumer: &'a Consumer, nonce: Nonce, timestamp: Timestamp) -> Self {
        Self {
            consumer,
            token: None,
            nonce,
            timestamp,
            verifier: None,
            callback: None,
            realm: None,
            method: SignatureMethod::default(),
            dialect: Dialect::default(),
            version: true,
        }
    }

    /// Signs with an access token: the call is made in the name of the record and user that the token is bound to.
    #[must_use]
    pub fn with_access_token(self, token: &'a AccessToken) -> Self {
        Self {
            token: Some((token.key(), token.secret())),
            ..self
        }
    }

    /// Signs with a request token, as the exchange for an access token needs.
    #[must_use]
    pub fn with_request_token(self, token: &'a RequestToken) -> Self {
        Self {
            token: Some((token.key(), token.secret())),
            ..self
        }
    }

    /// Sends `oauth_verifier` ([RFC 5849, section 2.3](https://www.rfc-editor.org/rfc/rfc5849#section-2.3)).
    #[must_use]
    pub fn with_verifier(self, verifier: &'a Verifier) -> Self {
        Self {
            verifier: Some(verifier),
            ..self
        }
    }

    /// Sends `oauth_callback` in the header ([RFC 5849, section 2.1](https://www.rfc-editor.org/rfc/rfc5849#section-2.1)).
    #[must_use]
    pub fn with_callback(self, callback: &'a str) -> Self {
        Self {
            callback: Some(callback),
            ..self
        }
    }

    /// Sends a realm, which is not signed ([RFC 5849, section 3.5.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.5.1)).
    #[must_use]
    pub fn with_realm(self, realm: &'a str) -> Self {
        Self {
            realm: Some(realm),
            ..self
        }
    }

    /// Chooses what to sign; [`Dialect::Portable`] unless told otherwise.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// Leaves `oauth_version` out, which both the RFC and the container take to mean 1.0.
    #[must_use]
    pub fn without_version(self) -> Self {
        Self {
            version: false,
            ..self
        }
    }

    /// The parameters of the header, in the order in which it shows them, the signature not among them.
    fn header_parameters(
        &self,
        request: &SignableRequest<'_>,
    ) -> Vec<(&'static str, Cow<'_, str>)> {
        let mut parameters = Vec::with_capacity(10);
        parameters.push(("oauth_consumer_key", self.consumer.key().as_str().into()));
        if let Some((key, _)) = self.token {
            parameters.push(("oauth_token", key.as_str().into()));
        }
        parameters.push(("oauth_signature_method", self.method.name().into()));
        parameters.push(("oauth_timestamp", self.timestamp.to_string().into()));
        parameters.push(("oauth_nonce", self.nonce.as_str().into()));
        if self.version {
            parameters.push(("oauth_version", "1.0".into()));
        }
        if let Some(callback) = self.callback {
            parameters.push(("oauth_callback", callback.into()));
        }
        if let Some(verifier) = self.verifier {
            parameters.push(("oauth_verifier", verifier.expose().into()));
        }
        if self.dialect.hashes_body() && !request.body.is_empty() && !request.is_form() {
            parameters.push(("oauth_body_hash", body_hash(request.body).into()));
        }
        parameters
    }
}

/// Signs a request. A pure function: the same arguments give the same signature.
///
/// # Errors
///
/// When the request is over a limit, or no container could accept any signature over it under the chosen [`Dialect`].
///
/// ```
/// use smart_oauth::{Consumer, Nonce, SignableRequest, SigningParams, Timestamp, sign};
///
/// let consumer = Consumer::new("my-app@apps.smartplatforms.org", "smartapp-secret");
/// let mut request = http::Request::get("http://localhost:7000/apps/manifests/").body(Vec::new())?;
///
/// let params = SigningParams::new(&consumer, Nonce::new("kllo9940pd9333jh")?, Timestamp::from_unix_seconds(1_365_000_000));
/// let signed = sign(&SignableRequest::from_http(&request)?, &params)?;
/// signed.apply_to(&mut request);
///
/// assert!(request.headers()["authorization"].to_str()?.starts_with("OAuth oauth_consumer_key=\"my-app%40apps."));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign(
    request: &SignableRequest<'_>,
    params: &SigningParams<'_>,
) -> Result<Signed, SignError> {
    let header = params.header_parameters(request);
    let mut parameters = collect(request, header.len())?;
    parameters.extend(header.iter().map(|(name, value)| Parameter {
        name: Cow::Borrowed(name.as_bytes()),
        value: Cow::Borrowed(value.as_bytes()),
        source: Source::Header,
    }));
    let reading = params.dialect.reading();
    let arranged = arrange(&parameters, request, reading);
    params.dialect.check(request, &arranged)?;

    let base_string = base_string(request, &arranged, reading);
    let key = SigningKey::new(
        params.consumer.secret(),
        params.token.map(|(_, secret)| secret),
    );
    let signature = params.method.sign(&base_string, &key);

    let mut writer = HeaderWriter::new(params.realm)?;
    for (name, value) in &header {
        writer.push(name, value);
    }
    writer.push("oauth_signature", &signature);
    Ok(Signed {
        authorization: writer.finish(),
        base_string,
        signature,
    })
}

/// What signing says to do to the request, and how it came about.
#[derive(Clone)]
pub struct Signed {
    authorization: HeaderValue,
    base_string: String,
    signature: String,
}

impl Signed {
    /// The value of the `Authorization` header, marked sensitive so that it stays out of debug output.
    pub fn authorization(&self) -> &HeaderValue {
        &self.authorization
    }

    /// Sets the header, in place of any that is there. The body does not matter here, and may have changed its type since.
    pub fn apply_to<B>(&self, request: &mut http::Request<B>) {
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.authorization.clone());
    }

    /// The text that was signed. It holds every parameter of the request, the verifier too: for debugging, not for logs.
    pub fn base_string(&self) -> &str {
        &self.base_string
    }

    /// The value of `oauth_signature`, in base64, not percent-encoded.
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Signed")
            .field("authorization", &self.authorization)
            .finish_non_exhaustive()
    }
}
