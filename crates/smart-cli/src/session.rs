//! A client together with the container it talks to, when that container lives in this process.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use smart::transport::{Certificates, HyperTransport, Identity, Proxy};
use smart::{Client, ClientBuilder};
use smart_sandbox::Sandbox;

use crate::args::{ContainerArgs, NetworkArgs};
use crate::failure::UsageError;

/// A client, and the embedded container if there is one.
pub(crate) struct Session {
    pub(crate) client: Client,
    sandbox: Option<Sandbox>,
}

impl Session {
    /// Starts the embedded container unless another is named, and connects as the app of the command line.
    pub(crate) async fn open(args: &ContainerArgs, trace: Option<&Path>) -> Result<Self> {
        let transport = transport(&args.network)?;
        let (api_base, sandbox) = match &args.api_base {
            Some(api_base) => (api_base.clone(), None),
            None => {
                let sandbox = start_sandbox(args.patients.as_deref()).await?;
                (sandbox.api_base().to_owned(), Some(sandbox))
            }
        };
        let client = Client::builder()
            .app_id(&*args.app_id)
            .api_base(&*api_base)
            .consumer(&*args.app_id, &*args.consumer_secret)
            .transport(transport);
        let client = recorded(client, trace)?.build().context(api_base)?;
        Ok(Self { client, sandbox })
    }

    /// Lets the embedded container finish what it is doing.
    pub(crate) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.shutdown().await;
        }
    }
}

/// The transport that the options ask for.
pub(crate) fn transport(args: &NetworkArgs) -> Result<HyperTransport> {
    let mut builder = HyperTransport::builder()
        .total_timeout(Duration::from_secs(args.timeout))
        .proxy(match args.proxy.as_deref() {
            None => Proxy::from_environment(),
            Some("none") => Proxy::none(),
            Some(address) => Proxy::all(address).map_err(|error| UsageError(error.to_string()))?,
        });
    for host in &args.allow_http {
        builder = builder.allow_plain_http_to(host);
    }
    for file in &args.authorities {
        let authorities =
            Certificates::from_pem(&read(file)?).with_context(|| file.display().to_string())?;
        builder = builder.trust_certificate(authorities);
    }
    if let Some(file) = &args.identity {
        let identity =
            Identity::from_pem(&read(file)?).with_context(|| file.display().to_string())?;
        builder = builder.identity(identity);
    }
    Ok(builder.build())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// The same client, which writes down its exchanges if a file is named for that.
pub(crate) fn recorded(builder: ClientBuilder, file: Option<&Path>) -> Result<ClientBuilder> {
    Ok(match sink(file)? {
        Some(sink) => builder.record_exchanges(sink),
        None => builder,
    })
}

/// Where exchanges are written down. Several clients of one command write to one file, each line whole.
pub(crate) fn sink(file: Option<&Path>) -> Result<Option<File>> {
    let Some(file) = file else {
        return Ok(None);
    };
    let sink = File::options().create(true).append(true).open(file);
    let sink = sink.with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(Some(sink))
}

async fn start_sandbox(patients: Option<&Path>) -> Result<Sandbox> {
    let mut builder = Sandbox::builder();
    if let Some(folder) = patients {
        builder = builder.patients(folder);
    }
    Ok(builder.start().await?)
}
