//! What `cargo xtask codegen` writes from specs/smart.ttl: one file a call, the tables of all calls and of all statement
//! classes, and the terms of the ontology's own vocabularies. Nothing below this module is edited by hand; docs/codegen.md
//! says how to change it.

mod call_table;
pub mod calls;
mod statements;
pub(crate) mod vocab;

pub use call_table::CALLS;
pub use statements::STATEMENTS;
