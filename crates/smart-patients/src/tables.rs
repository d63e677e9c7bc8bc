//! Reading the tables in `data/`: tab-separated, with a line of column names, and empty cells for
//! what does not apply.
//!
//! The files are compiled into the crate, and a test reads every one of them. A cell of the wrong
//! form is a mistake in this crate and not in what somebody gave it.

use std::fmt::Debug;
use std::str::FromStr;

/// The rows of a table, each with its `N` cells.
pub(crate) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).map(|line| {
        let cells: Vec<_> = line.split('\t').collect();
        cells
            .try_into()
            .unwrap_or_else(|cells: Vec<_>| panic!("{N} cells expected: {cells:?}"))
    })
}

/// A cell that holds a number.
pub(crate) fn number<T: FromStr<Err: Debug>>(cell: &str) -> T {
    cell.parse().expect("the cell holds a number")
}

/// Two cells that hold the ends of a range, or nothing.
pub(crate) fn range(first: &str, last: &str) -> Option<(i32, i32)> {
    (!first.is_empty()).then(|| (number(first), number(last)))
}

/// A list of keys, separated by spaces.
pub(crate) fn keys(cell: &'static str) -> Vec<&'static str> {
    cell.split_whitespace().collect()
}

/// A list of names, one a line.
pub(crate) fn lines(text: &'static str) -> Vec<&'static str> {
    text.lines().collect()
}
