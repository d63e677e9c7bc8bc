//! What is emitted: every decision is taken, every name is a valid one.

use smart_rdf::NamedNode;

use crate::names::Identifier;

/// The whole of it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    /// Sorted by name.
    pub(crate) calls: Vec<Call>,
    /// Sorted by class.
    pub(crate) statements: Vec<Statement>,
    pub(crate) vocabularies: Vec<Vocabulary>,
}

/// A call, as a type with methods.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) iri: NamedNode,
    pub(crate) name: String,
    /// The name of the call's file and of the facade's method.
    pub(crate) function: Identifier,
    pub(crate) type_name: Identifier,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) path_parameters: Vec<PathParameter>,
    pub(crate) query_parameters: Vec<QueryParameter>,
    pub(crate) target: NamedNode,
    pub(crate) cardinality: Cardinality,
    pub(crate) category: Category,
    pub(crate) response_media_type: String,
    pub(crate) default_sort: Option<NamedNode>,
    /// Paragraphs, the first of them a summary.
    pub(crate) prose: Vec<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    Delete,
    Get,
    Post,
    Put,
}

impl Method {
    pub(crate) const fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cardinality {
    Multiple,
    Single,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Category {
    Container,
    Record,
    User,
}

/// A gap in a path.
#[derive(Clone, Debug)]
pub(crate) struct PathParameter {
    pub(crate) name: String,
    pub(crate) field: Identifier,
    pub(crate) kind: PathParameterKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PathParameterKind {
    App,
    Item,
    Record,
    User,
}

/// A query parameter, as a method.
#[derive(Clone, Debug)]
pub(crate) struct QueryParameter {
    /// What is sent.
    pub(crate) name: String,
    pub(crate) other_names: Vec<String>,
    pub(crate) function: Identifier,
    pub(crate) kind: ParameterKind,
}

#[derive(Clone, Debug)]
pub(crate) enum ParameterKind {
    Code {
        property_path: Vec<NamedNode>,
        system: String,
    },
    Date {
        bound: DateBound,
        property: NamedNode,
    },
    Limit,
    Offset,
    Text,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DateBound {
    From,
    FromExcluding,
    To,
    ToExcluding,
}

/// A class whose instances are statements of a record.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) class: NamedNode,
    pub(crate) base_path: Option<String>,
    pub(crate) default_sort: Option<NamedNode>,
    pub(crate) name_plural: Option<String>,
}

/// The terms of one namespace, as constants.
#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    pub(crate) module: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) classes: Vec<Constant>,
    pub(crate) properties: Vec<Constant>,
}

#[derive(Clone, Debug)]
pub(crate) struct Constant {
    pub(crate) name: Identifier,
    pub(crate) iri: NamedNode,
}
