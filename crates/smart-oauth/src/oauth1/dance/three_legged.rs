//! The dance with a user: request token, consent, access token
//! ([RFC 5849, section 2](https://www.rfc-editor.org/rfc/rfc5849#section-2)).

use http::{Request, Response, Uri};

use super::{Answer, Step, signed_post};
use crate::encode::{percent_encode, push_encoded};
use crate::oauth1::credentials::{AccessToken, Consumer, Nonce, RequestToken, Verifier};
use crate::oauth1::error::{DanceError, SignError};
use crate::oauth1::parameters::pairs;
use crate::oauth1::sign::SigningParams;
use crate::oauth1::text::Text;
use crate::time::Timestamp;

/// The longest callback that is read, in bytes.
const MAX_CALLBACK_BYTES: usize = 16 * 1024;

/// The dance, in one of its states: [`Unstarted`], [`AwaitingVerifier`], [`Verified`].
///
/// Each step is a pair: `request` makes what to send, `receive` takes what came and gives the next
/// state. A state is plain data; clone it before a step that may be repeated, as a forged callback
/// must not end the dance that it interferes with.
#[derive(Clone, Debug)]
pub struct Dance<S> {
    consumer: Consumer,
    endpoints: Endpoints,
    record_id: Option<String>,
    state: S,
}

/// The container's three URLs for the dance, from the `launch_urls` of its manifest.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "section 2 has three endpoints, and a literal cannot swap them"
)]
pub struct Endpoints {
    /// Where request tokens come from (`request_token`).
    pub request_token: Uri,
    /// The page that asks the user (`authorize_token`), perhaps on another host.
    pub authorize: Uri,
    /// Where access tokens come from (`exchange_token`).
    pub access_token: Uri,
}

/// Nothing was sent yet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unstarted;

/// A request token is there, the user's consent is not.
#[derive(Clone, Debug)]
pub struct AwaitingVerifier {
    token: RequestToken,
    callback_confirmed: bool,
}

/// The user has consented.
#[derive(Clone, Debug)]
pub struct Verified {
    token: RequestToken,
    verifier: Verifier,
}

impl Dance<Unstarted> {
    /// A dance for a record, or for whatever the user will choose on containers that ask.
    ///
    /// The reference container never authorizes a token that names no record.
    pub fn new(consumer: Consumer, endpoints: Endpoints, record_id: Option<String>) -> Self {
        Self {
            consumer,
            endpoints,
            record_id,
            state: Unstarted,
        }
    }

    /// Asks for a request token ([section
    /// 2.1](https://www.rfc-editor.org/rfc/rfc5849#section-2.1)).
    ///
    /// Record and callback travel in the form, where the reference container looks for them. The
    /// callback is always `oob`: a container redirects to the address in the app's manifest,
    /// whatever the request says.
    ///
    /// # Errors
    ///
    /// When the endpoint is not an absolute URL that can be signed.
    pub fn request(
        &self,
        nonce: Nonce,
        timestamp: Timestamp,
    ) -> Result<Request<Vec<u8>>, SignError> {
        let mut form = Vec::new();
        if let Some(record_id) = &self.record_id {
            if record_id.is_empty() {
                let id = String::new();
                return Err(SignError::UnusableId { id });
            }
            form.extend_from_slice(b"smart_record_id=");
            push_encoded(&mut form, record_id.as_bytes());
            form.push(b'&');
        }
        form.extend_from_slice(b"oauth_callback=oob");
        let params = SigningParams::new(&self.consumer, nonce, timestamp);
        signed_post(self.endpoints.request_token.clone(), form, &params)
    }

    /// Takes the request token.
    ///
    /// # Errors
    ///
    /// When the container refuses or its answer lacks the token or its secret.
    pub fn receive(
        self,
        response: &Response<impl AsRef<[u8]>>,
    ) -> Result<Dance<AwaitingVerifier>, DanceError> {
        let answer = Answer::read(Step::RequestToken, response)?;
        let state = AwaitingVerifier {
            token: RequestToken::new(
                answer.require("oauth_token")?,
                answer.require("oauth_token_secret")?,
            ),
            callback_confirmed: answer.get("oauth_callback_confirmed") == Some("true"),
        };
        Ok(self.advance(state))
    }
}

impl Dance<AwaitingVerifier> {
    /// Where to send the user's browser ([section
    /// 2.2](https://www.rfc-editor.org/rfc/rfc5849#section-2.2)).
    ///
    /// There may never be a callback: the reference container has no way to say no.
    pub fn authorize_url(&self) -> String {
        let page = self.endpoints.authorize.to_string();
        let joint = if page.contains('?') { '&' } else { '?' };
        format!(
            "{page}{joint}oauth_token={}",
            percent_encode(self.state.token.key().as_str())
        )
    }

    /// The token that the dance is about, under which an app may file the state while the user is
    /// away.
    pub fn request_token(&self) -> &RequestToken {
        &self.state.token
    }

    /// Whether the container said `oauth_callback_confirmed=true`. The RFC demands it; the
    /// reference container leaves it out, so that its absence is reported and not an error.
    pub fn is_callback_confirmed(&self) -> bool {
        self.state.callback_confirmed
    }

    /// Takes the callback, as the URL that the browser was sent to or as its query alone.
    ///
    /// That its token is the one we asked for is the only protection against forged callbacks that
    /// OAuth 1.0a has.
    ///
    /// # Errors
    ///
    /// When token or verifier is missing or comes twice, when the token is another one, or when the
    /// text is over 16 KiB.
    pub fn callback(self, callback: &str) -> Result<Dance<Verified>, DanceError> {
        if callback.len() > MAX_CALLBACK_BYTES {
            return Err(DanceError::CallbackTooLong {
                limit: MAX_CALLBACK_BYTES,
            });
        }
        let token = callback_parameter(callback, "oauth_token")?;
        if token != self.state.token.key().as_str() {
            return Err(DanceError::ForeignCallback);
        }
        let verifier = callback_parameter(callback, "oauth_verifier")?;
        Ok(self.verifier(Verifier::new(verifier)))
    }

    /// Takes a verifier that came another way, such as typed in by the user.
    pub fn verifier(self, verifier: Verifier) -> Dance<Verified> {
        let token = self.state.token.clone();
        self.advance(Verified { token, verifier })
    }

    /// Takes the state apart, for an app that has to store it while the user is away.
    pub fn into_parts(self) -> DanceParts {
        DanceParts {
            request_token: self.state.token,
            record_id: self.record_id,
            callback_confirmed: self.state.callback_confirmed,
        }
    }

    /// Puts the state together again.
    pub fn from_parts(consumer: Consumer, endpoints: Endpoints, parts: DanceParts) -> Self {
        Self {
            consumer,
            endpoints,
            record_id: parts.record_id,
            state: AwaitingVerifier {
                token: parts.request_token,
                callback_confirmed: parts.callback_confirmed,
            },
        }
    }
}

impl Dance<Verified> {
    /// Asks for the access token ([section
    /// 2.3](https://www.rfc-editor.org/rfc/rfc5849#section-2.3)).
    ///
    /// # Errors
    ///
    /// When the endpoint is not an absolute URL that can be signed.
    pub fn request(
        &self,
        nonce: Nonce,
        timestamp: Timestamp,
    ) -> Result<Request<Vec<u8>>, SignError> {
        let params = SigningParams::new(&self.consumer, nonce, timestamp)
            .with_request_token(&self.state.token)
            .with_verifier(&self.state.verifier);
        signed_post(self.endpoints.access_token.clone(), Vec::new(), &params)
    }

    /// Takes the access token. Request token and verifier are used up, whatever the answer.
    ///
    /// # Errors
    ///
    /// When the container refuses, when its answer lacks the token or its secret, or when it grants
    /// another record than the one asked for.
    pub fn receive(self, response: &Response<impl AsRef<[u8]>>) -> Result<Authorized, DanceError> {
        let answer = Answer::read(Step::AccessToken, response)?;
        let token = AccessToken::new(
            answer.require("oauth_token")?,
            answer.require("oauth_token_secret")?,
        );
        let granted = answer
            .get("record_id")
            .or_else(|| answer.get("smart_record_id"));
        if let (Some(asked), Some(granted)) = (self.record_id, granted)
            && asked != granted
        {
            return Err(DanceError::WrongRecord {
                asked,
                granted: granted.to_owned(),
            });
        }
        Ok(Authorized {
            token,
            record_id: granted.map(str::to_owned),
            user_id: answer.get("user_id").map(str::to_owned),
            extra: answer
                .extra()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }
}

impl<S> Dance<S> {
    fn advance<T>(self, state: T) -> Dance<T> {
        Dance {
            consumer: self.consumer,
            endpoints: self.endpoints,
            record_id: self.record_id,
            state,
        }
    }
}

/// What has to be kept while the user is away. The token's secret is in it: store it where the user
/// cannot read it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DanceParts {
    /// The token that waits for consent.
    pub request_token: RequestToken,
    /// The record that the dance is about.
    pub record_id: Option<String>,
    /// Whether the container confirmed the callback.
    pub callback_confirmed: bool,
}

impl DanceParts {
    /// Parts read back from wherever the app stored them.
    pub fn new(
        request_token: RequestToken,
        record_id: Option<String>,
        callback_confirmed: bool,
    ) -> Self {
        Self {
            request_token,
            record_id,
            callback_confirmed,
        }
    }
}

/// The end of the dance.
#[derive(Clone)]
#[non_exhaustive]
pub struct Authorized {
    /// The token that signs calls from now on.
    pub token: AccessToken,
    /// The record that the token is bound to, if the container said.
    pub record_id: Option<String>,
    /// The user who consented, if the container said. The reference container sends an internal
    /// number here, which its paths with a user id do not take; they want the user's e-mail
    /// address.
    pub user_id: Option<String>,
    extra: Vec<(String, String)>,
}

impl Authorized {
    /// Any other field that the container sent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.extra
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Authorized {
    /// Leaves out the fields that nobody knows: one may be a secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Authorized")
            .field("token", &self.token)
            .field("record_id", &self.record_id)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// The one value of a parameter of the callback.
///
/// The reference container joins with `?` even when the app's address has a query already, so that
/// both `?` separate.
fn callback_parameter(callback: &str, name: &'static str) -> Result<String, DanceError> {
    let without_fragment = callback.split('#').next().unwrap_or_default();
    let mut values = without_fragment
        .split('?')
        .flat_map(|query| pairs(query.as_bytes()))
        .filter(|(known, _)| *known == Text::plain(name))
        .map(|(_, value)| value.lossy());
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(DanceError::CallbackRepeats { name }),
        (Some(value), None) if !value.is_empty() => Ok(value),
        _ => Err(DanceError::CallbackLacks { name }),
    }
}

#[cfg(test)]
mod tests;
