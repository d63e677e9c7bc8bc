//! What both logins have in common: the user is sent to a page of the server, and comes back with
//! an answer.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};
use smart::Error;
use smart::fhir::FhirError;
use smart::oauth::oauth1::DanceError;
use tokio::sync::mpsc;

use crate::commands::oauth::callback::{CallbackListener, Visitor};
use crate::output::note;

/// How the user is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct ConsentArgs {
    /// Open no browser, only print the address
    #[arg(long)]
    no_browser: bool,
    /// How long to wait for the user, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    wait: u64,
}

impl ConsentArgs {
    /// Sends the user to this address, and gives each callback to `finish` until one belongs to
    /// this login.
    pub(crate) async fn ask<T>(
        &self,
        url: &str,
        listener: Option<CallbackListener>,
        finish: impl AsyncFn(&str) -> Result<T, Error>,
    ) -> Result<T> {
        note(format_args!("allow it at\n\n  {url}\n"));
        if !self.no_browser {
            open_browser(url);
        }
        note(match &listener {
            Some(_) => {
                "waiting for the browser to come back; or paste the address that it ends at here"
            }
            None => "paste the address that the browser ends at here",
        });
        let wait = Duration::from_secs(self.wait);
        let coming = wait_for(listener, finish);
        match tokio::time::timeout(wait, coming).await {
            Ok(outcome) => outcome,
            Err(_) => bail!(
                "no browser came back in {} seconds; run the command again",
                self.wait
            ),
        }
    }
}

/// Takes the first callback that is this login's, from the browser or from the terminal. Others are
/// sent away and change nothing.
async fn wait_for<T>(
    mut listener: Option<CallbackListener>,
    finish: impl AsyncFn(&str) -> Result<T, Error>,
) -> Result<T> {
    let mut typed = Some(typed_lines());
    loop {
        let (visitor, callback) = tokio::select! {
            visitor = next_visitor(listener.as_mut()) => {
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
        let outcome = finish(callback.trim()).await;
        let (status, words) = match &outcome {
            Ok(_) => ("200 OK", "Logged in. You can close this window."),
            Err(error) if is_of_another(error) => (
                "400 Bad Request",
                "This is not the answer that was waited for.",
            ),
            Err(_) => (
                "200 OK",
                "It did not work; see the terminal. You can close this window.",
            ),
        };
        if let Some(visitor) = visitor {
            visitor.answer(status, words).await;
        }
        match outcome {
            Err(error) if is_of_another(&error) => note(&error),
            outcome => return Ok(outcome?),
        }
    }
}

/// Whether the callback belongs to another login, so that this one waits on.
fn is_of_another(error: &Error) -> bool {
    matches!(
        error,
        Error::Fhir(FhirError::Callback(_))
            | Error::Dance(
                DanceError::CallbackLacks { .. }
                    | DanceError::CallbackRepeats { .. }
                    | DanceError::CallbackTooLong { .. }
                    | DanceError::ForeignCallback
            )
    )
}

async fn next_visitor(listener: Option<&mut CallbackListener>) -> Result<Visitor> {
    match listener {
        Some(listener) => listener.next().await,
        None => std::future::pending().await,
    }
}

/// What is typed, line by line. A thread of its own reads it, which the end of the command does not
/// wait for.
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

/// Asks the desktop for a browser. Whether one opens cannot be known, so that the address is
/// printed as well.
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
