use oxrdf::{NamedNode, Variable};
use spargebra::Query;
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::{NamedNodePattern, TermPattern};

/// The most graphs that a `GRAPH ?g { … }` is written out for.
const MOST_GRAPHS: usize = 256;

/// Whether the query asks for named graphs in a way that the evaluator gets wrong.
///
/// It runs what stands in `GRAPH ?g { … }` once, with `?g` as one more variable of each triple pattern. By the letter it is run for each
/// graph by itself, and `?g` is joined to its rows ([SPARQL 1.1, 18.6](https://www.w3.org/TR/sparql11-query/#sparqlAlgebraEval)): which is
/// another thing where the inner part counts, subtracts or mentions `?g`.
pub(crate) fn is_subtle(query: &Query) -> bool {
    // Looking changes nothing, but goes the same way as writing.
    let mut query = query.clone();
    let (Query::Select { pattern, .. }
    | Query::Ask { pattern, .. }
    | Query::Construct { pattern, .. }
    | Query::Describe { pattern, .. }) = &mut query;
    let mut found = false;
    visit(pattern, &mut |name, inner| found |= !is_plain(inner, name));
    found
}

/// The query with each such part written out for each of these graphs; `None` if they are too many.
pub(crate) fn written_out(query: &Query, names: &[NamedNode]) -> Option<Query> {
    if names.len() > MOST_GRAPHS {
        return None;
    }
    let mut query = query.clone();
    let (Query::Select { pattern, .. }
    | Query::Ask { pattern, .. }
    | Query::Construct { pattern, .. }
    | Query::Describe { pattern, .. }) = &mut query;
    rewrite(pattern, names);
    Some(query)
}

fn rewrite(pattern: &mut GraphPattern, names: &[NamedNode]) {
    for_parts(pattern, &mut |part| rewrite(part, names));
    let GraphPattern::Graph {
        name: NamedNodePattern::Variable(variable),
        inner,
    } = pattern
    else {
        return;
    };
    if is_plain(inner, variable) {
        return;
    }
    let of_graph = |name: &NamedNode| GraphPattern::Join {
        left: Box::new(GraphPattern::Graph {
            name: name.clone().into(),
            inner: inner.clone(),
        }),
        right: Box::new(GraphPattern::Values {
            variables: vec![variable.clone()],
            bindings: vec![vec![Some(name.clone().into())]],
        }),
    };
    let all = names.iter().map(of_graph);
    *pattern = all
        .reduce(|left, right| GraphPattern::Union {
            left: Box::new(left),
            right: Box::new(right),
        })
        .unwrap_or_else(|| GraphPattern::Values {
            variables: Vec::new(),
            bindings: Vec::new(),
        });
}

fn visit(pattern: &mut GraphPattern, see: &mut dyn FnMut(&Variable, &GraphPattern)) {
    if let GraphPattern::Graph {
        name: NamedNodePattern::Variable(variable),
        inner,
    } = pattern
    {
        see(variable, inner);
    }
    for_parts(pattern, &mut |part| visit(part, see));
}

/// Whether it means the same with the name as one more variable of each pattern.
fn is_plain(pattern: &GraphPattern, name: &Variable) -> bool {
    let is_name =
        |term: &TermPattern| matches!(term, TermPattern::Variable(other) if other == name);
    match pattern {
        GraphPattern::Bgp { patterns } => patterns.iter().all(|triple| {
            let is_predicate =
                matches!(&triple.predicate, NamedNodePattern::Variable(other) if other == name);
            !is_name(&triple.subject) && !is_predicate && !is_name(&triple.object)
        }),
        GraphPattern::Path {
            subject, object, ..
        } => !is_name(subject) && !is_name(object),
        GraphPattern::Join { left, right } | GraphPattern::Union { left, right } => {
            is_plain(left, name) && is_plain(right, name)
        }
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
        } => {
            is_plain(left, name)
                && is_plain(right, name)
                && expression.as_ref().is_none_or(|e| is_silent(e, name))
        }
        GraphPattern::Filter { expr, inner } => is_plain(inner, name) && is_silent(expr, name),
        _ => false,
    }
}

/// Whether an expression does not mention the name; one with a pattern inside is not looked into.
fn is_silent(expression: &Expression, name: &Variable) -> bool {
    let text = expression.to_string();
    !matches!(expression, Expression::Exists(_))
        && !text.contains("EXISTS")
        && !text.contains(&name.to_string())
}

fn for_parts(pattern: &mut GraphPattern, see: &mut dyn FnMut(&mut GraphPattern)) {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::LeftJoin { left, right, .. }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            see(left);
            see(right);
        }
        GraphPattern::Filter { inner, .. }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Group { inner, .. }
        | GraphPattern::Service { inner, .. } => see(inner),
    }
}
