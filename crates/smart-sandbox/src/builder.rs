//! What a sandbox holds and where it listens, put together before it starts.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use smart_oauth::oauth1::ConsumerSecret;
use smart_rdf::Graph;

use crate::classic::apps::{AppManifest, Apps};
use crate::classic::calls::container::{SMART_VERSION, offers};
use crate::classic::container::Container;
use crate::classic::oauth::authenticate::Strictness;
use crate::classic::refusal::{Listener, Refusal};
use crate::classic::state::ContainerState;
use crate::clock::Clock;
use crate::error::SandboxError;
use crate::faults::Faults;
use crate::faults::FhirFault;
use crate::fhir::FhirServer;
use crate::fhir::state::FhirState;
use crate::records::accounts::{Account, Accounts};
use crate::records::load;
use crate::records::store::{Store, Synthetic};
use crate::sandbox::Sandbox;
use crate::web::address::Address;

/// The id of the stock app that runs without a user.
pub const BACKGROUND_APP_ID: &str = "smart-background-app@apps.smartplatforms.org";
/// The id of the stock app that a user opens. Its pages are at `http://localhost:8000/smartapp/`.
pub const UI_APP_ID: &str = "my-app@apps.smartplatforms.org";
/// The consumer secret of all stock apps.
pub const STOCK_SECRET: &str = "smartapp-secret";
/// The e-mail address of the account that every sandbox has.
pub const DEMO_USER: &str = "demouser@smartplatforms.org";
/// The password of that account.
pub const DEMO_PASSWORD: &str = "password";

/// How many patients are invented if no others are given.
const SYNTHETIC_PATIENTS: usize = 50;

/// Settings of a [`Sandbox`]. Each has a default.
#[derive(Debug)]
#[must_use = "nothing runs before start"]
pub struct SandboxBuilder {
    port: u16,
    fhir_port: u16,
    folder: Option<PathBuf>,
    graphs: Vec<(String, Graph)>,
    synthetic: Option<usize>,
    seed: u64,
    apps: Vec<(AppManifest, ConsumerSecret)>,
    accounts: Vec<Account>,
    clock: Clock,
    strictness: Strictness,
    unsigned_bodies_from: Vec<String>,
    refusals: Listener,
    fhir_faults: Faults,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            port: 0,
            fhir_port: 0,
            folder: None,
            graphs: Vec::new(),
            synthetic: None,
            seed: smart_patients::DEFAULT_SEED,
            apps: Vec::new(),
            accounts: Vec::new(),
            clock: Clock::system(),
            strictness: Strictness::default(),
            unsigned_bodies_from: Vec::new(),
            refusals: Listener::default(),
            fhir_faults: Faults::default(),
        }
    }

    /// The port to listen on; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The port of the FHIR server; 0, the default, takes a free one.
    pub fn fhir_port(mut self, port: u16) -> Self {
        self.fhir_port = port;
        self
    }

    /// Loads the patient files of a folder instead of inventing patients.
    ///
    /// Each file ends in `.xml` or `.rdf` (or `.ttl`, `.n3`) and holds one record; the digits of
    /// its name before the first dot are the record id. The bytes of a document, photograph or
    /// medical image are read from `documents/ID/NAME` in the folder, where `ID` is the record id
    /// and `NAME` the `sp:fileName`.
    ///
    /// If a file is invalid, the others are served, and
    /// [`Sandbox::load_problems`](crate::Sandbox::load_problems) lists the problem. The start fails
    /// if no file is valid.
    pub fn patients(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Adds one patient from a graph in the form of a patient file.
    pub fn patient(mut self, record_id: impl Into<String>, graph: Graph) -> Self {
        self.graphs.push((record_id.into(), graph));
        self
    }

    /// How many patients to invent. The default is 50, or 0 if other patients are given. A given
    /// record replaces an invented one with the same id.
    pub fn synthetic_patients(mut self, count: usize) -> Self {
        self.synthetic = Some(count);
        self
    }

    /// The seed of the invented patients. The same seed gives the same patients.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Installs an app. A stock app of the same id is replaced.
    pub fn app(mut self, manifest: AppManifest, secret: impl Into<ConsumerSecret>) -> Self {
        self.apps.push((manifest, secret.into()));
        self
    }

    /// Adds an account that can log in.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// The clock of both servers. Tests use a manual one.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Accepts bodies that no signature covers. Java clients of SMART containers send them. Anyone
    /// on the way can change them.
    pub fn accept_unsigned_bodies(mut self) -> Self {
        self.strictness.accepts_unsigned_bodies = true;
        self
    }

    /// Accepts bodies that no signature covers from one app, by its id. The app must be installed.
    pub fn accept_unsigned_bodies_from(mut self, app_id: impl Into<String>) -> Self {
        self.unsigned_bodies_from.push(app_id.into());
        self
    }

    /// Calls `tell` for every request that the container refuses because of its signature, or
    /// because its app or token may not make the call. The app itself sees a bare 401 or 403.
    ///
    /// `tell` runs on the thread that answers the request.
    pub fn on_refusal(mut self, tell: impl Fn(&Refusal) + Send + Sync + 'static) -> Self {
        self.refusals = Listener::new(tell);
        self
    }

    /// Makes the FHIR server do one thing wrong, to test how an app reacts. Call it once for each
    /// fault.
    pub fn fhir_fault(mut self, fault: FhirFault) -> Self {
        self.fhir_faults.insert(fault);
        self
    }

    /// Makes the container without a socket, for tests.
    ///
    /// # Errors
    ///
    /// The errors of [`start`](Self::start) that are not about sockets.
    pub fn container(self, api_base: &str) -> Result<Container, SandboxError> {
        let address = address(api_base)?;
        let store = self.store(address.base())?;
        self.container_of(address, Arc::new(store))
    }

    /// Makes the FHIR server without a socket and without the container, for tests.
    ///
    /// `server` is its scheme, host and port, such as `http://localhost:9000`.
    ///
    /// # Errors
    ///
    /// The errors of [`start`](Self::start) that are not about sockets.
    pub fn fhir_server(self, server: &str) -> Result<FhirServer, SandboxError> {
        let address = address(server)?;
        let store = Arc::new(self.store(address.base())?);
        Ok(self.fhir_server_of(address, store))
    }

    /// Makes both servers without sockets, as a router to nest into an axum application of your
    /// own. They share their records. The container is at `/classic` below `base`, the FHIR server
    /// at `/fhir`.
    ///
    /// ```
    /// use axum::Router;
    /// use smart_sandbox::Sandbox;
    /// use tower::ServiceExt as _;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = Sandbox::builder().into_router("http://localhost:3000/sandbox")?;
    /// let app: Router = Router::new().nest("/sandbox", sandbox);
    ///
    /// for path in ["/sandbox/classic/manifest", "/sandbox/fhir/api/fhir/metadata"] {
    ///     let request = http::Request::get(path)
    ///         .header("host", "localhost:3000")
    ///         .body(axum::body::Body::empty())?;
    ///     assert_eq!(app.clone().oneshot(request).await?.status(), 200);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`start`](Self::start) that are not about sockets.
    pub fn into_router(self, base: &str) -> Result<Router, SandboxError> {
        let base = address(base)?;
        let below = |name| format!("{}/{name}", base.base());
        let (container, fhir) = self.servers(&below("classic"), &below("fhir"))?;
        Ok(Router::new()
            .nest("/classic", container.into_router())
            .nest("/fhir", fhir.into_router()))
    }

    /// Starts the sandbox on the loopback interface, on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`SandboxError::PortInUse`] if something else listens on the port; [`SandboxError::Load`] if
    /// no patient file is valid.
    pub async fn start(self) -> Result<Sandbox, SandboxError> {
        Sandbox::start_with(self).await
    }

    pub(crate) fn ports(&self) -> [u16; 2] {
        [self.port, self.fhir_port]
    }

    /// Makes both servers over the same records.
    pub(crate) fn servers(
        self,
        api_base: &str,
        fhir: &str,
    ) -> Result<(Container, FhirServer), SandboxError> {
        let (address, fhir) = (address(api_base)?, address(fhir)?);
        let store = Arc::new(self.store(address.base())?);
        let fhir = self.fhir_server_of(fhir, Arc::clone(&store));
        Ok((self.container_of(address, store)?, fhir))
    }

    fn container_of(self, address: Address, store: Arc<Store>) -> Result<Container, SandboxError> {
        let apps = self.installed_apps()?;
        let accounts = self.all_accounts();
        let mut state = ContainerState::new(address, apps, accounts, store, self.strictness);
        state.refusals = self.refusals;
        state.login_hint = Some(format!(
            "To try things out, log in as {DEMO_USER} with the password \"{DEMO_PASSWORD}\"."
        ));
        Ok(Container::new(state, &self.clock))
    }

    fn fhir_server_of(&self, address: Address, store: Arc<Store>) -> FhirServer {
        let state = FhirState::new(address, store, self.clock.now(), self.fhir_faults.clone());
        FhirServer::new(state, &self.clock)
    }

    fn store(&self, api_base: &str) -> Result<Store, SandboxError> {
        let mut store = Store::new(api_base);
        let others = self.folder.is_some() || !self.graphs.is_empty();
        let invented = self
            .synthetic
            .unwrap_or(if others { 0 } else { SYNTHETIC_PATIENTS });
        for index in 0..invented {
            store.add_synthetic(Synthetic {
                seed: self.seed,
                index,
            });
        }
        if let Some(folder) = &self.folder {
            load::folder(folder, &mut store)?;
        }
        for (record_id, graph) in &self.graphs {
            check_record_id(record_id)?;
            if store.is_given(record_id) {
                return Err(SandboxError::RecordTwice {
                    record_id: record_id.clone(),
                });
            }
            store
                .add_graph(record_id, graph)
                .map_err(|error| SandboxError::BadPatient {
                    record_id: record_id.clone(),
                    reason: error.to_string(),
                })?;
        }
        Ok(store)
    }

    fn installed_apps(&self) -> Result<Apps, SandboxError> {
        let mut apps = Apps::stock();
        for (place, (manifest, secret)) in self.apps.iter().enumerate() {
            if self.apps[..place]
                .iter()
                .any(|(other, _)| other.id() == manifest.id())
            {
                return Err(SandboxError::AppTwice {
                    id: manifest.id().to_owned(),
                });
            }
            for need in manifest.unmet(SMART_VERSION, offers) {
                tracing::warn!(app = manifest.id(), %need, "the container does not offer what the app needs");
            }
            apps.install(manifest.clone(), secret.clone());
        }
        for id in &self.unsigned_bodies_from {
            let app = apps
                .get_mut(id)
                .ok_or_else(|| SandboxError::UnknownApp { id: id.clone() })?;
            app.accepts_unsigned_bodies = true;
        }
        Ok(apps)
    }

    fn all_accounts(&self) -> Accounts {
        let mut accounts = Accounts::demo();
        for account in &self.accounts {
            accounts.add(account.clone());
        }
        accounts
    }
}

fn address(base: &str) -> Result<Address, SandboxError> {
    Address::parse(base).ok_or_else(|| SandboxError::BadApiBase {
        api_base: base.to_owned(),
    })
}

fn check_record_id(record_id: &str) -> Result<(), SandboxError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    // The call that searches for records has a path that would hide this record.
    if record_id.is_empty() || record_id == "search" || !record_id.bytes().all(fits) {
        return Err(SandboxError::BadRecordId {
            record_id: record_id.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_settings_are_named() {
        let manifest = AppManifest::from_json(
            br#"{"name": "N", "description": "D", "id": "b@apps.example.org", "mode": "background"}"#,
        )
        .unwrap();
        let twice = Sandbox::builder()
            .app(manifest.clone(), "x")
            .app(manifest, "y");
        for (builder, message) in [
            (twice, "the app b@apps.example.org is given twice"),
            (
                Sandbox::builder().patient("a/b", Graph::default()),
                "\"a/b\" cannot be a record id",
            ),
            (
                Sandbox::builder().patient("search", Graph::default()),
                "cannot be a record id",
            ),
            (
                Sandbox::builder().patient("1", Graph::default()),
                "there is no sp:MedicalRecord",
            ),
            (
                Sandbox::builder()
                    .patient("1", crate::records::testing::ada())
                    .patient("1", crate::records::testing::bob()),
                "record 1 is given twice",
            ),
            (
                Sandbox::builder().accept_unsigned_bodies_from("nobody"),
                "the app nobody is not installed",
            ),
            (
                Sandbox::builder().patients("/there/is/no/such/folder"),
                "give an existing folder",
            ),
        ] {
            let error = builder
                .container("http://localhost:7000")
                .unwrap_err()
                .to_string();
            assert!(error.contains(message), "{error}");
        }
        let error = Sandbox::builder()
            .container("localhost")
            .unwrap_err()
            .to_string();
        assert!(error.contains("cannot be an api base"), "{error}");
    }
}
