//! How a failure ends: one sentence on standard error, and an exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The command line asks for something that does not exist: exit code 2, as for a misspelled option.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

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
        eprintln!("error: {error:#}");
    }
    if error.is::<UsageError>() {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
