//! An id as one segment of a path.

use std::fmt::Display;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Encodes what would end or break a segment. Everything else stays, above all the `@` of app ids:
/// the Classic container compares ids raw in a template, and signs over the decoded path.
pub(crate) fn path_segment(id: &str) -> impl Display {
    utf8_percent_encode(id, UNSAFE)
}

const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[cfg(test)]
mod tests {
    use super::path_segment;

    #[test]
    fn segment_stays_one_segment() {
        for (id, expected) in [
            ("my-app@apps.example.org", "my-app@apps.example.org"),
            ("a b/../c?d#e%f", "a%20b%2F..%2Fc%3Fd%23e%25f"),
            ("{é}|", "%7B%C3%A9%7D%7C"),
        ] {
            assert_eq!(path_segment(id).to_string(), expected);
        }
    }
}
