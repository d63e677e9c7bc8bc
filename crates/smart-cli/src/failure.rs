//! How a failure ends: one sentence on standard error, and an exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;

use smart::transport::CertificateProblem;

/// The command line asks for something that does not exist: exit code 2, as for a misspelled option.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// The command finished, but did not deliver everything that was asked for: exit code 3.
#[derive(Debug)]
pub(crate) struct Incomplete(pub(crate) String);

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Incomplete {}

/// Prints what went wrong and chooses the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS; // the reader, such as `head`, has seen enough
    }
    #[expect(
        clippy::print_stderr,
        reason = "standard error is where a command reports"
    )]
    {
        eprintln!("error: {error:#}{}", option(error));
    }
    if error.is::<UsageError>() {
        ExitCode::from(2)
    } else if error.is::<Incomplete>() {
        ExitCode::from(3)
    } else {
        ExitCode::FAILURE
    }
}

/// The option by which the advice of a transport is followed on a command line.
fn option(error: &anyhow::Error) -> &'static str {
    let unanswered = error.chain().find_map(|error| match error.downcast_ref() {
        Some(smart::Error::Transport(unanswered)) => Some(unanswered.transport_error()),
        _ => None,
    });
    let Some(error) = unanswered else {
        return "";
    };
    if error.is_plain_http_refused() {
        " (here: --allow-http HOST)"
    } else if error.certificate_problem() == Some(CertificateProblem::UnknownAuthority) {
        " (here: --ca FILE)"
    } else if error.is_timeout() {
        " (here: --timeout SECONDS)"
    } else if error.is_connect() && !error.is_unreachable() {
        " (here: --proxy URL, or --proxy none)"
    } else {
        ""
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
