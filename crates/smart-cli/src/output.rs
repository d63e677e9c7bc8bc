//! Standard output that survives a reader who leaves early, and tables.

use std::fmt;
use std::io::{self, Write as _};

/// Prints one line; an error when nobody reads any more.
pub(crate) fn line(line: impl fmt::Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// Prints bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// A note for the person at the terminal, on standard error so that it does not mix with results.
pub(crate) fn note(note: impl fmt::Display) {
    // Nobody to tell is no reason to stop.
    let _ = writeln!(io::stderr().lock(), "{note}");
}

/// Columns under their headings, as wide as their widest cell.
pub(crate) fn table(headings: &[String], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headings
        .iter()
        .map(|heading| heading.chars().count())
        .collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut table = String::new();
    for cells in [headings, &rule]
        .into_iter()
        .chain(rows.iter().map(Vec::as_slice))
    {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect::<Vec<_>>();
        table.push_str(padded.join("  ").trim_end());
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let text = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
        let rows = [text(&["aspirin", "2008"]), text(&["naïve", ""])];
        assert_eq!(
            table(&text(&["drug", "since"]), &rows),
            "drug     since\n-------  -----\naspirin  2008\nnaïve\n"
        );
    }
}
