//! New tokens for old ones: one renewal at a time, stored before anything is done with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::lock::Mutex;
use http::StatusCode;
use smart_oauth::oauth2::{AccessToken, Client, Remedy, TokenError, TokenSet};
use tracing::Instrument as _;

use super::app::{origin, purpose};
use super::error::{FhirError, SharedFailure};
use super::session::Inner;
use super::stored::{Renewal, Stored};
use crate::retry::Repeat;
use crate::vault::{LockedEntry, step};
use crate::{Error, Stage};

/// The renewals of a session, one after the other.
#[derive(Default)]
pub(super) struct Flights {
    last: Mutex<Last>,
    /// How many have failed.
    failed: AtomicU64,
}

/// What the last renewal left behind.
#[derive(Default)]
struct Last {
    failure: Option<(AccessToken, u64, SharedFailure)>,
    unsaved: Option<Unsaved>,
}

/// New tokens that the vault did not take. The old ones are no good any more, so they are kept here, together with the lock: no
/// other process shall spend the old refresh token meanwhile.
pub(super) struct Unsaved {
    pub(super) stored: Stored,
    pub(super) entry: Box<dyn LockedEntry>,
}

impl Flights {
    pub(super) async fn forget_failure(&self) {
        self.last.lock().await.failure = None;
    }

    /// The tokens that the vault did not take, for whoever ends the session.
    pub(super) async fn take_unsaved(&self) -> Option<Unsaved> {
        self.last.lock().await.unsaved.take()
    }

    pub(super) async fn put_back(&self, unsaved: Unsaved) {
        self.last.lock().await.unsaved = Some(unsaved);
    }
}

impl Inner {
    /// Other tokens than this one: those that somebody else has got by now, or new ones.
    pub(super) async fn renew(self: &Arc<Self>, stale: &AccessToken) -> Result<Arc<Stored>, Error> {
        let failed_before = self.flights.failed.load(Ordering::Acquire);
        let (session, stale) = (Arc::clone(self), stale.clone());
        detached(async move { session.take_turn(&stale, failed_before).await }).await
    }

    /// Waits for whoever renews now, and does it only if it is still to be done: who waited for a renewal that failed has the
    /// same failure.
    async fn take_turn(
        &self,
        stale: &AccessToken,
        failed_before: u64,
    ) -> Result<Arc<Stored>, Error> {
        let mut last = self.flights.last.lock().await;
        let current = self.current();
        if current.is_newer_than(stale) {
            return Ok(current);
        }
        if let Some((token, number, failure)) = &last.failure
            && token.expose() == stale.expose()
            && (*number > failed_before || failure.needs_user())
        {
            return Err(failure.clone().into());
        }
        match self.renewed(&mut last, stale).await {
            Ok(stored) => {
                last.failure = None;
                Ok(self.take_over(stored))
            }
            Err(error) => {
                let failure = SharedFailure::new(error);
                let number = self.flights.failed.fetch_add(1, Ordering::AcqRel) + 1;
                last.failure = Some((stale.clone(), number, failure.clone()));
                Err(failure.into())
            }
        }
    }

    async fn renewed(&self, last: &mut Last, stale: &AccessToken) -> Result<Stored, Error> {
        if let Some(unsaved) = last.unsaved.take() {
            return save(last, unsaved).await;
        }
        let mut entry = self.app.settings().vault.lock(&self.key).await?;
        let found = entry.read().await?.ok_or(FhirError::NoSession)?;
        let found = Stored::from_entry(&found)?;
        found.check_is_of(&self.app)?;
        if !found.is_of_same_patient(&self.current()) {
            return Err(FhirError::Replaced.into());
        }
        if found.is_newer_than(stale) {
            // another process, or another handle, was here before
            return Ok(found);
        }
        let client = self.app.inner().client().await?;
        let tokens = match found.renewal {
            Renewal::Own => self.granted_anew(&client, &found).await?,
            Renewal::NoLogin | Renewal::Refresh => {
                self.refreshed(&client, &found, &mut *entry).await?
            }
        };
        step("tokens received");
        let stored = found.renewed(tokens, self.app.means().now()?);
        save(last, Unsaved { stored, entry }).await
    }

    /// Nothing is lost with the answer: the app can ask again.
    async fn granted_anew(&self, client: &Client, found: &Stored) -> Result<TokenSet, Error> {
        let grant = client.client_credentials(found.tokens.scopes.asked.clone());
        let origin = origin(&client.server().token)?;
        let purpose = purpose("client_credentials", Repeat::Always, &origin);
        let make = |authentication: &_| grant.request(authentication);
        let response = self.app.inner().ask(purpose, client, make).await?;
        Ok(grant.receive(&response, self.app.means().now()?)?)
    }

    /// Writes down that a refresh begins, so that whoever finds this knows that an answer may be lost. From sending it to having
    /// stored the answer the tokens hang by a thread: a server that replaces refresh tokens has done so when its answer sets out.
    async fn refreshed(
        &self,
        client: &Client,
        found: &Stored,
        entry: &mut dyn LockedEntry,
    ) -> Result<TokenSet, Error> {
        let refresh = client.refresh(found.tokens.clone())?;
        let now = self.app.means().now()?;
        let mut begun = found.clone();
        begun.refreshing_since = found.refreshing_since.or(Some(now));
        step("refresh about to be noted");
        entry.write(begun.to_entry()).await?;
        step("refresh noted");

        let origin = origin(&client.server().token)?;
        let purpose = purpose("refresh", Repeat::IfUnprocessed, &origin);
        let make = |authentication: &_| refresh.request(authentication);
        let response = match self.app.inner().ask(purpose, client, make).await {
            Ok(response) => response,
            Err(error) => {
                if error.stage() == Stage::NotSent {
                    take_back(entry, found).await;
                }
                return Err(error);
            }
        };
        step("refresh answered");
        match refresh.receive(&response, self.app.means().now()?) {
            Ok(tokens) => Ok(tokens),
            Err(error) => {
                if has_kept_the_old_token(&error) {
                    take_back(entry, found).await;
                }
                if matches!(error, TokenError::Unreadable(_)) {
                    self.app.inner().forget_server().await;
                }
                Err(match found.refreshing_since {
                    Some(since) if error.remedy() == Remedy::Reauthorize => {
                        FhirError::RefreshLost {
                            since: since.as_unix_seconds(),
                            source: error,
                        }
                        .into()
                    }
                    _ => error.into(),
                })
            }
        }
    }
}

/// Puts new tokens into the vault, and only then gives them out.
async fn save(last: &mut Last, mut unsaved: Unsaved) -> Result<Stored, Error> {
    match unsaved.entry.write(unsaved.stored.to_entry()).await {
        Ok(()) => {
            step("tokens stored");
            Ok(unsaved.stored)
        }
        Err(error) => {
            tracing::error!(target: "smart", "new tokens could not be stored; they are kept in memory, and storing them is tried again");
            last.unsaved = Some(unsaved);
            Err(error.into())
        }
    }
}

/// The refresh did not happen after all. If that cannot be written down, the next one merely has to say so if it fails.
async fn take_back(entry: &mut dyn LockedEntry, found: &Stored) {
    let _ = entry.write(found.to_entry()).await;
}

/// Whether the server said no without having replaced anything. What a gateway says of a server that did not answer in time does
/// not tell that.
fn has_kept_the_old_token(error: &TokenError) -> bool {
    match error {
        TokenError::Refused { .. } => error.remedy() != Remedy::Reauthorize,
        TokenError::RefusedSilently { .. } => true,
        TokenError::Unavailable { status } => matches!(
            *status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ),
        _ => false,
    }
}

/// Lets work run to its end although the call that began it is given up, where there is a runtime to run it.
pub(super) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let work = work.in_current_span();
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => {
            let done = runtime.spawn(work).await;
            done.unwrap_or_else(|_ended| Err(FhirError::Abandoned.into()))
        }
        Err(_none) => work.await,
    }
}
