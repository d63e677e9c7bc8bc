//! What needs more than one process, or one that dies: the server, the vault on disk, and this test
//! binary once more as the app. And what needs every order of many tasks: [`model`].

mod crash;
pub(super) mod model;
mod processes;

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, StatusCode};
use smart_oauth::Timestamp;
use smart_oauth::oauth2::{RefreshToken, TokenSet};
use smart_test_support::{CannedResponse, Received, TestServer};

use super::{App, Session};
use crate::Error;
use crate::vault::{FileVault, VaultKey};

/// A server that puts new tokens in place of the old ones at every refresh, and ends the old ones
/// at once.
#[derive(Clone, Default)]
struct Rotating(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The pair that is good: access token `a<n>`, refresh token `r<n>`.
    generation: usize,
    refreshes: usize,
    refused: usize,
    reads: usize,
    /// After how many reads an access token ends.
    life: Option<usize>,
    reads_of_this: usize,
}

impl Rotating {
    async fn start(&self) -> TestServer {
        let state = self.clone();
        let server = TestServer::answering(move |request| state.answer(request));
        server.await.unwrap()
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    fn answer(&self, request: &Received) -> CannedResponse {
        let path = request.target();
        let json = |body: String| {
            CannedResponse::new(200)
                .header("content-type", "application/json")
                .body(body)
        };
        self.with(|state| match path {
            "/fhir/.well-known/smart-configuration" => json(format!(
                r#"{{"token_endpoint": "http://{}/token"}}"#,
                request.header("host").unwrap()
            )),
            "/token" => {
                let body = String::from_utf8(request.body().to_vec()).unwrap();
                if !body.contains(&format!("refresh_token=r{}", state.generation)) {
                    state.refused += 1;
                    return CannedResponse::new(401).header("content-type", "application/json").body(r#"{"error": "invalid_grant"}"#);
                }
                state.generation += 1;
                state.refreshes += 1;
                state.reads_of_this = 0;
                json(format!(
                    r#"{{"access_token": "a{0}", "refresh_token": "r{0}", "token_type": "Bearer", "expires_in": 3600}}"#,
                    state.generation
                ))
            }
            _ => {
                let bearer = format!("Bearer a{}", state.generation);
                let is_over = state.life.is_some_and(|life| state.reads_of_this >= life);
                if request.header("authorization") != Some(&bearer) || is_over {
                    return CannedResponse::new(401).body("<html>");
                }
                state.reads += 1;
                state.reads_of_this += 1;
                json("{}".to_owned())
            }
        })
    }
}

fn app(server: &str, vault: FileVault) -> App {
    App::builder(format!("{server}/fhir"))
        .client_id("c")
        .client_secret("s")
        .vault(vault)
        .build()
        .unwrap()
}

fn key() -> VaultKey {
    VaultKey::new("user").unwrap()
}

/// A session whose access token ended long ago.
async fn with_stale_tokens(server: &str, folder: &Path) {
    let app = app(server, FileVault::open(folder).unwrap());
    let mut tokens = TokenSet::new("a0");
    tokens.expires_at = Some(Timestamp::from_unix_seconds(1));
    tokens.refresh_token = Some(RefreshToken::new("r0"));
    Session::with_tokens(&app, key(), tokens).await.unwrap();
}

/// One read, as an app makes it that has just started.
async fn read_afresh(server: &str, folder: &Path) -> Result<StatusCode, Error> {
    let app = app(server, FileVault::open(folder)?);
    let session = Session::open(&app, key()).await?;
    read(&session).await
}

async fn read(session: &Session) -> Result<StatusCode, Error> {
    let request = Request::get(format!("{}/Patient/1", session.base()));
    let request = request.body(Bytes::new()).unwrap();
    Ok(session.send(request).await?.status())
}

/// This binary once more, running one test that is ignored otherwise.
fn child(test: &str, server: &str, folder: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("SMART_TEST_SERVER", server)
        .env("SMART_TEST_FOLDER", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// What the parent told this process; nothing when there is no parent.
fn orders() -> Option<(String, std::path::PathBuf)> {
    let server = std::env::var("SMART_TEST_SERVER").ok()?;
    let folder = std::env::var_os("SMART_TEST_FOLDER")?;
    Some((server, folder.into()))
}
