use std::str::FromStr;

use oxrdf::vocab::xsd;
use oxrdf::{Literal, NamedNode, NamedOrBlankNode, Term};
use thiserror::Error;

use crate::sparql::results::{Row, Solutions};

/// Why a value of a row is not what a program wants it to be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The value is of another kind, or its text does not have the form.
    #[error("`?{name}` is {found}, which is no {expected}")]
    Kind {
        /// The variable.
        name: String,
        /// What the program wants.
        expected: &'static str,
        /// The term, as in N-Triples.
        found: String,
    },
    /// The variable has no value in this row.
    #[error("`?{name}` has no value in this row; read it as an `Option` if it may be absent")]
    Unbound {
        /// The variable.
        name: String,
    },
    /// The query has no such variable.
    #[error("the query has no variable `?{name}`; give its name without `?`")]
    UnknownVariable {
        /// The name that was given.
        name: String,
    },
}

/// What the value of a variable can be read as, with [`Row::value`].
///
/// Numbers and booleans are read by the text of a literal, whatever its datatype: many containers
/// write them without one.
pub trait FromTerm: Sized {
    /// What it is, for messages.
    const EXPECTED: &'static str;

    /// The value of a term; `None` if it is of another kind.
    fn from_term(term: &Term) -> Option<Self>;

    /// The value where there is no term.
    fn from_nothing() -> Option<Self> {
        None
    }
}

impl Row {
    /// The value of a variable, named without `?`, as a type of Rust.
    ///
    /// ```
    /// use smart_rdf::{Query, Syntax};
    ///
    /// struct Drug { name: String, dose: Option<f64> }
    ///
    /// let graph = Syntax::Turtle.parse(b"<a:m> <a:name> 'Aspirin' ; <a:dose> '81.5' . <a:n> <a:name> 'Zinc' .")?;
    /// let query = Query::prepare("SELECT ?name ?dose { ?m <a:name> ?name OPTIONAL { ?m <a:dose> ?dose } } ORDER BY ?name")?;
    /// let drugs: Vec<Drug> = query.select(&graph)?.read(|row| {
    ///     Ok(Drug { name: row.value("name")?, dose: row.value("dose")? })
    /// })?;
    /// assert_eq!((drugs[0].name.as_str(), drugs[0].dose), ("Aspirin", Some(81.5)));
    /// assert_eq!(drugs[1].dose, None);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The query has no such variable, it has no value in this row, or one of another kind.
    pub fn value<T: FromTerm>(&self, name: &str) -> Result<T, ValueError> {
        if !self.variables().iter().any(|variable| variable == name) {
            return Err(ValueError::UnknownVariable {
                name: name.to_owned(),
            });
        }
        let Some(term) = self.get(name) else {
            return T::from_nothing().ok_or_else(|| ValueError::Unbound {
                name: name.to_owned(),
            });
        };
        T::from_term(term).ok_or_else(|| ValueError::Kind {
            name: name.to_owned(),
            expected: T::EXPECTED,
            found: term.to_string(),
        })
    }
}

impl Solutions {
    /// Each row as a value of the caller's, made by a closure that reads the row with
    /// [`Row::value`].
    ///
    /// # Errors
    ///
    /// The first error of the closure.
    pub fn read<T>(
        &self,
        read: impl FnMut(&Row) -> Result<T, ValueError>,
    ) -> Result<Vec<T>, ValueError> {
        self.rows().map(read).collect()
    }
}

/// The text of a literal, or the IRI.
impl FromTerm for String {
    const EXPECTED: &'static str = "text or IRI";

    fn from_term(term: &Term) -> Option<Self> {
        match term {
            Term::Literal(literal) => Some(literal.value().to_owned()),
            Term::NamedNode(node) => Some(node.as_str().to_owned()),
            Term::BlankNode(_) => None,
        }
    }
}

impl<T: FromTerm> FromTerm for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_term(term: &Term) -> Option<Self> {
        T::from_term(term).map(Some)
    }

    fn from_nothing() -> Option<Self> {
        Some(None)
    }
}

impl FromTerm for Term {
    const EXPECTED: &'static str = "term";

    fn from_term(term: &Term) -> Option<Self> {
        Some(term.clone())
    }
}

impl FromTerm for Literal {
    const EXPECTED: &'static str = "literal";

    fn from_term(term: &Term) -> Option<Self> {
        match term {
            Term::Literal(literal) => Some(literal.clone()),
            _ => None,
        }
    }
}

impl FromTerm for NamedNode {
    const EXPECTED: &'static str = "IRI";

    fn from_term(term: &Term) -> Option<Self> {
        match term {
            Term::NamedNode(node) => Some(node.clone()),
            _ => None,
        }
    }
}

impl FromTerm for NamedOrBlankNode {
    const EXPECTED: &'static str = "IRI or blank node";

    fn from_term(term: &Term) -> Option<Self> {
        match term {
            Term::NamedNode(node) => Some(node.clone().into()),
            Term::BlankNode(node) => Some(node.clone().into()),
            Term::Literal(_) => None,
        }
    }
}

impl FromTerm for bool {
    const EXPECTED: &'static str = "boolean";

    fn from_term(term: &Term) -> Option<Self> {
        match text(term)? {
            "true" => Some(true),
            "false" => Some(false),
            // As numbers they are booleans only by their datatype.
            "1" if is_boolean(term) => Some(true),
            "0" if is_boolean(term) => Some(false),
            _ => None,
        }
    }
}

impl FromTerm for f64 {
    const EXPECTED: &'static str = "number";

    fn from_term(term: &Term) -> Option<Self> {
        match text(term)? {
            "INF" | "+INF" => Some(Self::INFINITY),
            "-INF" => Some(Self::NEG_INFINITY),
            "NaN" => Some(Self::NAN),
            // Rust knows words for the same that XML Schema does not.
            number if number.ends_with(|c: char| c.is_ascii_digit() || c == '.') => {
                number.parse().ok()
            }
            _ => None,
        }
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(impl FromTerm for $integer {
            const EXPECTED: &'static str = "integer in range";

            fn from_term(term: &Term) -> Option<Self> {
                Self::from_str(text(term)?).ok()
            }
        })*
    };
}

integers! { i32 i64 u32 u64 usize }

fn text(term: &Term) -> Option<&str> {
    match term {
        Term::Literal(literal) => Some(literal.value().trim_ascii()),
        _ => None,
    }
}

fn is_boolean(term: &Term) -> bool {
    matches!(term, Term::Literal(literal) if literal.datatype() == xsd::BOOLEAN)
}
