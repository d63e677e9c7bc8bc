//! What the command prints. All of it is foreign: names of patients, words of servers, contents of
//! files. A person reads it with its control characters escaped; a program gets documents byte by
//! byte.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use smart::rdf::{Table, visible_lines};

/// Standard output does not take what is printed: its reader has left, or the disk is full.
#[derive(Debug)]
pub(crate) struct OutputError(io::Error);

impl OutputError {
    /// Whether the reader, such as `head`, has seen enough.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("standard output cannot be written")
    }
}

impl std::error::Error for OutputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

/// Prints lines for a person. JSON keeps its meaning.
pub(crate) fn line(line: impl fmt::Display) -> Result<(), OutputError> {
    let mut text = line.to_string();
    text.push('\n');
    write(visible_lines(&text).as_bytes())
}

/// Prints a document: as it is, except at a terminal.
pub(crate) fn document(bytes: &[u8]) -> Result<(), OutputError> {
    if io::stdout().is_terminal() {
        write(visible_lines(&String::from_utf8_lossy(bytes)).as_bytes())
    } else {
        write(bytes)
    }
}

/// A note for the person at the terminal, on standard error so that it does not mix with results.
pub(crate) fn note(note: impl fmt::Display) {
    // Nobody to tell is no reason to stop.
    let _ = writeln!(io::stderr().lock(), "{}", visible_lines(&note.to_string()));
}

/// A table as wide as the terminal, or with every cell whole if the output goes elsewhere.
pub(crate) fn table(headings: &[String], rows: &[Vec<String>]) -> String {
    let mut table = Table::new(headings);
    rows.iter().for_each(|row| table.push(row));
    fitted(&table)
}

/// The same for a table that is there already.
pub(crate) fn fitted(table: &Table) -> String {
    if io::stdout().is_terminal() {
        let width = terminal_size::terminal_size_of(io::stdout());
        table.fitted(width.map_or(80, |(width, _)| usize::from(width.0)))
    } else {
        table.to_string()
    }
}

fn write(bytes: &[u8]) -> Result<(), OutputError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    Ok(stdout.flush()?)
}
