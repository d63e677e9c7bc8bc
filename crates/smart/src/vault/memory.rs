//! A vault that ends with the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

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

    fn place(&self, key: &VaultKey) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(key.clone()).or_default())
    }
}

impl Vault for MemoryVault {
    fn read<'v>(&'v self, key: &'v VaultKey) -> BoxFuture<'v, Result<Option<Entry>, VaultError>> {
        Box::pin(async { Ok(self.place(key).entry()) })
    }

    fn lock<'v>(
        &'v self,
        key: &'v VaultKey,
    ) -> BoxFuture<'v, Result<Box<dyn LockedEntry>, VaultError>> {
        Box::pin(async {
            let place = self.place(key);
            let turn = Arc::clone(&place.turn).lock_owned().await;
            let held: Box<dyn LockedEntry> = Box::new(Held { place, _turn: turn });
            Ok(held)
        })
    }
}

struct Held {
    place: Arc<Place>,
    _turn: OwnedMutexGuard<()>,
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
