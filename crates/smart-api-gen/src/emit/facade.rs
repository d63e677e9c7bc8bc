//! The calls as methods of the facade's handles.

use super::call::id_type;
use super::imports::Imports;
use super::text::request_line;
use crate::ir::{Call, Category, PathParameter, PathParameterKind};
use crate::prose;

/// Which of the facade's two families of handles the methods are for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Face {
    Async,
    Blocking,
}

/// The file of a category's methods and what it is about.
pub(super) fn place(category: Category, face: Face) -> (String, &'static str) {
    let (file, subject) = match category {
        Category::Container => (
            "container_calls.rs",
            "The calls about the container as a whole.",
        ),
        Category::Record => ("record_calls.rs", "The calls about one record."),
        Category::User => ("user_calls.rs", "The calls about one user."),
    };
    match face {
        Face::Async => (file.to_owned(), subject),
        Face::Blocking => (format!("blocking/{file}"), subject),
    }
}

pub(super) fn emit(category: Category, face: Face, calls: &[&Call]) -> String {
    let handle = handle(category);
    let mut imports = Imports::default();
    match face {
        Face::Async => imports.add("crate::classic", handle),
        Face::Blocking => {
            imports.add("crate::blocking::classic", handle);
            imports.add("smart_api", "Blocking");
        }
    }
    let methods: Vec<_> = calls
        .iter()
        .map(|call| method(call, face, &mut imports))
        .collect();
    if methods.is_empty() {
        return String::new();
    }
    imports.add("smart_api", "Prepared");
    format!(
        "{}impl {handle} {{\n{}}}\n",
        imports.emit(),
        methods.join("\n")
    )
}

/// The facade's type that has the calls of a category.
fn handle(category: Category) -> &'static str {
    match category {
        Category::Container => "Client",
        Category::Record => "Record",
        Category::User => "User",
    }
}

fn method(call: &Call, face: Face, imports: &mut Imports) -> String {
    let type_name = call.type_name.as_str();
    imports.add("smart_api::calls", type_name);
    let mut arguments = vec!["&self".to_owned()];
    let mut values = Vec::new();
    for parameter in &call.path_parameters {
        match own_value(call.category, parameter) {
            Some(value) => values.push(value.to_owned()),
            None => {
                let id = id_type(parameter.kind);
                imports.add("smart_api", id);
                arguments.push(format!("{}: impl Into<{id}>", parameter.field));
                values.push(parameter.field.to_string());
            }
        }
    }
    if call.method.has_body() {
        imports.add("smart_api", "Body");
        arguments.push("body: Body".to_owned());
        values.push("body".to_owned());
    }
    let summary = call.prose.first().map(String::as_str).unwrap_or_default();
    let documentation = prose::comment(
        &[
            summary,
            &format!("{}: see [`{type_name}`].", request_line(call)),
        ],
        4,
    );
    let (sender_type, sender) = match face {
        Face::Async => ("Self", "self.clone()"),
        Face::Blocking => ("Blocking<Self>", "Blocking(self.clone())"),
    };
    format!(
        "{documentation}pub fn {}({}) -> Prepared<{type_name}, {sender_type}> {{\n{type_name}::new({}).with_sender({sender})\n}}\n",
        call.function,
        arguments.join(", "),
        values.join(", ")
    )
}

/// What the handle itself knows of a path.
pub(super) fn own_value(category: Category, parameter: &PathParameter) -> Option<&'static str> {
    match (category, parameter.kind) {
        (Category::Record, PathParameterKind::Record)
        | (Category::User, PathParameterKind::User) => Some("self.id()"),
        (Category::Record | Category::User, PathParameterKind::App) => Some("self.app_id()"),
        _ => None,
    }
}
