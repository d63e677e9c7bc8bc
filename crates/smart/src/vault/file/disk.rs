//! Files that are there whole or not at all, and that nobody else reads.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::vault::{VaultError, step};

/// The key's file.
const KEY: &str = "key";

/// A constant under the vault's key, which tells whether a key is the one that sealed the entries.
const CHECK: &str = "check";

/// The longest file that is read or written, in bytes: tokens are a few kilobytes.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The folder of a vault.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: PathBuf) -> Result<Self, VaultError> {
        make(&path).map_err(at("make", &path))?;
        let metadata = fs::metadata(&path).map_err(at("look at", &path))?;
        check_private(&path, &metadata, 0o700)?;
        Ok(Self { path })
    }

    /// The folder, unless it does not exist. Creates nothing.
    pub(super) fn existing(path: PathBuf) -> Result<Option<Self>, VaultError> {
        let Some(metadata) = if_there(fs::metadata(&path)).map_err(at("look at", &path))? else {
            return Ok(None);
        };
        check_private(&path, &metadata, 0o700)?;
        Ok(Some(Self { path }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The key, unless there is no key file.
    pub(super) fn key(&self) -> Result<Option<Zeroizing<[u8; 32]>>, VaultError> {
        let path = self.path.join(KEY);
        let Some(mut file) = open_regular(&path)? else {
            return Ok(None);
        };
        let metadata = file.metadata().map_err(at("look at", &path))?;
        let mut key = Zeroizing::new([0; 32]);
        let is_key = metadata.len() == 32 && file.read_exact(&mut *key).is_ok();
        if is_key && key.iter().any(|byte| *byte != 0) {
            Ok(Some(key))
        } else {
            Err(VaultError::NoKey { path })
        }
    }

    /// A new key, for the holder of the [setup lock](super::lock::hold_setup).
    pub(super) fn make_key(&self) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).map_err(|source| VaultError::Randomness {
            source: source.into(),
        })?;
        self.write(KEY, &*key)?;
        Ok(key)
    }

    /// What an error about a missing key names.
    pub(super) fn no_key(&self) -> VaultError {
        VaultError::NoKey {
            path: self.path.join(KEY),
        }
    }

    pub(super) fn check_value(&self) -> Result<Option<Vec<u8>>, VaultError> {
        self.read(CHECK)
    }

    pub(super) fn write_check_value(&self, sealed: &[u8]) -> Result<(), VaultError> {
        self.write(CHECK, sealed)
    }

    pub(super) fn no_check_value(&self) -> VaultError {
        VaultError::NoCheck {
            path: self.path.join(CHECK),
        }
    }

    /// Whether anything was ever sealed here: then a new key would hide it.
    pub(super) fn is_used(&self) -> Result<bool, VaultError> {
        if self.path.join(CHECK).symlink_metadata().is_ok() {
            return Ok(true);
        }
        self.has_entries()
    }

    pub(super) fn has_entries(&self) -> Result<bool, VaultError> {
        let files = fs::read_dir(&self.path).map_err(at("list", &self.path))?;
        for file in files {
            let name = file.map_err(at("list", &self.path))?.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".entry") || name.ends_with(&draft_of(".entry")) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        let path = self.path.join(name);
        let Some(file) = open_regular(&path)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(at("read", &path))?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(VaultError::Unreadable);
        }
        Ok(Some(bytes))
    }

    /// The new file is on the disk before it has the old one's name, and the name is on the disk
    /// before this comes back. Only the holder of the lock may write, so that the draft's name can
    /// be a fixed one. A write that fails leaves no draft, which the next holder would take for one
    /// that a crash has left.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), VaultError> {
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(VaultError::TooLong {
                limit: MAX_FILE_BYTES,
            });
        }
        step("entry about to be written");
        self.remove_draft(name)?;
        let draft = self.draft_path(name);
        let written = create(&draft, bytes)
            .map_err(at("write", &draft))
            .and_then(|()| {
                step("draft on disk");
                self.promote_draft(name)
            });
        if let Err(error) = written {
            // if this fails as well, `remove` tries it again
            let _ = self.remove_draft(name);
            return Err(error);
        }
        step("folder on disk");
        Ok(())
    }

    /// What a write that was cut off has left, if it has left something.
    pub(super) fn draft(&self, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        self.read(&draft_of(name))
    }

    pub(super) fn promote_draft(&self, name: &str) -> Result<(), VaultError> {
        let path = self.path.join(name);
        fs::rename(self.draft_path(name), &path).map_err(at("write", &path))?;
        step("draft renamed");
        self.settle()
    }

    pub(super) fn remove_draft(&self, name: &str) -> Result<(), VaultError> {
        let draft = self.draft_path(name);
        if_there(fs::remove_file(&draft)).map_err(at("remove", &draft))?;
        Ok(())
    }

    fn draft_path(&self, name: &str) -> PathBuf {
        self.path.join(draft_of(name))
    }

    /// Removes a file, and before it the draft that would bring it back.
    pub(super) fn remove(&self, name: &str) -> Result<(), VaultError> {
        self.remove_draft(name)?;
        let path = self.path.join(name);
        match if_there(fs::remove_file(&path)).map_err(at("remove", &path))? {
            Some(()) => self.settle(),
            None => Ok(()),
        }
    }

    /// A file to lock. It is empty and stays: whoever removed it could leave two processes with a
    /// lock each.
    pub(super) fn lock_file(&self, name: &str) -> Result<(File, PathBuf), VaultError> {
        let path = self.path.join(name);
        // a FIFO would not open before somebody else opens its other end
        open_regular(&path)?;
        let mut options = private();
        let file = options.read(true).write(true).create(true).truncate(false);
        let file = file.open(&path).map_err(at("open", &path))?;
        Ok((file, path))
    }

    /// Forces the folder's own content, the names in it, to the disk.
    fn settle(&self) -> Result<(), VaultError> {
        // elsewhere folders cannot be opened, and a rename is on the disk in the order of the
        // journal
        #[cfg(unix)]
        {
            let folder = File::open(&self.path).map_err(at("open", &self.path))?;
            folder.sync_all().map_err(at("write", &self.path))?;
        }
        Ok(())
    }
}

fn draft_of(name: &str) -> String {
    format!("{name}.new")
}

/// Where this system has its users' apps keep their data.
pub(super) fn data_folder(app: &str) -> Result<PathBuf, VaultError> {
    let is_plain =
        !app.is_empty() && !app.starts_with('.') && !app.contains(['/', '\\', '\0', ':']);
    let base = is_plain.then(|| base_folder(|name| std::env::var_os(name)));
    let base = base.flatten().ok_or_else(|| VaultError::File {
        action: "find a place for",
        path: app.into(),
        source: io::Error::new(ErrorKind::NotFound, "no home folder, or not a plain name"),
    })?;
    Ok(base.join(app).join("tokens"))
}

fn base_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name: &str| variable(name).map(PathBuf::from);
    // a relative path would be another place in every folder
    let absolute = |name: &str| path(name).filter(|path| path.is_absolute());
    if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        Some(absolute("HOME")?.join("Library/Application Support"))
    } else {
        absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))
    }
}

/// A new file with these bytes, forced to the disk.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    step("draft written");
    file.sync_all()
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn make(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Opens a file for reading, unless there is none. A symbolic link, FIFO, device or folder is
/// refused before it is opened.
fn open_regular(path: &Path) -> Result<Option<File>, VaultError> {
    let is_regular = |metadata: &fs::Metadata| {
        if metadata.is_file() {
            check_private(path, metadata, 0o600)
        } else {
            let path = path.to_owned();
            Err(VaultError::NotAFile { path })
        }
    };
    let Some(metadata) = if_there(fs::symlink_metadata(path)).map_err(at("look at", path))? else {
        return Ok(None);
    };
    is_regular(&metadata)?;
    let Some(file) = if_there(File::open(path)).map_err(at("open", path))? else {
        return Ok(None);
    };
    is_regular(&file.metadata().map_err(at("look at", path))?)?;
    Ok(Some(file))
}

/// `None` if the file does not exist.
fn if_there<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Refuses what belongs to another user, and what other users can read or change. On systems
/// without such rights the folder inherits those of its parent, which are not looked at: Windows
/// gives the folder for an app's data to its user alone.
#[cfg_attr(
    not(unix),
    expect(clippy::unnecessary_wraps, reason = "it can fail on unix")
)]
fn check_private(path: &Path, metadata: &fs::Metadata, mode: u32) -> Result<(), VaultError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let path = path.to_owned();
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(VaultError::Foreign { path });
        }
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(VaultError::Exposed { path, mode });
        }
    }
    #[cfg(not(unix))]
    let _ = (path, metadata, mode);
    Ok(())
}

fn at<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> VaultError + 'p {
    move |source| VaultError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn data_goes_to_the_users_place() {
        let given = |pairs: &'static [(&str, &str)]| {
            base_folder(move |name| {
                let pair = pairs.iter().find(|(known, _)| *known == name);
                pair.map(|(_, value)| value.into())
            })
        };
        let home = given(&[("HOME", "/home/a")]);
        assert_eq!(home, Some("/home/a/.local/share".into()));
        let moved = given(&[("HOME", "/home/a"), ("XDG_DATA_HOME", "/data")]);
        assert_eq!(moved, Some("/data".into()));
        let relative = given(&[("HOME", "/home/a"), ("XDG_DATA_HOME", "data")]);
        assert_eq!(relative, Some("/home/a/.local/share".into()));
        assert_eq!(given(&[]), None);
    }

    #[test]
    #[cfg(unix)]
    fn only_a_file_that_does_not_exist_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        // the system says that the file is no folder
        let inside = file.join("inside");
        for outcome in [
            Folder::existing(inside.clone()).map(drop),
            open_regular(&inside).map(drop),
            Folder { path: file }.remove("inside"),
        ] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, VaultError::File { .. }), "{error:?}");
        }
    }

    #[test]
    fn apps_have_plain_names() {
        for name in ["", "..", ".hidden", "a/b", "a\\b", "/etc"] {
            assert!(data_folder(name).is_err(), "{name}");
        }
    }
}
