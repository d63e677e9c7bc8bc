use crate::error::{ParseError, Position};
use crate::guard::markup::{Attribute, Markup, TagPart, Token, fault};
use crate::limits::{Limit, LimitError, Limits};

/// Checks that an RDF/XML document is one element, properly nested, without a document type declaration and within its limits.
///
/// The parser does not notice a document that is cut off between tags, and hands out what it saw; this does.
pub(crate) fn check_xml(
    text: &str,
    base_iri: Option<&str>,
    limits: &Limits,
) -> Result<(), ParseError> {
    let mut check = Check {
        text,
        limits,
        levels: Vec::new(),
        document: Scope {
            base: base_iri.map_or(0, str::len),
            ..Scope::default()
        },
        roots: 0,
        expansion: 0,
    };
    let mut markup = Markup::new(text);
    while let Some(token) = markup.token()? {
        match token {
            Token::Aside(_) => {}
            Token::CData(range) => check.text(range.start, range.len())?,
            Token::Doctype(start) => {
                return Err(ParseError::Doctype {
                    position: Position::of(text, start),
                });
            }
            Token::End { name, range } => check.close(name, range.start)?,
            Token::Start { name, start } => check.tag(name, start, &mut markup)?,
            Token::Text(range) => {
                if check.levels.is_empty() && !is_blank(&text[range.clone()]) {
                    return Err(fault(text, range.start, "text outside of the root element"));
                }
                check.text(range.start, range.len())?;
            }
        }
    }
    check.finish()
}

struct Check<'t> {
    text: &'t str,
    limits: &'t Limits,
    /// The open elements.
    levels: Vec<Level<'t>>,
    /// What holds outside of the root element.
    document: Scope,
    roots: usize,
    /// Bytes that the document's short forms stand for, as far as the parser writes them out.
    expansion: usize,
}

struct Level<'t> {
    name: &'t str,
    scope: Scope,
}

/// What an element hands down to the elements inside.
#[derive(Clone, Copy, Default)]
struct Scope {
    namespaces: usize,
    /// Bytes of all namespace declarations.
    namespace_bytes: usize,
    longest_namespace: usize,
    base: usize,
    language: usize,
    /// Whether the element may be an XML literal. The parser copies all namespace declarations into each element at its top. It is not
    /// handed down.
    literal: bool,
}

impl<'t> Check<'t> {
    fn tag(
        &mut self,
        name: &'t str,
        start: usize,
        markup: &mut Markup<'t>,
    ) -> Result<(), ParseError> {
        if self.levels.len() >= self.limits.depth {
            return Err(self.over(Limit::Depth, self.limits.depth, start));
        }
        self.check_length(Limit::IriLength, name.len(), start)?;
        let outer = self
            .levels
            .last()
            .map_or(self.document, |level| level.scope);
        let mut scope = Scope {
            literal: false,
            ..outer
        };
        let mut attributes = 0;
        let empty = loop {
            match markup.attribute()? {
                TagPart::Close { empty, .. } => break empty,
                TagPart::Attribute(attribute) => {
                    attributes += 1;
                    if attributes > self.limits.attributes {
                        return Err(self.over(Limit::Attributes, self.limits.attributes, start));
                    }
                    self.attribute(&attribute, &mut scope)?;
                }
            }
        };
        if scope.namespaces > self.limits.attributes {
            return Err(self.over(Limit::Namespaces, self.limits.attributes, start));
        }
        let each = scope.base + scope.longest_namespace + scope.language;
        self.expansion += each * (attributes + 1);
        if outer.literal {
            self.expansion += scope.namespace_bytes;
        }
        if self.expansion > self.limits.expansion {
            return Err(self.over(Limit::Expansion, self.limits.expansion, start));
        }
        self.open(name, start, scope, empty)
    }

    fn attribute(
        &mut self,
        attribute: &Attribute<'t>,
        scope: &mut Scope,
    ) -> Result<(), ParseError> {
        let Attribute { name, value, .. } = *attribute;
        let length = value.len();
        let at = attribute.range.start;
        self.check_length(Limit::IriLength, name.len(), at)?;
        if name == "xmlns" || name.starts_with("xmlns:") {
            self.check_length(Limit::IriLength, length, at)?;
            scope.namespaces += 1;
            scope.namespace_bytes += attribute.range.len();
            scope.longest_namespace = scope.longest_namespace.max(length);
        } else if name == "xml:base" {
            self.check_length(Limit::IriLength, length, at)?;
            scope.base = length;
        } else if name == "xml:lang" {
            self.check_length(Limit::IriLength, length, at)?;
            scope.language = length;
        } else {
            self.check_length(Limit::TermLength, length, at)?;
            scope.literal |= may_open_literal(name, value);
        }
        Ok(())
    }

    fn open(
        &mut self,
        name: &'t str,
        start: usize,
        scope: Scope,
        empty: bool,
    ) -> Result<(), ParseError> {
        if self.levels.is_empty() {
            self.roots += 1;
            if self.roots > 1 {
                return Err(fault(self.text, start, "a second root element"));
            }
        }
        if !empty {
            self.levels.push(Level { name, scope });
        }
        Ok(())
    }

    fn close(&mut self, name: &str, start: usize) -> Result<(), ParseError> {
        match self.levels.pop() {
            Some(level) if level.name == name => Ok(()),
            Some(level) => {
                let message = format!("`</{name}>` where `</{}>` is expected", shorten(level.name));
                Err(fault(self.text, start, &message))
            }
            None => {
                let message = format!("`</{}>` closes nothing", shorten(name));
                Err(fault(self.text, start, &message))
            }
        }
    }

    fn text(&self, start: usize, length: usize) -> Result<(), ParseError> {
        self.check_length(Limit::TermLength, length, start)
    }

    fn finish(&self) -> Result<(), ParseError> {
        let end = self.text.len();
        if let Some(level) = self.levels.last() {
            let name = shorten(level.name);
            let message = format!("the document ends inside `<{name}>`; is it cut off?");
            return Err(fault(self.text, end, &message));
        }
        if self.roots == 0 {
            return Err(fault(self.text, end, "there is no element; is it XML?"));
        }
        Ok(())
    }

    fn check_length(&self, limit: Limit, length: usize, offset: usize) -> Result<(), ParseError> {
        let allowed = match limit {
            Limit::IriLength => self.limits.iri_length,
            _ => self.limits.term_length,
        };
        if length > allowed {
            return Err(self.over(limit, allowed, offset));
        }
        Ok(())
    }

    fn over(&self, limit: Limit, allowed: usize, offset: usize) -> ParseError {
        LimitError::new(limit, allowed, Some(Position::of(self.text, offset))).into()
    }
}

/// Whether this may be `rdf:parseType` with a value that makes an XML literal of the element, which any value but two does.
///
/// The parser compares namespace and local name joined, so that a namespace that ends in `parse` makes `Type` the local name.
fn may_open_literal(name: &str, value: &str) -> bool {
    let local = name.rsplit(':').next().unwrap_or_default();
    "parseType".ends_with(local) && value != "Resource" && value != "Collection"
}

fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}

/// The beginning of a name, for a message.
fn shorten(name: &str) -> String {
    name.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_may_be_parse_type_is_taken_for_it() {
        for (name, value, expected) in [
            ("rdf:parseType", "Literal", true),
            ("rdf:parseType", "anything", true),
            ("rdf:parseType", "Resource", false),
            ("rdf:parseType", "Collection", false),
            ("p:Type", "Literal", true),
            ("p:e", "Literal", true),
            ("e:name", "Literal", false),
            ("rdf:about", "Literal", false),
        ] {
            assert_eq!(may_open_literal(name, value), expected, "{name}={value}");
        }
    }
}
