//! Foreign text for people: what a terminal would obey, or not show at all, is written out.

use std::borrow::Cow;

/// The text with its control and format characters escaped as in JSON, such as `\u001b`.
///
/// A server, a file or a patient's name may contain characters that move a terminal's cursor, that
/// reverse the direction of the text after them, or that have no width. All foreign text passes
/// through here before a person reads it. Escaped are the C0 and C1 controls, DEL, and the [format
/// characters](https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters) for
/// direction, joining and invisible operators, with line breaks and tabs. Since JSON contains these
/// characters in strings only, a JSON document keeps its meaning.
///
/// ```
/// assert_eq!(smart_rdf::visible("Ada\u{1b}[2J"), r"Ada\u001b[2J");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden)
}

/// The same for text of several lines: line feeds and tabs stay as they are.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| {
        is_hidden(character) && !matches!(character, '\n' | '\t')
    })
}

fn escaped(text: &str, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal acts on the character instead of showing it.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(visible(text), expected);
        assert_eq!(visible(expected), expected, "it is the same a second time");
    }

    #[test]
    fn control_and_format_characters_are_escaped() {
        check("plain naïve 文字 text", "plain naïve 文字 text");
        check(
            "\u{1b}]0;title\u{7}\r\n",
            r"\u001b]0;title\u0007\u000d\u000a",
        );
        check("a\u{7f}b\u{9b}c", r"a\u007fb\u009bc");
        check(
            "\u{202e}gnp.exe\u{2066}\u{200b}\u{feff}",
            r"\u202egnp.exe\u2066\u200b\ufeff",
        );
        check("tag\u{e0041}", r"tag\udb40\udc41");
    }

    #[test]
    fn lines_stay_lines_where_lines_are_meant() {
        assert_eq!(visible_lines("a\n\tb\r\u{1b}"), "a\n\tb\\u000d\\u001b");
    }

    #[test]
    fn what_needs_no_escape_is_not_copied() {
        assert!(matches!(visible("as it is"), Cow::Borrowed(_)));
    }
}
