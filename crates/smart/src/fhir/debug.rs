//! The debug addresses of the Sync for Science server: for development servers only.

use smart_oauth::oauth2::s4s::{DebugFacts, DebugIntrospection, DebugToken};
use smart_oauth::oauth2::{PatientContext, RequestError, ServerUrl, Token, TokenSet, UrlError};

use super::app::{origin, purpose};
use super::builder::sendable;
use super::{App, Session};
use crate::Error;
use crate::exchange::retry::Repeat;
use crate::vault::VaultKey;

impl App {
    /// A session with tokens that a development server makes without asking anybody
    /// ([`DebugToken`]).
    ///
    /// The server does not say when they end. They carry no security labels, so that every search
    /// with them is empty; reads by id work.
    ///
    /// # Errors
    ///
    /// When the server has no such address, as none but those of Sync for Science has, or refuses.
    pub async fn debug_session(&self, token: &DebugToken) -> Result<Session, Error> {
        let key = VaultKey::from_random(self.environment().random()?);
        self.debug_session_as(token, key).await
    }

    /// The same, under a name of the app's choice. What the vault has under that name is replaced.
    ///
    /// # Errors
    ///
    /// As [`debug_session`](Self::debug_session).
    pub async fn debug_session_as(
        &self,
        token: &DebugToken,
        key: VaultKey,
    ) -> Result<Session, Error> {
        let endpoint = self.debug_endpoint("debug/token").await?;
        let origin = origin(&endpoint)?;
        let make = |_ahead| Ok(sendable(token.request(&endpoint)?));
        let purpose = purpose("debug_token", Repeat::IfUnprocessed, &origin);
        let response = self.inner().exchange(purpose, &make).await?;
        let made = token.receive(&response)?;
        let mut tokens = TokenSet::new(made.access_token);
        tokens.refresh_token = Some(made.refresh_token);
        tokens.patient = PatientContext::Stated(token.patient().to_owned());
        Session::with_tokens(self, key, tokens).await
    }

    /// What a development server has on file about a token; `None` when it does not know it. It
    /// answers with both tokens of the pair, and is no [introspection](Session::introspect) in the
    /// sense of the standard.
    ///
    /// # Errors
    ///
    /// When the server has no such address, or refuses.
    pub async fn debug_introspect(
        &self,
        token: impl Into<Token> + Send,
    ) -> Result<Option<DebugFacts>, Error> {
        let question = DebugIntrospection::new(token);
        let endpoint = self.debug_endpoint("debug/introspect").await?;
        let origin = origin(&endpoint)?;
        let make = |_ahead| Ok(sendable(question.request(&endpoint)?));
        let purpose = purpose("debug_introspect", Repeat::Always, &origin);
        let response = self.inner().exchange(purpose, &make).await?;
        Ok(question.receive(&response)?)
    }

    /// An address beside the token endpoint, which is all that the server tells.
    async fn debug_endpoint(&self, path: &'static str) -> Result<ServerUrl, Error> {
        let server = self.server().await?;
        let beside = server.token.as_str().strip_suffix("/token");
        let beside = beside.ok_or(RequestError::NoEndpoint { name: "debug" })?;
        let text = format!("{beside}/{path}");
        match ServerUrl::new(&text) {
            Err(UrlError::PlainHttp) => Ok(ServerUrl::with_plain_http(&text)?),
            other => Ok(other?),
        }
    }
}
