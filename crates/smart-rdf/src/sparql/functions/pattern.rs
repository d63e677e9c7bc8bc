//! Regular expressions as XPath has them ([XQuery and XPath Functions 3.1,
//! 5.6](https://www.w3.org/TR/xpath-functions-31/#string.match)), run by the `regex` crate.

use std::fmt::Write as _;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};
use thiserror::Error;

use crate::sparql::functions::blocks;

/// What is wrong with a pattern, its flags, or a replacement. Nothing of their text is in the
/// message, which may be a patient's data.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum PatternError {
    #[error("a back-reference is not supported; match without it")]
    BackReference,
    #[error("the Unicode block is not known; name a range of characters instead")]
    Block,
    #[error("the pattern matches the empty string, which REPLACE must not (FORX0003)")]
    Empty,
    #[error("a flag is not one of `s`, `m`, `i`, `x` and `q` (FORX0001)")]
    Flag,
    #[error(
        "in the replacement, `$` stands without a digit, or `\\` without `$` or `\\` (FORX0004)"
    )]
    Replacement,
    #[error("the pattern is malformed: {0} (FORX0002)")]
    Syntax(&'static str),
    #[error("the pattern is too large once its repetitions are written out")]
    TooLarge,
}

/// A pattern that was compiled with its flags.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    groups: usize,
    /// Whether flag `q` makes pattern and replacement plain text.
    is_plain: bool,
    size: usize,
}

/// How large a pattern may be with its repetitions written out, in single characters and classes.
const LARGEST: usize = 20_000;

/// What compiling the constant patterns of a query may cost together, in steps.
pub(crate) const MOST_CONSTANTS: usize = 20 * LARGEST;

/// Bytes that a compiled pattern and its lazy automaton may take.
const COMPILED: usize = 4 << 20;

/// What a category counts for in the size of a pattern.
const CATEGORY: usize = 50;

const MOST_CLASSES: usize = 16;

impl Pattern {
    pub(crate) fn new(pattern: &str, flags: &str) -> Result<Self, PatternError> {
        let flags = Flags::parse(flags)?;
        let mut translation = Translation::new(flags);
        if flags.plain {
            pattern.chars().for_each(|c| translation.character(c));
        } else {
            translation.pattern(pattern)?;
        }
        let size = translation.finish()?;
        let regex = RegexBuilder::new(&translation.out)
            .size_limit(COMPILED)
            .dfa_size_limit(COMPILED)
            .nest_limit(250)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
                _ => PatternError::Syntax("it is nested too deep or contradicts itself"),
            })?;
        Ok(Self {
            groups: regex.captures_len() - 1,
            regex,
            is_plain: flags.plain,
            size,
        })
    }

    /// Steps that compiling it took.
    pub(crate) fn compile_cost(&self) -> usize {
        1 + 4 * self.size
    }

    /// Steps that it takes to look through a text.
    pub(crate) fn cost(&self, text: &str) -> usize {
        1 + text.len().saturating_mul(self.size.max(16)) / 1024
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Fails if the pattern must not be used to replace.
    pub(crate) fn check_replaces(&self) -> Result<(), PatternError> {
        if self.regex.is_match("") {
            return Err(PatternError::Empty);
        }
        Ok(())
    }

    /// The text with each match replaced; `None` once `spend`, which is told of the bytes that are
    /// made, refuses.
    pub(crate) fn replace(
        &self,
        text: &str,
        replacement: &str,
        mut spend: impl FnMut(usize) -> bool,
    ) -> Result<Option<String>, PatternError> {
        self.check_replaces()?;
        let parts = if self.is_plain {
            vec![Part::Text(replacement.to_owned())]
        } else {
            replacement_parts(replacement, self.groups)?
        };
        let mut replaced = String::new();
        let mut after = 0;
        for found in self.regex.captures_iter(text) {
            let Some(whole) = found.get(0) else { continue };
            let before = replaced.len();
            replaced.push_str(&text[after..whole.start()]);
            for part in &parts {
                match part {
                    Part::Group(group) => {
                        replaced.push_str(found.get(*group).map_or("", |m| m.as_str()));
                    }
                    Part::Text(text) => replaced.push_str(text),
                }
            }
            after = whole.end();
            if !spend(replaced.len() - before) {
                return Ok(None);
            }
        }
        replaced.push_str(&text[after..]);
        Ok(spend(text.len() - after).then_some(replaced))
    }
}

/// Checks a replacement for a pattern that has no more groups than fit.
pub(crate) fn check_replacement(replacement: &str) -> Result<(), PatternError> {
    replacement_parts(replacement, 0).map(drop)
}

enum Part {
    Group(usize),
    Text(String),
}

/// `$12` is the twelfth group, or the first and a `2` where there are fewer than twelve.
fn replacement_parts(replacement: &str, groups: usize) -> Result<Vec<Part>, PatternError> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = replacement.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                Some(escaped @ ('\\' | '$')) => text.push(escaped),
                _ => return Err(PatternError::Replacement),
            },
            '$' => {
                let digit = |c: Option<&char>| c.and_then(|c| c.to_digit(10)).map(|d| d as usize);
                let mut group = digit(rest.next().as_ref()).ok_or(PatternError::Replacement)?;
                while let Some(next) = digit(rest.peek())
                    && group * 10 + next <= groups
                {
                    group = group * 10 + next;
                    rest.next();
                }
                parts.push(Part::Text(std::mem::take(&mut text)));
                // A group that the pattern lacks is empty.
                if group <= groups {
                    parts.push(Part::Group(group));
                }
            }
            other => text.push(other),
        }
    }
    parts.push(Part::Text(text));
    Ok(parts)
}

#[derive(Clone, Copy, Default)]
struct Flags {
    dot_all: bool,
    multi_line: bool,
    any_case: bool,
    spaced: bool,
    plain: bool,
}

impl Flags {
    fn parse(text: &str) -> Result<Self, PatternError> {
        let mut flags = Self::default();
        for flag in text.chars() {
            let flag = match flag {
                's' => &mut flags.dot_all,
                'm' => &mut flags.multi_line,
                'i' => &mut flags.any_case,
                'x' => &mut flags.spaced,
                'q' => &mut flags.plain,
                _ => return Err(PatternError::Flag),
            };
            *flag = true;
        }
        Ok(flags)
    }
}

/// A pattern of XPath on its way to one of the `regex` crate. Groups are written as they come, so
/// that nothing here recurses over them.
struct Translation {
    flags: Flags,
    out: String,
    /// The sizes of the open groups so far, and of the last part of each.
    sizes: Vec<(usize, usize)>,
    /// Whether a quantifier may follow.
    is_quantifiable: bool,
}

type Rest<'p> = std::iter::Peekable<std::str::Chars<'p>>;

impl Translation {
    fn new(flags: Flags) -> Self {
        Self {
            flags,
            out: String::new(),
            sizes: vec![(0, 0)],
            is_quantifiable: false,
        }
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), PatternError> {
        let mut rest = pattern.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                ' ' | '\t' | '\n' | '\r' if self.flags.spaced => {}
                '\\' => self.escape(&mut rest)?,
                '[' => {
                    let class = class(&mut rest, self.flags.any_case, 0)?;
                    self.part(&class.text, class.size);
                }
                '(' => self.open(&mut rest)?,
                ')' => self.close()?,
                '|' => {
                    self.out.push('|');
                    self.settle();
                    self.is_quantifiable = false;
                }
                '?' | '*' | '+' | '{' => self.quantifier(character, &mut rest)?,
                '.' if self.flags.dot_all => self.part("(?s:.)", 1),
                '.' => self.part(r"[^\n\r]", 1),
                '^' if self.flags.multi_line => self.part("(?m:^)", 1),
                '$' if self.flags.multi_line => self.part("(?m:$)", 1),
                '^' => self.part("^", 1),
                '$' => self.part("$", 1),
                ']' | '}' => {
                    return Err(PatternError::Syntax(
                        "a bracket closes what was not opened; escape it",
                    ));
                }
                other => self.character(other),
            }
        }
        Ok(())
    }

    /// The size of all.
    fn finish(&mut self) -> Result<usize, PatternError> {
        if self.sizes.len() > 1 {
            return Err(PatternError::Syntax("a group is not closed"));
        }
        self.settle();
        let size = self.sizes[0].0;
        if size > LARGEST {
            return Err(PatternError::TooLarge);
        }
        Ok(size)
    }

    fn character(&mut self, character: char) {
        let mut text = String::new();
        if self.flags.any_case {
            let class = any_case(vec![(character, character)]);
            write_class(&mut text, &class);
        } else {
            write_character(&mut text, character);
        }
        self.part(&text, 1);
    }

    fn part(&mut self, text: &str, size: usize) {
        self.settle();
        self.out.push_str(text);
        if let Some((_, last)) = self.sizes.last_mut() {
            *last = size;
        }
        self.is_quantifiable = true;
    }

    /// Adds the last part to its group: no quantifier can follow it any more.
    fn settle(&mut self) {
        if let Some((all, last)) = self.sizes.last_mut() {
            *all = all.saturating_add(*last);
            *last = 0;
        }
    }

    fn open(&mut self, rest: &mut Rest<'_>) -> Result<(), PatternError> {
        self.settle();
        self.out.push('(');
        if rest.next_if_eq(&'?').is_some() {
            if rest.next() != Some(':') {
                return Err(PatternError::Syntax("only `(?:` may follow a bracket"));
            }
            self.out.push_str("?:");
        }
        self.sizes.push((0, 0));
        self.is_quantifiable = false;
        Ok(())
    }

    fn close(&mut self) -> Result<(), PatternError> {
        self.settle();
        if self.sizes.len() < 2 {
            return Err(PatternError::Syntax(
                "a bracket closes what was not opened; escape it",
            ));
        }
        self.out.push(')');
        let (size, _) = self.sizes.pop().unwrap_or_default();
        if let Some((_, last)) = self.sizes.last_mut() {
            *last = size + 1;
        }
        self.is_quantifiable = true;
        Ok(())
    }

    fn quantifier(&mut self, sign: char, rest: &mut Rest<'_>) -> Result<(), PatternError> {
        if !self.is_quantifiable {
            return Err(PatternError::Syntax("a quantifier follows nothing"));
        }
        self.out.push(sign);
        let times = if sign == '{' { self.range(rest)? } else { 1 };
        if let Some(reluctant) = rest.next_if_eq(&'?') {
            self.out.push(reluctant);
        }
        if let Some((_, last)) = self.sizes.last_mut() {
            *last = last.saturating_mul(times.max(1));
            if *last > LARGEST {
                return Err(PatternError::TooLarge);
            }
        }
        self.is_quantifiable = false;
        Ok(())
    }

    /// `n}`, `n,}` or `n,m}`; the greatest number is returned.
    fn range(&mut self, rest: &mut Rest<'_>) -> Result<usize, PatternError> {
        const MALFORMED: PatternError =
            PatternError::Syntax("a quantifier is not `{n}`, `{n,}` or `{n,m}`");
        let range: String = rest.by_ref().take_while(|c| *c != '}').collect();
        let (least, most) = range.split_once(',').unwrap_or((&range, &range));
        let number = |digits: &str| -> Result<usize, PatternError> {
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(MALFORMED);
            }
            digits.parse().map_err(|_| PatternError::TooLarge)
        };
        let least = number(least)?;
        let (text, most) = if most.is_empty() {
            (format!("{least},}}"), least)
        } else {
            let most = number(most)?;
            (format!("{least},{most}}}"), most)
        };
        if most < least {
            return Err(MALFORMED);
        }
        self.out.push_str(&text);
        Ok(most)
    }

    fn escape(&mut self, rest: &mut Rest<'_>) -> Result<(), PatternError> {
        match escape(rest)? {
            Escape::BackReference => return Err(PatternError::BackReference),
            Escape::Character(character) => self.character(character),
            Escape::Class(text) => self.part(&format!("[{text}]"), CATEGORY),
        }
        Ok(())
    }
}

enum Escape {
    BackReference,
    Character(char),
    /// What may stand in a class of the `regex` crate.
    Class(String),
}

/// What follows a `\`.
fn escape(rest: &mut Rest<'_>) -> Result<Escape, PatternError> {
    let class = |text: &str| Ok(Escape::Class(text.to_owned()));
    match rest.next() {
        Some('n') => Ok(Escape::Character('\n')),
        Some('r') => Ok(Escape::Character('\r')),
        Some('t') => Ok(Escape::Character('\t')),
        Some(
            sign @ ('\\' | '|' | '.' | '?' | '*' | '+' | '(' | ')' | '{' | '}' | '-' | '[' | ']'
            | '^' | '$'),
        ) => Ok(Escape::Character(sign)),
        Some('s') => class(r"\t\n\r\x20"),
        Some('S') => class(r"[^\t\n\r\x20]"),
        Some('d') => class(r"\p{Nd}"),
        Some('D') => class(r"\P{Nd}"),
        Some('w') => class(r"[^\p{P}\p{Z}\p{C}]"),
        Some('W') => class(r"\p{P}\p{Z}\p{C}"),
        Some('i') => class(NAME_START),
        Some('I') => class(&format!("[^{NAME_START}]")),
        Some('c') => class(&format!("{NAME_START}{NAME_REST}")),
        Some('C') => class(&format!("[^{NAME_START}{NAME_REST}]")),
        Some(sign @ ('p' | 'P')) => category(sign == 'P', rest),
        Some('0'..='9') => Ok(Escape::BackReference),
        _ => Err(PatternError::Syntax("an escape that XPath does not have")),
    }
}

/// The characters that a name in XML begins with ([XML 1.0,
/// 2.3](https://www.w3.org/TR/xml/#NT-NameStartChar)).
const NAME_START: &str = r":A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}-\x{200D}\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}";

/// The characters that it may go on with besides.
const NAME_REST: &str = r"\-.0-9\x{B7}\x{300}-\x{36F}\x{203F}-\x{2040}";

const CATEGORIES: [&str; 36] = [
    "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc",
    "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Z", "Zs", "Zl", "Zp", "S", "Sm", "Sc", "Sk", "So", "C",
    "Cc", "Cf", "Co", "Cn",
];

fn category(is_negated: bool, rest: &mut Rest<'_>) -> Result<Escape, PatternError> {
    if rest.next() != Some('{') {
        return Err(PatternError::Syntax("`\\p` without `{`"));
    }
    let name: String = rest.by_ref().take_while(|c| *c != '}').collect();
    if let Some(block) = name.strip_prefix("Is") {
        let (first, last) = blocks::range(block).ok_or(PatternError::Block)?;
        let negation = if is_negated { "^" } else { "" };
        return Ok(Escape::Class(format!(
            "[{negation}\\x{{{first:X}}}-\\x{{{last:X}}}]"
        )));
    }
    if !CATEGORIES.contains(&name.as_str()) {
        return Err(PatternError::Syntax(
            "`\\p` with a category that Unicode does not have",
        ));
    }
    let sign = if is_negated { 'P' } else { 'p' };
    Ok(Escape::Class(format!("\\{sign}{{{name}}}")))
}

struct Class {
    text: String,
    size: usize,
}

/// A class behind its `[`, up to its `]`.
fn class(rest: &mut Rest<'_>, in_any_case: bool, depth: usize) -> Result<Class, PatternError> {
    const OPEN: PatternError = PatternError::Syntax("a class is not closed");
    if depth > MOST_CLASSES {
        return Err(PatternError::TooLarge);
    }
    let is_negated = rest.next_if_eq(&'^').is_some();
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut categories = String::new();
    let mut size = 1;
    let mut subtracted = None;
    let mut is_first = true;
    loop {
        let character = match rest.next().ok_or(OPEN)? {
            ']' if is_first => {
                return Err(PatternError::Syntax("a class is empty; escape the bracket"));
            }
            ']' => break,
            '[' => return Err(PatternError::Syntax("a bracket in a class; escape it")),
            '-' if !is_first && rest.next_if_eq(&'[').is_some() => {
                subtracted = Some(class(rest, in_any_case, depth + 1)?);
                if rest.next().ok_or(OPEN)? != ']' {
                    return Err(PatternError::Syntax(
                        "a class goes on behind what is subtracted",
                    ));
                }
                break;
            }
            '-' if !is_first && rest.peek() != Some(&']') => {
                return Err(PatternError::Syntax(
                    "a `-` between others in a class; escape it",
                ));
            }
            '\\' => match escape(rest)? {
                Escape::BackReference => return Err(PatternError::BackReference),
                Escape::Character(character) => character,
                Escape::Class(text) => {
                    categories.push_str(&text);
                    size += CATEGORY;
                    is_first = false;
                    continue;
                }
            },
            other => other,
        };
        is_first = false;
        let last = end_of_range(character, rest)?;
        ranges.push((character, last));
        size += 1;
    }
    let mut text = "[[".to_owned();
    if is_negated {
        text.push('^');
    }
    if !ranges.is_empty() {
        let class = if in_any_case {
            any_case(ranges)
        } else {
            unicode_class(ranges)
        };
        write_class(&mut text, &class);
    }
    text.push_str(&categories);
    text.push(']');
    if let Some(subtracted) = subtracted {
        text.push_str("--");
        text.push_str(&subtracted.text);
        size += subtracted.size;
    }
    text.push(']');
    Ok(Class { text, size })
}

/// The last character of the range that begins with this one; the same one if it stands alone.
fn end_of_range(first: char, rest: &mut Rest<'_>) -> Result<char, PatternError> {
    let mut ahead = rest.clone();
    if ahead.next() != Some('-') || matches!(ahead.peek(), Some(']' | '[') | None) {
        return Ok(first);
    }
    rest.next();
    let last = match rest.next() {
        Some('\\') => match escape(rest)? {
            Escape::Character(character) => character,
            _ => return Err(PatternError::Syntax("a range up to a class")),
        },
        Some(character) => character,
        None => return Err(PatternError::Syntax("a class is not closed")),
    };
    if last < first {
        return Err(PatternError::Syntax("a range from high to low"));
    }
    Ok(last)
}

fn unicode_class(ranges: Vec<(char, char)>) -> ClassUnicode {
    ClassUnicode::new(
        ranges
            .into_iter()
            .map(|(first, last)| ClassUnicodeRange::new(first, last)),
    )
}

/// With flag `i`, characters and ranges match in any case, and categories do not
/// ([5.6.1.1](https://www.w3.org/TR/xpath-functions-31/#flags)).
fn any_case(ranges: Vec<(char, char)>) -> ClassUnicode {
    let mut class = unicode_class(ranges);
    class.case_fold_simple();
    class
}

fn write_class(text: &mut String, class: &ClassUnicode) {
    text.push('[');
    for range in class.iter() {
        write_character(text, range.start());
        text.push('-');
        write_character(text, range.end());
    }
    text.push(']');
}

fn write_character(text: &mut String, character: char) {
    // Writing to a string does not fail.
    let _ = write!(text, "\\x{{{:X}}}", u32::from(character));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, flags: &str, text: &str, expected: bool) {
        let compiled = Pattern::new(pattern, flags).unwrap();
        assert_eq!(compiled.is_match(text), expected, "{pattern} on {text}");
    }

    #[test]
    fn patterns_match_as_in_xpath() {
        for (pattern, flags, text, expected) in [
            ("^[a-z-[aeiou]]$", "", "a", false),
            ("^[a-z-[aeiou]]$", "", "b", true),
            ("^[^a-c-[x]]$", "", "x", false),
            ("^[^a-c-[x]]$", "", "y", true),
            ("^[a-z-[aeiou-[e]]]$", "", "e", true),
            (r"^\i\c*$", "", "xml:lang-1", true),
            (r"^\i\c*$", "", "1x", false),
            (r"^\I$", "", "1", true),
            (r"^\C$", "", " ", true),
            (r"^\p{IsBasicLatin}+$", "", "abc", true),
            (r"^\p{IsBasicLatin}+$", "", "ä", false),
            (r"^\P{IsGreek}+$", "", "α", false),
            (r"^\p{Lu}$", "i", "a", false),
            (r"^[\p{Lu}b]$", "i", "B", true),
            ("^straSSe$", "i", "STRASSE", true),
            ("^[^q]$", "i", "Q", false),
            ("^.$", "", "\n", false),
            ("^.$", "", "\r", false),
            ("^.$", "s", "\n", true),
            ("^b$", "", "a\nb", false),
            ("^b$", "m", "a\nb", true),
            ("hel lo", "x", "hello", true),
            ("[ ]o", "x", "hel o", true),
            ("a.b", "q", "a.b", true),
            ("a.b", "q", "axb", false),
            ("A.B", "qi", "a.b", true),
            (r"^\w$", "", "_", false),
            (r"^\w$", "", "é", true),
            (r"^[\w_]$", "", "_", true),
            (r"^\d$", "", "٣", true),
            (r"^\s$", "", "\u{a0}", false),
            ("^[&&a]$", "", "&", true),
            ("^[~-]+$", "", "~-", true),
            ("^[-a]+$", "", "-a", true),
            ("^a{2}$", "", "aa", true),
            ("^a{2,3}?$", "", "aaa", true),
            ("^(?:a|b){2,}$", "", "abab", true),
            ("", "", "anything", true),
            ("^(a|)b$", "", "b", true),
        ] {
            check(pattern, flags, text, expected);
        }
    }

    #[test]
    fn what_xpath_does_not_have_is_refused_by_name() {
        let check = |pattern: &str, flags: &str, expected: &str| {
            let error = Pattern::new(pattern, flags).unwrap_err().to_string();
            assert!(error.contains(expected), "{pattern}: {error}");
        };
        check(r"(a)\1", "", "back-reference");
        check(r"[\1]", "", "back-reference");
        check(r"\p{IsKlingon}", "", "block");
        check(r"\p{Xx}", "", "category");
        check("a", "g", "flag");
        check("(", "", "not closed");
        check(")", "", "not opened");
        check("[a", "", "not closed");
        check("[]", "", "empty");
        check("[z-a]", "", "high to low");
        check("[a-\\d]", "", "range up to a class");
        check("[a-c-e]", "", "`-`");
        check("a}", "", "not opened");
        check("a**", "", "quantifier");
        check("a{,2}", "", "quantifier");
        check("a{3,2}", "", "quantifier");
        check("(?i)a", "", "`(?:`");
        check(r"\b", "", "escape");
        check("(a{1,300}){1,300}", "", "too large");
        check("a{99999999999999999999}", "", "too large");
        check(&"(".repeat(10_000), "", "not closed");
        check(
            &format!("{}{}", "(".repeat(10_000), ")".repeat(10_000)),
            "",
            "nested",
        );
    }

    #[test]
    fn replacements_are_those_of_xpath() {
        let replace = |text: &str, pattern: &str, replacement: &str, flags: &str| {
            Pattern::new(pattern, flags)?
                .replace(text, replacement, |_| true)
                .map(Option::unwrap)
        };
        let check = |[text, pattern, replacement, expected]: [&str; 4]| {
            assert_eq!(
                replace(text, pattern, replacement, "").as_deref(),
                Ok(expected),
                "{replacement}"
            );
        };
        check(["abc", "(b)", "$1x", "abxc"]);
        check(["abc", "(b)", "$10", "ab0c"]);
        check(["abc", "b", "[$0]", "a[b]c"]);
        check(["abc", "(b)", "$2", "ac"]);
        check(["abc", "b", r"\$", "a$c"]);
        check(["abc", "b", r"\\", r"a\c"]);
        check(["abc", "(a)|(c)", "<$1$2>", "<a>b<c>"]);
        check([
            "abcdefghijkl",
            "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)(l)",
            "$12$1",
            "la",
        ]);
        check(["AAAA", "A+?", "b", "bbbb"]);
        check(["darted", "^(.*?)d(.*)$", "$1c$2", "carted"]);
        assert_eq!(
            replace("a.b", ".", r"$\", "q").as_deref(),
            Ok(r"a$\b"),
            "flag q"
        );
        let refuse = |pattern: &str, replacement: &str, expected: PatternError| {
            assert_eq!(replace("abc", pattern, replacement, ""), Err(expected));
        };
        refuse("b", "$x", PatternError::Replacement);
        refuse("b", "$", PatternError::Replacement);
        refuse("b", r"\n", PatternError::Replacement);
        refuse("b", r"\", PatternError::Replacement);
        refuse("b*", "x", PatternError::Empty);
    }
}
