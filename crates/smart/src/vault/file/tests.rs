use std::time::Duration;

use super::*;

fn key(name: &str) -> VaultKey {
    VaultKey::new(name).unwrap()
}

fn entry(text: &str) -> Entry {
    Entry::new(text.as_bytes().to_vec())
}

async fn put(vault: &FileVault, name: &str, text: &str) {
    let name = key(name);
    let mut held = vault.lock(&name).await.unwrap();
    held.write(entry(text)).await.unwrap();
}

async fn get(vault: &FileVault, name: &str) -> Option<String> {
    let found = vault.read(&key(name)).await.unwrap();
    found.map(|entry| String::from_utf8(entry.expose().to_vec()).unwrap())
}

#[tokio::test]
async fn entries_are_kept_replaced_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/down/tokens");
    let vault = FileVault::open(&path).unwrap();
    assert_eq!(get(&vault, "a").await, None);
    put(&vault, "a", "one").await;
    put(&vault, "b", "two").await;
    put(&vault, "a", "three").await;
    let again = FileVault::open(&path).unwrap();
    assert_eq!(get(&again, "a").await.as_deref(), Some("three"));
    assert_eq!(get(&again, "b").await.as_deref(), Some("two"));
    let name = key("a");
    let mut held = again.lock(&name).await.unwrap();
    held.remove().await.unwrap();
    held.remove().await.unwrap();
    assert_eq!(get(&vault, "a").await, None);
    assert_eq!(get(&vault, "b").await.as_deref(), Some("two"));
}

#[test]
fn any_executor_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let vault = FileVault::open(folder.path().join("v")).unwrap();
    futures_executor(async {
        put(&vault, "a", "one").await;
        assert_eq!(get(&vault, "a").await.as_deref(), Some("one"));
    });
}

/// The least that can be called an executor.
fn futures_executor(work: impl Future<Output = ()>) {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while work.as_mut().poll(&mut context).is_pending() {
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn nothing_on_disk_tells_anything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let vault = FileVault::open(&path).unwrap();
    put(&vault, "smart-1288992", "the canary").await;
    for file in std::fs::read_dir(&path).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        assert!(!name.contains("1288992"), "{name}");
        let bytes = std::fs::read(file.path()).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"canary"), "{name}");
    }
    let printed = format!("{vault:?} {:?} {:?}", key("smart-1288992"), entry("canary"));
    assert!(
        !printed.contains("1288992") && !printed.contains("canary"),
        "{printed}"
    );
    assert!(
        printed.contains(&format!("FileVault {{ folder: {path:?}")),
        "{printed}"
    );
}

#[tokio::test]
#[cfg(unix)]
async fn others_read_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let vault = FileVault::open(&path).unwrap();
    put(&vault, "a", "one").await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let files: Vec<_> = std::fs::read_dir(&path)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(
        files.len(),
        5,
        "key, check, their lock, entry, lock: {files:?}"
    );
    for file in &files {
        assert_eq!(mode(file), 0o600, "{file:?}");
    }
    for (exposed, wanted) in [(path.clone(), 0o700), (path.join("key"), 0o600)] {
        let rights =
            |mode| std::fs::set_permissions(&exposed, std::fs::Permissions::from_mode(mode));
        rights(0o755).unwrap();
        let error = FileVault::open(&path).unwrap_err();
        let is_told = matches!(&error, VaultError::Exposed { path, mode } if *path == exposed && *mode == wanted);
        assert!(is_told, "{error:?}");
        rights(wanted).unwrap();
    }
}

#[tokio::test]
async fn another_key_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let ours = FileVault::with_key(&path, [1; 32]).unwrap();
    put(&ours, "a", "one").await;
    assert!(!path.join("key").exists());
    let error = FileVault::with_key(&path, [2; 32]).unwrap_err();
    assert!(matches!(error, VaultError::Unopened), "{error:?}");
    // and an entry that is passed off as another is not opened
    put(&ours, "b", "two").await;
    let file = |name: &str| path.join(ours.shared.file(&key(name)));
    std::fs::copy(file("b"), file("a")).unwrap();
    let error = ours.read(&key("a")).await.unwrap_err();
    assert!(matches!(error, VaultError::Unopened), "{error:?}");
}

#[tokio::test]
async fn a_lost_key_is_not_made_anew_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    FileVault::open(&path).unwrap();
    for broken in [&b""[..], b"short", &[0; 32], &[1; 33]] {
        std::fs::write(path.join("key"), broken).unwrap();
        let error = FileVault::open(&path).unwrap_err();
        assert!(matches!(error, VaultError::NoKey { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn every_bit_that_flips_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let vault = FileVault::open(&path).unwrap();
    put(&vault, "a", "one").await;
    let entry = vault.shared.file(&key("a"));
    for (name, opens) in [("key", false), ("check", false), (&*entry, true)] {
        let file = path.join(name);
        let whole = std::fs::read(&file).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&file, &flipped).unwrap();
            let error = if opens {
                vault.read(&key("a")).await.unwrap_err()
            } else {
                FileVault::open_existing(&path).unwrap_err();
                FileVault::open(&path).unwrap_err()
            };
            assert!(
                matches!(error, VaultError::Unopened),
                "{name} {bit} {error:?}"
            );
        }
        std::fs::write(&file, &whole).unwrap();
    }
    let again = FileVault::open(&path).unwrap();
    assert_eq!(get(&again, "a").await.as_deref(), Some("one"));
}

#[tokio::test]
async fn no_new_key_is_made_beside_old_entries() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    put(&FileVault::open(&path).unwrap(), "a", "one").await;
    let (kept, check) = (path.join("key"), path.join("check"));
    let key_bytes = std::fs::read(&kept).unwrap();
    std::fs::remove_file(&kept).unwrap();
    let error = FileVault::open(&path).unwrap_err();
    assert!(matches!(error, VaultError::NoKey { .. }), "{error:?}");
    assert!(!kept.exists());
    // nor without the check value, and without it no key is believed
    std::fs::remove_file(&check).unwrap();
    let error = FileVault::open(&path).unwrap_err();
    assert!(matches!(error, VaultError::NoKey { .. }), "{error:?}");
    let error = FileVault::with_key(&path, [1; 32]).unwrap_err();
    assert!(matches!(error, VaultError::NoCheck { .. }), "{error:?}");
    let key_bytes = <[u8; 32]>::try_from(key_bytes).unwrap();
    let error = FileVault::with_key(&path, key_bytes).unwrap_err();
    assert!(matches!(error, VaultError::NoCheck { .. }), "{error:?}");
}

#[tokio::test]
async fn looking_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    assert!(FileVault::open_existing(&path).unwrap().is_none());
    assert!(!path.exists());
    FileVault::open(&path).unwrap();
    let vault = FileVault::open_existing(&path).unwrap().unwrap();
    assert_eq!(get(&vault, "a").await, None);
}

#[tokio::test]
#[cfg(unix)]
async fn only_regular_files_are_opened() {
    use std::os::unix::fs::{DirBuilderExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let vault = FileVault::open(&path).unwrap();
    put(&vault, "a", "one").await;
    let entry = vault.shared.file(&key("a"));
    let lock = entry.replace(".entry", ".lock");
    let draft = format!("{entry}.new");
    type PutInPlace = fn(&Path);
    let stuff: [(&str, PutInPlace); 4] = [
        ("fifo", |place| {
            let made = std::process::Command::new("mkfifo")
                .args(["-m", "600"])
                .arg(place)
                .status();
            assert!(made.unwrap().success());
        }),
        ("device", |place| symlink("/dev/zero", place).unwrap()),
        ("folder", |place| {
            std::fs::DirBuilder::new()
                .mode(0o700)
                .create(place)
                .unwrap();
        }),
        ("link", |place| {
            let elsewhere = place.parent().unwrap().parent().unwrap().join("elsewhere");
            std::fs::write(&elsewhere, "x").unwrap();
            symlink(elsewhere, place).unwrap();
        }),
    ];
    for name in ["key", "check", &*entry, &*lock, &*draft] {
        for (what, put_in_place) in stuff {
            let (place, aside) = (path.join(name), folder.path().join("aside"));
            let was_there = std::fs::rename(&place, &aside).is_ok();
            put_in_place(&place);
            let outcome = match FileVault::open(&path) {
                Ok(vault) => match vault.lock(&key("a")).await {
                    Ok(mut held) => held.read().await.map(drop),
                    Err(error) => Err(error),
                },
                Err(error) => Err(error),
            };
            let error = outcome.unwrap_err();
            let is_told = matches!(&error, VaultError::NotAFile { path } if *path == place);
            assert!(is_told, "{name} {what} {error:?}");
            if what == "folder" {
                std::fs::remove_dir(&place).unwrap();
            } else {
                std::fs::remove_file(&place).unwrap();
            }
            if was_there {
                std::fs::rename(&aside, &place).unwrap();
            }
        }
    }
    assert_eq!(get(&vault, "a").await.as_deref(), Some("one"));
}

#[tokio::test]
#[cfg(unix)]
async fn a_vault_of_another_user_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    put(&FileVault::open(&path).unwrap(), "a", "one").await;
    for mode in [0o720, 0o702, 0o770] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = FileVault::open(&path).unwrap_err();
        assert!(matches!(error, VaultError::Exposed { .. }), "{error:?}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    for (place, given) in [
        (path.clone(), path.clone()),
        (path.join("key"), path.join("key")),
    ] {
        // only root can give a file away
        if chown(&given, Some(12345), None).is_err() {
            return;
        }
        for error in [FileVault::open(&path), FileVault::with_key(&path, [1; 32])] {
            let error = error.unwrap_err();
            let is_told = matches!(&error, VaultError::Foreign { path } if *path == place)
                || (given == path.join("key") && matches!(error, VaultError::Unopened));
            assert!(is_told, "{error:?}");
        }
        chown(&given, Some(0), None).unwrap();
    }
}

#[tokio::test]
async fn what_was_removed_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let vault = FileVault::open(&path).unwrap();
    put(&vault, "a", "one").await;
    let file = path.join(vault.shared.file(&key("a")));
    let whole = std::fs::read(&file).unwrap();
    // a folder in the entry's place lets the rename fail
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let name = key("a");
    let mut held = vault.lock(&name).await.unwrap();
    assert!(held.write(entry("two")).await.is_err());
    let draft = file.with_extension("entry.new");
    assert!(!draft.exists(), "a write that failed leaves nothing");
    std::fs::remove_dir(&file).unwrap();
    // as if the draft could not be removed then
    std::fs::write(&draft, whole).unwrap();
    held.remove().await.unwrap();
    drop(held);
    assert!(
        vault
            .lock(&name)
            .await
            .unwrap()
            .read()
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn what_cannot_be_removed_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let vault = FileVault::open(&path).unwrap();
    let name = key("a");
    let file = path.join(vault.shared.file(&name));
    let mut held = vault.lock(&name).await.unwrap();
    for place in [file.with_extension("entry.new"), file] {
        std::fs::create_dir(&place).unwrap();
        let error = held.remove().await.unwrap_err();
        let is_told =
            matches!(&error, VaultError::File { action: "remove", path, .. } if *path == place);
        assert!(is_told, "{error:?}");
        std::fs::remove_dir(&place).unwrap();
    }
    held.remove().await.unwrap();
}

#[tokio::test]
#[cfg(unix)]
async fn a_file_that_is_too_long_is_not_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let vault = FileVault::open(&path).unwrap();
    let file = path.join(vault.shared.file(&key("a")));
    for (length, is_read) in [(4 * 1024 * 1024, true), (4 * 1024 * 1024 + 1, false)] {
        std::fs::write(&file, vec![0; length]).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        match vault.read(&key("a")).await.unwrap_err() {
            VaultError::Unopened => assert!(is_read),
            VaultError::Unreadable => assert!(!is_read),
            error => panic!("{error:?}"),
        }
    }
}

#[test]
fn an_apps_vault_is_in_the_users_place() {
    const FOLDER: &str = "SMART_TEST_DATA";
    if let Some(folder) = std::env::var_os(FOLDER) {
        assert!(FileVault::existing_of_app("my-app").unwrap().is_none());
        let vault = FileVault::of_app("my-app").unwrap();
        assert!(vault.folder().starts_with(folder));
        let same = FileVault::existing_of_app("my-app").unwrap().unwrap();
        assert_eq!(same.folder(), vault.folder());
        return;
    }
    // in a process of its own, whose environment can be set
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    for name in [FOLDER, "XDG_DATA_HOME", "LOCALAPPDATA", "HOME"] {
        child.env(name, folder.path());
    }
    let test = "vault::file::tests::an_apps_vault_is_in_the_users_place";
    let output = child.args([test, "--exact"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(folder.path().read_dir().unwrap().next().is_some());
}

#[tokio::test]
async fn what_could_not_be_read_again_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let vault = FileVault::open(folder.path().join("v")).unwrap();
    let (name, most) = (key("a"), 4 * 1024 * 1024 - 54);
    let mut held = vault.lock(&name).await.unwrap();
    for (length, fits) in [(most, true), (most + 1, false)] {
        let outcome = held.write(Entry::new(vec![b'x'; length])).await;
        match outcome {
            Ok(()) => assert!(fits),
            Err(VaultError::TooLong { .. }) => assert!(!fits),
            Err(error) => panic!("{error:?}"),
        }
        assert_eq!(held.read().await.unwrap().unwrap().expose().len(), most);
    }
}

#[tokio::test]
async fn one_at_a_time_has_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    // two values on one folder stand for two processes
    let path = folder.path().join("v");
    let (one, other) = (
        FileVault::open(&path).unwrap(),
        FileVault::open(&path).unwrap(),
    );
    let name = key("a");
    let held = one.lock(&name).await.unwrap();
    let waiting = tokio::spawn(async move {
        let name = key("a");
        let mut held = other.lock(&name).await.unwrap();
        held.write(entry("other")).await.unwrap();
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!waiting.is_finished());
    // other entries are nobody's business
    put(&one, "b", "free").await;
    drop(held);
    waiting.await.unwrap();
    assert_eq!(get(&one, "a").await.as_deref(), Some("other"));
}

#[tokio::test]
async fn a_whole_draft_is_taken_over_and_half_of_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let vault = FileVault::open(&path).unwrap();
    put(&vault, "a", "new").await;
    let file = path.join(vault.shared.file(&key("a")));
    let whole = std::fs::read(&file).unwrap();
    put(&vault, "a", "old").await;
    let draft = file.with_extension("entry.new");
    for (left, expected) in [
        (&whole[..whole.len() - 1], "old"),
        (b"", "old"),
        (&*whole, "new"),
    ] {
        std::fs::write(&draft, left).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&draft, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        let name = key("a");
        let mut held = vault.lock(&name).await.unwrap();
        let found = held.read().await.unwrap().unwrap();
        assert_eq!(found.expose(), expected.as_bytes());
        assert!(!draft.exists());
    }
}

#[tokio::test]
async fn waiting_can_be_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let vault = FileVault::open(folder.path().join("v")).unwrap();
    let name = key("a");
    let held = vault.lock(&name).await.unwrap();
    let moment = Duration::from_millis(10);
    assert!(
        tokio::time::timeout(moment, vault.lock(&name))
            .await
            .is_err()
    );
    drop(held);
    vault.lock(&name).await.unwrap();
}

#[test]
fn keys_have_a_length() {
    assert!(VaultKey::new("").is_err());
    assert!(VaultKey::new("x".repeat(513)).is_err());
    assert!(VaultKey::new("x".repeat(512)).is_ok());
}
