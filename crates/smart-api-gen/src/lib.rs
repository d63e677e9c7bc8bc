//! Turns the SMART ontology into the Rust of smart-api and of the facade's methods. Run by `cargo
//! xtask codegen`; nothing else depends on it. docs/codegen.md tells how to change what comes out.
//!
//! ```text
//! read            fix            lower          emit           format          output
//! ontology.rs ──► fixups.rs ──► lower.rs ──► emit/*.rs ──► format.rs ──► output.rs
//! OWL as it is    known faults   decisions     one emitter    rustfmt        compare or write
//!                                into ir.rs    an item
//! ```
//!
//! It does not interpret records, and it writes only where it is told to.

mod emit;
mod fixups;
mod format;
mod ir;
mod lower;
mod names;
mod ontology;
mod output;
mod prose;
mod revision;
mod summary;

// What the pipeline takes and gives.
pub use fixups::{FixupError, Outcome};
pub use format::{FormatError, Formatter};
pub use lower::LowerError;
pub use names::NameError;
pub use ontology::OntologyError;
pub use output::{Generated, Mode, OutputError, Roots};
pub use revision::Revision;
pub use summary::{SkipReason, Summary};
// The syntax that a `Source` names.
pub use smart_rdf::Syntax;

use thiserror::Error;

/// Where the ontology came from.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Source<'a> {
    /// What the generated files call it, for example `specs/smart.ttl`.
    pub name: &'a str,
    /// The syntax that it is written in.
    pub syntax: Syntax,
    /// The document.
    pub document: &'a [u8],
}

/// The whole pipeline but for the last step: see [`Generated::settle`] for that.
///
/// # Errors
///
/// The document cannot be read, says what this generator does not understand, or is of no known
/// revision and lacks what the known ones say.
pub fn generate(source: Source<'_>, formatter: &Formatter) -> Result<Generated, GenerateError> {
    let mut ontology = ontology::Ontology::read(source.document, source.syntax)?;
    let filters_read = ontology.filters.len();
    let revision = Revision::of(&ontology);
    let fixups = fixups::apply(&mut ontology, revision)?;
    let api = lower::lower(&ontology)?;
    let sources = emit::emit(&api, source.name);
    let files = formatter.format(sources)?;
    let summary = Summary::new(&ontology, &api, revision, fixups, filters_read);
    Ok(Generated::new(files, summary))
}

/// Why nothing was generated.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The ontology is of no known revision.
    #[error(transparent)]
    Fixup(#[from] FixupError),
    /// The generated code could not be formatted.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The ontology says what this generator does not understand.
    #[error(transparent)]
    Lower(#[from] LowerError),
    /// The ontology could not be read.
    #[error(transparent)]
    Ontology(#[from] OntologyError),
}
