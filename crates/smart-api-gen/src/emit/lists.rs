//! The table of properties that an instance may have several of.

use super::imports::Imports;
use crate::ir::{Count, Field, FieldValue, Model};

pub(super) fn emit(models: &[Model]) -> String {
    let mut imports = Imports::default();
    imports.add("smart_rdf", "NamedNodeRef");
    let mut models: Vec<_> = models.iter().collect();
    models.sort_by_key(|model| model.class.as_str());
    let rows: String = models
        .iter()
        .filter(|model| model.fields.iter().any(allows_many))
        .map(|model| row(model, &mut imports))
        .collect();
    let documentation =
        "/// For each class, sorted by IRI, the properties that an instance may have several of.\n";
    format!(
        "{}{documentation}pub(crate) const LISTS: &[(NamedNodeRef<'static>, &[NamedNodeRef<'static>])] = &[\n{rows}];\n",
        imports.emit()
    )
}

fn row(model: &Model, imports: &mut Imports) -> String {
    let class = imports.class(&model.class);
    let fields = model.fields.iter().filter(|field| allows_many(field));
    let properties: Vec<_> = fields
        .map(|field| imports.property(&field.property))
        .collect();
    format!("({class}, &[{}]),\n", properties.join(", "))
}

/// A list in order is one value by itself.
fn allows_many(field: &Field) -> bool {
    matches!(field.count, Count::Any | Count::AtLeastOne)
        && !matches!(field.value, FieldValue::List(_))
}
