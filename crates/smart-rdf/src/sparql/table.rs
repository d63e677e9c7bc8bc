use std::borrow::Cow;
use std::fmt;

use oxrdf::Term;

use crate::Table;
use crate::sparql::results::Solutions;

/// A table to read: columns under the names of the variables, as wide as their widest cell. A
/// literal is its text, other terms are written as in N-Triples, and control characters are escaped
/// ([`visible`](crate::visible)). For programs there is [`ResultFormat`](crate::ResultFormat).
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
        self.table().fmt(f)
    }
}

impl Solutions {
    /// The rows as a table, to be printed whole or fitted to a terminal.
    pub fn table(&self) -> Table {
        let mut table = Table::new(self.variables());
        for row in self.rows() {
            table.push(row.values().iter().map(cell));
        }
        table
    }
}

/// An empty text has its quotes: an empty cell is one without a value.
fn cell(value: &Option<Term>) -> Cow<'_, str> {
    match value {
        None => Cow::Borrowed(""),
        Some(Term::Literal(literal)) if literal.value().is_empty() => Cow::Borrowed("\"\""),
        Some(Term::Literal(literal)) => Cow::Borrowed(literal.value()),
        Some(other) => Cow::Owned(other.to_string()),
    }
}
