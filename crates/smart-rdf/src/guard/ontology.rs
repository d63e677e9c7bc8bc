use std::collections::HashMap;

use memchr::memchr;
use oxrdf::Literal;

use crate::error::{ParseError, Position};
use crate::guard::markup::{Attribute, Markup, TagPart, Token, fault};
use crate::limits::{Limit, LimitError, Limits};

/// A literal whose language tag was none, and what was made of it by
/// [`RdfXml::repair_language_tags`](crate::RdfXml::repair_language_tags).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// Where the attribute stands in the document.
    pub position: Position,
    /// What was written as the language tag.
    pub language: String,
    /// The text that the literal has now: its value, `@`, and what was written as the language tag.
    pub text: String,
}

pub(crate) struct PlainXml {
    pub(crate) text: String,
    pub(crate) repairs: Vec<Repair>,
}

/// Turns an ontology into plain XML that the strict path takes: the document type declaration is
/// taken out, its entities are written out where they are used, and mangled language tags are put
/// back into their text.
///
/// Lines stay lines, so that later errors name the right one.
pub(crate) fn plain_xml(
    text: &str,
    doctype: bool,
    repair: bool,
    limits: &Limits,
) -> Result<PlainXml, ParseError> {
    let mut rewriter = Rewriter {
        text,
        limits,
        entities: HashMap::new(),
        expansion: 0,
        plain: String::with_capacity(text.len()),
        repair,
        repairs: Vec::new(),
        languages: Vec::new(),
        pending: None,
    };
    let mut markup = Markup::new(text);
    while let Some(token) = markup.token()? {
        match token {
            Token::Aside(range) | Token::CData(range) => {
                rewriter.refuse_pending(range.start)?;
                rewriter.plain.push_str(&text[range]);
            }
            Token::Doctype(start) if doctype => rewriter.doctype(start, &mut markup)?,
            Token::Doctype(start) => {
                return Err(ParseError::Doctype {
                    position: Position::of(text, start),
                });
            }
            Token::End { name, range } => rewriter.end_tag(name, &text[range]),
            Token::Start { name, start } => rewriter.start_tag(name, start, &mut markup)?,
            Token::Text(range) => rewriter.characters(&text[range.clone()], range.start)?,
        }
    }
    Ok(PlainXml {
        text: rewriter.plain,
        repairs: rewriter.repairs,
    })
}

struct Rewriter<'t> {
    text: &'t str,
    limits: &'t Limits,
    /// Values with the entities inside them already written out, safe to stand in text and in
    /// attributes.
    entities: HashMap<&'t str, String>,
    expansion: usize,
    plain: String,
    repair: bool,
    repairs: Vec<Repair>,
    /// For each open element, whether it or one around it has a language.
    languages: Vec<bool>,
    /// A repair whose element is still open.
    pending: Option<Pending<'t>>,
}

struct Pending<'t> {
    name: &'t str,
    position: Position,
    /// The tag as written, entities written out.
    language: String,
    /// Where the element's text begins in the plain document.
    text_start: usize,
}

impl<'t> Rewriter<'t> {
    fn start_tag(
        &mut self,
        name: &'t str,
        start: usize,
        markup: &mut Markup<'t>,
    ) -> Result<(), ParseError> {
        self.refuse_pending(start)?;
        let outer_language = self.languages.last().copied().unwrap_or(false);
        let mut language = outer_language;
        let mut mangled = None;
        let mut copied = start;
        loop {
            match markup.attribute()? {
                TagPart::Attribute(attribute) => {
                    let value = self.expand(attribute.value, attribute.value_start)?;
                    if attribute.name == "xml:lang" {
                        if self.repair && !outer_language && !is_language_tag(&value) {
                            self.plain
                                .push_str(&self.text[copied..attribute.range.start]);
                            copied = attribute.range.end;
                            mangled = Some((Position::of(self.text, attribute.range.start), value));
                            continue;
                        }
                        language = true;
                    }
                    self.copy_attribute(&attribute, &value, copied);
                    copied = attribute.range.end;
                }
                TagPart::Close { empty, end } => {
                    self.plain.push_str(&self.text[copied..end]);
                    if let Some((position, value)) = mangled {
                        if empty {
                            return Err(fault(self.text, start, NOT_REPAIRABLE));
                        }
                        self.pending = Some(Pending {
                            name,
                            position,
                            language: value,
                            text_start: self.plain.len(),
                        });
                    }
                    if !empty {
                        self.languages.push(language);
                    }
                    return Ok(());
                }
            }
        }
    }

    fn copy_attribute(&mut self, attribute: &Attribute<'_>, value: &str, copied: usize) {
        self.plain
            .push_str(&self.text[copied..attribute.value_start]);
        self.plain.push_str(value);
        let closing_quote = attribute.value_start + attribute.value.len();
        self.plain
            .push_str(&self.text[closing_quote..attribute.range.end]);
    }

    fn end_tag(&mut self, name: &str, tag: &str) {
        self.languages.pop();
        if let Some(pending) = self.pending.take_if(|pending| pending.name == name) {
            self.plain.push('@');
            self.plain.push_str(&pending.language);
            self.repairs.push(Repair {
                position: pending.position,
                language: unescape(&pending.language),
                text: unescape(&self.plain[pending.text_start..]),
            });
        }
        self.plain.push_str(tag);
    }

    fn characters(&mut self, characters: &str, start: usize) -> Result<(), ParseError> {
        let expanded = self.expand(characters, start)?;
        self.plain.push_str(&expanded);
        Ok(())
    }

    /// A repair is for plain text only.
    fn refuse_pending(&self, offset: usize) -> Result<(), ParseError> {
        match self.pending {
            Some(_) => Err(fault(self.text, offset, NOT_REPAIRABLE)),
            None => Ok(()),
        }
    }

    /// Reads `<!DOCTYPE name [ <!ENTITY name "value"> … ]>`. Line ends stay.
    fn doctype(&mut self, start: usize, markup: &mut Markup<'t>) -> Result<(), ParseError> {
        markup.skip_to(start + "<!DOCTYPE".len());
        markup.skip_space();
        markup.name("the name of the root element")?;
        markup.skip_space();
        if markup.eat("[") {
            self.entities(markup)?;
            markup.skip_space();
        }
        if !markup.eat(">") {
            return Err(markup.fault(
                "a document type declaration may hold an internal subset in `[…]` and nothing external",
            ));
        }
        let newlines = self.text[start..markup.offset()].matches('\n').count();
        self.plain.extend(std::iter::repeat_n('\n', newlines));
        Ok(())
    }

    fn entities(&mut self, markup: &mut Markup<'t>) -> Result<(), ParseError> {
        loop {
            markup.skip_space();
            if markup.eat("]") {
                return Ok(());
            }
            if markup.eat("<!ENTITY") {
                self.entity(markup)?;
            } else if !matches!(markup.token()?, Some(Token::Aside(_))) {
                return Err(markup.fault(
                    "an internal subset may hold `<!ENTITY name \"value\">` and comments only",
                ));
            }
        }
    }

    fn entity(&mut self, markup: &mut Markup<'t>) -> Result<(), ParseError> {
        let start = markup.offset();
        markup.skip_space();
        let name = markup.name("the name of an entity")?;
        markup.skip_space();
        let value = markup.quoted()?;
        markup.skip_space();
        if !markup.eat(">") {
            return Err(markup.fault("expected `>` at the end of the entity"));
        }
        if value.contains('%') || value.contains("&#") {
            return Err(fault(
                self.text,
                start,
                "an entity may hold text only: no `%` and no character reference",
            ));
        }
        if self.entities.len() >= self.limits.entities {
            return Err(self.over(Limit::Entities, self.limits.entities, start));
        }
        // Entities inside are resolved now, from those declared above: that cannot go in circles,
        // and each step is paid for.
        let value = self.expand(value, start)?;
        if value.len() > self.limits.iri_length {
            return Err(self.over(Limit::IriLength, self.limits.iri_length, start));
        }
        let value = value
            .replace('"', "&quot;")
            .replace('\'', "&apos;")
            .replace('\n', "&#10;");
        // The first declaration counts (XML 1.0, 4.2).
        self.entities.entry(name).or_insert(value);
        Ok(())
    }

    /// The text with declared entities written out; other references are left to the parser.
    fn expand(&mut self, text: &str, offset: usize) -> Result<String, ParseError> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(ampersand) = memchr(b'&', rest.as_bytes()) {
            let (before, reference) = rest.split_at(ampersand);
            expanded.push_str(before);
            let value = end_of_reference(reference)
                .and_then(|end| Some((end, self.entities.get(&reference[1..end])?)));
            if let Some((end, value)) = value {
                self.expansion += value.len();
                if self.expansion > self.limits.expansion {
                    return Err(self.over(Limit::Expansion, self.limits.expansion, offset));
                }
                expanded.push_str(value);
                rest = &reference[end + 1..];
            } else {
                expanded.push('&');
                rest = &reference[1..];
            }
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    fn over(&self, limit: Limit, allowed: usize, offset: usize) -> ParseError {
        LimitError::new(limit, allowed, Some(Position::of(self.text, offset))).into()
    }
}

const NOT_REPAIRABLE: &str =
    "an element with a malformed language tag can be repaired only if it holds nothing but text";

fn is_language_tag(value: &str) -> bool {
    Literal::new_language_tagged_literal("", unescape(value)).is_ok()
}

/// Resolves the references that XML itself defines ([XML 1.0,
/// 4.1](https://www.w3.org/TR/xml/#sec-references)); others stay.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(ampersand) = memchr(b'&', rest.as_bytes()) {
        let (before, reference) = rest.split_at(ampersand);
        plain.push_str(before);
        match resolve(reference) {
            Some((character, length)) => {
                plain.push(character);
                rest = &reference[length..];
            }
            None => {
                plain.push('&');
                rest = &reference[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The character that a reference at the beginning of this text stands for, and how long the
/// reference is.
fn resolve(reference: &str) -> Option<(char, usize)> {
    let end = end_of_reference(reference)?;
    let name = &reference[1..end];
    let character = match name {
        "amp" => '&',
        "apos" => '\'',
        "gt" => '>',
        "lt" => '<',
        "quot" => '"',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((character, end + 1))
}

/// Where the `;` of a reference stands. Only near by: a search to the end for each `&` would be
/// quadratic.
fn end_of_reference(reference: &str) -> Option<usize> {
    const LONGEST: usize = 256;
    let near = &reference.as_bytes()[..reference.len().min(LONGEST)];
    memchr(b';', near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::testing::check_document;

    fn plain(text: &str) -> Result<PlainXml, ParseError> {
        plain_xml(text, true, true, &Limits::new())
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        match plain(text) {
            Ok(plain) => assert_eq!(plain.text, expected),
            Err(error) => panic!("{text}: {error}"),
        }
    }

    #[track_caller]
    fn check_refused(text: &str, place: &str, part: &str) {
        let error = plain(text).map(drop).unwrap_err().to_string();
        let is_told = error.contains(place) && error.contains(part);
        assert!(is_told, "{text}: {error}");
    }

    /// A document with these declarations.
    fn declaring(entities: &str, element: &str) -> String {
        format!("<!DOCTYPE r [{entities}]>{element}")
    }

    #[test]
    fn entities_are_written_out_where_they_are_used() {
        let entities = r#"<!ENTITY a "1"> <!-- b --><!ENTITY b '&a;"2'><!ENTITY a "3">"#;
        for (element, expected) in [
            ("<r/>", "<r/>"),
            (
                "<r x='&a;' y=\"-&b;-\">&b;&a;</r>",
                "<r x='1' y=\"-1&quot;2-\">1&quot;21</r>",
            ),
            // what is not declared is left to the parser
            (
                "<r x='&c;'>&amp;&#65;&a &;&</r>",
                "<r x='&c;'>&amp;&#65;&a &;&</r>",
            ),
            (
                "<r><!-- &a; --><![CDATA[&a;]]></r>",
                "<r><!-- &a; --><![CDATA[&a;]]></r>",
            ),
        ] {
            check(&declaring(entities, element), expected);
        }
        // lines stay lines
        check(
            &declaring("\n<!ENTITY a\n'1\n\"2'\n>\n", "<r>&a;</r>"),
            "\n\n\n\n\n<r>1&#10;&quot;2</r>",
        );
        check("<!DOCTYPE\nr>\n<r/>", "\n\n<r/>");
        check(
            &declaring("<!ENTITY a \"'\">", "<r x='&a;'/>"),
            "<r x='&apos;'/>",
        );
    }

    #[test]
    fn entities_are_bounded() {
        let check_bound = |limit, exact, text: &str| {
            check_document(limit, exact, |limits| {
                plain_xml(text, true, true, limits).map(drop)
            });
        };
        let entities = r#"<!ENTITY a "12345"><!ENTITY b "&a;&a;">"#;
        check_bound(Limit::Entities, 2, &declaring(entities, "<r/>"));
        check_bound(Limit::IriLength, 10, &declaring(entities, "<r/>"));
        // each step is paid for
        check_bound(Limit::Expansion, 10, &declaring(entities, "<r/>"));
        let used = "<r x='&a;'>&b;</r>";
        check_bound(Limit::Expansion, 10 + 5 + 10, &declaring(entities, used));
    }

    #[test]
    fn a_declaration_holds_entities_and_comments_only() {
        for (declaration, column, part) in [
            ("<!DOCTYPE r SYSTEM 'x'>", 13, "an internal subset"),
            ("<!DOCTYPE r [] x>", 16, "an internal subset"),
            ("<!DOCTYPE >", 11, "the name of the root element"),
            (
                "<!DOCTYPE r [<!ELEMENT r ANY>]>",
                14,
                "a comment or CDATA section",
            ),
            ("<!DOCTYPE r [<a>]>", 16, "comments only"),
            ("<!DOCTYPE r [%a;]>", 19, "comments only"),
            ("<!DOCTYPE r [", 14, "comments only"),
            (
                "<!DOCTYPE r [<!ENTITY % a 'b'>]>",
                23,
                "the name of an entity",
            ),
            (
                "<!DOCTYPE r [<!ENTITY a SYSTEM 'b'>]>",
                25,
                "a value in quotes",
            ),
            (
                "<!DOCTYPE r [<!ENTITY a 'b' c>]>",
                29,
                "`>` at the end of the entity",
            ),
            ("<!DOCTYPE r [<!ENTITY a '%b;'>]>", 22, "text only"),
            ("<!DOCTYPE r [<!ENTITY a '&#60;'>]>", 22, "text only"),
        ] {
            check_refused(declaration, &format!("column {column}:"), part);
        }
        let refused = plain_xml(" <!DOCTYPE r>", false, true, &Limits::new());
        assert!(matches!(
            refused,
            Err(ParseError::Doctype {
                position: Position { line: 1, column: 2 }
            })
        ));
    }

    /// The language and the text of each repair.
    #[track_caller]
    fn check_repairs(text: &str, expected: &[(&str, &str)]) {
        let repairs = plain(text).unwrap().repairs;
        let found = repairs
            .iter()
            .map(|repair| (&*repair.language, &*repair.text));
        assert_eq!(Vec::from_iter(found), expected, "{text}");
    }

    #[test]
    fn a_mangled_language_goes_back_into_its_text() {
        check(
            "<r><a x='1' xml:lang='b c' y='2'>d</a><e xml:lang='en'>f</e></r>",
            "<r><a x='1'  y='2'>d@b c</a><e xml:lang='en'>f</e></r>",
        );
        check_repairs(
            "<r><a xml:lang='b&quot;c'>&lt;d</a><a xml:lang='1 2'></a></r>",
            &[("b\"c", "<d@b\"c"), ("1 2", "@1 2")],
        );
        let found = plain("<r>\n <a x='1' xml:lang='b c'>d</a></r>").unwrap();
        let position = found.repairs[0].position;
        assert_eq!((position.line, position.column), (2, 11));
        // an element inside of one with a language would have that one in its place
        for unchanged in [
            "<r xml:lang='en'><a xml:lang='b c'>d</a></r>",
            "<r xml:lang='en'><s/><s><a xml:lang='b c'>d</a></s></r>",
        ] {
            check(unchanged, unchanged);
        }
        // and beside it, or behind it, it would not
        check_repairs(
            "<r><s xml:lang='en'>x</s><s xml:lang='en'/><a xml:lang='b c'>d</a></r>",
            &[("b c", "d@b c")],
        );
        check_repairs(
            "<r><a xml:lang='b c'>d</b></a></r>",
            &[("b c", "d</b>@b c")],
        );
        let kept = "<r><a xml:lang='b c'>d</a></r>";
        let plain = plain_xml(kept, true, false, &Limits::new()).unwrap();
        assert_eq!((&*plain.text, plain.repairs.len()), (kept, 0));
    }

    #[test]
    fn only_an_element_with_nothing_but_text_is_repaired() {
        for (inner, column) in [
            ("<b/>", 22),
            ("x<!-- c -->", 23),
            ("<![CDATA[x]]>", 22),
            ("<?p?>", 22),
        ] {
            let text = format!("<r><a xml:lang='b c'>{inner}</a></r>");
            check_refused(&text, &format!("column {column}:"), NOT_REPAIRABLE);
        }
        check_refused("<r><a xml:lang='b c'/></r>", "column 4:", NOT_REPAIRABLE);
    }

    #[test]
    fn references_that_xml_defines_are_resolved() {
        for (text, expected) in [
            ("a&amp;b&lt;&gt;&quot;&apos;", "a&b<>\"'"),
            ("&#65;&#x41;&#x1F600;", "AA\u{1f600}"),
            ("&e;&amp;", "&e;&"),
            ("&#xD800;&#;&#x;&#-1;&#1x;&;", "&#xD800;&#;&#x;&#-1;&#1x;&;"),
            ("a & b&amp", "a & b&amp"),
        ] {
            assert_eq!(unescape(text), expected);
        }
    }

    #[test]
    fn references_are_short() {
        let reference = |length: usize| format!("&{}; &amp;", "a".repeat(length));
        assert_eq!(end_of_reference(&reference(254)), Some(255));
        assert_eq!(end_of_reference(&reference(255)), None);
        assert_eq!(end_of_reference("&a"), None);
    }
}
