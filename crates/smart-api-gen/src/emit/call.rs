//! One call: a struct for its path, its entry in the call table, and the methods for its query.

use smart_rdf::NamedNode;

use super::imports::Imports;
use super::text::{inner_doc, literal, request_line};
use crate::ir::{
    Call, Cardinality, DateBound, ParameterKind, PathParameter, PathParameterKind, QueryParameter,
};
use crate::names;
use crate::prose;

pub(super) fn emit(call: &Call) -> String {
    let mut imports = Imports::default();
    let items = [
        structure(call, &mut imports),
        inherent(call, &mut imports),
        implementation(call, &mut imports),
        query_methods(call, &mut imports),
        answer(call, &mut imports),
    ];
    let items: Vec<_> = items.into_iter().filter(|item| !item.is_empty()).collect();
    imports.emit() + &items.join("\n")
}

/// The type of a path parameter.
pub(super) fn id_type(kind: PathParameterKind) -> &'static str {
    match kind {
        PathParameterKind::App => "AppId",
        PathParameterKind::Item => "ItemId",
        PathParameterKind::Record => "RecordId",
        PathParameterKind::User => "UserId",
    }
}

fn structure(call: &Call, imports: &mut Imports) -> String {
    let mut paragraphs = call.prose.clone();
    paragraphs.push(request_line(call));
    let documentation = prose::comment(&paragraphs, 0);
    let type_name = &call.type_name;
    let fields = call.path_parameters.iter().map(|parameter| {
        let id = id_type(parameter.kind);
        imports.add("crate::id", id);
        format!(
            "{}pub {}: {id},\n",
            inner_doc(&field_doc(parameter)),
            parameter.field
        )
    });
    let mut fields: String = fields.collect();
    if call.method.has_body() {
        imports.add("crate::call::body", "Body");
        fields += &format!("{}pub body: Body,\n", inner_doc("What is sent."));
    }
    let fields = if fields.is_empty() {
        ";".to_owned()
    } else {
        format!("{{\n{fields}}}")
    };
    format!(
        "{documentation}#[derive(Clone, Debug, Eq, PartialEq)]\n#[non_exhaustive]\npub struct {type_name} {fields}\n"
    )
}

fn field_doc(parameter: &PathParameter) -> String {
    let what = match parameter.kind {
        PathParameterKind::App => "The app",
        PathParameterKind::Item => "The item",
        PathParameterKind::Record => "The record",
        PathParameterKind::User => "The user",
    };
    format!("{what}: `{{{}}}` in the path.", parameter.name)
}

fn inherent(call: &Call, imports: &mut Imports) -> String {
    format!(
        "impl {} {{\n{}\n{}}}\n",
        call.type_name,
        info(call, imports),
        constructor(call, imports)
    )
}

fn info(call: &Call, imports: &mut Imports) -> String {
    for item in ["CallInfo", "Cardinality", "Category", "Method"] {
        imports.add("crate::info", item);
    }
    let path_parameters: Vec<_> = call
        .path_parameters
        .iter()
        .map(|parameter| path_parameter(parameter, imports))
        .collect();
    let query_parameters: Vec<_> = call
        .query_parameters
        .iter()
        .map(|parameter| query_parameter(parameter, imports))
        .collect();
    let default_sort = match &call.default_sort {
        Some(property) => format!("Some({})", imports.property(property)),
        None => "None".to_owned(),
    };
    [
        &inner_doc("What the ontology says of the call."),
        "pub const INFO: &'static CallInfo = &CallInfo {\n",
        &format!("name: {},\n", literal(&call.name)),
        &format!("method: Method::{:?},\n", call.method),
        &format!("path: {},\n", literal(&call.path)),
        &format!("path_parameters: &[{}],\n", path_parameters.join(", ")),
        &format!("query_parameters: &[{}],\n", query_parameters.join(", ")),
        &format!("target: {},\n", imports.class(&call.target)),
        &format!("cardinality: Cardinality::{:?},\n", call.cardinality),
        &format!("category: Category::{:?},\n", call.category),
        &format!(
            "response_media_type: {},\n",
            literal(&call.response_media_type)
        ),
        &format!("default_sort: {default_sort},\n"),
        "};\n",
    ]
    .concat()
}

fn path_parameter(parameter: &PathParameter, imports: &mut Imports) -> String {
    imports.add("crate::info", "PathParameter");
    let kind = match parameter.kind {
        PathParameterKind::App => "app",
        PathParameterKind::Item => "item",
        PathParameterKind::Record => "record",
        PathParameterKind::User => "user",
    };
    format!("PathParameter::{kind}({})", literal(&parameter.name))
}

fn query_parameter(parameter: &QueryParameter, imports: &mut Imports) -> String {
    imports.add("crate::info", "QueryParameter");
    let name = literal(&parameter.name);
    match &parameter.kind {
        ParameterKind::Code {
            property_path,
            system,
        } => {
            let path: Vec<_> = property_path
                .iter()
                .map(|property| imports.property(property))
                .collect();
            format!(
                "QueryParameter::code({name}, &[{}], {})",
                path.join(", "),
                literal(system)
            )
        }
        ParameterKind::Date { bound, property } => {
            imports.add("crate::info", "DateBound");
            format!(
                "QueryParameter::date({name}, DateBound::{bound:?}, {})",
                imports.property(property)
            )
        }
        ParameterKind::Limit => "QueryParameter::LIMIT".to_owned(),
        ParameterKind::Offset => "QueryParameter::OFFSET".to_owned(),
        ParameterKind::Text => {
            let others: Vec<_> = parameter
                .other_names
                .iter()
                .map(|name| literal(name))
                .collect();
            format!("QueryParameter::text({name}, &[{}])", others.join(", "))
        }
    }
}

fn constructor(call: &Call, imports: &mut Imports) -> String {
    imports.add("crate::call", "Prepared");
    let mut arguments = Vec::new();
    let mut fields = Vec::new();
    for parameter in &call.path_parameters {
        let field = &parameter.field;
        arguments.push(format!("{field}: impl Into<{}>", id_type(parameter.kind)));
        fields.push(format!("{field}: {field}.into()"));
    }
    if call.method.has_body() {
        arguments.push("body: Body".to_owned());
        fields.push("body".to_owned());
    }
    let value = if fields.is_empty() {
        "Self".to_owned()
    } else {
        format!("Self {{ {} }}", fields.join(", "))
    };
    let documentation = inner_doc("The call, to be refined, given a sender and sent.");
    format!(
        "{documentation}pub fn new({}) -> Prepared<Self> {{\nPrepared::new({value})\n}}\n",
        arguments.join(", ")
    )
}

fn implementation(call: &Call, imports: &mut Imports) -> String {
    imports.add("crate::call", "Call");
    let values = call.path_parameters.iter().map(|parameter| {
        format!(
            "({}, self.{}.as_str())",
            literal(&parameter.name),
            parameter.field
        )
    });
    let values = match values.collect::<Vec<_>>() {
        none if none.is_empty() => "Vec::new()".to_owned(),
        values => format!("vec![{}]", values.join(", ")),
    };
    let body = if call.method.has_body() {
        "\nfn body(&self) -> Option<&Body> {\nSome(&self.body)\n}\n"
    } else {
        ""
    };
    format!(
        "impl Call for {} {{\n\
         fn info(&self) -> &'static CallInfo {{\nSelf::INFO\n}}\n\n\
         fn path_values(&self) -> Vec<(&'static str, &str)> {{\n{values}\n}}\n\
         {body}}}\n",
        call.type_name
    )
}

fn query_methods(call: &Call, imports: &mut Imports) -> String {
    if call.query_parameters.is_empty() {
        return String::new();
    }
    let methods: Vec<_> = call
        .query_parameters
        .iter()
        .map(|parameter| query_method(call, parameter, imports))
        .collect();
    format!(
        "impl<S> Prepared<{}, S> {{\n{}}}\n",
        call.type_name,
        methods.join("\n")
    )
}

/// What the answer holds, and a method that reads it under its own name.
fn answer(call: &Call, imports: &mut Imports) -> String {
    let Some(model) = &call.answer else {
        return String::new();
    };
    let (call_kind, method, returned) = match call.cardinality {
        Cardinality::Multiple => ("ListCall", "items", format!("Vec<{model}>")),
        Cardinality::Single => ("ItemCall", "item", format!("Option<{model}>")),
    };
    imports.add("crate::call", call_kind);
    imports.add("crate::models", model.as_str());
    let type_name = &call.type_name;
    let implementation =
        format!("impl {call_kind} for {type_name} {{\ntype Model = {model};\n}}\n");
    let Some(name) = names::answer_method(&call.function) else {
        return implementation;
    };
    imports.add("crate::error", "ResponseError");
    imports.add("crate::model", "Reading");
    imports.add("crate::call::response", "CallResponse");
    let documentation = format!("What was asked for: [`CallResponse::{method}`] by its own name.");
    let errors = format!("As for [`CallResponse::{method}`].");
    let documentation = prose::comment(&[documentation.as_str(), "# Errors", errors.as_str()], 4);
    format!(
        "{implementation}\nimpl CallResponse<{type_name}> {{\n{documentation}\
         pub fn {name}(&self) -> Result<Reading<{returned}>, ResponseError> {{\nself.{method}()\n}}\n}}\n"
    )
}

fn query_method(call: &Call, parameter: &QueryParameter, imports: &mut Imports) -> String {
    let function = &parameter.function;
    let name = literal(&parameter.name);
    let (documentation, argument, value) = match &parameter.kind {
        ParameterKind::Code {
            property_path,
            system,
        } => {
            let property = property_path
                .first()
                .map(names::compact)
                .unwrap_or_default();
            let documentation =
                format!("Keeps what has one of these codes of `{system}` as its `{property}`.");
            let argument = "codes: impl IntoIterator<Item = impl Into<String>>";
            return format!(
                "{}pub fn {function}(self, {argument}) -> Self {{\nself.with_codes({name}, codes)\n}}\n",
                inner_doc(&documentation)
            );
        }
        ParameterKind::Date { bound, property } => {
            imports.add("crate::model::date", "PartialDate");
            (
                date_doc(parameter, *bound, property),
                "date: impl Into<PartialDate>",
                "date.into()",
            )
        }
        ParameterKind::Limit => {
            let sort = call
                .default_sort
                .as_ref()
                .map(names::compact)
                .unwrap_or_default();
            (
                format!("Asks for at most this many, the latest by `{sort}` first."),
                "count: u32",
                "count.to_string()",
            )
        }
        ParameterKind::Offset => (
            "Leaves out this many first; containers read it only together with a limit.".to_owned(),
            "count: u32",
            "count.to_string()",
        ),
        ParameterKind::Text => (text_doc(parameter), "value: impl Into<String>", "value"),
    };
    format!(
        "{}pub fn {function}(self, {argument}) -> Self {{\nself.with_query({name}, {value})\n}}\n",
        inner_doc(&documentation)
    )
}

fn date_doc(parameter: &QueryParameter, bound: DateBound, property: &NamedNode) -> String {
    let documentation = format!(
        "Keeps what has its `{}` {} this date",
        names::compact(property),
        side(bound)
    );
    match parameter.name.strip_suffix("_including") {
        Some(short) => format!("{documentation}: `{short}` by its longer name."),
        None => format!("{documentation}."),
    }
}

fn side(bound: DateBound) -> &'static str {
    match bound {
        DateBound::From => "on or after",
        DateBound::FromExcluding => "after",
        DateBound::To => "on or before",
        DateBound::ToExcluding => "before",
    }
}

fn text_doc(parameter: &QueryParameter) -> String {
    let name = &parameter.name;
    match parameter.other_names.first() {
        Some(other) => format!(
            "Sets `{name}`: the ontology calls it `{other}`, containers read it under this name."
        ),
        None => format!("Sets `{name}`, as the call explains it."),
    }
}
