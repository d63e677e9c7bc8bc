use std::collections::BTreeMap;
use std::fmt::Write;

use oxrdf::vocab::{rdf, xsd};
use oxrdf::{LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, Term, TermRef, Triple};

use crate::error::WriteError;
use crate::graph::{BlankLabels, Graph};
use crate::syntax::xml::{is_nc_name, is_nc_name_char, is_nc_name_start, is_xml_char};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Writes a graph as [RDF/XML](https://www.w3.org/TR/rdf-syntax-grammar/).
///
/// One element for each subject, in the graph's own order and named by its first class; blank nodes are numbered through; namespaces
/// without a prefix get `ns0`, `ns1`, … The same document gives the same text each time.
///
/// ```
/// use smart_rdf::{RdfXmlWriter, Syntax};
///
/// let graph = Syntax::Turtle.parse(b"<http://example.org/m> a <http://example.org/Medication> .")?;
/// let text = RdfXmlWriter::new().with_prefix("e", "http://example.org/").write(&graph)?;
/// assert!(text.contains(r#"<e:Medication rdf:about="http://example.org/m">"#));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RdfXmlWriter {
    /// Namespace to prefix.
    prefixes: BTreeMap<String, String>,
}

impl RdfXmlWriter {
    /// A writer that knows the prefix `rdf` only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the namespace `iri`. The last prefix given for a namespace counts; `rdf`, `xml…` and what is not an XML name are left out,
    /// and the namespace is numbered like one without a prefix.
    #[must_use]
    pub fn with_prefix(mut self, name: impl Into<String>, iri: impl Into<String>) -> Self {
        let name = name.into();
        if is_nc_name(&name) && name != "rdf" && !name.to_ascii_lowercase().starts_with("xml") {
            self.prefixes.retain(|_, taken| *taken != name);
            self.prefixes.insert(iri.into(), name);
        }
        self
    }

    /// The document.
    ///
    /// # Errors
    ///
    /// RDF/XML cannot express every graph: a predicate must end in an XML name, and text must not hold control characters.
    pub fn write(&self, graph: &Graph) -> Result<String, WriteError> {
        let mut labels = BlankLabels::default();
        let triples: Vec<Triple> = graph.iter().map(|triple| labels.relabel(triple)).collect();
        let prefixes = self.with_missing(&triples)?;
        let mut document = Document {
            text: String::new(),
            prefixes,
        };
        document.open();
        for group in triples.chunk_by(|left, right| left.subject == right.subject) {
            document.subject(group)?;
        }
        document.text.push_str("</rdf:RDF>\n");
        Ok(document.text)
    }

    /// The prefixes that the document uses: those given, and a numbered one for each further namespace.
    fn with_missing(&self, triples: &[Triple]) -> Result<BTreeMap<String, String>, WriteError> {
        let mut prefixes = BTreeMap::from([(RDF.to_owned(), "rdf".to_owned())]);
        let mut number = 0;
        for triple in triples {
            let predicate = triple.predicate.as_ref();
            let (namespace, _) =
                split(predicate.as_str()).ok_or_else(|| WriteError::Predicate {
                    predicate: predicate.as_str().to_owned(),
                })?;
            if prefixes.contains_key(namespace) {
                continue;
            }
            let name = self.prefixes.get(namespace).cloned().unwrap_or_else(|| {
                let taken = |name: &String| self.prefixes.values().any(|given| given == name);
                loop {
                    let name = format!("ns{number}");
                    number += 1;
                    if !taken(&name) {
                        break name;
                    }
                }
            });
            prefixes.insert(namespace.to_owned(), name);
        }
        // A class names its element only where its namespace has a prefix.
        for (namespace, name) in &self.prefixes {
            prefixes
                .entry(namespace.clone())
                .or_insert_with(|| name.clone());
        }
        Ok(prefixes)
    }
}

struct Document {
    text: String,
    prefixes: BTreeMap<String, String>,
}

impl Document {
    fn open(&mut self) {
        self.text
            .push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF");
        for (namespace, name) in &self.prefixes {
            let _ = write!(self.text, "\n    xmlns:{name}=\"");
            escape(&mut self.text, namespace);
            self.text.push('"');
        }
        self.text.push_str(">\n");
    }

    fn subject(&mut self, group: &[Triple]) -> Result<(), WriteError> {
        let Some(first) = group.first() else {
            return Ok(());
        };
        let class = group.iter().position(|triple| {
            triple.predicate.as_ref() == rdf::TYPE && self.class_tag(&triple.object).is_some()
        });
        let tag = class
            .and_then(|index| self.class_tag(&group[index].object))
            .unwrap_or_else(|| "rdf:Description".to_owned());
        let _ = write!(self.text, "  <{tag}");
        match first.subject.as_ref() {
            NamedOrBlankNodeRef::NamedNode(node) => self.attribute("rdf:about", node.as_str()),
            NamedOrBlankNodeRef::BlankNode(node) => self.attribute("rdf:nodeID", node.as_str()),
        }
        self.text.push_str(">\n");
        for (index, triple) in group.iter().enumerate() {
            if Some(index) != class {
                self.property(triple)?;
            }
        }
        let _ = writeln!(self.text, "  </{tag}>");
        Ok(())
    }

    fn property(&mut self, triple: &Triple) -> Result<(), WriteError> {
        let tag = self
            .tag(triple.predicate.as_ref())
            .ok_or_else(|| WriteError::Predicate {
                predicate: triple.predicate.as_str().to_owned(),
            })?;
        let _ = write!(self.text, "    <{tag}");
        match triple.object.as_ref() {
            TermRef::NamedNode(node) => {
                self.attribute("rdf:resource", node.as_str());
                self.text.push_str("/>\n");
            }
            TermRef::BlankNode(node) => {
                self.attribute("rdf:nodeID", node.as_str());
                self.text.push_str("/>\n");
            }
            TermRef::Literal(literal) => {
                self.literal(literal)?;
                let _ = writeln!(self.text, "</{tag}>");
            }
        }
        Ok(())
    }

    fn literal(&mut self, literal: LiteralRef<'_>) -> Result<(), WriteError> {
        if let Some(character) = literal.value().chars().find(|c| !is_xml_char(*c)) {
            return Err(WriteError::Character {
                character,
                term: literal.to_string(),
            });
        }
        if let Some(language) = literal.language() {
            self.attribute("xml:lang", language);
        } else if literal.datatype() != xsd::STRING {
            self.attribute("rdf:datatype", literal.datatype().as_str());
        }
        self.text.push('>');
        escape(&mut self.text, literal.value());
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let _ = write!(self.text, " {name}=\"");
        escape(&mut self.text, value);
        self.text.push('"');
    }

    fn class_tag(&self, class: &Term) -> Option<String> {
        match class {
            Term::NamedNode(class) => self.tag(class.as_ref()),
            _ => None,
        }
    }

    /// The tag of a predicate or class, unless its namespace has no prefix or the syntax keeps its name for itself.
    fn tag(&self, node: NamedNodeRef<'_>) -> Option<String> {
        let (namespace, local) = split(node.as_str())?;
        let prefix = self.prefixes.get(namespace)?;
        Some(format!("{prefix}:{local}"))
    }
}

/// Names of the RDF namespace that mean something to the syntax itself
/// ([RDF/XML, 5.1](https://www.w3.org/TR/rdf-syntax-grammar/#section-Namespace)).
const SYNTAX_NAMES: [&str; 12] = [
    "RDF",
    "Description",
    "ID",
    "about",
    "aboutEach",
    "aboutEachPrefix",
    "bagID",
    "datatype",
    "li",
    "nodeID",
    "parseType",
    "resource",
];

/// The namespace and the longest XML name without a colon at the end of an IRI.
fn split(iri: &str) -> Option<(&str, &str)> {
    let name_characters = iri
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_nc_name_char(*c));
    let (start, _) = name_characters
        .filter(|(_, c)| is_nc_name_start(*c))
        .last()?;
    let (namespace, local) = iri.split_at(start);
    let reserved = namespace == RDF && SYNTAX_NAMES.contains(&local);
    (!namespace.is_empty() && !reserved).then_some((namespace, local))
}

/// Escapes for text and for attributes in double quotes. A carriage return must be written as a reference everywhere, because XML
/// readers turn it into a line feed ([XML 1.0, 2.11](https://www.w3.org/TR/xml/#sec-line-ends)).
fn escape(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\r' => text.push_str("&#13;"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iris_split_before_the_longest_name() {
        assert_eq!(
            split("http://example.org/a#b"),
            Some(("http://example.org/a#", "b"))
        );
        assert_eq!(
            split("http://example.org/1b-2"),
            Some(("http://example.org/1", "b-2"))
        );
        assert_eq!(split("urn:x"), Some(("urn:", "x")));
        assert_eq!(split("http://example.org/1"), None);
        assert_eq!(split("x"), None);
        assert_eq!(split(&format!("{RDF}_1")), Some((RDF, "_1")));
        assert_eq!(split(&format!("{RDF}li")), None);
    }

    #[test]
    fn prefixes_that_xml_refuses_are_left_out() {
        let writer = RdfXmlWriter::new()
            .with_prefix("rdf", "http://example.org/1#")
            .with_prefix("xmlx", "http://example.org/2#")
            .with_prefix("", "http://example.org/3#")
            .with_prefix("a:b", "http://example.org/4#")
            .with_prefix("p", "http://example.org/5#")
            .with_prefix("p", "http://example.org/6#");
        let kept: Vec<_> = writer.prefixes.into_iter().collect();
        assert_eq!(kept, [("http://example.org/6#".to_owned(), "p".to_owned())]);
    }
}
