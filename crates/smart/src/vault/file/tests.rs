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
    assert_eq!(files.len(), 3, "key, entry, lock: {files:?}");
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
    // it does not even find it
    let theirs = FileVault::with_key(&path, [2; 32]).unwrap();
    assert_eq!(get(&theirs, "a").await, None);
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
