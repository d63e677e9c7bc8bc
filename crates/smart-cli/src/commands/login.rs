//! `smart login --fhir URL`, or `--launch URL`: a user allows this command to read, in a browser.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};
use smart::Error;
use smart::fhir::{Authorization, EhrLaunch, FhirError, Session};
use smart::oauth::oauth2::AuthorizeError;
use smart::vault::VaultKey;
use tokio::sync::mpsc;

use super::callback::CallbackListener;
use super::fhir_app::{SCOPES, ServerArgs};
use super::register::{free_redirect_uri, register};
use super::token::describe;
use crate::args::{NetworkArgs, parse_parameter};
use crate::failure::UsageError;
use crate::output::{line, note};

#[derive(Debug, clap::Args)]
pub(crate) struct LoginArgs {
    /// The base of the server's FHIR resources, such as http://localhost:9000/api/fhir
    #[arg(
        long,
        value_name = "URL",
        env = "SMART_FHIR_BASE",
        required_unless_present = "launch"
    )]
    fhir: Option<String>,
    /// Answer a launch from within an EHR: the address that the EHR opened, with iss and launch. Without --fhir, its server
    /// has to be one where this command is registered
    #[arg(long, value_name = "URL")]
    launch: Option<String>,
    /// A further parameter of the authorization request: --param prompt=consent
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_parameter)]
    parameters: Vec<(String, String)>,
    /// Where registrations and tokens are kept, sealed; without it, in this user's own folder for app data
    #[arg(long, value_name = "DIR", env = "SMART_VAULT")]
    vault: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
    /// What to ask for, separated by spaces
    #[arg(long, value_name = "SCOPES", default_value = SCOPES)]
    scope: String,
    /// Open no browser, only print the address
    #[arg(long)]
    no_browser: bool,
    /// How long to wait for the user, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    wait: u64,
}

pub(crate) async fn run(args: LoginArgs, trace: Option<&Path>) -> Result<()> {
    let launch = args.launch.as_deref().map(EhrLaunch::parse).transpose()?;
    let server = &server(&args, launch.as_ref())?;
    let vault = server.open_vault()?;
    let registered = match server.registered(&vault).await? {
        Some(registered) => registered,
        // anybody can make up a launch, so that the server that it names is not trusted for it
        None if args.fhir.is_none() => bail!(
            "the launch names {0}, where this command is not registered; if you trust that server, give it as --fhir {0} too",
            server.fhir
        ),
        None => {
            note(format_args!("registering at {}", server.fhir));
            let redirect_uri = free_redirect_uri().await?;
            let name = "smart command line";
            let scopes = match &launch {
                Some(_) => format!("launch {}", args.scope),
                None => args.scope.clone(),
            };
            let registered = register(server, &redirect_uri, name, &scopes, trace).await?;
            server.keep(&vault, &registered).await?;
            registered
        }
    };
    let app = server.app(vault, &registered, trace)?;
    let parameters = args.parameters.iter();
    let parameters: Vec<(&str, &str)> = parameters
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let begun = match &launch {
        Some(launch) => launch.authorize_with(&app, &args.scope, &parameters).await,
        None => app.authorize_with(&args.scope, &parameters).await,
    };
    let authorization = begun.map_err(usage)?;
    let unannounced = authorization.unannounced();
    if !unannounced.is_empty() {
        note(format_args!(
            "asked for, although the server does not announce it: {unannounced}"
        ));
    }
    let mut listener = CallbackListener::at(&registered.redirect_uri).await;
    note(format_args!(
        "allow it at\n\n  {}\n",
        authorization.authorize_url()
    ));
    if !args.no_browser {
        open_browser(authorization.authorize_url());
    }
    match &listener {
        Some(_) => {
            note("waiting for the browser to come back; or paste the address that it ends at here");
        }
        None => note("paste the address that the browser ends at here"),
    }
    let wait = Duration::from_secs(args.wait);
    let coming = wait_for(&authorization, listener.as_mut(), server.session_key()?);
    let Ok(session) = tokio::time::timeout(wait, coming).await else {
        bail!(
            "no browser came back in {} seconds; run the command again",
            args.wait
        )
    };
    let session = session?;
    line(format_args!("logged in at {}", server.fhir))?;
    describe(&session)
}

/// The server that was given, or the one that the launch names.
fn server(args: &LoginArgs, launch: Option<&EhrLaunch>) -> Result<ServerArgs> {
    let fhir = match (&args.fhir, launch) {
        (Some(fhir), _) => fhir.clone(),
        (None, Some(launch)) => launch.iss().as_str().to_owned(),
        (None, None) => bail!(UsageError("give the server by --fhir URL".to_owned())),
    };
    Ok(ServerArgs {
        fhir,
        vault: args.vault.clone(),
        body_limit: None,
        network: args.network.clone(),
    })
}

/// A parameter that cannot be given is a mistake on the command line.
fn usage(error: Error) -> anyhow::Error {
    match error {
        Error::Fhir(FhirError::Authorize(AuthorizeError::ReservedParameter { name })) => {
            UsageError(format!(
                "--param {name}: the request sets this parameter itself, or it was given twice"
            ))
            .into()
        }
        other => other.into(),
    }
}

/// Takes the first callback that is this authorization's, from the browser or from the terminal. Others are sent away and change
/// nothing.
async fn wait_for(
    authorization: &Authorization,
    mut listener: Option<&mut CallbackListener>,
    key: VaultKey,
) -> Result<Session> {
    let mut typed = Some(typed_lines());
    loop {
        let (visitor, callback) = tokio::select! {
            visitor = next_visitor(listener.as_deref_mut()) => {
                let visitor = visitor?;
                let target = visitor.target.clone();
                (Some(visitor), target)
            }
            pasted = next_line(&mut typed) => match pasted {
                Some(pasted) => (None, pasted),
                None if listener.is_none() => bail!("nobody can paste an address here; run the command at a terminal"),
                None => continue,
            },
        };
        match authorization
            .exchange_as(callback.trim(), key.clone())
            .await
        {
            Err(Error::Fhir(FhirError::Callback(problem))) => {
                note(&problem);
                if let Some(visitor) = visitor {
                    visitor
                        .answer(
                            "400 Bad Request",
                            "This is not the answer that was waited for.",
                        )
                        .await;
                }
            }
            outcome => {
                if let Some(visitor) = visitor {
                    let words = match &outcome {
                        Ok(_) => "Logged in. You can close this window.",
                        Err(_) => "It did not work; see the terminal. You can close this window.",
                    };
                    visitor.answer("200 OK", words).await;
                }
                return Ok(outcome?);
            }
        }
    }
}

async fn next_visitor(listener: Option<&mut CallbackListener>) -> Result<super::callback::Visitor> {
    match listener {
        Some(listener) => listener.next().await,
        None => std::future::pending().await,
    }
}

/// What is typed, line by line. A thread of its own reads it, which the end of the command does not wait for.
fn typed_lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lines().map_while(Result::ok);
        for line in lines.filter(|line| !line.trim().is_empty()) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next line; `None` once when there will be none, and then nothing for ever.
async fn next_line(typed: &mut Option<mpsc::UnboundedReceiver<String>>) -> Option<String> {
    let Some(lines) = typed else {
        return std::future::pending().await;
    };
    let line = lines.recv().await;
    if line.is_none() {
        *typed = None;
    }
    line
}

/// Asks the desktop for a browser. Whether one opens cannot be known, so that the address is printed as well.
fn open_browser(url: &str) {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        // not by way of cmd, which would read the address as commands
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        Command::new("xdg-open")
    };
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null());
    if command.stderr(Stdio::null()).spawn().is_err() {
        note("no browser could be opened; open the address yourself");
    }
}
