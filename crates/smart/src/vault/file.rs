//! A vault on disk: a sealed file for each entry, and a lock that holds between processes.

mod disk;
#[cfg(feature = "keychain")]
mod keychain;
mod lock;
mod seal;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use self::disk::Folder;
use self::lock::HeldFile;
use self::seal::Sealer;
use super::{Entry, LockedEntry, Vault, VaultError, VaultKey};

/// Keeps each entry in a file of its own, sealed with XChaCha20-Poly1305, in a folder that only
/// this user can read. A clone is cheap and is the same vault.
///
/// # What it protects against
///
/// The key is a file beside the entries ([`open`](Self::open)), lies in the keychain of the
/// operating system (`with_keychain`, feature `keychain`), or comes from the app
/// ([`with_key`](Self::with_key)).
///
/// - Other users of the machine cannot read the folder (mode 0700, files 0600). A vault that they
///   could read or change, or that belongs to another user, is refused; so is anything but a
///   regular file in place of one of its files. On Windows the folder inherits the rights of its
///   parent, which are not looked at: keep it below the user's own.
/// - A key that did not seal the vault is refused ([`VaultError::Unopened`]), and so is a folder
///   with entries whose key is missing: no new key is made beside old entries.
/// - An entry that was changed, cut short, or put in place of another is not opened. Nor does its
///   file name tell whose it is.
/// - With the key beside the entries, whoever can read this user's files can read the tokens:
///   malware that runs as the user, a backup of the whole folder, root. The seal protects an entry
///   that gets out without the key (one file in a bug report, a search index), no more.
/// - With a key from elsewhere (the keychain, a service for secrets, a passphrase), the folder
///   alone is worth nothing to a thief. What runs as this user can still ask the app's own source
///   for the key.
///
/// An older copy of an entry, put back by hand or from a backup, is opened: its tokens are what the
/// server then refuses.
///
/// # What a crash leaves
///
/// An entry is written to a second file, forced to the disk, and renamed over the first; then the
/// folder is forced to the disk. So there is the old entry or the new one, never half of one; and a
/// second file that is whole is renamed by whoever holds the entry next. Locks are locks of the
/// operating system, which end with the process. They do not hold between machines on most network
/// file systems: keep the folder on a disk of this machine.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path().join("tokens");
/// use smart::fhir::App;
/// use smart::vault::FileVault;
///
/// let app = App::builder("https://ehr.example/fhir")
///     .client_id("my-app")
///     .vault(FileVault::open(folder)?) // or FileVault::of_app("my-app")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FileVault {
    shared: Arc<Shared>,
}

struct Shared {
    folder: Folder,
    sealer: Sealer,
}

impl FileVault {
    /// The vault in this folder, which is made if it is not there, as is the key in it.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, read or written, or others can read it.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, VaultError> {
        let folder = Folder::open(folder.into())?;
        if let Some(key) = folder.key()?
            && let Some(check) = folder.check_value()?
        {
            return Self::checked(folder, &key, &check);
        }
        let _setup = lock::hold_setup(&folder)?;
        let key = match folder.key()? {
            Some(key) => key,
            None if folder.is_used()? => return Err(folder.no_key()),
            None => folder.make_key()?,
        };
        Self::set_up(folder, &key)
    }

    /// The vault in this folder if something was ever kept there, and `None` otherwise. Creates
    /// neither folder nor key: for those who only want to look.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_existing(folder: impl Into<PathBuf>) -> Result<Option<Self>, VaultError> {
        let Some(folder) = Folder::existing(folder.into())? else {
            return Ok(None);
        };
        if !folder.is_used()? {
            return Ok(None);
        }
        let key = folder.key()?.ok_or_else(|| folder.no_key())?;
        let check = folder.check_value()?;
        let check = check.ok_or_else(|| folder.no_check_value())?;
        Self::checked(folder, &key, &check).map(Some)
    }

    /// The same with a key of the app's: 32 bytes that nobody can guess. No key is written to the
    /// folder.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, read or written, or others can read it.
    pub fn with_key(folder: impl Into<PathBuf>, key: [u8; 32]) -> Result<Self, VaultError> {
        let (folder, key) = (Folder::open(folder.into())?, zeroize::Zeroizing::new(key));
        if let Some(check) = folder.check_value()? {
            return Self::checked(folder, &key, &check);
        }
        let _setup = lock::hold_setup(&folder)?;
        Self::set_up(folder, &key)
    }

    /// The same with a key in the keychain of the operating system, which is made there if there is
    /// none. Feature `keychain`.
    ///
    /// Which keychain that is, the app says by the crate that it takes the entry from:
    /// `apple-native-keyring-store`, `windows-native-keyring-store`,
    /// `dbus-secret-service-keyring-store` and others. It may ask the user to unlock it, and this
    /// waits: call it where that stops no other tasks. Without the keychain's entry the vault's
    /// entries are lost.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path().join("tokens");
    /// use smart::vault::{FileVault, keychain};
    ///
    /// keychain::set_default_store(keychain::mock::Store::new()?); // in an app, that of its system
    /// let vault = FileVault::with_keychain(folder, &keychain::Entry::new("my-app", "token vault")?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, read or written, others can read it, or the keychain
    /// refuses.
    #[cfg(feature = "keychain")]
    pub fn with_keychain(
        folder: impl Into<PathBuf>,
        entry: &keyring_core::Entry,
    ) -> Result<Self, VaultError> {
        let folder = Folder::open(folder.into())?;
        let _setup = lock::hold_setup(&folder)?;
        let key = keychain::key(&folder, entry)?;
        Self::set_up(folder, &key)
    }

    /// The vault in the place that this system has for an app's data, in a folder of that name:
    /// below `$XDG_DATA_HOME` or `~/.local/share`, on macOS below `~/Library/Application Support`,
    /// on Windows below `%LOCALAPPDATA%`.
    ///
    /// # Errors
    ///
    /// When there is no such place, and as [`open`](Self::open).
    pub fn of_app(name: &str) -> Result<Self, VaultError> {
        Self::open(disk::data_folder(name)?)
    }

    /// [`of_app`](Self::of_app) for those who only want to look: see
    /// [`open_existing`](Self::open_existing).
    ///
    /// # Errors
    ///
    /// As [`of_app`](Self::of_app).
    pub fn existing_of_app(name: &str) -> Result<Option<Self>, VaultError> {
        Self::open_existing(disk::data_folder(name)?)
    }

    /// Makes the check value if there is none. The caller holds the setup lock.
    fn set_up(folder: Folder, key: &[u8; 32]) -> Result<Self, VaultError> {
        if let Some(check) = folder.check_value()? {
            return Self::checked(folder, key, &check);
        }
        if folder.has_entries()? {
            return Err(folder.no_check_value());
        }
        let sealer = Sealer::new(key);
        folder.write_check_value(&sealer.check_value()?)?;
        Ok(Self::new(folder, sealer))
    }

    fn checked(folder: Folder, key: &[u8; 32], check: &[u8]) -> Result<Self, VaultError> {
        let sealer = Sealer::new(key);
        if !sealer.checks(check) {
            return Err(VaultError::Unopened);
        }
        Ok(Self::new(folder, sealer))
    }

    fn new(folder: Folder, sealer: Sealer) -> Self {
        let shared = Arc::new(Shared { folder, sealer });
        Self { shared }
    }

    /// Where the vault is.
    pub fn folder(&self) -> &Path {
        self.shared.folder.path()
    }
}

impl Shared {
    fn read(&self, key: &VaultKey) -> Result<Option<Entry>, VaultError> {
        let Some(sealed) = self.folder.read(&self.file(key))? else {
            return Ok(None);
        };
        let opened = self.sealer.open(key, &sealed).ok_or(VaultError::Unopened)?;
        Ok(Some(Entry(opened)))
    }

    fn write(&self, key: &VaultKey, entry: &Entry) -> Result<(), VaultError> {
        let sealed = self.sealer.seal(key, entry.expose())?;
        self.folder.write(&self.file(key), &sealed)
    }

    /// Finishes what a process that died has left: a draft that opens is whole, and what it was
    /// about to become.
    fn recover(&self, key: &VaultKey) -> Result<(), VaultError> {
        let file = self.file(key);
        let Some(draft) = self.folder.draft(&file)? else {
            return Ok(());
        };
        if self.sealer.open(key, &draft).is_some() {
            self.folder.promote_draft(&file)
        } else {
            self.folder.remove_draft(&file)
        }
    }

    fn file(&self, key: &VaultKey) -> String {
        format!("{}.entry", self.sealer.name(key))
    }
}

impl Vault for FileVault {
    fn read<'v>(&'v self, key: &'v VaultKey) -> BoxFuture<'v, Result<Option<Entry>, VaultError>> {
        let (shared, key) = (Arc::clone(&self.shared), key.clone());
        Box::pin(aside(move || shared.read(&key)))
    }

    fn lock<'v>(
        &'v self,
        key: &'v VaultKey,
    ) -> BoxFuture<'v, Result<Box<dyn LockedEntry>, VaultError>> {
        Box::pin(async move {
            let file = format!("{}.lock", self.shared.sealer.name(key));
            let lock = HeldFile::wait_for(self.shared.folder.lock_file(&file)?).await?;
            let held = Held {
                shared: Arc::clone(&self.shared),
                key: key.clone(),
                lock: Arc::new(lock),
            };
            held.work(Shared::recover).await?;
            let held: Box<dyn LockedEntry> = Box::new(held);
            Ok(held)
        })
    }
}

struct Held {
    shared: Arc<Shared>,
    key: VaultKey,
    /// Shared with writes that are under way: one that nobody waits for any more is still done
    /// under the lock.
    lock: Arc<HeldFile>,
}

impl Held {
    fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared, &VaultKey) -> Result<T, VaultError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, VaultError>> {
        let (shared, key) = (Arc::clone(&self.shared), self.key.clone());
        let lock = Arc::clone(&self.lock);
        Box::pin(aside(move || {
            let done = work(&shared, &key);
            drop(lock);
            done
        }))
    }
}

impl LockedEntry for Held {
    fn read(&mut self) -> BoxFuture<'_, Result<Option<Entry>, VaultError>> {
        self.work(Shared::read)
    }

    fn write(&mut self, entry: Entry) -> BoxFuture<'_, Result<(), VaultError>> {
        self.work(move |shared, key| shared.write(key, &entry))
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), VaultError>> {
        self.work(|shared, key| shared.folder.remove(&shared.file(key)))
    }
}

/// Does what waits for a disk where it stops no other tasks, if there is such a place.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => match runtime.spawn_blocking(work).await {
            Ok(done) => done,
            Err(ended) => Err(VaultError::store(ended)),
        },
        Err(_none) => work(),
    }
}

impl fmt::Debug for FileVault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FileVault")
            .field("folder", &self.folder())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
