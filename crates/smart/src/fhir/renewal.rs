//! New tokens for old ones: one renewal at a time, stored before anything is done with it. What is
//! done, [`lifecycle`] decides.
//!
//! [`lifecycle`]: super::lifecycle

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};

use futures_util::lock::Mutex;
use smart_oauth::oauth2::{Client, Remedy, TokenError, TokenSet};
use tracing::Instrument as _;

use super::app::{origin, purpose};
use super::error::{FhirError, SharedFailure};
use super::lifecycle::{Cause, Conclusion, Step, Trial, View, failed, renewing};
use super::session::Inner;
use super::stored::Stored;
use crate::Error;
use crate::exchange::retry::Repeat;
use crate::vault::{Entry, LockedEntry, step};

/// The renewals of a session, one after the other.
#[derive(Default)]
pub(super) struct RenewalQueue {
    pub(super) last: Mutex<Last>,
    /// How many have failed.
    failed: AtomicU64,
    trial: SyncMutex<Trial>,
}

/// What the last renewal left behind.
#[derive(Default)]
pub(super) struct Last {
    failure: Option<Failure>,
    /// New tokens that the vault did not take. The old refresh token may be no good any more, so
    /// they are kept here. The entry is not held meanwhile: its note says that a refresh began.
    pub(super) unsaved: Option<Stored>,
}

struct Failure {
    /// The tokens that were to be renewed.
    used: Arc<Stored>,
    number: u64,
    shared: SharedFailure,
}

impl RenewalQueue {
    pub(super) fn trial(&self) -> MutexGuard<'_, Trial> {
        self.trial.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Other tokens than these: those that somebody else has got by now, or new ones.
    pub(super) async fn renew(
        self: &Arc<Self>,
        used: &Arc<Stored>,
        cause: Cause,
    ) -> Result<Arc<Stored>, Error> {
        let failed_before = self.queue.failed.load(Ordering::Acquire);
        let (session, used) = (Arc::clone(self), Arc::clone(used));
        detached(async move { session.take_turn(&used, cause, failed_before).await }).await
    }

    /// Other tokens that the vault has by now, if it has some. Asks no server.
    pub(super) async fn look_for_newer(
        self: &Arc<Self>,
        used: &Arc<Stored>,
    ) -> Result<Option<Arc<Stored>>, Error> {
        let last = self.queue.last.lock().await;
        let current = self.current();
        if current.is_newer_than(used) {
            return Ok(Some(current));
        }
        match self.look(&last, used, Cause::Refused).await {
            Ok(Step::Take(stored)) => Ok(Some(self.take_over(stored))),
            Err(error @ Error::Fhir(FhirError::Replaced)) => Err(error),
            _ => Ok(None),
        }
    }

    /// Waits for whoever renews now, and does it only if it is still to be done: who waited for a
    /// renewal that failed has the same failure.
    async fn take_turn(
        &self,
        used: &Arc<Stored>,
        cause: Cause,
        failed_before: u64,
    ) -> Result<Arc<Stored>, Error> {
        let mut last = self.queue.last.lock().await;
        let current = self.current();
        if current.is_newer_than(used) {
            return Ok(current);
        }
        if let Some(failure) = &last.failure
            && cause != Cause::Asked
            && failure.used.is_same_as(used)
        {
            if failure.number > failed_before {
                return Err(failure.shared.clone().into());
            }
            if failure.shared.needs_user() {
                // the server is not asked again, but somebody may have logged in meanwhile
                match self.look(&last, used, cause).await {
                    Ok(Step::Refresh(_)) => return Err(failure.shared.clone().into()),
                    Err(error) => return Err(error),
                    Ok(_) => {}
                }
            }
        }
        match self.renewed(&mut last, used, cause).await {
            Ok(stored) => {
                last.failure = None;
                Ok(self.take_over(stored))
            }
            Err(error) => {
                let shared = SharedFailure::new(error);
                let number = self.queue.failed.fetch_add(1, Ordering::AcqRel) + 1;
                last.failure = Some(Failure {
                    used: Arc::clone(used),
                    number,
                    shared: shared.clone(),
                });
                Err(shared.into())
            }
        }
    }

    /// The next step by the entry as it is now, which nobody holds.
    async fn look(&self, last: &Last, used: &Stored, cause: Cause) -> Result<Step, Error> {
        let entry = self.app.settings().vault.read(&self.key).await?;
        self.next_step(last, used, cause, entry)
    }

    fn next_step(
        &self,
        last: &Last,
        used: &Stored,
        cause: Cause,
        entry: Option<Entry>,
    ) -> Result<Step, Error> {
        let found = self.stored(entry)?;
        let view = View {
            mine: &self.current(),
            used,
            unsaved: last.unsaved.as_ref(),
            cause,
            now: self.app.environment().now()?,
        };
        Ok(renewing(&view, found)?)
    }

    /// What an entry holds, if it belongs to this app.
    pub(super) fn stored(&self, entry: Option<Entry>) -> Result<Option<Stored>, Error> {
        let Some(entry) = entry else {
            return Ok(None);
        };
        let stored = Stored::from_entry(&entry)?;
        stored.check_is_of(&self.app)?;
        Ok(Some(stored))
    }

    /// Looks, gets ready, locks, and looks again: what takes time is done before the entry is held.
    async fn renewed(&self, last: &mut Last, used: &Stored, cause: Cause) -> Result<Stored, Error> {
        let client = match self.look(last, used, cause).await? {
            Step::Take(stored) => return Ok(stored),
            Step::Store(_) => None,
            Step::AskAsApp(_) | Step::Refresh(_) => Some(self.app.inner().client().await?),
        };
        let mut entry = self.app.settings().vault.lock(&self.key).await?;
        let found = entry.read().await?;
        let (found, as_app) = match self.next_step(last, used, cause, found)? {
            Step::Store(stored) => return save(last, &mut *entry, stored).await,
            Step::Take(found) => {
                last.unsaved = None;
                return Ok(found);
            }
            Step::AskAsApp(found) => (found, true),
            Step::Refresh(found) => (found, false),
        };
        // whatever it was, the vault has something else by now
        last.unsaved = None;
        let client = match client {
            Some(client) => client,
            None => self.app.inner().client().await?,
        };
        let stored = if as_app {
            let tokens = self.granted_anew(&client, &found).await?;
            found.renewed(tokens, self.app.environment().now()?)
        } else {
            self.refreshed(&client, &found, &mut *entry).await?
        };
        step("tokens received");
        if cause == Cause::Refused {
            self.queue.trial().begin(stored.clone());
        }
        save(last, &mut *entry, stored).await
    }

    /// Nothing is lost with the answer: the app can ask again.
    async fn granted_anew(&self, client: &Client, found: &Stored) -> Result<TokenSet, Error> {
        let grant = client.client_credentials(found.tokens.scopes.asked.clone());
        let origin = origin(&client.server().token)?;
        let purpose = purpose("client_credentials", Repeat::Always, &origin);
        let make = |authentication: &_| grant.request(authentication);
        let response = self.app.inner().ask(purpose, client, &make).await?;
        let tokens = grant.receive(&response, self.app.environment().now()?);
        Ok(tokens.map_err(FhirError::of_app)?)
    }

    /// Writes down that a refresh begins, so that whoever finds this knows that an answer may be
    /// lost. From sending it to having stored the answer the tokens hang by a thread: a server that
    /// replaces refresh tokens has done so when its answer sets out.
    async fn refreshed(
        &self,
        client: &Client,
        found: &Stored,
        entry: &mut dyn LockedEntry,
    ) -> Result<Stored, Error> {
        step("refresh about to be noted");
        let noted = found.noted(self.app.environment().now()?);
        entry.write(noted.to_entry()).await?;
        step("refresh noted");
        let outcome = self.ask_for_refresh(client, found).await;
        let now = self.app.environment().now()?;
        let error = match outcome {
            Ok(tokens) => return Ok(found.renewed(tokens, now)),
            Err(error) => error,
        };
        match failed(found, &error, now) {
            Conclusion::LeaveNote => {}
            // if that cannot be written down, the next refresh merely has to say so if it fails
            Conclusion::End(entry_now) | Conclusion::TakeBack(entry_now) => {
                let _ = entry.write(entry_now.to_entry()).await;
            }
        }
        let Error::Fhir(FhirError::Token(error)) = error else {
            return Err(error);
        };
        if matches!(error, TokenError::Unreadable(_)) {
            self.app.inner().forget_server().await;
        }
        Err(match found.refreshing_since {
            Some(since) if error.remedy() == Remedy::Reauthorize => FhirError::RefreshLost {
                since: since.as_unix_seconds(),
                source: error,
            }
            .into(),
            _ => error.into(),
        })
    }

    async fn ask_for_refresh(&self, client: &Client, found: &Stored) -> Result<TokenSet, Error> {
        let refresh = client.refresh(found.tokens.clone())?;
        let origin = origin(&client.server().token)?;
        let purpose = purpose("refresh", Repeat::IfUnprocessed, &origin);
        let make = |authentication: &_| refresh.request(authentication);
        let response = self.app.inner().ask(purpose, client, &make).await?;
        step("refresh answered");
        Ok(refresh.receive(&response, self.app.environment().now()?)?)
    }
}

/// Puts new tokens into the vault, and only then gives them out.
async fn save(
    last: &mut Last,
    entry: &mut dyn LockedEntry,
    stored: Stored,
) -> Result<Stored, Error> {
    // before the write, which may be given up where there is no runtime
    last.unsaved = Some(stored.clone());
    if let Err(error) = entry.write(stored.to_entry()).await {
        tracing::error!(target: "smart", "new tokens could not be stored; they are kept in memory, and storing them is tried again");
        return Err(error.into());
    }
    step("tokens stored");
    last.unsaved = None;
    Ok(stored)
}

/// Lets work run to its end although the call that began it is given up, where there is a runtime
/// to run it.
pub(super) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let work = work.in_current_span();
    #[cfg(test)]
    if super::tests::model::is_running() {
        return super::tests::model::detached(work).await;
    }
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => {
            let done = runtime.spawn(work).await;
            done.unwrap_or_else(|_ended| Err(FhirError::Abandoned.into()))
        }
        Err(_none) => work.await,
    }
}
