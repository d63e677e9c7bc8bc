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
    /// Sorted by the names of their files.
    pub(crate) models: Vec<Model>,
    pub(crate) code_sets: Vec<CodeSet>,
    pub(crate) label_sets: Vec<LabelSet>,
}

impl Api {
    /// The classes of what stands in an answer by itself: statements, and whatever else a call
    /// answers with.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &NamedNode> {
        let targets = self.calls.iter().map(|call| &call.target);
        let statements = self.statements.iter().map(|statement| &statement.class);
        targets.chain(statements)
    }
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
    /// The model of what it answers with, if that is a graph of models.
    pub(crate) answer: Option<Identifier>,
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

/// A class whose instances occur in records, as a struct.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) class: NamedNode,
    pub(crate) type_name: Identifier,
    /// The name of its file.
    pub(crate) module: Identifier,
    /// What containers call the class instead.
    pub(crate) misnomers: Vec<NamedNode>,
    /// The classes that an instance may have beside this one and that the struct keeps: those of
    /// code systems.
    pub(crate) kinds: Vec<NamedNode>,
    /// The name of the label set of which an instance may have labels.
    pub(crate) labels: Option<Identifier>,
    /// The classes that stand for the labels.
    pub(crate) label_classes: Vec<NamedNode>,
    /// By name.
    pub(crate) fields: Vec<Field>,
    pub(crate) prose: Vec<String>,
}

impl Model {
    /// Whether the type of the code is a parameter.
    pub(crate) fn is_generic(&self) -> bool {
        self.fields
            .iter()
            .any(|field| field.value == FieldValue::Parameter)
    }
}

/// A property of a model.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Identifier,
    pub(crate) property: NamedNode,
    /// What containers call the property instead.
    pub(crate) misnomer: Option<NamedNode>,
    pub(crate) count: Count,
    pub(crate) value: FieldValue,
    /// The class of the codes of the values.
    pub(crate) code_class: Option<NamedNode>,
    /// The unit of the values.
    pub(crate) unit: Option<String>,
    pub(crate) prose: Option<String>,
}

/// How often a property occurs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Count {
    Any,
    AtLeastOne,
    AtMostOne,
    ExactlyOne,
}

/// What a property leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum FieldValue {
    /// The address of something outside the graph.
    Address,
    /// A reference to any statement.
    AnyLink,
    /// A coded value whose code is of this closed list.
    CodedBy(Identifier),
    /// A code of this closed list.
    CodeOf(Identifier),
    Date,
    /// A reference to a statement of this model.
    Link(Identifier),
    /// References in order.
    List(Identifier),
    /// A part, described by this model.
    Model(Identifier),
    Number,
    /// What the type parameter says.
    Parameter,
    Text,
}

/// A closed list of codes, as an enum.
#[derive(Clone, Debug)]
pub(crate) struct CodeSet {
    pub(crate) class: NamedNode,
    pub(crate) type_name: Identifier,
    pub(crate) module: Identifier,
    /// By name.
    pub(crate) members: Vec<Member>,
    pub(crate) prose: Vec<String>,
}

/// A code of a closed list.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) variant: Identifier,
    pub(crate) system: String,
    pub(crate) identifier: String,
    pub(crate) title: String,
}

/// Classes that say what a node is for, as an enum.
#[derive(Clone, Debug)]
pub(crate) struct LabelSet {
    pub(crate) class: NamedNode,
    pub(crate) type_name: Identifier,
    pub(crate) module: Identifier,
    /// Variant, class and what it says, by name.
    pub(crate) labels: Vec<(Identifier, NamedNode, String)>,
    pub(crate) prose: Vec<String>,
}
