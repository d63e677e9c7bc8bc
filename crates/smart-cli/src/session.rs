//! A client together with the container it talks to, when that container lives in this process.

use std::path::Path;

use anyhow::{Context as _, Result};
use smart::Client;
use smart_sandbox::Sandbox;

use crate::args::ContainerArgs;

/// A client, and the embedded container if there is one.
pub(crate) struct Session {
    pub(crate) client: Client,
    sandbox: Option<Sandbox>,
}

impl Session {
    /// Starts the embedded container unless another is named, and connects as the app of the command line.
    pub(crate) async fn open(args: &ContainerArgs) -> Result<Self> {
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
            .build()
            .context(api_base)?;
        Ok(Self { client, sandbox })
    }

    /// Lets the embedded container finish what it is doing.
    pub(crate) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.shutdown().await;
        }
    }
}

async fn start_sandbox(patients: Option<&Path>) -> Result<Sandbox> {
    let mut builder = Sandbox::builder();
    if let Some(folder) = patients {
        builder = builder.patients(folder);
    }
    Ok(builder.start().await?)
}
