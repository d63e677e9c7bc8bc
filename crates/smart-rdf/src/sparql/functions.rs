//! The functions and aggregates that a rewritten query calls: what the evaluator lacks or gets
//! wrong, and what counts the cost.

mod aggregates;
mod blocks;
mod casts;
mod order_key;
mod pattern;

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use oxrdf::vocab::xsd;
use oxrdf::{BlankNode, Literal, NamedNode, NamedNodeRef, Term};

pub(crate) use aggregates::{Aggregate, wrapped_datatype};
pub(crate) use order_key::{order_key, row_key};
pub(crate) use pattern::{MOST_CONSTANTS, Pattern, PatternError, check_replacement};

use crate::sparql::run::{Run, RunFault, Verbatim, term_length};

/// A function of ours, under a name that no query can mean by chance.
#[derive(Clone, Debug)]
pub(crate) enum Function {
    /// A blank node for a label and a row: the same for the same, another for any other.
    BlankNode,
    /// Its argument, with the space around a string taken off, for a cast.
    CastInput,
    /// As [`Function::CastInput`], but the run fails over a number that the evaluator has no room
    /// for.
    CastInputToExact,
    /// As [`Function::CastInput`], but without a value for texts that only Rust takes for numbers.
    CastInputToFloat,
    /// `xsd:string` of a value.
    CastToString,
    /// The key of a term in the order of all.
    OrderKey,
    /// Whether a text matches a constant pattern.
    Matches(usize, Arc<Pattern>),
    /// Whether a text matches a pattern.
    Regex,
    /// What a text becomes where a constant pattern is replaced.
    ReplaceMatches(usize, Arc<Pattern>),
    /// What a text becomes where a pattern is replaced.
    Replace,
    /// The keys of some terms as one, between [`Function::VerbatimAll`] and
    /// [`Function::VerbatimOff`].
    RowKey,
    /// A number that is another in each row.
    Row,
    /// Its first argument, if the text of all is allowed.
    Sum,
    /// True; and the next term is handed out with the text that it has in the graph.
    Verbatim,
    /// True; and all terms are handed out so.
    VerbatimAll,
    /// True; and terms are handed out as values again.
    VerbatimOff,
    /// No value; and terms are handed out as values again.
    VerbatimEnd,
}

impl Function {
    pub(crate) fn name(&self) -> NamedNode {
        let name = match self {
            Self::BlankNode => "blank-node",
            Self::CastInput => "cast-input",
            Self::CastInputToExact => "cast-input-to-exact",
            Self::CastInputToFloat => "cast-input-to-float",
            Self::CastToString => "cast-to-string",
            Self::OrderKey => "order-key",
            Self::Matches(number, _) => &format!("matches-{number}"),
            Self::Regex => "regex",
            Self::ReplaceMatches(number, _) => &format!("replace-matches-{number}"),
            Self::Replace => "replace",
            Self::RowKey => "row-key",
            Self::Row => "row",
            Self::Sum => "sum",
            Self::Verbatim => "verbatim",
            Self::VerbatimAll => "verbatim-all",
            Self::VerbatimOff => "verbatim-off",
            Self::VerbatimEnd => "verbatim-end",
        };
        NamedNode::new_unchecked(format!("urn:x-smart-rdf:{name}"))
    }

    /// The function for one run.
    pub(crate) fn in_run(
        &self,
        run: &Arc<Run>,
    ) -> impl Fn(&[Term]) -> Option<Term> + Send + Sync + use<> {
        let (function, run) = (self.clone(), Arc::clone(run));
        move |arguments| function.call(arguments, &run)
    }

    fn call(&self, arguments: &[Term], run: &Run) -> Option<Term> {
        match (self, arguments) {
            (Self::BlankNode, [label, row]) => blank_node(label, row, run),
            (Self::CastInput, [value]) => Some(casts::input(value)),
            (Self::CastInputToExact, [value]) => {
                let value = casts::input(value);
                if !casts::has_room(&value) {
                    run.fail(RunFault::NumberRange(xsd::DECIMAL.as_str().to_owned()));
                    return None;
                }
                Some(value)
            }
            (Self::CastInputToFloat, [value]) => casts::input_to_float(value),
            (Self::CastToString, [value]) => casts::to_string(value),
            (Self::OrderKey, [term]) => Some(Literal::from(order_key(term)).into()),
            (Self::Matches(_, pattern), [text]) => matches(text, pattern, run),
            (Self::Regex, [text, pattern, flags @ ..]) => {
                matches(text, compiled(pattern, flags, run)?.as_ref(), run)
            }
            (Self::ReplaceMatches(_, pattern), [text, replacement]) => {
                replace(text, pattern, replacement, run)
            }
            (Self::Replace, [text, pattern, replacement, flags @ ..]) => replace(
                text,
                compiled(pattern, flags, run)?.as_ref(),
                replacement,
                run,
            ),
            (Self::RowKey, [_, terms @ .., _]) => Some(Literal::from(row_key(terms)).into()),
            (Self::Row, []) => {
                let row = i64::try_from(run.next_row()).ok()?;
                Some(Literal::from(row).into())
            }
            (Self::Sum, [first, ..]) => {
                let is_allowed = run.text(arguments.iter().map(term_length).sum());
                is_allowed.then(|| first.clone())
            }
            (Self::Verbatim, []) => {
                run.set_verbatim(Verbatim::Next);
                Some(Literal::from(true).into())
            }
            (Self::VerbatimAll, []) => {
                run.set_verbatim(Verbatim::All);
                Some(Literal::from(true).into())
            }
            (Self::VerbatimOff, []) => {
                run.set_verbatim(Verbatim::No);
                Some(Literal::from(true).into())
            }
            (Self::VerbatimEnd, []) => {
                run.set_verbatim(Verbatim::No);
                None
            }
            _ => None,
        }
    }
}

/// The patterns that a run has met. A pattern that comes with each row is compiled once.
#[derive(Default)]
pub(crate) struct PatternCache {
    patterns: HashMap<(String, String), Arc<Pattern>>,
}

/// How many patterns are kept. With more different ones they are compiled anew.
const MOST_PATTERNS: usize = 64;

fn compiled(pattern: &Term, flags: &[Term], run: &Run) -> Option<Arc<Pattern>> {
    let pattern = plain_string(pattern)?;
    let flags = flags.first().map_or(Some(""), plain_string)?;
    let key = (pattern.to_owned(), flags.to_owned());
    if let Some(pattern) = run.with_patterns(|cache| cache.patterns.get(&key).cloned()) {
        return Some(pattern);
    }
    run.steps(1 + pattern.len());
    run.check_steps().ok()?;
    match Pattern::new(pattern, flags) {
        Ok(pattern) => {
            run.steps(pattern.compile_cost());
            let pattern = Arc::new(pattern);
            run.with_patterns(|cache| {
                if cache.patterns.len() >= MOST_PATTERNS {
                    cache.patterns.clear();
                }
                cache.patterns.insert(key, Arc::clone(&pattern));
            });
            Some(pattern)
        }
        Err(error) => fail(&error, run),
    }
}

fn matches(text: &Term, pattern: &Pattern, run: &Run) -> Option<Term> {
    let (text, _) = string(text)?;
    run.steps(pattern.cost(text));
    run.check_steps().ok()?;
    Some(Literal::from(pattern.is_match(text)).into())
}

fn replace(text: &Term, pattern: &Pattern, replacement: &Term, run: &Run) -> Option<Term> {
    let (text, language) = string(text)?;
    let replacement = plain_string(replacement)?;
    run.steps(pattern.cost(text));
    run.check_steps().ok()?;
    match pattern.replace(text, replacement, |bytes| run.text(bytes)) {
        Ok(replaced) => Some(match language {
            None => Literal::from(replaced?).into(),
            Some(language) => {
                Literal::new_language_tagged_literal_unchecked(replaced?, language).into()
            }
        }),
        Err(error) => fail(&error, run),
    }
}

/// A pattern that cannot be used must not look like one that does not match.
fn fail<T>(error: &PatternError, run: &Run) -> Option<T> {
    run.fail(RunFault::Pattern(error.to_string()));
    None
}

fn string(term: &Term) -> Option<(&str, Option<&str>)> {
    let Term::Literal(literal) = term else {
        return None;
    };
    let is_string = literal.language().is_some() || literal.datatype() == xsd::STRING;
    is_string.then(|| (literal.value(), literal.language()))
}

fn plain_string(term: &Term) -> Option<&str> {
    let (text, language) = string(term)?;
    language.is_none().then_some(text)
}

fn blank_node(label: &Term, row: &Term, run: &Run) -> Option<Term> {
    let label = plain_string(label)?;
    let [high, low] = run
        .keys
        .each_ref()
        .map(|keys| u128::from(keys.hash_one((label, row))));
    Some(BlankNode::new_from_unique_id(high << 64 | low).into())
}

/// Whether a text of this datatype is a number, which the evaluator can do without only if it has
/// no room for it.
pub(crate) fn is_number(text: &str, datatype: NamedNodeRef<'_>) -> bool {
    if datatype == xsd::DECIMAL {
        order_key::is_decimal(text)
    } else {
        order_key::is_integer_datatype(datatype) && order_key::is_integer(text)
    }
}
