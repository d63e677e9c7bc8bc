//! `smart token show|refresh|revoke`: what a login gave. No secret is printed unless it is asked for.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use smart::fhir::{Session, TokenSet};

use super::fhir_app::ServerArgs;
use crate::output::{line, note};

#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Get new tokens now
    Refresh {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// End the tokens at the server, and forget them
    Revoke {
        #[command(flatten)]
        server: ServerArgs,
        /// Forget the tokens without telling the server, where they then live on until they end
        #[arg(long)]
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
        Action::Revoke { server, forget } => revoke(&server, forget, trace).await,
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

async fn revoke(server: &ServerArgs, forget: bool, trace: Option<&Path>) -> Result<()> {
    let session = server.session(trace).await?;
    if forget {
        session.forget().await?;
        line("forgotten; the server was not told")?;
        return Ok(());
    }
    if let Err(error) = session.revoke().await {
        let manage = session.app().server().await.ok();
        if let Some(manage) = manage.as_ref().and_then(|server| server.manage.as_ref()) {
            note(format_args!(
                "the user can end it at {manage}; then run smart token revoke --forget"
            ));
        }
        return Err(error).context("the tokens are still there");
    }
    line("revoked")?;
    Ok(())
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
    let renewable = if tokens.refresh_token.is_some() {
        "yes, without the user"
    } else {
        "no, log in again then"
    };
    line(format_args!("renewable  {renewable}"))?;
    Ok(())
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
