//! The tokens of SMART Classic in a vault: one for each container, app and record.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Entry, SharedVault, Vault, VaultError, VaultKey};
use crate::classic::{AccessToken, Client, RecordId};

/// The form that this version writes, and the only one that it reads.
const VERSION: u64 = 1;

/// Keeps the access tokens of [records](crate::classic::Record) in a vault, so that a later run
/// needs no new consent. A clone is cheap.
///
/// An entry belongs to one container, one app and one record. These tokens neither end by the clock
/// nor are renewed: an entry stays until it is replaced or [forgotten](Self::forget).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use smart::vault::{MemoryVault, RecordTokens};
/// use smart::classic::{AccessToken, Client};
///
/// let client = Client::builder()
///     .app_id("my-app@apps.example.com")
///     .api_base("https://container.example/api")
///     .consumer("my-app@apps.example.com", "secret")
///     .build()?;
/// let tokens = RecordTokens::new(&client, MemoryVault::new()); // or a FileVault
/// tokens.keep(&"1288992".into(), &AccessToken::new("key", "secret")).await?;
///
/// let token = tokens.find(&"1288992".into()).await?.ok_or("the user has not authorized this app")?;
/// let record = client.record("1288992").with_token(token);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RecordTokens {
    vault: SharedVault,
    container: String,
    app: String,
}

impl RecordTokens {
    /// The tokens of the client's app for the records of the client's container.
    pub fn new(client: &Client, vault: impl Vault) -> Self {
        Self {
            vault: SharedVault(Arc::new(vault)),
            container: client.api_base().as_str().trim_end_matches('/').to_owned(),
            app: client.app_id().as_str().to_owned(),
        }
    }

    /// Stores a token in place of the one that the vault has for this record.
    ///
    /// # Errors
    ///
    /// If the vault fails.
    pub async fn keep(&self, record: &RecordId, token: &AccessToken) -> Result<(), VaultError> {
        let value = json!({
            "version": VERSION,
            "container": self.container,
            "app": self.app,
            "record": record.as_str(),
            "token": token.key().as_str(),
            "token_secret": token.secret().expose(),
        });
        let key = self.key(record);
        let mut held = self.vault.lock(&key).await?;
        held.write(Entry::new(value.to_string().into_bytes())).await
    }

    /// The token for this record; `None` if the vault has no entry for it.
    ///
    /// # Errors
    ///
    /// If the vault fails, or its entry is not one of this record.
    pub async fn find(&self, record: &RecordId) -> Result<Option<AccessToken>, VaultError> {
        let entry = self.vault.read(&self.key(record)).await?;
        let token = |entry: Entry| self.read(&entry, record).ok_or(VaultError::Unreadable);
        entry.map(token).transpose()
    }

    /// Removes the token for this record. The container is not told, and the token stays good
    /// there.
    ///
    /// # Errors
    ///
    /// If the vault fails.
    pub async fn forget(&self, record: &RecordId) -> Result<(), VaultError> {
        let key = self.key(record);
        self.vault.lock(&key).await?.remove().await
    }

    fn read(&self, entry: &Entry, record: &RecordId) -> Option<AccessToken> {
        let value: Value = serde_json::from_slice(entry.expose()).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let is_ours = value.get("version")?.as_u64() == Some(VERSION)
            && text("container") == Some(&self.container)
            && text("app") == Some(&self.app)
            && text("record") == Some(record.as_str());
        if !is_ours {
            return None;
        }
        Some(AccessToken::new(text("token")?, text("token_secret")?))
    }

    /// A hash, because the three together can be longer than a name may be.
    fn key(&self, record: &RecordId) -> VaultKey {
        let mut hash = Sha256::new();
        for part in [&self.container, &self.app, record.as_str()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hash: String = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        VaultKey(format!("classic record {hash}"))
    }
}

impl fmt::Debug for RecordTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecordTokens")
            .field("container", &self.container)
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::MemoryVault;

    fn tokens(vault: &MemoryVault, container: &str, app: &str) -> RecordTokens {
        let client = Client::builder()
            .app_id(app)
            .api_base(container)
            .consumer("key", "secret")
            .build();
        RecordTokens::new(&client.unwrap(), vault.clone())
    }

    async fn found(tokens: &RecordTokens, record: &str) -> Option<String> {
        let token = tokens.find(&record.into()).await.unwrap();
        token.map(|token| format!("{} {}", token.key().as_str(), token.secret().expose()))
    }

    #[tokio::test]
    async fn a_token_is_found_only_by_its_container_app_and_record() {
        let vault = MemoryVault::new();
        let ours = tokens(&vault, "https://a.example/api", "app@a");
        ours.keep(&"1".into(), &AccessToken::new("t", "s"))
            .await
            .unwrap();
        assert_eq!(found(&ours, "1").await.as_deref(), Some("t s"));
        let same = tokens(&vault, "https://a.example/api/", "app@a");
        assert_eq!(found(&same, "1").await.as_deref(), Some("t s"));
        assert_eq!(found(&ours, "2").await, None);
        for (container, app) in [
            ("https://b.example/api", "app@a"),
            ("https://a.example/api", "app@b"),
            ("https://a.example/ap", "iapp@a"),
        ] {
            let other = tokens(&vault, container, app);
            assert_eq!(found(&other, "1").await, None, "{container} {app}");
        }
        ours.keep(&"1".into(), &AccessToken::new("t2", "s2"))
            .await
            .unwrap();
        assert_eq!(found(&ours, "1").await.as_deref(), Some("t2 s2"));
        ours.forget(&"1".into()).await.unwrap();
        assert_eq!(found(&ours, "1").await, None);
    }

    #[tokio::test]
    async fn an_entry_of_another_record_is_refused() {
        let vault = MemoryVault::new();
        let tokens = tokens(&vault, "https://a.example/api", "app@a");
        tokens
            .keep(&"1".into(), &AccessToken::new("t", "s"))
            .await
            .unwrap();
        let entry = vault.read(&tokens.key(&"1".into())).await.unwrap().unwrap();
        let key = tokens.key(&"2".into());
        vault.lock(&key).await.unwrap().write(entry).await.unwrap();
        let error = tokens.find(&"2".into()).await.unwrap_err();
        assert!(matches!(error, VaultError::Unreadable), "{error:?}");
        let expected = r#"RecordTokens { container: "https://a.example/api", app: "app@a", .. }"#;
        assert_eq!(format!("{tokens:?}"), expected);
    }

    #[tokio::test]
    async fn an_entry_says_whose_it_is() {
        let vault = MemoryVault::new();
        let tokens = tokens(&vault, "https://a.example/api", "app@a");
        let (record, key) = ("1".into(), tokens.key(&"1".into()));
        tokens
            .keep(&record, &AccessToken::new("t", "s"))
            .await
            .unwrap();
        let entry = vault.read(&key).await.unwrap().unwrap();
        let entry: Value = serde_json::from_slice(entry.expose()).unwrap();
        for (name, other) in [
            ("version", json!(2)),
            ("container", json!("https://b.example/api")),
            ("app", json!("app@b")),
            ("record", json!("2")),
            ("token", json!(null)),
            ("token_secret", json!(null)),
        ] {
            let mut entry = entry.clone();
            entry[name] = other;
            let entry = Entry::new(entry.to_string().into_bytes());
            vault.lock(&key).await.unwrap().write(entry).await.unwrap();
            let error = tokens.find(&record).await.unwrap_err();
            assert!(matches!(error, VaultError::Unreadable), "{name}: {error:?}");
        }
    }
}
