//! From the ontology to what is emitted. Every decision is here, or in names.rs if it is about a
//! name.

mod filter;
mod model;
mod path;

use std::collections::BTreeMap;

use smart_rdf::{NamedNode, NamedNodeRef};
use thiserror::Error;

use crate::ir::{
    Api, Call, Cardinality, Category, Constant, Method, ParameterKind, QueryParameter, Statement,
    Vocabulary,
};
use crate::names::{self, NameError};
use crate::ontology::{self, Ontology, ParameterType};
use crate::prose;

/// What a call answers with when it does not say.
const DEFAULT_MEDIA_TYPE: &str = "application/rdf+xml";

const STATEMENT: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://smartplatforms.org/terms#Statement");
const MEDICAL_RECORD: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://smartplatforms.org/terms#MedicalRecord");

pub(crate) fn lower(ontology: &Ontology) -> Result<Api, LowerError> {
    let mut calls = BTreeMap::new();
    for (iri, call) in &ontology.calls {
        let lowered = lower_call(ontology, iri, call)?;
        if let Some(other) = calls.insert(lowered.name.clone(), lowered) {
            return Err(LowerError::SameName { name: other.name });
        }
    }
    let mut calls: Vec<Call> = calls.into_values().collect();
    let targets: Vec<NamedNode> = calls.iter().map(|call| call.target.clone()).collect();
    let models = model::lower_models(ontology, &targets)?;
    for call in &mut calls {
        if answers_with_a_graph(call) {
            let model = models.models.get(&call.target);
            call.answer = model.map(|model| model.type_name.clone());
        }
    }
    let statements = lower_statements(ontology, &calls)?;
    let fields = models.models.values().flat_map(|model| &model.fields);
    let used = Used {
        classes: calls
            .iter()
            .map(|call| &call.target)
            .chain(fields.clone().filter_map(|field| field.code_class.as_ref()))
            .collect(),
        properties: calls
            .iter()
            .flat_map(used_properties)
            .chain(fields.map(|field| &field.property))
            .collect(),
    };
    let vocabularies = vec![
        vocabulary(ontology, &used, "sp", names::SP)?,
        vocabulary(ontology, &used, "spcode", names::SPCODE)?,
    ];
    Ok(Api {
        calls,
        statements,
        vocabularies,
        models: models.models.into_values().collect(),
        code_sets: models.code_sets.into_values().collect(),
        label_sets: models.label_sets.into_values().collect(),
    })
}

/// Calls that read or add statements. The one that gives back a document answers with a graph too,
/// if it is asked to.
fn answers_with_a_graph(call: &Call) -> bool {
    let has_format = |parameter: &QueryParameter| parameter.name == "format";
    matches!(call.method, Method::Get | Method::Post)
        && (call.response_media_type == DEFAULT_MEDIA_TYPE
            || call.query_parameters.iter().any(has_format))
}

fn lower_call(
    ontology: &Ontology,
    iri: &NamedNode,
    call: &ontology::Call,
) -> Result<Call, LowerError> {
    let unknown = |property, value: &str| LowerError::UnknownWord {
        subject: iri.clone(),
        property,
        value: value.to_owned(),
    };
    let function = names::function(&call.name, "call")?;
    let method = match call.method.as_str() {
        "DELETE" => Method::Delete,
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        other => return Err(unknown("api:httpMethod", other)),
    };
    let cardinality = match call.cardinality.as_str() {
        "multiple" => Cardinality::Multiple,
        "single" => Cardinality::Single,
        other => return Err(unknown("api:cardinality", other)),
    };
    let category = match call.category.as_str() {
        "container" => Category::Container,
        "record" => Category::Record,
        "user" => Category::User,
        other => return Err(unknown("api:category", other)),
    };
    let expand_sort =
        |sort: &String| names::expand(sort).ok_or_else(|| unknown("api:defaultSort", sort));
    let default_sort = call.default_sort.as_ref().map(expand_sort).transpose()?;
    let path_parameters = path::parameters(iri, &call.path)?;
    let query_parameters = query_parameters(ontology, iri, call, default_sort.is_some())?;
    if !query_parameters.is_empty() && method != Method::Get {
        return Err(LowerError::QueryWithoutGet { call: iri.clone() });
    }
    if let Some(twice) = query_parameters
        .iter()
        .find(|query| path_parameters.iter().any(|path| path.name == query.name))
    {
        return Err(LowerError::RepeatedParameter {
            call: iri.clone(),
            name: twice.name.clone(),
        });
    }
    Ok(Call {
        iri: iri.clone(),
        type_name: names::type_name(&function),
        prose: prose::of_call(
            &call.name,
            call.comment.as_deref(),
            call.description.as_deref(),
        ),
        name: call.name.clone(),
        function,
        method,
        path: call.path.clone(),
        path_parameters,
        query_parameters,
        target: call.target.clone(),
        cardinality,
        category,
        response_media_type: call
            .response_content_type
            .clone()
            .unwrap_or_else(|| DEFAULT_MEDIA_TYPE.to_owned()),
        default_sort,
        answer: None,
    })
}

/// Filters and parameters by name, then paging. The ontology does not mention paging: containers
/// page the lists that have a property to sort by, and ignore a limit elsewhere.
fn query_parameters(
    ontology: &Ontology,
    iri: &NamedNode,
    call: &ontology::Call,
    is_sorted: bool,
) -> Result<Vec<QueryParameter>, LowerError> {
    let missing = |what: &NamedNode| LowerError::Undeclared {
        call: iri.clone(),
        reference: what.clone(),
    };
    let mut parameters = BTreeMap::new();
    let mut add =
        |parameter: QueryParameter| match parameters.insert(parameter.name.clone(), parameter) {
            None => Ok(()),
            Some(other) => Err(LowerError::RepeatedParameter {
                call: iri.clone(),
                name: other.name,
            }),
        };
    for reference in &call.filters {
        let filter = ontology
            .filters
            .get(reference)
            .ok_or_else(|| missing(reference))?;
        add(lower_filter(reference, filter)?)?;
    }
    for usage in &call.parameters {
        let parameter = ontology
            .parameters
            .get(&usage.parameter)
            .ok_or_else(|| missing(&usage.parameter))?;
        add(lower_parameter(usage, parameter)?)?;
    }
    if is_sorted && call.cardinality == "multiple" {
        add(paging("limit", ParameterKind::Limit)?)?;
        add(paging("offset", ParameterKind::Offset)?)?;
    }
    let mut parameters: Vec<_> = parameters.into_values().collect();
    parameters.sort_by_key(|parameter| {
        matches!(parameter.kind, ParameterKind::Limit | ParameterKind::Offset)
    });
    Ok(parameters)
}

fn lower_filter(iri: &NamedNode, filter: &ontology::Filter) -> Result<QueryParameter, LowerError> {
    let kind =
        filter::kind(&filter.name, &filter.sparql).ok_or_else(|| LowerError::UnknownFilter {
            filter: iri.clone(),
            sparql: filter.sparql.clone(),
        })?;
    let function = names::query_method(&filter.name)?;
    Ok(QueryParameter {
        name: filter.name.clone(),
        other_names: Vec::new(),
        function,
        kind,
    })
}

fn lower_parameter(
    usage: &ontology::ParameterUse,
    parameter: &ontology::Parameter,
) -> Result<QueryParameter, LowerError> {
    if parameter.kind != ParameterType::Text("query".to_owned()) {
        return Err(LowerError::NotAQueryParameter {
            parameter: usage.parameter.clone(),
        });
    }
    let function = names::query_method(&parameter.name)?;
    let kind = ParameterKind::Text;
    Ok(match usage.read_as {
        Some(read) => QueryParameter {
            name: read.to_owned(),
            other_names: vec![parameter.name.clone()],
            function,
            kind,
        },
        None => QueryParameter {
            name: parameter.name.clone(),
            other_names: Vec::new(),
            function,
            kind,
        },
    })
}

fn paging(name: &str, kind: ParameterKind) -> Result<QueryParameter, LowerError> {
    let function = names::query_method(name)?;
    Ok(QueryParameter {
        name: name.to_owned(),
        other_names: Vec::new(),
        function,
        kind,
    })
}

/// The record itself and every class below the common parent of all statements, which has no
/// instances of its own.
fn lower_statements(ontology: &Ontology, calls: &[Call]) -> Result<Vec<Statement>, LowerError> {
    let mut statements = Vec::new();
    for (iri, class) in &ontology.classes {
        if !is_statement(ontology, iri) {
            continue;
        }
        if let Some(path) = &class.base_path {
            path::parameters(iri, path)?;
        }
        let is_list =
            |call: &&Call| call.target == *iri && call.cardinality == Cardinality::Multiple;
        statements.push(Statement {
            class: iri.clone(),
            base_path: class.base_path.clone(),
            default_sort: calls
                .iter()
                .filter(is_list)
                .find_map(|call| call.default_sort.clone()),
            name_plural: class.name_plural.clone(),
        });
    }
    Ok(statements)
}

/// Whether instances of a class are statements of a record, with an address of their own.
pub(crate) fn is_statement(ontology: &Ontology, class: &NamedNode) -> bool {
    class.as_ref() == MEDICAL_RECORD
        || class.as_ref() != STATEMENT && ontology.is_subclass(class, STATEMENT)
}

/// The terms that generated code mentions, whether the ontology declares them or not.
struct Used<'a> {
    classes: Vec<&'a NamedNode>,
    properties: Vec<&'a NamedNode>,
}

/// The terms of a namespace that the ontology declares, and those that it uses without a
/// declaration.
fn vocabulary(
    ontology: &Ontology,
    used: &Used<'_>,
    module: &'static str,
    namespace: &'static str,
) -> Result<Vocabulary, LowerError> {
    let classes = ontology.classes.keys();
    let properties = ontology.properties.keys();
    Ok(Vocabulary {
        module,
        namespace,
        classes: constants(classes.chain(used.classes.iter().copied()), namespace)?,
        properties: constants(properties.chain(used.properties.iter().copied()), namespace)?,
    })
}

fn used_properties(call: &Call) -> impl Iterator<Item = &NamedNode> {
    let in_query = call
        .query_parameters
        .iter()
        .flat_map(|parameter| match &parameter.kind {
            ParameterKind::Code { property_path, .. } => property_path.as_slice(),
            ParameterKind::Date { property, .. } => std::slice::from_ref(property),
            ParameterKind::Limit | ParameterKind::Offset | ParameterKind::Text => &[],
        });
    in_query.chain(&call.default_sort)
}

fn constants<'a>(
    iris: impl Iterator<Item = &'a NamedNode>,
    namespace: &str,
) -> Result<Vec<Constant>, LowerError> {
    let mut constants = BTreeMap::new();
    for iri in iris.filter(|iri| names::namespace(iri) == namespace) {
        let name = names::constant(iri)?;
        if constants
            .insert(name.clone(), iri)
            .is_some_and(|other| other != iri)
        {
            return Err(LowerError::SameName {
                name: name.to_string(),
            });
        }
    }
    Ok(constants
        .into_iter()
        .map(|(name, iri)| Constant {
            name,
            iri: iri.clone(),
        })
        .collect())
}

/// The ontology says what this generator does not understand.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LowerError {
    /// A class has itself among its parts.
    #[error("{class} is a part of itself, which no struct can be")]
    Endless {
        /// The class.
        class: NamedNode,
    },
    /// Something is called what Rust cannot call it.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A parameter goes elsewhere than into the query.
    #[error("the type of {parameter} is not known; parameters have the type `query`")]
    NotAQueryParameter {
        /// The parameter.
        parameter: NamedNode,
    },
    /// A path is no template.
    #[error(
        "the path {path:?} of {subject} is no template such as /records/{{record_id}}/medications/"
    )]
    Path {
        /// The call or class that has it.
        subject: NamedNode,
        /// The path.
        path: String,
    },
    /// Containers ignore the query when they check the signature of anything but a GET, so that
    /// such a call always fails.
    #[error("{call} has query parameters, which only a GET can carry")]
    QueryWithoutGet {
        /// The call.
        call: NamedNode,
    },
    /// Two parameters of one call have the same name.
    #[error("{call} has two parameters named `{name}`")]
    RepeatedParameter {
        /// The call.
        call: NamedNode,
        /// The name.
        name: String,
    },
    /// Two things would have the same name in Rust.
    #[error("two things would be called `{name}`")]
    SameName {
        /// The name.
        name: String,
    },
    /// A call has a filter or parameter that the ontology does not declare.
    #[error("{call} has {reference}, which is declared nowhere")]
    Undeclared {
        /// The call.
        call: NamedNode,
        /// What it refers to.
        reference: NamedNode,
    },
    /// A property leads to a class that the ontology does not declare.
    #[error("{class} has {property}, which leads to a class that is declared nowhere")]
    UndeclaredClass {
        /// The class that has the property.
        class: NamedNode,
        /// The property.
        property: NamedNode,
    },
    /// A filter's pattern is of a new kind.
    #[error("the pattern of {filter} is of an unknown kind: {sparql:?}")]
    UnknownFilter {
        /// The filter.
        filter: NamedNode,
        /// Its pattern.
        sparql: String,
    },
    /// A property with few possible values has another one.
    #[error("{subject} has {value:?} as {property}, which is not known")]
    UnknownWord {
        /// What the property belongs to.
        subject: NamedNode,
        /// The property.
        property: &'static str,
        /// Its value.
        value: String,
    },
}
