//! Adding a clinical note to a record.

use bytes::Bytes;
use http::StatusCode;
use smart_api::CallInfo;
use smart_api::vocab::sp;
use smart_rdf::vocab::rdf;
use smart_rdf::{Graph, NamedOrBlankNodeRef, Syntax, TermRef, Triple};

use crate::classic::calls::graph_reply;
use crate::classic::state::ContainerState;
use crate::records::assemble::AssembleError;
use crate::records::prefixes;
use crate::records::record::{Record, Statement};
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply, TEXT};

/// No record gets more statements than this.
const MOST_STATEMENTS: usize = 20_000;

/// Why a graph is not added.
enum PostError {
    /// It says something that cannot be said about this record.
    Conflict(String),
    /// It is not RDF, or says nothing that a record could hold.
    Nothing,
    /// Ours, not the sender's.
    Ours,
}

/// Stores the statements of the body and answers with them as they lie in the record.
pub(crate) fn add(
    container: &ContainerState,
    request: &RequestContext<'_>,
    record: &Record,
    _call: &'static CallInfo,
) -> Reply {
    match try_add(container, request, record) {
        Ok(stored) => graph_reply(&stored),
        Err(PostError::Conflict(message)) => reply::answer(StatusCode::CONFLICT, TEXT, message),
        Err(PostError::Nothing) => reply::bare(StatusCode::BAD_REQUEST, Bytes::new()),
        Err(PostError::Ours) => reply::server_error(),
    }
}

fn try_add(
    container: &ContainerState,
    request: &RequestContext<'_>,
    record: &Record,
) -> Result<Graph, PostError> {
    let graph = parse(request.body()).ok_or(PostError::Nothing)?;
    check(container, &graph, record)?;
    let mut statements = container
        .store
        .assemble(request.parameter("record_id"), &graph)
        .map_err(|error| match error {
            AssembleError::Random(_) => PostError::Ours,
            other => PostError::Conflict(other.to_string()),
        })?;
    if statements.is_empty() {
        return Err(PostError::Nothing);
    }
    for statement in &mut statements {
        statement.posted = Some(request.now);
    }
    if record.len() + statements.len() > MOST_STATEMENTS {
        return Err(PostError::Conflict("the record is full".to_owned()));
    }
    if let Some(stray) = statements
        .iter()
        .find(|statement| !lies_in(statement, record))
    {
        return Err(PostError::Conflict(format!(
            "{} is not in this record",
            stray.uri
        )));
    }
    let stored = as_stored(&statements, record);
    // Turtle can say what no answer could repeat.
    prefixes::rdf_xml(&stored).map_err(|_| PostError::Nothing)?;
    match container
        .store
        .add_statements(request.parameter("record_id"), statements)
    {
        Ok(Ok(())) => Ok(stored),
        Ok(Err(there)) => Err(PostError::Conflict(format!(
            "{} is there already",
            there.uri
        ))),
        Err(_) => Err(PostError::Ours),
    }
}

/// RDF/XML or, if it is not that, Turtle, whatever the content type says.
fn parse(body: &[u8]) -> Option<Graph> {
    Syntax::RdfXml
        .parse(body)
        .or_else(|_| Syntax::Turtle.parse(body))
        .ok()
}

/// Every blank node must be of a class that the ontology knows, and the only record spoken of must
/// be this one.
fn check(container: &ContainerState, graph: &Graph, record: &Record) -> Result<(), PostError> {
    for triple in graph.matching(None, Some(rdf::TYPE), None) {
        match (triple.subject, triple.object) {
            (NamedOrBlankNodeRef::BlankNode(_), TermRef::NamedNode(class))
                if !container.ontology.has_class(class.as_str()) =>
            {
                return Err(PostError::Conflict(format!(
                    "the ontology has no class {class}"
                )));
            }
            (NamedOrBlankNodeRef::NamedNode(other), TermRef::NamedNode(class))
                if class == sp::class::MEDICAL_RECORD && other != record.uri().as_ref() =>
            {
                return Err(PostError::Conflict(format!("{other} is another record")));
            }
            _ => {}
        }
    }
    match graph.instances_of(sp::class::MEDICAL_RECORD).count() {
        0 | 1 => Ok(()),
        _ => Err(PostError::Conflict(
            "the statements are about more than one record".to_owned(),
        )),
    }
}

fn lies_in(statement: &Statement, record: &Record) -> bool {
    let rest = statement.uri.as_str().strip_prefix(record.uri().as_str());
    rest.is_some_and(|rest| rest.starts_with('/'))
}

fn as_stored(statements: &[Statement], record: &Record) -> Graph {
    let about_record = statements.iter().map(|statement| {
        Triple::new(
            record.uri().clone(),
            sp::HAS_STATEMENT.into_owned(),
            statement.uri.clone(),
        )
    });
    let record_type = Triple::new(
        record.uri().clone(),
        rdf::TYPE.into_owned(),
        sp::class::MEDICAL_RECORD.into_owned(),
    );
    let own: Vec<Triple> = about_record.chain([record_type]).collect();
    let data = statements
        .iter()
        .flat_map(|statement| statement.graph.iter());
    data.chain(own.iter().map(Triple::as_ref)).collect()
}
