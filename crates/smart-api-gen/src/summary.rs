//! What a run read and what it made of it.

use std::fmt;

use smart_rdf::{NamedNode, NamedNodeRef};

use crate::fixups::Outcome;
use crate::ir::Api;
use crate::lower::is_statement;
use crate::ontology::Ontology;

/// What a run read and what it made of it. Nothing is lost on the way: what is not emitted is listed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// Calls, every one of them emitted.
    pub calls: usize,
    /// Filters that a call has, every one of them emitted.
    pub filters: usize,
    /// Filters that fix-ups took away.
    pub dropped_filters: usize,
    /// Named classes.
    pub classes: usize,
    /// Classes in the table of statements.
    pub statements: usize,
    /// The other classes, with the reason why nothing is emitted for them but a constant.
    pub skipped: Vec<(NamedNode, SkipReason)>,
    /// The fix-ups, and whether there was something to do.
    pub fixups: Vec<(&'static str, Outcome)>,
    /// What had to be repaired in the document itself.
    pub repairs: Vec<String>,
}

impl Summary {
    pub(crate) fn new(
        ontology: &Ontology,
        api: &Api,
        fixups: Vec<(&'static str, Outcome)>,
        filters_read: usize,
    ) -> Self {
        let others = ontology
            .classes
            .keys()
            .filter(|class| !is_statement(ontology, class));
        Self {
            calls: api.calls.len(),
            filters: ontology.filters.len(),
            dropped_filters: filters_read - ontology.filters.len(),
            classes: ontology.classes.len(),
            statements: api.statements.len(),
            skipped: others
                .map(|class| (class.clone(), SkipReason::of(ontology, class)))
                .collect(),
            fixups,
            repairs: ontology.repairs.clone(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = self
            .fixups
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Applied)
            .count();
        write!(
            f,
            "{} calls, {} filters and {} more that no call has, {} classes ({} statements, {} skipped), {} fix-ups applied",
            self.calls,
            self.filters,
            self.dropped_filters,
            self.classes,
            self.statements,
            self.skipped.len(),
            fixed
        )
    }
}

/// Why nothing is emitted for a class but a constant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SkipReason {
    /// The common parent of all statements.
    AbstractStatement,
    /// It describes calls and not records.
    ApiDescription,
    /// Its instances are codes.
    Code,
    /// Its instances are parts of statements, without an address of their own.
    Component,
    /// It is outside the record: what a call answers with as a whole, a label, or nothing that any call mentions.
    OutsideRecords,
}

impl SkipReason {
    fn of(ontology: &Ontology, class: &NamedNode) -> Self {
        const BY_ANCESTOR: &[(&str, SkipReason)] = &[
            (
                "http://smartplatforms.org/terms#Statement",
                SkipReason::AbstractStatement,
            ),
            (
                "http://smartplatforms.org/terms#SMARTAPI",
                SkipReason::ApiDescription,
            ),
            (
                "http://smartplatforms.org/terms/api#ParameterSet",
                SkipReason::ApiDescription,
            ),
            ("http://smartplatforms.org/terms#Code", SkipReason::Code),
            (
                "http://smartplatforms.org/terms#Component",
                SkipReason::Component,
            ),
        ];
        let is_below = |(ancestor, _): &&(&str, Self)| {
            ontology.is_subclass(class, NamedNodeRef::new_unchecked(ancestor))
        };
        BY_ANCESTOR
            .iter()
            .find(is_below)
            .map_or(Self::OutsideRecords, |(_, reason)| *reason)
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AbstractStatement => "the common parent of all statements, without instances",
            Self::ApiDescription => "describes calls, not records",
            Self::Code => "a set of codes, read as part of a statement",
            Self::Component => "a part of statements, without an address of its own",
            Self::OutsideRecords => "outside the record",
        })
    }
}
