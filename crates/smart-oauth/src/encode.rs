//! Percent-encoding as [RFC 5849, section 3.6](https://www.rfc-editor.org/rfc/rfc5849#section-3.6)
//! has it, and its inverse.

use std::borrow::Cow;

/// Encodes every byte but `A-Z a-z 0-9 - . _ ~` as `%XX` with upper-case digits.
///
/// This is the only encoding that signatures know: a space is `%20`, never `+`
/// ([RFC 5849, section 3.6](https://www.rfc-editor.org/rfc/rfc5849#section-3.6)).
///
/// ```
/// assert_eq!(smart_oauth::percent_encode("Ladies + Gentlemen"), "Ladies%20%2B%20Gentlemen");
/// ```
pub fn percent_encode(text: &str) -> String {
    let mut encoded = Vec::with_capacity(text.len());
    push_encoded(&mut encoded, text.as_bytes());
    into_text(encoded)
}

/// Appends the encoded form of the bytes.
pub(crate) fn push_encoded(out: &mut Vec<u8>, bytes: &[u8]) {
    push_escaped(out, bytes, &ESCAPED, is_unreserved);
}

/// Appends the encoded form of the encoded form, which is what a base string holds of each name and
/// value.
pub(crate) fn push_encoded_twice(out: &mut Vec<u8>, bytes: &[u8]) {
    push_escaped(out, bytes, &ESCAPED_TWICE, is_unreserved);
}

/// Encodes one segment of a path, leaving as they are the characters that a path may hold: the
/// Classic container signs over the decoded path, so that each needless escape is a chance to
/// disagree.
pub(crate) fn encode_path_segment(segment: &str) -> String {
    let mut encoded = Vec::with_capacity(segment.len());
    let stays = |byte| is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte);
    push_escaped(&mut encoded, segment.as_bytes(), &ESCAPED, stays);
    into_text(encoded)
}

/// What the functions above have written, as text.
pub(crate) fn into_text(encoded: Vec<u8>) -> String {
    String::from_utf8(encoded).expect("encoding leaves ascii only")
}

/// Resolves `%XX`; a `%` without two hexadecimal digits after it stands for itself, as in every
/// form parser.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.contains(&b'%') {
        Cow::Owned(resolve_escapes(bytes, |byte| byte))
    } else {
        Cow::Borrowed(bytes)
    }
}

/// Resolves `%XX` and reads `+` as a space, as queries and form bodies need
/// ([RFC 5849, section 3.4.1.3.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3.1)).
pub(crate) fn decode_form(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        Cow::Owned(resolve_escapes(bytes, |byte| {
            if byte == b'+' { b' ' } else { byte }
        }))
    } else {
        Cow::Borrowed(bytes)
    }
}

/// A permutation of the bytes under which raw text sorts the way its encoded form would: whatever
/// gets escaped begins with `%` (0x25), which is less than every unreserved character, and escapes
/// sort by their value.
pub(crate) static ENCODED_RANK: [u8; 256] = {
    let mut ranks = [0; 256];
    let mut rank: u8 = 0;
    let mut unreserved_turn = false;
    loop {
        let mut byte = 0;
        while byte < 256 {
            if UNRESERVED[byte] == unreserved_turn {
                ranks[byte] = rank;
                rank = rank.wrapping_add(1);
            }
            byte += 1;
        }
        if unreserved_turn {
            break ranks;
        }
        unreserved_turn = true;
    }
};

/// The encoded form of one byte.
pub(crate) fn encoded(byte: u8) -> impl Iterator<Item = u8> {
    let (bytes, length) = if is_unreserved(byte) {
        ([byte, 0, 0], 1)
    } else {
        (ESCAPED[usize::from(byte)], 3)
    };
    bytes.into_iter().take(length)
}

/// Copies the stretches that stay in one piece each, since most text has few escapes.
fn push_escaped<const N: usize>(
    out: &mut Vec<u8>,
    bytes: &[u8],
    escaped: &[[u8; N]; 256],
    stays: impl Fn(u8) -> bool,
) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| !stays(*byte)) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&escaped[usize::from(rest[at])]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// Every byte as `%XX`.
static ESCAPED: [[u8; 3]; 256] = escapes(*b"%  ");
/// Every byte as `%25XX`, which is `%XX` encoded once more.
static ESCAPED_TWICE: [[u8; 5]; 256] = escapes(*b"%25  ");

/// The pattern with the digits of every byte at its end.
const fn escapes<const N: usize>(pattern: [u8; N]) -> [[u8; N]; 256] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut table = [pattern; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte][N - 2] = DIGITS[byte >> 4];
        table[byte][N - 1] = DIGITS[byte & 0xf];
        byte += 1;
    }
    table
}

fn resolve_escapes(bytes: &[u8], plain: impl Fn(u8) -> u8) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        let (byte, after) = escape(rest).unwrap_or_else(|| (plain(*first), tail));
        decoded.push(byte);
        rest = after;
    }
    decoded
}

/// The byte that an escape at the very beginning stands for, and what follows the escape.
pub(crate) fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            Some((hex_value(*high) << 4 | hex_value(*low), after))
        }
        _ => None,
    }
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.to_ascii_lowercase() - b'a' + 10,
    }
}

/// Whether the byte stays as it is ([section
/// 3.6](https://www.rfc-editor.org/rfc/rfc5849#section-3.6)).
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[byte as usize]
}

static UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    loop {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if byte == 255 {
            break table;
        }
        byte += 1;
    }
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text_of(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        push_encoded(&mut out, bytes);
        into_text(out)
    }

    #[test]
    fn known_encodings() {
        assert_eq!(percent_encode("abcXYZ019-._~"), "abcXYZ019-._~");
        assert_eq!(percent_encode("%"), "%25");
        assert_eq!(percent_encode("+"), "%2B");
        assert_eq!(percent_encode("&=*"), "%26%3D%2A");
        assert_eq!(percent_encode("\n\u{7f}"), "%0A%7F");
        assert_eq!(percent_encode("\u{80}"), "%C2%80");
        assert_eq!(percent_encode("\u{3001}"), "%E3%80%81");
    }

    #[test]
    fn known_decodings() {
        assert_eq!(*decode_form(b"a+b%20c%2Bd"), *b"a b c+d");
        assert_eq!(*decode(b"a+b%20c"), *b"a+b c");
        assert_eq!(*decode(b"%e3%80%81"), *"\u{3001}".as_bytes());
        for broken in ["%", "%%", "%a", "%zz", "100%", "%g0"] {
            assert_eq!(*decode(broken.as_bytes()), *broken.as_bytes());
        }
        assert_eq!(*decode(b"%%41"), *b"%A");
    }

    #[test]
    fn path_keeps_what_a_path_may_hold() {
        let encoded = encode_path_segment("my-app@apps.example.org:1/2 %é");
        assert_eq!(encoded, "my-app@apps.example.org:1%2F2%20%25%C3%A9");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(bytes in any::<Vec<u8>>()) {
            let once = text_of(&bytes);
            prop_assert_eq!(&*decode(once.as_bytes()), &bytes[..]);
            prop_assert_eq!(&*decode_form(once.as_bytes()), &bytes[..]);
            let mut twice = Vec::new();
            push_encoded_twice(&mut twice, &bytes);
            prop_assert_eq!(into_text(twice), text_of(once.as_bytes()));
        }

        #[test]
        fn rank_sorts_like_the_encoded_form(left in any::<Vec<u8>>(), right in any::<Vec<u8>>()) {
            let rank = |bytes: &[u8]| bytes.iter().map(|byte| ENCODED_RANK[usize::from(*byte)]).collect::<Vec<_>>();
            prop_assert_eq!(rank(&left).cmp(&rank(&right)), text_of(&left).cmp(&text_of(&right)));
        }
    }
}
