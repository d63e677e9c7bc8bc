//! Why a request could not be made, and why a response could not be used.

use http::StatusCode;
use thiserror::Error;

use crate::answer::RetryAfter;
use crate::export::Missing;
use crate::resource::outcome::OperationOutcome;

/// An address is no base of a FHIR server.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaseError {
    /// It holds what no base may hold: user information, a query, a fragment, spaces, backslashes
    /// or dot segments.
    #[error(
        "a FHIR base has no user, query, fragment, spaces or dot segments: give it as in https://ehr.example/fhir"
    )]
    BadPart,
    /// It is no absolute http or https address.
    #[error("a FHIR base is an absolute address: give it as in https://ehr.example/fhir")]
    NotAbsolute,
}

/// No request could be made: the fault is the caller's, and nothing was sent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// What came out is no address, because it is too long.
    #[error("the address cannot be built: it is too long, or the base is none")]
    Address,
    /// An operation's name does not begin with `$`, or holds what a path cannot.
    #[error("{name:?} is no name of an operation: give it as in $everything")]
    BadOperation {
        /// What was given.
        name: String,
    },
    /// A reference that cannot be asked for at a server.
    #[error("{reference:?} cannot be read: give it as in Patient/123 or Patient/123/_history/2")]
    BadReference {
        /// What was given.
        reference: String,
    },
    /// A type's name begins with a capital and has letters only.
    #[error("{name:?} is no type of resource: give it as in Patient")]
    BadType {
        /// What was given.
        name: String,
    },
    /// A bundle of this type cannot be sent as a batch or a transaction.
    #[error("a bundle of the type {found:?} cannot be sent: make it a batch or a transaction")]
    BundleType {
        /// The type that it has.
        found: String,
    },
    /// A condition that would match everything.
    #[error(
        "a conditional interaction needs at least one search parameter, or it would match everything"
    )]
    EmptyCondition,
    /// A parameter without a value, which servers take for no parameter at all.
    #[error(
        "the search parameter {name} has no value: servers would leave it out, and answer for everything"
    )]
    EmptyValue {
        /// The parameter.
        name: String,
    },
    /// A value cannot stand in a header.
    #[error("the value of {header} cannot stand in a header")]
    HeaderValue {
        /// The header.
        header: &'static str,
    },
    /// The resource has no id, and an update goes to one.
    #[error("the resource has no id: create it, or give it the id to update")]
    MissingId,
    /// A parameter's name holds what none may hold.
    #[error("{name:?} is no name of a search parameter")]
    ParameterName {
        /// What was given.
        name: String,
    },
}

/// An address that the server named is not one to follow with a token.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkError {
    /// It is no http address.
    #[error("the server's link is no http address")]
    Malformed,
    /// It leads to another scheme, host or port than the base. The token was not given out for it.
    #[error("the server's link leads to {origin}, and the token is for {base} alone")]
    OtherOrigin {
        /// Where it leads.
        origin: String,
        /// Where the base is.
        base: String,
    },
    /// It was followed before: following it again would never end.
    #[error("the server's link leads to a page that was read before")]
    Repeated,
    /// It holds user information, a trick to make another host look like this one.
    #[error("the server's link holds user information")]
    UserInformation,
}

/// What a parser of JSON says, less the values that it quotes: they may be a patient's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{text}")]
pub struct JsonFault {
    text: String,
}

impl From<serde_json::Error> for JsonFault {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        // What is no JSON at all is told in fixed words.
        if !error.is_data() || text.starts_with("missing field `") {
            return Self { text };
        }
        let expected = text.rfind(", expected ").map_or("", |at| &text[at..]);
        let text = format!("a value does not fit the type that was asked for{expected}");
        Self { text }
    }
}

/// A body could not be read as what it has to be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The body is no JSON, or not of the shape of the type that was asked for.
    #[error("the body is not the JSON that was asked for")]
    Json {
        /// What the parser says.
        source: JsonFault,
    },
    /// A manifest lists a file, or another manifest, and not where it is.
    #[error("the manifest of the export lists a file without an address")]
    NoFileAddress,
    /// A manifest lists a file, and not what resources it holds.
    #[error("the manifest of the export lists a file without a type")]
    NoFileType,
    /// The body is JSON, but no resource: an object with a `resourceType`.
    #[error("the body is no FHIR resource: it has no resourceType")]
    NotAResource,
    /// A number that an `f64` would make infinite, or zero. A type other than
    /// [`Resource`](crate::Resource) and `Value` cannot be trusted with it.
    #[error(
        "the number at {path} is too large or too small for the type that was asked for: read it from the JSON"
    )]
    NumberRange {
        /// Names and places, such as `component.0.valueQuantity.value`.
        path: String,
    },
    /// One object has a member twice, or a member that the parser keeps for itself: one of two
    /// values would be lost.
    #[error(
        "an object in the body has the member {name:?} more than once: it is not clear which value is meant"
    )]
    RepeatedMember {
        /// The member.
        name: String,
    },
    /// More nested than the limit.
    #[error("the body is nested more than {limit} levels deep: raise the limit if that is right")]
    TooDeep {
        /// In levels.
        limit: usize,
    },
    /// Longer than the limit.
    #[error("the body is longer than {limit} bytes: raise the limit if that is right")]
    TooLong {
        /// In bytes.
        limit: usize,
    },
    /// More entries than the limit.
    #[error(
        "the answer has more than {limit} entries: ask for fewer at a time, or raise the limit"
    )]
    TooManyEntries {
        /// How many may be.
        limit: usize,
    },
    /// A resource of another type than the one that has to be here.
    #[error("the body is a {found}, not a {expected}")]
    WrongType {
        /// The type that it has to be.
        expected: String,
        /// The type that it is.
        found: String,
    },
}

/// An answer that is not what was asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The server said no. Its outcome is kept as it came.
    #[error("the server answered {status}{}", said(.outcome.as_deref(), .words.as_deref()))]
    Refused {
        /// The status of HTTP.
        status: StatusCode,
        /// What the server says of it, if it says so in FHIR.
        outcome: Option<Box<OperationOutcome>>,
        /// What it says in a JSON `error` member, where a proxy in front refuses before FHIR is
        /// reached.
        words: Option<String>,
        /// When to ask again, if the server says so.
        retry_after: Option<RetryAfter>,
    },
    /// The answer has a good status and a body that cannot be read.
    #[error("the server's answer cannot be read")]
    Unreadable {
        /// Of the answer.
        status: StatusCode,
        /// The media type that the answer claims to be of.
        content_type: Option<String>,
        /// What is wrong with the body.
        source: ReadError,
    },
}

fn counted(missing: &[Missing]) -> String {
    match missing {
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
        [] => "nothing".to_owned(),
    }
}

fn said(outcome: Option<&OperationOutcome>, words: Option<&str>) -> String {
    let from_outcome = outcome.and_then(OperationOutcome::summary);
    match from_outcome.as_deref().or(words) {
        Some(text) => format!(": {text}"),
        None => String::new(),
    }
}

impl AnswerError {
    /// The status that the server answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused { status, .. } | Self::Unreadable { status, .. } => *status,
        }
    }

    /// What the server says of its refusal, if it says so in FHIR.
    pub fn outcome(&self) -> Option<&OperationOutcome> {
        match self {
            Self::Refused { outcome, .. } => outcome.as_deref(),
            Self::Unreadable { .. } => None,
        }
    }
}

/// A page of a search could not be fetched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PageError {
    /// The server's answer is no page.
    #[error("a page of the search could not be read")]
    Answer(#[from] AnswerError),
    /// The server reports errors about the search itself, beside its results: they may not be all.
    #[error("the search is not complete, the server reports errors about it{}", said(Some(.outcome), None))]
    Reported {
        /// What it says.
        outcome: Box<OperationOutcome>,
    },
    /// There are more pages than the limit.
    #[error("the search has more than {limit} pages: narrow it, or raise the limit")]
    TooManyPages {
        /// How many may be.
        limit: usize,
    },
}

/// A line of NDJSON could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LineError {
    /// One line is longer than the limit. The lines after it can be read.
    #[error("line {number} is longer than {limit} bytes: raise the limit if that is right")]
    TooLong {
        /// Counted from 1, blank lines included.
        number: u64,
        /// In bytes.
        limit: usize,
    },
    /// One line is no resource. The lines after it can be read.
    #[error("line {number} cannot be read")]
    Unreadable {
        /// Counted from 1, blank lines included.
        number: u64,
        /// What is wrong with it.
        source: ReadError,
    },
}

/// A bulk export went wrong.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The server's answer is no step of an export.
    #[error("the export failed")]
    Answer(#[from] AnswerError),
    /// The job was not deleted, because not everything arrived.
    #[error("the export is not complete ({} is missing), so the job was not deleted: fetch the files again, or delete the job anyway", counted(.missing))]
    Incomplete {
        /// What is missing.
        missing: Vec<Missing>,
    },
    /// An address that the server named is not to be followed.
    #[error("the export names an address that is not followed")]
    Link(#[from] LinkError),
    /// Two manifests of one job differ in whether their files require the token.
    #[error("the export's manifests differ in whether their files require the access token")]
    MixedManifests,
    /// The server reported a failure as a passing one again and again, and did not recover.
    #[error("the server does not recover from what it reports as a passing failure: {trouble}")]
    Unrecovered {
        /// What it reported last.
        trouble: String,
    },
    /// The server accepted, and does not say where to ask for the state.
    #[error(
        "the server accepted the export without a Content-Location: there is no address to ask at"
    )]
    MissingStatusAddress,
    /// The server answered with a status that is no step of an export.
    #[error("the server answered {status} where an export answers 202 or 200")]
    UnexpectedStatus {
        /// What it answered.
        status: StatusCode,
    },
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_patients_are_not_quoted() {
        #[derive(Debug, Deserialize)]
        enum Gender {
            Male,
        }
        let told = |error: serde_json::Error| JsonFault::from(error).to_string();
        let secret = json!("Adams, expected soon");
        let number = serde_json::from_value::<u32>(secret.clone()).unwrap_err();
        assert_eq!(
            told(number),
            "a value does not fit the type that was asked for, expected u32"
        );
        let variant = serde_json::from_value::<Gender>(secret).unwrap_err();
        assert_eq!(
            told(variant),
            "a value does not fit the type that was asked for, expected `Male`"
        );
        let own = <serde_json::Error as serde::de::Error>::custom("Adams is no date");
        assert_eq!(
            told(own),
            "a value does not fit the type that was asked for"
        );
        let cut = serde_json::from_str::<u32>("\"Ad").unwrap_err();
        assert_eq!(told(cut), "EOF while parsing a string at line 1 column 3");
    }
}
