//! The terms of a vocabulary as constants.

use super::text::literal;
use crate::ir::{Constant, Vocabulary};

const IMPORT: &str = "use smart_rdf::NamedNodeRef;\n\n";

pub(super) fn emit(vocabulary: &Vocabulary) -> String {
    let namespace = format!(
        "/// The IRI that all terms of this vocabulary begin with.\npub const NAMESPACE: &str = {};\n\n",
        literal(vocabulary.namespace)
    );
    let import = if vocabulary.properties.is_empty() {
        ""
    } else {
        IMPORT
    };
    let properties: String = vocabulary.properties.iter().map(constant).collect();
    let classes: String = vocabulary.classes.iter().map(constant).collect();
    let class_import = if vocabulary.classes.is_empty() {
        ""
    } else {
        IMPORT
    };
    format!(
        "{import}{namespace}{properties}/// Classes of this vocabulary.\npub mod class {{\n{class_import}{classes}}}\n"
    )
}

/// The list of vocabularies.
pub(super) fn modules(vocabularies: &[Vocabulary]) -> String {
    vocabularies
        .iter()
        .map(|vocabulary| format!("pub mod {};\n", vocabulary.module))
        .collect()
}

fn constant(constant: &Constant) -> String {
    let iri = constant.iri.as_str();
    format!(
        "/// `{iri}`\npub const {}: NamedNodeRef<'static> =\n    NamedNodeRef::new_unchecked({});\n\n",
        constant.name,
        literal(iri)
    )
}
