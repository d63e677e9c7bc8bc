//! The table of statement classes.

use super::imports::Imports;
use super::text::optional_literal;
use crate::ir::Statement;

pub(super) fn emit(statements: &[Statement]) -> String {
    let mut imports = Imports::default();
    imports.add("crate::info", "StatementInfo");
    let rows: String = statements
        .iter()
        .map(|statement| row(statement, &mut imports))
        .collect();
    let documentation = "/// Every class whose instances are statements of a record, and the record itself, sorted by IRI.\n";
    format!(
        "{}{documentation}pub const STATEMENTS: &[StatementInfo] = &[\n{rows}];\n",
        imports.emit()
    )
}

fn row(statement: &Statement, imports: &mut Imports) -> String {
    let class = imports.class(&statement.class);
    let default_sort = match &statement.default_sort {
        Some(property) => format!("Some({})", imports.property(property)),
        None => "None".to_owned(),
    };
    let base_path = optional_literal(statement.base_path.as_deref());
    let name_plural = optional_literal(statement.name_plural.as_deref());
    format!(
        "StatementInfo {{\nclass: {class},\nbase_path: {base_path},\ndefault_sort: {default_sort},\nname_plural: {name_plural},\n}},\n"
    )
}
