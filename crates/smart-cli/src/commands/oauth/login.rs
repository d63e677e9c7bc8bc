//! `smart login`: a user allows this command to read, in a browser. With `--fhir URL` or `--launch
//! URL` at a SMART on FHIR server; with `--api-base URL` at a SMART Classic container, see
//! [`record_login`](crate::commands::classic::record_login).

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use smart::Error;
use smart::fhir::{EhrLaunch, FhirError};
use smart::oauth::oauth2::AuthorizeError;

use crate::args::{NetworkArgs, parse_launch, parse_parameter, parse_scopes};
use crate::commands::classic::record_login::{
    self, AppSecretArgs, CONTAINER_OPTIONS, RecordArgs, SECRET_OPTIONS,
};
use crate::commands::fhir::app::{SCOPES, ServerArgs, base_of_environment, parse_base};
use crate::commands::fhir::register::{free_redirect_uri, register};
use crate::commands::oauth::callback::CallbackListener;
use crate::commands::oauth::consent::ConsentArgs;
use crate::commands::oauth::token::describe;
use crate::failure::UsageError;
use crate::output::{line, note};

#[derive(Debug, clap::Args)]
pub(crate) struct LoginArgs {
    /// The base of the server's FHIR resources, such as http://localhost:9000/api/fhir [env:
    /// SMART_FHIR_BASE]
    #[arg(long, value_name = "URL", value_parser = parse_base, conflicts_with_all = CONTAINER_OPTIONS, conflicts_with_all = SECRET_OPTIONS)]
    fhir: Option<String>,
    /// Answer a launch from within an EHR: the address that the EHR opened, with iss and launch.
    /// Without --fhir, its server has to be one where this command is registered
    #[arg(
        long,
        value_name = "URL",
        value_parser = parse_launch,
        conflicts_with_all = CONTAINER_OPTIONS,
        conflicts_with_all = SECRET_OPTIONS
    )]
    launch: Option<EhrLaunch>,
    /// A further parameter of the authorization request: --param prompt=consent
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_parameter, conflicts_with_all = CONTAINER_OPTIONS)]
    parameters: Vec<(String, String)>,
    /// Where registrations and tokens are kept, sealed; without it, in this user's own folder for
    /// app data
    #[arg(long, value_name = "DIR", env = "SMART_VAULT")]
    vault: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
    /// What to ask for, separated by spaces
    #[arg(
        long,
        value_name = "SCOPES",
        default_value = SCOPES,
        value_parser = parse_scopes,
        conflicts_with_all = CONTAINER_OPTIONS
    )]
    scope: String,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    record: RecordArgs,
    #[command(flatten)]
    secret: AppSecretArgs,
}

pub(crate) async fn run(args: LoginArgs, trace: Option<&Path>) -> Result<()> {
    if args.record.is_given() {
        let LoginArgs {
            record,
            secret,
            vault,
            network,
            consent,
            ..
        } = &args;
        return record_login::run(record, secret, vault.as_deref(), network, consent, trace).await;
    }
    let launch = args.launch.clone();
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
    let listener = CallbackListener::at(&registered.redirect_uri).await;
    let key = server.session_key()?;
    let finish = async |callback: &str| authorization.exchange_as(callback, key.clone()).await;
    let session = args
        .consent
        .ask(authorization.authorize_url(), listener, finish)
        .await?;
    line(format_args!("logged in at {}", server.fhir))?;
    describe(&session)
}

/// The server that was given, or the one that the launch names.
fn server(args: &LoginArgs, launch: Option<&EhrLaunch>) -> Result<ServerArgs> {
    let fhir = match (&args.fhir, launch, base_of_environment()?) {
        (Some(fhir), _, _) => fhir.clone(),
        (None, Some(launch), _) => launch.iss().as_str().to_owned(),
        (None, None, Some(fhir)) => fhir,
        (None, None, None) => bail!(UsageError(
            "say where to log in: --fhir URL or SMART_FHIR_BASE for a SMART on FHIR server, --api-base URL and --record ID for a \
             SMART Classic container"
                .to_owned()
        )),
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
