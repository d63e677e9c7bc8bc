//! What a crate pulls in that depends on one layer alone.

use std::path::Path;
use std::process::Command;

/// The crates below a fresh crate that depends on `layer` with these settings and nothing else, as
/// cargo resolves them for it.
fn tree_of(layer: &str, settings: &str) -> Vec<String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the workspace");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let manifest = format!(
        "[package]\nname = \"downstream\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{layer} = {{ path = {:?}{settings} }}\n",
        workspace.join("crates").join(folder_of(layer))
    );
    std::fs::write(folder.path().join("Cargo.toml"), manifest).expect("the folder can be written");
    std::fs::create_dir(folder.path().join("src")).expect("the folder can be written");
    std::fs::write(folder.path().join("src/lib.rs"), "").expect("the folder can be written");
    std::fs::copy(
        workspace.join("Cargo.lock"),
        folder.path().join("Cargo.lock"),
    )
    .expect("the lock file is there");
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(folder.path())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("cargo prints text");
    let mut crates: Vec<_> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    crates.sort();
    crates.dedup();
    crates.retain(|name| name != "downstream");
    crates
}

/// The facade's package has another name than its folder.
fn folder_of(layer: &str) -> &str {
    if layer == "smart-sdk" { "smart" } else { layer }
}

fn assert_absent(layer: &str, unwanted: &[&str]) {
    assert_absent_with(layer, "", unwanted);
}

fn assert_absent_with(layer: &str, settings: &str, unwanted: &[&str]) {
    let tree = tree_of(layer, settings);
    assert!(tree.iter().any(|name| name == layer), "{tree:?}");
    for name in unwanted {
        assert!(
            !tree.iter().any(|found| found == name),
            "{layer} pulls {name}: {tree:?}"
        );
    }
}

#[test]
fn signing_alone_pulls_no_runtime_client_or_store() {
    assert_absent(
        "smart-oauth",
        &[
            "tokio",
            "hyper",
            "hyper-util",
            "oxigraph",
            "oxrdf",
            "spareval",
        ],
    );
    let tree = tree_of("smart-oauth", "");
    assert!(tree.len() <= 45, "{} crates: {tree:?}", tree.len());
}

#[test]
fn graphs_alone_pull_no_runtime_or_signing() {
    assert_absent("smart-rdf", &["tokio", "hyper", "oxigraph", "smart-oauth"]);
}

#[test]
fn calls_alone_pull_no_runtime_or_signing() {
    assert_absent(
        "smart-api",
        &["tokio", "hyper", "oxigraph", "smart-oauth", "smart-api-gen"],
    );
}

#[test]
fn the_client_carries_no_container() {
    assert_absent(
        "smart-sdk",
        &["smart-sandbox", "oxigraph", "smart-api-gen", "clap"],
    );
}

#[test]
fn a_classic_app_carries_nothing_of_the_second_generation() {
    assert_absent_with(
        "smart-sdk",
        r#", default-features = false, features = ["aws-lc-rs", "classic"]"#,
        &["oauth2", "chacha20poly1305", "fs4", "smart-fhir"],
    );
}
