//! Closed lists: codes and labels as enums.

use super::imports::Imports;
use super::text::{inner_doc, literal};
use crate::ir::{CodeSet, LabelSet};
use crate::names;
use crate::prose;

pub(super) fn emit(set: &CodeSet) -> String {
    let mut imports = Imports::default();
    imports.add("crate::model", "KnownCode");
    imports.add("crate::model", "code_set");
    imports.add("crate::models", "Code");
    let class = imports.class(&set.class);
    let type_name = &set.type_name;
    let variants = set.members.iter().map(|member| {
        let title = if member.title.is_empty() {
            member.identifier.clone()
        } else {
            member.title.clone()
        };
        let documentation = prose::of_field(&title).unwrap_or_default();
        format!("{}{},\n", inner_doc(&documentation), member.variant)
    });
    let variants: String = variants.collect();
    let rows = set.members.iter().map(|member| {
        format!(
            "{}: KnownCode::new({}, {}, {}),\n",
            member.variant,
            literal(&member.system),
            literal(&member.identifier),
            literal(&member.title)
        )
    });
    let rows: String = rows.map(|row| format!("    {row}")).collect();
    let other = inner_doc("A code that the list does not have.");
    format!(
        "{}{}#[derive(Clone, Debug, Eq, PartialEq)]\n#[non_exhaustive]\npub enum {type_name} {{\n{variants}{other}Other(Code),\n}}\n\n\
         code_set!({type_name}, {class}, {{\n{rows}}});\n",
        imports.emit(),
        prose::comment(&set.prose, 0)
    )
}

/// A private module and a public type for each list.
pub(super) fn modules(sets: &[CodeSet]) -> String {
    let mut names: Vec<_> = sets
        .iter()
        .map(|set| (&set.module, &set.type_name))
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

pub(super) fn emit_labels(set: &LabelSet) -> String {
    let mut imports = Imports::default();
    imports.add("crate::model", "Label");
    imports.add("smart_rdf", "NamedNodeRef");
    let type_name = &set.type_name;
    let mut variants = String::new();
    let mut rows = String::new();
    for (variant, class, says) in &set.labels {
        let documentation = format!("{says} `{}`.", names::compact(class));
        variants += &format!("{}{variant},\n", inner_doc(&documentation));
        rows += &format!("(Self::{variant}, {}),\n", imports.class(class));
    }
    format!(
        "{}{}#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]\n#[non_exhaustive]\npub enum {type_name} {{\n{variants}}}\n\n\
         impl Label for {type_name} {{\n\
         const LABELS: &'static [(Self, NamedNodeRef<'static>)] = &[\n{rows}];\n}}\n",
        imports.emit(),
        prose::comment(&set.prose, 0),
    )
}
