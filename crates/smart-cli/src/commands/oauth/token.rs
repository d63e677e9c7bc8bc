//! `smart token show|refresh|revoke|forget|introspect|debug`: what a login gave. No secret is
//! printed unless it is asked for.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use smart::Error;
use smart::fhir::s4s::{DebugFacts, DebugToken};
use smart::fhir::{FhirError, Introspected, Session, TokenSet};
use smart::oauth::Timestamp;
use smart::oauth::oauth2::{RequestError, Source, Token, TokenFacts};

use crate::args::NetworkArgs;
use crate::commands::classic::record_login::{self, CONTAINER_OPTIONS, RecordArgs};
use crate::commands::fhir::app::{SCOPES, ServerArgs, base_of_environment, parse_base};
use crate::commands::fhir::register::{free_redirect_uri, register};
use crate::failure::UsageError;
use crate::output::{line, note};

#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Let a development server of Sync for Science make tokens without asking anybody, and keep
    /// them as a login's
    Debug(DebugArgs),
    /// Ask the server about the access token
    Introspect {
        #[command(flatten)]
        server: ServerArgs,
        /// Ask about the refresh token instead
        #[arg(long)]
        refresh_token: bool,
        /// Ask at the debug address of a development server of Sync for Science, which also tells
        /// user and approval
        #[arg(long)]
        debug: bool,
    },
    /// Forget the tokens without telling the server, where they live on until they end
    Forget {
        #[command(flatten)]
        login: KeptLoginArgs,
    },
    /// Get new tokens now
    #[command(visible_alias = "renew")]
    Refresh {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// End the tokens at the server, and forget them; where the server cannot end tokens, only
    /// forget them
    Revoke {
        #[command(flatten)]
        server: ServerArgs,
        /// The same as smart token forget
        #[arg(long, hide = true)]
        forget: bool,
    },
    /// Say whose record is open, for what, and until when
    Show {
        #[command(flatten)]
        login: KeptLoginArgs,
        /// Print the tokens too, for whoever stands behind you as well
        #[arg(long)]
        secrets: bool,
    },
}

/// A login at either kind of server.
#[derive(Debug, clap::Args)]
struct KeptLoginArgs {
    /// The base of the server's FHIR resources, such as http://localhost:9000/api/fhir [env:
    /// SMART_FHIR_BASE]
    #[arg(long, value_name = "URL", value_parser = parse_base, conflicts_with_all = CONTAINER_OPTIONS)]
    fhir: Option<String>,
    #[command(flatten)]
    record: RecordArgs,
    /// Where registrations and tokens are kept, sealed; without it, in this user's own folder for
    /// app data
    #[arg(long, value_name = "DIR", env = "SMART_VAULT")]
    vault: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
}

impl KeptLoginArgs {
    /// The SMART on FHIR server.
    fn server(self) -> Result<ServerArgs> {
        let given = match self.fhir {
            Some(fhir) => Some(fhir),
            None => base_of_environment()?,
        };
        let fhir = given.ok_or_else(|| {
            UsageError(
                "say which login: --fhir URL or SMART_FHIR_BASE for a SMART on FHIR server, --api-base URL and --record ID for a \
                 SMART Classic container"
                    .to_owned(),
            )
        })?;
        Ok(ServerArgs {
            fhir,
            vault: self.vault,
            body_limit: None,
            network: self.network,
        })
    }
}

#[derive(Debug, clap::Args)]
struct DebugArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The user in whose name the tokens are made
    #[arg(long, value_name = "NAME", default_value = "daniel-adams")]
    user: String,
    /// The patient, one of that user's, whose record the tokens open
    #[arg(long, value_name = "ID", default_value = "smart-1288992")]
    patient: String,
    /// How long the access token lives, in seconds; below zero it is over already. Without it, an
    /// hour
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    access_lifetime: Option<i64>,
    /// When the approval ends, in seconds since 1970; without it, in a year
    #[arg(long, value_name = "TIME")]
    approval_expires: Option<u64>,
    /// Print the tokens too
    #[arg(long)]
    secrets: bool,
}

pub(crate) async fn run(args: TokenArgs, trace: Option<&Path>) -> Result<()> {
    match args.action {
        Action::Debug(args) => debug(&args, trace).await,
        Action::Introspect {
            server,
            refresh_token,
            debug,
        } => {
            let session = server.session(trace).await?;
            introspect(&session, refresh_token, debug).await
        }
        Action::Refresh { server } => {
            let session = server.session(trace).await?;
            session.refresh().await?;
            describe(&session)
        }
        Action::Revoke {
            server,
            forget: false,
        } => revoke(&server, trace).await,
        Action::Forget { login } if login.record.is_given() => {
            record_login::forget(&login.record, login.vault.as_deref(), &login.network).await
        }
        Action::Forget { login } => forget(&login.server()?, trace).await,
        Action::Revoke {
            server,
            forget: true,
        } => forget(&server, trace).await,
        Action::Show { login, secrets } if login.record.is_given() => {
            let KeptLoginArgs {
                record,
                vault,
                network,
                ..
            } = &login;
            record_login::show(record, vault.as_deref(), network, secrets).await
        }
        Action::Show { login, secrets } => {
            let session = login.server()?.session(trace).await?;
            describe(&session)?;
            if secrets {
                show_secrets(&session.tokens())?;
            }
            Ok(())
        }
    }
}

/// Registers first where that is still to be done, as a login does.
async fn debug(args: &DebugArgs, trace: Option<&Path>) -> Result<()> {
    let server = &args.server;
    let vault = server.open_vault()?;
    let registered = match server.registered(&vault).await? {
        Some(registered) => registered,
        None => {
            note(format_args!("registering at {}", server.fhir));
            let redirect_uri = free_redirect_uri().await?;
            let name = "smart command line";
            let registered = register(server, &redirect_uri, name, SCOPES, trace).await?;
            server.keep(&vault, &registered).await?;
            registered
        }
    };
    let app = server.app(vault, &registered, trace)?;
    let mut wanted = DebugToken::new(&*registered.client_id, &*args.user, &*args.patient);
    if let Some(seconds) = args.access_lifetime {
        wanted = wanted.with_access_lifetime(seconds);
    }
    if let Some(time) = args.approval_expires {
        wanted = wanted.with_approval_expires(Timestamp::from_unix_seconds(time));
    }
    let key = server.session_key()?;
    let session = app.debug_session_as(&wanted, key).await?;
    note("these tokens carry no security labels: reads by id work, and every search is empty");
    describe(&session)?;
    if args.secrets {
        show_secrets(&session.tokens())?;
    }
    Ok(())
}

/// Asks the way of the standard or, if told to or at a server that has nothing else, at the debug
/// address.
async fn introspect(session: &Session, refresh_token: bool, debug: bool) -> Result<()> {
    let tokens = session.tokens();
    let token: Token = match tokens.refresh_token {
        Some(token) if refresh_token => token.into(),
        None if refresh_token => bail!("there is no refresh token"),
        _ => tokens.access_token.into(),
    };
    let server = session.app().server().await?;
    let has_standard = server.introspect.is_some() || server.source != Source::Statement;
    if has_standard && !debug {
        let told = match token {
            Token::Access(_) => session.introspect().await?,
            token => session.introspect_token(token).await?,
        };
        return match told {
            Introspected::Active(facts) => standard_facts(&facts),
            Introspected::Inactive => Ok(line("active     no")?),
        };
    }
    if !debug {
        note("the server has no introspection; asking at the debug address of Sync for Science");
    }
    match session.app().debug_introspect(token).await? {
        Some(facts) => debug_facts(&facts),
        None => Ok(line("active     no; the server does not know this token")?),
    }
}

fn standard_facts(facts: &TokenFacts) -> Result<()> {
    let scopes = facts.scopes.as_ref().map(ToString::to_string);
    line("active     yes")?;
    for (name, value) in [
        ("granted", &scopes),
        ("client", &facts.client_id),
        ("patient", &facts.patient),
        ("encounter", &facts.encounter),
        ("fhirUser", &facts.fhir_user),
        ("subject", &facts.subject),
        ("issuer", &facts.issuer),
    ] {
        if let Some(value) = value {
            line(format_args!("{name:<10} {value}"))?;
        }
    }
    Ok(line(format_args!(
        "until      {}",
        until(facts.expires_at)
    ))?)
}

fn debug_facts(facts: &DebugFacts) -> Result<()> {
    let active = if facts.is_active { "yes" } else { "no" };
    let scopes = facts.scopes.as_ref().map(ToString::to_string);
    let client = facts.client_id.as_ref().map(|id| id.as_str().to_owned());
    line(format_args!("active     {active}"))?;
    for (name, value) in [
        ("granted", &scopes),
        ("client", &client),
        ("user", &facts.username),
    ] {
        if let Some(value) = value {
            line(format_args!("{name:<10} {value}"))?;
        }
    }
    let labels = facts.security_labels.join(" ");
    let labels = if labels.is_empty() { "none" } else { &labels };
    line(format_args!("labels     {labels}"))?;
    line(format_args!("until      {}", until(facts.access_expires)))?;
    let approval = until(facts.approval_expires);
    Ok(line(format_args!("approval   until {approval}"))?)
}

async fn forget(server: &ServerArgs, trace: Option<&Path>) -> Result<()> {
    server.session(trace).await?.forget().await?;
    Ok(line(
        "forgotten; the server was not told, and knows the tokens until they end",
    )?)
}

async fn revoke(server: &ServerArgs, trace: Option<&Path>) -> Result<()> {
    let session = server.session(trace).await?;
    let Err(error) = session.revoke().await else {
        line("revoked")?;
        return Ok(());
    };
    let described = session.app().server().await.ok();
    let manage = described.and_then(|server| server.manage.clone());
    if has_no_revocation(&error) {
        session.forget().await?;
        line("forgotten; the server has no revocation, and knows the tokens until they end")?;
        if let Some(manage) = manage {
            note(format_args!("the user can end them at {manage}"));
        }
        return Ok(());
    }
    if let Some(manage) = manage {
        note(format_args!(
            "the user can end it at {manage}; then run smart token forget --fhir {}",
            server.fhir
        ));
    }
    Err(error).context("the tokens are still there")
}

fn has_no_revocation(error: &Error) -> bool {
    matches!(
        error,
        Error::Fhir(FhirError::Request(RequestError::NoEndpoint { .. }))
    )
}

/// What may be seen by anybody who sees the screen.
pub(crate) fn describe(session: &Session) -> Result<()> {
    let tokens = session.tokens();
    let scopes = session.scopes();
    let patient = session.patient();
    line(format_args!(
        "patient    {}",
        patient.as_deref().unwrap_or("not stated by the server")
    ))?;
    let said = if scopes.stated {
        ""
    } else {
        " (as asked; the server did not say)"
    };
    line(format_args!("granted    {}{said}", scopes.granted))?;
    if !scopes.is_complete() {
        line(format_args!("missing    {}", scopes.missing()))?;
    }
    line(format_args!("until      {}", until(tokens.expires_at)))?;
    let renewable = if session.ended_at().is_some() {
        "no, the grant has ended; log in again"
    } else if session.is_renewable() {
        "yes, without the user"
    } else if is_over(&tokens) {
        "no, log in again"
    } else {
        "no, log in again then"
    };
    line(format_args!("renewable  {renewable}"))?;
    Ok(())
}

fn is_over(tokens: &TokenSet) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.is_ok_and(|now| tokens.is_expired(Timestamp::from_unix_seconds(now.as_secs())))
}

/// The year 9999 is the last one that a date in this form can have.
const LAST: Duration = Duration::from_secs(253_402_300_800);

fn until(end: Option<Timestamp>) -> String {
    let Some(end) = end else {
        return "not stated by the server".to_owned();
    };
    let end = Duration::from_secs(end.as_unix_seconds());
    match UNIX_EPOCH.checked_add(end) {
        Some(end) if end < UNIX_EPOCH + LAST => httpdate::fmt_http_date(end),
        _ => "never".to_owned(),
    }
}

fn show_secrets(tokens: &TokenSet) -> Result<()> {
    line(format_args!("access     {}", tokens.access_token.expose()))?;
    if let Some(refresh_token) = &tokens.refresh_token {
        line(format_args!("refresh    {}", refresh_token.expose()))?;
    }
    Ok(())
}
