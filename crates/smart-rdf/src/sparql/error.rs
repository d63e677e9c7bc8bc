use thiserror::Error;

use crate::error::Position;
use crate::limits::LimitError;

/// Why a query could not be prepared or answered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The base IRI given beside the query is not an absolute IRI.
    #[error("`{iri}` cannot be a base IRI: {message}; give an absolute IRI")]
    BaseIri {
        /// What was given.
        iri: String,
        /// What is wrong with it.
        message: String,
    },
    /// A blank node was given as the value of a variable.
    #[error(
        "the value of `?{name}` is a blank node, which has no name outside of its graph; find it by what it leads to"
    )]
    BlankValue {
        /// The variable.
        name: String,
    },
    /// The evaluation was stopped through its [`Cancellation`](crate::Cancellation).
    #[error("the query was canceled")]
    Canceled,
    /// The evaluation failed.
    #[error("the query failed")]
    Evaluation(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The query is of another form than the call asks for.
    #[error("this is not a {expected} query but a {found} query; run it for any form of answer")]
    Form {
        /// The form that the call runs.
        expected: &'static str,
        /// The form of the query.
        found: &'static str,
    },
    /// The query is larger, or its answer takes more work, than allowed.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The query computes with a number that the evaluator has no room for: an integer beyond 64
    /// bits, or a decimal with more than 18 digits behind its point or more than about 20 before.
    /// Such numbers can be selected, sorted, counted and turned into text.
    #[error(
        "a number of <{datatype}> has too many digits to compute with; compare its text, as STR gives it, or leave it out"
    )]
    NumberRange {
        /// The datatype of the number.
        datatype: String,
    },
    /// A pattern of REGEX or REPLACE, its flags or a replacement cannot be used ([XQuery and XPath
    /// Functions 3.1, 5.6](https://www.w3.org/TR/xpath-functions-31/#string.match)). It may come
    /// from the graph; then the query fails all the same, because a row that is left out would look
    /// like one that does not match.
    #[error("a regular expression cannot be used: {message}")]
    Pattern {
        /// What is wrong with it, without its text.
        message: String,
    },
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
    /// The query breaks the rules of SPARQL ([SPARQL 1.1,
    /// 19](https://www.w3.org/TR/sparql11-query/#sparqlGrammar)).
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
    #[error(
        "{keyword} is not supported here: a query runs on the graph it is given; leave it out, or give it a `Dataset`"
    )]
    Unsupported {
        /// The keyword.
        keyword: &'static str,
    },
    /// A value was given for a variable that is not there.
    #[error(
        "the query has no open variable `?{name}`; name one that it uses and does not bind, without `?`"
    )]
    Variable {
        /// The name that was given.
        name: String,
    },
}
