//! The list of calls, as modules and as a table.

use super::imports::Imports;
use crate::ir::Call;

/// A private module and a public type for each call.
pub(super) fn modules(calls: &[Call]) -> String {
    let modules = calls.iter().map(|call| format!("mod {};\n", call.function));
    let types = calls
        .iter()
        .map(|call| format!("pub use {}::{};\n", call.function, call.type_name));
    format!(
        "{}\n{}",
        modules.collect::<String>(),
        types.collect::<String>()
    )
}

/// The constant that holds every call's description.
pub(super) fn table(calls: &[Call]) -> String {
    let mut imports = Imports::default();
    imports.add("crate::generated", "calls");
    imports.add("crate::info", "CallInfo");
    let rows = calls
        .iter()
        .map(|call| format!("calls::{}::INFO,\n", call.type_name));
    let imports_text = imports.emit();
    format!(
        "{imports_text}/// Every call of the API, sorted by name.\npub const CALLS: &[&CallInfo] = &[\n{}];\n",
        rows.collect::<String>()
    )
}
