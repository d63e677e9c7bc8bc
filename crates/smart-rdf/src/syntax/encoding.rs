//! From the bytes of an XML document to its text ([XML 1.0,
//! 4.3.3](https://www.w3.org/TR/xml/#charencoding)).

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::{ParseError, Position};
use crate::limits::Limits;
use crate::syntax::intake::{check_bytes, decode};
use crate::syntax::xml::declaration;

/// How far into a document its declaration is looked for.
const DECLARATION: usize = 256;

/// The text of a document, without a byte order mark, if it is short enough and in the encoding
/// that it is said to be in.
///
/// A byte order mark counts most, then what the transport says, then what the document declares
/// ([RFC 7303, 3](https://www.rfc-editor.org/rfc/rfc7303#section-3)); without any of them it is
/// UTF-8. A declaration that names another encoding than the one in use is refused unless the
/// transport overrules it.
pub(super) fn decode_xml<'d>(
    document: &'d [u8],
    charset: Option<&str>,
    limits: &Limits,
) -> Result<Cow<'d, str>, ParseError> {
    check_bytes(document, limits)?;
    let mark = Encoding::for_bom(document);
    let stated = charset.map(Charset::of).transpose()?;
    let charset = match (mark, stated) {
        (Some((encoding, _)), _) => Charset::Known(encoding),
        (None, Some(Charset::Utf16)) => return Err(ParseError::MissingByteOrderMark),
        (None, Some(charset)) => charset,
        (None, None) => match sniffed(document) {
            Some(encoding) => Charset::Known(encoding),
            None => declared_in(document)?.unwrap_or(Charset::Known(UTF_8)),
        },
    };
    let (_, marked) = document.split_at(mark.map_or(0, |(_, length)| length));
    let text = charset.decode(marked, limits)?;
    if stated.is_none()
        && let Ok(Some(declared)) = declaration(&text)
        && let Some(name) = declared.encoding
    {
        let declared = Charset::of(name)?;
        if matches!(declared, Charset::Utf16) && mark.is_none() {
            return Err(ParseError::MissingByteOrderMark);
        }
        if declared.is_in_use(charset) {
            return Ok(text);
        }
        return Err(ParseError::EncodingMismatch {
            declared: name.to_owned(),
            found: charset.name(),
        });
    }
    Ok(text)
}

/// An encoding by the name that XML knows it by. Browsers know some of them by the same name and
/// read another one.
#[derive(Clone, Copy)]
enum Charset {
    Ascii,
    Known(&'static Encoding),
    /// Each byte is the character of its number; what browsers read in its place has other
    /// characters from 0x80 to 0x9F.
    Latin1,
    /// In the byte order that its mark tells.
    Utf16,
}

impl Charset {
    fn of(label: &str) -> Result<Self, ParseError> {
        let label = label.trim_matches(['"', '\'', ' ', '\t']);
        let unknown = || ParseError::UnknownEncoding {
            name: label.chars().take(40).collect(),
        };
        match label.to_ascii_lowercase().as_str() {
            "ascii" | "us-ascii" | "iso646-us" | "ansi_x3.4-1968" => return Ok(Self::Ascii),
            "iso-8859-1" | "iso_8859-1" | "iso8859-1" | "latin1" | "latin-1" | "l1" | "cp819"
            | "ibm819" => return Ok(Self::Latin1),
            "utf-16" => return Ok(Self::Utf16),
            _ => {}
        }
        let encoding = Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(unknown)?;
        let is_renamed = encoding == WINDOWS_1252 && !label.to_ascii_lowercase().contains("1252");
        if is_renamed || encoding == encoding_rs::X_USER_DEFINED {
            return Err(unknown());
        }
        Ok(Self::Known(encoding))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ascii => "US-ASCII",
            Self::Known(encoding) => encoding.name(),
            Self::Latin1 => "ISO-8859-1",
            Self::Utf16 => "UTF-16",
        }
    }

    /// Whether a document that declares this is rightly read in the other.
    fn is_in_use(self, other: Self) -> bool {
        match (self, other) {
            (Self::Utf16, Self::Known(encoding)) => encoding == UTF_16LE || encoding == UTF_16BE,
            (Self::Known(declared), Self::Known(encoding)) => declared == encoding,
            // Every text in ASCII is one in UTF-8.
            (Self::Ascii, Self::Known(encoding)) => encoding == UTF_8,
            (declared, other) => declared.name() == other.name(),
        }
    }

    fn decode<'d>(self, bytes: &'d [u8], limits: &Limits) -> Result<Cow<'d, str>, ParseError> {
        match self {
            Self::Ascii => match bytes.iter().position(|byte| !byte.is_ascii()) {
                Some(at) => {
                    let (before, _) = bytes.split_at(at);
                    let before = encoding_rs::mem::decode_latin1(before);
                    Err(self.malformed(&before))
                }
                None => decode(bytes, limits).map(Cow::Borrowed),
            },
            Self::Known(encoding) if encoding == UTF_8 => decode(bytes, limits).map(Cow::Borrowed),
            Self::Known(encoding) => self.decode_with(encoding, bytes),
            Self::Latin1 => Ok(encoding_rs::mem::decode_latin1(bytes)),
            Self::Utf16 => Err(ParseError::MissingByteOrderMark),
        }
    }

    fn decode_with<'d>(
        self,
        encoding: &'static Encoding,
        bytes: &[u8],
    ) -> Result<Cow<'d, str>, ParseError> {
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let length = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        let mut text = String::with_capacity(length.unwrap_or(bytes.len()));
        match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
            (DecoderResult::InputEmpty, _) => Ok(Cow::Owned(text)),
            (DecoderResult::Malformed(..) | DecoderResult::OutputFull, _) => {
                Err(self.malformed(&text))
            }
        }
    }

    fn malformed(self, before: &str) -> ParseError {
        ParseError::Encoding {
            encoding: self.name(),
            position: Position::of(before, before.len()),
        }
    }
}

/// UTF-16 without its mark, by the first sign of a document
/// ([XML 1.0, F.1](https://www.w3.org/TR/xml/#sec-guessing-no-ext-info)).
fn sniffed(document: &[u8]) -> Option<&'static Encoding> {
    match document {
        [b'<', 0, ..] => Some(UTF_16LE),
        [0, b'<', ..] => Some(UTF_16BE),
        _ => None,
    }
}

fn declared_in(document: &[u8]) -> Result<Option<Charset>, ParseError> {
    let (start, _) = document.split_at(document.len().min(DECLARATION));
    let start = encoding_rs::mem::decode_latin1(start);
    // A malformed declaration is told by the reader, with its place.
    let Ok(Some(declared)) = declaration(&start) else {
        return Ok(None);
    };
    match declared.encoding.map(Charset::of).transpose()? {
        // It is written in bytes, one for each letter.
        Some(Charset::Utf16) => Err(mismatch("UTF-16")),
        Some(Charset::Known(encoding)) if encoding == UTF_16LE || encoding == UTF_16BE => {
            Err(mismatch(encoding.name()))
        }
        declared => Ok(declared),
    }
}

fn mismatch(declared: &str) -> ParseError {
    ParseError::EncodingMismatch {
        declared: declared.to_owned(),
        found: UTF_8.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    /// A document that declares `declared` and holds a sign beyond ASCII, written by `encode`; what
    /// is read, or the error.
    #[track_caller]
    fn check(
        declared: &str,
        encode: impl Fn(&str) -> Vec<u8>,
        charset: Option<&str>,
        expected: &str,
    ) {
        let declaration = match declared {
            "" => String::new(),
            name => format!("<?xml version='1.0' encoding='{name}'?>"),
        };
        let bytes = encode(&format!("{declaration}<é/>"));
        let read = match decode_xml(&bytes, charset, &Limits::default()) {
            Ok(text) => text.trim_start_matches(&declaration).to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(read, expected, "{declared} {charset:?}");
    }

    fn utf8(text: &str) -> Vec<u8> {
        text.as_bytes().to_vec()
    }

    fn latin1(text: &str) -> Vec<u8> {
        encoding_rs::mem::encode_latin1_lossy(text).into_owned()
    }

    fn marked_le(text: &str) -> Vec<u8> {
        utf16(&format!("\u{feff}{text}"), u16::to_le_bytes)
    }

    fn marked_be(text: &str) -> Vec<u8> {
        utf16(&format!("\u{feff}{text}"), u16::to_be_bytes)
    }

    fn bare_le(text: &str) -> Vec<u8> {
        utf16(text, u16::to_le_bytes)
    }

    fn marked_utf8(text: &str) -> Vec<u8> {
        format!("\u{feff}{text}").into_bytes()
    }

    #[test]
    fn a_document_is_read_in_the_encoding_that_it_is_in() {
        check("", utf8, None, "<é/>");
        check("UTF-8", utf8, None, "<é/>");
        check("utf-8", marked_utf8, None, "<é/>");
        check("ISO-8859-1", latin1, None, "<é/>");
        check("windows-1252", latin1, None, "<é/>");
        check("UTF-16", marked_le, None, "<é/>");
        check("UTF-16", marked_be, None, "<é/>");
        check("", marked_be, None, "<é/>");
        check("UTF-16LE", bare_le, None, "<é/>");
        check("UTF-16LE", marked_le, None, "<é/>");
    }

    #[test]
    fn what_the_transport_says_counts_more_than_the_declaration() {
        check("", latin1, Some("iso-8859-1"), "<é/>");
        check("UTF-8", latin1, Some("\"ISO-8859-1\""), "<é/>");
        check("ISO-8859-1", utf8, Some("UTF-8"), "<é/>");
        check("", bare_le, Some("utf-16le"), "<é/>");
        // And a byte order mark more than both.
        check("UTF-8", marked_utf8, Some("iso-8859-1"), "<é/>");
    }

    #[test]
    fn a_declaration_that_is_wrong_is_refused() {
        for (declared, encode) in [
            ("ISO-8859-1", marked_utf8 as fn(&str) -> Vec<u8>),
            ("UTF-8", marked_le),
            ("UTF-16BE", marked_le),
        ] {
            let bytes = encode(&format!("<?xml version='1.0' encoding='{declared}'?><a/>"));
            let refused = decode_xml(&bytes, None, &Limits::default());
            assert!(
                matches!(&refused, Err(ParseError::EncodingMismatch { declared: name, .. }) if name == declared),
                "{declared}: {refused:?}"
            );
        }
        let expected = "the document is said to be in UTF-16, but has no byte order mark; add it, or name the byte order";
        check("UTF-16", bare_le, None, expected);
        check("", bare_le, Some("utf-16"), expected);
        check(
            "UTF-16",
            utf8,
            None,
            "the document declares the encoding UTF-16, but is in UTF-8; correct the declaration",
        );
    }

    #[test]
    fn bytes_that_an_encoding_does_not_have_are_refused() {
        let start = "<?xml version='1.0' encoding='us-ascii'?>".len();
        check(
            "us-ascii",
            utf8,
            None,
            &format!(
                "the document is not US-ASCII (line 1, column {})",
                start + 2
            ),
        );
        check(
            "",
            latin1,
            None,
            "the document is not UTF-8 (line 1, column 2)",
        );
        for name in [
            "EBCDIC-US",
            "UTF-7",
            "UTF-32",
            "hz-gb-2312",
            "x-user-defined",
        ] {
            check(
                name,
                utf8,
                None,
                &format!("the encoding `{name}` is not known here; convert the document to UTF-8"),
            );
        }
        // Half a surrogate pair.
        let half = [0xff, 0xfe, b'<', 0, 0x00, 0xd8];
        assert!(decode_xml(&half, None, &Limits::default()).is_err());
    }

    #[test]
    fn latin1_is_not_what_browsers_take_for_it() {
        let read = |name: &str| {
            let mut bytes = format!("<?xml version='1.0' encoding='{name}'?>").into_bytes();
            bytes.push(0x80);
            let text = decode_xml(&bytes, None, &Limits::default()).unwrap();
            text.chars().last()
        };
        assert_eq!(read("ISO-8859-1"), Some('\u{80}'));
        assert_eq!(read("windows-1252"), Some('€'));
    }
}
