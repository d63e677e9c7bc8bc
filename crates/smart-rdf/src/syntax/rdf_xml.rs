mod literal;
mod names;
mod reader;

use std::borrow::Cow;
use std::io;

use crate::error::{ParseError, ReadError};
use crate::graph::Graph;
use crate::guard;
pub use crate::guard::Repair;
use crate::limits::Limits;
use crate::syntax::encoding::decode_xml;
use crate::syntax::intake::read_all;

/// Reads [RDF/XML](https://www.w3.org/TR/rdf-syntax-grammar/), strictly and within limits.
///
/// A response may be an attack, so the defaults take no document type declaration. An ontology that
/// one has chosen to read may have one, see [`RdfXml::allow_entities`].
///
/// ```
/// use smart_rdf::{Limit, Limits, ParseError, RdfXml};
///
/// let document = br#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">
///   <e:Medication rdf:about="http://example.org/m" e:name="Aspirin"/>
/// </rdf:RDF>"#;
/// assert_eq!(RdfXml::new().for_slice(document)?.len(), 2);
///
/// let tight = RdfXml::new().with_limits(Limits::default().with_triples(1));
/// assert!(matches!(
///     tight.for_slice(document),
///     Err(ParseError::Limit(error)) if error.limit() == Limit::Triples
/// ));
/// # Ok::<_, ParseError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RdfXml {
    limits: Limits,
    base_iri: Option<String>,
    charset: Option<String>,
    entities: bool,
    repair: bool,
}

impl RdfXml {
    /// A reader with default [`Limits`], without a base IRI, for documents from anywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Other bounds than the default ones.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The absolute IRI that relative ones are resolved against, until the document sets its own.
    /// It is checked when a document is read.
    #[must_use]
    pub fn with_base_iri(mut self, iri: impl Into<String>) -> Self {
        self.base_iri = Some(iri.into());
        self
    }

    /// The encoding that the transport names: the `charset` of a media type ([RFC 7303,
    /// 3](https://www.rfc-editor.org/rfc/rfc7303#section-3)). It counts more than what the document
    /// declares, and less than a byte order mark.
    #[must_use]
    pub fn with_charset(mut self, charset: impl Into<String>) -> Self {
        self.charset = Some(charset.into());
        self
    }

    /// Takes a document type declaration with an internal subset of general entities, as ontology
    /// editors write them to abbreviate namespaces ([XML 1.0,
    /// 4.2](https://www.w3.org/TR/xml/#sec-entity-decl)).
    ///
    /// Nothing is fetched. An entity may use those that were declared before it, and is written out
    /// at once; what the entities add to the document is bounded ([`Limits::with_entities`],
    /// [`Limits::with_expansion`]). Not for responses.
    #[must_use]
    pub fn allow_entities(mut self) -> Self {
        self.entities = true;
        self
    }

    /// Repairs literals whose language tag is none, as an ontology editor leaves them that took the
    /// text behind an `@` for a tag: the text becomes what it was, value, `@` and tag, without a
    /// language.
    ///
    /// [`RdfXml::for_slice_reporting`] lists them. Not for responses.
    #[must_use]
    pub fn repair_language_tags(mut self) -> Self {
        self.repair = true;
        self
    }

    /// Reads a whole document.
    ///
    /// # Errors
    ///
    /// The document is malformed, not in the encoding that it is said to be in, or exceeds a limit.
    /// The first fault ends the reading; no part of a graph is handed out.
    pub fn for_slice(&self, document: &[u8]) -> Result<Graph, ParseError> {
        self.for_slice_reporting(document).map(|(graph, _)| graph)
    }

    /// Reads all that a reader gives. The limit on bytes is the most that is read and held.
    ///
    /// # Errors
    ///
    /// As for [`RdfXml::for_slice`], and those of the reader.
    pub fn for_reader(&self, reader: impl io::Read) -> Result<Graph, ReadError> {
        let document = read_all(reader, &self.limits)?;
        Ok(self.for_slice(&document)?)
    }

    /// Reads a whole document and lists what was repaired in it.
    ///
    /// # Errors
    ///
    /// As for [`RdfXml::for_slice`].
    pub fn for_slice_reporting(&self, document: &[u8]) -> Result<(Graph, Vec<Repair>), ParseError> {
        let text = decode_xml(document, self.charset.as_deref(), &self.limits)?;
        if is_html(&text) {
            return Err(ParseError::HtmlPage);
        }
        let (text, repairs) = if self.entities || self.repair {
            let plain = guard::plain_xml(&text, self.entities, self.repair, &self.limits)?;
            (Cow::Owned(plain.text), plain.repairs)
        } else {
            (text, Vec::new())
        };
        let graph = reader::read(&text, self.base_iri.as_deref(), &self.limits)?;
        Ok((graph, repairs))
    }
}

/// Whether the text starts as an HTML page does. No RDF/XML document starts like that.
fn is_html(text: &str) -> bool {
    let mut rest = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if let Some((_, after)) = rest
        .strip_prefix("<?xml")
        .and_then(|xml| xml.split_once("?>"))
    {
        rest = after.trim_start();
    }
    ["<!doctype html", "<html"].iter().any(|start| {
        let (found, after) = rest.split_at_checked(start.len()).unwrap_or_default();
        found.eq_ignore_ascii_case(start) && !after.starts_with(|next: char| next.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_html_page_is_told_from_a_bad_document() {
        for page in [
            "<html><body>Please log in</body></html>",
            "\u{feff}\n<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"><HTML>",
            "<?xml version=\"1.0\"?>\n<!doctype html>",
        ] {
            let error = RdfXml::new().for_slice(page.as_bytes()).unwrap_err();
            assert_eq!(error, ParseError::HtmlPage, "{page}");
        }
        for other in ["<htmlx/>", "<h", "", "<rdf:html/>"] {
            let error = RdfXml::new().for_slice(other.as_bytes()).unwrap_err();
            assert_ne!(error, ParseError::HtmlPage, "{other}");
        }
    }
}
