//! Reading, changing and deleting a registration later
//! ([RFC 7592](https://www.rfc-editor.org/rfc/rfc7592)).

use http::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value};

use super::{RegisteredClient, Registration, RegistrationNote, answer, request};
use crate::oauth2::answer::{Unsendable, sendable};
use crate::oauth2::credentials::RegistrationToken;
use crate::oauth2::error::RegistrationError;
use crate::oauth2::url::ServerUrl;

/// Where a registration is kept at the server, and the token that opens it ([RFC 7592, section
/// 3](https://www.rfc-editor.org/rfc/rfc7592#section-3)). Keep both: the server tells them once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegistrationAccess {
    /// The registration's own address. The token is sent there and nowhere else.
    pub address: ServerUrl,
    /// The token.
    pub token: RegistrationToken,
}

impl RegistrationAccess {
    /// What was kept of an earlier registration.
    pub fn new(address: ServerUrl, token: impl Into<RegistrationToken>) -> Self {
        Self {
            address,
            token: token.into(),
        }
    }

    /// What an answer says; `None` if it says nothing.
    ///
    /// # Errors
    ///
    /// If one of the two members is missing or cannot be used.
    pub(super) fn read(answer: &Map<String, Value>) -> Result<Option<Self>, Unsendable> {
        let token = sendable(answer, "registration_access_token")?;
        let address = sendable(answer, "registration_client_uri")?;
        match (token, address) {
            (None, None) => Ok(None),
            (Some(token), Some(address)) => {
                let address = ServerUrl::new(&address).map_err(|_| Unsendable)?;
                Ok(Some(Self::new(address, token)))
            }
            _ => Err(Unsendable),
        }
    }
}

impl RegisteredClient {
    /// Asks for the registration as the server has it now
    /// ([RFC 7592, section 2.1](https://www.rfc-editor.org/rfc/rfc7592#section-2.1)).
    ///
    /// # Errors
    ///
    /// If the server gave no way back to the registration.
    pub fn read_request(&self) -> Result<Request<Vec<u8>>, RegistrationError> {
        self.managed(Method::GET, None)
    }

    /// Asks for the registration to be replaced: what `registration` leaves out, the server may
    /// delete ([RFC 7592, section 2.2](https://www.rfc-editor.org/rfc/rfc7592#section-2.2)).
    ///
    /// # Errors
    ///
    /// If the server gave no way back to the registration, or `registration` cannot be sent.
    pub fn update_request(
        &self,
        registration: &Registration,
    ) -> Result<Request<Vec<u8>>, RegistrationError> {
        let mut members = registration.members()?;
        members.insert("client_id".to_owned(), self.client_id.as_str().into());
        self.managed(Method::PUT, Some(members))
    }

    /// Asks for the registration to be deleted, and with it every grant of the app
    /// ([RFC 7592, section 2.3](https://www.rfc-editor.org/rfc/rfc7592#section-2.3)).
    ///
    /// # Errors
    ///
    /// If the server gave no way back to the registration.
    pub fn delete_request(&self) -> Result<Request<Vec<u8>>, RegistrationError> {
        self.managed(Method::DELETE, None)
    }

    /// Takes the answer to [`read_request`](Self::read_request) or
    /// [`update_request`](Self::update_request), compared with `registration`. The result replaces
    /// this value: secret and token may be new ones, and those that the answer leaves out stay as
    /// they are.
    ///
    /// # Errors
    ///
    /// If the server refuses, or its answer is about another app.
    pub fn receive<B: AsRef<[u8]>>(
        &self,
        registration: &Registration,
        response: &Response<B>,
    ) -> Result<Self, RegistrationError> {
        let mut now = registration
            .receive(response)
            .map_err(|error| silently(error, response.status()))?;
        if now.client_id != self.client_id {
            return Err(RegistrationError::OtherClient);
        }
        if now.client_secret.is_none() {
            now.client_secret.clone_from(&self.client_secret);
            now.secret_expires_at = now.secret_expires_at.or(self.secret_expires_at);
        }
        // the token stays with the server that it came from
        let before = self.access.as_ref();
        let is_foreign = |after: &RegistrationAccess| {
            before.is_some_and(|before| before.address.origin() != after.address.origin())
        };
        if now.access.as_ref().is_some_and(is_foreign) {
            now.access = None;
            now.notes.push(RegistrationNote::UnusableAccess);
        }
        now.access = now.access.or_else(|| self.access.clone());
        Ok(now)
    }

    /// Takes the answer to [`delete_request`](Self::delete_request).
    ///
    /// # Errors
    ///
    /// If the server refuses; the registration is then still there.
    pub fn receive_deletion<B: AsRef<[u8]>>(
        &self,
        response: &Response<B>,
    ) -> Result<(), RegistrationError> {
        let status = response.status();
        if matches!(status, StatusCode::NO_CONTENT | StatusCode::OK) {
            return Ok(());
        }
        Err(match answer(response) {
            Err(error) => silently(error, status),
            Ok(_) => RegistrationError::RefusedSilently { status },
        })
    }

    fn managed(
        &self,
        method: Method,
        members: Option<Map<String, Value>>,
    ) -> Result<Request<Vec<u8>>, RegistrationError> {
        let access = self.access.as_ref().ok_or(RegistrationError::NoAccess)?;
        request(
            method,
            &access.address,
            Some(access.token.expose()),
            members,
        )
    }
}

/// The statuses that say enough without a body
/// ([RFC 7592, section 2](https://www.rfc-editor.org/rfc/rfc7592#section-2)).
fn silently(error: RegistrationError, status: StatusCode) -> RegistrationError {
    match (&error, status.as_u16()) {
        (RegistrationError::Unreadable(_), 401 | 403 | 405) => {
            RegistrationError::RefusedSilently { status }
        }
        _ => error,
    }
}
