use std::fmt;

use thiserror::Error;

use crate::limits::LimitError;

/// A place in a text: line and column, both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Position {
    /// The line, from 1.
    pub line: u64,
    /// The character in the line, from 1.
    pub column: u64,
}

impl Position {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place of a byte of the text; an offset behind the end or inside a character is moved
    /// back.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let boundary = (0..=offset.min(text.len()))
            .rev()
            .find(|index| text.is_char_boundary(*index))
            .unwrap_or(0);
        let before = &text[..boundary];
        let line_start = memchr::memrchr(b'\n', before.as_bytes()).map_or(0, |newline| newline + 1);
        let newlines = memchr::memchr_iter(b'\n', before.as_bytes()).count();
        Self {
            line: newlines as u64 + 1,
            column: before[line_start..].chars().count() as u64 + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a document could not be read. Nothing of it is handed out then: a graph is whole or not
/// there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The base IRI given to the reader is not an absolute IRI.
    #[error("`{iri}` cannot be a base IRI: {message}; give an absolute IRI")]
    BaseIri {
        /// What was given.
        iri: String,
        /// What is wrong with it.
        message: String,
    },
    /// The document has a document type declaration, and this reader takes none.
    #[error(
        "a document type declaration is not allowed here ({position}): its entities can make a small document huge; \
         allow entities if you trust the document"
    )]
    Doctype {
        /// Where it begins.
        position: Position,
    },
    /// The document has bytes that its encoding does not have.
    #[error("the document is not {encoding} ({position})")]
    Encoding {
        /// The encoding that it is said to be in; UTF-8 unless something else is said.
        encoding: &'static str,
        /// Where the first byte that does not fit stands.
        position: Position,
    },
    /// The document declares another encoding than its own
    /// ([XML 1.0, 4.3.3](https://www.w3.org/TR/xml/#charencoding)).
    #[error(
        "the document declares the encoding {declared}, but is in {found}; correct the declaration"
    )]
    EncodingMismatch {
        /// The declared encoding.
        declared: String,
        /// What it is in, by its byte order mark or first bytes.
        found: &'static str,
    },
    /// The document is an HTML page: an error page, a login form, or an address that is not the
    /// API's.
    #[error(
        "the document is an HTML page, not RDF; check the address, and whether the server requires a login"
    )]
    HtmlPage,
    /// The document is larger than the reader allows, in one of several respects.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The document is said to be in UTF-16, and has no byte order mark, which it must have
    /// ([XML 1.0, 4.3.3](https://www.w3.org/TR/xml/#charencoding)).
    #[error(
        "the document is said to be in UTF-16, but has no byte order mark; add it, or name the byte order"
    )]
    MissingByteOrderMark,
    /// The document has a named graph, where one graph is asked for.
    #[error(
        "the document has the named graph {name}, and a single graph was asked for; read it as a dataset"
    )]
    NamedGraph {
        /// The name.
        name: String,
    },
    /// The document breaks the rules of its syntax.
    #[error("syntax error at {position}: {message}")]
    Syntax {
        /// Where it was found.
        position: Position,
        /// What is wrong.
        message: String,
    },
    /// The document is in an encoding that is not read here.
    #[error("the encoding `{name}` is not known here; convert the document to UTF-8")]
    UnknownEncoding {
        /// The encoding's name, as the document or its transport gives it.
        name: String,
    },
}

impl ParseError {
    /// Where in the document, if the error has a place.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::BaseIri { .. }
            | Self::EncodingMismatch { .. }
            | Self::HtmlPage
            | Self::MissingByteOrderMark
            | Self::NamedGraph { .. }
            | Self::UnknownEncoding { .. } => None,
            Self::Limit(error) => error.position(),
            Self::Doctype { position }
            | Self::Encoding { position, .. }
            | Self::Syntax { position, .. } => Some(*position),
        }
    }
}

/// Why a document could not be read from where it comes from.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes could not be read.
    #[error("the document could not be read to its end")]
    Io(#[from] std::io::Error),
    /// They are there, and wrong.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

/// Why a graph, or the rows of a query, cannot be written in a syntax.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// XML 1.0 has no way to write this character
    /// ([XML 1.0, 2.2](https://www.w3.org/TR/xml/#charsets)).
    #[error("XML cannot express the character U+{:04X} in {term:?}; choose a syntax that is not XML", u32::from(*character))]
    Character {
        /// The character.
        character: char,
        /// The term that holds it.
        term: String,
    },
    /// An IRI has characters that no syntax can write, or is relative
    /// ([RFC 3987, 2.2](https://www.rfc-editor.org/rfc/rfc3987#section-2.2)).
    #[error("{iri:?} cannot be written, since it is not an absolute IRI: {message}")]
    Iri {
        /// What stands in its place.
        iri: String,
        /// What is wrong with it.
        message: String,
    },
    /// A language tag is malformed ([BCP 47](https://www.rfc-editor.org/rfc/rfc5646#section-2.1)).
    #[error("{tag:?} cannot be written, since it is not a language tag")]
    LanguageTag {
        /// What stands in its place.
        tag: String,
    },
    /// There is a named graph, and the syntax is for one graph.
    #[error(
        "there is the named graph {name}, and the syntax is for one graph; write TriG, N-Quads or JSON-LD, or a single graph of it"
    )]
    NamedGraph {
        /// The name.
        name: String,
    },
    /// The IRI of a predicate must end in an XML name to become a tag, and not mean something to
    /// XML or RDF/XML itself ([RDF/XML,
    /// 6.4](https://www.w3.org/TR/rdf-syntax-grammar/#section-Serialising)).
    #[error(
        "RDF/XML cannot express the predicate <{predicate}>: it does not end in an XML name, or XML or RDF/XML keeps the name for \
         itself; choose another syntax"
    )]
    Predicate {
        /// The predicate's IRI.
        predicate: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, offset: usize, line: u64, column: u64) {
        assert_eq!(Position::of(text, offset), Position { line, column });
    }

    #[test]
    fn places_count_characters_from_one() {
        check("", 0, 1, 1);
        check("ab\ncd", 2, 1, 3);
        check("ab\ncd", 3, 2, 1);
        check("\u{fc}b", 2, 1, 2);
        check("\u{fc}b", 1, 1, 1);
        check("ab", 99, 1, 3);
    }
}
