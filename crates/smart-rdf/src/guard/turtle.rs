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
                let Some(length) = memchr(b'\n', &bytes[at..]) else {
                    break;
                };
                at += length;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'<' => {
                let length = memchr(b'>', &bytes[at..]).unwrap_or(bytes.len() - at);
                let iri = &bytes[at + 1..at + length];
                if iri.len() > limits.iri_length {
                    return over(Limit::IriLength, limits.iri_length, at);
                }
                if bytes[..word_end].ends_with(b":") {
                    longest = longest.max(iri.len());
                } else if let Some(certainty) = base_before(&bytes[..word_end]) {
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
                at += length;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::testing::check_document;

    #[track_caller]
    fn check_bound(text: &str, base: Option<&str>, limit: Limit, exact: usize) {
        check_document(limit, exact, |limits| check_turtle(text, base, limits));
    }

    /// An absolute IRI of that length.
    fn iri(length: usize) -> String {
        format!("{:x<length$}", "http://e/")
    }

    #[test]
    fn brackets_are_counted_where_they_nest() {
        for (text, exact) in [
            ("<a:b> <a:c> ((1) [ <a:d> 2 ]) .", 2),
            ("() [] () ((())) .", 3),
            // more close than open
            ("))((", 2),
            // what is no bracket
            (r#"( "(((" '[[[' """(" ((""" '\'(' <((> )"#, 1),
            ("( # ((\n ( # ((", 2),
            (r#"( e:a\(\( e:a\"b ()"#, 2),
            // a string that is not closed ends with its line
            ("(\"\n( '\r( ", 3),
        ] {
            check_bound(text, None, Limit::Depth, exact);
        }
    }

    #[test]
    fn iris_and_strings_are_as_long_as_they_may_be() {
        check_bound("<abcd> <abc>", None, Limit::IriLength, 4);
        // not closed
        check_bound(" <abc", None, Limit::IriLength, 3);
        // up to six quotes are counted in
        check_bound(r#""0123456789" "ab""#, None, Limit::TermLength, 6);
        check_bound(r#""""0123456789""""#, None, Limit::TermLength, 10);
    }

    #[test]
    fn what_a_namespace_stands_for_is_counted_for_each_use() {
        let long = iri(SHORT + 100);
        for (text, uses) in [
            (format!("@prefix p: <{long}> . p:a p:b p:c ."), 5),
            (
                format!("PREFIX p:\t\r\n# a comment: <\n<{long}> p:a <b> <c> ."),
                5,
            ),
            (format!("@prefix p: <{long}> . @prefix q: <e:> . q:a"), 5),
            (format!("@prefix q: <e:> . @prefix p: <{long}>"), 4),
        ] {
            check_bound(&text, None, Limit::Expansion, 100 * uses);
        }
        // short ones cost nothing
        let short = format!("@prefix p: <{}> . p:a", iri(SHORT));
        check_turtle(&short, None, &Limits::new().with_expansion(0)).unwrap();
        // nor does an IRI that is written out
        let plain = format!("<a> <b> <{long}>");
        check_turtle(&plain, None, &Limits::new().with_expansion(0)).unwrap();
    }

    #[test]
    fn a_base_is_counted_for_each_use() {
        let long = iri(SHORT + 100);
        for before in [
            "@base",
            "BASE",
            "<a>.<b> base",
            "(base",
            "1 @Base",
            "1 .base",
        ] {
            let text = format!("{before} <{long}> . <c> <d> .");
            let uses = text.matches('<').count();
            check_bound(&text, None, Limit::Expansion, 100 * uses);
        }
        for before in [
            "",
            "bas",
            "mybase",
            "2base",
            "_base",
            "e:base",
            "-base",
            "%base",
            "e:\\\\base",
            "\u{e9}base",
        ] {
            let text = format!("{before} <{long}> . <c> <d> .");
            check_turtle(&text, None, &Limits::new().with_expansion(0)).expect(before);
        }
        check_bound("<a> <b>", Some(&long), Limit::Expansion, 100 * 2);
    }

    #[test]
    fn a_base_that_is_relative_adds_to_the_one_before() {
        let (given, relative) = (iri(100), "r".repeat(SHORT));
        for (text, longest) in [
            (format!("@base <{relative}> ."), 100 + SHORT),
            (
                format!("@base <{relative}> . @base <{relative}> ."),
                100 + 2 * SHORT,
            ),
            // an absolute one takes its place, or may do so
            (
                format!("@base <{}> . @base <{relative}> .", iri(80)),
                80 + SHORT,
            ),
            (
                format!("e:data.base <{}> . @base <{relative}> .", iri(80)),
                100 + SHORT,
            ),
            (
                format!("e:data.base <{}> . @base <{relative}> .", iri(120)),
                120 + SHORT,
            ),
        ] {
            let uses = text.matches(['<', ':']).count() - text.matches("http:").count();
            let expansion = (longest - SHORT) * uses;
            check_bound(&text, Some(&given), Limit::Expansion, expansion);
            check_bound(&text, Some(&given), Limit::IriLength, longest);
        }
    }

    #[test]
    fn an_iri_is_absolute_if_it_has_a_scheme() {
        for absolute in ["a:", "http://e/", "a:/?#"] {
            assert!(is_absolute(absolute.as_bytes()), "{absolute}");
        }
        for relative in [
            "",
            "a",
            ":a",
            "a/b:c",
            "?a:",
            "a?b:",
            "a#b:",
            "\\u0061:b",
            "/",
        ] {
            assert!(!is_absolute(relative.as_bytes()), "{relative}");
        }
    }

    #[test]
    fn strings_end_with_their_quotes() {
        for (text, end) in [
            (r#""a" b"#, 3),
            (r#""" b"#, 2),
            (r#""a\"b" c"#, 6),
            (r#""a\\" b"#, 5),
            ("'a\"b' c", 5),
            ("'a\nb'", 2),
            ("\"a\rb\"", 2),
            ("\"a", 2),
            ("\"a\\", 3),
            (r#""""a"b""c""" d"#, 12),
            ("'''a\n\r'b''' d", 11),
            (r#""""a\"""b""" d"#, 12),
            (r#""""a""#, 5),
        ] {
            assert_eq!(end_of_string(text.as_bytes(), 0), end, "{text}");
        }
        assert_eq!(end_of_string(b"\"\"'b'", 2), 5);
    }
}
