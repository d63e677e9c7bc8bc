use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use oxrdf::{BlankNode, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, TermRef, TripleRef};

use crate::graph::{BlankLabels, DatasetBuilder, Graph, Terms};

/// A default graph and any number of named ones ([RDF 1.1 Concepts,
/// 4](https://www.w3.org/TR/rdf11-concepts/#section-dataset)), for queries over several graphs. A
/// clone shares the storage.
///
/// All its graphs share their terms. Where a document with several graphs uses one blank node in
/// two of them, it is one node.
///
/// ```
/// use smart_rdf::{Dataset, Graph, NamedNode, Query, Syntax};
///
/// let [one, two] = [&b"<a:m> <a:name> 'Aspirin' ."[..], b"<a:n> <a:name> 'Ibuprofen' ."].map(|text| Syntax::Turtle.parse(text));
/// let records = Dataset::new(
///     &Graph::default(),
///     [(NamedNode::new("a:one")?.into(), &one?), (NamedNode::new("a:two")?.into(), &two?)],
/// );
/// let query = Query::prepare("SELECT ?record { GRAPH ?record { ?m <a:name> 'Ibuprofen' } }")?;
/// let rows = query.select(&records)?;
/// assert_eq!(rows.rows().next().and_then(|row| row.text("record")), Some("a:two"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Dataset(Arc<Inner>);

#[derive(Default)]
struct Inner {
    default: Graph,
    /// By the number of the name.
    named: BTreeMap<u32, Graph>,
}

impl Dataset {
    /// Puts graphs together, their blank nodes kept apart. Graphs of the same name become one.
    pub fn new<'g>(
        default: &Graph,
        named: impl IntoIterator<Item = (NamedOrBlankNode, &'g Graph)>,
    ) -> Self {
        let mut builder = DatasetBuilder::default();
        let mut labels = BlankLabels::default();
        for triple in default {
            builder.insert(labels.relabel(triple).as_ref(), None);
        }
        for (name, graph) in named {
            labels.forget_graph();
            builder.name(name.as_ref());
            for triple in graph {
                builder.insert(labels.relabel(triple).as_ref(), Some(name.as_ref()));
            }
        }
        builder.build()
    }

    /// All these datasets in one, their blank nodes kept apart: their default graphs become one,
    /// and so do graphs of the same name.
    pub fn merge<'d>(datasets: impl IntoIterator<Item = &'d Self>) -> Self {
        let mut builder = DatasetBuilder::default();
        let mut labels = BlankLabels::default();
        for dataset in datasets {
            for triple in dataset.default_graph() {
                builder.insert(labels.relabel(triple).as_ref(), None);
            }
            for (name, graph) in dataset.named_graphs() {
                let name = labels.relabel_node(name);
                builder.name(name.as_ref());
                for triple in graph {
                    builder.insert(labels.relabel(triple).as_ref(), Some(name.as_ref()));
                }
            }
            labels.forget_graph();
        }
        builder.build()
    }

    pub(crate) fn assemble(default: Graph, named: BTreeMap<u32, Graph>) -> Self {
        Self(Arc::new(Inner { default, named }))
    }

    /// The graph without a name.
    pub fn default_graph(&self) -> &Graph {
        &self.0.default
    }

    /// The graph of this name.
    pub fn graph<'t>(&self, name: impl Into<NamedOrBlankNodeRef<'t>>) -> Option<&Graph> {
        let number = self.terms().find(TermRef::from(name.into()))?;
        self.0.named.get(&number)
    }

    /// The named graphs, in order of their names' first appearance.
    pub fn named_graphs(&self) -> impl Iterator<Item = (NamedOrBlankNodeRef<'_>, &Graph)> {
        let graphs = self.0.named.iter();
        graphs.map(|(name, graph)| (self.terms().subject(*name), graph))
    }

    /// How many triples there are in all graphs together.
    pub fn len(&self) -> usize {
        let named: usize = self.0.named.values().map(Graph::len).sum();
        self.0.default.len() + named
    }

    /// Whether there is no triple in any graph.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both datasets say the same under some renaming of blank nodes, bounded as
    /// [`Graph::is_isomorphic`] is.
    pub fn is_isomorphic(&self, other: &Self) -> bool {
        self.described().is_isomorphic(&other.described())
    }

    /// A graph that describes each triple of each graph by a node of its own.
    fn described(&self) -> Graph {
        let place = |name| NamedNodeRef::new_unchecked(name);
        let mut statements = Vec::new();
        let graphs = self.named_graphs().map(|(name, graph)| (Some(name), graph));
        for (name, graph) in graphs.chain([(None, self.default_graph())]) {
            for triple in graph {
                let node = BlankNode::new_unchecked(format!("statement {}", statements.len()));
                statements.push((node, name, triple));
            }
        }
        let described = statements.iter().flat_map(|(node, name, triple)| {
            let parts = [
                (place("s:"), Some(triple.subject.into())),
                (place("p:"), Some(triple.predicate.into())),
                (place("o:"), Some(triple.object)),
                (place("g:"), name.map(TermRef::from)),
            ];
            parts
                .into_iter()
                .filter_map(move |(place, part)| Some(TripleRef::new(node, place, part?)))
        });
        described.collect()
    }

    pub(crate) fn terms(&self) -> &Terms {
        self.0.default.terms()
    }

    pub(crate) fn named_by_number(&self) -> &BTreeMap<u32, Graph> {
        &self.0.named
    }
}

/// One graph, as the default graph.
impl From<Graph> for Dataset {
    fn from(graph: Graph) -> Self {
        Self::assemble(graph, BTreeMap::new())
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        map.entry(&"default", self.default_graph());
        map.entries(
            self.named_graphs()
                .map(|(name, graph)| (name.to_string(), graph)),
        );
        map.finish()
    }
}
