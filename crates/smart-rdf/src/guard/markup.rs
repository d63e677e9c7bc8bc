use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

use crate::error::{ParseError, Position};

/// Takes XML apart into tags, text and the rest, without looking at what they mean.
///
/// It is stricter than the parser: tags must be spelled exactly as XML has them, because a tag that
/// needs guessing is a tag that two readers can guess differently. The parser finds the end of a
/// tag by its quotes, and only then its attributes: `<a '="x" b="" … '>` is no attribute for the
/// one and many for the other.
pub(crate) struct Markup<'t> {
    text: &'t str,
    at: usize,
}

pub(crate) enum Token<'t> {
    /// Text between tags.
    Text(Range<usize>),
    /// A CDATA section, with its brackets.
    CData(Range<usize>),
    /// A comment or processing instruction.
    Aside(Range<usize>),
    /// The beginning of a document type declaration; the caller reads it, or gives up.
    Doctype(usize),
    /// The beginning of a start tag; its attributes follow, from [`Markup::attribute`].
    Start { name: &'t str, start: usize },
    /// A whole end tag.
    End { name: &'t str, range: Range<usize> },
}

pub(crate) enum TagPart<'t> {
    Attribute(Attribute<'t>),
    /// The end of the tag: `>`, or `/>` if `empty`.
    Close {
        empty: bool,
        end: usize,
    },
}

pub(crate) struct Attribute<'t> {
    pub(crate) name: &'t str,
    /// As written: references not resolved.
    pub(crate) value: &'t str,
    /// From the first letter of the name to the closing quote.
    pub(crate) range: Range<usize>,
    /// Where the value begins, behind its quote.
    pub(crate) value_start: usize,
}

impl<'t> Markup<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn skip_to(&mut self, offset: usize) {
        self.at = offset;
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Takes these characters if they are next.
    pub(crate) fn eat(&mut self, characters: &str) -> bool {
        let there = self.text[self.at..].starts_with(characters);
        if there {
            self.at += characters.len();
        }
        there
    }

    pub(crate) fn token(&mut self) -> Result<Option<Token<'t>>, ParseError> {
        let start = self.at;
        let rest = &self.text[start..];
        if rest.is_empty() {
            return Ok(None);
        }
        if !rest.starts_with('<') {
            let length = memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
            self.at += length;
            return Ok(Some(Token::Text(start..self.at)));
        }
        let token = match rest.as_bytes().get(1) {
            Some(b'/') => self.end_tag()?,
            Some(b'?') => self.instruction()?,
            Some(b'!') => self.declaration()?,
            _ => {
                self.at += 1;
                Token::Start {
                    name: self.name("a name after `<`; write `&lt;` for the character")?,
                    start,
                }
            }
        };
        Ok(Some(token))
    }

    /// The next attribute of the start tag just begun, or its end.
    pub(crate) fn attribute(&mut self) -> Result<TagPart<'t>, ParseError> {
        let before = self.at;
        self.skip_space();
        let rest = &self.text[self.at..];
        if rest.starts_with('>') {
            self.at += 1;
            return Ok(TagPart::Close {
                empty: false,
                end: self.at,
            });
        }
        if rest.starts_with("/>") {
            self.at += 2;
            return Ok(TagPart::Close {
                empty: true,
                end: self.at,
            });
        }
        if self.at == before {
            return Err(self.expected("a space, `>` or `/>` in the tag"));
        }
        let start = self.at;
        let name = self.name("an attribute, `>` or `/>` in the tag")?;
        self.skip_space();
        if !self.text[self.at..].starts_with('=') {
            return Err(self.expected("`=` after the name of the attribute"));
        }
        self.at += 1;
        self.skip_space();
        let value_start = self.at + 1;
        let value = self.quoted()?;
        Ok(TagPart::Attribute(Attribute {
            name,
            value,
            range: start..self.at,
            value_start,
        }))
    }

    /// A value in single or double quotes.
    pub(crate) fn quoted(&mut self) -> Result<&'t str, ParseError> {
        let quote = match self.text.as_bytes().get(self.at) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return Err(self.expected("a value in quotes")),
        };
        let rest = &self.text[self.at + 1..];
        match memchr2(quote, b'<', rest.as_bytes()) {
            Some(length) if rest.as_bytes()[length] == quote => {
                self.at += length + 2;
                Ok(&rest[..length])
            }
            Some(length) => {
                self.at += 1 + length;
                Err(self.expected("`&lt;` instead of `<` in a value"))
            }
            None => Err(self.unclosed("value")),
        }
    }

    fn end_tag(&mut self) -> Result<Token<'t>, ParseError> {
        let start = self.at;
        self.at += 2;
        let name = self.name("a name after `</`")?;
        self.skip_space();
        if !self.text[self.at..].starts_with('>') {
            return Err(self.expected("`>` at the end of the tag"));
        }
        self.at += 1;
        Ok(Token::End {
            name,
            range: start..self.at,
        })
    }

    fn instruction(&mut self) -> Result<Token<'t>, ParseError> {
        let start = self.at;
        self.at += 2;
        let target = self.name("a name after `<?`")?;
        if target.eq_ignore_ascii_case("xml") && (start != 0 || target != "xml") {
            self.at = start;
            return Err(self.fault(
                "`<?xml` begins the XML declaration only, in lower case and first in the document",
            ));
        }
        self.at = start;
        self.close("?>", 2, "processing instruction")
            .map(Token::Aside)
    }

    fn declaration(&mut self) -> Result<Token<'t>, ParseError> {
        let start = self.at;
        let rest = &self.text[start..];
        if let Some(content) = rest.strip_prefix("<!--") {
            // `<!-->` closes a comment for some readers and opens one for others.
            if content.starts_with('>') || content.starts_with("->") {
                return Err(self.fault("`>` at the beginning of a comment"));
            }
            return self.close("-->", 4, "comment").map(Token::Aside);
        }
        if rest.starts_with("<![CDATA[") {
            return self.close("]]>", 9, "CDATA section").map(Token::CData);
        }
        let is_doctype = rest
            .get(2..9)
            .is_some_and(|keyword| keyword.eq_ignore_ascii_case("doctype"));
        if is_doctype {
            return Ok(Token::Doctype(start));
        }
        Err(self.expected("a comment or CDATA section after `<!`"))
    }

    /// Skips the opening bracket of `opening` bytes and everything up to and with `closing`.
    fn close(
        &mut self,
        closing: &str,
        opening: usize,
        what: &str,
    ) -> Result<Range<usize>, ParseError> {
        let start = self.at;
        let content = &self.text.as_bytes()[start + opening..];
        match memmem::find(content, closing.as_bytes()) {
            Some(length) => {
                self.at = start + opening + length + closing.len();
                Ok(start..self.at)
            }
            None => Err(self.unclosed(what)),
        }
    }

    /// A name in the sense of tags. Letters beyond ASCII are not looked at, the parser does that.
    pub(crate) fn name(&mut self, expected: &str) -> Result<&'t str, ParseError> {
        let rest = &self.text[self.at..];
        let is_name = |b: u8| {
            b >= 0x80 || b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'-' | b'.')
        };
        let length = rest.bytes().position(|b| !is_name(b)).unwrap_or(rest.len());
        let name = &rest[..length];
        let starts_well = name
            .bytes()
            .next()
            .is_some_and(|b| !b.is_ascii_digit() && !matches!(b, b'-' | b'.'));
        if !starts_well {
            return Err(self.expected(expected));
        }
        self.at += length;
        Ok(name)
    }

    pub(crate) fn skip_space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest
            .iter()
            .position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
            .unwrap_or(rest.len());
    }

    fn expected(&self, what: &str) -> ParseError {
        self.fault(&format!("expected {what}"))
    }

    fn unclosed(&self, what: &str) -> ParseError {
        self.fault(&format!(
            "the {what} is not closed; is the document cut off?"
        ))
    }

    pub(crate) fn fault(&self, message: &str) -> ParseError {
        fault(self.text, self.at, message)
    }
}

pub(crate) fn fault(text: &str, offset: usize, message: &str) -> ParseError {
    ParseError::Syntax {
        position: Position::of(text, offset),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the text is taken apart into, attributes and all.
    fn tokens(text: &str) -> Result<Vec<String>, ParseError> {
        let mut markup = Markup::new(text);
        let mut found = Vec::new();
        while let Some(token) = markup.token()? {
            found.push(match token {
                Token::Text(range) => format!("text {:?}", &text[range]),
                Token::CData(range) => format!("cdata {:?}", &text[range]),
                Token::Aside(range) => format!("aside {:?}", &text[range]),
                Token::Doctype(start) => {
                    markup.skip_to(text.len());
                    format!("doctype {start}")
                }
                Token::End { name, range } => format!("end {name} {:?}", &text[range]),
                Token::Start { name, start } => {
                    let mut tag = format!("start {name} {start}");
                    loop {
                        match markup.attribute()? {
                            TagPart::Attribute(attribute) => {
                                let Attribute {
                                    name,
                                    value,
                                    range,
                                    value_start,
                                } = attribute;
                                assert!(text[value_start..].starts_with(value));
                                tag += &format!(" {name}={value} {:?}", &text[range]);
                            }
                            TagPart::Close { empty, end } => {
                                assert_eq!(end, markup.offset());
                                tag += if empty { " empty" } else { "" };
                                break;
                            }
                        }
                    }
                    tag
                }
            });
        }
        Ok(found)
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(tokens(text).unwrap(), expected);
    }

    #[track_caller]
    fn check_refused(text: &str, column: u64, part: &str) {
        match tokens(text).unwrap_err() {
            ParseError::Syntax { position, message } => {
                assert!(message.contains(part), "{text}: {message}");
                assert_eq!((position.line, position.column), (1, column), "{text}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn tags_and_text() {
        check("", &[]);
        check("abc", &["text \"abc\""]);
        check(
            "<a>b<c/>d</a >e",
            &[
                "start a 0",
                "text \"b\"",
                "start c 4 empty",
                "text \"d\"",
                "end a \"</a >\"",
                "text \"e\"",
            ],
        );
        check("<r:a_1-2.3\u{e9} \n>", &["start r:a_1-2.3\u{e9} 0"]);
    }

    #[test]
    fn attributes_with_all_their_white_space() {
        check(
            "<a b='c' d\t=\r\n\"e'>/\" f=''\n/>",
            &["start a 0 b=c \"b='c'\" d=e'>/ \"d\\t=\\r\\n\\\"e'>/\\\"\" f= \"f=''\" empty"],
        );
    }

    #[test]
    fn asides_and_sections() {
        check(
            "<?xml version='1.0'?><!-- a <b> - --><![CDATA[<c>]] >]]><?p <d?>",
            &[
                "aside \"<?xml version='1.0'?>\"",
                "aside \"<!-- a <b> - -->\"",
                "cdata \"<![CDATA[<c>]] >]]>\"",
                "aside \"<?p <d?>\"",
            ],
        );
        check("<?xml-x?>", &["aside \"<?xml-x?>\""]);
        check("<!---->", &["aside \"<!---->\""]);
        check("<![CDATA[]]>", &["cdata \"<![CDATA[]]>\""]);
        check(" <!DOCTYPE a>", &["text \" \"", "doctype 1"]);
        check("<!doctype", &["doctype 0"]);
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        for (text, column, part) in [
            ("<", 2, "a name after `<`"),
            ("a < b", 4, "a name after `<`"),
            ("<1>", 2, "a name after `<`"),
            ("<-a>", 2, "a name after `<`"),
            ("<.a>", 2, "a name after `<`"),
            ("</>", 3, "a name after `</`"),
            ("</a b>", 5, "`>` at the end of the tag"),
            ("<a", 3, "a space, `>` or `/>`"),
            ("<a b='c'd='e'>", 9, "a space, `>` or `/>`"),
            ("<a\"b\">", 3, "a space, `>` or `/>`"),
            ("<a / >", 4, "an attribute"),
            ("<a '=\"x\">", 4, "an attribute"),
            ("<a b>", 5, "`=` after the name"),
            ("<a b=c>", 6, "a value in quotes"),
            ("<a b='c<d'>", 8, "`&lt;` instead of `<`"),
            ("<a b='c", 6, "value is not closed"),
            ("<a b=\"c'", 6, "value is not closed"),
            ("<?>", 3, "a name after `<?`"),
            ("<?p ?", 1, "processing instruction is not closed"),
            (" <?xml version='1.0'?>", 2, "the XML declaration only"),
            ("<?XML version='1.0'?>", 1, "the XML declaration only"),
            ("<!-->", 1, "beginning of a comment"),
            ("<!--->", 1, "beginning of a comment"),
            ("<!-- a --", 1, "comment is not closed"),
            ("<![CDATA[ ]]", 1, "CDATA section is not closed"),
            ("<![cdata[]]>", 1, "a comment or CDATA section"),
            ("<!ELEMENT a>", 1, "a comment or CDATA section"),
            ("<!", 1, "a comment or CDATA section"),
        ] {
            check_refused(text, column, part);
        }
    }

    #[test]
    fn only_what_is_there_is_eaten() {
        let mut markup = Markup::new("abc");
        assert!(!markup.eat("b") && markup.eat("ab") && markup.offset() == 2);
        assert!(markup.eat("c") && !markup.eat("c") && markup.offset() == 3);
    }
}
