use thiserror::Error;

use crate::error::Position;
use crate::limits::LimitError;

/// Why a query could not be prepared or answered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The evaluation was stopped through its [`Cancellation`](crate::Cancellation).
    #[error("the query was canceled")]
    Canceled,
    /// The evaluation failed.
    #[error("the query failed")]
    Evaluation(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The query is of another form than the call asks for.
    #[error("this is not a {expected} query but a {found} query; use `Query::run` for any form")]
    Form {
        /// The form that the call runs.
        expected: &'static str,
        /// The form of the query.
        found: &'static str,
    },
    /// The query is larger, or its answer takes more work, than allowed.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A prefix given beside the query does not stand for an absolute IRI.
    #[error("the prefix `{name}` cannot stand for `{iri}`: {message}; give an absolute IRI")]
    Prefix {
        /// The prefix.
        name: String,
        /// What it should stand for.
        iri: String,
        /// What is wrong with it.
        message: String,
    },
    /// The query breaks the rules of SPARQL ([SPARQL 1.1, 19](https://www.w3.org/TR/sparql11-query/#sparqlGrammar)).
    #[error("syntax error at {position}, at {found}: {message}")]
    Syntax {
        /// Where the query stops making sense.
        position: Position,
        /// The text that stands there, or `the end of the query`.
        found: String,
        /// What would make sense there.
        message: String,
    },
    /// The query uses a part of SPARQL that would leave the graph.
    #[error("{keyword} is not supported: a query runs on the one graph it is given; leave it out")]
    Unsupported {
        /// The keyword.
        keyword: &'static str,
    },
}
