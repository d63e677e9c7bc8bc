//! A lock between processes: it ends when its file is closed, also by death.

use std::fs::File;
use std::path::PathBuf;
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
        loop {
            // named in full: from 1.89 on the standard library has a method of this name
            match fs4::FileExt::try_lock(&file) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(fs4::TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {}
                Err(fs4::TryLockError::WouldBlock) => {
                    return Err(VaultError::Busy {
                        seconds: PATIENCE.as_secs(),
                    });
                }
                Err(fs4::TryLockError::Error(source)) => {
                    return Err(VaultError::File {
                        action: "lock",
                        path,
                        source,
                    });
                }
            }
            match tokio::runtime::Handle::try_current() {
                Ok(_) => tokio::time::sleep(pause).await,
                Err(_none) => std::thread::sleep(pause),
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }
}

/// The file whose lock covers the making of a key and of its check value.
const SETUP: &str = "key.lock";

/// Waits for the setup lock, on the spot: a vault is opened once.
pub(super) fn hold_setup(folder: &Folder) -> Result<File, VaultError> {
    let (file, path) = folder.lock_file(SETUP)?;
    let began = Instant::now();
    loop {
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => return Ok(file),
            Err(fs4::TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                std::thread::sleep(LONGEST_PAUSE);
            }
            Err(fs4::TryLockError::WouldBlock) => {
                return Err(VaultError::Busy {
                    seconds: PATIENCE.as_secs(),
                });
            }
            Err(fs4::TryLockError::Error(source)) => {
                return Err(VaultError::File {
                    action: "lock",
                    path,
                    source,
                });
            }
        }
    }
}
