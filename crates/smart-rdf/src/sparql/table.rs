use std::fmt;

use oxrdf::Term;

use crate::sparql::results::Solutions;

/// A table to read: columns under the names of the variables, as wide as their widest cell. A literal is its text, other terms are
/// written as in N-Triples. For programs there is [`ResultFormat`](crate::ResultFormat).
///
/// ```
/// use smart_rdf::{Query, Syntax};
///
/// let graph = Syntax::Turtle.parse(b"<a:m> <a:name> 'Aspirin' . <a:n> <a:name> 'Zinc' ; <a:dose> 50 .")?;
/// let rows = Query::prepare("SELECT ?m ?name ?dose { ?m <a:name> ?name OPTIONAL { ?m <a:dose> ?dose } } ORDER BY ?m")?.select(&graph)?;
/// assert_eq!(rows.to_string(), "\
/// m      name     dose
/// -----  -------  ----
/// <a:m>  Aspirin
/// <a:n>  Zinc     50
/// ");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
impl fmt::Display for Solutions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<Vec<String>> = self
            .rows()
            .map(|row| row.values().iter().map(cell).collect())
            .collect();
        let width = |(column, name): (usize, &String)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let cells = cells.map(|cell| cell.chars().count());
            cells.max().unwrap_or(0).max(name.chars().count())
        };
        let widths: Vec<usize> = self.variables().iter().enumerate().map(width).collect();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        line(f, self.variables(), &widths)?;
        line(f, &rule, &widths)?;
        rows.iter().try_for_each(|row| line(f, row, &widths))
    }
}

fn cell(value: &Option<Term>) -> String {
    match value {
        None => String::new(),
        Some(Term::Literal(literal)) => literal.value().to_owned(),
        Some(other) => other.to_string(),
    }
}

fn line(f: &mut fmt::Formatter<'_>, cells: &[String], widths: &[usize]) -> fmt::Result {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:width$}"))
        .collect();
    writeln!(f, "{}", padded.join("  ").trim_end())
}
