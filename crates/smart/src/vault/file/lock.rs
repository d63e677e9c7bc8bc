//! A lock between processes: it ends when its file is closed, also by death.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::disk::Folder;
use crate::vault::VaultError;

/// How long a lock is waited for. A holder exchanges one or two requests with the token endpoint
/// under it, and asks for the server's addresses before. Where a server is slower than that,
/// [`VaultError::Busy`] can be tried again, and nothing is lost.
const PATIENCE: Duration = Duration::from_secs(120);

const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A file that nobody else has locked.
pub(super) struct HeldFile {
    _file: File,
}

impl HeldFile {
    /// Waits its turn. The operating system would wait too, but not let go of it when the waiting
    /// is given up.
    pub(super) async fn wait_for((file, path): (File, PathBuf)) -> Result<Self, VaultError> {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        while !try_lock(&file, &path, began.elapsed())? {
            match tokio::runtime::Handle::try_current() {
                Ok(_) => tokio::time::sleep(pause).await,
                Err(_none) => std::thread::sleep(pause),
            }
            pause = next_pause(pause);
        }
        Ok(Self { _file: file })
    }
}

/// The file whose lock covers the making of a key and of its check value.
const SETUP: &str = "key.lock";

/// Waits for the setup lock, on the spot: a vault is opened once.
pub(super) fn hold_setup(folder: &Folder) -> Result<File, VaultError> {
    let (file, path) = folder.lock_file(SETUP)?;
    let began = Instant::now();
    while !try_lock(&file, &path, began.elapsed())? {
        std::thread::sleep(LONGEST_PAUSE);
    }
    Ok(file)
}

/// Takes the lock if it is free. Fails if it is not and was waited for long enough.
fn try_lock(file: &File, path: &Path, waited: Duration) -> Result<bool, VaultError> {
    // named in full: from 1.89 on the standard library has a method of this name
    match fs4::FileExt::try_lock(file) {
        Ok(()) => Ok(true),
        Err(fs4::TryLockError::WouldBlock) if waited < PATIENCE => Ok(false),
        Err(fs4::TryLockError::WouldBlock) => Err(VaultError::Busy {
            seconds: PATIENCE.as_secs(),
        }),
        Err(fs4::TryLockError::Error(source)) => Err(VaultError::File {
            action: "lock",
            path: path.to_owned(),
            source,
        }),
    }
}

fn next_pause(pause: Duration) -> Duration {
    LONGEST_PAUSE.min(pause * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_waited_for_until_patience_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let (held, waiting) = (File::create(&path).unwrap(), File::open(&path).unwrap());
        assert!(
            try_lock(&held, &path, PATIENCE).unwrap(),
            "a free lock needs no patience"
        );
        let wait = |waited| try_lock(&waiting, &path, waited);
        assert!(!wait(Duration::ZERO).unwrap());
        assert!(!wait(PATIENCE - Duration::from_nanos(1)).unwrap());
        let error = wait(PATIENCE).unwrap_err();
        assert!(matches!(error, VaultError::Busy { seconds: 120 }));
    }

    #[test]
    fn pauses_grow_to_the_longest() {
        let pauses = std::iter::successors(Some(FIRST_PAUSE), |pause| Some(next_pause(*pause)));
        let pauses = pauses.map(|pause| pause.as_millis()).take(7);
        assert_eq!(Vec::from_iter(pauses), [2, 4, 8, 16, 32, 50, 50]);
    }
}
