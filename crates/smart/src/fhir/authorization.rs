//! The user's consent, from the address that asks for it to a session.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smart_oauth::Timestamp;
use smart_oauth::oauth2::{
    AuthorizationParts, AuthorizationRequest, AuthorizationSecrets, Authorized, AwaitingCallback,
    Callback, CallbackError, Client, Scope, Scopes, TokenError,
};

use super::app::{origin, purpose, spelled_for};
use super::error::FhirError;
use super::renewal::detached;
use super::stored::{Renewal, Stored};
use super::{App, EhrLaunch, Session};
use crate::exchange::retry::Repeat;
use crate::vault::VaultKey;
use crate::{Error, Stage};

type Asked = smart_oauth::oauth2::Authorization<AwaitingCallback>;

/// An authorization that waits for the user. Made by [`App::authorize`].
///
/// Send the user's browser to [`authorize_url`](Self::authorize_url); the server sends it back to
/// the app's redirect URI, and that address goes into [`exchange`](Self::exchange). There may never
/// be a callback: servers show what they take for an attack on a page of their own, and users close
/// windows. An authorization is over after an hour.
///
/// A web app keeps [`into_parts`](Self::into_parts) in the user's own session (nobody else's
/// browser may bring the callback), and goes on with [`App::resume_authorization`].
#[derive(Clone)]
pub struct Authorization {
    app: App,
    /// The server as it was when the user was sent there: the code goes to no other.
    client: Client,
    asked: Asked,
    url: String,
    begun_at: Timestamp,
    progress: Arc<Progress>,
}

/// How far the exchange has come, for all clones.
#[derive(Default)]
struct Progress {
    is_used: AtomicBool,
    /// Tokens that the vault has not taken. The code is spent, so that nothing else leads to them.
    unsaved: Mutex<Option<Stored>>,
}

impl Progress {
    fn unsaved(&self) -> MutexGuard<'_, Option<Stored>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long an authorization waits for its callback, in seconds.
const LIFETIME: u64 = 60 * 60;

impl App {
    /// Begins an authorization for scopes such as `launch/patient patient/*.rs offline_access`:
    /// with a fresh `state`, a code challenge (always S256), and the FHIR base as audience. The
    /// user is asked on a page of the server, and nothing is sent here but the question where that
    /// page is.
    ///
    /// Scopes are written the way of version 1 for servers that do not announce version 2. None is
    /// left out: see [`Authorization::unannounced`] for those that the server may not know.
    ///
    /// # Errors
    ///
    /// When the server does not answer, has no page that asks users, or can do no S256, or when the
    /// app has no redirect URI.
    pub async fn authorize(&self, scopes: &str) -> Result<Authorization, Error> {
        self.begin(scopes, None, &[]).await
    }

    /// The same with parameters of OpenID Connect or of the server's own, such as `("prompt",
    /// "consent")`.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize), and if a parameter is one that the request writes itself
    /// ([`AuthorizeError::ReservedParameter`](smart_oauth::oauth2::AuthorizeError::ReservedParameter)).
    pub async fn authorize_with(
        &self,
        scopes: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Authorization, Error> {
        self.begin(scopes, None, parameters).await
    }

    pub(super) async fn begin(
        &self,
        scopes: &str,
        launch: Option<&EhrLaunch>,
        parameters: &[(&str, &str)],
    ) -> Result<Authorization, Error> {
        let asked: Scopes = scopes.parse()?;
        let redirect_uri = self.settings().redirect_uri.clone();
        let redirect_uri = redirect_uri.ok_or(Error::MissingSetting {
            setting: "redirect_uri",
        })?;
        let client = self.inner().client().await?;
        let server = client.server();
        let scopes = spelled_for(server, &asked);
        let mut request = AuthorizationRequest::new(redirect_uri, scopes);
        for (name, value) in parameters {
            request = request.with_parameter(*name, *value)?;
        }
        if let Some(launch) = launch {
            request = request.for_launch(launch.iss().clone(), launch.launch());
        }
        let means = self.environment();
        let secrets =
            AuthorizationSecrets::from_random(means.random()?, means.random()?, means.random()?);
        let asked = client.authorize(request, secrets)?;
        let begun_at = means.now()?;
        Ok(Authorization::new(self.clone(), client, asked, begun_at))
    }

    /// Goes on with an authorization that another process, or an earlier request to this one,
    /// began.
    ///
    /// # Errors
    ///
    /// If the server does not answer, or can no longer be used. An authorization that is over by
    /// its [`begun_at`](AuthorizationParts::begun_at) fails when its callback comes.
    pub async fn resume_authorization(
        &self,
        parts: AuthorizationParts,
    ) -> Result<Authorization, Error> {
        let client = self.inner().client().await?;
        let begun_at = match parts.begun_at {
            Some(begun_at) => begun_at,
            None => self.environment().now()?,
        };
        let asked = Asked::from_parts(&client, parts)?;
        Ok(Authorization::new(self.clone(), client, asked, begun_at))
    }
}

impl Authorization {
    fn new(app: App, client: Client, asked: Asked, begun_at: Timestamp) -> Self {
        Self {
            app,
            client,
            url: asked.authorize_url(),
            asked,
            begun_at,
            progress: Arc::default(),
        }
    }

    /// Where to send the user's browser.
    pub fn authorize_url(&self) -> &str {
        &self.url
    }

    /// Where the browser has to post to, and what, in place of going to
    /// [`authorize_url`](Self::authorize_url). SMART prefers this for servers that announce
    /// `authorize-post`; for all others it is `None`.
    pub fn form(&self) -> Option<(String, String)> {
        let takes_post = self.asked.takes_post();
        takes_post.then(|| (self.asked.page().as_str().to_owned(), self.asked.form()))
    }

    /// The `state`, by which a web app that has several authorizations under way finds the one that
    /// a callback belongs to.
    pub fn state(&self) -> &str {
        self.asked.state().expose()
    }

    /// Scopes that were asked for although the server, which announces others, does not announce
    /// them. It may grant them all the same: see [`Session::scopes`] for what it did.
    pub fn unannounced(&self) -> Scopes {
        let server = self.client.server();
        let is_unannounced = |scope: &&Scope| server.announces(scope) == Some(false);
        let scopes = self.asked.scopes().iter();
        scopes.filter(is_unannounced).cloned().collect()
    }

    /// The state, to be kept while the user is away.
    pub fn into_parts(self) -> AuthorizationParts {
        self.asked.into_parts().with_begun_at(self.begun_at)
    }

    /// Takes the address that the browser came back to, or its query, exchanges the code for tokens
    /// and puts them into the vault, under a name drawn at random ([`Session::key`]).
    ///
    /// A callback that is not believed is refused before anything is sent, and the authorization
    /// goes on waiting. One that is believed is believed once. If the vault does not take the
    /// tokens, they are kept in memory: the same call once more stores them, and does not ask the
    /// server again.
    ///
    /// # Errors
    ///
    /// When the callback is not this authorization's ([`FhirError::Callback`]), the user said no
    /// ([`FhirError::Denied`]), the server refuses the code ([`FhirError::Token`]), or the vault
    /// fails. A code is good for minutes; ask [`Error::needs_user`].
    pub async fn exchange(&self, callback: &str) -> Result<Session, Error> {
        let key = VaultKey::from_random(self.app.environment().random()?);
        self.exchange_as(callback, key).await
    }

    /// The same, under a name of the app's choice: that of its own user, for example. What the
    /// vault has under that name is replaced.
    ///
    /// # Errors
    ///
    /// As [`exchange`](Self::exchange).
    pub async fn exchange_as(&self, callback: &str, key: VaultKey) -> Result<Session, Error> {
        if self.progress.is_used.load(Ordering::Acquire) {
            return Err(FhirError::CallbackUsed.into());
        }
        let now = self.app.environment().now()?.as_unix_seconds();
        let age = now.saturating_sub(self.begun_at.as_unix_seconds());
        if age > LIFETIME && self.progress.unsaved().is_none() {
            return Err(FhirError::AuthorizationOver.into());
        }
        let authorized = match self.asked.clone().callback(callback)? {
            Callback::Authorized(authorized) => *authorized,
            Callback::Denied(denial) => return Err(FhirError::Denied(denial).into()),
            Callback::Failed(denial) => return Err(FhirError::Failed(denial).into()),
            // an outcome that this version does not know does not lead on
            _ => return Err(CallbackError::Lacks.into()),
        };
        if self.progress.is_used.swap(true, Ordering::AcqRel) {
            return Err(FhirError::CallbackUsed.into());
        }
        let (app, client) = (self.app.clone(), self.client.clone());
        let progress = Arc::clone(&self.progress);
        detached(async move {
            let redeemed = redeem(app, client, authorized, key, &progress).await;
            if let Err(error) = &redeemed
                && (error.stage() == Stage::NotSent || progress.unsaved().is_some())
            {
                // nobody has seen the code, or the tokens are here
                progress.is_used.store(false, Ordering::Release);
            }
            redeemed
        })
        .await
    }
}

/// Exchanges the code. The vault's entry is held before, so that a vault that is not there costs no
/// code.
async fn redeem(
    app: App,
    client: Client,
    authorized: smart_oauth::oauth2::Authorization<Authorized>,
    key: VaultKey,
    progress: &Progress,
) -> Result<Session, Error> {
    let mut entry = app.settings().vault.lock(&key).await?;
    let unsaved = progress.unsaved().clone();
    let stored = match unsaved {
        Some(stored) => stored,
        None => {
            let stored = ask_for_tokens(&app, &client, authorized).await?;
            progress.unsaved().insert(stored).clone()
        }
    };
    let session = Session::begin(app, key, &mut *entry, stored).await?;
    *progress.unsaved() = None;
    Ok(session)
}

async fn ask_for_tokens(
    app: &App,
    client: &Client,
    authorized: smart_oauth::oauth2::Authorization<Authorized>,
) -> Result<Stored, Error> {
    let inner = app.inner();
    let origin = origin(&client.server().token)?;
    // A code is good for one attempt.
    let purpose = purpose("exchange", Repeat::IfUnsent, &origin);
    let make = |authentication: &_| authorized.request(authentication);
    let response = inner.ask(purpose, client, &make).await?;
    let now = app.environment().now()?;
    let tokens = match authorized.receive(&response, now) {
        Ok(tokens) => tokens,
        Err(error) => {
            if matches!(error, TokenError::Unreadable(_)) {
                inner.forget_server().await;
            }
            return Err(error.into());
        }
    };
    Stored::new(app, tokens, now, Renewal::Refresh)
}

impl fmt::Debug for Authorization {
    /// Without the address, which holds the `state`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Authorization")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}
