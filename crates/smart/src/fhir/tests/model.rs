//! The real sessions under a model checker: renewals, logins, revocations, failures and calls that
//! are given up, in many orders.
//!
//! Shuttle runs all tasks on one thread and picks the next one at every point where a task waits:
//! at the server before and after it acts, at the vault before and after each access, and at the
//! locks. A deadlock fails the test by itself. A failure prints a schedule that repeats it.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use shuttle::future::{JoinHandle, spawn, yield_now};
use shuttle::rand::Rng as _;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use smart_oauth::Timestamp;
use smart_oauth::oauth2::{PatientContext, RefreshToken, TokenSet};
use smart_transport::{Stage, TransportError};

use crate::fhir::{App, FhirError, Session};
use crate::vault::{Entry, LockedEntry, MemoryVault, Vault, VaultError, VaultKey};
use crate::{Error, Retries};

const NOW: u64 = 1_800_000_000;
const ORDERS: usize = 400;

thread_local! {
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside of a model.
pub(in crate::fhir) fn is_running() -> bool {
    RUNNING.get()
}

/// What a runtime does for [`renewal::detached`](crate::fhir::renewal::detached).
pub(in crate::fhir) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    spawn(work).await.unwrap()
}

/// The server: one grant for each login, tokens `<login>/a<n>` and `<login>/r<n>`, of which the
/// last pair is good.
#[derive(Clone, Default)]
struct World(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    grants: HashMap<String, Grant>,
    /// Refresh tokens that came after they had been replaced.
    reused: usize,
    /// Access tokens that the vault has had.
    stored: HashSet<String>,
    /// How many of a hundred accesses fail.
    writes_fail: u32,
    answers_are_lost: u32,
}

#[derive(Default)]
struct Grant {
    generation: u32,
    is_revoked: bool,
    /// How often each access token of the grant may be used.
    life: Option<u32>,
    uses: u32,
}

fn happens(percent: u32) -> bool {
    percent > 0 && shuttle::rand::thread_rng().gen_range(0..100) < percent
}

/// Whose a token is: `alice.0/a3` belongs to alice, by her login `alice.0`.
fn login_of(token: &str) -> &str {
    token.split('/').next().unwrap()
}

fn person_of(login: &str) -> &str {
    login.split('.').next().unwrap()
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// An app whose requests and accesses to the vault all take turns with those of others.
    fn app(&self, vault: &ModelVault) -> App {
        let world = self.clone();
        let transport = move |request: Request<Bytes>| {
            let world = world.clone();
            async move {
                yield_now().await;
                let (response, may_be_lost) = world.state().answer(&request);
                yield_now().await;
                if may_be_lost && happens(world.state().answers_are_lost) {
                    return Err(TransportError::new(Stage::MaybeSent, "no way back"));
                }
                Ok(response)
            }
        };
        App::builder("https://ehr.example/fhir")
            .client_id("app")
            .client_secret("secret")
            .retries(Retries::none())
            .clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
            .vault(vault.clone())
            .transport(transport)
            .build()
            .unwrap()
    }

    /// Somebody logs in, with an access token that is over.
    async fn log_in(&self, app: &App, login: &str) -> Result<Session, Error> {
        let grant = Grant::default();
        self.state().grants.insert(login.to_owned(), grant);
        let mut tokens = TokenSet::new(format!("{login}/a0"));
        tokens.refresh_token = Some(RefreshToken::new(format!("{login}/r0")));
        tokens.expires_at = Some(Timestamp::from_unix_seconds(NOW - 10));
        tokens.patient = PatientContext::Stated(person_of(login).to_owned());
        Session::with_tokens(app, key(), tokens).await
    }
}

impl State {
    /// The answer, and whether it answers a refresh.
    fn answer(&mut self, request: &Request<Bytes>) -> (Response<Bytes>, bool) {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let form: HashMap<String, String> = body
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace("%2F", "/")))
            .collect();
        let path = request.uri().path();
        match path {
            "/fhir/.well-known/smart-configuration" => (
                json(
                    200,
                    r#"{"token_endpoint": "https://ehr.example/token", "revocation_endpoint": "https://ehr.example/revoke"}"#,
                ),
                false,
            ),
            "/token" => (self.refresh(&form["refresh_token"]), true),
            "/revoke" => {
                let grant = self.grants.get_mut(login_of(&form["token"])).unwrap();
                grant.is_revoked = true;
                (json(200, ""), false)
            }
            _ => {
                let reader = path.rsplit('/').next().unwrap();
                let bearer = request.headers()["authorization"].to_str().unwrap();
                let token = bearer.strip_prefix("Bearer ").unwrap();
                (self.read(reader, token), false)
            }
        }
    }

    fn refresh(&mut self, token: &str) -> Response<Bytes> {
        let login = login_of(token);
        let grant = self.grants.get_mut(login).unwrap();
        if grant.is_revoked || token != format!("{login}/r{}", grant.generation) {
            self.reused += usize::from(!grant.is_revoked);
            return json(400, r#"{"error": "invalid_grant"}"#);
        }
        grant.generation += 1;
        grant.uses = 0;
        let (n, person) = (grant.generation, person_of(login));
        json(
            200,
            &format!(
                r#"{{"access_token": "{login}/a{n}", "refresh_token": "{login}/r{n}", "token_type": "Bearer", "expires_in": 3600,
                "patient": "{person}"}}"#
            ),
        )
    }

    fn read(&mut self, reader: &str, token: &str) -> Response<Bytes> {
        let login = login_of(token);
        assert_eq!(
            person_of(login),
            reader,
            "a handle sent another one's token"
        );
        assert!(self.stored.contains(token), "used before it was stored");
        let grant = self.grants.get_mut(login).unwrap();
        grant.uses += 1;
        let is_over = grant.life.is_some_and(|life| grant.uses > life);
        let is_current = token == format!("{login}/a{}", grant.generation);
        let is_good = is_current && !is_over && !grant.is_revoked;
        json(if is_good { 200 } else { 401 }, "{}")
    }
}

fn json(status: u16, body: &str) -> Response<Bytes> {
    let response = Response::builder().status(status);
    let response = response.header("content-type", "application/json");
    response.body(Bytes::from(body.to_owned())).unwrap()
}

fn key() -> VaultKey {
    VaultKey::new("user").unwrap()
}

/// A vault in memory whose writes take turns, and fail when the world says so.
#[derive(Clone)]
struct ModelVault {
    inner: MemoryVault,
    world: World,
}

struct Held {
    inner: Box<dyn LockedEntry>,
    world: World,
}

impl ModelVault {
    fn new(world: &World) -> Self {
        Self {
            inner: MemoryVault::new(),
            world: world.clone(),
        }
    }

    /// Access token, refresh token and whether the entry says that the grant has ended.
    async fn content(&self) -> Option<(String, String, bool)> {
        let entry = self.inner.read(&key()).await.unwrap()?;
        let value: serde_json::Value = serde_json::from_slice(entry.expose()).unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        let has_ended = !value["ended"].is_null();
        Some((text("access_token"), text("refresh_token"), has_ended))
    }
}

impl Vault for ModelVault {
    fn read<'v>(&'v self, key: &'v VaultKey) -> BoxFuture<'v, Result<Option<Entry>, VaultError>> {
        Box::pin(async {
            yield_now().await;
            self.inner.read(key).await
        })
    }

    fn lock<'v>(
        &'v self,
        key: &'v VaultKey,
    ) -> BoxFuture<'v, Result<Box<dyn LockedEntry>, VaultError>> {
        Box::pin(async {
            yield_now().await;
            let held: Box<dyn LockedEntry> = Box::new(Held {
                inner: self.inner.lock(key).await?,
                world: self.world.clone(),
            });
            Ok(held)
        })
    }
}

impl LockedEntry for Held {
    fn read(&mut self) -> BoxFuture<'_, Result<Option<Entry>, VaultError>> {
        self.inner.read()
    }

    fn write(&mut self, entry: Entry) -> BoxFuture<'_, Result<(), VaultError>> {
        Box::pin(async {
            yield_now().await;
            if happens(self.world.state().writes_fail) {
                return Err(VaultError::store("the disk is full"));
            }
            let value: serde_json::Value = serde_json::from_slice(entry.expose()).unwrap();
            let token = value["access_token"].as_str().unwrap().to_owned();
            self.inner.write(entry).await?;
            self.world.state().stored.insert(token);
            yield_now().await;
            Ok(())
        })
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), VaultError>> {
        Box::pin(async {
            yield_now().await;
            if happens(self.world.state().writes_fail) {
                return Err(VaultError::store("the disk is full"));
            }
            self.inner.remove().await
        })
    }
}

/// A read in the name of the person whose handle it is.
async fn read(session: &Session) -> Result<u16, Error> {
    let person = session.patient().unwrap();
    let request = Request::get(format!("https://ehr.example/fhir/Patient/{person}"));
    let response = session.send(request.body(Bytes::new()).unwrap()).await?;
    Ok(response.status().as_u16())
}

/// A task that reads so often; what goes wrong is an answer as well.
fn reading(session: &Session, times: usize) -> JoinHandle<()> {
    let session = session.clone();
    spawn(async move {
        for _ in 0..times {
            let _ = read(&session).await;
        }
    })
}

/// Polls a call so often, and gives it up.
async fn given_up<T>(polls: usize, call: impl Future<Output = T>) {
    let mut call = std::pin::pin!(call);
    for _ in 0..polls {
        if futures_util::poll!(call.as_mut()).is_ready() {
            return;
        }
        yield_now().await;
    }
}

/// Runs the scenario in many orders.
fn explore<F: Future<Output = ()> + Send + 'static>(scenario: fn() -> F) {
    let run = move || {
        RUNNING.set(true);
        shuttle::future::block_on(scenario());
    };
    let mut config = shuttle::Config::new();
    // futures are large without optimization
    config.stack_size = 1024 * 1024;
    shuttle::Runner::new(RandomScheduler::new(ORDERS), config.clone()).run(run);
    shuttle::Runner::new(PctScheduler::new(3, ORDERS), config).run(run);
    RUNNING.set(false);
}

/// Two handles that share only the vault, two tasks each.
#[test]
fn renewals_in_any_order_spend_each_refresh_token_once() {
    explore(|| async {
        let world = World::default();
        let vault = ModelVault::new(&world);
        let first = world.log_in(&world.app(&vault), "alice.0").await.unwrap();
        let second = Session::open(&world.app(&vault), key()).await.unwrap();
        world.state().grants.get_mut("alice.0").unwrap().life = Some(3);
        let tasks = [
            reading(&first, 2),
            reading(&first, 2),
            reading(&second, 2),
            reading(&second, 2),
        ];
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(world.state().reused, 0);
        let generation = world.state().grants["alice.0"].generation;
        let (access, refresh, has_ended) = vault.content().await.unwrap();
        assert_eq!(access, format!("alice.0/a{generation}"));
        assert_eq!(refresh, format!("alice.0/r{generation}"));
        assert!(!has_ended);
    });
}

#[test]
fn a_revocation_beside_renewals_ends_the_session() {
    explore(|| async {
        let world = World::default();
        let vault = ModelVault::new(&world);
        let first = world.log_in(&world.app(&vault), "alice.0").await.unwrap();
        let second = Session::open(&world.app(&vault), key()).await.unwrap();
        let tasks = [reading(&first, 2), reading(&second, 2)];
        let revoking = spawn({
            let first = first.clone();
            async move { first.revoke().await.unwrap() }
        });
        for task in tasks {
            task.await.unwrap();
        }
        revoking.await.unwrap();
        assert!(world.state().grants["alice.0"].is_revoked);
        assert_eq!(vault.content().await, None, "nothing brings it back");
        assert!(read(&first).await.is_err());
    });
}

#[test]
fn a_login_under_the_same_name_is_never_mixed_up() {
    explore(|| async {
        let world = World::default();
        let vault = ModelVault::new(&world);
        let app = world.app(&vault);
        let alice = world.log_in(&app, "alice.0").await.unwrap();
        let tasks = [reading(&alice, 2), reading(&alice, 2)];
        let revoking = spawn({
            let alice = alice.clone();
            async move { drop(alice.revoke().await) }
        });
        let bob = world.log_in(&app, "bob.0").await.unwrap();
        assert_eq!(read(&bob).await.unwrap(), 200);
        for task in tasks {
            task.await.unwrap();
        }
        revoking.await.unwrap();
        assert!(!world.state().grants["bob.0"].is_revoked);
        let (access, ..) = vault.content().await.unwrap();
        assert_eq!(access, "bob.0/a1");
        let refused = alice.refresh().await.unwrap_err();
        assert!(is_replaced(&refused), "{refused:?}");
    });
}

fn is_replaced(error: &Error) -> bool {
    match error {
        Error::Fhir(FhirError::Renewal { source }) => is_replaced(source),
        Error::Fhir(error) => matches!(error, FhirError::Replaced),
        _ => false,
    }
}

#[test]
fn a_new_login_of_the_same_person_heals_old_handles() {
    explore(|| async {
        let world = World::default();
        let vault = ModelVault::new(&world);
        let app = world.app(&vault);
        let old = world.log_in(&app, "alice.0").await.unwrap();
        world.state().grants.get_mut("alice.0").unwrap().is_revoked = true;
        let tasks = [reading(&old, 1), reading(&old, 1)];
        world.log_in(&app, "alice.1").await.unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(read(&old).await.unwrap(), 200);
        assert_eq!(vault.content().await.unwrap().0, "alice.1/a1");
    });
}

#[test]
fn calls_that_are_given_up_lose_nothing() {
    explore(|| async {
        let world = World::default();
        let vault = ModelVault::new(&world);
        let first = world.log_in(&world.app(&vault), "alice.0").await.unwrap();
        let second = Session::open(&world.app(&vault), key()).await.unwrap();
        let polls = shuttle::rand::thread_rng().gen_range(0..12);
        let tasks = [(first.clone(), polls), (second.clone(), 12 - polls)]
            .map(|(session, polls)| spawn(async move { given_up(polls, session.refresh()).await }));
        for task in tasks {
            task.await.unwrap();
        }
        // these wait for what still runs
        assert_eq!(read(&first).await.unwrap(), 200);
        assert_eq!(read(&second).await.unwrap(), 200);
        assert_eq!(world.state().reused, 0);
        // and the end is not lost either
        given_up(polls, first.revoke()).await;
        let _ = first.revoke().await;
        assert_eq!(vault.content().await, None);
        assert!(world.state().grants["alice.0"].is_revoked);
    });
}

#[test]
fn failures_never_let_a_token_be_used_before_it_is_stored() {
    explore(|| async {
        let world = World::default();
        let vault = ModelVault::new(&world);
        let first = world.log_in(&world.app(&vault), "alice.0").await.unwrap();
        let second = Session::open(&world.app(&vault), key()).await.unwrap();
        world.state().writes_fail = 30;
        world.state().answers_are_lost = 10;
        let tasks = [reading(&first, 3), reading(&second, 3)];
        for task in tasks {
            task.await.unwrap();
        }
        world.state().writes_fail = 0;
        // a login is not kept waiting by what could not be stored, and makes both good again
        world.log_in(&world.app(&vault), "alice.1").await.unwrap();
        world.state().answers_are_lost = 0;
        assert_eq!(read(&first).await.unwrap(), 200);
        assert_eq!(read(&second).await.unwrap(), 200);
        first.forget().await.unwrap();
        assert_eq!(vault.content().await, None);
    });
}
