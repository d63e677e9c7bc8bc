//! `smart login --api-base URL --record ID`: a user allows an app to open a record of a SMART
//! Classic container, in three legs. The token is kept in the vault, where `smart get` finds it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use smart::classic::{AccessToken, Client, RecordId};
use smart::vault::RecordTokens;
use smart_sandbox::UI_APP_ID;

use crate::args::{ContainerArgs, NetworkArgs, Secret, parse_id};
use crate::commands::fhir::app::{existing_vault, open_vault};
use crate::commands::oauth::callback::CallbackListener;
use crate::commands::oauth::consent::ConsentArgs;
use crate::failure::UsageError;
use crate::output::line;
use crate::session::Session;

/// Where the stock app of every new container wants its users back.
const STOCK_CALLBACK: &str = "http://localhost:8000/smartapp/authorize";

/// A record of a SMART Classic container, and the app that opens it.
#[derive(Debug, clap::Args)]
pub(crate) struct RecordArgs {
    /// The API base of a SMART Classic container, such as http://localhost:7000 [env:
    /// SMART_API_BASE]
    #[arg(long, value_name = "URL", requires = "record")]
    api_base: Option<String>,
    /// The record at the container that a user opens for the app
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    record: Option<String>,
    /// The app's id at the container, which is its consumer key as well [env: SMART_APP_ID]
    #[arg(long, value_name = "ID", value_parser = parse_id, requires = "record")]
    app_id: Option<String>,
}

/// The ids of the options that belong to a login at a container. A login at a SMART on FHIR server
/// conflicts with each of them, since clap waives what an option requires if that conflicts with
/// another one.
pub(crate) const CONTAINER_OPTIONS: [&str; 3] = ["api_base", "app_id", "record"];
/// The same for what only the app itself knows.
pub(crate) const SECRET_OPTIONS: [&str; 3] =
    ["callback", "consumer_secret", "consumer_secret_file"];

/// What only the app itself knows.
#[derive(Debug, clap::Args)]
pub(crate) struct AppSecretArgs {
    /// The app's consumer secret; better given by the environment or in a file than on a command
    /// line that others can list [env: SMART_CONSUMER_SECRET]
    #[arg(long, value_name = "SECRET", requires = "record")]
    consumer_secret: Option<Secret>,
    /// A file that holds the consumer secret; a line break at its end does not count
    #[arg(
        long,
        value_name = "FILE",
        requires = "record",
        conflicts_with = "consumer_secret"
    )]
    consumer_secret_file: Option<PathBuf>,
    /// The oauth_callback of the app's manifest, where the container sends the browser. If it is a
    /// free port of this machine, the command listens there; without it, the address is pasted
    #[arg(long, value_name = "URL", requires = "record")]
    callback: Option<String>,
}

impl RecordArgs {
    /// Whether the command is about a container's record.
    pub(crate) fn is_given(&self) -> bool {
        self.record.is_some()
    }

    fn container(
        &self,
        secret: Option<&AppSecretArgs>,
        network: &NetworkArgs,
    ) -> Result<ContainerArgs> {
        let container = ContainerArgs {
            sandbox: false,
            patients: None,
            api_base: self.api_base.clone(),
            app_id: self.app_id.clone(),
            consumer_secret: secret.and_then(|secret| secret.consumer_secret.clone()),
            consumer_secret_file: secret.and_then(|secret| secret.consumer_secret_file.clone()),
            body_limit: None,
            network: network.clone(),
        };
        container.required_api_base()?;
        if container.given_app_id().is_none() {
            return Err(UsageError(
                "say which app it is for: --app-id ID or SMART_APP_ID".to_owned(),
            )
            .into());
        }
        Ok(container)
    }

    /// The client and the record whose token lies in the vault. Nothing is sent, so it needs no
    /// secret.
    fn kept_of(&self, network: &NetworkArgs) -> Result<(Client, RecordId)> {
        let container = self.container(None, network)?;
        let app_id = container.app_id();
        let client = Client::builder()
            .api_base(container.required_api_base()?)
            .consumer(&*app_id, "")
            .app_id(app_id)
            .build()?;
        Ok((client, self.record()?))
    }

    fn record(&self) -> Result<RecordId> {
        let record = self.record.as_deref();
        Ok(record
            .ok_or_else(|| UsageError("give the record by --record ID".to_owned()))?
            .into())
    }
}

pub(crate) async fn run(
    args: &RecordArgs,
    secret: &AppSecretArgs,
    vault: Option<&Path>,
    network: &NetworkArgs,
    consent: &ConsentArgs,
    trace: Option<&Path>,
) -> Result<()> {
    let container = args.container(Some(secret), network)?;
    let record = args.record()?;
    let session = Session::open(&container, trace).await?;
    let client = &session.client;
    // a token that cannot be kept is lost, so the vault comes first
    let tokens = RecordTokens::new(client, open_vault(vault)?);
    let authorization = client.authorize(record).await?;
    let stock = || (client.app_id().as_str() == UI_APP_ID).then_some(STOCK_CALLBACK);
    let listener = match secret.callback.as_deref().or_else(stock) {
        Some(callback) => CallbackListener::at(callback).await,
        None => None,
    };
    let finish = async |callback: &str| authorization.exchange(callback).await;
    let record = consent
        .ask(&authorization.authorize_url(), listener, finish)
        .await?;
    let token = record.token().context("the container gave no token")?;
    tokens.keep(record.id(), token).await?;
    line(format_args!("logged in at {}", client.api_base().as_str()))?;
    describe(client, record.id())
}

/// The token that an earlier login gave the client's app for this record.
pub(crate) async fn kept_token(
    client: &Client,
    record: &RecordId,
    vault: Option<&Path>,
) -> Result<Option<AccessToken>> {
    let Some(vault) = existing_vault(vault)? else {
        return Ok(None);
    };
    Ok(RecordTokens::new(client, vault).find(record).await?)
}

/// What to type to log in for this record.
pub(crate) fn words(client: &Client, record: &RecordId) -> String {
    format!(
        "smart login --api-base {} --app-id {} --record {record}",
        client.api_base().as_str(),
        client.app_id()
    )
}

/// `smart token show` for a record.
pub(crate) async fn show(
    args: &RecordArgs,
    vault: Option<&Path>,
    network: &NetworkArgs,
    secrets: bool,
) -> Result<()> {
    let (client, record) = args.kept_of(network)?;
    let token = kept_token(&client, &record, vault).await?;
    let Some(token) = token else {
        return Err(not_logged_in(&client, &record));
    };
    describe(&client, &record)?;
    if secrets {
        line(format_args!("token      {}", token.key().as_str()))?;
        line(format_args!("secret     {}", token.secret().expose()))?;
    }
    Ok(())
}

/// `smart token forget` for a record.
pub(crate) async fn forget(
    args: &RecordArgs,
    vault: Option<&Path>,
    network: &NetworkArgs,
) -> Result<()> {
    let (client, record) = args.kept_of(network)?;
    let vault = existing_vault(vault)?.ok_or_else(|| not_logged_in(&client, &record))?;
    let tokens = RecordTokens::new(&client, vault);
    if tokens.find(&record).await?.is_none() {
        return Err(not_logged_in(&client, &record));
    }
    tokens.forget(&record).await?;
    line("forgotten; the container was not told, and may accept the token still")?;
    Ok(())
}

fn not_logged_in(client: &Client, record: &RecordId) -> anyhow::Error {
    anyhow::anyhow!(
        "nobody is logged in for record {record}; run {}",
        words(client, record)
    )
}

/// What may be seen by anybody who sees the screen.
fn describe(client: &Client, record: &RecordId) -> Result<()> {
    line(format_args!("record     {record}"))?;
    line(format_args!("app        {}", client.app_id()))?;
    line("until      not stated by the container")?;
    line("renewable  no, log in again when the container refuses it")?;
    Ok(())
}
