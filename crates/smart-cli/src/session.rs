//! A client together with the container it talks to, when that container lives in this process.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use smart::classic::{Client, ClientBuilder};
use smart::transport::{Certificates, HyperTransport, HyperTransportBuilder, Identity, Proxy};
use smart_sandbox::{BACKGROUND_APP_ID, STOCK_SECRET, Sandbox, UI_APP_ID};

use crate::args::{ContainerArgs, NetworkArgs};
use crate::commands::sandbox::note_load_problems;
use crate::failure::UsageError;
use crate::secret::{Secret, Sources};

/// A client, and the embedded container if there is one.
pub(crate) struct Session {
    pub(crate) client: Client,
    sandbox: Option<Sandbox>,
}

impl Session {
    /// Connects as the app of the command line to the container that it names, or to an embedded
    /// one if it asks for that.
    pub(crate) async fn open(args: &ContainerArgs, trace: Option<&Path>) -> Result<Self> {
        let app = AppSettings::read(args)?;
        let mut transport = transport_builder(&args.network)?;
        if let Some(bytes) = args.body_limit {
            transport = transport.body_limit(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        let (api_base, sandbox) = match app.api_base {
            Some(api_base) => (api_base, None),
            None => {
                let sandbox = start_sandbox(args.patients.as_deref()).await?;
                (sandbox.api_base().to_owned(), Some(sandbox))
            }
        };
        let client = Client::builder()
            .app_id(&*app.id)
            .api_base(&*api_base)
            .consumer(&*app.id, &*app.secret.0)
            .transport(transport.build());
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

impl ContainerArgs {
    /// The app's id.
    pub(crate) fn app_id(&self) -> String {
        self.given_app_id()
            .unwrap_or_else(|| BACKGROUND_APP_ID.to_owned())
    }

    /// The app's id, if one was given.
    pub(crate) fn given_app_id(&self) -> Option<String> {
        let id = self.app_id.clone();
        id.or_else(|| self.environment("SMART_APP_ID"))
    }

    /// The container's API base, if one was given.
    fn given_api_base(&self) -> Option<String> {
        let api_base = self.api_base.clone();
        api_base.or_else(|| self.environment("SMART_API_BASE"))
    }

    /// The API base of a container that is there already.
    pub(crate) fn required_api_base(&self) -> Result<String> {
        let api_base = self.given_api_base();
        Ok(api_base.ok_or_else(|| {
            UsageError(
                "say which container to talk to: --api-base URL or SMART_API_BASE".to_owned(),
            )
        })?)
    }

    fn environment(&self, name: &str) -> Option<String> {
        let value = if self.sandbox {
            None
        } else {
            std::env::var(name).ok()
        };
        value.filter(|value| !value.is_empty())
    }
}

/// Which container, and who asks: what was typed, and where nothing was typed what the environment
/// says. With an embedded container the environment does not count, since it speaks of another one.
struct AppSettings {
    /// `None` for an embedded container.
    api_base: Option<String>,
    id: String,
    secret: Secret,
}

impl AppSettings {
    fn read(args: &ContainerArgs) -> Result<Self> {
        let from_environment = |name| args.environment(name);
        let api_base = args.given_api_base();
        if api_base.is_none() && !args.sandbox {
            return Err(UsageError(
                "say which container to talk to: --api-base URL, SMART_API_BASE, or --sandbox for an embedded one with invented \
                 patients"
                    .to_owned(),
            )
            .into());
        }
        let id = args.app_id();
        let given = args.consumer_secret.clone();
        let file = args.consumer_secret_file.as_deref();
        let given = match file {
            Some(_) => given,
            None => given.or_else(|| from_environment("SMART_CONSUMER_SECRET").map(Secret)),
        };
        let sources = Sources {
            name: "consumer secret",
            option: "consumer-secret",
            variable: "SMART_CONSUMER_SECRET",
            given: given.as_ref(),
            file,
        };
        // The apps that come with every sandbox have a secret that everybody knows.
        let secret = match sources.optional()? {
            Some(secret) => secret,
            None if [BACKGROUND_APP_ID, UI_APP_ID].contains(&&*id) => STOCK_SECRET.to_owned(),
            None => sources.required()?,
        };
        Ok(Self {
            api_base,
            id,
            secret: Secret(secret),
        })
    }
}

/// The transport that the options ask for, for more settings.
pub(crate) fn transport_builder(args: &NetworkArgs) -> Result<HyperTransportBuilder> {
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
    Ok(builder)
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

/// Where exchanges are written down. Several clients of one command write to one file, each line
/// whole.
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
    let sandbox = builder.start().await?;
    note_load_problems(&sandbox);
    Ok(sandbox)
}
