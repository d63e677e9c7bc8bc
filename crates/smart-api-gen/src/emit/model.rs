//! One model: a struct with a field for each property, and how it is read and written.

use super::imports::Imports;
use super::text::{inner_doc, literal};
use crate::ir::{Count, Field, FieldValue, Model};
use crate::names;
use crate::prose;

pub(super) fn emit(model: &Model) -> String {
    let mut imports = Imports::default();
    let items = [
        structure(model, &mut imports),
        implementation(model, &mut imports),
    ];
    // A reference to another of its kind.
    imports.leave_out("crate::models", model.type_name.as_str());
    imports.emit() + &items.join("\n")
}

/// A private module and a public type for each model.
pub(super) fn modules(models: &[Model], labels: &[crate::ir::LabelSet]) -> String {
    let mut names: Vec<_> = models
        .iter()
        .map(|model| (&model.module, &model.type_name))
        .chain(
            labels
                .iter()
                .map(|labels| (&labels.module, &labels.type_name)),
        )
        .collect();
    names.sort();
    let modules = names.iter().map(|(module, _)| format!("mod {module};\n"));
    let types = names
        .iter()
        .map(|(module, type_name)| format!("pub use {module}::{type_name};\n"));
    format!(
        "{}\n{}",
        modules.collect::<String>(),
        types.collect::<String>()
    )
}

/// The function that reads everything in a graph that has an address of its own.
pub(super) fn checks(models: &[Model], roots: &[String]) -> String {
    let mut imports = Imports::default();
    imports.add("smart_rdf", "Graph");
    imports.add("crate::model", "Finding");
    imports.add("crate::model", "Model");
    let mut rows = String::new();
    for model in models {
        let is_root = roots.iter().any(|root| root == model.class.as_str());
        if is_root {
            imports.add("crate::models", model.type_name.as_str());
            rows += &format!("note({}::all_in(graph).notes());\n", model.type_name);
        }
    }
    format!(
        "{}/// What is odd about the statements of a graph: findings, then remarks.\n\
         pub(crate) fn check(graph: &Graph) -> (Vec<Finding>, Vec<Finding>) {{\n\
         let (mut findings, mut remarks) = (Vec::new(), Vec::new());\n\
         let mut note = |notes: (Vec<Finding>, Vec<Finding>)| {{\n\
         findings.extend(notes.0);\nremarks.extend(notes.1);\n}};\n\
         {rows}(findings, remarks)\n}}\n",
        imports.emit()
    )
}

fn structure(model: &Model, imports: &mut Imports) -> String {
    imports.add("crate::model", "Subject");
    let mut fields = inner_doc("The node: its address, if it has one.") + "pub subject: Subject,\n";
    if !model.kinds.is_empty() {
        imports.add("smart_rdf", "NamedNode");
        let documentation = "What kind of code it is: the classes of its node beside this one.";
        fields += &inner_doc(documentation);
        fields += "pub classes: Vec<NamedNode>,\n";
    }
    if let Some(labels) = &model.labels {
        imports.add("crate::models", labels.as_str());
        let documentation = "What it is for: the classes of its node beside this one.";
        fields += &inner_doc(documentation);
        fields += &format!("pub labels: Vec<{labels}>,\n");
    }
    for field in &model.fields {
        fields += &inner_doc(&documentation(field));
        fields += &format!("pub {}: {},\n", field.name, type_of(field, imports));
    }
    let parameters = if model.is_generic() {
        imports.add("crate::models", "Code");
        "<C = Code>"
    } else {
        ""
    };
    format!(
        "{}#[derive(Clone, Debug, Default, Eq, PartialEq)]\n#[non_exhaustive]\npub struct {}{parameters} {{\n{fields}}}\n",
        prose::comment(&model.prose, 0),
        model.type_name,
    )
}

/// What the ontology says of a field, in words.
fn documentation(field: &Field) -> String {
    let count = match field.count {
        Count::Any => "Any number of",
        Count::AtLeastOne => "One or more",
        Count::AtMostOne => "At most one",
        Count::ExactlyOne => "Exactly one",
    };
    let property = names::compact(&field.property);
    let misnomer = field
        .misnomer
        .as_ref()
        .map_or_else(String::new, |misnomer| {
            format!(
                ", which some containers call `{}`",
                names::compact(misnomer)
            )
        });
    let code = match (&field.value, &field.code_class) {
        (FieldValue::CodedBy(_), _) | (_, None) => String::new(),
        (_, Some(class)) => format!(", by a code of `{}`", names::compact(class)),
    };
    let unit = field
        .unit
        .as_ref()
        .map_or_else(String::new, |unit| format!(", in `{unit}`"));
    let said = field
        .prose
        .as_ref()
        .map_or_else(String::new, |prose| format!("{prose} "));
    format!("{said}{count} `{property}`{code}{unit}{misnomer}.")
}

fn type_of(field: &Field, imports: &mut Imports) -> String {
    let value = match &field.value {
        FieldValue::Address => "Subject".to_owned(),
        FieldValue::AnyLink => {
            imports.add("crate::model", "AnyStatement");
            imports.add("crate::model", "Link");
            "Link<AnyStatement>".to_owned()
        }
        FieldValue::CodedBy(set) => {
            imports.add("crate::models", "CodedValue");
            imports.add("crate", "codes");
            format!("CodedValue<codes::{set}>")
        }
        FieldValue::CodeOf(set) => {
            imports.add("crate", "codes");
            format!("codes::{set}")
        }
        FieldValue::Date => {
            imports.add("crate::model::date", "PartialDate");
            "PartialDate".to_owned()
        }
        FieldValue::Link(target) => {
            imports.add("crate::model", "Link");
            imports.add("crate::models", target.as_str());
            format!("Link<{target}>")
        }
        FieldValue::List(target) => {
            imports.add("crate::model", "List");
            imports.add("crate::models", target.as_str());
            format!("List<{target}>")
        }
        FieldValue::Model(model) => {
            imports.add("crate::models", model.as_str());
            model.to_string()
        }
        FieldValue::Number => {
            imports.add("crate::model", "Number");
            "Number".to_owned()
        }
        FieldValue::Parameter => "C".to_owned(),
        FieldValue::Text => "String".to_owned(),
    };
    match field.count {
        Count::Any | Count::AtLeastOne => format!("Vec<{value}>"),
        Count::AtMostOne => format!("Option<{value}>"),
        Count::ExactlyOne => {
            imports.add("crate::model", "Required");
            format!("Required<{value}>")
        }
    }
}

fn implementation(model: &Model, imports: &mut Imports) -> String {
    for item in ["Model", "Reader", "Writer"] {
        imports.add("crate::model", item);
    }
    imports.add("smart_rdf", "NamedNodeRef");
    let type_name = &model.type_name;
    let (parameters, arguments) = if model.is_generic() {
        ("<C: Model>", "<C>")
    } else {
        ("", "")
    };
    let class = imports.class(&model.class);
    let mut constants = format!("const CLASS: NamedNodeRef<'static> = {class};\n");
    let also = model.kinds.iter().chain(&model.label_classes);
    let also: Vec<_> = also.map(|class| imports.class(class)).collect();
    let misnomers = model.misnomers.iter();
    let misnomers: Vec<_> = misnomers.map(|class| imports.foreign(class)).collect();
    for (name, classes) in [("ALSO", also), ("MISNOMERS", misnomers)] {
        if !classes.is_empty() {
            let classes = classes.join(", ");
            constants +=
                &format!("const {name}: &'static [NamedNodeRef<'static>] = &[{classes}];\n");
        }
    }
    let mut read = "subject: reader.subject(),\n".to_owned();
    let mut write = String::new();
    if !model.kinds.is_empty() {
        read += "classes: reader.other_classes(Self::CLASS),\n";
        write += "writer.classes(&self.classes);\n";
    }
    if model.labels.is_some() {
        read += "labels: reader.labels(),\n";
        write += "writer.labels(&self.labels);\n";
    }
    for field in &model.fields {
        let property = imports.property(&field.property);
        read += &format!("{}: {},\n", field.name, reading(field, &property, imports));
        write += &format!("writer.write({property}, &self.{});\n", field.name);
    }
    format!(
        "impl{parameters} Model for {type_name}{arguments} {{\n{constants}\n\
         fn read(reader: &mut Reader<'_, '_>) -> Self {{\nSelf {{\n{read}}}\n}}\n\n\
         fn write(&self, writer: &mut Writer) {{\n{write}}}\n\n\
         fn subject(&self) -> Subject {{\nself.subject.clone()\n}}\n}}\n"
    )
}

/// The expression that reads a field.
fn reading(field: &Field, property: &str, imports: &mut Imports) -> String {
    if let Some(class) = &field.code_class {
        return format!("reader.read_coded({property}, {})", imports.class(class));
    }
    if let Some(unit) = &field.unit {
        return format!("reader.read_in({property}, {})", literal(unit));
    }
    if let Some(misnomer) = &field.misnomer {
        let misnomer = imports.foreign(misnomer);
        return format!("reader.read_either({property}, {misnomer})");
    }
    match field.count {
        Count::AtLeastOne => format!("reader.read_some({property})"),
        _ => format!("reader.read({property})"),
    }
}
