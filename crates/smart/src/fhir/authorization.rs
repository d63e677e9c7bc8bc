//! The user's consent, from the address that asks for it to a session.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use smart_oauth::oauth2::{
    AuthorizationParts, AuthorizationRequest, AuthorizationSecrets, Authorized, AwaitingCallback,
    Callback, CallbackError, Client, Scopes, TokenError,
};

use super::app::{origin, purpose, spelled_for, without_unknown_access};
use super::error::FhirError;
use super::renewal::detached;
use super::stored::{Renewal, Stored};
use super::{App, EhrLaunch, Session};
use crate::exchange::Purpose;
use crate::vault::VaultKey;
use crate::{Error, Stage};

type Asked = smart_oauth::oauth2::Authorization<AwaitingCallback>;

/// An authorization that waits for the user. Made by [`App::authorize`].
///
/// Send the user's browser to [`authorize_url`](Self::authorize_url); the server sends it back to the app's redirect URI, and
/// that address goes into [`exchange`](Self::exchange). There may never be a callback: servers show what they take for an
/// attack on a page of their own, and users close windows. So let go of an authorization after a while.
///
/// A web app keeps [`into_parts`](Self::into_parts) in the user's own session (nobody else's browser may bring the callback), and goes on with [`App::resume_authorization`].
#[derive(Clone)]
pub struct Authorization {
    app: App,
    /// The server as it was when the user was sent there: the code goes to no other.
    client: Client,
    asked: Asked,
    url: String,
    left_out: Scopes,
    used: Arc<AtomicBool>,
}

impl App {
    /// Begins an authorization for scopes such as `launch/patient patient/*.rs offline_access`: with a fresh `state`, a code
    /// challenge (always S256), and the FHIR base as audience. The user is asked on a page of the server, and nothing is sent
    /// here but the question where that page is.
    ///
    /// Scopes are written the way of version 1 for servers that do not announce version 2. `offline_access` and `online_access`
    /// are left out where the server announces what it can do and that is not among it; see
    /// [`Authorization::left_out`].
    ///
    /// # Errors
    ///
    /// When the server does not answer, has no page that asks users, or can do no S256, or when the app has no redirect URI.
    pub async fn authorize(&self, scopes: &str) -> Result<Authorization, Error> {
        self.begin(scopes, None).await
    }

    pub(super) async fn begin(
        &self,
        scopes: &str,
        launch: Option<&EhrLaunch>,
    ) -> Result<Authorization, Error> {
        let asked: Scopes = scopes.parse()?;
        let redirect_uri = self.settings().redirect_uri.clone();
        let redirect_uri = redirect_uri.ok_or(Error::MissingSetting {
            setting: "redirect_uri",
        })?;
        let client = self.inner().client().await?;
        let server = client.server();
        let scopes = without_unknown_access(server, &spelled_for(server, &asked));
        let left_out = asked.difference(&scopes);
        let mut request = AuthorizationRequest::new(redirect_uri, scopes);
        if let Some(launch) = launch {
            request = request.for_launch(launch.iss().clone(), launch.launch());
        }
        let means = self.means();
        let secrets =
            AuthorizationSecrets::from_random(means.random()?, means.random()?, means.random()?);
        let asked = client.authorize(request, secrets)?;
        Ok(Authorization::new(self.clone(), client, asked, left_out))
    }

    /// Goes on with an authorization that another process, or an earlier request to this one, began.
    ///
    /// # Errors
    ///
    /// When the server does not answer, or can no longer be used.
    pub async fn resume_authorization(
        &self,
        parts: AuthorizationParts,
    ) -> Result<Authorization, Error> {
        let client = self.inner().client().await?;
        let asked = Asked::from_parts(&client, parts)?;
        Ok(Authorization::new(
            self.clone(),
            client,
            asked,
            Scopes::new(),
        ))
    }
}

impl Authorization {
    fn new(app: App, client: Client, asked: Asked, left_out: Scopes) -> Self {
        Self {
            app,
            client,
            url: asked.authorize_url(),
            asked,
            left_out,
            used: Arc::default(),
        }
    }

    /// Where to send the user's browser.
    pub fn authorize_url(&self) -> &str {
        &self.url
    }

    /// What the browser has to post, and where to, in place of [`authorize_url`](Self::authorize_url): for servers that take a
    /// POST, when the address would be over 2,000 bytes long. `None` where the address will do.
    pub fn form(&self) -> Option<(String, String)> {
        let prefers = self.asked.prefers_post();
        prefers.then(|| (self.asked.page().as_str().to_owned(), self.asked.form()))
    }

    /// The `state`, by which a web app that has several authorizations under way finds the one that a callback belongs to.
    pub fn state(&self) -> &str {
        self.asked.state().expose()
    }

    /// Scopes that were not asked for because this server has nothing of the kind.
    pub fn left_out(&self) -> &Scopes {
        &self.left_out
    }

    /// The state, to be kept while the user is away.
    pub fn into_parts(self) -> AuthorizationParts {
        self.asked.into_parts()
    }

    /// Takes the address that the browser came back to, or its query, exchanges the code for tokens and puts them into the
    /// vault, under a name drawn at random ([`Session::key`]).
    ///
    /// A callback that is not believed is refused before anything is sent, and the authorization goes on waiting. One that is
    /// believed is believed once.
    ///
    /// # Errors
    ///
    /// When the callback is not this authorization's ([`FhirError::Callback`]), the user said no ([`FhirError::Denied`]), the
    /// server refuses the code ([`FhirError::Token`]), or the vault fails. A code is good for minutes; ask
    /// [`Error::needs_user`].
    pub async fn exchange(&self, callback: &str) -> Result<Session, Error> {
        let key = VaultKey::from_random(self.app.means().random()?);
        self.exchange_as(callback, key).await
    }

    /// The same, under a name of the app's choice: that of its own user, for example. What the vault has under that name is
    /// replaced.
    ///
    /// # Errors
    ///
    /// As [`exchange`](Self::exchange).
    pub async fn exchange_as(&self, callback: &str, key: VaultKey) -> Result<Session, Error> {
        if self.used.load(Ordering::Acquire) {
            return Err(FhirError::CallbackUsed.into());
        }
        let authorized = match self.asked.clone().callback(callback)? {
            Callback::Authorized(authorized) => *authorized,
            Callback::Denied(denial) => return Err(FhirError::Denied(denial).into()),
            Callback::Failed(denial) => return Err(FhirError::Failed(denial).into()),
            // an outcome that this version does not know is none that leads on
            _ => return Err(CallbackError::Lacks.into()),
        };
        if self.used.swap(true, Ordering::AcqRel) {
            return Err(FhirError::CallbackUsed.into());
        }
        let (app, client) = (self.app.clone(), self.client.clone());
        let redeemed = detached(redeem(app, client, authorized, key)).await;
        if let Err(error) = &redeemed
            && error.stage() == Stage::NotSent
        {
            // the code has not been seen by anybody
            self.used.store(false, Ordering::Release);
        }
        redeemed
    }
}

/// Exchanges the code. The vault's entry is held before, so that a vault that is not there costs no code.
async fn redeem(
    app: App,
    client: Client,
    authorized: smart_oauth::oauth2::Authorization<Authorized>,
    key: VaultKey,
) -> Result<Session, Error> {
    let mut entry = app.settings().vault.lock(&key).await?;
    let inner = app.inner();
    let origin = origin(&client.server().token)?;
    let purpose = Purpose {
        single_use: true,
        ..purpose("exchange", false, &origin)
    };
    let make = |authentication: &_| authorized.request(authentication);
    let response = inner.ask(purpose, &client, make).await?;
    let now = app.means().now()?;
    let tokens = match authorized.receive(&response, now) {
        Ok(tokens) => tokens,
        Err(error) => {
            if matches!(error, TokenError::Unreadable(_)) {
                inner.forget_server().await;
            }
            return Err(error.into());
        }
    };
    let stored = Stored::new(&app, tokens, now, Renewal::Refresh);
    Session::begin(app.clone(), key, &mut *entry, stored).await
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
