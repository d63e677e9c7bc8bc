//! Text in columns, for people.

use std::fmt;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::visible;

/// Columns under their headings, for a person to read. Widths are those of a terminal, where a
/// Chinese character takes two columns and a combining accent none. Every cell is shown as
/// [`visible`] writes it, on one line.
///
/// [`Display`](fmt::Display) prints every cell whole; [`fitted`](Self::fitted) cuts them.
///
/// ```
/// let mut table = smart_rdf::Table::new(["drug", "since"]);
/// table.push(["aspirin", "2008"]);
/// assert_eq!(table.to_string(), "drug     since\n-------  -----\naspirin  2008\n");
/// assert_eq!(table.fitted(13), "drug    since\n------  -----\naspir…  2008\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new<H: AsRef<str>>(headings: impl IntoIterator<Item = H>) -> Self {
        Self {
            headings: cells(headings),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Cells beyond the last heading are not shown.
    pub fn push<C: AsRef<str>>(&mut self, row: impl IntoIterator<Item = C>) {
        self.rows.push(cells(row));
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table in lines of at most so many columns: the widest cells are cut, and end in `…`. A
    /// column keeps four columns at least, so that very many of them are wider all the same.
    pub fn fitted(&self, width: usize) -> String {
        let widths = self.widths();
        let between = GAP.len() * widths.len().saturating_sub(1);
        let available = width.saturating_sub(between);
        let total = |limit: usize| {
            widths
                .iter()
                .map(|width| (*width).min(limit))
                .sum::<usize>()
        };
        let widest = widths.iter().copied().max().unwrap_or(0).min(available);
        let limit = (NARROWEST..=widest)
            .rev()
            .find(|limit| total(*limit) <= available)
            .unwrap_or(NARROWEST);
        let widths: Vec<_> = widths.iter().map(|width| (*width).min(limit)).collect();
        let mut text = String::new();
        // A string takes everything.
        let _ = self.write(&mut text, &widths, Some(limit));
        text
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<_> = self.headings.iter().map(|cell| cell.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        widths
    }

    fn write(
        &self,
        out: &mut impl fmt::Write,
        widths: &[usize],
        limit: Option<usize>,
    ) -> fmt::Result {
        let rule: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let rows = self.rows.iter();
        [&self.headings, &rule]
            .into_iter()
            .chain(rows)
            .try_for_each(|row| write_row(out, row, widths, limit))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<_> = self.widths().into_iter().map(|w| w.min(PADDED)).collect();
        self.write(formatter, &widths, None)
    }
}

fn cells<C: AsRef<str>>(row: impl IntoIterator<Item = C>) -> Vec<String> {
    row.into_iter()
        .map(|cell| visible(cell.as_ref()).into_owned())
        .collect()
}

/// One line, without spaces at its end.
fn write_row(
    out: &mut impl fmt::Write,
    row: &[String],
    widths: &[usize],
    limit: Option<usize>,
) -> fmt::Result {
    let mut owed = 0;
    for (cell, width) in row.iter().zip(widths) {
        let (start, cut) = match limit {
            Some(limit) => cut(cell, limit),
            None => (cell.as_str(), false),
        };
        if !start.is_empty() {
            write!(out, "{:owed$}", "")?;
            owed = 0;
            out.write_str(start)?;
        }
        if cut {
            out.write_char('…')?;
        }
        let taken = start.width() + usize::from(cut);
        owed += width.saturating_sub(taken) + GAP.len();
    }
    out.write_char('\n')
}

/// As much of the cell as fits into the limit with an ellipsis behind it, and whether it was cut.
fn cut(cell: &str, limit: usize) -> (&str, bool) {
    if cell.width() <= limit {
        return (cell, false);
    }
    let mut width = 0;
    for (at, character) in cell.char_indices() {
        width += character.width().unwrap_or(0);
        if width >= limit {
            return (&cell[..at], true);
        }
    }
    (cell, false)
}

const GAP: &str = "  ";

/// The narrowest that a column is made to fit.
const NARROWEST: usize = 4;

/// The widest that cells are padded to where nothing is cut. A document among the cells does not
/// make every row as long as itself.
const PADDED: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[[&str; 2]]) -> Table {
        let mut table = Table::new(["drug", "since"]);
        rows.iter().for_each(|row| table.push(row));
        table
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let shown = table(&[["aspirin", "2008"], ["naïve", ""], ["", "2009"]]).to_string();
        assert_eq!(
            shown,
            "drug     since\n-------  -----\naspirin  2008\nnaïve\n         2009\n"
        );
    }

    #[test]
    fn widths_are_those_of_a_terminal() {
        let shown = table(&[["阿司匹林", "1"], ["ibuprofe\u{301}n", "2"]]).to_string();
        let lines: Vec<_> = shown.lines().skip(2).collect();
        assert_eq!(lines, ["阿司匹林   1", "ibuprofe\u{301}n  2"]);
    }

    #[test]
    fn a_cell_of_a_whole_document_neither_panics_nor_pads_the_others() {
        let document = "A".repeat(200_000);
        let table = table(&[[&document, "1"], ["aspirin", "2"]]);
        let whole = table.to_string();
        assert!(whole.contains(&document));
        assert!(whole.len() < 201_000, "{}", whole.len());
        let fitted = table.fitted(80);
        assert!(fitted.lines().all(|line| line.width() <= 80), "{fitted}");
        assert!(fitted.contains("A…  1\n"), "{fitted}");
    }

    #[test]
    fn wide_characters_are_not_cut_in_half() {
        let fitted = table(&[["阿司匹林阿司匹林", "1"]]).fitted(12);
        assert!(fitted.ends_with("\n阿司…  1\n"), "{fitted}");
        assert!(fitted.lines().all(|line| line.width() <= 12), "{fitted}");
    }

    #[test]
    fn control_characters_are_written_out() {
        let shown = table(&[["\u{1b}[2Jaspirin\r\n", "\u{202e}8002"]]).to_string();
        assert!(
            shown.ends_with("\n\\u001b[2Jaspirin\\u000d\\u000a  \\u202e8002\n"),
            "{shown}"
        );
    }
}
