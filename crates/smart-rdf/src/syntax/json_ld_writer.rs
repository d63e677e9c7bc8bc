use std::collections::BTreeMap;
use std::fmt::Write;

use oxrdf::vocab::{rdf, xsd};
use oxrdf::{LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, Term, TermRef, Triple};

use crate::error::WriteError;
use crate::graph::{BlankLabels, Dataset, Graph, Terms};
use crate::syntax::writable::check_terms;

/// Writes a graph as [JSON-LD 1.1](https://www.w3.org/TR/json-ld11/): one object for each subject,
/// in the graph's own order, flat.
///
/// Keys and classes are abbreviated by the prefixes, classes stand under `@type`, texts without a
/// datatype are plain strings, and a property of one value has no list. The same document gives the
/// same text each time.
///
/// ```
/// use smart_rdf::{JsonLdWriter, Syntax};
///
/// let graph = Syntax::Turtle.parse(b"<http://example.org/m> a <http://example.org/Drug> ; <http://example.org/name> 'Aspirin' .")?;
/// let text = JsonLdWriter::new().with_prefix("e", "http://example.org/").write(&graph)?;
/// assert_eq!(text, r#"{
///   "@context": {
///     "e": "http://example.org/"
///   },
///   "@graph": [
///     {
///       "@id": "http://example.org/m",
///       "@type": "e:Drug",
///       "e:name": "Aspirin"
///     }
///   ]
/// }
/// "#);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct JsonLdWriter {
    /// Prefix to namespace.
    prefixes: BTreeMap<String, String>,
}

impl JsonLdWriter {
    /// A writer without prefixes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Abbreviates keys and classes that begin with `iri`.
    ///
    /// A prefix is left out if it is no word, if `iri` does not end as JSON-LD wants it of a prefix
    /// (in `#` or `/` for instance, [JSON-LD 1.1,
    /// 4.1.5](https://www.w3.org/TR/json-ld11/#compact-iris)), or if an IRI of the graph would be
    /// misread for it.
    #[must_use]
    pub fn with_prefix(mut self, name: impl Into<String>, iri: impl Into<String>) -> Self {
        let (name, iri) = (name.into(), iri.into());
        let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if is_word && iri.contains(':') && iri.ends_with([':', '/', '?', '#', '[', ']', '@']) {
            self.prefixes.insert(name, iri);
        }
        self
    }

    /// The document.
    ///
    /// # Errors
    ///
    /// An IRI or a language tag is malformed, which happens to graphs that were built from
    /// unchecked parts.
    pub fn write(&self, graph: &Graph) -> Result<String, WriteError> {
        check_terms(graph.terms())?;
        let mut document = Document::new(self.without_misread(graph.terms()));
        document.nodes(graph);
        Ok(document.finish())
    }

    /// The document with all graphs: a named one is an object with a `@graph` of its own.
    pub(crate) fn write_dataset(&self, dataset: &Dataset) -> String {
        let mut document = Document::new(self.without_misread(dataset.terms()));
        document.nodes(dataset.default_graph());
        for (name, graph) in dataset.named_graphs() {
            document.named_graph(name, graph);
        }
        document.finish()
    }

    /// A reader takes `urn:x` for an abbreviation once there is a prefix `urn`.
    fn without_misread(&self, terms: &Terms) -> BTreeMap<String, String> {
        let mut prefixes = self.prefixes.clone();
        for iri in terms.iris() {
            if let Some((scheme, _)) = iri.split_once(':') {
                prefixes.remove(scheme);
            }
        }
        prefixes
    }
}

struct Document {
    text: String,
    prefixes: BTreeMap<String, String>,
    labels: BlankLabels,
    /// How many brackets are open around what is written next.
    depth: usize,
    /// Whether the bracket that is open holds nothing yet.
    is_empty: bool,
}

impl Document {
    fn new(prefixes: BTreeMap<String, String>) -> Self {
        let mut document = Self {
            text: String::new(),
            prefixes,
            labels: BlankLabels::default(),
            depth: 0,
            is_empty: true,
        };
        document.open('{');
        document.context();
        document.key("@graph");
        document.open('[');
        document
    }

    fn finish(mut self) -> String {
        self.close(']');
        self.close('}');
        self.text.push('\n');
        self.text
    }

    fn context(&mut self) {
        if self.prefixes.is_empty() {
            return;
        }
        self.key("@context");
        self.open('{');
        for (name, iri) in self.prefixes.clone() {
            self.key(&name);
            self.string(&iri);
        }
        self.close('}');
    }

    fn nodes(&mut self, graph: &Graph) {
        let triples: Vec<Triple> = graph
            .iter()
            .map(|triple| self.labels.relabel(triple))
            .collect();
        for group in triples.chunk_by(|left, right| left.subject == right.subject) {
            self.node(group);
        }
    }

    fn named_graph(&mut self, name: NamedOrBlankNodeRef<'_>, graph: &Graph) {
        let name = self.labels.relabel_node(name);
        self.item();
        self.open('{');
        self.id(&Term::from(name));
        self.key("@graph");
        self.open('[');
        self.nodes(graph);
        self.close(']');
        self.close('}');
    }

    fn node(&mut self, group: &[Triple]) {
        let Some(first) = group.first() else {
            return;
        };
        self.item();
        self.open('{');
        self.id(&Term::from(first.subject.clone()));
        let is_class =
            |triple: &&Triple| triple.predicate == rdf::TYPE && !triple.object.is_literal();
        let classes: Vec<Term> = group
            .iter()
            .filter(is_class)
            .map(|t| t.object.clone())
            .collect();
        if !classes.is_empty() {
            self.key("@type");
            self.values(&classes, Self::class);
        }
        let rest: Vec<&Triple> = group.iter().filter(|triple| !is_class(triple)).collect();
        for values in rest.chunk_by(|left, right| left.predicate == right.predicate) {
            let key = self.abbreviated(values[0].predicate.as_ref());
            self.key(&key);
            let values: Vec<Term> = values.iter().map(|triple| triple.object.clone()).collect();
            self.values(&values, Self::value);
        }
        self.close('}');
    }

    /// One value by itself, several as a list.
    fn values(&mut self, values: &[Term], write: fn(&mut Self, &Term)) {
        if let [value] = values {
            return write(self, value);
        }
        self.open('[');
        for value in values {
            self.item();
            write(self, value);
        }
        self.close(']');
    }

    fn class(&mut self, class: &Term) {
        let text = match class {
            Term::NamedNode(class) => self.abbreviated(class.as_ref()),
            other => other.to_string(),
        };
        self.string(&text);
    }

    fn value(&mut self, value: &Term) {
        match value.as_ref() {
            TermRef::Literal(literal) => self.literal(literal),
            TermRef::BlankNode(_) | TermRef::NamedNode(_) => {
                self.open('{');
                self.id(value);
                self.close('}');
            }
        }
    }

    fn literal(&mut self, literal: LiteralRef<'_>) {
        let kind = match literal.language() {
            Some(language) => Some(("@language", language)),
            None if literal.datatype() == xsd::STRING => None,
            None => Some(("@type", literal.datatype().as_str())),
        };
        let Some((key, kind)) = kind else {
            return self.string(literal.value());
        };
        self.open('{');
        self.key(key);
        self.string(kind);
        self.key("@value");
        self.string(literal.value());
        self.close('}');
    }

    fn id(&mut self, node: &Term) {
        self.key("@id");
        match node {
            Term::NamedNode(node) => self.string(node.as_str()),
            other => self.string(&other.to_string()),
        }
    }

    /// A key or class by its prefix, if one fits and a reader takes the result for what it is.
    fn abbreviated(&self, iri: NamedNodeRef<'_>) -> String {
        let iri = iri.as_str();
        let fitting = self.prefixes.iter().filter_map(|(name, namespace)| {
            let local = iri.strip_prefix(namespace.as_str())?;
            let is_plain = !local.is_empty() && !local.starts_with("//");
            is_plain.then(|| format!("{name}:{local}"))
        });
        fitting
            .min_by_key(String::len)
            .unwrap_or_else(|| iri.to_owned())
    }

    fn key(&mut self, key: &str) {
        self.item();
        self.string(key);
        self.text.push_str(": ");
    }

    /// Makes room for one more thing in the open bracket.
    fn item(&mut self) {
        if !self.is_empty {
            self.text.push(',');
        }
        self.is_empty = false;
        self.line();
    }

    fn open(&mut self, bracket: char) {
        self.text.push(bracket);
        self.depth += 1;
        self.is_empty = true;
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        if !self.is_empty {
            self.line();
        }
        self.is_empty = false;
        self.text.push(bracket);
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }

    /// [RFC 8259, 7](https://www.rfc-editor.org/rfc/rfc8259#section-7).
    fn string(&mut self, value: &str) {
        self.text.push('"');
        for character in value.chars() {
            match character {
                '"' | '\\' => self.text.extend(['\\', character]),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\0'..='\u{1f}' => {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(character));
                }
                other => self.text.push(other),
            }
        }
        self.text.push('"');
    }
}
