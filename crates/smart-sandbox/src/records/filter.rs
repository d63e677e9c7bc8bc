//! Which statements of a list a query keeps, in which order, and which part of them makes the page.
//!
//! Filters are ANDed. Parameters that the call does not define are ignored, and no value is ever
//! refused: an odd date compares as text, a limit that is not a number is no limit.

use std::sync::Arc;

use smart_api::{CallInfo, ParameterKind};
use smart_rdf::{NamedNodeRef, Term};

use crate::form::Pairs;
use crate::records::partial_dates;
use crate::records::record::{Record, Statement};

/// The part of a list that an answer holds.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) statements: Vec<&'a Arc<Statement>>,
    /// How many statements passed the filters.
    pub(crate) total: usize,
    /// Present where a limit was applied, and the statements are in order.
    pub(crate) paging: Option<Paging>,
}

/// Which part it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}

impl<'a> Page<'a> {
    /// A page that holds all there is, in no particular order.
    pub(crate) fn whole(statements: Vec<&'a Arc<Statement>>) -> Self {
        Self {
            total: statements.len(),
            statements,
            paging: None,
        }
    }

    /// Where the next page begins, if there is one.
    pub(crate) fn next_offset(&self) -> Option<usize> {
        let paging = self.paging?;
        let next = paging.offset.saturating_add(self.statements.len());
        (!self.statements.is_empty() && next < self.total).then_some(next)
    }
}

/// Selects the statements that a list call answers with.
pub(crate) fn select<'a>(record: &'a Record, call: &'static CallInfo, query: &Pairs) -> Page<'a> {
    let mut statements: Vec<&Arc<Statement>> = record
        .statements_of(call.target)
        .filter(|statement| keeps(record, statement, call, query))
        .collect();
    let paging = paging(call, query);
    let (Some(paging), Some(property)) = (paging, sort_property(call)) else {
        return Page::whole(statements);
    };
    sort(&mut statements, property);
    let total = statements.len();
    let statements = statements
        .into_iter()
        .skip(paging.offset)
        .take(paging.limit)
        .collect();
    Page {
        statements,
        total,
        paging: Some(paging),
    }
}

fn keeps(record: &Record, statement: &Statement, call: &CallInfo, query: &Pairs) -> bool {
    call.query_parameters.iter().all(|parameter| {
        let names = std::iter::once(&parameter.name).chain(parameter.other_names);
        let Some(value) = names.filter_map(|name| query.get(name)).next() else {
            return true;
        };
        match parameter.kind {
            ParameterKind::Code {
                property_path,
                system,
            } => {
                let codes = record.follow(statement, property_path);
                value.split('|').any(|code| {
                    codes.iter().any(|found| match found {
                        Term::NamedNode(found) => found.as_str().strip_prefix(system) == Some(code),
                        _ => false,
                    })
                })
            }
            ParameterKind::Date { bound, property } => statement
                .texts(property)
                .any(|date| partial_dates::passes(bound, date, value)),
            _ => true,
        }
    })
}

/// A limit counts only where there is an order to cut: lists without one ignore it.
fn paging(call: &CallInfo, query: &Pairs) -> Option<Paging> {
    let number = |name| query.get(name).and_then(whole_number);
    call.default_sort?;
    let limit = number("limit").filter(|limit| *limit > 0)?;
    Some(Paging {
        limit,
        offset: number("offset").unwrap_or(0),
    })
}

/// A number beyond the largest counts as the largest: a page far behind the end is empty, not the
/// first.
fn whole_number(text: &str) -> Option<usize> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

fn sort_property(call: &CallInfo) -> Option<NamedNodeRef<'static>> {
    call.default_sort
}

/// Newest first, then by URI. Statements without the property cannot be placed and are left out.
fn sort(statements: &mut Vec<&Arc<Statement>>, property: NamedNodeRef<'_>) {
    let mut dated: Vec<(String, &Arc<Statement>)> = statements
        .iter()
        .filter_map(|statement| {
            let newest = statement.texts(property).max()?.to_owned();
            Some((newest, *statement))
        })
        .collect();
    dated.sort_by(|(a_date, a), (b_date, b)| b_date.cmp(a_date).then_with(|| a.uri.cmp(&b.uri)));
    *statements = dated.into_iter().map(|(_, statement)| statement).collect();
}

#[cfg(test)]
mod tests;
