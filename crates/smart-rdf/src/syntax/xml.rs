//! What XML says about characters and names, for those who read it and those who write it.

use std::borrow::Cow;

/// [XML namespaces 1.0, 3](https://www.w3.org/TR/xml-names/#NT-NCName).
pub(super) fn is_nc_name(name: &str) -> bool {
    name.starts_with(is_nc_name_start) && name.chars().all(is_nc_name_char)
}

/// [XML namespaces 1.0, 3](https://www.w3.org/TR/xml-names/#NT-NCName).
pub(super) fn is_nc_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// [XML namespaces 1.0, 3](https://www.w3.org/TR/xml-names/#NT-NCName).
pub(super) fn is_nc_name_char(c: char) -> bool {
    is_nc_name_start(c)
        || matches!(c,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// [XML 1.0, 2.2](https://www.w3.org/TR/xml/#NT-Char).
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Where the first character stands that XML does not allow, if there is one.
pub(super) fn forbidden_char(text: &str) -> Option<usize> {
    let is_forbidden = |b: &u8| *b < b' ' && !matches!(*b, b'\t' | b'\n' | b'\r');
    // Without a way out in the loop the compiler makes one of wide instructions.
    let any = text
        .as_bytes()
        .iter()
        .fold(false, |any, b| any | is_forbidden(b));
    let last_of_plane = memchr::memmem::find(text.as_bytes(), b"\xEF\xBF").is_some();
    if !any && !last_of_plane {
        return None;
    }
    text.char_indices()
        .find(|(_, c)| !is_xml_char(*c))
        .map(|(offset, _)| offset)
}

pub(super) fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Text as it is meant: references resolved, line ends as line feeds ([XML 1.0,
/// 2.11](https://www.w3.org/TR/xml/#sec-line-ends)).
///
/// The error is where in the text it is wrong.
pub(super) fn resolve_text(text: &str) -> Result<Cow<'_, str>, Malformed> {
    if memchr::memchr3(b'&', b'\r', b']', text.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(text));
    }
    if let Some(at) = memchr::memmem::find(text.as_bytes(), b"]]>") {
        return Err(Malformed {
            at,
            message: "`]]&gt;` instead of `]]>` in text",
        });
    }
    resolve(text, false)
}

/// The value of an attribute: as text, and each white space a blank ([XML 1.0,
/// 3.3.3](https://www.w3.org/TR/xml/#AVNormalize)).
pub(super) fn resolve_value(value: &str) -> Result<Cow<'_, str>, Malformed> {
    let special = |b: u8| matches!(b, b'&' | b'\t' | b'\n' | b'\r');
    if !value.bytes().any(special) {
        return Ok(Cow::Borrowed(value));
    }
    resolve(value, true)
}

/// Line ends as line feeds, nothing else.
pub(super) fn normalize_lines(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// What an XML declaration says.
pub(super) struct Declaration<'t> {
    pub(super) encoding: Option<&'t str>,
}

/// The XML declaration at the beginning of a text, if there is one
/// ([XML 1.0, 2.8](https://www.w3.org/TR/xml/#NT-XMLDecl)).
///
/// The error is where in the text it is wrong. Other readers guess what a malformed one means, and
/// not all guess the same.
pub(super) fn declaration(text: &str) -> Result<Option<Declaration<'_>>, Malformed> {
    let is_declaration = text
        .strip_prefix("<?xml")
        .is_some_and(|rest| !rest.starts_with(|c| is_nc_name_char(c) || c == ':'));
    if !is_declaration {
        return Ok(None);
    }
    let mut at = "<?xml".len();
    let expected = |at, message| Malformed { at, message };
    let version = pseudo_attribute(text, &mut at, "version")?;
    let is_version = version.is_some_and(|version| {
        version.strip_prefix("1.").is_some_and(|minor| {
            !minor.is_empty() && minor.bytes().all(|digit| digit.is_ascii_digit())
        })
    });
    if !is_version {
        return Err(expected(at, "`version=\"1.0\"` in the XML declaration"));
    }
    let encoding = pseudo_attribute(text, &mut at, "encoding")?;
    let is_encoding = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    if !encoding.is_none_or(is_encoding) {
        return Err(expected(
            at,
            "the name of an encoding in the XML declaration",
        ));
    }
    let standalone = pseudo_attribute(text, &mut at, "standalone")?;
    if !standalone.is_none_or(|answer| matches!(answer, "yes" | "no")) {
        return Err(expected(at, "`yes` or `no` as `standalone`"));
    }
    let rest = text[at..].trim_start_matches(SPACE);
    if !rest.starts_with("?>") {
        return Err(expected(
            at,
            "`version`, `encoding` and `standalone` in this order, in quotes, and `?>` in the XML declaration",
        ));
    }
    Ok(Some(Declaration { encoding }))
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The value of an attribute of the declaration, if it is the next one.
fn pseudo_attribute<'t>(
    text: &'t str,
    at: &mut usize,
    name: &str,
) -> Result<Option<&'t str>, Malformed> {
    let rest = &text[*at..];
    let Some(rest) = rest
        .starts_with(SPACE)
        .then(|| rest.trim_start_matches(SPACE))
        .and_then(|rest| rest.strip_prefix(name))
    else {
        return Ok(None);
    };
    let malformed = |rest: &str| Malformed {
        at: text.len() - rest.len(),
        message: "a value in quotes in the XML declaration",
    };
    let rest = rest.trim_start_matches(SPACE);
    let rest = rest.strip_prefix('=').ok_or_else(|| malformed(rest))?;
    let rest = rest.trim_start_matches(SPACE);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let quote = quote.ok_or_else(|| malformed(rest))?;
    // A quote that is left open ends at the end of the declaration at the latest.
    let most = rest.find("?>").unwrap_or(rest.len());
    let value = rest[1..most].find(quote).map(|end| &rest[1..=end]);
    let value = value.ok_or_else(|| malformed(rest))?;
    *at = text.len() - rest.len() + value.len() + 2;
    Ok(Some(value))
}

/// Writes text for elements. A carriage return must be written as a reference, because XML readers
/// turn it into a line feed ([XML 1.0, 2.11](https://www.w3.org/TR/xml/#sec-line-ends)).
pub(crate) fn escape_text(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\r' => text.push_str("&#13;"),
            other => text.push(other),
        }
    }
}

/// Writes the value of an attribute in double quotes, where readers turn all white space into
/// blanks ([XML 1.0, 3.3.3](https://www.w3.org/TR/xml/#AVNormalize)).
pub(crate) fn escape_value(text: &mut String, value: &str) {
    for piece in value.split_inclusive(['\t', '\n']) {
        match piece.strip_suffix(['\t', '\n']) {
            Some(before) => {
                escape_text(text, before);
                text.push_str(if piece.ends_with('\t') {
                    "&#9;"
                } else {
                    "&#10;"
                });
            }
            None => escape_text(text, piece),
        }
    }
}

/// The first character that XML 1.0 has no way to write, not even as a reference.
pub(crate) fn unwritable_char(text: &str) -> Option<char> {
    text.chars().find(|c| !is_xml_char(*c))
}

pub(super) struct Malformed {
    pub(super) at: usize,
    /// What is expected there.
    pub(super) message: &'static str,
}

fn resolve(text: &str, is_value: bool) -> Result<Cow<'_, str>, Malformed> {
    let mut plain = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text.as_bytes()[at..]
        .iter()
        .position(|b| matches!(b, b'&' | b'\r') || is_value && matches!(b, b'\t' | b'\n'))
    {
        let special = at + found;
        plain.push_str(&text[at..special]);
        at = special + 1;
        match text.as_bytes()[special] {
            b'&' => {
                let (character, length) =
                    reference(&text[special..]).ok_or(Malformed {
                        at: special,
                        message: "`&amp;`, or one of the references `&lt;`, `&gt;`, `&quot;`, `&apos;`, `&#…;`",
                    })?;
                plain.push(character);
                at = special + length;
            }
            b'\r' => {
                if text.as_bytes().get(at) == Some(&b'\n') {
                    at += 1;
                }
                plain.push(if is_value { ' ' } else { '\n' });
            }
            _ => plain.push(' '),
        }
    }
    plain.push_str(&text[at..]);
    Ok(Cow::Owned(plain))
}

/// The character that a reference at the beginning of this text stands for, and how long the
/// reference is ([XML 1.0, 4.1](https://www.w3.org/TR/xml/#sec-references)).
fn reference(text: &str) -> Option<(char, usize)> {
    // Only near by: a search to the end for each `&` would be quadratic.
    const LONGEST: usize = 16;
    let near = &text.as_bytes()[..text.len().min(LONGEST)];
    let end = memchr::memchr(b';', near)?;
    let character = match &text[1..end] {
        "amp" => '&',
        "apos" => '\'',
        "gt" => '>',
        "lt" => '<',
        "quot" => '"',
        name => {
            let number = name.strip_prefix('#')?;
            let (digits, radix) = match number.strip_prefix('x') {
                Some(digits) => (digits, 16),
                None => (number, 10),
            };
            // `from_str_radix` takes a sign as well.
            if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|c| is_xml_char(*c))?
        }
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(resolved: Result<Cow<'_, str>, Malformed>, expected: Option<&str>) {
        assert_eq!(resolved.ok().as_deref(), expected);
    }

    #[test]
    fn references_stand_for_characters() {
        check(
            resolve_text("a&lt;&amp;&#65;&#x42;&quot;b"),
            Some("a<&AB\"b"),
        );
        for malformed in [
            "&", "&lt", "&nbsp;", "&#0;", "&#x1F;", "&#xD800;", "&#+65;", "&#;", "&;", "]]>",
        ] {
            check(resolve_text(malformed), None);
        }
        check(resolve_text("&#13;&#x10FFFF;"), Some("\r\u{10FFFF}"));
    }

    #[test]
    fn line_ends_are_line_feeds_in_text_and_blanks_in_values() {
        check(resolve_text("a\r\nb\rc\n"), Some("a\nb\nc\n"));
        check(resolve_value("a\r\nb\rc\n\t&#10;"), Some("a b c  \n"));
    }

    #[test]
    fn declarations_are_read_by_the_letter() {
        let read = |text| declaration(text).map(|found| found.map(|found| found.encoding));
        for (text, encoding) in [
            ("<?xml version='1.0'?><a/>", None),
            ("<?xml  version = \"1.1\"\n?>", None),
            ("<?xml version='1.0' encoding='UTF-8'?>", Some("UTF-8")),
            (
                "<?xml version='1.0' encoding=\"latin1\" standalone='yes' ?>",
                Some("latin1"),
            ),
            ("<?xml version='1.0' standalone='no'?>", None),
        ] {
            assert_eq!(read(text).ok().flatten(), Some(encoding), "{text}");
        }
        for text in ["<a/>", "<?xml-stylesheet href='a'?>", ""] {
            assert_eq!(read(text).ok(), Some(None), "{text}");
        }
        for text in [
            "<?xml version=\"1.0?><a/>",
            "<?xml version=\"1.0?><a b=\"\"/>",
            "<?xml?>",
            "<?xml ?>",
            "<?xml version=1.0?>",
            "<?xml version='2.0'?>",
            "<?xml version='1.'?>",
            "<?xml encoding='UTF-8'?>",
            "<?xml encoding='UTF-8' version='1.0'?>",
            "<?xml version='1.0'encoding='UTF-8'?>",
            "<?xml version='1.0' encoding='8-bit'?>",
            "<?xml version='1.0' standalone='maybe'?>",
            "<?xml version='1.0' more='1'?>",
            "<?xml version='1.0'",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn white_space_in_values_is_written_as_references() {
        let mut text = String::new();
        escape_value(&mut text, "a\tb\n\r\"<c");
        assert_eq!(text, "a&#9;b&#10;&#13;&quot;&lt;c");
    }

    #[test]
    fn control_characters_are_found() {
        assert_eq!(forbidden_char("a\tb\r\n\u{fffd}"), None);
        assert_eq!(forbidden_char("ab\u{1}"), Some(2));
        assert_eq!(forbidden_char("ü\u{ffff}"), Some(2));
    }
}
