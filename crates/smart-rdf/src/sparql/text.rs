use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use oxrdf::vocab::xsd;
use oxrdf::{Literal, NamedNode, Term};
use spargebra::Query;
use spargebra::algebra::{
    AggregateExpression, AggregateFunction, Expression, Function, GraphPattern, OrderExpression,
};

use crate::sparql::parts::{Part, each_part};

/// Returns its first argument, if the text of all is allowed.
const SUM: &str = "urn:x-smart-rdf:sum";

/// Returns its first argument, if its text is allowed as often as the second says: by its number, or by its length.
const PRODUCT: &str = "urn:x-smart-rdf:product";

/// How many bytes of text are asked for by a call with these arguments.
pub(crate) type Cost = fn(&[Term]) -> usize;

/// The functions that count, by name.
pub(crate) const FUNCTIONS: [(&str, Cost); 2] = [(SUM, sum), (PRODUCT, product)];

/// Counts the text that a query makes. Twenty values, each two copies of the one before, are a million copies; a short query can ask for
/// more text than there is memory, in a few steps.
///
/// The functions that make text longer (`CONCAT`, `REPLACE`, `ENCODE_FOR_URI`, `GROUP_CONCAT`) get their arguments through functions
/// that count, and no argument once too much is counted. What the rows of the answer hold is counted with it.
#[derive(Clone)]
pub(crate) struct TextMeter {
    left: Arc<AtomicUsize>,
}

impl TextMeter {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            // One more than allowed, so that zero left means that the bound was passed.
            left: Arc::new(AtomicUsize::new(bytes.saturating_add(1))),
        }
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// A function of [`FUNCTIONS`].
    pub(crate) fn counting(
        &self,
        cost: Cost,
    ) -> impl Fn(&[Term]) -> Option<Term> + Send + Sync + use<> {
        let meter = self.clone();
        move |arguments| meter.count(arguments, cost(arguments))
    }

    fn count(&self, arguments: &[Term], cost: usize) -> Option<Term> {
        self.spend(cost);
        if self.is_spent() {
            return None;
        }
        arguments.first().cloned()
    }

    fn spend(&self, bytes: usize) {
        let left = self.left.load(Ordering::Relaxed);
        self.left
            .store(left.saturating_sub(bytes), Ordering::Relaxed);
    }

    /// Counts a row of the answer: many rows may hold one long text, each its own copy.
    pub(crate) fn spend_row(&self, values: &[Option<Term>]) {
        self.spend(values.iter().flatten().map(length).sum());
    }
}

fn sum(arguments: &[Term]) -> usize {
    arguments.iter().map(length).sum()
}

fn product(arguments: &[Term]) -> usize {
    let [text, times] = arguments else {
        return usize::MAX;
    };
    let times = match times {
        Term::Literal(number) if number.datatype() == xsd::INTEGER => {
            number.value().parse().unwrap_or(usize::MAX)
        }
        other => length(other),
    };
    // A pattern may match before the first character and after the last.
    (length(text) + 1).saturating_mul(times.saturating_add(1))
}

fn length(term: &Term) -> usize {
    match term {
        Term::Literal(literal) => literal.value().len(),
        Term::NamedNode(node) => node.as_str().len(),
        Term::BlankNode(node) => node.as_str().len(),
    }
}

/// The query with the functions that count in it; `None` if it makes no text.
pub(crate) fn metered(query: &Query) -> Option<Query> {
    let mut query = query.clone();
    let (Query::Select { pattern, .. }
    | Query::Ask { pattern, .. }
    | Query::Construct { pattern, .. }
    | Query::Describe { pattern, .. }) = &mut query;
    let mut is_metered = false;
    meter_pattern(pattern, &mut is_metered);
    is_metered.then_some(query)
}

fn meter_pattern(pattern: &mut GraphPattern, is_metered: &mut bool) {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            meter_pattern(left, is_metered);
            meter_pattern(right, is_metered);
        }
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
        } => {
            meter_pattern(left, is_metered);
            meter_pattern(right, is_metered);
            if let Some(expression) = expression {
                meter(expression, is_metered);
            }
        }
        GraphPattern::Filter { expr, inner } => {
            meter_pattern(inner, is_metered);
            meter(expr, is_metered);
        }
        GraphPattern::Extend {
            inner, expression, ..
        } => {
            meter_pattern(inner, is_metered);
            meter(expression, is_metered);
        }
        GraphPattern::OrderBy { inner, expression } => {
            meter_pattern(inner, is_metered);
            for key in expression {
                let (OrderExpression::Asc(key) | OrderExpression::Desc(key)) = key;
                meter(key, is_metered);
            }
        }
        GraphPattern::Group {
            inner, aggregates, ..
        } => {
            meter_pattern(inner, is_metered);
            for (_, aggregate) in aggregates {
                meter_aggregate(aggregate, is_metered);
            }
        }
        GraphPattern::Graph { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Service { inner, .. } => meter_pattern(inner, is_metered),
    }
}

fn meter_aggregate(aggregate: &mut AggregateExpression, is_metered: &mut bool) {
    let AggregateExpression::FunctionCall { name, expr, .. } = aggregate else {
        return;
    };
    meter(expr, is_metered);
    if let AggregateFunction::GroupConcat { separator } = name {
        let separator = separator.as_deref().unwrap_or(" ");
        let separator = Literal::new_simple_literal(separator).into();
        wrap(expr, SUM, Some(separator), is_metered);
    }
}

/// The text was bounded before, so that this recursion is.
fn meter(expression: &mut Expression, is_metered: &mut bool) {
    each_part(expression, &mut |part| match part {
        Part::Expression(expression) => meter(expression, is_metered),
        Part::Pattern(pattern) => meter_pattern(pattern, is_metered),
    });
    let Expression::FunctionCall(function, arguments) = expression else {
        return;
    };
    match function {
        Function::Concat | Function::EncodeForUri => {
            for argument in arguments {
                wrap(argument, SUM, None, is_metered);
            }
        }
        Function::Replace => meter_replace(arguments, is_metered),
        _ => {}
    }
}

/// Each match may bring the whole replacement.
fn meter_replace(arguments: &mut [Expression], is_metered: &mut bool) {
    let [text, _, replacement, ..] = arguments else {
        return;
    };
    // Reckoned twice, and more often if there are replacements in replacements: as deep as the text of a query may be, that is bearable.
    let times = match replacement {
        Expression::Literal(literal) => {
            let length = i64::try_from(literal.value().len()).unwrap_or(i64::MAX);
            Literal::from(length).into()
        }
        other => other.clone(),
    };
    wrap(text, PRODUCT, Some(times), is_metered);
}

fn wrap(
    argument: &mut Expression,
    function: &str,
    second: Option<Expression>,
    is_metered: &mut bool,
) {
    *is_metered = true;
    let first = std::mem::replace(argument, Literal::from(0).into());
    let arguments = [Some(first), second].into_iter().flatten().collect();
    let function = Function::Custom(NamedNode::new_unchecked(function));
    *argument = Expression::FunctionCall(function, arguments);
}
