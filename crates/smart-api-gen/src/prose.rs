//! Prose of the ontology as documentation.

/// A line of documentation comment is no wider than this, its indentation included.
const WIDTH: usize = 100;

/// The paragraphs that document a call: a summary, then what the description adds to it.
pub(crate) fn of_call(name: &str, comment: Option<&str>, description: Option<&str>) -> Vec<String> {
    let summary = comment.into_iter().flat_map(paragraphs);
    let mut description: Vec<String> = description.into_iter().flat_map(paragraphs).collect();
    let mut prose: Vec<String> = summary.collect();
    if let (Some(summary), Some(first)) = (prose.first(), description.first_mut()) {
        // The summary is often the first sentence of the description.
        if let Some(rest) = first.strip_prefix(summary.as_str()) {
            *first = rest.trim_start().to_owned();
        }
    }
    prose.extend(
        description
            .into_iter()
            .filter(|paragraph| !paragraph.is_empty()),
    );
    if prose.is_empty() {
        prose.push(format!(
            "The call `{name}`, of which the ontology says nothing more."
        ));
    }
    prose
}

/// The paragraphs that document a class.
pub(crate) fn of_class(
    name: &str,
    comment: Option<&str>,
    description: Option<&str>,
) -> Vec<String> {
    let mut prose: Vec<String> = comment.into_iter().flat_map(paragraphs).collect();
    prose.extend(description.into_iter().flat_map(paragraphs));
    if prose.is_empty() {
        prose.push(format!(
            "`{name}`, of which the ontology says nothing more."
        ));
    }
    prose
}

/// The one paragraph that documents a field.
pub(crate) fn of_field(comment: &str) -> Option<String> {
    let text = paragraphs(comment).join(" ");
    (!text.is_empty()).then_some(text)
}

/// Text as paragraphs of Markdown that says what the text says: an empty line ends a paragraph,
/// other blanks are spaces. A line that begins as an item of a list does begins one.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<(&str, String)> = vec![("", String::new())];
    for line in text.lines().map(str::trim) {
        let (mark, rest) = item(line);
        match paragraphs.last_mut() {
            Some((_, paragraph)) if mark.is_empty() && !line.is_empty() => {
                paragraph.push(' ');
                paragraph.push_str(rest);
            }
            _ => paragraphs.push((mark, rest.to_owned())),
        }
    }
    paragraphs
        .into_iter()
        .map(|(mark, text)| (mark, markdown(&text)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(mark, text)| mark.to_owned() + &with_full_stop(text))
        .collect()
}

/// The mark of a list item and what follows it.
fn item(line: &str) -> (&str, &str) {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let is_numbered = (1..3).contains(&digits) && line[digits..].starts_with(". ");
    let length = match line {
        _ if line.starts_with("* ") => 2,
        _ if is_numbered => digits + 2,
        _ => 0,
    };
    line.split_at(length)
}

/// Escapes what Markdown would take for a link, a tag or emphasis; what stands between backticks
/// stays as it is. Other control characters than blanks, and the marks that turn the direction of
/// text around, are dropped.
fn markdown(text: &str) -> String {
    let is_odd = |c: &char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text: String = text
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| !is_odd(c))
        .collect();
    let is_balanced = text.matches('`').count().is_multiple_of(2);
    let mut in_code = false;
    let words = text.split_whitespace().map(|word| {
        let mut escaped = String::with_capacity(word.len());
        if !in_code && (word.starts_with("http://") || word.starts_with("https://")) {
            return link(word);
        }
        for character in word.chars() {
            if character == '`' && is_balanced {
                in_code = !in_code;
            } else if !in_code
                && matches!(character, '<' | '>' | '[' | ']' | '*' | '_' | '\\' | '`')
            {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        escaped
    });
    words.collect::<Vec<_>>().join(" ")
}

/// An address, set apart from the punctuation after it.
fn link(word: &str) -> String {
    let address = word.trim_end_matches(['.', ',', ';', ':', ')']);
    let after = word.get(address.len()..).unwrap_or_default();
    let is_plain = address
        .chars()
        .all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '`' | '\\'));
    if is_plain {
        format!("<{address}>{after}")
    } else {
        format!("`{}`", word.replace('`', "'"))
    }
}

fn with_full_stop(mut paragraph: String) -> String {
    if paragraph.ends_with(|c: char| c.is_alphanumeric()) {
        paragraph.push('.');
    }
    paragraph
}

/// Paragraphs as a documentation comment, each line with this indentation.
pub(crate) fn comment<P: AsRef<str>>(paragraphs: &[P], indentation: usize) -> String {
    let margin = " ".repeat(indentation);
    let mut comment = String::new();
    let mut was_item = false;
    for (place, paragraph) in paragraphs.iter().enumerate() {
        let (mark, text) = item(paragraph.as_ref());
        let is_item = !mark.is_empty();
        // The items of a list follow each other closely.
        if place > 0 && !(was_item && is_item) {
            comment.push_str(&format!("{margin}///\n"));
        }
        was_item = is_item;
        let width = WIDTH - indentation - "/// ".len() - mark.len();
        for (number, line) in wrap(text, width).into_iter().enumerate() {
            let before = if number == 0 {
                mark.to_owned()
            } else {
                " ".repeat(mark.len())
            };
            comment.push_str(&format!("{margin}/// {before}{line}\n"));
        }
    }
    comment
}

/// Lines of at most this many characters, where words allow. No line begins with what Markdown
/// would take for a list or a heading.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line)
                if line.chars().count() + 1 + word.chars().count() <= width
                    || begins_a_block(word) =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn begins_a_block(word: &str) -> bool {
    let numbered = word.trim_end_matches(['.', ')']);
    let is_numbered = numbered.len() < word.len()
        && !numbered.is_empty()
        && numbered.chars().all(|c| c.is_ascii_digit());
    is_numbered
        || matches!(word, "-" | "+")
        || word.starts_with('#')
        || word.starts_with("---")
        || word.starts_with("===")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_not_said_twice() {
        let check = |comment, description, expected: &[&str]| {
            assert_eq!(of_call("x", comment, description), expected);
        };
        check(
            Some("Reads one."),
            Some("Reads one. None is fine."),
            &["Reads one.", "None is fine."],
        );
        check(Some("Reads one."), Some("Reads one."), &["Reads one."]);
        check(
            Some("Reads one"),
            Some("Of a\nlist.\n\nOr two."),
            &["Reads one.", "Of a list.", "Or two."],
        );
        check(None, Some("Of a list."), &["Of a list."]);
        check(
            None,
            Some(" \n\t "),
            &["The call `x`, of which the ontology says nothing more."],
        );
    }

    #[test]
    fn markdown_says_what_the_text_says() {
        let check = |text, expected| assert_eq!(markdown(text), expected);
        check(
            "a {descriptor} like \"got-statins",
            "a {descriptor} like \"got-statins",
        );
        check(
            "Vec<T> and [a] and *b* or snake_case",
            r"Vec\<T\> and \[a\] and \*b\* or snake\_case",
        );
        check(
            "set `format=<raw>` or `a b_c`",
            "set `format=<raw>` or `a b_c`",
        );
        check("an odd ` tick", r"an odd \` tick");
        check("see http://localhost/a_b.", "see <http://localhost/a_b>.");
        check("see http://localhost/<a>`", "see `http://localhost/<a>'`");
        check("a\u{202e}b\u{0}c\td", "abc d");
    }

    #[test]
    fn lists_stay_lists() {
        let text = "One of:\n\n* `a_b`, which\n  is *it*\n* c\n\n1. first\n2. second\nand more";
        let paragraphs = paragraphs(text);
        let expected = [
            "One of:",
            r"* `a_b`, which is \*it\*",
            "* c.",
            "1. first.",
            "2. second and more.",
        ];
        assert_eq!(paragraphs, expected);
        let comment = comment(&paragraphs[..3], 0);
        assert_eq!(
            comment,
            "/// One of:\n///\n/// * `a_b`, which is \\*it\\*\n/// * c.\n"
        );
    }

    #[test]
    fn lines_are_wrapped_inside_their_margin() {
        let text = "word ".repeat(40);
        let comment = comment(&[text.as_str(), "Next."], 4);
        assert!(
            comment
                .lines()
                .all(|line| line.starts_with("    ///") && line.len() <= WIDTH),
            "{comment}"
        );
        assert_eq!(comment.lines().count(), 5, "{comment}");
        assert_eq!(wrap("aaaa 1. bbbb # cc", 4), ["aaaa 1.", "bbbb #", "cc"]);
        assert_eq!(wrap("unbreakable-word b", 4), ["unbreakable-word", "b"]);
    }
}
