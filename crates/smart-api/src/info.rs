//! What the ontology says of a call, as data: the client builds requests from it, a container its
//! routes.

use std::fmt;

use smart_rdf::NamedNodeRef;

use crate::generated::{CALLS, REFERENCE};

/// One call of the API.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CallInfo {
    /// The name that client libraries share, for example `get_medications`.
    pub name: &'static str,
    /// The method of the HTTP request.
    pub method: Method,
    /// The path below the API base, for example `/records/{record_id}/medications/`. A slash at the
    /// end is significant.
    pub path: &'static str,
    /// What fills the path, from left to right.
    pub path_parameters: &'static [PathParameter],
    /// What may stand in the query: codes, dates and texts by name, then `limit` and `offset`.
    pub query_parameters: &'static [QueryParameter],
    /// The class of what is asked for.
    pub target: NamedNodeRef<'static>,
    /// Whether the call is about one item or a list.
    pub cardinality: Cardinality,
    /// Whose handle the call belongs to.
    pub category: Category,
    /// The media type of the answer; `*/*` where a call answers with whatever was stored.
    pub response_media_type: &'static str,
    /// The property that a list is sorted by, newest first, when a limit is given.
    pub default_sort: Option<NamedNodeRef<'static>>,
}

impl CallInfo {
    /// The call of this name, if there is one.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let place = CALLS.binary_search_by_key(&name, |info| info.name).ok()?;
        CALLS.get(place).copied()
    }

    /// What the ontology says of the call, as Markdown: the call's section of
    /// [`REFERENCE`](crate::REFERENCE).
    pub fn reference(&self) -> &'static str {
        let heading = format!("\n### {}\n", self.name);
        let section = REFERENCE
            .split_once(&heading)
            .map_or("", |(_, after)| after);
        let end = section.find("\n##").unwrap_or(section.len());
        section[..end].trim()
    }

    /// The query parameter that goes by this name, be it the name that is sent or another that
    /// means the same.
    pub fn query_parameter(&self, name: &str) -> Option<&'static QueryParameter> {
        self.query_parameters
            .iter()
            .find(|parameter| parameter.goes_by(name))
    }
}

/// The HTTP methods that calls use.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the ontology knows four methods, and a container has to answer each of them"
)]
pub enum Method {
    /// Removes what is stored.
    Delete,
    /// Reads.
    Get,
    /// Adds to a list.
    Post,
    /// Replaces what is stored.
    Put,
}

impl Method {
    /// The method as it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// Whether a request of this method carries a body.
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Delete => Self::DELETE,
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
        }
    }
}

/// How many items a call is about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the ontology knows these two")]
pub enum Cardinality {
    /// A list, possibly empty.
    Multiple,
    /// One item.
    Single,
}

/// Whose handle a call belongs to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the ontology knows these three")]
pub enum Category {
    /// About the container as a whole.
    Container,
    /// About one patient's record.
    Record,
    /// About one user of the container.
    User,
}

/// A `{name}` of a path template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PathParameter {
    /// The name between the braces.
    pub name: &'static str,
    /// What it identifies.
    pub kind: PathParameterKind,
}

impl PathParameter {
    pub(crate) const fn app(name: &'static str) -> Self {
        Self {
            name,
            kind: PathParameterKind::App,
        }
    }

    pub(crate) const fn item(name: &'static str) -> Self {
        Self {
            name,
            kind: PathParameterKind::Item,
        }
    }

    pub(crate) const fn record(name: &'static str) -> Self {
        Self {
            name,
            kind: PathParameterKind::Record,
        }
    }

    pub(crate) const fn user(name: &'static str) -> Self {
        Self {
            name,
            kind: PathParameterKind::User,
        }
    }
}

/// What a path parameter identifies.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PathParameterKind {
    /// An app: an [`AppId`](crate::AppId).
    App,
    /// One item of a list: an [`ItemId`](crate::ItemId).
    Item,
    /// A record: a [`RecordId`](crate::RecordId).
    Record,
    /// A user: a [`UserId`](crate::UserId).
    User,
}

/// A parameter of a query string.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct QueryParameter {
    /// The name that is sent: the one that existing containers read.
    pub name: &'static str,
    /// Other names of the same parameter, which a container should read too and which
    /// [`DynamicCall`](crate::DynamicCall) takes. The first is the ontology's, where it differs
    /// from what containers read.
    pub other_names: &'static [&'static str],
    /// What the value means.
    pub kind: ParameterKind,
}

impl QueryParameter {
    pub(crate) const LIMIT: Self = Self {
        name: "limit",
        other_names: &[],
        kind: ParameterKind::Limit,
    };
    pub(crate) const OFFSET: Self = Self {
        name: "offset",
        other_names: &[],
        kind: ParameterKind::Offset,
    };

    pub(crate) const fn code(
        name: &'static str,
        property_path: &'static [NamedNodeRef<'static>],
        system: &'static str,
    ) -> Self {
        Self {
            name,
            other_names: &[],
            kind: ParameterKind::Code {
                property_path,
                system,
            },
        }
    }

    pub(crate) const fn date(
        name: &'static str,
        bound: DateBound,
        property: NamedNodeRef<'static>,
    ) -> Self {
        Self {
            name,
            other_names: &[],
            kind: ParameterKind::Date { bound, property },
        }
    }

    pub(crate) const fn text(name: &'static str, other_names: &'static [&'static str]) -> Self {
        Self {
            name,
            other_names,
            kind: ParameterKind::Text,
        }
    }

    /// Every name of the parameter: the one that is sent, then the others.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        [self.name]
            .into_iter()
            .chain(self.other_names.iter().copied())
    }

    /// Whether this is one of the parameter's names.
    pub fn goes_by(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}

/// What the value of a query parameter means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ParameterKind {
    /// Keeps the items with one of the given codes, separated by `|`.
    Code {
        /// The way from the item to the code, property by property.
        property_path: &'static [NamedNodeRef<'static>],
        /// What stands before the given text in the code's IRI.
        system: &'static str,
    },
    /// Keeps the items dated on one side of the given date, which may be partial (`2008`).
    Date {
        /// Which side.
        bound: DateBound,
        /// The property that holds the item's date.
        property: NamedNodeRef<'static>,
    },
    /// At most this many items: a positive number.
    Limit,
    /// Leaves out this many items first. Containers read it only together with a limit.
    Offset,
    /// Text that the call itself explains.
    Text,
}

/// Which side of a date is kept. A partial date stands for its whole period.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "two sides, each with and without the date itself"
)]
pub enum DateBound {
    /// On or after the date.
    From,
    /// After the date.
    FromExcluding,
    /// On or before the date.
    To,
    /// Before the date.
    ToExcluding,
}

/// A class whose instances are statements of a record: each has an address of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StatementInfo {
    /// The class.
    pub class: NamedNodeRef<'static>,
    /// Where an instance lies below the API base, for example
    /// `/records/{record_id}/medications/{medication_id}`.
    pub base_path: Option<&'static str>,
    /// The property that lists of the class are sorted by.
    pub default_sort: Option<NamedNodeRef<'static>>,
    /// What several of them are called, for example `Medications`.
    pub name_plural: Option<&'static str>,
}
