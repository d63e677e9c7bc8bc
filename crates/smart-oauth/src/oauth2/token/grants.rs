//! Tokens without a user at the screen: refresh, and an app's own.

use http::{Request, Response};

use super::{LaunchContext, TokenSet, Wanted};
use crate::oauth2::client::{Authentication, Client, Unused, flow, record};
use crate::oauth2::credentials::RefreshToken;
use crate::oauth2::error::{RequestError, TokenError};
use crate::oauth2::scope::{Scope, Scopes};
use crate::time::Timestamp;

/// A new access token for an old authorization
/// ([RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
///
/// Servers may put a new refresh token in place of the old one at once, as S4S does with every
/// refresh. So: one refresh at a time, and store the answer before the first use of what is in it.
#[derive(Clone, Debug)]
pub struct Refresh {
    client: Client,
    tokens: TokenSet,
    refresh_token: RefreshToken,
    narrowed: Option<Scopes>,
}

impl Client {
    /// Refreshes tokens, for all that they were granted.
    ///
    /// # Errors
    ///
    /// When there is no refresh token.
    pub fn refresh(&self, tokens: TokenSet) -> Result<Refresh, RequestError> {
        let refresh_token = tokens.refresh_token.clone();
        Ok(Refresh {
            client: self.clone(),
            refresh_token: refresh_token.ok_or(RequestError::NoRefreshToken)?,
            tokens,
            narrowed: None,
        })
    }

    /// Asks for a token of the app's own, no user being there
    /// ([SMART, backend services](https://hl7.org/fhir/smart-app-launch/backend-services.html)).
    pub fn client_credentials(&self, scopes: Scopes) -> ClientCredentials {
        ClientCredentials {
            client: self.clone(),
            scopes,
        }
    }
}

impl Refresh {
    /// Asks for less than was granted. At S4S that is for good: no later refresh widens it again.
    ///
    /// # Errors
    ///
    /// When something is asked for that was not granted.
    pub fn narrowed_to(self, scopes: Scopes) -> Result<Self, RequestError> {
        if !self.tokens.scopes.granted.covers(&scopes) {
            return Err(RequestError::WiderScopes);
        }
        Ok(Self {
            narrowed: Some(scopes),
            ..self
        })
    }

    /// What to send.
    ///
    /// # Errors
    ///
    /// When the client's credentials cannot be written in the server's dialect.
    pub fn request(
        &self,
        authentication: &Authentication,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        let flow = flow(&self.client, &self.client.server().token);
        let refresh_token = ::oauth2::RefreshToken::new(self.refresh_token.expose().to_owned());
        let mut refresh = flow.exchange_refresh_token(&refresh_token);
        refresh = refresh.add_scopes(crate_scopes(self.narrowed.as_ref()));
        for (name, value) in authentication.fields(&self.client) {
            refresh = refresh.add_extra_param(name, value);
        }
        record(&self.client, authentication, |recorder| {
            refresh.request(recorder).map(|_: Unused| ())
        })
    }

    /// Takes the new tokens, and the time at which they came. What the answer does not replace is
    /// kept: the refresh token, the patient, the rest of the launch context with members that are
    /// not known here, the id token, and the scopes that the user was asked for.
    ///
    /// # Errors
    ///
    /// If the server refuses or fails, or its answer contains no token, or one for another patient
    /// or another user ([OpenID Connect Core, section
    /// 12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse)).
    pub fn receive<B: AsRef<[u8]>>(
        &self,
        response: &Response<B>,
        received_at: Timestamp,
    ) -> Result<TokenSet, TokenError> {
        let before = &self.tokens;
        let scopes = self
            .narrowed
            .clone()
            .unwrap_or_else(|| before.scopes.granted.clone());
        let wanted = Wanted {
            scopes,
            nonce: None,
            context: before.context.clone(),
            dialect: self.client.dialect(),
        };
        let mut after = TokenSet::read(response, wanted, received_at)?;
        after.scopes.asked = before.scopes.asked.clone();
        // silence means "as before", and what was stated then still is
        after.scopes.stated |= before.scopes.stated && self.narrowed.is_none();
        after.patient = after
            .patient
            .after(&before.patient)
            .ok_or(TokenError::OtherPatient)?;
        if let (Some(old), Some(new)) = (&before.id_token, &after.id_token)
            && old.names_same_user(new) == Some(false)
        {
            return Err(TokenError::OtherUser);
        }
        if after.refresh_token.is_none() {
            after.refresh_token = Some(self.refresh_token.clone());
        }
        if after.id_token.is_none() {
            after.id_token = before.id_token.clone();
        }
        Ok(after)
    }
}

/// A token of the app's own ([RFC 6749, section
/// 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    client: Client,
    scopes: Scopes,
}

impl ClientCredentials {
    /// What to send. SMART wants an [`Authentication::Assertion`] here.
    ///
    /// # Errors
    ///
    /// When the app cannot prove who it is, or its credentials cannot be written in the server's
    /// dialect.
    pub fn request(
        &self,
        authentication: &Authentication,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        if matches!(authentication, Authentication::Public) {
            return Err(RequestError::PublicClient);
        }
        let flow = flow(&self.client, &self.client.server().token);
        let mut grant = flow.exchange_client_credentials();
        grant = grant.add_scopes(crate_scopes(Some(&self.scopes)));
        for (name, value) in authentication.fields(&self.client) {
            grant = grant.add_extra_param(name, value);
        }
        record(&self.client, authentication, |recorder| {
            grant.request(recorder).map(|_: Unused| ())
        })
    }

    /// Takes the token, and the time at which it came.
    ///
    /// # Errors
    ///
    /// When the server refuses or breaks down, or its answer holds no token.
    pub fn receive<B: AsRef<[u8]>>(
        &self,
        response: &Response<B>,
        received_at: Timestamp,
    ) -> Result<TokenSet, TokenError> {
        let wanted = Wanted {
            scopes: self.scopes.clone(),
            nonce: None,
            context: LaunchContext::default(),
            dialect: self.client.dialect(),
        };
        TokenSet::read(response, wanted, received_at)
    }
}

fn crate_scopes(scopes: Option<&Scopes>) -> impl Iterator<Item = ::oauth2::Scope> {
    let scopes = scopes.into_iter().flat_map(Scopes::iter);
    scopes.map(|scope: &Scope| ::oauth2::Scope::new(scope.to_string()))
}
