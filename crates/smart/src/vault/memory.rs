//! A vault that ends with the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::lock::OwnedMutexGuard;

use super::{Entry, LockedEntry, Vault, VaultError, VaultKey};

/// Keeps entries in memory, for as long as it lives itself. A clone has the same entries.
#[derive(Clone, Default)]
pub struct MemoryVault {
    places: Arc<Mutex<HashMap<VaultKey, Arc<Place>>>>,
}

/// Where an entry is or may come to be.
#[derive(Default)]
struct Place {
    entry: Mutex<Option<Entry>>,
    turn: Arc<futures_util::lock::Mutex<()>>,
}

impl Place {
    fn entry(&self) -> Option<Entry> {
        let entry = self.entry.lock().unwrap_or_else(PoisonError::into_inner);
        entry.clone()
    }

    fn put(&self, new: Option<Entry>) {
        let mut entry = self.entry.lock().unwrap_or_else(PoisonError::into_inner);
        *entry = new;
    }
}

impl MemoryVault {
    /// An empty vault.
    pub fn new() -> Self {
        Self::default()
    }

    fn places(&self) -> MutexGuard<'_, HashMap<VaultKey, Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault for MemoryVault {
    fn read<'v>(&'v self, key: &'v VaultKey) -> BoxFuture<'v, Result<Option<Entry>, VaultError>> {
        Box::pin(async { Ok(self.places().get(key).and_then(|place| place.entry())) })
    }

    fn lock<'v>(
        &'v self,
        key: &'v VaultKey,
    ) -> BoxFuture<'v, Result<Box<dyn LockedEntry>, VaultError>> {
        Box::pin(async {
            let place = Arc::clone(self.places().entry(key.clone()).or_default());
            let turn = Arc::clone(&place.turn).lock_owned().await;
            let held: Box<dyn LockedEntry> = Box::new(Held {
                vault: self.clone(),
                key: key.clone(),
                place,
                _turn: turn,
            });
            Ok(held)
        })
    }
}

struct Held {
    vault: MemoryVault,
    key: VaultKey,
    place: Arc<Place>,
    _turn: OwnedMutexGuard<()>,
}

impl Drop for Held {
    /// Takes an empty place away unless somebody waits for it: a waiter also holds an `Arc` to it.
    fn drop(&mut self) {
        let mut places = self.vault.places();
        if self.place.entry().is_none() && Arc::strong_count(&self.place) == 2 {
            places.remove(&self.key);
        }
    }
}

impl LockedEntry for Held {
    fn read(&mut self) -> BoxFuture<'_, Result<Option<Entry>, VaultError>> {
        Box::pin(async { Ok(self.place.entry()) })
    }

    fn write(&mut self, entry: Entry) -> BoxFuture<'_, Result<(), VaultError>> {
        Box::pin(async {
            self.place.put(Some(entry));
            Ok(())
        })
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), VaultError>> {
        Box::pin(async {
            self.place.put(None);
            Ok(())
        })
    }
}

impl fmt::Debug for MemoryVault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MemoryVault")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_left_of_entries_that_are_gone() {
        let vault = MemoryVault::new();
        let key = VaultKey::new("a").unwrap();
        assert!(vault.read(&key).await.unwrap().is_none());
        assert_eq!(format!("{vault:?}"), "MemoryVault { .. }");
        assert!(vault.places().is_empty());
        let mut held = vault.lock(&key).await.unwrap();
        held.write(Entry::new(vec![1])).await.unwrap();
        drop(held);
        assert!(vault.read(&key).await.unwrap().is_some());
        let mut held = vault.lock(&key).await.unwrap();
        let waiting = vault.clone();
        let waiting = tokio::spawn(async move {
            let key = VaultKey::new("a").unwrap();
            let mut held = waiting.lock(&key).await.unwrap();
            held.read().await.unwrap().is_none()
        });
        tokio::task::yield_now().await;
        held.remove().await.unwrap();
        drop(held);
        assert!(waiting.await.unwrap(), "who waited has the same place");
        assert!(vault.places().is_empty());
    }
}
