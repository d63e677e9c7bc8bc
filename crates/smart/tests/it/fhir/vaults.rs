//! A store of an app's own, and one that fails at the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use http::StatusCode;
use smart::fhir::{FhirError, Session};
use smart::transport::Stage;
use smart::vault::{Entry, LockedEntry, MemoryVault, Vault, VaultError, VaultKey};

use super::ehr::{Ehr, builder, cause, html, json, key, read, session};

/// Takes entries as long as it is told to.
#[derive(Clone, Default)]
pub(super) struct Full {
    inner: MemoryVault,
    pub(super) writes_left: Arc<AtomicUsize>,
    pub(super) removals_fail: Arc<AtomicBool>,
}

struct Held {
    inner: Box<dyn LockedEntry>,
    vault: Full,
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
                vault: self.clone(),
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
        let left = self.vault.writes_left.load(Ordering::SeqCst);
        if left == 0 {
            return Box::pin(async { Err(VaultError::store("the disk is full")) });
        }
        self.vault.writes_left.store(left - 1, Ordering::SeqCst);
        self.inner.write(entry)
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), VaultError>> {
        if self.vault.removals_fail.load(Ordering::SeqCst) {
            return Box::pin(async { Err(VaultError::store("the disk is gone")) });
        }
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
async fn the_tokens_of_a_login_that_could_not_be_stored_are_not_lost() {
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let vault = Full::default();
    let app = builder.vault(vault.clone()).build().unwrap();
    let authorization = app.authorize("patient/*.rs").await.unwrap();
    let callback = format!("code=canary-code&state={}", authorization.state());
    for _ in 0..3 {
        let exchanged = authorization.exchange_as(&callback, key("user")).await;
        let error = exchanged.unwrap_err();
        assert!(
            matches!(cause(&error), FhirError::Vault(VaultError::Store { .. })),
            "{error:?}"
        );
        // a forged callback brings nobody to them
        let forged = authorization.exchange_as("code=canary-code&state=x", key("user"));
        let error = forged.await.unwrap_err();
        assert!(matches!(cause(&error), FhirError::Callback(_)), "{error:?}");
    }
    hands.advance(2 * 60 * 60);
    vault.writes_left.store(10, Ordering::SeqCst);
    let copy = authorization.clone();
    let session = copy.exchange_as(&callback, key("user")).await.unwrap();
    assert_eq!(session.patient().as_deref(), Some("canary-patient"));
    assert_eq!(ehr.refreshes(), 1, "the code is sent once");
    let again = authorization.exchange_as(&callback, key("user")).await;
    assert!(matches!(
        cause(&again.unwrap_err()),
        FhirError::CallbackUsed
    ));
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
    let revoked = ehr.revoked();
    assert!(revoked[1].starts_with("token=canary-r1&"), "{revoked:?}");
    assert!(revoked[2].starts_with("token=canary-a1&"), "{revoked:?}");
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

/// What the next handle, as after a restart, is told when the server knows the refresh token no
/// more.
async fn told_after(prepare: impl FnOnce(&Ehr)) -> FhirErrorKind {
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let app = builder.build().unwrap();
    let session = session(&app).await;
    hands.advance(3600);
    prepare(&ehr);
    assert!(read(&session).await.is_err());
    ehr.break_at(None);
    ehr.instead(|seen| {
        let is_token = seen.line.ends_with("/token");
        is_token.then(|| json(400, r#"{"error": "invalid_grant"}"#))
    });
    let next = Session::open(&app, key("user")).await.unwrap();
    let error = read(&next).await.unwrap_err();
    assert!(error.needs_user());
    match cause(&error) {
        FhirError::RefreshLost { .. } => FhirErrorKind::Lost,
        FhirError::Token(_) => FhirErrorKind::Refused,
        other => panic!("{other:?}"),
    }
}

#[derive(Debug, PartialEq)]
enum FhirErrorKind {
    Lost,
    Refused,
}

#[tokio::test]
async fn an_answer_counts_as_lost_only_where_it_may_have_been_one() {
    use FhirErrorKind::{Lost, Refused};
    let answering = |status, body: &'static str| {
        move |ehr: &Ehr| {
            ehr.instead(move |seen| seen.line.ends_with("/token").then(|| json(status, body)));
        }
    };
    assert_eq!(told_after(answering(503, "")).await, Refused);
    assert_eq!(told_after(answering(429, "")).await, Refused);
    let busy = r#"{"error": "temporarily_unavailable"}"#;
    assert_eq!(told_after(answering(400, busy)).await, Refused);
    let stranger = r#"{"error": "invalid_client"}"#;
    assert_eq!(told_after(answering(401, stranger)).await, Refused);
    // behind a gateway the server may have done it all the same
    assert_eq!(told_after(answering(504, "")).await, Lost);
    // an answer that cannot be read may have been the new tokens
    assert_eq!(told_after(answering(200, "cut sho")).await, Lost);
    assert_eq!(
        told_after(|ehr| ehr.break_at(Stage::NotSent)).await,
        Refused
    );
    assert_eq!(told_after(|ehr| ehr.break_at(Stage::MaybeSent)).await, Lost);
    assert_eq!(
        told_after(|ehr| ehr.break_at(Stage::Unreadable)).await,
        Lost
    );
}

#[tokio::test]
async fn an_answer_is_lost_only_if_the_server_refuses_the_next_refresh() {
    let ehr = Ehr::default();
    let (app, hands) = super::ehr::app(&ehr);
    let session = session(&app).await;
    hands.advance(3600);
    ehr.break_at(Stage::MaybeSent);
    assert!(read(&session).await.is_err());
    ehr.break_at(None);
    ehr.instead(|seen| seen.line.ends_with("/token").then(|| json(503, "")));
    let error = read(&session).await.unwrap_err();
    assert!(matches!(cause(&error), FhirError::Token(_)), "{error:?}");
    assert!(error.is_retryable() && !error.needs_user(), "{error:?}");
}

#[tokio::test]
async fn a_refresh_that_never_arrived_is_sent_again() {
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let app = builder.build().unwrap();
    let session = session(&app).await;
    hands.advance(3600);
    ehr.break_at(Stage::NotSent);
    let error = read(&session).await.unwrap_err();
    assert!(error.is_retryable() && !error.needs_user(), "{error:?}");
    ehr.break_at(None);
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
