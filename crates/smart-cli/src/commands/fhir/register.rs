//! `smart register --fhir URL`: makes this command known to a server, or tells it who it is there.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;

use crate::args::Secret;
use crate::commands::fhir::app::{Registered, SCOPES, ServerArgs};
use crate::output::{line, note};

#[derive(Debug, clap::Args)]
pub(crate) struct RegisterArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The name that users are shown
    #[arg(
        long,
        default_value = "smart command line",
        conflicts_with = "client_id"
    )]
    name: String,
    /// All scopes that will ever be asked for, separated by spaces
    #[arg(long, value_name = "SCOPES", default_value = SCOPES, conflicts_with = "client_id")]
    scope: String,
    /// Where browsers come back to, letter by letter; without it, a free port of this machine
    #[arg(long, value_name = "URL")]
    redirect_uri: Option<String>,
    /// Registered already, by hand: the name that the server gave. Nothing is sent
    #[arg(long, value_name = "ID", requires = "redirect_uri")]
    client_id: Option<String>,
    /// The secret that the server gave; better given by the environment or in a file than on a
    /// command line that others can list
    #[arg(
        long,
        value_name = "SECRET",
        env = "SMART_CLIENT_SECRET",
        hide_env_values = true,
        requires = "client_id"
    )]
    client_secret: Option<Secret>,
    /// A file that holds the secret; a line break at its end does not count
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "client_secret",
        requires = "client_id"
    )]
    client_secret_file: Option<PathBuf>,
}

pub(crate) async fn run(args: RegisterArgs, trace: Option<&Path>) -> Result<()> {
    let vault = args.server.open_vault()?;
    if args.server.registered(&vault).await?.is_some() {
        note("there was a registration before, and this one takes its place");
    }
    let registered = match &args.client_id {
        Some(client_id) => Registered {
            client_id: client_id.clone(),
            client_secret: secret(&args)?,
            redirect_uri: args.redirect_uri.clone().unwrap_or_default(),
        },
        None => {
            let redirect_uri = match &args.redirect_uri {
                Some(redirect_uri) => redirect_uri.clone(),
                None => free_redirect_uri().await?,
            };
            register(&args.server, &redirect_uri, &args.name, &args.scope, trace).await?
        }
    };
    // what cannot be used is said here and not at the first login
    args.server.app(vault.clone(), &registered, trace)?;
    args.server.keep(&vault, &registered).await?;
    line(format_args!("client id     {}", registered.client_id))?;
    line(format_args!("redirect uri  {}", registered.redirect_uri))?;
    let secret = if registered.client_secret.is_some() {
        "kept in the vault"
    } else {
        "none"
    };
    line(format_args!("secret        {secret}"))?;
    Ok(())
}

/// Registers at the server, and says what it changed.
pub(crate) async fn register(
    server: &ServerArgs,
    redirect_uri: &str,
    name: &str,
    scopes: &str,
    trace: Option<&Path>,
) -> Result<Registered> {
    let builder = server.builder(server.open_vault()?, trace)?;
    let app = builder
        .redirect_uri(redirect_uri)
        .register(name, scopes)
        .await?;
    for odd in app
        .registration()
        .into_iter()
        .flat_map(|registration| &registration.notes)
    {
        note(format_args!(
            "the registration is not as it was asked: {odd:?}"
        ));
    }
    Ok(Registered::of(&app, redirect_uri))
}

/// An address on a port that is free now. Servers compare it letter by letter, so that it stays
/// with the registration.
pub(crate) async fn free_redirect_uri() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let port = listener.and_then(|listener| listener.local_addr());
    let port = port.context("no port of this machine is free")?.port();
    Ok(format!("http://127.0.0.1:{port}/callback"))
}

fn secret(args: &RegisterArgs) -> Result<Option<String>> {
    if let Some(file) = &args.client_secret_file {
        let text = std::fs::read_to_string(file);
        let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
        return Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    Ok(args.client_secret.as_ref().map(|secret| secret.0.clone()))
}
