//! What a run read and what it made of it.

use std::collections::BTreeSet;
use std::fmt;

use smart_rdf::{NamedNode, NamedNodeRef};

use crate::fixups::Outcome;
use crate::ir::Api;
use crate::ontology::Ontology;
use crate::revision::Revision;

/// What a run read and what it made of it. Nothing is lost on the way: what is not emitted is
/// listed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// Which revision of the ontology was read.
    pub revision: Revision,
    /// Calls, every one of them emitted.
    pub calls: usize,
    /// Filters that a call has, every one of them emitted.
    pub filters: usize,
    /// Filters that fix-ups took away.
    pub dropped_filters: usize,
    /// Named classes.
    pub classes: usize,
    /// Classes in the table of statements, most of which are models too.
    pub statements: usize,
    /// Classes that became structs.
    pub models: usize,
    /// Classes that became enums: closed lists of codes, and of labels.
    pub lists: usize,
    /// Classes that became variants of an enum of labels.
    pub labels: usize,
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
        revision: Revision,
        fixups: Vec<(&'static str, Outcome)>,
        filters_read: usize,
    ) -> Self {
        let models = api.models.iter().map(|model| &model.class);
        let codes = api.code_sets.iter().map(|set| &set.class);
        let label_sets = api.label_sets.iter().map(|set| &set.class);
        let labels = api.label_sets.iter().flat_map(|set| &set.labels);
        let emitted: BTreeSet<&NamedNode> = models
            .chain(codes)
            .chain(label_sets)
            .chain(labels.clone().map(|(_, class, _)| class))
            .collect();
        let others = ontology
            .classes
            .keys()
            .filter(|class| !emitted.contains(class));
        Self {
            revision,
            calls: api.calls.len(),
            filters: ontology.filters.len(),
            dropped_filters: filters_read - ontology.filters.len(),
            classes: ontology.classes.len(),
            statements: api.statements.len(),
            models: api.models.len(),
            lists: api.code_sets.len() + api.label_sets.len(),
            labels: labels.count(),
            skipped: others
                .map(|class| (class.clone(), SkipReason::of(ontology, &emitted, class)))
                .collect(),
            fixups,
            repairs: ontology.repairs.clone(),
        }
    }

    /// How many classes became code.
    pub fn emitted(&self) -> usize {
        self.models + self.lists + self.labels
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
            "{}: {} calls, {} filters and {} more that no call has, {} classes ({} models, {} lists, {} labels, {} skipped), \
             {fixed} fix-ups applied",
            self.revision,
            self.calls,
            self.filters,
            self.dropped_filters,
            self.classes,
            self.models,
            self.lists,
            self.labels,
            self.skipped.len(),
        )
    }
}

/// Why nothing is emitted for a class but a constant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SkipReason {
    /// It describes calls and not records.
    ApiDescription,
    /// Its instances are RDF lists.
    List,
    /// Its codes are those of an open system.
    OpenCodes,
    /// It is outside the record: what a call answers with as a whole, or a text that an app stores.
    OutsideRecords,
    /// What it says is folded into the classes below it.
    Parent,
    /// No statement is built of it.
    Unused,
}

impl SkipReason {
    fn of(ontology: &Ontology, emitted: &BTreeSet<&NamedNode>, class: &NamedNode) -> Self {
        let is_below =
            |ancestor: &str| ontology.is_subclass(class, NamedNodeRef::new_unchecked(ancestor));
        if is_below("http://smartplatforms.org/terms#SMARTAPI")
            || is_below("http://smartplatforms.org/terms/api#ParameterSet")
        {
            Self::ApiDescription
        } else if is_below("http://smartplatforms.org/terms#Code") {
            Self::OpenCodes
        } else if class.as_str() == "http://smartplatforms.org/terms#ImagesList" {
            Self::List
        } else if emitted
            .iter()
            .any(|emitted| ontology.is_subclass(emitted, class.as_ref()))
        {
            Self::Parent
        } else if is_below("http://smartplatforms.org/terms#Component")
            || is_below("http://smartplatforms.org/terms#Statement")
        {
            Self::Unused
        } else {
            Self::OutsideRecords
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiDescription => "describes calls, not records",
            Self::List => "a list, read as the items in it",
            Self::OpenCodes => "codes of an open system, read as sp:Code",
            Self::OutsideRecords => "outside the record",
            Self::Parent => "a parent, folded into the classes below it",
            Self::Unused => "no statement is built of it",
        })
    }
}
