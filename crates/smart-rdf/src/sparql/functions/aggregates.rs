//! Aggregates of ours ([SPARQL 1.1,
//! 18.5.1](https://www.w3.org/TR/sparql11-query/#aggregateAlgebra)).

use std::fmt::Write as _;
use std::sync::Arc;

use oxrdf::{Literal, NamedNode, Term};
use spareval::AggregateFunctionAccumulator;

use crate::sparql::functions::order_key;
use crate::sparql::run::Run;

/// An aggregate that gets whole terms, not values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    /// `GROUP_CONCAT` with this separator.
    Concat(String),
    Max,
    Min,
    Sample,
}

impl Aggregate {
    pub(crate) fn name(&self) -> NamedNode {
        let mut name = "urn:x-smart-rdf:".to_owned();
        match self {
            Self::Concat(separator) => {
                name.push_str("concat-");
                for byte in separator.bytes() {
                    // Writing to a string does not fail.
                    let _ = write!(name, "{byte:02x}");
                }
            }
            Self::Max => name.push_str("max"),
            Self::Min => name.push_str("min"),
            Self::Sample => name.push_str("sample"),
        }
        NamedNode::new_unchecked(name)
    }

    /// A new group's accumulator.
    pub(crate) fn start(&self, run: &Arc<Run>) -> Accumulator {
        Accumulator {
            aggregate: self.clone(),
            run: Arc::clone(run),
            best: None,
            text: None,
            has_failed: false,
        }
    }
}

pub(crate) struct Accumulator {
    aggregate: Aggregate,
    run: Arc<Run>,
    /// The term that was chosen, with its key.
    best: Option<(String, Term)>,
    text: Option<String>,
    has_failed: bool,
}

impl Accumulator {
    fn choose(&mut self, term: Term, is_better: impl Fn(&str, &str) -> bool) {
        let key = order_key(&term);
        if self
            .best
            .as_ref()
            .is_none_or(|(best, _)| is_better(&key, best))
        {
            self.best = Some((key, term));
        }
    }

    /// `GROUP_CONCAT` takes the text of each term, as `STR` gives it.
    fn append(&mut self, term: &Term, separator: &str) {
        let text = match term {
            Term::Literal(literal) => literal.value(),
            Term::NamedNode(node) => node.as_str(),
            Term::BlankNode(_) => {
                self.has_failed = true;
                return;
            }
        };
        if !self.run.text(separator.len() + text.len()) {
            self.has_failed = true;
            return;
        }
        match &mut self.text {
            Some(all) => {
                all.push_str(separator);
                all.push_str(text);
            }
            None => self.text = Some(text.to_owned()),
        }
    }
}

const WRAPPED: &str = "urn:x-smart-rdf:term:";

/// The evaluator takes the value of what an aggregate returns. Of a literal whose datatype it does
/// not know it takes the whole, which the dataset unwraps.
fn wrapped(term: Term) -> Term {
    match term {
        Term::Literal(literal) if literal.language().is_none() => {
            let datatype = format!("{WRAPPED}{}", literal.datatype().as_str());
            let datatype = NamedNode::new_unchecked(datatype);
            Literal::new_typed_literal(literal.destruct().0, datatype).into()
        }
        other => other,
    }
}

/// The datatype of a literal that is wrapped.
pub(crate) fn wrapped_datatype(datatype: &NamedNode) -> Option<NamedNode> {
    let datatype = datatype.as_str().strip_prefix(WRAPPED)?;
    Some(NamedNode::new_unchecked(datatype))
}

impl AggregateFunctionAccumulator for Accumulator {
    fn accumulate(&mut self, element: Term) {
        if self.has_failed {
            return;
        }
        match &self.aggregate {
            Aggregate::Concat(separator) => {
                let separator = separator.clone();
                self.append(&element, &separator);
            }
            Aggregate::Max => self.choose(element, |key, best| key > best),
            Aggregate::Min => self.choose(element, |key, best| key < best),
            Aggregate::Sample => self.choose(element, |_, _| false),
        }
    }

    fn finish(&mut self) -> Option<Term> {
        if self.has_failed {
            return None;
        }
        if matches!(self.aggregate, Aggregate::Concat(_)) {
            return Some(Literal::from(self.text.take().unwrap_or_default()).into());
        }
        let (_, term) = self.best.take()?;
        Some(if self.run.wraps_terms() {
            wrapped(term)
        } else {
            term
        })
    }
}
