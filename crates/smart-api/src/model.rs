//! How graphs become typed values and back: the traits that the generated models implement, and
//! what their fields are made of.

pub(crate) mod check;
pub(crate) mod date;
pub(crate) mod ext;
pub(crate) mod objects;
pub(crate) mod summary;

mod code_set;
mod field;
mod finding;
mod link;
mod list;
mod number;
mod reader;
mod reading;
mod required;
mod subject;
mod writer;

use std::fmt;

use smart_rdf::{Graph, NamedNodeRef, Node};

pub(crate) use code_set::code_set;
pub use code_set::{CodeSet, KnownCode};
pub use field::{Field, Value};
pub use finding::{Expected, Finding};
pub use link::{AnyStatement, Link, Linked};
pub use list::List;
pub use number::Number;
pub use reader::{Label, Reader};
pub use reading::{Reading, StrictError};
pub use required::{MissingValue, Required};
pub use subject::Subject;
pub use writer::Writer;

/// A class of the ontology as a type. The structs in [`models`](crate::models) implement it, one
/// field a property.
///
/// Reading never fails: a value that breaks the ontology is kept as far as its field can hold it,
/// and listed in any case, see [`Reading`]. What no field takes stays in the graph, and
/// [`write_into`](Self::write_into) leaves it there.
pub trait Model: Clone + fmt::Debug + Default + PartialEq + Send + Sync + 'static {
    /// The class.
    const CLASS: NamedNodeRef<'static>;

    /// Classes that an instance may have beside its own, as codes have that of their system.
    const ALSO: &'static [NamedNodeRef<'static>] = &[];

    /// What some containers call the class instead.
    const MISNOMERS: &'static [NamedNodeRef<'static>] = &[];

    /// Takes the fields from a node.
    fn read(reader: &mut Reader<'_, '_>) -> Self;

    /// Says of a node what the fields say.
    fn write(&self, writer: &mut Writer);

    /// The node.
    fn subject(&self) -> Subject;

    /// Reads one node of a graph.
    fn from_node(node: Node<'_>) -> Reading<Self> {
        Reading::of(node)
    }

    /// Reads every instance of the class in a graph.
    fn all_in(graph: &Graph) -> Reading<Vec<Self>> {
        Reading::of_all(graph)
    }

    /// Everything that the fields say, as a graph of its own. What has no address becomes a blank
    /// node.
    fn to_graph(&self) -> Graph {
        writer::graph_of(self)
    }

    /// The same graph, in which this model's node says what its fields say now. What they never
    /// took, because the ontology does not know it or because it was malformed, is left as it is,
    /// and so is everything about other nodes.
    fn write_into(&self, graph: &Graph) -> Graph {
        writer::write_into(self, graph)
    }
}

#[cfg(test)]
mod tests;
