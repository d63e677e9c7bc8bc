//! The vault's key in the keychain of the operating system.

use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

use super::disk::Folder;
use crate::vault::VaultError;

/// The key that the keychain has, or a new one that it has from now on. Called under the setup
/// lock: of several processes that find none, one makes it. None is made for a folder with entries,
/// which it could not open.
pub(super) fn key(folder: &Folder, entry: &Entry) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    match entry.get_secret().map(Zeroizing::new) {
        Ok(secret) => match <[u8; 32]>::try_from(secret.as_slice()) {
            Ok(key) => Ok(Zeroizing::new(key)),
            Err(_) => Err(VaultError::Keychain {
                problem: "what it has under this name is no vault key".to_owned(),
            }),
        },
        Err(Error::NoEntry) if folder.is_used()? => Err(VaultError::Keychain {
            problem: "it has none under this name, but the folder was sealed with one".to_owned(),
        }),
        Err(Error::NoEntry) => make(entry),
        Err(error) => Err(failed(&error)),
    }
}

fn make(entry: &Entry) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *key).map_err(|source| VaultError::Randomness {
        source: source.into(),
    })?;
    entry.set_secret(&*key).map_err(|error| failed(&error))?;
    Ok(key)
}

/// In words alone: the error itself may hold what the keychain had.
fn failed(error: &Error) -> VaultError {
    VaultError::Keychain {
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keyring_core::CredentialStore;
    use keyring_core::mock::{Cred, Store};

    use super::*;
    use crate::vault::{FileVault, Vault as _, VaultKey};

    fn keychain() -> Arc<CredentialStore> {
        Store::new().unwrap()
    }

    #[tokio::test]
    async fn the_key_is_made_once_and_nowhere_on_disk() {
        let (folder, keychain) = (tempfile::tempdir().unwrap(), keychain());
        let path = folder.path().join("tokens");
        let entry = || keychain.build("my-app", "vault", None).unwrap();
        let name = VaultKey::new("somebody").unwrap();
        let vault = FileVault::with_keychain(&path, &entry()).unwrap();
        let token = crate::vault::Entry::new(b"token".to_vec());
        vault.lock(&name).await.unwrap().write(token).await.unwrap();
        assert!(!path.join("key").exists());

        let again = FileVault::with_keychain(&path, &entry()).unwrap();
        let found = again.read(&name).await.unwrap().unwrap();
        assert_eq!(found.expose(), b"token");
        // no other key is made beside these entries, and another one does not open the vault
        let other = keychain.build("other-app", "vault", None).unwrap();
        let error = FileVault::with_keychain(&path, &other).unwrap_err();
        assert!(matches!(error, VaultError::Keychain { .. }), "{error:?}");
        other.set_secret(&[7; 32]).unwrap();
        let error = FileVault::with_keychain(&path, &other).unwrap_err();
        assert!(matches!(error, VaultError::Unopened), "{error:?}");
    }

    #[test]
    fn what_is_no_key_is_an_error_that_does_not_show_it() {
        let (folder, keychain) = (tempfile::tempdir().unwrap(), keychain());
        let entry = keychain.build("my-app", "vault", None).unwrap();
        entry.set_secret(b"hush").unwrap();
        let error = FileVault::with_keychain(folder.path().join("t"), &entry).unwrap_err();
        assert!(matches!(error, VaultError::Keychain { .. }));
        let credential: &Cred = entry.as_any().downcast_ref().unwrap();
        let source = "locked".to_owned().into();
        credential.set_error(Error::BadDataFormat(b"hush".to_vec(), source));
        let error = FileVault::with_keychain(folder.path().join("t"), &entry).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
}
