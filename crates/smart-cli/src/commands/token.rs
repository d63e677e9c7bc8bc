//! `smart token show|refresh|revoke|forget`: what a login gave. No secret is printed unless it is asked for.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use smart::Error;
use smart::fhir::{FhirError, Session, TokenSet};
use smart::oauth::Timestamp;
use smart::oauth::oauth2::RequestError;

use super::fhir_app::ServerArgs;
use crate::output::{line, note};

#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Forget the tokens without telling the server, where they live on until they end
    Forget {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Get new tokens now
    #[command(visible_alias = "renew")]
    Refresh {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// End the tokens at the server, and forget them; where the server cannot end tokens, only forget them
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
        server: ServerArgs,
        /// Print the tokens too, for whoever stands behind you as well
        #[arg(long)]
        secrets: bool,
    },
}

pub(crate) async fn run(args: TokenArgs, trace: Option<&Path>) -> Result<()> {
    match args.action {
        Action::Refresh { server } => {
            let session = server.session(trace).await?;
            session.refresh().await?;
            describe(&session)
        }
        Action::Revoke {
            server,
            forget: false,
        } => revoke(&server, trace).await,
        Action::Forget { server }
        | Action::Revoke {
            server,
            forget: true,
        } => {
            server.session(trace).await?.forget().await?;
            line("forgotten; the server was not told, and knows the tokens until they end")?;
            Ok(())
        }
        Action::Show { server, secrets } => {
            let session = server.session(trace).await?;
            describe(&session)?;
            if secrets {
                show_secrets(&session.tokens())?;
            }
            Ok(())
        }
    }
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
    line(format_args!("until      {}", until(&tokens)))?;
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

fn until(tokens: &TokenSet) -> String {
    let Some(end) = tokens.expires_at else {
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
