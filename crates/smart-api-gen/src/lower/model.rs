//! From classes to models: which classes become structs, enums of codes or enums of labels, and
//! what their fields are.

use std::collections::{BTreeMap, BTreeSet};

use smart_rdf::vocab::xsd;
use smart_rdf::{NamedNode, NamedNodeRef};

use super::{LowerError, is_statement};
use crate::ir::{CodeSet, Count, Field, FieldValue, LabelSet, Member, Model};
use crate::names::{self, Identifier};
use crate::ontology::{Class, Ontology, Restriction, Rule};
use crate::prose;

const CODE: &str = "http://smartplatforms.org/terms#Code";
const CODED_VALUE: &str = "http://smartplatforms.org/terms#CodedValue";
const HAS_CODE: &str = "http://smartplatforms.org/terms#code";
const LABELS: &str = "http://smartplatforms.org/terms#VCardLabels";
const STATEMENT: &str = "http://smartplatforms.org/terms#Statement";
const UNIT: &str = "http://smartplatforms.org/terms#unit";
const VALUE: &str = "http://smartplatforms.org/terms#value";

/// The ontology types every literal alike. These are dates.
const DATES: &[&str] = &[
    "http://purl.org/dc/terms/date",
    "http://smartplatforms.org/terms#endDate",
    "http://smartplatforms.org/terms#startDate",
    "http://www.w3.org/2006/vcard/ns#bday",
    "http://www.w3.org/2006/vcard/ns#deathdate",
];

/// These are numbers, beside the value of whatever has a unit.
const NUMBERS: &[&str] = &["http://smartplatforms.org/terms#dispenseDaysSupply"];

/// Classes whose instances are RDF lists, with the class of the items.
const LISTS: &[(&str, &str)] = &[(
    "http://smartplatforms.org/terms#ImagesList",
    "http://smartplatforms.org/terms#MedicalImage",
)];

/// The models, and everything that they mention.
#[derive(Debug, Default)]
pub(super) struct Models {
    pub(super) models: BTreeMap<NamedNode, Model>,
    pub(super) code_sets: BTreeMap<NamedNode, CodeSet>,
    pub(super) label_sets: BTreeMap<NamedNode, LabelSet>,
}

/// Whatever records hold: the statements that have an address, what the given classes are, and
/// every part that these are built of.
pub(super) fn lower_models(
    ontology: &Ontology,
    targets: &[NamedNode],
) -> Result<Models, LowerError> {
    let has_address = |iri: &&NamedNode| {
        let class = ontology.classes.get(*iri);
        is_statement(ontology, iri) && class.is_some_and(|class| class.base_path.is_some())
    };
    let mut pending: Vec<NamedNode> = ontology
        .classes
        .keys()
        .filter(has_address)
        .cloned()
        .collect();
    let is_described = |target: &&NamedNode| {
        ontology.classes.contains_key(*target) && restrictions(ontology, target).next().is_some()
    };
    pending.extend(targets.iter().filter(is_described).cloned());
    let mut models = Models::default();
    let mut seen = BTreeSet::new();
    while let Some(iri) = pending.pop() {
        if !seen.insert(iri.clone()) {
            continue;
        }
        let Some(class) = ontology.classes.get(&iri) else {
            continue;
        };
        if is_closed_list(ontology, &iri) {
            models
                .code_sets
                .insert(iri.clone(), lower_code_set(ontology, &iri, class)?);
        } else {
            let model = lower_model(ontology, &iri, class, &mut pending)?;
            models.models.insert(iri.clone(), model);
        }
        if let Some(labels) = labels_of(ontology, &iri) {
            let class = &ontology.classes[&labels];
            models
                .label_sets
                .insert(labels.clone(), lower_labels(ontology, &labels, class)?);
        }
    }
    refuse_endless(&models)?;
    refuse_undeclared(&models)?;
    Ok(models)
}

fn lower_model(
    ontology: &Ontology,
    iri: &NamedNode,
    class: &Class,
    pending: &mut Vec<NamedNode>,
) -> Result<Model, LowerError> {
    let mut by_property: BTreeMap<&NamedNode, Vec<&Rule>> = BTreeMap::new();
    for restriction in restrictions(ontology, iri) {
        by_property
            .entry(&restriction.property)
            .or_default()
            .push(&restriction.rule);
    }
    let mut fields = BTreeMap::new();
    for (property, rules) in &by_property {
        let is_quantity = by_property.keys().any(|property| property.as_str() == UNIT);
        let field = lower_field(ontology, iri, property, rules, is_quantity, pending)?;
        if let Some(other) = fields.insert(field.name.clone(), field) {
            return Err(LowerError::SameName {
                name: format!("{}.{}", names::compact(iri), other.name),
            });
        }
    }
    let kinds = ontology.classes.keys().filter(|kind| {
        iri.as_str() == CODE
            && *kind != iri
            && ontology.is_subclass(kind, NamedNodeRef::new_unchecked(CODE))
    });
    let label_classes = labels_of(ontology, iri).into_iter().flat_map(|labels| {
        let is_label = move |label: &&NamedNode| {
            **label != labels && ontology.is_subclass(label, labels.as_ref())
        };
        ontology.classes.keys().filter(is_label)
    });
    Ok(Model {
        class: iri.clone(),
        type_name: names::class_type(iri)?,
        module: names::module(iri)?,
        misnomers: class.misnomers.clone(),
        kinds: kinds.cloned().collect(),
        labels: labels_of(ontology, iri)
            .map(|labels| label_type(&labels))
            .transpose()?,
        label_classes: label_classes.cloned().collect(),
        fields: fields.into_values().collect(),
        prose: prose::of_class(
            &names::compact(iri),
            class.comment.as_deref(),
            class.description.as_deref(),
        ),
    })
}

fn lower_field(
    ontology: &Ontology,
    class: &NamedNode,
    property: &NamedNode,
    rules: &[&Rule],
    is_quantity: bool,
    pending: &mut Vec<NamedNode>,
) -> Result<Field, LowerError> {
    let find_class = |select: fn(&Rule) -> Option<&NamedNode>| {
        // A subclass narrows what its superclass says: the narrowest counts.
        rules
            .iter()
            .filter_map(|rule| select(rule))
            .reduce(
                |one, other| match ontology.is_subclass(other, one.as_ref()) {
                    true => other,
                    false => one,
                },
            )
    };
    let code_class = find_class(|rule| match rule {
        Rule::CodeClass(class) => Some(class),
        _ => None,
    });
    let value_class = find_class(|rule| match rule {
        Rule::Class(class) => Some(class),
        _ => None,
    });
    let unit = rules.iter().find_map(|rule| match rule {
        Rule::Unit(unit) => Some(unit.clone()),
        _ => None,
    });
    let count = count(rules);
    let said = ontology.properties.get(property);
    let remark = remark(ontology, class, property)
        .or_else(|| said.and_then(|property| property.comment.as_deref()));
    let is_parameter = class.as_str() == CODED_VALUE && property.as_str() == HAS_CODE;
    let value = if is_parameter {
        pending.push(NamedNode::new_unchecked(CODE));
        FieldValue::Parameter
    } else {
        value(
            ontology,
            property,
            value_class,
            code_class,
            is_quantity,
            pending,
        )?
    };
    Ok(Field {
        name: names::field(
            property,
            said.and_then(|property| property.label.as_deref()),
            matches!(count, Count::Any | Count::AtLeastOne),
        )?,
        property: property.clone(),
        misnomer: misnomer(ontology, class, property),
        count,
        value,
        code_class: code_class.cloned(),
        unit,
        prose: remark.and_then(prose::of_field),
    })
}

/// What a property leads to, by its name where the ontology says only that it is a literal.
fn value(
    ontology: &Ontology,
    property: &NamedNode,
    class: Option<&NamedNode>,
    code_class: Option<&NamedNode>,
    is_quantity: bool,
    pending: &mut Vec<NamedNode>,
) -> Result<FieldValue, LowerError> {
    let is_number = is_quantity && property.as_str() == VALUE;
    if class.is_some_and(|class| class.as_ref() == xsd::ANY_URI) {
        return Ok(FieldValue::Address);
    }
    let Some(class) = class.filter(|class| ontology.classes.contains_key(*class)) else {
        return Ok(match property.as_str() {
            date if DATES.contains(&date) => FieldValue::Date,
            number if is_number || NUMBERS.contains(&number) => FieldValue::Number,
            _ => FieldValue::Text,
        });
    };
    if class.as_str() == STATEMENT {
        return Ok(FieldValue::AnyLink);
    }
    if let Some((_, item)) = LISTS.iter().find(|(list, _)| *list == class.as_str()) {
        let item = NamedNode::new_unchecked(*item);
        pending.push(item.clone());
        return Ok(FieldValue::List(names::class_type(&item)?));
    }
    pending.push(class.clone());
    let type_name = names::class_type(class)?;
    if is_statement(ontology, class) {
        return Ok(FieldValue::Link(type_name));
    }
    if is_closed_list(ontology, class) {
        return Ok(FieldValue::CodeOf(type_name));
    }
    match code_class.filter(|codes| is_closed_list(ontology, codes)) {
        Some(codes) => {
            pending.push(codes.clone());
            Ok(FieldValue::CodedBy(names::class_type(codes)?))
        }
        None => Ok(FieldValue::Model(type_name)),
    }
}

/// The restrictions of a class and of everything above it.
fn restrictions<'a>(
    ontology: &'a Ontology,
    class: &'a NamedNode,
) -> impl Iterator<Item = &'a Restriction> {
    let lineage = lineage(ontology, class);
    lineage
        .into_iter()
        .filter_map(|class| ontology.classes.get(class))
        .flat_map(|class| &class.restrictions)
}

/// A class and everything above it, from below.
fn lineage<'a>(ontology: &'a Ontology, class: &'a NamedNode) -> Vec<&'a NamedNode> {
    let mut lineage = vec![class];
    let mut next = 0;
    while let Some(class) = lineage.get(next) {
        let parents = ontology
            .classes
            .get(*class)
            .into_iter()
            .flat_map(|class| &class.parents);
        for parent in parents {
            if !lineage.contains(&parent) {
                lineage.push(parent);
            }
        }
        next += 1;
    }
    lineage
}

fn remark<'a>(
    ontology: &'a Ontology,
    class: &'a NamedNode,
    property: &NamedNode,
) -> Option<&'a str> {
    lineage(ontology, class).into_iter().find_map(|class| {
        let key = (class.clone(), property.clone());
        ontology.remarks.get(&key).map(String::as_str)
    })
}

fn misnomer(ontology: &Ontology, class: &NamedNode, property: &NamedNode) -> Option<NamedNode> {
    lineage(ontology, class)
        .into_iter()
        .find_map(|class| ontology.classes.get(class)?.misnamed.get(property).cloned())
}

/// All restrictions on the count of a property in one.
fn count(rules: &[&Rule]) -> Count {
    let least = rules.iter().filter_map(|rule| match rule {
        Rule::AtLeast(count) | Rule::Exactly(count) => Some(*count),
        _ => None,
    });
    let most = rules.iter().filter_map(|rule| match rule {
        Rule::AtMost(count) | Rule::Exactly(count) => Some(*count),
        _ => None,
    });
    match (least.max().unwrap_or(0), most.min()) {
        (0, Some(1)) => Count::AtMostOne,
        (1, Some(1)) => Count::ExactlyOne,
        (0, _) => Count::Any,
        _ => Count::AtLeastOne,
    }
}

/// Whether a class is a list of codes that the ontology closes.
fn is_closed_list(ontology: &Ontology, class: &NamedNode) -> bool {
    let has_members = |class: &Class| !class.members.is_empty();
    ontology.is_subclass(class, NamedNodeRef::new_unchecked(CODE))
        && ontology.classes.get(class).is_some_and(has_members)
}

fn lower_code_set(
    ontology: &Ontology,
    iri: &NamedNode,
    class: &Class,
) -> Result<CodeSet, LowerError> {
    let mut members = BTreeMap::new();
    for code in &class.members {
        let identifier = names::local_name(code);
        let title = ontology.titles.get(code).cloned().unwrap_or_default();
        let variant = names::variant(identifier, &title)?;
        let member = Member {
            variant: variant.clone(),
            system: names::namespace(code).to_owned(),
            identifier: identifier.to_owned(),
            title,
        };
        if members.insert(variant.clone(), member).is_some() {
            return Err(LowerError::SameName {
                name: format!("{}::{variant}", names::compact(iri)),
            });
        }
    }
    Ok(CodeSet {
        class: iri.clone(),
        type_name: names::class_type(iri)?,
        module: names::module(iri)?,
        members: members.into_values().collect(),
        prose: prose::of_class(
            &names::compact(iri),
            class.comment.as_deref(),
            class.description.as_deref(),
        ),
    })
}

/// The class of labels that instances of a class may have, if there is one: its subclasses are
/// below a union with the class in it.
fn labels_of(ontology: &Ontology, class: &NamedNode) -> Option<NamedNode> {
    let labels = NamedNodeRef::new_unchecked(LABELS);
    let is_label = |(iri, label): (&NamedNode, &Class)| {
        label.union.contains(class) && ontology.is_subclass(iri, labels)
    };
    let labels = labels.into_owned();
    (ontology.classes.iter().any(is_label) && ontology.classes.contains_key(&labels))
        .then_some(labels)
}

fn label_type(labels: &NamedNode) -> Result<Identifier, LowerError> {
    Ok(names::singular(&names::class_type(labels)?))
}

fn lower_labels(
    ontology: &Ontology,
    iri: &NamedNode,
    class: &Class,
) -> Result<LabelSet, LowerError> {
    let mut labels = Vec::new();
    for (label, description) in &ontology.classes {
        if label != iri && ontology.is_subclass(label, iri.as_ref()) {
            let says = description.comment.as_deref().and_then(prose::of_field);
            let name = names::compact(label);
            labels.push((
                names::class_type(label)?,
                label.clone(),
                says.unwrap_or_else(|| format!("`{name}`.")),
            ));
        }
    }
    labels.sort();
    Ok(LabelSet {
        class: iri.clone(),
        type_name: label_type(iri)?,
        module: names::singular(&names::module(iri)?),
        labels,
        prose: prose::of_class(
            &names::compact(iri),
            class.comment.as_deref(),
            class.description.as_deref(),
        ),
    })
}

/// A part that is a part of itself would be a struct without end.
/// A field of a class that is not there would not compile.
fn refuse_undeclared(models: &Models) -> Result<(), LowerError> {
    let structs = models.models.values().map(|model| &model.type_name);
    let enums = models.code_sets.values().map(|set| &set.type_name);
    let types: BTreeSet<&Identifier> = structs.chain(enums).collect();
    for (class, model) in &models.models {
        for field in &model.fields {
            let (FieldValue::CodedBy(name)
            | FieldValue::CodeOf(name)
            | FieldValue::Link(name)
            | FieldValue::List(name)
            | FieldValue::Model(name)) = &field.value
            else {
                continue;
            };
            if !types.contains(name) {
                return Err(LowerError::UndeclaredClass {
                    class: class.clone(),
                    property: field.property.clone(),
                });
            }
        }
    }
    Ok(())
}

fn refuse_endless(models: &Models) -> Result<(), LowerError> {
    let parts = |model: &Model| -> Vec<Identifier> {
        let part = |field: &Field| match &field.value {
            FieldValue::Model(part) => Some(part.clone()),
            _ => None,
        };
        model.fields.iter().filter_map(part).collect()
    };
    for (iri, model) in &models.models {
        let mut pending = parts(model);
        let mut seen = BTreeSet::new();
        while let Some(part) = pending.pop() {
            if part == model.type_name {
                return Err(LowerError::Endless { class: iri.clone() });
            }
            if seen.insert(part.clone()) {
                let described = models
                    .models
                    .values()
                    .filter(|model| model.type_name == part);
                pending.extend(described.flat_map(parts));
            }
        }
    }
    Ok(())
}
