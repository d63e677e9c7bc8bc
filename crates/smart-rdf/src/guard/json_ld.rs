use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::error::ParseError;
use crate::guard::markup::fault;

/// A JSON-LD document in which nothing is left that the parser underneath reads otherwise than the
/// specification says.
pub(crate) struct PlainJsonLd<'t> {
    pub(crate) text: Cow<'t, str>,
    /// Whether integers were rewritten; [`long_integer`] recognizes what becomes of them.
    pub(crate) has_long_integers: bool,
}

/// Rewrites what the parser underneath reads otherwise than the specification says, and refuses
/// what cannot be rewritten.
///
/// - Keys that mean nothing are dropped beside a `@graph` at the top, and so do not make a named
///   graph of it ([JSON-LD 1.1 API, 5.1.2 and
///   9.2](https://www.w3.org/TR/json-ld11-api/#expansion-algorithm)).
/// - Elsewhere their values become `null`: the parser drops the key, but reads the nodes below it.
/// - Lists and sets beside a container `@graph` make the parser panic.
/// - Integers of 21 digits are integers
///   ([JSON-LD 1.1 API, 8.2.2](https://www.w3.org/TR/json-ld11-api/#object-to-rdf-conversion)).
/// - Numbers beyond those of a double have no form inside of a JSON literal.
///
/// The document has passed [`check_json`](super::check_json). What is malformed is left to the
/// parser.
pub(crate) fn plain_json_ld(text: &str) -> Result<PlainJsonLd<'_>, ParseError> {
    let text = match without_dropped_values(text)? {
        Cow::Borrowed(text) => without_dropped_keys(text)?,
        Cow::Owned(text) => Cow::Owned(without_dropped_keys(&text)?.into_owned()),
    };
    let numbers = long_integers(&text)?;
    if numbers.is_empty() {
        return Ok(PlainJsonLd {
            text,
            has_long_integers: false,
        });
    }
    let mut marked = String::with_capacity(text.len() + numbers.len() * MARK.len());
    let mut copied = 0;
    for (range, digits) in numbers {
        marked.push_str(&text[copied..range.start]);
        marked.push_str(&digits);
        marked.push_str(MARK);
        copied = range.end;
    }
    marked.push_str(&text[copied..]);
    Ok(PlainJsonLd {
        text: Cow::Owned(marked),
        has_long_integers: true,
    })
}

/// An exponent that the parser underneath cannot read as a number, so that it keeps the text.
const MARK: &str = "e99999999999999999999";

/// The digits of an integer that was rewritten.
pub(crate) fn long_integer(value: &str) -> Option<&str> {
    value.strip_suffix(MARK)
}

// --- numbers

/// The integers from 10^20 to 10^21, where they stand and their digits.
fn long_integers(text: &str) -> Result<Vec<(Range<usize>, String)>, ParseError> {
    // An escape may hide a key.
    let mentions = |word: &str| text.contains(word) || text.contains("\\u");
    let mut numbers = Vec::new();
    let mut cursor = Cursor { text, at: 0 };
    while let Some(byte) = cursor.peek() {
        match byte {
            b'"' => {
                if cursor.string().is_none() {
                    break;
                }
            }
            b'-' | b'0'..=b'9' => {
                let range = cursor.number();
                let number = &text[range.clone()];
                let value: f64 = number.parse().unwrap_or(0.0);
                if value.is_infinite() && mentions("@json") {
                    let message = "a number that is too large for a JSON literal";
                    return Err(fault(text, range.start, message));
                }
                if !(0.99e20..=1.01e21).contains(&value.abs()) {
                    continue;
                }
                if let Some(digits) = digits_of(number) {
                    if mentions("double") || mentions("@json") || text.contains(MARK) {
                        let message = "an integer of 21 digits in a document that has doubles or JSON literals is not read here; \
                                       write it as a text with a datatype";
                        return Err(fault(text, range.start, message));
                    }
                    numbers.push((range, digits));
                }
            }
            _ => cursor.at += 1,
        }
    }
    Ok(numbers)
}

/// The digits of a number, however it is written, if it is an integer of 21 digits.
fn digits_of(number: &str) -> Option<String> {
    const LENGTH: usize = 21;
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", number),
    };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i64 = exponent.parse().ok()?;
    let digits = [whole, fraction].concat();
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    // How many of the digits stand before the point.
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let length = point.checked_sub(i64::try_from(zeros).ok()?)?;
    if length != i64::try_from(LENGTH).ok()? {
        return None;
    }
    let significant = digits[zeros..].trim_end_matches('0');
    let is_integer = significant.len() <= LENGTH;
    is_integer.then(|| format!("{sign}{significant:0<LENGTH$}"))
}

// --- values

/// The document with `null` in place of each object or array that a key without a meaning leads to,
/// where that is certain.
///
/// It is not certain below terms that have more to their definition than an IRI, and in documents
/// with contexts of terms.
fn without_dropped_values(text: &str) -> Result<Cow<'_, str>, ParseError> {
    let vocabulary = Vocabulary::of(text);
    if vocabulary.has_graph_container
        && let Some(at) = vocabulary.list_or_set
    {
        let message = "`@list` and `@set` are not read here in a document that has a container `@graph`; \
                       write an array in place of a set";
        return Err(fault(text, at, message));
    }
    if !vocabulary.is_certain {
        return Ok(Cow::Borrowed(text));
    }
    let mut plain = String::new();
    let mut copied = 0;
    let mut cursor = Cursor { text, at: 0 };
    while let Some((_, key)) = cursor.next_key() {
        let start = cursor.at;
        if vocabulary.drops(key) {
            if !matches!(cursor.peek(), Some(b'{' | b'[')) || cursor.skip_value().is_none() {
                continue;
            }
            plain.push_str(&text[copied..start]);
            plain.push_str("null");
            // Lines stay lines, so that later errors name the right one.
            let lines = text[start..cursor.at].matches('\n').count();
            plain.extend(std::iter::repeat_n('\n', lines));
            copied = cursor.at;
        } else if vocabulary.is_opaque(key) && cursor.skip_value().is_none() {
            break;
        }
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(text));
    }
    plain.push_str(&text[copied..]);
    Ok(Cow::Owned(plain))
}

/// What all contexts of a document say together, wherever they stand.
#[derive(Default)]
struct Vocabulary<'t> {
    /// With whether a definition has more to it than an IRI.
    terms: HashMap<&'t str, bool>,
    nulls: HashSet<&'t str>,
    has_vocabulary: bool,
    has_graph_container: bool,
    /// Where the first object with `@list` or `@set` may be.
    list_or_set: Option<usize>,
    is_certain: bool,
}

impl<'t> Vocabulary<'t> {
    fn of(text: &'t str) -> Self {
        let mut all = Self {
            is_certain: true,
            ..Self::default()
        };
        let mut cursor = Cursor { text, at: 0 };
        while let Some((at, key)) = cursor.next_key() {
            if key == "@context" {
                let start = cursor.at;
                if cursor.skip_value().is_none() {
                    break;
                }
                all.read_contexts(&text[start..cursor.at], at);
            } else if matches!(key, "@list" | "@set") || key.contains("\\u") {
                all.list_or_set.get_or_insert(at);
            }
        }
        all
    }

    fn read_contexts(&mut self, text: &'t str, at: usize) {
        if text.contains('\\') {
            self.is_certain = false;
            self.has_graph_container |= text.contains("\\u");
        }
        let mut cursor = Cursor { text, at: 0 };
        while let Some(byte) = cursor.peek() {
            if byte == b'{' {
                let Some(entries) = cursor.object() else {
                    return;
                };
                entries.iter().for_each(|entry| self.define(entry, at));
            } else {
                cursor.at += 1;
            }
        }
    }

    fn define(&mut self, entry: &Entry<'t>, at: usize) {
        let (key, value) = (entry.key, entry.value);
        if key == "@vocab" {
            self.has_vocabulary |= value != "null";
        }
        // A context of a term, and one that lies elsewhere, may define anything.
        self.is_certain &= !value.contains("@context") && key != "@import";
        self.has_graph_container |= value.contains("@container") && value.contains("@graph");
        match definition(value) {
            Meaning::Nothing => {
                self.nulls.insert(key);
            }
            meaning => {
                if matches!(meaning, Meaning::Keyword("@list" | "@set")) {
                    self.list_or_set.get_or_insert(at);
                }
                let has_more = value.contains("@container") || value.contains("@json");
                *self.terms.entry(key).or_default() |= has_more;
            }
        }
    }

    /// Whether no context gives the key a meaning.
    fn drops(&self, key: &str) -> bool {
        if self.terms.contains_key(key) || key.contains('\\') || KEYWORDS.contains(&key) {
            return false;
        }
        let is_relative = !key.contains(':') && !self.has_vocabulary;
        self.nulls.contains(key) || is_like_keyword(key) || is_relative
    }

    /// Whether what is below the key may have keys of another kind, such as languages.
    fn is_opaque(&self, key: &str) -> bool {
        matches!(key, "@context" | "@value")
            || self.terms.get(key).is_some_and(|has_more| *has_more)
    }
}

// --- keys

/// The document without the keys that mean nothing, where one stands beside a `@graph` at the top.
fn without_dropped_keys(text: &str) -> Result<Cow<'_, str>, ParseError> {
    let mut cursor = Cursor { text, at: 0 };
    let Some(b'{') = cursor.peek() else {
        // In a list of several objects each `@graph` is that of a node, as the parser takes it.
        return Ok(Cow::Borrowed(text));
    };
    let start = cursor.at;
    let Some(entries) = cursor.object() else {
        return Ok(Cow::Borrowed(text));
    };
    let end = cursor.at;
    let terms = Terms::of(&entries);
    let meanings: Vec<Meaning<'_>> = entries.iter().map(|entry| terms.meaning(entry)).collect();
    let is_graph = |meaning: &&Meaning<'_>| matches!(meaning, Meaning::Keyword("@graph"));
    let has_other = |meaning: &Meaning<'_>| match meaning {
        Meaning::Property => true,
        Meaning::Keyword(name) => !matches!(*name, "@context" | "@graph" | "@index"),
        Meaning::Nothing | Meaning::Unknown => false,
    };
    if meanings.iter().find(is_graph).is_none() || meanings.iter().any(has_other) {
        return Ok(Cow::Borrowed(text));
    }
    for (entry, meaning) in entries.iter().zip(&meanings) {
        let message = match meaning {
            Meaning::Keyword("@index") => {
                "`@index` beside `@graph` at the top of a document is not read here"
            }
            Meaning::Unknown => {
                "a key beside `@graph` at the top of a document must not be written with escapes"
            }
            _ => continue,
        };
        return Err(fault(text, entry.range.start, message));
    }
    if !meanings.contains(&Meaning::Nothing) {
        return Ok(Cow::Borrowed(text));
    }
    let mut plain = text[..=start].to_owned();
    let (mut last, mut is_first) = (start, true);
    for (entry, meaning) in entries.iter().zip(&meanings) {
        let is_kept = *meaning != Meaning::Nothing;
        let (gap, whole) = (&text[last..entry.range.start], &text[entry.range.clone()]);
        if is_kept && !is_first {
            plain.push(',');
        }
        // Lines stay lines, so that later errors name the right one.
        let lines = gap.matches('\n').count()
            + if is_kept {
                0
            } else {
                whole.matches('\n').count()
            };
        plain.extend(std::iter::repeat_n('\n', lines));
        if is_kept {
            plain.push_str(whole);
            is_first = false;
        }
        last = entry.range.end;
    }
    plain.push_str(&text[last..end]);
    plain.push_str(&text[end..]);
    Ok(Cow::Owned(plain))
}

/// A key with its value.
struct Entry<'t> {
    /// As written, between its quotes.
    key: &'t str,
    value: &'t str,
    range: Range<usize>,
}

/// What a key stands for once contexts are applied.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning<'t> {
    Keyword(&'t str),
    Nothing,
    Property,
    /// It has an escape, or a context has.
    Unknown,
}

/// What the contexts of an object say about its keys.
#[derive(Default)]
struct Terms<'t> {
    defined: HashMap<&'t str, Meaning<'t>>,
    has_vocabulary: bool,
    has_escapes: bool,
}

/// Keywords of JSON-LD 1.1 ([1.7](https://www.w3.org/TR/json-ld11/#keywords)).
const KEYWORDS: [&str; 23] = [
    "@any",
    "@base",
    "@container",
    "@context",
    "@default",
    "@direction",
    "@graph",
    "@id",
    "@import",
    "@included",
    "@index",
    "@json",
    "@language",
    "@list",
    "@nest",
    "@none",
    "@prefix",
    "@reverse",
    "@set",
    "@type",
    "@value",
    "@version",
    "@vocab",
];

impl<'t> Terms<'t> {
    fn of(entries: &[Entry<'t>]) -> Self {
        let mut terms = Self::default();
        for entry in entries.iter().filter(|entry| entry.key == "@context") {
            terms.has_escapes |= entry.value.contains('\\');
            let mut cursor = Cursor {
                text: entry.value,
                at: 0,
            };
            match cursor.peek() {
                Some(b'[') => {
                    while !matches!(cursor.peek(), Some(b']') | None) {
                        if cursor.peek() == Some(b'{') {
                            terms.apply(&cursor.object().unwrap_or_default());
                        } else if cursor.peek() == Some(b'n') {
                            terms = Self::default();
                            cursor.at += "null".len();
                        } else {
                            cursor.at += 1;
                        }
                    }
                }
                Some(b'{') => terms.apply(&cursor.object().unwrap_or_default()),
                _ => {}
            }
        }
        terms
    }

    fn apply(&mut self, context: &[Entry<'t>]) {
        for entry in context {
            if entry.key == "@vocab" {
                self.has_vocabulary = entry.value != "null";
            } else if !KEYWORDS.contains(&entry.key) {
                self.defined.insert(entry.key, definition(entry.value));
            }
        }
    }

    fn meaning(&self, entry: &Entry<'t>) -> Meaning<'t> {
        let key = entry.key;
        let meaning = if key.contains('\\') || self.has_escapes {
            Meaning::Unknown
        } else if let Some(meaning) = self.defined.get(key) {
            *meaning
        } else if KEYWORDS.contains(&key) {
            Meaning::Keyword(key)
        } else if is_like_keyword(key) {
            Meaning::Nothing
        } else if key.contains(':') || self.has_vocabulary {
            Meaning::Property
        } else {
            Meaning::Nothing
        };
        if meaning == Meaning::Property && entry.value == "null" {
            return Meaning::Nothing;
        }
        meaning
    }
}

/// A key that looks like a keyword without being one is dropped, for later versions to use
/// ([JSON-LD 1.1 API, 5.2.2](https://www.w3.org/TR/json-ld11-api/#iri-expansion)).
fn is_like_keyword(key: &str) -> bool {
    let rest = key.strip_prefix('@');
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// What a term stands for by its definition in a context.
fn definition(value: &str) -> Meaning<'_> {
    let mut cursor = Cursor { text: value, at: 0 };
    match cursor.peek() {
        Some(b'n') => Meaning::Nothing,
        Some(b'"') => match cursor.string() {
            Some(alias) if KEYWORDS.contains(&alias) => Meaning::Keyword(alias),
            _ => Meaning::Property,
        },
        _ => {
            let entries = cursor.object().unwrap_or_default();
            let id = entries.iter().find(|entry| entry.key == "@id");
            id.map_or(Meaning::Property, |id| definition(id.value))
        }
    }
}

// --- JSON

/// A place in a JSON text that is not nested too deep.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// The next sign that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let blanks = rest.iter().position(|b| !b.is_ascii_whitespace());
        self.at += blanks.unwrap_or(rest.len());
        self.text.as_bytes().get(self.at).copied()
    }

    /// What stands between the quotes of a string, as written.
    fn string(&mut self) -> Option<&'t str> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            let rest = self.text.as_bytes().get(at..)?;
            let found = at + memchr::memchr2(b'"', b'\\', rest)?;
            if self.text.as_bytes()[found] == b'"' {
                self.at = found + 1;
                return Some(&self.text[start..found]);
            }
            at = found + 2;
        }
    }

    /// The next key of any object, and where it begins. Its value is next.
    fn next_key(&mut self) -> Option<(usize, &'t str)> {
        loop {
            if self.peek()? != b'"' {
                self.at += 1;
                continue;
            }
            let start = self.at;
            let string = self.string()?;
            if self.peek()? == b':' {
                self.at += 1;
                self.peek()?;
                return Some((start, string));
            }
        }
    }

    fn number(&mut self) -> Range<usize> {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let is_part = |b: &u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
        let length = rest.iter().position(|b| !is_part(b)).unwrap_or(rest.len());
        self.at += length;
        start..self.at
    }

    /// The entries of the object that begins here; `None` if it is malformed.
    fn object(&mut self) -> Option<Vec<Entry<'t>>> {
        let mut entries = Vec::new();
        self.at += 1;
        loop {
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    return Some(entries);
                }
                b',' => self.at += 1,
                b'"' => {
                    let start = self.at;
                    let key = self.string()?;
                    if self.peek()? != b':' {
                        return None;
                    }
                    self.at += 1;
                    self.peek()?;
                    let value_start = self.at;
                    self.skip_value()?;
                    entries.push(Entry {
                        key,
                        value: &self.text[value_start..self.at],
                        range: start..self.at,
                    });
                }
                _ => return None,
            }
        }
    }

    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let rest = &self.text.as_bytes()[self.at..];
                    let is_end =
                        |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b'}' | b']' | b'"');
                    self.at += rest.iter().position(is_end)?.max(1);
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let plain = plain_json_ld(text).map(|plain| plain.text.into_owned());
        assert_eq!(plain.as_deref().ok(), Some(expected), "{plain:?}");
    }

    #[test]
    fn keys_that_mean_nothing_are_dropped_beside_a_graph() {
        for (keys, dropped) in [
            (r#""comment":"x","#, ""),
            ("\"comment\":{\"a\":\n[1,\"}\"]},", "\n"),
            (r#""ex:p":null,"#, ""),
            (r#""none":"x","#, ""),
            (r#""@later":"x","#, ""),
            (r#""ex:p":1,"#, r#""ex:p":1,"#),
            (r#""term":1,"comment":2,"#, r#""term":1,"comment":2,"#),
            (
                r#""@id":"ex:g","comment":2,"#,
                r#""@id":"ex:g","comment":2,"#,
            ),
        ] {
            let document = |keys: &str| {
                let context = r#""@context":{"ex":"http://e/","none":null,"term":{"@id":"ex:t"}}"#;
                format!(r#"{{{keys}{context},"@graph":[{{"other":1}}]}}"#)
            };
            check(&document(keys), &document(dropped));
        }
        check(r#"{"@graph":[],"a":1, "b":2}"#, r#"{"@graph":[]}"#);
        check(
            r#"{"@context":[{"g":"@graph"},{"@vocab":"http://e/"},null],"g":[],"a":1}"#,
            r#"{"@context":[{"g":"@graph"},{"@vocab":"http://e/"},null],"g":[],"a":1}"#,
        );
        check(
            r#"{"@context":[null,{"g":"@graph"}],"g":[],"a":1}"#,
            r#"{"@context":[null,{"g":"@graph"}],"g":[]}"#,
        );
        check(
            r#"{"@context":{"@vocab":"http://e/"},"@graph":[],"a":1}"#,
            r#"{"@context":{"@vocab":"http://e/"},"@graph":[],"a":1}"#,
        );
        for malformed in [
            "",
            "{",
            r#"{"a""#,
            r#"{"@graph":[}"#,
            r#"{"@graph":1"#,
            "[1",
        ] {
            check(malformed, malformed);
        }
    }

    #[test]
    fn values_of_keys_that_mean_nothing_are_not_read() {
        let context = r#""@context":{"ex":"http://e/","n":null,"term":"ex:t","map":{"@id":"ex:m","@container":"@index"}}"#;
        for (value, expected) in [
            (
                r#""ex:p":{"meta":{"@type":"ex:T"}}"#,
                r#""ex:p":{"meta":null}"#,
            ),
            ("\"n\":[\n{\"@type\":\"ex:T\"}]", "\"n\":null\n"),
            (r#""@later":{"@type":"ex:T"}"#, r#""@later":null"#),
            (r#""term":{"@type":"ex:T"}"#, r#""term":{"@type":"ex:T"}"#),
            (
                r#""map":{"a":{"@type":"ex:T"}}"#,
                r#""map":{"a":{"@type":"ex:T"}}"#,
            ),
            (
                r#""ex:p":{"@value":{"a":{}},"@type":"@json"}"#,
                r#""ex:p":{"@value":{"a":{}},"@type":"@json"}"#,
            ),
        ] {
            let document = |value: &str| format!("{{{context},\"@type\":\"ex:S\",{value}}}");
            check(&document(value), &document(expected));
        }
        for unchanged in [
            r#"{"@context":{"@vocab":"http://e/"},"@type":"S","meta":{"@type":"T"}}"#,
            r#"{"@context":{"t":{"@id":"http://e/t","@context":{"meta":"http://e/m"}}},"@type":"http://e/S","meta":{"@type":"T"}}"#,
        ] {
            check(unchanged, unchanged);
        }
    }

    #[test]
    fn what_may_mean_something_else_to_the_parser_is_refused() {
        for document in [
            r#"{"@index":"x","@graph":[]}"#,
            r#"{"na\u00efve":"x","@graph":[]}"#,
            r#"{"@context":{"p":{"@id":"ex:p","@type":"@json"}},"p":1e400}"#,
            r#"{"@type":"xsd:double","@value":100000000000000000000}"#,
            r#"{"@context":{"p":{"@id":"ex:p","@container":"@graph"}},"p":{"@list":[1]}}"#,
            r#"{"@context":{"p":{"@id":"ex:p","@container":["@graph","@id"]},"s":"@set"},"p":{"ex:g":{"s":[]}}}"#,
        ] {
            assert!(plain_json_ld(document).is_err(), "{document}");
        }
    }

    #[test]
    fn integers_of_21_digits_are_found_however_they_are_written() {
        for (number, digits) in [
            ("100000000000000000000", Some("100000000000000000000")),
            ("-1e20", Some("-100000000000000000000")),
            ("1.5E+20", Some("150000000000000000000")),
            ("0.0123456e22", Some("123456000000000000000")),
            ("123456789012345678901.000", Some("123456789012345678901")),
            ("999999999999999999999", Some("999999999999999999999")),
            ("123456789012345678901.5", None),
            ("99999999999999999999", None),
            ("1e21", None),
            ("0", None),
            ("1e99999999999999999999", None),
        ] {
            assert_eq!(digits_of(number).as_deref(), digits, "{number}");
        }
        check(
            r#"{"ex:a":[1e20,"1e20"]}"#,
            &format!(r#"{{"ex:a":[100000000000000000000{MARK},"1e20"]}}"#),
        );
    }

    #[test]
    fn objects_are_taken_apart() {
        let text = r#" {"a" : {"b":[1,"}"]},"c\"": null ,
            "d":"e", "f":-1.5e+3} x"#;
        let mut cursor = Cursor { text, at: 0 };
        assert_eq!(cursor.peek(), Some(b'{'));
        let entries = cursor.object().unwrap();
        assert_eq!(&text[cursor.at..], " x");
        let found = entries.iter().map(|entry| {
            let (key, value) = (entry.key, entry.value);
            (key, value, &text[entry.range.clone()])
        });
        let expected = [
            ("a", r#"{"b":[1,"}"]}"#, r#""a" : {"b":[1,"}"]}"#),
            (r#"c\""#, "null", r#""c\"": null"#),
            ("d", r#""e""#, r#""d":"e""#),
            ("f", "-1.5e+3", r#""f":-1.5e+3"#),
        ];
        assert_eq!(Vec::from_iter(found), expected);
        for malformed in [
            "{",
            "{1}",
            r#"{"a"}"#,
            r#"{"a" 1}"#,
            r#"{"a":1"#,
            r#"{"a":}"#,
            r#"{"a":]}"#,
            r#"{"a":"b}"#,
            r#"{"a:1}"#,
            r#"{"a":[1}"#,
            r#"{"a\"#,
        ] {
            let mut cursor = Cursor {
                text: malformed,
                at: 0,
            };
            assert!(cursor.object().is_none(), "{malformed}");
        }
    }

    #[test]
    fn keys_are_found_in_any_object() {
        let text = r#"[{"a": "b", "c" :{"d":[{"e":1}]}, "f\"":"g"}, "h"]"#;
        let mut cursor = Cursor { text, at: 0 };
        let keys = std::iter::from_fn(|| {
            let (at, key) = cursor.next_key()?;
            assert!(text[at + 1..].starts_with(key));
            Some((key, text[cursor.at..].chars().next()?))
        });
        let expected = [
            ("a", '"'),
            ("c", '{'),
            ("d", '['),
            ("e", '1'),
            (r#"f\""#, '"'),
        ];
        assert_eq!(Vec::from_iter(keys), expected);
    }

    #[test]
    fn numbers_end_where_they_do() {
        for (text, number) in [
            ("-1.5E+3,", "-1.5E+3"),
            ("20]", "20"),
            ("1e-7", "1e-7"),
            ("0 1", "0"),
        ] {
            let mut cursor = Cursor { text, at: 0 };
            let range = cursor.number();
            assert_eq!((&text[range], cursor.at), (number, number.len()));
        }
    }

    #[test]
    fn keywords_of_later_versions() {
        for (key, expected) in [
            ("@later", true),
            ("@L", true),
            ("@", false),
            ("@a1", false),
            ("@a-b", false),
            ("later", false),
        ] {
            assert_eq!(is_like_keyword(key), expected, "{key}");
        }
    }

    #[test]
    fn definitions_of_terms() {
        for (value, expected) in [
            ("null", Meaning::Nothing),
            (r#""@type""#, Meaning::Keyword("@type")),
            (r#""ex:t""#, Meaning::Property),
            (r#""@later""#, Meaning::Property),
            (
                r#"{"@type":"@id","@id":"@graph"}"#,
                Meaning::Keyword("@graph"),
            ),
            (r#"{"@id":"ex:t"}"#, Meaning::Property),
            (r#"{"@id":null}"#, Meaning::Nothing),
            (r#"{"@type":"@id"}"#, Meaning::Property),
            ("{}", Meaning::Property),
            ("{", Meaning::Property),
        ] {
            assert_eq!(definition(value), expected, "{value}");
        }
    }

    #[test]
    fn meanings_of_keys() {
        use Meaning::{Keyword, Nothing, Property, Unknown};
        let defined = r#"{"t":"ex:t","n":null,"g":"@graph","ex":"http://e/"}"#;
        let vocabulary = r#"{"@vocab":"http://e/"}"#;
        for (context, entry, expected) in [
            (defined, r#""@id":"x""#, Keyword("@id")),
            (defined, r#""@later":1"#, Nothing),
            (defined, r#""ex:p":1"#, Property),
            (defined, r#""ex:p":null"#, Nothing),
            (defined, r#""ex:p":"null""#, Property),
            (defined, r#""@id":null"#, Keyword("@id")),
            (defined, r#""p":1"#, Nothing),
            (defined, r#""t":1"#, Property),
            (defined, r#""n":1"#, Nothing),
            (defined, r#""g":[]"#, Keyword("@graph")),
            (defined, r#""p\u0071":1"#, Unknown),
            (vocabulary, r#""p":1"#, Property),
            (vocabulary, r#""@later":1"#, Nothing),
            (r#"{"@vocab":null}"#, r#""p":1"#, Nothing),
            (
                r#"[{"@vocab":"http://e/"},{"@vocab":null}]"#,
                r#""p":1"#,
                Nothing,
            ),
            (r#"{"\u0074":"ex:t"}"#, r#""p":1"#, Unknown),
            // of several contexts the last counts, and `null` takes back all before it
            (r#"[{"t":"ex:t"},{"t":null}]"#, r#""t":1"#, Nothing),
            (r#"[{"t":null}, {"t":"ex:t"}]"#, r#""t":1"#, Property),
            (r#"[{"t":"ex:t"}, null]"#, r#""t":1"#, Nothing),
            (r#"[null, {"t":"ex:t"}]"#, r#""t":1"#, Property),
            (r#"["http://e/c", {"t":"ex:t"}]"#, r#""t":1"#, Property),
            ("null", r#""t":1"#, Nothing),
            // a keyword keeps its meaning
            (r#"{"@type":"ex:t"}"#, r#""@type":1"#, Keyword("@type")),
        ] {
            let document = format!(r#"{{"@context":{context},{entry}}}"#);
            let mut cursor = Cursor {
                text: &document,
                at: 0,
            };
            let entries = cursor.object().unwrap();
            let meaning = Terms::of(&entries).meaning(&entries[1]);
            assert_eq!(meaning, expected, "{document}");
        }
    }

    #[test]
    fn keys_below_a_graph_keep_their_lines() {
        check(
            "{\"a\":1,\n\"@graph\":[],\n\"b\":\n[\n2]\n}",
            "{\n\"@graph\":[]\n\n\n\n}",
        );
        check(
            r#"{"a":1,"@context":{},"b":2,"@graph":[],"c":3} "#,
            r#"{"@context":{},"@graph":[]} "#,
        );
        // no graph, and a graph that has a name
        for unchanged in [
            r#"{"a":1}"#,
            r#"{"@id":"ex:g","a":1,"@graph":[]}"#,
            r#"[{"a":1,"@graph":[]}]"#,
        ] {
            check(unchanged, unchanged);
        }
        for (document, line) in [
            ("{\"@graph\":[],\n\"@index\":\"x\"}", "line 2, column 1"),
            (
                "{\"@graph\":[],\"a\":1,\n \"n\\u0061\":\"x\"}",
                "line 2, column 2",
            ),
        ] {
            let error = plain_json_ld(document).map(drop).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }

    #[test]
    fn values_are_dropped_only_where_that_is_certain() {
        let check_values = |context: &str, value: &str, expected: &str| {
            let document =
                |value: &str| format!(r#"{{"@context":{context},"@type":"ex:S",{value}}}"#);
            check(&document(value), &document(expected));
        };
        let (dropped, kept) = (r#""a":null"#, r#""a":{"@type":"ex:T"}"#);
        for certain in [
            "{}",
            "null",
            r#"{"b":"ex:b"}"#,
            r#"{"@vocab":null}"#,
            r#"{"b":{"@id":"ex:b","@type":"@id"}}"#,
            r#"[{"b":"ex:b"},{"a":null}]"#,
        ] {
            check_values(certain, kept, dropped);
        }
        for uncertain in [
            r#"{"a":"ex:a"}"#,
            r#"[{"a":null},{"a":"ex:a"}]"#,
            r#"{"\u0061":"ex:a"}"#,
            r#"{"b":"\u0061"}"#,
            r#"{"@vocab":"http://e/"}"#,
            r#"{"b":{"@id":"ex:b","@context":{}}}"#,
            r#"{"@import":"http://e/"}"#,
        ] {
            check_values(uncertain, kept, kept);
        }
        let (named, none) = (r#""ex:n":{"@type":"ex:T"}"#, r#""ex:n":null"#);
        check_values(r#"{"ex:n":null}"#, named, none);
        check_values("{}", named, named);
        check_values(
            r#"{"@vocab":"http://e/"}"#,
            r#""@later":{"@type":"ex:T"}"#,
            r#""@later":null"#,
        );
        // only objects and arrays have nodes in them
        check_values(
            "{}",
            r#""a":"{","b":[{}],"c":1"#,
            r#""a":"{","b":null,"c":1"#,
        );
        check_values(
            "{}",
            r#""a\u0062":{},"@included":[{"a":[]}]"#,
            r#""a\u0062":{},"@included":[{"a":null}]"#,
        );
        // below these, keys may be of another kind
        let terms = r#""m":{"@id":"ex:m","@container":"@language"},"j":{"@id":"ex:j","@type":"@json"},"p":"ex:p""#;
        let document = |dropped: &str| {
            let opaque = r#""m":{"en":["x"]},"j":{"a":[]},"@value":{"a":[]},"@context":{"x":[]}"#;
            format!(r#"{{"@context":{{{terms}}},"p":{{{opaque},"p":{{"a":{dropped}}}}}}}"#)
        };
        check(&document("[]"), &document("null"));
    }

    #[test]
    fn lists_and_sets_are_refused_beside_a_container_graph() {
        let graph = r#""p":{"@id":"ex:p","@container":"@graph"}"#;
        let other = r#""p":{"@id":"ex:p","@container":"@index"}"#;
        let document =
            |context: &str, rest: &str| format!("{{\"@context\":{{{context}}},\n{rest}}}");
        for (context, rest, line) in [
            (graph.to_owned(), r#""p":{"@list":[1]}"#, 2),
            (graph.to_owned(), r#""p":{"@set":[1]}"#, 2),
            (graph.to_owned(), r#""p":{"@l\u0069st":[1]}"#, 2),
            (format!(r#"{graph},"l":"@list""#), r#""p":{"l":[1]}"#, 1),
            (
                format!(r#"{graph},"s":{{"@id":"@set"}}"#),
                r#""p":{"s":[1]}"#,
                1,
            ),
            (
                r#""p":{"@id":"ex:p","@c\u006fntainer":"@graph"}"#.to_owned(),
                r#""p":{"@set":[1]}"#,
                2,
            ),
        ] {
            let document = document(&context, rest);
            let error = plain_json_ld(&document).map(drop).unwrap_err().to_string();
            let expected = [format!("line {line},"), "`@list` and `@set`".to_owned()];
            assert!(
                expected.iter().all(|part| error.contains(part)),
                "{document}: {error}"
            );
        }
        for (context, rest) in [
            (graph, r#""p":{"ex:q":[1]}"#),
            (other, r#""p":{"@list":[1]}"#),
            (r#""p":{"@id":"ex:@graph"}"#, r#""p":{"@list":[1]}"#),
            (
                r#""p":{"@id":"ex:p\t","@container":"@index"}"#,
                r#""p":{"@list":[1]}"#,
            ),
        ] {
            let document = document(context, rest);
            assert!(plain_json_ld(&document).is_ok(), "{document}");
        }
    }

    #[test]
    fn numbers_that_may_be_read_as_something_else_are_refused() {
        let long = "100000000000000000000";
        for (document, is_refused) in [
            (format!(r#"{{"ex:a":[{long}]}}"#), false),
            (format!(r#"{{"ex:a":[{long},"double"]}}"#), true),
            (format!(r#"{{"ex:a":[{long},"@json"]}}"#), true),
            (format!(r#"{{"ex:a":[{long},"\u0061"]}}"#), true),
            (format!(r#"{{"ex:a":[{long},"{MARK}"]}}"#), true),
            (r#"{"ex:a":[1e400]}"#.to_owned(), false),
            (r#"{"ex:a":[-1e400,"@json"]}"#.to_owned(), true),
            (r#"{"ex:a":[1e300,"@json"]}"#.to_owned(), false),
            (r#"{"ex:a":["1e400","@json"]}"#.to_owned(), false),
        ] {
            let plain = plain_json_ld(&document);
            assert_eq!(plain.is_err(), is_refused, "{document}");
            if let Ok(plain) = plain {
                assert_eq!(
                    plain.has_long_integers,
                    document.contains(long),
                    "{document}"
                );
            }
        }
        check(
            r#"{"ex:a":[-1e20,0,1e20]}"#,
            &format!(r#"{{"ex:a":[-{long}{MARK},0,{long}{MARK}]}}"#),
        );
        assert_eq!(long_integer(&format!("{long}{MARK}")), Some(long));
        assert_eq!(long_integer(long), None);
    }
}
