use std::collections::HashMap;

use oxrdf::Literal;

use crate::error::{ParseError, Position};
use crate::guard::markup::fault;
use crate::limits::{Limit, LimitError, Limits};

/// Deeper documents overflow the stack of a thread in the parser underneath, whatever the limit
/// says.
const DEEPEST: usize = 64;

/// What the parser underneath keeps for a piece of the document on each level around it, in bytes.
const KEPT: usize = 64;

/// Checks that a JSON-LD document is not nested too deep, its contexts are few and small, and what
/// the parser makes of it is not much larger than it is.
///
/// The parser recurses for each level, and on each keeps what is inside until it knows all
/// contexts. It copies all terms in scope for each context, follows terms that build on others, and
/// writes out the IRI that a term stands for at each use. What is malformed is left to it.
pub(crate) fn check_json(
    text: &str,
    base_iri: Option<&str>,
    limits: &Limits,
) -> Result<(), ParseError> {
    Scan {
        text,
        limits,
        depth: limits.depth.min(DEEPEST),
        at: 0,
        open: Vec::new(),
        contexts: 0,
        terms: Terms::default(),
        term: "",
        key: "",
        kept: 0,
        strings: 0,
    }
    .run(base_iri.map_or(0, str::len))
}

struct Scan<'t> {
    text: &'t str,
    limits: &'t Limits,
    depth: usize,
    at: usize,
    /// The open brackets: for each the level in its context, 0 outside of contexts.
    open: Vec<usize>,
    contexts: usize,
    terms: Terms<'t>,
    /// The term that is being defined.
    term: &'t str,
    /// The key whose value comes next.
    key: &'t str,
    /// Bytes that the parser keeps.
    kept: usize,
    /// How many strings there are outside of contexts.
    strings: usize,
}

impl<'t> Scan<'t> {
    fn run(mut self, base: usize) -> Result<(), ParseError> {
        // Whether what comes is the value of a context.
        let mut is_context = false;
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            match byte {
                b'{' | b'[' => {
                    self.keep()?;
                    let level = self.open.last().copied().unwrap_or_default();
                    let inner = match level {
                        0 => usize::from(is_context),
                        // A list of contexts is no level.
                        1 if byte == b'{' && self.is_list() => 1,
                        level => level + 1,
                    };
                    is_context = false;
                    self.open.push(inner);
                    if self.open.len() > self.depth {
                        return Err(self.over(Limit::Depth, self.depth));
                    }
                }
                b'}' | b']' => {
                    self.open.pop();
                    is_context = false;
                }
                b'"' => {
                    is_context = self.string()?;
                    continue;
                }
                b',' => {
                    self.keep()?;
                    is_context = false;
                }
                _ => {}
            }
            self.at += 1;
        }
        let written = self.terms.longest().saturating_add(base);
        let expansion = written.saturating_mul(self.strings);
        if expansion > self.limits.expansion {
            return Err(self.over(Limit::Expansion, self.limits.expansion));
        }
        Ok(())
    }

    /// Whether the innermost bracket is that of a list: the last sign before this one says so.
    fn is_list(&self) -> bool {
        let before = self.text[..self.at].trim_end();
        before.ends_with('[') || before.ends_with(',')
    }

    fn string(&mut self) -> Result<bool, ParseError> {
        self.keep()?;
        let (content, is_escaped) = self.content()?;
        if content.len() > self.limits.term_length() {
            return Err(self.over(Limit::TermLength, self.limits.term_length()));
        }
        let level = self.open.last().copied().unwrap_or_default();
        let rest = self.text[self.at..].trim_start_matches([' ', '\t', '\n', '\r']);
        let is_key = rest.starts_with(':');
        if (is_key || level > 0) && content.len() > self.limits.iri_length {
            return Err(self.over(Limit::IriLength, self.limits.iri_length));
        }
        if is_key {
            self.key = content;
        } else if std::mem::take(&mut self.key) == "@language" && !is_language_tag(content) {
            // The parser drops the whole value.
            return Err(fault(
                self.text,
                self.at,
                "the value of `@language` must be a language tag, as `en-US`",
            ));
        }
        // With an escape it may be any key, and is taken for the dearest.
        if is_key && (content == "@context" || is_escaped) {
            if level > 0 {
                // Applied wherever its term is used, it would be copied any number of times.
                return Err(fault(
                    self.text,
                    self.at,
                    "a context inside a context is not read here",
                ));
            }
            self.contexts += 1;
            self.check_count(self.contexts)?;
            return Ok(true);
        }
        match (level, is_key) {
            (0, _) => self.strings += 1,
            (1, true) => {
                self.term = content;
                self.terms.define(content, content);
                self.check_count(self.terms.count)?;
            }
            (_, true) => {}
            (_, false) => self.terms.define(self.term, content),
        }
        Ok(false)
    }

    /// Between the quotes, and whether there is an escape.
    fn content(&mut self) -> Result<(&'t str, bool), ParseError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        let mut is_escaped = false;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                Some(length) if rest[length] == b'\\' => {
                    is_escaped = true;
                    at += length + 2;
                }
                Some(length) => {
                    self.at = at + length + 1;
                    return Ok((&self.text[start + 1..at + length], is_escaped));
                }
                None => {
                    let message = "a string is not closed; is the document cut off?";
                    return Err(fault(self.text, start, message));
                }
            }
        }
    }

    fn keep(&mut self) -> Result<(), ParseError> {
        self.kept += KEPT * (self.open.len() + 1);
        if self.kept > self.limits.expansion {
            return Err(self.over(Limit::Expansion, self.limits.expansion));
        }
        Ok(())
    }

    fn check_count(&self, count: usize) -> Result<(), ParseError> {
        if count > self.limits.context_terms {
            return Err(self.over(Limit::ContextTerms, self.limits.context_terms));
        }
        Ok(())
    }

    fn over(&self, limit: Limit, allowed: usize) -> ParseError {
        LimitError::new(limit, allowed, Some(Position::of(self.text, self.at))).into()
    }
}

fn is_language_tag(tag: &str) -> bool {
    Literal::new_language_tagged_literal("", tag).is_ok()
}

/// How long what terms stand for can be at the most. A term may be defined in several contexts,
/// which adds up.
#[derive(Default)]
struct Terms<'t> {
    definitions: HashMap<&'t str, Definition<'t>>,
    count: usize,
}

#[derive(Default)]
struct Definition<'t> {
    length: usize,
    /// Terms that it may build on.
    prefixes: Vec<&'t str>,
}

impl<'t> Terms<'t> {
    fn define(&mut self, term: &'t str, text: &'t str) {
        self.count += usize::from(term == text);
        let definition = self.definitions.entry(term).or_default();
        definition.length += text.len();
        // Without a colon it may be the name of another term.
        let prefix = text.split(':').next().unwrap_or_default();
        if prefix != term {
            definition.prefixes.push(prefix);
        }
    }

    /// Of any term, with the vocabulary and the base before it.
    fn longest(&self) -> usize {
        // One more step to other terms each round. Circles end when every term has been counted.
        let mut lengths: HashMap<&str, usize> = HashMap::new();
        for _ in 0..=self.definitions.len() {
            let next = self.definitions.iter().map(|(term, definition)| {
                let inner = definition.prefixes.iter();
                let longest = inner.filter_map(|prefix| lengths.get(prefix)).max();
                (
                    *term,
                    definition.length + longest.copied().unwrap_or_default(),
                )
            });
            let next: HashMap<&str, usize> = next.collect();
            if next == lengths {
                break;
            }
            lengths = next;
        }
        let of = |name: &str| lengths.get(name).copied().unwrap_or_default();
        let longest = lengths.values().max().copied().unwrap_or_default();
        longest + of("@vocab") + of("@base")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::testing::check_document;

    #[track_caller]
    fn check(definitions: &[(&'static str, &'static str)], longest: usize) {
        let mut terms = Terms::default();
        for (term, text) in definitions {
            terms.define(term, term);
            terms.define(term, text);
        }
        assert_eq!(terms.longest(), longest);
    }

    #[test]
    fn a_term_is_as_long_as_what_it_builds_on() {
        check(&[], 0);
        check(&[("a", "x:yz")], 5);
        check(&[("a", "b:12"), ("b", "c:1"), ("c", "x:y")], 5 + 4 + 4);
        check(&[("c", "x:y"), ("b", "c:1"), ("a", "b:12")], 5 + 4 + 4);
        check(&[("@vocab", "x:y"), ("a", "b")], 9 + 9);
        check(&[("@base", "x:y"), ("a", "b")], 8 + 8);
        // A circle: each is counted a few times, not for ever.
        check(&[("a", "b:1"), ("b", "a:1")], 12);
    }

    /// Passes with this much of the bound, and not with one less.
    #[track_caller]
    fn check_bound(text: &str, limit: Limit, exact: usize) {
        check_document(limit, exact, |limits| check_json(text, None, limits));
    }

    #[test]
    fn levels_are_counted() {
        check_bound("[[[1],[2]]]", Limit::Depth, 3);
        check_bound(r#"{"a":{"b":[]},"c":1}"#, Limit::Depth, 3);
        // brackets in strings do not nest
        check_bound(r#"["[[[{{{"]"#, Limit::Depth, 1);
        let deepest = |levels| "[".repeat(levels) + &"]".repeat(levels);
        let limits = Limits::new().with_depth(1000);
        assert!(check_json(&deepest(DEEPEST), None, &limits).is_ok());
        assert!(check_json(&deepest(DEEPEST + 1), None, &limits).is_err());
    }

    #[test]
    fn what_is_kept_is_counted_for_each_level_around_it() {
        // the brackets, strings and commas, by the number of brackets around them
        check_bound("[]", Limit::Expansion, KEPT);
        check_bound("[1,2,3]", Limit::Expansion, KEPT * (1 + 2 + 2));
        check_bound(r#"{"a":[1,2]}"#, Limit::Expansion, KEPT * (1 + 2 + 2 + 3));
        check_bound("[[],[]]", Limit::Expansion, KEPT * (1 + 2 + 2 + 2));
    }

    #[test]
    fn what_terms_stand_for_is_counted_for_each_string() {
        let iri = "x".repeat(1000);
        let document = format!(r#"{{"@context":{{"t":"{iri}"}},"t":["v","w"]}}"#);
        // the term and what stands for it, for the key and its values
        let (written, strings) = (1001, 3);
        check_bound(&document, Limit::Expansion, written * strings);
        let base = "http://e/";
        check_document(
            Limit::Expansion,
            (written + base.len()) * strings,
            |limits| check_json(&document, Some(base), limits),
        );
    }

    #[test]
    fn terms_and_contexts_are_counted() {
        for (text, exact) in [
            (r#"{"@context":{"a":"x:y","b":"x:z"}}"#, 2),
            // a list of contexts is no level
            (r#"{"@context":[{"a":"x:y","b":"x:z"}, {"c":"x:w"}]}"#, 3),
            (r#"{"@context":["http://e/", {"a":"x:y","b":"x:z"}]}"#, 2),
            // what a term is defined by is no term
            (r#"{"@context":{"a":{"@id":"x:y","@type":"@id"}}}"#, 1),
            (r#"{"@context":[{"a":{"@id":"x:y","@type":"@id"}}]}"#, 1),
            // a context ends with its bracket, and is what follows its key
            (r#"{"@context":{"a":"x:y"},"b":{"c":1,"d":2}}"#, 1),
            (r#"{"@context":null,"b":{"c":1,"d":2}}"#, 1),
            (r#"{"@context":"http://e/","b":{"c":1,"d":2}}"#, 1),
            (r#"[{"@context":{}},{"@context" : {}},{"a":"@context"}]"#, 2),
            // with an escape it may be any key
            (r#"{"\u0040context":{"a":"x:y","b":"x:z"}}"#, 2),
            (r#"{"a":"\u0040context"}"#, 0),
        ] {
            if exact == 0 {
                check_json(text, None, &Limits::new().with_context_terms(0)).unwrap();
            } else {
                check_bound(text, Limit::ContextTerms, exact);
            }
        }
    }

    #[test]
    fn strings_are_as_long_as_they_may_be() {
        check_bound(r#"["abc","ab"]"#, Limit::TermLength, 3);
        check_bound(r#"{"a":"a\"b\\"}"#, Limit::TermLength, 6);
        // keys, and all strings of a context, are IRIs or parts of them
        check_bound(r#"{"abc":1}"#, Limit::IriLength, 3);
        check_bound("{\"abc\" \t\r\n:1}", Limit::IriLength, 3);
        check_bound(r#"{"@context":{"a":"x:yz567890"}}"#, Limit::IriLength, 10);
        let text = r#"{"a":["b","abc"]}"#;
        check_json(text, None, &Limits::new().with_iri_length(1)).unwrap();
    }

    #[test]
    fn what_is_refused_says_where() {
        for (text, place, part) in [
            (
                r#"{"@context":{"a":{"@context":{}}}}"#,
                "line 1, column 29",
                "inside a context",
            ),
            (
                r#"{"@context":{"a":{"\u0061":1}}}"#,
                "line 1, column 27",
                "inside a context",
            ),
            (
                r#"{"@language":"e n"}"#,
                "line 1, column 19",
                "language tag",
            ),
            ("[\n\"abc", "line 2, column 1", "not closed"),
            ("[\"abc\\\"", "line 1, column 2", "not closed"),
        ] {
            let error = check_json(text, None, &Limits::new())
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(place) && error.contains(part),
                "{text}: {error}"
            );
        }
        for text in [
            r#"{"@language":"en-US","a":"e n"}"#,
            r#"{"@language":null,"a":"e n"}"#,
            r#"{"a":"@language","b":"e n"}"#,
            r#"{"@context":{"a":"@context"}}"#,
        ] {
            check_json(text, None, &Limits::new()).unwrap();
        }
    }
}
