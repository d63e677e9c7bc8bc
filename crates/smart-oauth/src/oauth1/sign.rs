//! Signing: a request view and credentials in, instructions out
//! ([RFC 5849, section 3.4](https://www.rfc-editor.org/rfc/rfc5849#section-3.4)).

use crate::oauth1::base_string::base_string;
use crate::oauth1::block::Block;
use crate::oauth1::credentials::{
    AccessToken, Consumer, Nonce, RequestToken, TokenKey, TokenSecret, Verifier,
};
use crate::oauth1::dialect::Dialect;
use crate::oauth1::error::SignError;
use crate::oauth1::header::write_header;
use crate::oauth1::parameters::{Arranged, Parameter, Parameters, collect};
use crate::oauth1::request::SignableRequest;
#[cfg(feature = "rsa-sha1")]
use crate::oauth1::signature::rsa_sha1::RsaSha1Key;
use crate::oauth1::signature::{SignatureMethod, SigningKey, body_hash};
use crate::oauth1::signed::Signed;
use crate::oauth1::signer::{Prepared, Signer};
use crate::oauth1::text::Text;
use crate::time::Timestamp;

/// Everything that goes into a signature besides the request: credentials, nonce, time, and what to
/// say in the header.
#[derive(Clone, Debug)]
pub struct SigningParams<'a> {
    consumer: &'a Consumer,
    token: Option<(&'a TokenKey, &'a TokenSecret)>,
    key: KeySource<'a>,
    nonce: Nonce,
    timestamp: Timestamp,
    verifier: Option<&'a Verifier>,
    callback: Option<&'a str>,
    realm: Option<&'a str>,
    dialect: Dialect,
    version: bool,
    plaintext_off_tls: bool,
}

/// Where the key comes from.
#[derive(Clone, Copy)]
enum KeySource<'a> {
    /// A key for HMAC-SHA1, and the parameters that go with it.
    Prepared(&'a Prepared),
    /// The secrets, made into a key for this method when it is needed.
    Secrets(SignatureMethod),
    #[cfg(feature = "rsa-sha1")]
    Rsa(&'a dyn RsaSha1Key),
}

impl<'a> SigningParams<'a> {
    /// For a two-legged call: the app signs in its own name. Every signature needs a nonce of its
    /// own.
    pub fn new(consumer: &'a Consumer, nonce: Nonce, timestamp: Timestamp) -> Self {
        Self {
            consumer,
            token: None,
            key: KeySource::Secrets(SignatureMethod::default()),
            nonce,
            timestamp,
            verifier: None,
            callback: None,
            realm: None,
            dialect: Dialect::default(),
            version: true,
            plaintext_off_tls: false,
        }
    }

    /// With credentials that were made ready before: about a third less work. Every signature needs
    /// a nonce of its own.
    pub fn prepared(signer: &'a Signer, nonce: Nonce, timestamp: Timestamp) -> Self {
        Self {
            token: signer.token(),
            key: KeySource::Prepared(signer.prepared()),
            ..Self::new(signer.consumer(), nonce, timestamp)
        }
    }

    /// Signs with an access token: the call is made in the name of the record and user that the
    /// token is bound to.
    #[must_use]
    pub fn with_access_token(self, token: &'a AccessToken) -> Self {
        self.with_token(token.key(), token.secret())
    }

    /// Signs with a request token, as the exchange for an access token needs.
    #[must_use]
    pub fn with_request_token(self, token: &'a RequestToken) -> Self {
        self.with_token(token.key(), token.secret())
    }

    fn with_token(self, key: &'a TokenKey, secret: &'a TokenSecret) -> Self {
        Self {
            token: Some((key, secret)),
            key: match self.key {
                KeySource::Prepared(_) => KeySource::Secrets(SignatureMethod::HmacSha1),
                other => other,
            },
            ..self
        }
    }

    /// Sends `oauth_verifier` ([RFC 5849, section
    /// 2.3](https://www.rfc-editor.org/rfc/rfc5849#section-2.3)).
    #[must_use]
    pub fn with_verifier(self, verifier: &'a Verifier) -> Self {
        Self {
            verifier: Some(verifier),
            ..self
        }
    }

    /// Sends `oauth_callback` in the header ([RFC 5849, section
    /// 2.1](https://www.rfc-editor.org/rfc/rfc5849#section-2.1)).
    #[must_use]
    pub fn with_callback(self, callback: &'a str) -> Self {
        Self {
            callback: Some(callback),
            ..self
        }
    }

    /// Sends a realm, which is not signed ([RFC 5849, section
    /// 3.5.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.5.1)).
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

    /// Signs with the shared secrets by another method than HMAC-SHA1, for servers other than
    /// Classic containers: needs [`Dialect::Rfc5849`]. RSA-SHA1 is chosen by giving its key
    /// instead.
    #[must_use]
    pub fn with_method(self, method: SignatureMethod) -> Self {
        Self {
            key: KeySource::Secrets(method),
            ..self
        }
    }

    /// Signs with RSA-SHA1 and this private key ([RFC 5849, section
    /// 3.4.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.3)): needs [`Dialect::Rfc5849`].
    /// The shared secrets are not used.
    #[cfg(feature = "rsa-sha1")]
    #[must_use]
    pub fn with_rsa_key(self, key: &'a dyn RsaSha1Key) -> Self {
        Self {
            key: KeySource::Rsa(key),
            ..self
        }
    }

    /// Lets [`SignatureMethod::Plaintext`] go over `http`, where everyone on the way reads both
    /// secrets. For test servers on the same machine.
    #[must_use]
    pub fn allow_plaintext_off_tls(self) -> Self {
        Self {
            plaintext_off_tls: true,
            ..self
        }
    }

    /// Leaves `oauth_version` out, which both the RFC and the container take to mean 1.0.
    #[must_use]
    pub fn without_version(self) -> Self {
        Self {
            version: false,
            ..self
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn secrets(&self) -> (&'a Consumer, Option<&'a TokenSecret>) {
        (self.consumer, self.token.map(|(_, secret)| secret))
    }

    pub(crate) fn method(&self) -> SignatureMethod {
        match self.key {
            KeySource::Prepared(_) => SignatureMethod::HmacSha1,
            KeySource::Secrets(method) => method,
            #[cfg(feature = "rsa-sha1")]
            KeySource::Rsa(_) => SignatureMethod::RsaSha1,
        }
    }

    /// What can be refused without a look at the parameters.
    pub(crate) fn check(&self, request: &SignableRequest<'_>) -> Result<(), SignError> {
        let is_plaintext = self.method() == SignatureMethod::Plaintext;
        if is_plaintext && !request.is_encrypted() && !self.plaintext_off_tls {
            return Err(SignError::PlaintextWithoutTls);
        }
        Ok(())
    }

    /// Adds the parameters of the header, in the order in which it shows them, the signature not
    /// among them.
    pub(crate) fn push_fields<'f>(&'f self, made: &'f Made<'_>, parameters: &mut Parameters<'f>) {
        let mut push = |name: &'static str, value| {
            parameters.push(Parameter::of_header(Text::clean(name), value));
        };
        let key = self.consumer.key().as_str();
        push("oauth_consumer_key", Text::plain(key));
        if let Some((key, _)) = self.token {
            push("oauth_token", Text::plain(key.as_str()));
        }
        push("oauth_signature_method", Text::clean(self.method().name()));
        push("oauth_timestamp", Text::clean(made.timestamp));
        push("oauth_nonce", self.nonce.as_text());
        if self.version {
            push("oauth_version", Text::clean("1.0"));
        }
        if let Some(callback) = self.callback {
            push("oauth_callback", Text::plain(callback));
        }
        if let Some(verifier) = self.verifier {
            push("oauth_verifier", Text::plain(verifier.expose()));
        }
        if let Some(body_hash) = &made.body_hash {
            push("oauth_body_hash", Text::plain(body_hash));
        }
    }

    /// The same parameters as one block, if they are the usual ones and prepared.
    fn block<'f>(&'f self, made: &'f Made<'_>) -> Option<Block<'f>> {
        let KeySource::Prepared(prepared) = self.key else {
            return None;
        };
        let is_usual = self.version
            && self.callback.is_none()
            && self.verifier.is_none()
            && made.body_hash.is_none();
        is_usual.then(|| Block {
            frame: &prepared.frame,
            nonce: self.nonce.as_text(),
            timestamp: Text::clean(made.timestamp),
        })
    }

    /// Appends the signature to the base string.
    fn append_signature(&self, base_string: &mut Vec<u8>) -> Result<(), SignError> {
        match self.key {
            KeySource::Prepared(prepared) => prepared.key.append_signature(base_string),
            KeySource::Secrets(method) => {
                let (consumer, token) = self.secrets();
                SigningKey::new(method, consumer.secret(), token)
                    .ok_or(SignError::NoPrivateKey)?
                    .append_signature(base_string);
            }
            #[cfg(feature = "rsa-sha1")]
            KeySource::Rsa(key) => {
                crate::oauth1::signature::rsa_sha1::append_signature(key, base_string)?;
            }
        }
        Ok(())
    }
}

/// The values of the header that have to be made.
pub(crate) struct Made<'a> {
    timestamp: &'a str,
    body_hash: Option<String>,
}

impl<'a> Made<'a> {
    pub(crate) fn new(
        request: &SignableRequest<'_>,
        params: &SigningParams<'_>,
        digits: &'a mut itoa::Buffer,
    ) -> Self {
        let is_hashed =
            params.dialect.hashes_body() && !request.body.is_empty() && !request.is_form();
        Self {
            timestamp: digits.format(params.timestamp.as_unix_seconds()),
            body_hash: is_hashed.then(|| body_hash(request.body)),
        }
    }
}

/// Signs a request. A pure function: the same arguments give the same signature.
///
/// # Errors
///
/// When the request is over a limit, or no container could accept any signature over it under the
/// chosen [`Dialect`].
///
/// ```
/// use smart_oauth::Timestamp;
/// use smart_oauth::oauth1::{Consumer, Nonce, SignableRequest, SigningParams, sign};
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
    params.check(request)?;
    let mut digits = itoa::Buffer::new();
    let made = Made::new(request, params, &mut digits);
    let block = params.block(&made);
    let mut parameters = Parameters::new();
    collect(request, &mut parameters)?;
    let fields_at = parameters.len();
    match block.as_ref().filter(|_| Block::is_alone(&parameters)) {
        Some(block) => parameters.push(Parameter::of_block(block)),
        None => params.push_fields(&made, &mut parameters),
    }
    let reading = params.dialect.reading();
    let arranged = Arranged::new(&parameters, request, reading);
    params.dialect.check(request, &arranged, params.method())?;

    let mut text = base_string(request, &arranged, reading);
    let base_string_length = text.len();
    params.append_signature(&mut text)?;

    let signature = Text::plain(&text[base_string_length..]);
    let signature = Parameter::of_header(Text::clean("oauth_signature"), signature);
    let (authorization, parameters_at) =
        write_header(params.realm, &parameters[fields_at..], &signature)?;
    Ok(Signed {
        authorization,
        parameters_at,
        base_string_length,
        is_secret: params.method() == SignatureMethod::Plaintext,
        allows_any_place: params.dialect.allows_any_place(),
        text,
    })
}

impl std::fmt::Debug for KeySource<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Prepared(_) => "Prepared",
            Self::Secrets(method) => method.name(),
            #[cfg(feature = "rsa-sha1")]
            Self::Rsa(_) => "RSA-SHA1",
        })
    }
}
