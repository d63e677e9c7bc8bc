use memchr::memchr;

use crate::error::{ParseError, Position};
use crate::limits::{Limit, LimitError, Limits};

/// A namespace or base of this length costs nothing where it is used: documents are full of them.
const SHORT: usize = 64;

/// Checks that brackets in a Turtle document are not nested too deep, IRIs not too long, and
/// prefixes and base do not make much more of it where they are used.
///
/// The parser keeps a state for each open bracket; it does not recurse. What is malformed is left
/// to the parser.
pub(crate) fn check_turtle(
    text: &str,
    base_iri: Option<&str>,
    limits: &Limits,
) -> Result<(), ParseError> {
    let bytes = text.as_bytes();
    let over = |limit, allowed, offset| {
        let position = Some(Position::of(text, offset));
        Err(LimitError::new(limit, allowed, position).into())
    };
    let mut at = 0;
    let mut depth = 0usize;
    // What prefixes and base stand for, the longest; and how often they may be used.
    let mut base = base_iri.map_or(0, str::len);
    let mut longest = base;
    let mut uses = 0usize;
    // Where the last word ended, white space and comments left out.
    let mut word_end = 0usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'#' => {
                at += memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'<' => {
                let length = memchr(b'>', &bytes[at..]).unwrap_or(bytes.len() - at);
                if length > limits.iri_length {
                    return over(Limit::IriLength, limits.iri_length, at);
                }
                if bytes[..word_end].ends_with(b":") {
                    longest = longest.max(length);
                } else if let Some(certainty) = base_before(&bytes[..word_end]) {
                    let iri = &bytes[at + 1..at + length];
                    base = match (is_absolute(iri), certainty) {
                        (true, Certainty::Certain) => iri.len(),
                        (true, Certainty::Possible) => base.max(iri.len()),
                        // Resolving may shorten it, and adds no more than this.
                        (false, _) => base.saturating_add(iri.len()),
                    };
                    if base > limits.iri_length {
                        return over(Limit::IriLength, limits.iri_length, at);
                    }
                    longest = longest.max(base);
                }
                uses += 1;
                at += length + 1;
            }
            b'"' | b'\'' => {
                let end = end_of_string(bytes, at);
                // The quotes are counted in, six at the most.
                if end - at > limits.term_length().saturating_add(6) {
                    return over(Limit::TermLength, limits.term_length(), at);
                }
                at = end;
            }
            // An escape in a local name may hide a bracket or quote.
            b'\\' => at += 2,
            b'(' | b'[' => {
                depth += 1;
                if depth > limits.depth {
                    return over(Limit::Depth, limits.depth, at);
                }
                at += 1;
            }
            b')' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b':' => {
                uses += 1;
                at += 1;
            }
            _ => at += 1,
        }
        word_end = at.min(bytes.len());
    }
    if longest.saturating_sub(SHORT).saturating_mul(uses) > limits.expansion {
        return over(Limit::Expansion, limits.expansion, bytes.len());
    }
    Ok(())
}

/// Whether a word is the keyword before a base.
enum Certainty {
    Certain,
    /// It may be the end of a name: `e:data.base` is one, and `1 .base` begins a directive.
    Possible,
}

/// Whether what comes next is a new base, from what stands before it.
fn base_before(bytes: &[u8]) -> Option<Certainty> {
    let (before, word) = bytes.split_at(bytes.len().saturating_sub(4));
    if !word.eq_ignore_ascii_case(b"base") {
        return None;
    }
    match before.last() {
        Some(b'.') => Some(Certainty::Possible),
        Some(byte) if !byte.is_ascii() || byte.is_ascii_alphanumeric() => None,
        Some(b'_' | b'-' | b':' | b'%' | b'\\') => None,
        _ => Some(Certainty::Certain),
    }
}

/// Whether an IRI has a scheme. With an escape before the colon it counts as relative, which is the
/// longer of the two.
fn is_absolute(iri: &[u8]) -> bool {
    let scheme = iri
        .iter()
        .position(|b| matches!(b, b':' | b'/' | b'?' | b'#' | b'\\'));
    scheme.is_some_and(|end| end > 0 && iri[end] == b':')
}

/// Where the string that begins here ends, its closing quotes included; the end of the text if it
/// is not closed.
pub(crate) fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let long = [quote; 3];
    let (closing, mut at): (&[u8], usize) = if bytes[start..].starts_with(&long) {
        (&long, start + 3)
    } else {
        (&long[..1], start + 1)
    };
    while let Some(byte) = bytes.get(at) {
        if *byte == b'\\' {
            at += 2;
        } else if bytes[at..].starts_with(closing) {
            return at + closing.len();
        } else if closing.len() == 1 && matches!(byte, b'\n' | b'\r') {
            // A short string does not go on in the next line: it is malformed, and what follows is
            // not text.
            return at;
        } else {
            at += 1;
        }
    }
    bytes.len()
}
