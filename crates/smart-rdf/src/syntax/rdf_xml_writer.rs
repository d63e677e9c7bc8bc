use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;
use std::ops::Range;

use oxiri::Iri;
use oxrdf::vocab::{rdf, xsd};
use oxrdf::{LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, TermRef, TripleRef};

use crate::error::WriteError;
use crate::graph::Graph;
use crate::syntax::writable::check_terms;
use crate::syntax::xml::{
    escape_text, escape_value, is_nc_name, is_nc_name_char, is_nc_name_start, unwritable_char,
};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Namespaces that cannot be declared ([XML namespaces 1.0,
/// 3](https://www.w3.org/TR/xml-names/#xmlReserved)).
const UNDECLARABLE: [&str; 2] = [
    "http://www.w3.org/2000/xmlns/",
    "http://www.w3.org/XML/1998/namespace",
];

/// How many namespaces the root declares; the elements of others declare them themselves. A
/// reader's limit on namespaces in scope must not refuse what is written here.
const DECLARED: usize = 96;

/// How many elements of nodes stand inside each other at most: a reader's limit on depth must not
/// refuse what is written here.
const NESTED: usize = 16;

/// Writes a graph as [RDF/XML](https://www.w3.org/TR/rdf-syntax-grammar/).
///
/// One element for each subject, in the graph's own order and named by its first class. A blank
/// node that one triple leads to stands inside that triple's element; others are numbered through.
/// Namespaces without a prefix get `ns0`, `ns1`, … The same document gives the same text each time.
///
/// ```
/// use smart_rdf::{RdfXmlWriter, Syntax};
///
/// let graph = Syntax::Turtle.parse(b"<http://example.org/m> a <http://example.org/Medication> .")?;
/// let text = RdfXmlWriter::new().with_prefix("e", "http://example.org/").write(&graph)?;
/// assert!(text.contains(r#"<e:Medication rdf:about="http://example.org/m"/>"#));
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

    /// Names the namespace `iri`. The last prefix given for a namespace counts; `rdf`, `xml…`, what
    /// is not an XML name and what stands for no IRI are left out, and the namespace is numbered
    /// like one without a prefix.
    #[must_use]
    pub fn with_prefix(mut self, name: impl Into<String>, iri: impl Into<String>) -> Self {
        let (name, iri) = (name.into(), iri.into());
        let is_name =
            is_nc_name(&name) && name != "rdf" && !name.to_ascii_lowercase().starts_with("xml");
        let is_namespace = !UNDECLARABLE.contains(&iri.as_str()) && Iri::parse(&*iri).is_ok();
        if is_name && is_namespace {
            self.prefixes.retain(|_, taken| *taken != name);
            self.prefixes.insert(iri, name);
        }
        self
    }

    /// The document.
    ///
    /// # Errors
    ///
    /// RDF/XML cannot express every graph: a predicate must end in an XML name, and text must not
    /// hold control characters. An IRI or a language tag that is malformed cannot be written in any
    /// syntax.
    pub fn write(&self, graph: &Graph) -> Result<String, WriteError> {
        check_terms(graph.terms())?;
        let triples: Vec<TripleRef<'_>> = graph.iter().collect();
        let (prefixes, declared) = self.with_missing(&triples)?;
        let mut document = Document {
            text: String::new(),
            prefixes,
            declared,
            subjects: Subjects::new(&triples),
            triples: &triples,
            written: HashSet::new(),
            labels: HashMap::new(),
        };
        document.open();
        document.subjects()?;
        document.text.push_str("</rdf:RDF>\n");
        Ok(document.text)
    }

    /// The prefixes that the document uses, those given and a numbered one for each further
    /// namespace, and those of them that its root declares.
    fn with_missing(&self, triples: &[TripleRef<'_>]) -> Result<(Prefixes, Prefixes), WriteError> {
        let mut prefixes = BTreeMap::from([(RDF.to_owned(), "rdf".to_owned())]);
        let mut declared = prefixes.clone();
        let mut number = 0;
        for triple in triples {
            let (namespace, _) = name_of(triple.predicate)?;
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
            if declared.len() < DECLARED {
                declared.insert(namespace.to_owned(), name.clone());
            }
            prefixes.insert(namespace.to_owned(), name);
        }
        // A class names its element only where its namespace has a prefix.
        for (namespace, name) in &self.prefixes {
            if declared.len() < DECLARED {
                declared.insert(namespace.clone(), name.clone());
            }
        }
        Ok((prefixes, declared))
    }
}

/// Where the triples of each subject stand, and how often each blank node is an object.
struct Subjects<'g> {
    /// In the graph's order.
    order: Vec<NamedOrBlankNodeRef<'g>>,
    triples: HashMap<NamedOrBlankNodeRef<'g>, Range<usize>>,
    uses: HashMap<NamedOrBlankNodeRef<'g>, usize>,
}

impl<'g> Subjects<'g> {
    fn new(triples: &[TripleRef<'g>]) -> Self {
        let mut subjects = Self {
            order: Vec::new(),
            triples: HashMap::new(),
            uses: HashMap::new(),
        };
        let mut start = 0;
        for group in triples.chunk_by(|left, right| left.subject == right.subject) {
            let range = start..start + group.len();
            start = range.end;
            subjects.order.push(group[0].subject);
            subjects.triples.insert(group[0].subject, range);
        }
        for triple in triples {
            if let TermRef::BlankNode(node) = triple.object {
                *subjects.uses.entry(node.into()).or_default() += 1;
            }
        }
        subjects
    }

    /// Whether a node may stand where the one triple stands that leads to it.
    fn is_part(&self, node: NamedOrBlankNodeRef<'_>) -> bool {
        self.uses.get(&node) == Some(&1)
    }
}

/// Namespace to prefix.
type Prefixes = BTreeMap<String, String>;

struct Document<'d, 'g> {
    text: String,
    prefixes: Prefixes,
    /// Those of the root.
    declared: Prefixes,
    triples: &'d [TripleRef<'g>],
    subjects: Subjects<'g>,
    /// The nodes that have their element, or whose element is open.
    written: HashSet<NamedOrBlankNodeRef<'g>>,
    /// Blank nodes that need a name.
    labels: HashMap<NamedOrBlankNodeRef<'g>, usize>,
}

impl<'d, 'g> Document<'d, 'g> {
    fn open(&mut self) {
        self.text
            .push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF");
        for (namespace, name) in &self.declared {
            let _ = write!(self.text, "\n    xmlns:{name}=\"");
            escape_value(&mut self.text, namespace);
            self.text.push('"');
        }
        self.text.push_str(">\n");
    }

    /// First what cannot stand inside something else. What is left then leads to itself, or was too
    /// deep for its place.
    fn subjects(&mut self) -> Result<(), WriteError> {
        let (parts, others): (Vec<_>, Vec<_>) = self
            .subjects
            .order
            .iter()
            .partition(|node| self.subjects.is_part(**node));
        for node in others.into_iter().chain(parts) {
            if !self.written.contains(&node) {
                let is_named = self.subjects.uses.contains_key(&node);
                self.node(node, is_named, 0)?;
            }
        }
        Ok(())
    }

    /// The element of a node, `depth` others around it. A blank node that nothing else refers to
    /// needs no name.
    fn node(
        &mut self,
        node: NamedOrBlankNodeRef<'g>,
        is_named: bool,
        depth: usize,
    ) -> Result<(), WriteError> {
        self.written.insert(node);
        let triples = self.triples_of(node);
        let class = triples.iter().position(|triple| {
            triple.predicate == rdf::TYPE && self.class_tag(triple.object).is_some()
        });
        let tag = class
            .and_then(|index| self.class_tag(triples[index].object))
            .unwrap_or_else(|| "rdf:Description".to_owned());
        self.indent(2 * depth + 1);
        let _ = write!(self.text, "<{tag}");
        match node {
            NamedOrBlankNodeRef::NamedNode(node) => self.attribute("rdf:about", node.as_str()),
            NamedOrBlankNodeRef::BlankNode(_) if is_named => self.node_id(node),
            NamedOrBlankNodeRef::BlankNode(_) => {}
        }
        if triples.len() == usize::from(class.is_some()) {
            self.text.push_str("/>\n");
            return Ok(());
        }
        self.text.push_str(">\n");
        for (index, triple) in triples.iter().enumerate() {
            if Some(index) != class {
                self.property(triple, depth)?;
            }
        }
        self.indent(2 * depth + 1);
        let _ = writeln!(self.text, "</{tag}>");
        Ok(())
    }

    fn triples_of(&self, node: NamedOrBlankNodeRef<'g>) -> &'d [TripleRef<'g>] {
        let range = self.subjects.triples.get(&node).cloned();
        &self.triples[range.unwrap_or_default()]
    }

    fn property(&mut self, triple: &TripleRef<'g>, depth: usize) -> Result<(), WriteError> {
        let (namespace, local) = name_of(triple.predicate)?;
        let Some(prefix) = self.prefixes.get(namespace).cloned() else {
            return Err(unspeakable(triple.predicate));
        };
        let tag = format!("{prefix}:{local}");
        self.indent(2 * depth + 2);
        let _ = write!(self.text, "<{tag}");
        if !self.declared.contains_key(namespace) {
            self.attribute(&format!("xmlns:{prefix}"), namespace);
        }
        match triple.object {
            TermRef::NamedNode(node) => {
                self.attribute("rdf:resource", node.as_str());
                self.text.push_str("/>\n");
            }
            TermRef::BlankNode(node) => {
                let node = node.into();
                if self.stands_inside(node, depth) {
                    self.text.push_str(">\n");
                    self.node(node, false, depth + 1)?;
                    self.indent(2 * depth + 2);
                    let _ = writeln!(self.text, "</{tag}>");
                } else {
                    self.node_id(node);
                    self.text.push_str("/>\n");
                }
            }
            TermRef::Literal(literal) => {
                self.literal(literal)?;
                let _ = writeln!(self.text, "</{tag}>");
            }
        }
        Ok(())
    }

    fn stands_inside(&self, node: NamedOrBlankNodeRef<'_>, depth: usize) -> bool {
        depth + 1 < NESTED && self.subjects.is_part(node) && !self.written.contains(&node)
    }

    fn literal(&mut self, literal: LiteralRef<'_>) -> Result<(), WriteError> {
        if let Some(character) = unwritable_char(literal.value()) {
            return Err(WriteError::Character {
                character,
                term: literal.value().chars().take(80).collect(),
            });
        }
        if let Some(language) = literal.language() {
            self.attribute("xml:lang", language);
        } else if literal.datatype() != xsd::STRING {
            self.attribute("rdf:datatype", literal.datatype().as_str());
        }
        self.text.push('>');
        escape_text(&mut self.text, literal.value());
        Ok(())
    }

    fn node_id(&mut self, node: NamedOrBlankNodeRef<'g>) {
        let next = self.labels.len();
        let label = *self.labels.entry(node).or_insert(next);
        let _ = write!(self.text, " rdf:nodeID=\"b{label}\"");
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let _ = write!(self.text, " {name}=\"");
        escape_value(&mut self.text, value);
        self.text.push('"');
    }

    fn indent(&mut self, levels: usize) {
        self.text.extend(std::iter::repeat_n("  ", levels));
    }

    /// The tag of a class, unless its namespace has no prefix or the syntax keeps its name for
    /// itself.
    fn class_tag(&self, class: TermRef<'_>) -> Option<String> {
        let TermRef::NamedNode(class) = class else {
            return None;
        };
        let (namespace, local) = split(class.as_str())?;
        let prefix = self.declared.get(namespace)?;
        Some(format!("{prefix}:{local}"))
    }
}

fn name_of(predicate: NamedNodeRef<'_>) -> Result<(&str, &str), WriteError> {
    split(predicate.as_str()).ok_or_else(|| unspeakable(predicate))
}

fn unspeakable(predicate: NamedNodeRef<'_>) -> WriteError {
    WriteError::Predicate {
        predicate: predicate.as_str().to_owned(),
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
    let is_reserved =
        namespace == RDF && SYNTAX_NAMES.contains(&local) || UNDECLARABLE.contains(&namespace);
    (!namespace.is_empty() && !is_reserved).then_some((namespace, local))
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
        assert_eq!(split("http://www.w3.org/2000/xmlns/foo"), None);
    }

    #[test]
    fn prefixes_that_xml_refuses_are_left_out() {
        let writer = RdfXmlWriter::new()
            .with_prefix("rdf", "http://example.org/1#")
            .with_prefix("xmlx", "http://example.org/2#")
            .with_prefix("", "http://example.org/3#")
            .with_prefix("a:b", "http://example.org/4#")
            .with_prefix("q", "http://www.w3.org/2000/xmlns/")
            .with_prefix("r", "")
            .with_prefix("s", "http://example.org/\u{7}")
            .with_prefix("p", "http://example.org/5#")
            .with_prefix("p", "http://example.org/6#");
        let kept: Vec<_> = writer.prefixes.into_iter().collect();
        assert_eq!(kept, [("http://example.org/6#".to_owned(), "p".to_owned())]);
    }
}
