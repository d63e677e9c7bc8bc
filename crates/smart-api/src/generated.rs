//! What `cargo xtask codegen` writes from specs/smart.ttl: one file a call, one a class that
//! records hold, one a closed list of codes; the tables of all calls, of all statement classes and
//! of what occurs more than once; the terms of the ontology's own vocabularies. Nothing below this
//! module is edited by hand; docs/codegen.md says how to change it.

mod call_table;
pub mod calls;
mod check;
pub mod codes;
mod lists;
pub mod models;
mod statements;
pub(crate) mod vocab;

pub use call_table::CALLS;
pub(crate) use check::check;
pub(crate) use lists::LISTS;
pub use statements::STATEMENTS;

/// Every call with its parameters, its answer and an example, as Markdown: a section for each,
/// headed `### ` and its name.
pub const REFERENCE: &str = include_str!("generated/reference.md");
