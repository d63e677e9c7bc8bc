//! Lines of JSON, from bytes that come in any pieces.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes, BytesMut};
use serde_json::Value;

use crate::error::{LineError, ReadError};
use crate::json;
use crate::limits::Limits;
use crate::resource::Resource;

/// Cuts a stream of bytes into lines, each a resource ([NDJSON](https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-output-file-request)).
///
/// It holds the pieces that were pushed and not yet taken, and at most one line before them, whatever the length of the file. How the
/// bytes were cut makes no difference to the lines.
///
/// ```
/// use bytes::Bytes;
/// use smart_fhir::{Limits, Lines};
///
/// let mut lines = Lines::new(Limits::default());
/// let mut types = Vec::new();
/// for piece in ["{\"resourceType\": \"Pat", "ient\"}\n\n{\"resourceType\"", ": \"Group\"}"] {
///     lines.push(Bytes::from(piece));
///     while let Some(resource) = lines.next_resource() {
///         types.push(resource?.resource_type().to_owned());
///     }
/// }
/// lines.end();
/// while let Some(resource) = lines.next_resource() {
///     types.push(resource?.resource_type().to_owned());
/// }
/// assert_eq!(types, ["Patient", "Group"]);
/// # Ok::<(), smart_fhir::LineError>(())
/// ```
#[derive(Debug)]
pub struct Lines {
    limits: Limits,
    /// The beginning of a line whose end has not come.
    begun: BytesMut,
    pieces: VecDeque<Bytes>,
    number: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    /// No more bytes come.
    Ended,
    /// A line was too long: what follows is not known to begin a line.
    Failed,
}

impl Lines {
    /// No lines yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            begun: BytesMut::new(),
            pieces: VecDeque::new(),
            number: 0,
            state: State::Reading,
        }
    }

    /// Takes more bytes. Take the lines out before pushing more, or they pile up.
    pub fn push(&mut self, bytes: Bytes) {
        if self.state == State::Reading && !bytes.is_empty() {
            self.pieces.push_back(bytes);
        }
    }

    /// Says that no more bytes come: the last line may have no end of its own.
    pub fn end(&mut self) {
        if self.state == State::Reading {
            self.state = State::Ended;
        }
    }

    /// The next line that is whole, without its end; `None` until more bytes come. Blank lines are passed over.
    ///
    /// # Errors
    ///
    /// [`LineError::TooLong`], after which nothing comes.
    pub fn next_line(&mut self) -> Option<Result<Bytes, LineError>> {
        loop {
            let line = match self.cut()? {
                Ok(line) => line,
                Err(error) => {
                    self.state = State::Failed;
                    self.pieces.clear();
                    self.begun = BytesMut::new();
                    return Some(Err(error));
                }
            };
            self.number += 1;
            let line = trimmed(line);
            if !line.is_empty() {
                return Some(Ok(line));
            }
        }
    }

    /// The next line, read as a resource.
    ///
    /// # Errors
    ///
    /// As [`next_line`](Self::next_line), and [`LineError::Unreadable`] for a line that is no resource, after which the next can
    /// be read.
    pub fn next_resource(&mut self) -> Option<Result<Resource, LineError>> {
        let line = self.next_line()?;
        Some(line.and_then(|line| self.read(&line)))
    }

    /// Reads the line that [`next_line`](Self::next_line) gave last as a resource.
    ///
    /// # Errors
    ///
    /// [`LineError::Unreadable`].
    pub fn read(&self, line: &[u8]) -> Result<Resource, LineError> {
        let read = || -> Result<Resource, ReadError> {
            let value: Value = json::parse(line, self.limits.line, &self.limits)?;
            Resource::new(value)
        };
        let number = self.number;
        read().map_err(|source| LineError::Unreadable { number, source })
    }

    /// The number of the line that came last, counted from 1, blank lines included.
    pub fn line_number(&self) -> u64 {
        self.number
    }

    fn cut(&mut self) -> Option<Result<Bytes, LineError>> {
        let limit = self.limits.line;
        while let Some(mut piece) = self.pieces.pop_front() {
            let end = memchr::memchr(b'\n', &piece);
            let length = self.begun.len() + end.unwrap_or(piece.len());
            if length > limit {
                return Some(Err(LineError::TooLong { limit }));
            }
            let Some(end) = end else {
                self.begun.extend_from_slice(&piece);
                continue;
            };
            let line = piece.split_to(end);
            piece.advance(1);
            if !piece.is_empty() {
                self.pieces.push_front(piece);
            }
            if self.begun.is_empty() {
                return Some(Ok(line));
            }
            self.begun.extend_from_slice(&line);
            return Some(Ok(self.begun.split().freeze()));
        }
        let rest = self.state == State::Ended && !self.begun.is_empty();
        rest.then(|| Ok(self.begun.split().freeze()))
    }
}

/// Without white space at either end, and without the mark that some servers put before the first line.
fn trimmed(line: Bytes) -> Bytes {
    let line = match line.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => line.slice_ref(rest),
        None => line,
    };
    line.slice_ref(line.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&str], limits: &Limits) -> Vec<Result<String, String>> {
        let mut lines = Lines::new(limits.clone());
        let mut found = Vec::new();
        let mut take = |lines: &mut Lines| {
            while let Some(line) = lines.next_line() {
                found.push(match line {
                    Ok(line) => Ok(String::from_utf8(line.to_vec()).unwrap()),
                    Err(error) => Err(error.to_string()),
                });
            }
        };
        for piece in pieces {
            lines.push(Bytes::from((*piece).to_owned()));
            take(&mut lines);
        }
        lines.end();
        take(&mut lines);
        found
    }

    #[test]
    fn ends_of_lines_come_in_all_forms() {
        for pieces in [
            &["a\nb\n"][..],
            &["a\r\nb"][..],
            &["\n\na", "\r", "\n \t\nb\n\n"][..],
            &["\u{feff}a\nb", ""][..],
        ] {
            assert_eq!(
                all(pieces, &Limits::default()),
                [Ok("a".to_owned()), Ok("b".to_owned())]
            );
        }
        assert!(all(&[], &Limits::default()).is_empty());
        assert!(all(&["\n \n"], &Limits::default()).is_empty());
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let limits = Limits::default().with_line(4);
        let found = all(&["ab\n", "cd", "efg", "h\nij\n"], &limits);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Ok("ab".to_owned()));
        assert!(
            found[1]
                .as_ref()
                .unwrap_err()
                .contains("longer than 4 bytes")
        );
    }

    #[test]
    fn a_bad_line_does_not_spoil_the_next() {
        let mut lines = Lines::new(Limits::default());
        lines.push(Bytes::from_static(
            b"{\"resourceType\": \"Patient\"}\n\n{oops\n[]\n{\"resourceType\": \"Group\"}\n",
        ));
        let mut found = Vec::new();
        while let Some(resource) = lines.next_resource() {
            found.push(match resource {
                Ok(resource) => resource.resource_type().to_owned(),
                Err(error) => error.to_string(),
            });
        }
        assert_eq!(
            found,
            [
                "Patient",
                "line 3 cannot be read",
                "line 4 cannot be read",
                "Group"
            ]
        );
    }
}
