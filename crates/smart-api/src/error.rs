//! Why no request could be made, or why its answer could not be read.

use thiserror::Error;

use crate::call::api_base::ApiBaseError;

/// No request could be made of a call: the fault is the caller's, and nothing was sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The address that came out is not one, because it is too long.
    #[error("the address of {call} cannot be built")]
    Address {
        /// The call's name.
        call: &'static str,
        /// What is wrong with it.
        source: ApiBaseError,
    },
    /// A query parameter without a value. Containers take it for a value, and match nothing or
    /// everything with it.
    #[error("`{parameter}` is empty: give it a value or leave it out")]
    BlankValue {
        /// The parameter's name.
        parameter: String,
    },
    /// The media type of the body cannot stand in a header.
    #[error("the body's media type cannot stand in a header: give one as in text/plain")]
    ContentType {
        /// What is wrong with it.
        source: http::header::InvalidHeaderValue,
    },
    /// A date filter got something else.
    #[error("`{parameter}` wants a date such as 2008, 2008-06 or 2008-06-24, not {value:?}")]
    Date {
        /// The parameter's name.
        parameter: String,
        /// What was given.
        value: String,
    },
    /// A call that writes got nothing to write.
    #[error("{call} sends a body: give one")]
    MissingBody {
        /// The call's name.
        call: &'static str,
    },
    /// A gap in the path was left open.
    #[error("`{parameter}` is missing: the path needs it")]
    MissingParameter {
        /// The parameter's name.
        parameter: String,
    },
    /// A limit or an offset got something else than a number.
    #[error("`{parameter}` wants a whole number {}, not {value:?}", if *.least == 0 { "from 0 up" } else { "from 1 up" })]
    Number {
        /// The parameter's name.
        parameter: String,
        /// What was given.
        value: String,
        /// The least number that makes sense.
        least: u32,
    },
    /// An offset alone is ignored by containers, and everything comes back.
    #[error("an offset is read only together with a limit: give a limit too")]
    OffsetWithoutLimit,
    /// A value would change the path instead of filling its gap.
    #[error("`{parameter}` {reason}, so it cannot stand in the path")]
    PathValue {
        /// The parameter's name.
        parameter: String,
        /// What is wrong with the value, as the middle of a sentence.
        reason: &'static str,
    },
    /// The same parameter came twice, perhaps under two names.
    #[error("`{parameter}` is given twice: give it once, several codes separated by `|`")]
    RepeatedParameter {
        /// The name that came second.
        parameter: String,
    },
    /// A call that only reads got a body.
    #[error("{call} sends no body: leave it out")]
    UnexpectedBody {
        /// The call's name.
        call: &'static str,
    },
    /// The call has no parameter of this name.
    #[error("{call} has no parameter `{parameter}`; it has {}", list(.known))]
    UnknownParameter {
        /// The call's name.
        call: &'static str,
        /// The name that was given.
        parameter: String,
        /// The names that the call knows.
        known: Vec<&'static str>,
    },
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// An answer could not be read as what it was asked for. Its bytes and headers are still there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The answer says that it is JSON, but it is not.
    #[error("the answer says that it is JSON but cannot be read")]
    Json {
        /// Where the reader stopped.
        source: serde_json::Error,
    },
    /// The container's word for the next page is no address of one.
    #[error("the container says that the list goes on at {url:?}, which {reason}")]
    NextPage {
        /// What it said.
        url: String,
        /// What is wrong with it, as the end of a sentence.
        reason: &'static str,
    },
    /// A page of HTML in place of the word that something was deleted.
    #[error("expected a confirmation, but the answer is a page of HTML{}; see whether it was deleted", beginning(.start))]
    NotConfirmed {
        /// The first characters of the page.
        start: Option<String>,
    },
    /// The answer is something else than JSON.
    #[error("expected JSON, but the answer is {}{}", kind(.content_type), beginning(.start))]
    NotJson {
        /// The media type of the answer, if it had one.
        content_type: Option<String>,
        /// The first characters of a page of HTML; anything else may be a patient's, and is not
        /// shown.
        start: Option<String>,
    },
    /// The answer is something else than RDF, for example a proxy's error page.
    #[error("expected RDF, but the answer is {}{}", kind(.content_type), beginning(.start))]
    NotRdf {
        /// The media type of the answer, if it had one.
        content_type: Option<String>,
        /// The first characters of a page of HTML; anything else may be a patient's, and is not
        /// shown.
        start: Option<String>,
    },
    /// The container keeps something else than what was sent. Somebody else may have written at the
    /// same time.
    #[error(
        "the container gives back something else than what was sent: read it again before you write"
    )]
    NotTheSame,
    /// The answer says that it is RDF, but it is not.
    #[error("the answer says that it is {content_type} but cannot be read")]
    Rdf {
        /// The media type of the answer.
        content_type: String,
        /// Where the parser stopped.
        source: smart_rdf::ParseError,
    },
    /// The parts of the answer are shared so often that the statements would be far larger than the
    /// answer. Its graph can be read all the same.
    #[error(
        "the answer shares its parts so often that the statements would be far larger than itself; read its graph instead"
    )]
    TooMuchSharing,
}

fn kind(content_type: &Option<String>) -> &str {
    content_type.as_deref().unwrap_or("of no stated type")
}

fn beginning(start: &Option<String>) -> String {
    match start {
        Some(start) => format!("; it begins {start:?}"),
        None => String::new(),
    }
}
