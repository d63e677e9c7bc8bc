//! Sealing: nobody without the key reads an entry, changes it, or passes it off as another.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::vault::{VaultError, VaultKey};

/// What a sealed entry begins with: what it is, and in which form.
const MAGIC: &[u8] = b"smart vault 1\n";

const NONCE_BYTES: usize = 24;

/// Seals and opens, with keys that come from the vault's one.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    naming: Zeroizing<[u8; 32]>,
}

impl Sealer {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let sealing = derived(key, b"seal");
        Self {
            cipher: XChaCha20Poly1305::new(&Key::from(*sealing)),
            naming: derived(key, b"name"),
        }
    }

    /// What stands for an entry's name on disk: nobody without the key can try out names.
    pub(super) fn name(&self, key: &VaultKey) -> String {
        let name = derived(&self.naming, key.as_str().as_bytes());
        name[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The form, a nonce, and the entry under both and its name. 192 random bits come twice for
    /// nobody.
    pub(super) fn seal(&self, key: &VaultKey, entry: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|source| VaultError::Randomness {
            source: source.into(),
        })?;
        let payload = Payload {
            msg: entry,
            aad: &label(key),
        };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        // it fails for entries of 256 GB
        let sealed = sealed.map_err(|_| VaultError::Unreadable)?;
        Ok([MAGIC, &nonce, &sealed].concat())
    }

    /// What is kept beside the entries to tell this key from another.
    pub(super) fn check_value(&self) -> Result<Vec<u8>, VaultError> {
        self.seal(&check_name(), CHECKED)
    }

    /// Whether this key sealed the check value.
    pub(super) fn checks(&self, sealed: &[u8]) -> bool {
        let opened = self.open(&check_name(), sealed);
        opened.is_some_and(|opened| *opened == CHECKED)
    }

    /// `None` when it was not this key that sealed these bytes under that name.
    pub(super) fn open(&self, key: &VaultKey, bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: &label(key),
        };
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), payload);
        opened.ok().map(Zeroizing::new)
    }
}

const CHECKED: &[u8] = b"the key of this vault";

/// No file of an entry has this name, since theirs are hashes.
fn check_name() -> VaultKey {
    VaultKey("check".to_owned())
}

fn label(key: &VaultKey) -> Vec<u8> {
    [MAGIC, key.as_str().as_bytes()].concat()
}

fn derived(key: &[u8; 32], purpose: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("hmac takes keys of any length");
    mac.update(purpose);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> VaultKey {
        VaultKey::new(name).unwrap()
    }

    #[test]
    fn sealed_entries_open_under_their_own_name_and_key() {
        let sealer = Sealer::new(&[1; 32]);
        let sealed = sealer.seal(&key("a"), b"the canary").unwrap();
        let opened = sealer.open(&key("a"), &sealed).unwrap();
        assert_eq!(*opened, b"the canary");
        assert!(!sealed.windows(6).any(|part| part == b"canary"));
        assert!(sealer.open(&key("b"), &sealed).is_none());
        assert!(Sealer::new(&[2; 32]).open(&key("a"), &sealed).is_none());
        assert_ne!(sealed, sealer.seal(&key("a"), b"the canary").unwrap());
    }

    #[test]
    fn any_change_is_noticed() {
        let sealer = Sealer::new(&[1; 32]);
        let sealed = sealer.seal(&key("a"), b"entry").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(sealer.open(&key("a"), &changed).is_none(), "{index}");
            assert!(
                sealer.open(&key("a"), &sealed[..index]).is_none(),
                "{index}"
            );
        }
    }

    #[test]
    fn names_tell_nothing_without_the_key() {
        let names = [[1; 32], [2; 32]].map(|bytes| Sealer::new(&bytes).name(&key("smart-1288992")));
        assert_ne!(names[0], names[1]);
        assert_eq!(names[0].len(), 32);
        assert!(names[0].bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
