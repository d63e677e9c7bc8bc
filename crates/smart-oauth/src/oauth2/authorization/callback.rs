//! Whether a callback is to be believed, and what it says
//! ([RFC 6749, section 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2),
//! [RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).

use subtle::ConstantTimeEq;

use super::{Authorization, Authorized, AwaitingCallback, CallbackError};
use crate::oauth1::parameters::pairs;
use crate::oauth2::answer::Refusal;
use crate::oauth2::client::TokenDialect;
use crate::oauth2::credentials::AuthorizationCode;

/// The longest callback that is read, in bytes.
const MAX_CALLBACK_BYTES: usize = 16 * 1024;

/// How the user, or the server, has decided.
#[derive(Debug)]
#[non_exhaustive]
pub enum Callback {
    /// There is a code.
    Authorized(Box<Authorization<Authorized>>),
    /// The user said no (`access_denied`).
    Denied(Denial),
    /// The server could not do it; any other error.
    Failed(Denial),
}

/// A callback with an error. The authorization is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denial {
    /// The server's reason.
    pub refusal: Refusal,
    /// Whether the callback contained our `state`. S4S sends none when the user says no; this is
    /// tolerated for S4S servers only. Such a callback may come from anybody: do nothing about it
    /// but stop waiting.
    pub is_ours: bool,
}

impl Authorization<AwaitingCallback> {
    /// Takes the callback, as the URL that the browser was sent to, or as its query alone.
    ///
    /// An error means that the callback is not believed: it does not answer this authorization.
    /// Clone the state before if it shall stay open, as a forged callback must not end the
    /// authorization that it interferes with.
    ///
    /// # Errors
    ///
    /// If the callback contains another `state` than ours, or none (but see [`Denial::is_ours`]),
    /// names another server, contradicts or repeats itself, or is over 16 KiB.
    pub fn callback(self, callback: &str) -> Result<Callback, CallbackError> {
        let parameters = Parameters::read(callback)?;
        let is_ours = self.check_state(&parameters)?;
        if is_ours {
            self.check_issuer(&parameters)?;
        }
        // section 4.1.2.1 requires the state here too; the refusal of S4S comes without it
        let is_s4s_refusal = self.is_s4s() && parameters.error.as_deref() == Some("access_denied");
        match (parameters.code, parameters.error) {
            (Some(_), Some(_)) => Err(CallbackError::Contradictory),
            (None, None) => Err(CallbackError::Lacks),
            (Some(_), None) if !is_ours => Err(CallbackError::MissingState),
            (None, Some(_)) if !is_ours && !is_s4s_refusal => Err(CallbackError::MissingState),
            (Some(code), None) => {
                let authorized = self.authorized(AuthorizationCode::new(code));
                Ok(Callback::Authorized(Box::new(authorized)))
            }
            (None, Some(error)) => {
                let refusal = Refusal::new(&error, parameters.description.as_deref());
                let denial = Denial { refusal, is_ours };
                Ok(match denial.refusal.code() {
                    "access_denied" => Callback::Denied(denial),
                    _ => Callback::Failed(denial),
                })
            }
        }
    }

    /// Whether the server was found the way of S4S, or is spoken to as one by the app's choice.
    fn is_s4s(&self) -> bool {
        self.client.dialect() == TokenDialect::S4S
    }

    /// `false` where there is no state; another state than ours is an error.
    fn check_state(&self, parameters: &Parameters) -> Result<bool, CallbackError> {
        let Some(given) = &parameters.state else {
            return Ok(false);
        };
        let ours = self.state().expose().as_bytes();
        if bool::from(ours.ct_eq(given.as_bytes())) {
            Ok(true)
        } else {
            Err(CallbackError::ForeignState)
        }
    }

    /// [RFC 9207, section 2.4](https://www.rfc-editor.org/rfc/rfc9207#section-2.4). A server that
    /// never told its name cannot be compared.
    fn check_issuer(&self, parameters: &Parameters) -> Result<(), CallbackError> {
        let server = self.server();
        match (&server.issuer, &parameters.iss) {
            (Some(known), Some(given)) if known != given => Err(CallbackError::ForeignIssuer),
            (None, Some(_)) if server.promises_iss => Err(CallbackError::ForeignIssuer),
            (_, None) if server.promises_iss => Err(CallbackError::MissingIssuer),
            _ => Ok(()),
        }
    }
}

/// What a callback may hold; whatever else it holds is passed over.
#[derive(Default)]
struct Parameters {
    code: Option<String>,
    error: Option<String>,
    description: Option<String>,
    iss: Option<String>,
    state: Option<String>,
}

impl Parameters {
    fn read(callback: &str) -> Result<Self, CallbackError> {
        if callback.len() > MAX_CALLBACK_BYTES {
            return Err(CallbackError::TooLong {
                limit: MAX_CALLBACK_BYTES,
            });
        }
        let without_fragment = callback.split('#').next().unwrap_or_default();
        let query = match without_fragment.split_once('?') {
            Some((_, query)) => query,
            None => without_fragment,
        };
        let mut parameters = Self::default();
        for (name, value) in pairs(query.as_bytes()) {
            let Some((name, slot)) = parameters.slot(&name.decoded()) else {
                continue;
            };
            let value = value.lossy();
            if slot.replace(value).is_some() {
                return Err(CallbackError::Repeats { name });
            }
        }
        // an empty value says no more than none; an empty state is not ours
        for slot in [&mut parameters.code, &mut parameters.error] {
            slot.take_if(|value| value.is_empty());
        }
        Ok(parameters)
    }

    fn slot(&mut self, name: &[u8]) -> Option<(&'static str, &mut Option<String>)> {
        match name {
            b"code" => Some(("code", &mut self.code)),
            b"error" => Some(("error", &mut self.error)),
            b"error_description" => Some(("error_description", &mut self.description)),
            b"iss" => Some(("iss", &mut self.iss)),
            b"state" => Some(("state", &mut self.state)),
            _ => None,
        }
    }
}
