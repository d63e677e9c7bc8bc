//! Lines of JSON, from bytes that come in any pieces.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes, BytesMut};
use serde_json::Value;

use crate::error::{LineError, ReadError};
use crate::limits::Limits;
use crate::resource::Resource;
use crate::resource::json;

/// Cuts a stream of bytes into lines, each a resource
/// ([NDJSON](https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-output-file-request)).
///
/// It holds the pieces that were pushed and not yet taken, and at most one line before them,
/// whatever the length of the file. How the bytes were cut makes no difference to the lines.
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
    /// The beginning of the line that was too long.
    start: Bytes,
    /// The rest of a line that was too long is passed over.
    skipping: bool,
    /// No more bytes come.
    ended: bool,
}

impl Lines {
    /// No lines yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            begun: BytesMut::new(),
            pieces: VecDeque::new(),
            number: 0,
            start: Bytes::new(),
            skipping: false,
            ended: false,
        }
    }

    /// Takes more bytes. Take the lines out before pushing more, or they pile up.
    pub fn push(&mut self, bytes: Bytes) {
        if !self.ended && !bytes.is_empty() {
            self.pieces.push_back(bytes);
        }
    }

    /// Says that no more bytes come: the last line may have no end of its own.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next line that is whole, without its end; `None` until more bytes come. Blank lines are
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`LineError::TooLong`], after which the next can be read; [`take_start`](Self::take_start)
    /// has the beginning of the line.
    pub fn next_line(&mut self) -> Option<Result<Bytes, LineError>> {
        loop {
            let line = self.cut()?;
            self.number += 1;
            if self.skipping {
                return Some(Err(LineError::TooLong {
                    number: self.number,
                    limit: self.limits.line,
                }));
            }
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
    /// As [`next_line`](Self::next_line), and [`LineError::Unreadable`] for a line that is no
    /// resource, after which the next can be read.
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

    /// The beginning of the line that [`next_line`](Self::next_line) found too long last, as far as
    /// the limit; empty when it was taken.
    pub fn take_start(&mut self) -> Bytes {
        std::mem::take(&mut self.start)
    }

    /// The next line with white space around it; the beginning of one that is too long goes to
    /// `start`.
    fn cut(&mut self) -> Option<Bytes> {
        let limit = self.limits.line;
        while let Some(mut piece) = self.pieces.pop_front() {
            let end = memchr::memchr(b'\n', &piece);
            if self.skipping {
                if let Some(end) = end {
                    self.skipping = false;
                    piece.advance(end + 1);
                    self.pieces.push_front(piece);
                }
                continue;
            }
            let length = self.begun.len() + end.unwrap_or(piece.len());
            if length > limit {
                let fits = limit.saturating_sub(self.begun.len());
                self.begun.extend_from_slice(&piece[..fits]);
                self.start = self.begun.split().freeze();
                self.skipping = true;
                // The end of this line is still to be found.
                self.pieces.push_front(piece);
                return Some(Bytes::new());
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
                return Some(line);
            }
            self.begun.extend_from_slice(&line);
            return Some(self.begun.split().freeze());
        }
        let rest = self.ended && !self.begun.is_empty();
        rest.then(|| self.begun.split().freeze())
    }
}

/// Without white space at either end, and without the mark that some servers put before the first
/// line.
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
    fn a_line_that_is_too_long_is_told_and_passed_over() {
        let limits = Limits::default().with_line(4);
        let long = |number: u64| Err(LineError::TooLong { number, limit: 4 }.to_string());
        let good = |line: &str| Ok(line.to_owned());
        for pieces in [
            &["ab\n", "cd", "efg", "h\n\nij\n"][..],
            &["ab\ncdefgh\n\nij"][..],
            &["ab\ncdefgh", "\n", "\nij"][..],
        ] {
            assert_eq!(all(pieces, &limits), [good("ab"), long(2), good("ij")]);
        }
        assert_eq!(all(&["abcdefg", "h"], &limits), [long(1)]);
        assert_eq!(all(&["abcde\nabcde\n"], &limits), [long(1), long(2)]);
        let mut lines = Lines::new(limits);
        lines.push(Bytes::from_static(b"ab"));
        assert!(lines.next_line().is_none());
        lines.push(Bytes::from_static(b"cdefgh"));
        assert!(lines.next_line().unwrap().is_err());
        assert_eq!(lines.take_start(), "abcd");
        assert_eq!(lines.take_start(), "");
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
