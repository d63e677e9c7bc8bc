use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};

use crate::error::Position;
use crate::guard::turtle::end_of_string;
use crate::limits::{Limit, LimitError};
use crate::sparql::{QueryError, QueryLimits};

/// Checks that the text of a query is not too long, not nested too deep, and without an endless
/// chain of operators.
///
/// The parser underneath recurses for every bracket; a few hundred levels abort the process. And it
/// reads some constructs twice, which doubles its time with each level of them. So the count must
/// never be below what the parser will see. Where SPARQL needs its grammar to tell tokens apart
/// (`?a<b` compares, `?a <b>` does not), both readings are counted; where they drift too far apart,
/// the text is refused.
pub(crate) fn check_query_text(text: &str, limits: &QueryLimits) -> Result<(), QueryError> {
    if text.len() > limits.bytes {
        return Err(LimitError::new(Limit::QueryBytes, limits.bytes, None).into());
    }
    Scan::new(text, limits).run()?;
    // Escapes of code points mean characters everywhere by the letter of SPARQL (1.1, 19.2), inside
    // strings only by the parser's default. Quotes and brackets written so must be harmless in both
    // ways.
    if let Cow::Owned(unescaped) = unescape_code_points(text) {
        Scan::new(&unescaped, limits).run()?;
    }
    Ok(())
}

/// Functions with optional arguments: the parser reads all arguments for the long form, and then
/// again for the short one.
const READ_TWICE: [&str; 4] = ["GROUP_CONCAT", "REGEX", "REPLACE", "SUBSTR"];

/// How many levels a bracket counts for whose content the parser reads twice. With 24 levels
/// allowed, that is 2⁸ times at the most.
const LEVELS_READ_TWICE: usize = 3;

#[derive(Default)]
enum Function {
    #[default]
    None,
    /// An IRI or prefixed name. Functions with such names are tried as aggregates as well.
    Iri,
    /// Where a word stands.
    Word(Range<usize>),
}

struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    limits: &'t QueryLimits,
    at: usize,
    /// The open brackets, with what each counts for.
    open: Vec<(u8, usize)>,
    /// The sum of `open`.
    depth: usize,
    /// `!` in a row, each a level for the parser.
    negations: usize,
    /// Whether what comes is the operand of a `!`.
    negated: bool,
    /// What was just read, as the name of a function if a bracket follows.
    function: Function,
    brackets: usize,
    /// Groups and operators whose chains the parser keeps as deep as they are long.
    links: usize,
    /// The same for operators that it keeps in less room.
    light_links: usize,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str, limits: &'t QueryLimits) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            limits,
            at: 0,
            open: Vec::new(),
            depth: 0,
            negations: 0,
            negated: false,
            function: Function::None,
            brackets: 0,
            links: 0,
            light_links: 0,
        }
    }

    fn run(mut self) -> Result<(), QueryError> {
        while let Some(byte) = self.bytes.get(self.at).copied() {
            match byte {
                b'#' => self.at = self.end_of_line(),
                b'"' | b'\'' => {
                    self.negations = 0;
                    self.function = Function::None;
                    self.string()?;
                }
                b'<' => {
                    self.negations = 0;
                    self.less_than_or_iri()?;
                }
                // An escape in a local name may hide a bracket or quote.
                b'\\' => self.at += 2,
                _ => {
                    self.mark(byte)?;
                    self.at += 1;
                }
            }
        }
        Ok(())
    }

    fn mark(&mut self, byte: u8) -> Result<(), QueryError> {
        if byte.is_ascii_whitespace() {
            return Ok(());
        }
        if byte == b'!' {
            self.negations += 1;
            self.negated = true;
            self.check_depth(self.depth + self.negations)?;
        } else {
            self.negations = 0;
        }
        match byte {
            b'(' | b'[' | b'{' => self.open_bracket(byte)?,
            b')' | b']' | b'}' => self.close_bracket(),
            b'&' | b'*' | b'+' | b'-' | b'=' | b'<' | b'>' => {
                self.light_links += 1;
                self.negated = false;
            }
            b'/' | b'^' | b'|' => {
                self.links += 1;
                self.negated = false;
            }
            b',' | b';' => self.negated = false,
            _ => {}
        }
        self.track_function(byte);
        self.check_links()
    }

    fn open_bracket(&mut self, byte: u8) -> Result<(), QueryError> {
        let called_twice = match &self.function {
            Function::None => false,
            Function::Iri => true,
            Function::Word(word) => READ_TWICE
                .iter()
                .any(|name| self.text[word.clone()].eq_ignore_ascii_case(name)),
        };
        let levels = if self.negated || (called_twice && byte == b'(') {
            LEVELS_READ_TWICE
        } else {
            1
        };
        self.push(byte, levels)?;
        self.negated = false;
        self.brackets += 1;
        self.links += usize::from(byte == b'{');
        Ok(())
    }

    fn push(&mut self, bracket: u8, levels: usize) -> Result<(), QueryError> {
        self.open.push((bracket, levels));
        self.depth += levels;
        self.check_depth(self.depth)
    }

    fn close_bracket(&mut self) {
        self.depth -= self.open.pop().map_or(0, |(_, levels)| levels);
        self.negated = false;
    }

    /// Keeps the name that a bracket right behind would call, space and comments between them or
    /// not.
    fn track_function(&mut self, byte: u8) {
        let after_space = self.at == 0 || self.bytes[self.at - 1].is_ascii_whitespace();
        let in_word = byte.is_ascii_alphanumeric() || byte == b'_';
        let in_local_name = in_word || byte >= 0x80 || matches!(byte, b':' | b'.' | b'-' | b'%');
        self.function = match std::mem::take(&mut self.function) {
            Function::Iri if in_local_name && !after_space => Function::Iri,
            _ if byte == b':' => Function::Iri,
            Function::Word(word) if in_word && word.end == self.at => {
                Function::Word(word.start..self.at + 1)
            }
            _ if in_word => Function::Word(self.at..self.at + 1),
            _ => Function::None,
        };
    }

    /// Chains end up as trees as deep as they are long; these bounds keep the tree small enough to
    /// be looked at and freed. The chain itself is bounded once its structure is known.
    fn check_links(&self) -> Result<(), QueryError> {
        let chain = self.limits.chain;
        let too_long = self.links > chain.saturating_mul(4)
            || self.brackets > chain.saturating_mul(32)
            || self.light_links > chain.saturating_mul(64);
        if too_long {
            return Err(self.over(Limit::QueryChain, chain));
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), QueryError> {
        let end = end_of_string(self.bytes, self.at);
        let content = &self.bytes[self.at..end];
        let quote = content[0];
        let quotes = if content.starts_with(&[quote; 3]) {
            3
        } else {
            1
        };
        // Where a string in three quotes is malformed, the parser tries it as an empty string and
        // another one, and reads on inside.
        if content.len() < 2 * quotes || !content.ends_with(&[quote; 3][..quotes]) {
            return Err(self.refused("a string that is not closed"));
        }
        if !has_valid_escapes(&self.text[self.at..end]) {
            return Err(self.refused("an escape in a string that SPARQL does not have"));
        }
        self.at = end;
        Ok(())
    }

    fn less_than_or_iri(&mut self) -> Result<(), QueryError> {
        let rest = &self.bytes[self.at + 1..];
        let length = rest.iter().position(|b| {
            *b <= b' ' || matches!(b, b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'^' | b'`')
        });
        let iri = match length {
            Some(length) if rest[length] == b'>' => &rest[..length],
            // The parser cannot take it for an IRI: it compares, or opens a quoted triple.
            _ => {
                self.mark(b'<')?;
                if rest.starts_with(b"<") {
                    self.open_bracket(b'<')?;
                }
                self.at += 1;
                return Ok(());
            }
        };
        if iri.contains(&b'\\') {
            return Err(self.refused("an escape in an IRI"));
        }
        let surely_iri = has_scheme_and_slashes(iri) || self.is_among_patterns();
        if !surely_iri && iri.contains(&b'\'') {
            return Err(self.refused("a quote in an IRI; write `%27`"));
        }
        if !surely_iri && iri.contains(&b'#') {
            return self.iri_or_comment();
        }
        self.brackets_in_iri(iri, surely_iri)?;
        self.function = Function::Iri;
        self.at += iri.len() + 2;
        Ok(())
    }

    /// Whether this is among the patterns of a group, or before the first. There is no comparison
    /// there: those of a FILTER, BIND or HAVING stand in round brackets.
    fn is_among_patterns(&self) -> bool {
        self.open
            .last()
            .is_none_or(|(bracket, _)| matches!(bracket, b'{' | b'['))
    }

    /// As brackets of a comparison they all count, and as the dearest; as characters of an IRI they
    /// close nothing outside of it.
    fn brackets_in_iri(&mut self, iri: &[u8], surely_iri: bool) -> Result<(), QueryError> {
        let outside = self.open.len();
        let levels = if surely_iri { 1 } else { LEVELS_READ_TWICE };
        for byte in iri {
            match byte {
                b'(' | b'[' => self.push(*byte, levels)?,
                b')' | b']' if self.open.len() > outside => self.close_bracket(),
                b'!' if !surely_iri => self.push(b'(', levels)?,
                b'/' if !surely_iri => self.links += 1,
                b'&' | b'*' | b'+' | b'-' | b'=' if !surely_iri => self.light_links += 1,
                _ => {}
            }
        }
        self.check_links()
    }

    /// `?a <b:c#d> …` is an IRI and more, `?a <b:c #d> …` a comparison and a comment. To the end of
    /// the line every bracket that opens counts, and none that closes.
    fn iri_or_comment(&mut self) -> Result<(), QueryError> {
        let end = self.end_of_line();
        let line = &self.text[self.at..end];
        if line.contains("'''") || line.contains("\"\"\"") {
            return Err(
                self.refused("a string in three quotes behind an IRI with `#` that has no `://`")
            );
        }
        let outside = self.open.len();
        while self.at < end {
            let byte = self.bytes[self.at];
            if !matches!(byte, b')' | b']' | b'}') {
                self.mark(byte)?;
            }
            self.at += 1;
        }
        // What is inside of these may be inside of an expression.
        for (bracket, _) in &mut self.open[outside..] {
            *bracket = b'(';
        }
        Ok(())
    }

    fn end_of_line(&self) -> usize {
        let rest = &self.bytes[self.at..];
        self.at + memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())
    }

    fn check_depth(&self, depth: usize) -> Result<(), QueryError> {
        if depth > self.limits.depth {
            return Err(self.over(Limit::QueryDepth, self.limits.depth));
        }
        Ok(())
    }

    fn over(&self, limit: Limit, allowed: usize) -> QueryError {
        LimitError::new(limit, allowed, Some(self.position())).into()
    }

    fn refused(&self, what: &str) -> QueryError {
        let found: String = self.text[self.at..].chars().take(24).collect();
        QueryError::Syntax {
            position: self.position(),
            found: format!("`{}`", found.lines().next().unwrap_or_default()),
            message: what.to_owned(),
        }
    }

    fn position(&self) -> Position {
        Position::of(self.text, self.at)
    }
}

/// Whether this begins as `http://` does. No comparison can: after a prefixed name and a division
/// there must be an operand.
fn has_scheme_and_slashes(iri: &[u8]) -> bool {
    let Some(colon) = memchr(b':', iri) else {
        return false;
    };
    let (scheme, rest) = iri.split_at(colon);
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    is_scheme && rest.starts_with(b"://")
}

/// [SPARQL 1.1, 19.7 and 19.2](https://www.w3.org/TR/sparql11-query/#grammarEscapes).
fn has_valid_escapes(string: &str) -> bool {
    let mut rest = string;
    while let Some((_, escape)) = rest.split_once('\\') {
        let code_point = match escape.bytes().next() {
            Some(b't' | b'b' | b'n' | b'r' | b'f' | b'"' | b'\'' | b'\\') => {
                rest = &escape[1..];
                continue;
            }
            Some(b'u') => escape.get(1..5),
            Some(b'U') => escape.get(1..9),
            _ => None,
        };
        let Some(digits) = code_point.filter(|digits| decode_code_point(digits).is_some()) else {
            return false;
        };
        rest = &escape[1 + digits.len()..];
    }
    true
}

fn decode_code_point(digits: &str) -> Option<char> {
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

/// The text with escapes of code points resolved, wherever they stand; borrowed if there are none.
fn unescape_code_points(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") && !text.contains("\\U") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let digits = match escape.bytes().next() {
            Some(b'u') => escape.get(1..5),
            Some(b'U') => escape.get(1..9),
            _ => None,
        };
        match digits.and_then(|digits| Some((digits, decode_code_point(digits)?))) {
            Some((digits, character)) => {
                plain.push(character);
                rest = &escape[1 + digits.len()..];
            }
            None => {
                plain.push('\\');
                rest = escape;
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes with this much of the bound, and not with one less.
    #[track_caller]
    fn check_bound(text: &str, limit: Limit, exact: usize) {
        let check = |bound: usize| {
            let limits = match limit {
                Limit::QueryBytes => QueryLimits::new().with_bytes(bound),
                Limit::QueryChain => QueryLimits::new().with_chain(bound),
                _ => QueryLimits::new().with_depth(bound),
            };
            check_query_text(text, &limits)
        };
        if let Err(error) = check(exact) {
            panic!("{text}: {exact} is too little: {error}");
        }
        match check(exact - 1) {
            Err(QueryError::Limit(error)) => {
                assert_eq!((error.limit(), error.allowed()), (limit, exact - 1));
                assert_eq!(error.position().is_some(), limit != Limit::QueryBytes);
            }
            other => panic!("{text}: {} is enough: {other:?}", exact - 1),
        }
    }

    #[track_caller]
    fn check_depth(text: &str, exact: usize) {
        check_bound(text, Limit::QueryDepth, exact);
    }

    #[track_caller]
    fn check_chain(text: &str, exact: usize) {
        check_bound(text, Limit::QueryChain, exact);
    }

    #[track_caller]
    fn check_refused(text: &str, part: &str) {
        let error = check_query_text(text, &QueryLimits::new()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(part), "{text}: {error}");
    }

    #[test]
    fn a_query_is_as_long_as_it_may_be() {
        check_bound("ASK { }", Limit::QueryBytes, 7);
    }

    #[test]
    fn brackets_are_counted_where_they_nest() {
        check_depth("{ { ( [ ] ) } }", 4);
        check_depth("() () (()) ()", 2);
        check_depth("))((", 2);
        check_depth("<< ?a << ?b", 2);
        // what is no bracket
        check_depth(r#"( "(((" '{{{' """(" ((""" '\'(' )"#, 1);
        check_depth("( # ((\n ( # ((\r (", 3);
        check_depth(r#"( e:a\( + e:a\" + ( "#, 2);
    }

    #[test]
    fn negations_in_a_row_are_levels() {
        check_depth("(!!!?a)", 4);
        check_depth("(! ! !?a)", 4);
        check_depth("(!a!b!c)", 2);
        check_depth(r#"(!"a"!'b')"#, 2);
        check_depth("(!<a:b>!<c:d>)", 2);
    }

    #[test]
    fn a_bracket_behind_a_negation_is_read_twice() {
        for text in ["!(1)", "! (1)", "!a(1)", "!{1}"] {
            check_depth(text, LEVELS_READ_TWICE);
        }
        for operator in "&*+-=<>/^|,;".chars() {
            check_depth(&format!("!a{operator}(1)"), 1);
        }
        // neither what is in the bracket nor what is behind it
        check_depth("!((1))", LEVELS_READ_TWICE + 1);
        check_depth("(!a)(b)", 2);
        check_depth("!(a)((((b))))", 4);
    }

    #[test]
    fn the_arguments_of_some_functions_are_read_twice() {
        for name in READ_TWICE {
            check_depth(&format!("{name}(1)"), LEVELS_READ_TWICE);
        }
        for text in [
            "regex(1)",
            "REGEX (1)",
            "REGEX # c\n(1)",
            "x REGEX(1)",
            ",REGEX(1)",
            "<a:b>(1)",
            "a:b(1)",
            ":(1)",
            "a:b (1)",
            "a:b.c-d%20_1\u{e9}(1)",
            "a:b:c(1)",
        ] {
            check_depth(text, LEVELS_READ_TWICE);
        }
        for text in [
            "XREGEX(1)",
            "REGEX1(1)",
            "REGEX_(1)",
            "RE GEX(1)",
            "REGEX[1]",
            "REGEX 1(2)",
            "REGEX, (2)",
            "CONCAT(1)",
            "a:b c(1)",
            "a:b+(1)",
            "a:b\"x\"(1)",
            "REGEX 'x'(1)",
        ] {
            check_depth(text, 1);
        }
        check_depth("REGEX(1)((1))", LEVELS_READ_TWICE);
        check_depth("REGEX((1))((1))", LEVELS_READ_TWICE + 1);
    }

    #[test]
    fn groups_operators_and_brackets_are_counted() {
        for link in ["{}", "/", "^", "|"] {
            check_chain(&link.repeat(8), 2);
            check_chain(&link.repeat(9), 3);
        }
        for bracket in ["()", "[]"] {
            check_chain(&bracket.repeat(64), 2);
            check_chain(&bracket.repeat(65), 3);
        }
        for operator in ["&", "*", "+", "-", "=", ">", "< "] {
            check_chain(&operator.repeat(128), 2);
            check_chain(&operator.repeat(129), 3);
        }
        for other in [",", ";", "!a ", "a", "\"+\"", "?"] {
            check_query_text(&other.repeat(400), &QueryLimits::new().with_chain(0)).unwrap();
        }
    }

    #[test]
    fn an_iri_that_may_be_a_comparison_counts_as_both() {
        // among patterns it is an IRI, in round brackets only with `://`
        check_depth("{<a:b(c)(d)>}", 2);
        check_depth("{<a:b(c[d)>}", 3);
        check_depth("[<a:b[c>]", 2);
        check_depth("<a:b(c>", 1);
        check_depth("(<http://b(c>)", 2);
        check_depth("(<a:b(c>)", 1 + LEVELS_READ_TWICE);
        check_depth("(<a:b[c]>)", 1 + LEVELS_READ_TWICE);
        check_depth("(<a:b!c>)", 1 + LEVELS_READ_TWICE);
        check_depth("{<a:b!c>}", 1);
        // it closes nothing outside
        check_depth("{<a:)])>(1)}", 1 + LEVELS_READ_TWICE);
        check_chain("(<////////>)", 2);
        check_chain("{<////////>}", 1);
        for operator in "&*+-=".chars() {
            let operators = operator.to_string().repeat(128);
            check_chain(&format!("(<{operators}>)"), 2);
            check_chain(&format!("{{<{operators}>}}"), 1);
        }
    }

    #[test]
    fn what_cannot_be_in_an_iri_makes_a_comparison_of_it() {
        for (text, exact) in [
            ("(a<b|(1)>d)", 2),
            ("(a<b^(1)>d)", 2),
            ("(a<b`(1)>d)", 2),
            ("(a<b\t(1)>d)", 2),
            ("(a<b (1)>d)", 2),
            ("(a<b\"(\">d)", 1),
            ("(a<b{(1)}>d)", 3),
            ("(a<b}(1)>d)", 1),
            ("(a<b<(1)", 2),
            ("(a<b(1)", 2),
        ] {
            check_depth(text, exact);
        }
    }

    #[test]
    fn an_iri_that_may_begin_a_comment_is_both() {
        check_depth("(<a:b#(> )((\n", 4);
        check_depth("(<a:b#(> )((", 4);
        check_depth("(<a:b#c> }](\n(", 3);
        check_depth("{<a:b#(> )}", 2);
        check_depth("(<http://b#(>)", 2);
        check_refused("(<a:b#c> '''\n", "a string in three quotes");
        check_refused("(<a:b#c> \"\"\"\n", "a string in three quotes");
        check_query_text("(<a:b#c> ''\n'''a''')", &QueryLimits::new()).unwrap();
        // what was opened in the line may be part of an expression, what was opened before is not
        check_refused("(<a:b#c> {\n<a:b'c>", "a quote in an IRI");
        check_query_text("({<a:b> ?p (1) } <a:b#c> \n {<a:b'c>", &QueryLimits::new()).unwrap();
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        for text in [
            "\"",
            "\"abc",
            "'a\nb'",
            "'''a''",
            "\"\"\"\"\"",
            "'a\rb'",
            "'''",
        ] {
            check_refused(text, "a string that is not closed");
        }
        for text in ["\"\"", "''", "''''''", "'''a'''", "\"a'b\""] {
            check_query_text(text, &QueryLimits::new()).unwrap();
        }
        check_refused(r#""a\xb""#, "an escape in a string");
        check_refused(r"<a\u0062>", "an escape in an IRI");
        check_refused("(<a:b'c>)", "a quote in an IRI");
        for text in ["(<http://b'c>)", "{<a:b'c>}", "[<a:b'c>]", "<a:b'c>"] {
            check_query_text(text, &QueryLimits::new()).unwrap();
        }
        let error = check_query_text("ASK\n{ 'a\\xb' \n }", &QueryLimits::new()).unwrap_err();
        let QueryError::Syntax {
            position, found, ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((position.line, position.column), (2, 3));
        assert_eq!(found, "`'a\\xb' `");
    }

    #[test]
    fn escapes_of_code_points_count_as_what_they_stand_for() {
        check_depth(r"\u0028\u0028", 2);
        check_depth(r"\U00000028(", 2);
        check_depth(r"\u0028 e:a\( + \u0028", 2);
        // in a string they are harmless both ways
        check_query_text(r"'\u0041\u0027'", &QueryLimits::new()).unwrap_err();
        check_query_text(r"'\u0041'", &QueryLimits::new()).unwrap();
        for (text, expected) in [
            (r"a\u0041b\U00000042c", "aAbBc"),
            (r"\u004\u0041", r"\u004A"),
            (r"\uD800\u0041\n", r"\uD800A\n"),
            (r"\\u0041", r"\A"),
            (r"\U0001F600", "\u{1f600}"),
            (r"\u0041\", r"A\"),
        ] {
            assert_eq!(unescape_code_points(text), expected);
        }
        let plain = unescape_code_points(r"a\n");
        assert!(matches!(plain, Cow::Borrowed(r"a\n")));
    }

    #[test]
    fn strings_have_the_escapes_of_sparql() {
        for text in [
            "",
            "abc",
            r#"\t\b\n\r\f\"\'\\"#,
            r"a\u0041b\U00000041c",
            r"\\x",
            r"\uFFFFe",
            r"\U0010FFFF",
        ] {
            assert!(has_valid_escapes(text), "{text}");
        }
        for text in [
            r"\x",
            r"a\",
            r"\\\x",
            r"\u004",
            r"\u00g1",
            r"\u+041",
            r"\uD800",
            r"\U00110000",
            r"\U0000004",
            r"\u0041\x",
            r"\t\x",
        ] {
            assert!(!has_valid_escapes(text), "{text}");
        }
    }

    #[test]
    fn schemes_and_slashes() {
        for iri in ["http://e", "a://", "a+b-c.1://x"] {
            assert!(has_scheme_and_slashes(iri.as_bytes()), "{iri}");
        }
        for iri in [
            "", "a", "a:b", "a:/b", "://b", "1a://b", "a_b://c", "a/b://c", "a//:",
        ] {
            assert!(!has_scheme_and_slashes(iri.as_bytes()), "{iri}");
        }
    }
}
