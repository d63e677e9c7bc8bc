//! A store of an app's own, and one that fails at the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use http::StatusCode;
use smart::fhir::{FhirError, Session};
use smart::vault::{Entry, LockedEntry, MemoryVault, Vault, VaultError, VaultKey};

use super::ehr::{Ehr, builder, cause, html, key, read, session};

/// Takes entries as long as it is told to.
#[derive(Clone, Default)]
struct Full {
    inner: MemoryVault,
    writes_left: Arc<AtomicUsize>,
}

struct Held {
    inner: Box<dyn LockedEntry>,
    writes_left: Arc<AtomicUsize>,
}

impl Vault for Full {
    fn read<'v>(&'v self, key: &'v VaultKey) -> BoxFuture<'v, Result<Option<Entry>, VaultError>> {
        self.inner.read(key)
    }

    fn lock<'v>(
        &'v self,
        key: &'v VaultKey,
    ) -> BoxFuture<'v, Result<Box<dyn LockedEntry>, VaultError>> {
        Box::pin(async move {
            let held: Box<dyn LockedEntry> = Box::new(Held {
                inner: self.inner.lock(key).await?,
                writes_left: Arc::clone(&self.writes_left),
            });
            Ok(held)
        })
    }
}

impl LockedEntry for Held {
    fn read(&mut self) -> BoxFuture<'_, Result<Option<Entry>, VaultError>> {
        self.inner.read()
    }

    fn write(&mut self, entry: Entry) -> BoxFuture<'_, Result<(), VaultError>> {
        let left = self.writes_left.load(Ordering::SeqCst);
        if left == 0 {
            return Box::pin(async { Err(VaultError::store("the disk is full")) });
        }
        self.writes_left.store(left - 1, Ordering::SeqCst);
        self.inner.write(entry)
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), VaultError>> {
        self.inner.remove()
    }
}

#[tokio::test]
async fn new_tokens_that_cannot_be_stored_are_not_used_and_not_lost() {
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let vault = Full::default();
    let app = builder.vault(vault.clone()).build().unwrap();
    // the first tokens, and the note that a refresh begins; not the new tokens
    vault.writes_left.store(2, Ordering::SeqCst);
    let session = session(&app).await;
    hands.advance(3600);
    for _ in 0..3 {
        let error = read(&session).await.unwrap_err();
        assert!(
            matches!(cause(&error), FhirError::Vault(VaultError::Store { .. })),
            "{error:?}"
        );
        assert!(!error.needs_user());
    }
    assert_eq!(
        ehr.refreshes(),
        1,
        "the server is not asked for what is there"
    );
    assert!(!ehr.lines().iter().any(|line| line.contains("Patient")));

    vault.writes_left.store(10, Ordering::SeqCst);
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    assert_eq!(ehr.refreshes(), 1);
    let kept = Session::open(&app, key("user")).await.unwrap();
    assert_eq!(kept.tokens().access_token.expose(), "canary-a1");
}

#[tokio::test]
async fn tokens_that_could_not_be_stored_can_be_revoked() {
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let vault = Full::default();
    let app = builder.vault(vault.clone()).build().unwrap();
    vault.writes_left.store(2, Ordering::SeqCst);
    let session = session(&app).await;
    hands.advance(3600);
    assert!(read(&session).await.is_err());
    ehr.instead(|seen| seen.line.ends_with("/revoke").then(|| html(503)));
    assert!(session.revoke().await.unwrap_err().is_retryable());
    ehr.instead(|_| None);
    session.revoke().await.unwrap();
    let seen = ehr.all().pop().unwrap();
    assert!(seen.body.starts_with("token=canary-r1&"), "{seen:?}");
    assert!(Session::open(&app, key("user")).await.is_err());
}

#[tokio::test]
async fn no_refresh_is_sent_that_could_not_be_noted() {
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let vault = Full::default();
    let app = builder.vault(vault.clone()).build().unwrap();
    vault.writes_left.store(1, Ordering::SeqCst);
    let session = session(&app).await;
    hands.advance(3600);
    assert!(read(&session).await.is_err());
    assert_eq!(ehr.refreshes(), 0);
    vault.writes_left.store(10, Ordering::SeqCst);
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn a_code_is_not_spent_for_a_vault_that_is_not_there() {
    struct Gone;
    impl Vault for Gone {
        fn read<'v>(&'v self, _: &'v VaultKey) -> BoxFuture<'v, Result<Option<Entry>, VaultError>> {
            Box::pin(async { Err(VaultError::store("gone")) })
        }
        fn lock<'v>(
            &'v self,
            _: &'v VaultKey,
        ) -> BoxFuture<'v, Result<Box<dyn LockedEntry>, VaultError>> {
            Box::pin(async { Err(VaultError::store("gone")) })
        }
    }
    let ehr = Ehr::default();
    let (builder, _) = builder(&ehr);
    let app = builder.vault(Gone).build().unwrap();
    let authorization = app.authorize("patient/*.rs").await.unwrap();
    let callback = format!("code=c&state={}", authorization.state());
    for _ in 0..2 {
        let error = authorization.exchange(&callback).await.unwrap_err();
        assert!(matches!(cause(&error), FhirError::Vault(_)), "{error:?}");
    }
    assert_eq!(ehr.refreshes(), 0);
}
