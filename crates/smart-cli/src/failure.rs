//! How a failure ends: one sentence on standard error, and an exit code.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use smart::fhir::interactions::{LineError, ReadError};
use smart::rdf::{ParseError, QueryError, visible};
use smart::transport::CertificateProblem;

use crate::output::OutputError;

/// The command line asks for something that does not exist: exit code 2, as for a misspelled
/// option.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for UsageError {}

/// The command finished, but did not deliver everything that was asked for: exit code 3.
#[derive(Debug)]
pub(crate) struct Incomplete(pub(crate) String);

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Incomplete {}

/// Prints what went wrong and chooses the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if error
        .downcast_ref()
        .is_some_and(OutputError::is_closed_pipe)
    {
        return ExitCode::SUCCESS;
    }
    let sentence = format!("{error:#}{}", option(error));
    // Standard error may be closed or full. The exit code says it all the same.
    let _ = writeln!(io::stderr().lock(), "error: {}", visible(&sentence));
    if error.is::<Incomplete>() {
        ExitCode::from(3)
    } else if is_usage(error) {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

/// Whether the command line is to blame: the command finds that out itself, or a layer below does
/// before it sends anything.
fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<UsageError>()
        || error.chain().any(|cause| {
            let cause = cause.downcast_ref::<smart::Error>();
            matches!(
                cause,
                Some(smart::Error::ApiBase(_) | smart::Error::Call(_))
            )
        })
}

/// The option by which the advice of a layer below is followed on a command line.
fn option(error: &anyhow::Error) -> &'static str {
    error.chain().find_map(option_for).unwrap_or_default()
}

fn option_for(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    if let Some(ParseError::Doctype { .. }) = error.downcast_ref() {
        return Some(" (here: --allow-entities)");
    }
    if let Some(ParseError::Limit(_)) = error.downcast_ref() {
        return Some(" (fixed in this command; split the document, or read it with the library)");
    }
    if let Some(QueryError::Limit(_)) = error.downcast_ref() {
        return Some(" (fixed in this command; narrow the query)");
    }
    if let Some(ReadError::TooLong { .. }) = error.downcast_ref() {
        return Some(" (here: --body-limit BYTES)");
    }
    if let Some(LineError::TooLong { .. }) = error.downcast_ref() {
        return Some(" (here: --body-limit BYTES)");
    }
    let error = error.downcast_ref::<smart::Error>()?;
    if error.needs_user() {
        return Some(" (here: smart login)");
    }
    let smart::Error::Transport(unanswered) = error else {
        return None;
    };
    let error = unanswered.transport_error();
    if error.is_body_too_large() {
        return Some(" (here: --body-limit BYTES)");
    }
    if error.is_plain_http_refused() {
        Some(" (here: --allow-http HOST)")
    } else if error.certificate_problem() == Some(CertificateProblem::UnknownAuthority) {
        Some(" (here: --ca FILE)")
    } else if error.is_timeout() {
        Some(" (here: --timeout SECONDS)")
    } else if error.is_connect() && !error.is_unreachable() {
        Some(" (here: --proxy URL, or --proxy none)")
    } else {
        None
    }
}
