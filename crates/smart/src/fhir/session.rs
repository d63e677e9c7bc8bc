//! What one user allowed: tokens that renew themselves, and the way to the data that they open.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE, WWW_AUTHENTICATE,
};
use http::{Method, Request, Response, StatusCode};
use smart_oauth::Timestamp;
use smart_oauth::oauth2::{
    AccessToken, Introspected, ScopeReport, Scopes, ServerUrl, Token, TokenSet,
};
use smart_transport::{Body, LongBody};

use super::App;
use super::app::{origin, purpose, spelled_for};
use super::builder::sendable;
use super::error::FhirError;
use super::lifecycle::{Cause, is_within};
use super::renewal::{RenewalQueue, detached};
use super::stored::{Renewal, Stored};
use crate::Error;
use crate::exchange::retry::Repeat;
use crate::exchange::{self, Purpose, Timed};
use crate::vault::{LockedEntry, VaultKey};

/// The tokens of one user, or of the app itself, for one server. A clone is cheap and shares the
/// tokens; any number of tasks can send at once.
///
/// Tokens are renewed a minute before they end, and once after a 401; the new ones are in the vault
/// before they are used. However many tasks and processes share the vault, one of them refreshes
/// and the others take what it got. When a renewal is under way it runs to its end, also when the
/// call that began it is given up.
///
/// Made by [`Authorization::exchange`](super::Authorization::exchange),
/// [`App::client_credentials`], and from the vault by [`Session::open`].
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

/// What all clones have in common.
pub(super) struct Inner {
    pub(super) app: App,
    pub(super) key: VaultKey,
    current: Mutex<Arc<Stored>>,
    pub(super) queue: RenewalQueue,
    /// When a renewal ahead of time failed last, in seconds since 1970.
    failed_ahead: AtomicU64,
}

/// How long no other one is tried then, in seconds.
const PAUSE: u64 = 15;

impl App {
    /// A session of the app's own, no user being there ([SMART, backend
    /// services](https://hl7.org/fhir/smart-app-launch/backend-services.html)), for scopes such as
    /// `system/*.rs`. SMART wants an app with a signing key here. New tokens are asked for as the
    /// old ones end.
    ///
    /// # Errors
    ///
    /// When the app cannot prove who it is, the server refuses, or the vault fails.
    pub async fn client_credentials(&self, scopes: &str) -> Result<Session, Error> {
        let scopes: Scopes = scopes.parse()?;
        let key = VaultKey::from_random(self.environment().random()?);
        let app = self.clone();
        detached(async move {
            let client = app.inner().client().await?;
            let mut entry = app.settings().vault.lock(&key).await?;
            let scopes = spelled_for(client.server(), &scopes);
            let grant = client.client_credentials(scopes);
            let origin = origin(&client.server().token)?;
            let purpose = purpose("client_credentials", Repeat::Always, &origin);
            let make = |authentication: &_| grant.request(authentication);
            let response = app.inner().ask(purpose, &client, &make).await?;
            let now = app.environment().now()?;
            let tokens = grant.receive(&response, now).map_err(FhirError::of_app)?;
            let stored = Stored::new(&app, tokens, now, Renewal::Own)?;
            Session::begin(app, key, &mut *entry, stored).await
        })
        .await
    }
}

impl Session {
    /// The session that the vault has under this name.
    ///
    /// # Errors
    ///
    /// If there is no session ([`FhirError::NoSession`]), it is of another server or registration
    /// ([`FhirError::ForeignSession`]), or the vault fails.
    pub async fn open(app: &App, key: VaultKey) -> Result<Self, Error> {
        let entry = app.settings().vault.read(&key).await?;
        let stored = Stored::from_entry(&entry.ok_or(FhirError::NoSession)?)?;
        stored.check_is_of(app)?;
        Ok(Self::new(app.clone(), key, stored))
    }

    /// A session of tokens that came another way; they go into the vault under this name.
    ///
    /// # Errors
    ///
    /// When the vault fails.
    pub async fn with_tokens(app: &App, key: VaultKey, tokens: TokenSet) -> Result<Self, Error> {
        let stored = Stored::new(app, tokens, app.environment().now()?, Renewal::Refresh)?;
        let mut entry = app.settings().vault.lock(&key).await?;
        Self::begin(app.clone(), key.clone(), &mut *entry, stored).await
    }

    /// A session that sends no token. It is in no vault.
    pub(super) fn without_login(app: App) -> Result<Self, Error> {
        let key = VaultKey::from_random(app.environment().random()?);
        let now = app.environment().now()?;
        let stored = Stored::new(&app, TokenSet::new(""), now, Renewal::NoLogin)?;
        Ok(Self::new(app, key, stored))
    }

    pub(super) async fn begin(
        app: App,
        key: VaultKey,
        entry: &mut dyn LockedEntry,
        stored: Stored,
    ) -> Result<Self, Error> {
        entry.write(stored.to_entry()).await?;
        Ok(Self::new(app, key, stored))
    }

    fn new(app: App, key: VaultKey, stored: Stored) -> Self {
        Self {
            inner: Arc::new(Inner {
                app,
                key,
                current: Mutex::new(Arc::new(stored)),
                queue: RenewalQueue::default(),
                failed_ahead: AtomicU64::new(0),
            }),
        }
    }

    /// The base of the server's FHIR resources.
    pub fn base(&self) -> &ServerUrl {
        self.inner.app.fhir_base()
    }

    /// The app that the tokens were given to.
    pub fn app(&self) -> &App {
        &self.inner.app
    }

    /// The name that the session has in the vault.
    pub fn key(&self) -> &VaultKey {
        &self.inner.key
    }

    /// Whose record the tokens open, by FHIR id. `None` where the server did not say: where a
    /// patient was asked for, store nothing then, since it may be anybody's.
    pub fn patient(&self) -> Option<String> {
        self.inner.current().tokens.patient.id().map(str::to_owned)
    }

    /// What was granted against what was asked. A grant is no proof of access, since servers
    /// withhold data without a word.
    pub fn scopes(&self) -> ScopeReport {
        self.inner.current().tokens.scopes.clone()
    }

    /// When the access token ends, if the server said so.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.inner.current().tokens.expires_at
    }

    /// The tokens as they are now, with all that came with them. Do not refresh them past the
    /// session.
    pub fn tokens(&self) -> TokenSet {
        self.inner.current().tokens.clone()
    }

    /// Sends a request with the session's access token in its `Authorization` header, and gives
    /// back whatever the server answers: a 404 is an answer, too.
    ///
    /// The address is absolute and in the origin of [`base`](Self::base); anything else is refused
    /// before it is sent, since a token shown to another server is lost. Redirects are answers and
    /// are not followed.
    ///
    /// After a 401 the token is renewed, and a request that can be made twice is made once more.
    /// Where the new token is refused as well, it is not the token that the server minds, and no
    /// 401 leads to a renewal for the next seconds. Others (`POST`, but not a search) are made once
    /// more only where the server said that it was the token that it refused ([RFC 6750, section
    /// 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)); else the 401 comes back, and the
    /// session has new tokens for whoever decides to send again.
    ///
    /// # Errors
    ///
    /// When the address is not the server's ([`Error::OtherOrigin`]), there is no answer, or the
    /// session is over and the user has to be asked again ([`Error::needs_user`]).
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        self.check_address(&request)?;
        let used = self.ready().await?;
        let response = self.attempt(&request, &used).await?;
        match self.others_than(&used, &request, response.status()).await? {
            Some(renewed) if may_repeat(&request, &response) => {
                let response = self.attempt(&request, &renewed).await?;
                self.hear(response.status(), &request, &renewed)?;
                Ok(response)
            }
            _ => Ok(response),
        }
    }

    /// The same for an answer that may be long: the body comes as it is read, whatever its length.
    /// The transport's limits on the size of a body and on the time of the whole exchange do not
    /// hold for it; those on the first byte and on pauses do. What fails before the head of the
    /// answer is made again as [`send`](Self::send) does it; a body that breaks off is not.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn stream(&self, request: Request<Bytes>) -> Result<Response<Body>, Error> {
        self.check_address(&request)?;
        let used = self.ready().await?;
        let response = self.open_stream(&request, &used).await?;
        match self.others_than(&used, &request, response.status()).await? {
            Some(renewed) if may_repeat(&request, &response) => {
                let response = self.open_stream(&request, &renewed).await?;
                self.hear(response.status(), &request, &renewed)?;
                Ok(response)
            }
            _ => Ok(response),
        }
    }

    /// Renews the tokens now, whatever the time.
    ///
    /// # Errors
    ///
    /// When there is nothing to renew them with, the server refuses, or the vault fails.
    pub async fn refresh(&self) -> Result<(), Error> {
        let used = self.inner.current();
        self.inner.renew(&used, Cause::Asked).await?;
        Ok(())
    }

    /// Asks the server about the access token ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)).
    ///
    /// # Errors
    ///
    /// When the server has no introspection, or refuses.
    pub async fn introspect(&self) -> Result<Introspected, Error> {
        if self.app().inner().is_public() {
            // the proof may be a new token, which ends the one before
            let current = self.ready().await?;
            let token = current.tokens.access_token.clone();
            return self.ask_with_bearer(token, &current).await;
        }
        let token = self.inner.current().tokens.access_token.clone();
        self.introspect_token(token).await
    }

    /// Asks the server about any token. An app that cannot prove who it is shows the session's
    /// access token for it ([SMART,
    /// introspection](https://hl7.org/fhir/smart-app-launch/token-introspection.html)).
    ///
    /// # Errors
    ///
    /// As [`introspect`](Self::introspect).
    pub async fn introspect_token(
        &self,
        token: impl Into<Token> + Send,
    ) -> Result<Introspected, Error> {
        let inner = self.app().inner();
        if inner.is_public() {
            return self.introspect_with_bearer(token).await;
        }
        let client = inner.client().await?;
        let question = client.introspect(token);
        let server = client.server();
        let origin = origin(server.introspect.as_ref().unwrap_or(&server.token))?;
        let make = |authentication: &_| question.request(authentication);
        let purpose = purpose("introspect", Repeat::Always, &origin);
        let response = inner.ask(purpose, &client, &make).await?;
        Ok(question.receive(&response)?)
    }

    /// Whether the server has refused to renew the session, as far as this handle knows: since
    /// when. The access token may be good for a while after that; then the user has to log in
    /// again.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.inner.current().ended
    }

    /// Whether new tokens can be asked for without the user.
    pub fn is_renewable(&self) -> bool {
        let current = self.inner.current();
        current.is_renewable() && current.ended.is_none()
    }

    /// The same with the session's access token in place of the app's own credentials, for servers
    /// that ask for that.
    ///
    /// # Errors
    ///
    /// As [`introspect`](Self::introspect).
    pub async fn introspect_with_bearer(
        &self,
        token: impl Into<Token> + Send,
    ) -> Result<Introspected, Error> {
        let current = self.ready().await?;
        self.ask_with_bearer(token, &current).await
    }

    async fn ask_with_bearer(
        &self,
        token: impl Into<Token> + Send,
        current: &Stored,
    ) -> Result<Introspected, Error> {
        if current.renewal == Renewal::NoLogin {
            return Err(FhirError::NoSession.into());
        }
        let inner = self.app().inner();
        let client = inner.client().await?;
        let question = client.introspect(token);
        let server = client.server();
        let origin = origin(server.introspect.as_ref().unwrap_or(&server.token))?;
        let bearer = &current.tokens.access_token;
        let make = |_ahead| Ok(sendable(question.request_with_bearer(bearer)?));
        let purpose = purpose("introspect", Repeat::Always, &origin);
        let response = inner.exchange(purpose, &make).await?;
        Ok(question.receive(&response)?)
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// What was read out of an answer, a 401 being the end of a session that nothing can renew.
    pub(super) fn explained<T>(&self, read: Result<T, impl Into<Error>>) -> Result<T, Error> {
        let current = self.inner.current();
        let cannot_go_on = current.renewal == Renewal::Refresh && !current.is_renewable();
        match read.map_err(Into::into) {
            Err(error) if cannot_go_on && error.status() == Some(StatusCode::UNAUTHORIZED) => {
                let source = Box::new(error);
                Err(FhirError::TokenRefused { source }.into())
            }
            read => read,
        }
    }

    /// Tokens that are good for a while. A renewal ahead of time that fails does no harm if the old
    /// token still lives; it is tried again, but not by every call.
    async fn ready(&self) -> Result<Arc<Stored>, Error> {
        let current = self.inner.current();
        let now = self.app().environment().now()?;
        if !current.is_due(now) {
            return Ok(current);
        }
        let lives = current.lives(now);
        if lives && (!current.is_renewable() || self.inner.has_failed_ahead(now)) {
            return Ok(current);
        }
        match self.inner.renew(&current, Cause::Due).await {
            Err(error) if lives && !is_replaced(&error) => {
                self.inner
                    .failed_ahead
                    .store(now.as_unix_seconds(), Ordering::Relaxed);
                tracing::warn!(target: "smart", "the session could not be renewed ahead of time; its token is still good");
                Ok(current)
            }
            // taken over from the vault, where they may have lain for long
            Ok(taken) if !taken.lives(now) => self.inner.renew(&taken, Cause::Due).await,
            renewed => renewed,
        }
    }

    /// Other tokens after a 401, if there are any: renewed, or found in the vault where renewing is
    /// not possible or does not help.
    async fn others_than(
        &self,
        used: &Arc<Stored>,
        request: &Request<Bytes>,
        status: StatusCode,
    ) -> Result<Option<Arc<Stored>>, Error> {
        self.hear(status, request, used)?;
        if status != StatusCode::UNAUTHORIZED {
            return Ok(None);
        }
        let now = self.app().environment().now()?;
        let is_in_vain = self.inner.queue.trial().is_in_vain(now);
        if is_in_vain || !used.is_renewable() {
            return self.inner.look_for_newer(used).await;
        }
        let renewed = self.inner.renew(used, Cause::Refused).await?;
        if renewed.tokens.access_token.expose() == used.tokens.access_token.expose() {
            self.inner.queue.trial().fail(now);
            return Ok(None);
        }
        let path = request.uri().path();
        self.inner.queue.trial().blame(path, &renewed);
        Ok(Some(renewed))
    }

    fn hear(
        &self,
        status: StatusCode,
        request: &Request<Bytes>,
        used: &Stored,
    ) -> Result<(), Error> {
        let now = self.app().environment().now()?;
        let path = request.uri().path();
        self.inner.queue.trial().hear(status, path, used, now);
        Ok(())
    }

    fn check_address(&self, request: &Request<Bytes>) -> Result<(), Error> {
        let origin = &self.app().settings().origin;
        if request.uri().authority().is_none() {
            return Err(FhirError::NoAddress.into());
        }
        if !origin.holds(request.uri()) {
            let origin = origin.to_string();
            return Err(Error::OtherOrigin { origin });
        }
        Ok(())
    }

    async fn attempt(
        &self,
        request: &Request<Bytes>,
        stored: &Stored,
    ) -> Result<Response<Bytes>, Error> {
        let bearer = bearer(stored)?;
        let make = |_ahead| Ok(with_token(request, bearer.as_ref()));
        let purpose = self.data_purpose(request, stored);
        self.app().inner().exchange(purpose, &make).await
    }

    async fn open_stream(
        &self,
        request: &Request<Bytes>,
        stored: &Stored,
    ) -> Result<Response<Body>, Error> {
        let bearer = bearer(stored)?;
        let make = |_ahead| Ok(of_any_length(with_token(request, bearer.as_ref())));
        let purpose = self.data_purpose(request, stored);
        self.app()
            .environment()
            .exchange_stream(purpose, &make)
            .await
    }

    /// Asks any server for an answer that may be long, without the token.
    pub(super) async fn stream_without_token(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Body>, Error> {
        let origin = &exchange::origin(request.uri())?;
        let purpose = Purpose {
            name: "file",
            path: "file",
            record: None,
            repeat: repeat(&request),
            timed: Timed::Nothing,
            origin,
        };
        let make = |_ahead| Ok(of_any_length(request.clone()));
        self.app()
            .environment()
            .exchange_stream(purpose, &make)
            .await
    }

    fn data_purpose<'p>(&'p self, request: &Request<Bytes>, stored: &'p Stored) -> Purpose<'p> {
        Purpose {
            name: "fhir",
            path: "fhir",
            record: stored.tokens.patient.id(),
            repeat: repeat(request),
            timed: Timed::Nothing,
            origin: &self.app().settings().origin,
        }
    }
}

impl Inner {
    pub(super) fn current(&self) -> Arc<Stored> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    pub(super) fn take_over(&self, stored: Stored) -> Arc<Stored> {
        let stored = Arc::new(stored);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(&stored);
        stored
    }

    fn has_failed_ahead(&self, now: Timestamp) -> bool {
        let failed = Timestamp::from_unix_seconds(self.failed_ahead.load(Ordering::Relaxed));
        is_within(failed, now, PAUSE)
    }
}

/// Whether the session is somebody else's by now: then the old token is not used to its end either.
fn is_replaced(error: &Error) -> bool {
    match error {
        Error::Fhir(FhirError::Renewal { source }) => is_replaced(source),
        Error::Fhir(error) => matches!(error, FhirError::Replaced),
        _ => false,
    }
}

/// [RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
/// Nothing for a session without a login.
fn bearer(stored: &Stored) -> Result<Option<HeaderValue>, Error> {
    if stored.renewal == Renewal::NoLogin {
        return Ok(None);
    }
    let token: &AccessToken = &stored.tokens.access_token;
    let text = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| FhirError::BadToken)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn with_token(request: &Request<Bytes>, bearer: Option<&HeaderValue>) -> Request<Bytes> {
    let mut request = request.clone();
    if let Some(bearer) = bearer {
        request.headers_mut().insert(AUTHORIZATION, bearer.clone());
    }
    request
}

fn of_any_length(mut request: Request<Bytes>) -> Request<Bytes> {
    request.extensions_mut().insert(LongBody::new());
    request
}

/// Whether a request may be made again whose first attempt may have been carried out.
///
/// A write that depends on the state that it changes (`If-Match` and its like, or a search in place
/// of an id) would be refused the second time, or find something else, although the first
/// succeeded. A [conditional create](https://hl7.org/fhir/http.html#ccreate) finds what it created.
/// The kick-off of an export is a `GET` that begins a job.
fn repeat(request: &Request<Bytes>) -> Repeat {
    let has = |name| request.headers().contains_key(name);
    let is_said = request.extensions().get::<Repeatable>().is_some() || has(IF_NONE_EXIST);
    let begins_a_job = request
        .headers()
        .get_all("prefer")
        .iter()
        .any(|value| value.as_bytes() == b"respond-async");
    let is_conditional = request.uri().query().is_some()
        || [
            IF_MATCH,
            IF_NONE_MATCH,
            IF_MODIFIED_SINCE,
            IF_UNMODIFIED_SINCE,
        ]
        .into_iter()
        .any(|name| request.headers().contains_key(name));
    let is_safe = match *request.method() {
        Method::PUT | Method::DELETE => !is_conditional,
        _ => is_repeatable(request) && !begins_a_job,
    };
    Repeat::safe(is_said || is_safe)
}

const IF_NONE_EXIST: HeaderName = HeaderName::from_static("if-none-exist");

/// An extension of a request by which an app says that making it twice does what making it once
/// does, whatever its method. It is then repeated after passing faults, as a `GET` is: see
/// [`Retries`](crate::Retries).
///
/// ```
/// use smart::fhir::Repeatable;
///
/// let mut request = http::Request::post("https://ehr.example/fhir/$evaluate").body(bytes::Bytes::new())?;
/// request.extensions_mut().insert(Repeatable);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a mark, and no more")]
pub struct Repeatable;

/// Whether making the request twice does what making it once does. A search by `POST` reads only
/// ([FHIR, search](https://hl7.org/fhir/http.html#search)).
fn is_repeatable(request: &Request<Bytes>) -> bool {
    let is_search = request.uri().path().ends_with("/_search");
    match *request.method() {
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE => true,
        Method::POST => is_search,
        _ => false,
    }
}

/// Whether a request that was answered by a 401 can be made once more.
fn may_repeat<B>(request: &Request<Bytes>, response: &Response<B>) -> bool {
    is_repeatable(request) || blames_the_token(response)
}

/// Whether the server says that it was the token that it refused, so that it has done nothing.
fn blames_the_token<B>(response: &Response<B>) -> bool {
    let values = response.headers().get_all(WWW_AUTHENTICATE);
    let mut texts = values.iter().filter_map(|value| value.to_str().ok());
    texts.any(|text| {
        let text = text.to_ascii_lowercase();
        text.starts_with("bearer") && text.contains("invalid_token")
    })
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("app", self.app())
            .finish_non_exhaustive()
    }
}
