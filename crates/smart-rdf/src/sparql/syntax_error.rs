use std::ops::Range;

use spargebra::SparqlParser;

use crate::error::Position;
use crate::sparql::error::QueryError;

/// Finds the place of the error in a query that the parser refused.
///
/// The parser names the furthest place that any of its rules came to. That is not where the error
/// is: to try a keyword it takes as many characters as the keyword has, and only then compares
/// them. But it tells one thing reliably: whether it came to the end. So the error is at the first
/// word with which the text, cut off behind it, is no longer the beginning of a query. It is found
/// in a few parses.
pub(crate) fn syntax_error(text: &str, parser: &SparqlParser) -> QueryError {
    let words = words(text);
    let is_beginning = |end: usize| match parse_cut(text, end, parser) {
        Ok(()) => true,
        Err(refusal) => refusal.at_end,
    };
    let good = words.partition_point(|word| is_beginning(word.end));
    let (found, offset) = match words.get(good) {
        Some(word) => (quote(&text[word.clone()]), word.start),
        None => ("the end of the query".to_owned(), text.len()),
    };
    let before = good.checked_sub(1).map_or(0, |last| words[last].end);
    let whole = parse_cut(text, text.len(), parser).err();
    let with_word = words
        .get(good)
        .and_then(|word| parse_cut(text, word.end, parser).err());
    let message = [with_word, whole]
        .iter()
        .flatten()
        .find_map(|refusal| refusal.complaint())
        .or_else(|| Some(parse_cut(text, before, parser).err()?.expectation()))
        .unwrap_or_else(|| "not expected here".to_owned());
    QueryError::Syntax {
        position: Position::of(text, offset),
        found,
        message,
    }
}

/// The text with `TRUE` and `FALSE` in lower case, if there are any: the parser underneath knows
/// no other ([SPARQL 1.1, 19.8](https://www.w3.org/TR/sparql11-query/#sparqlGrammar)).
pub(crate) fn with_lower_booleans(text: &str) -> Option<String> {
    let mut lower = text.to_owned();
    for word in words(text) {
        let found = &text[word.clone()];
        if ["true", "false"]
            .iter()
            .any(|name| found.eq_ignore_ascii_case(name))
        {
            lower.replace_range(word, &found.to_ascii_lowercase());
        }
    }
    (lower != text).then_some(lower)
}

/// What the parser says about a text: `error at LINE:COLUMN: expected one of …`.
struct Refusal {
    at_end: bool,
    expected: String,
}

/// Longer than any keyword, so that none reaches from a word to the end.
const PADDING: usize = 64;

fn parse_cut(text: &str, end: usize, parser: &SparqlParser) -> Result<(), Refusal> {
    // The line end closes a comment.
    let cut = format!("{}\n{}", &text[..end], " ".repeat(PADDING));
    parser
        .clone()
        .parse_query(&cut)
        .map(|_| ())
        .map_err(|error| {
            let error = error.to_string();
            let (place, expected) = error
                .strip_prefix("error at ")
                .and_then(|rest| rest.split_once(": "))
                .unwrap_or(("", &error));
            let last_line = cut.matches('\n').count() + 1;
            Refusal {
                at_end: place == format!("{last_line}:{}", PADDING + 1),
                expected: expected
                    .strip_prefix("expected ")
                    .unwrap_or(expected)
                    .to_owned(),
            }
        })
}

impl Refusal {
    fn alternatives(&self) -> impl Iterator<Item = &str> {
        let list = &self.expected;
        list.strip_prefix("one of ").unwrap_or(list).split(", ")
    }

    /// What rules that are not about single characters or words complain of, as a prefix that is
    /// not declared.
    fn complaint(&self) -> Option<String> {
        self.alternatives()
            .find(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.contains(' '))
            .map(lower_first)
    }

    fn expectation(&self) -> String {
        let mut signs: Vec<&str> = self
            .alternatives()
            .filter(|name| name.starts_with('"'))
            .collect();
        // Words are tried as any characters.
        if self.alternatives().any(|name| name == "[_]") {
            signs.push("a keyword");
        }
        match &signs[..] {
            [] => "not expected here".to_owned(),
            [sign] => format!("expected {sign}"),
            _ => format!("expected one of {}", signs.join(" ")),
        }
    }
}

/// Where the words of a query stand: names, strings, IRIs, and signs one by one. Comments are left
/// out.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let end = at + word_length(&text[at..], c);
        if !c.is_whitespace() && c != '#' {
            words.push(at..end);
        }
        at = end;
    }
    words
}

fn word_length(rest: &str, first: char) -> usize {
    let until = |end: Option<usize>| end.unwrap_or(rest.len());
    match first {
        '#' => until(rest.find(['\n', '\r'])),
        '"' | '\'' => crate::guard::end_of_string(rest.as_bytes(), 0),
        '<' => match rest.find(|c: char| c.is_whitespace() || c == '>') {
            Some(end) if rest[end..].starts_with('>') => end + 1,
            _ => 1,
        },
        c if is_name(c) => until(rest.find(|c| !is_name(c) && c != '.')),
        c => c.len_utf8(),
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '?' | '$' | '@' | '-' | '%')
}

/// Messages begin in lower case, abbreviations aside.
fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    match characters.next() {
        Some(first) if characters.as_str().starts_with(|c: char| !c.is_uppercase()) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => message.to_owned(),
    }
}

fn quote(word: &str) -> String {
    const SHOWN: usize = 32;
    let shown: String = word.chars().take(SHOWN).collect();
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_words(text: &str, expected: &[&str]) {
        let found: Vec<&str> = words(text).into_iter().map(|word| &text[word]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn words_are_what_the_grammar_can_end_at() {
        check_words(
            "SELECT*{?s a:b.c-d 'x y' .}#z",
            &["SELECT", "*", "{", "?s", "a:b.c-d", "'x y'", ".", "}"],
        );
        check_words(
            "<http://example.org/#a> < 1 <2 'open",
            &["<http://example.org/#a>", "<", "1", "<", "2", "'open"],
        );
        check_words(
            "\"\"\"a\n\"b\"\"\"@en ü\u{3000}",
            &["\"\"\"a\n\"b\"\"\"", "@en", "ü"],
        );
    }
}
