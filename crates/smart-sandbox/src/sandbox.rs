//! A running sandbox.

use futures_util::future::join;

use crate::builder::SandboxBuilder;
use crate::classic::container::Container;
use crate::error::SandboxError;
use crate::fhir::FhirServer;
use crate::records::load::LoadError;
use crate::web::server::{Listeners, Server};

/// A container that runs in this process, on the loopback interface, until it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    container: Container,
    fhir: FhirServer,
    servers: [Server; 2],
}

impl Sandbox {
    /// Starts a sandbox with all defaults: a free port, 50 invented patients, three stock apps, one
    /// demo account.
    ///
    /// # Errors
    ///
    /// Fails if the loopback interface cannot be listened on, or outside of a tokio runtime.
    pub async fn start() -> Result<Self, SandboxError> {
        Self::builder().start().await
    }

    /// Returns the settings, to change them before the start.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// The API base, for example `http://localhost:40123`.
    pub fn api_base(&self) -> &str {
        self.container.api_base()
    }

    /// The base of the FHIR server that runs beside the container over the same records, for
    /// example `http://localhost:40124/api/fhir`.
    pub fn fhir_base(&self) -> &str {
        self.fhir.fhir_base()
    }

    /// The number of records.
    pub fn record_count(&self) -> usize {
        self.container.state.store.len()
    }

    /// The problems of patient files that were not loaded, or only in part. Show them to the user
    /// who chose the folder. The other files are served.
    pub fn load_problems(&self) -> &[LoadError] {
        self.container.load_problems()
    }

    /// The ids of the installed apps, including the stock apps, sorted as text.
    pub fn app_ids(&self) -> Vec<String> {
        self.container
            .state
            .apps
            .ids()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// Stops listening, gives open requests three seconds to finish, and returns when all
    /// connections are closed.
    pub async fn shutdown(self) {
        let [classic, fhir] = self.servers;
        join(classic.shutdown(), fhir.shutdown()).await;
    }

    pub(crate) async fn start_with(builder: SandboxBuilder) -> Result<Self, SandboxError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(SandboxError::NoRuntime);
        }
        // Patients get URIs below the real address, so the port comes first.
        let [port, fhir_port] = builder.ports();
        let listeners = Listeners::bind(port).await?;
        let fhir_listeners = Listeners::bind(fhir_port).await?;
        let api_base = format!("http://localhost:{}", listeners.port());
        let fhir_address = format!("http://localhost:{}", fhir_listeners.port());
        // Reading and splitting hundreds of files would hold up everything else on a small runtime.
        let made = tokio::task::spawn_blocking(move || builder.servers(&api_base, &fhir_address));
        let (container, fhir) = match made.await {
            Ok(servers) => servers?,
            Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            Err(_) => return Err(SandboxError::NoRuntime),
        };
        let servers = [
            Server::start(listeners, container.router()),
            Server::start(fhir_listeners, fhir.router()),
        ];
        tracing::info!(
            api_base = container.api_base(),
            fhir_base = fhir.fhir_base(),
            records = container.state.store.len(),
            "sandbox started"
        );
        Ok(Self {
            container,
            fhir,
            servers,
        })
    }
}

#[cfg(test)]
mod tests;
