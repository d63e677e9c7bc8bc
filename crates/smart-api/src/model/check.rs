//! What in a graph breaks the ontology.

use smart_rdf::Graph;

use crate::generated;
use crate::model::Reading;

/// What in a graph breaks the ontology: findings, and remarks on what is allowed and worth knowing,
/// about every statement and its parts.
///
/// ```
/// use smart_rdf::Syntax;
///
/// let graph = Syntax::Turtle.parse(b"
///     @prefix sp: <http://smartplatforms.org/terms#> .
///     <http://example.org/1> a sp:AllergyExclusion ; sp:belongsTo <http://example.org/records/1> .
/// ")?;
/// let checked = smart_api::check(&graph);
/// assert_eq!(checked.findings()[0].to_string(), "<http://example.org/1> sp:allergyExclusionName: expected exactly one, found none");
/// # Ok::<_, smart_rdf::ParseError>(())
/// ```
pub fn check(graph: &Graph) -> Reading<()> {
    Reading::new((), graph, generated::check(graph))
}
