//! Where tokens are kept between calls and between runs.
//!
//! A [`Vault`] keeps one [`Entry`] for each [`VaultKey`]: bytes that only the session understands.
//! [`MemoryVault`] forgets them with the process; [`FileVault`] keeps them on disk, sealed. A store
//! of your own (a database) is two methods, and a lock that holds for everybody who shares the
//! store.

mod file;
mod memory;
#[cfg(feature = "classic")]
mod record_tokens;
mod steps;

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

pub use file::FileVault;
#[cfg(feature = "keychain")]
pub use keyring_core as keychain;
pub use memory::MemoryVault;
#[cfg(feature = "classic")]
pub use record_tokens::RecordTokens;
#[cfg(test)]
pub(crate) use steps::counted::DIE_AT;
pub(crate) use steps::step;

/// Keeps entries.
///
/// A server that replaces refresh tokens ends the old one at once. Two that refresh at the same
/// time therefore lose the session, and so does one that uses a new token before it is stored.
/// Sessions keep to that by three rules, which a vault has to support:
///
/// - whoever holds the [lock](Self::lock) of a key is the only one, in every process and on every
///   machine that shares the store;
/// - a lock is let go when the [`LockedEntry`] is dropped, and when its process dies;
/// - when [`LockedEntry::write`] has come back without an error, the entry is there after a power
///   failure; before, the old one is still there in whole.
pub trait Vault: Send + Sync + 'static {
    /// The entry as it is, without waiting for whoever is changing it.
    fn read<'v>(&'v self, key: &'v VaultKey) -> BoxFuture<'v, Result<Option<Entry>, VaultError>>;

    /// Waits until nobody else has the entry, and holds it. The entry need not be there yet.
    fn lock<'v>(
        &'v self,
        key: &'v VaultKey,
    ) -> BoxFuture<'v, Result<Box<dyn LockedEntry>, VaultError>>;
}

/// An entry that nobody else can change as long as this value lives.
pub trait LockedEntry: Send {
    /// The entry as it is.
    fn read(&mut self) -> BoxFuture<'_, Result<Option<Entry>, VaultError>>;

    /// Puts an entry in place of the old one, whole or not at all.
    fn write(&mut self, entry: Entry) -> BoxFuture<'_, Result<(), VaultError>>;

    /// Takes the entry away. No entry is no error.
    fn remove(&mut self) -> BoxFuture<'_, Result<(), VaultError>>;
}

/// The name of an entry, at most 512 bytes. `Debug` does not show it, since apps tend to name
/// entries after people.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VaultKey(String);

impl VaultKey {
    const LIMIT: usize = 512;

    /// Takes a name: of the app's user, for example.
    ///
    /// # Errors
    ///
    /// When it is empty or too long.
    pub fn new(name: impl Into<String>) -> Result<Self, VaultError> {
        let name = name.into();
        if name.is_empty() || name.len() > Self::LIMIT {
            return Err(VaultError::BadKey { limit: Self::LIMIT });
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that nobody has used.
    pub(crate) fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VaultKey(_)")
    }
}

/// What is kept: tokens in the clear. Wiped from memory when dropped; `Debug` shows no part of it
/// and there is no `Display`.
#[derive(Clone)]
pub struct Entry(Zeroizing<Vec<u8>>);

impl Entry {
    /// An entry read back from wherever it was stored.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves, for storing them where nobody else can read them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Entry(redacted)")
    }
}

/// Why a vault cannot give or keep an entry. No message holds a token or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// A name that an entry cannot have.
    #[error("the name of a vault's entry is 1 to {limit} bytes long")]
    BadKey {
        /// The most allowed, in bytes.
        limit: usize,
    },
    /// Somebody else has had the entry for too long.
    #[error("another process has held the entry for {seconds} seconds; see whether it hangs")]
    Busy {
        /// How long it was waited for.
        seconds: u64,
    },
    /// A file or folder can be read or changed by other users.
    #[error("{} can be read or changed by other users; take their rights away (chmod {mode:o})", .path.display())]
    Exposed {
        /// Which.
        path: std::path::PathBuf,
        /// The rights that it should have.
        mode: u32,
    },
    /// A file or folder belongs to another user, who can change it.
    #[error("{} belongs to another user; use a folder of your own", .path.display())]
    Foreign {
        /// Which.
        path: std::path::PathBuf,
    },
    /// A file of the vault could not be read or written.
    #[error("the vault cannot {action} {}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: std::path::PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The keychain of the operating system did not give out the key, or take it.
    #[cfg(feature = "keychain")]
    #[error(
        "the keychain has no key for the vault: {problem}; unlock it, or see what it has under this name"
    )]
    Keychain {
        /// What it said.
        problem: String,
    },
    /// There are entries, but nothing to tell whether the key is theirs.
    #[error("{} is missing, so the vault's key cannot be checked; restore it, or remove the vault's folder and authorize again", .path.display())]
    NoCheck {
        /// The file that is missing.
        path: std::path::PathBuf,
    },
    /// The key file is missing beside entries, or holds no key.
    #[error("{} holds no vault key; restore it, or remove the vault's folder and authorize again", .path.display())]
    NoKey {
        /// The key file.
        path: std::path::PathBuf,
    },
    /// Something else is in the place of a file: a symbolic link, a FIFO, a device, a folder.
    #[error("{} is not a regular file; remove it", .path.display())]
    NotAFile {
        /// Which.
        path: std::path::PathBuf,
    },
    /// There is no randomness for a key or a nonce.
    #[error("the operating system gave no randomness, without which nothing can be sealed")]
    Randomness {
        /// What the source of randomness said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A store of the app's own failed.
    #[error("the app's own store failed")]
    Store {
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An entry that is too long to be read again. It was not written.
    #[error("an entry of the vault is longer than {limit} bytes and was not written")]
    TooLong {
        /// The most allowed, in bytes, with what sealing adds.
        limit: u64,
    },
    /// The key is not the one that sealed the vault; or an entry that was changed by somebody else,
    /// was sealed with another key, or belongs to another name.
    #[error(
        "the vault, or an entry of it, cannot be opened with this key; it is damaged, or another key sealed it"
    )]
    Unopened,
    /// An entry that this version cannot read.
    #[error("an entry of the vault cannot be read; it is damaged, or a newer version wrote it")]
    Unreadable,
}

impl VaultError {
    /// Wraps what a store of the app's own says.
    pub fn store(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Store {
            source: source.into(),
        }
    }
}

impl SharedVault {
    pub(crate) async fn read(&self, key: &VaultKey) -> Result<Option<Entry>, VaultError> {
        self.0.read(key).await
    }

    pub(crate) async fn lock(&self, key: &VaultKey) -> Result<Box<dyn LockedEntry>, VaultError> {
        self.0.lock(key).await
    }
}

/// A vault behind one type, shared by clones.
#[derive(Clone)]
pub(crate) struct SharedVault(pub(crate) Arc<dyn Vault>);

impl fmt::Debug for SharedVault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SharedVault")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_what_it_is_and_shows_nothing_of_it() {
        let key = VaultKey::new("canary").unwrap();
        assert_eq!(format!("{key:?}"), "VaultKey(_)");
        let entry = Entry::new(b"canary".to_vec());
        assert_eq!(format!("{entry:?}"), "Entry(redacted)");
        let vault = SharedVault(Arc::new(MemoryVault::new()));
        assert_eq!(format!("{vault:?}"), "SharedVault { .. }");
    }
}
