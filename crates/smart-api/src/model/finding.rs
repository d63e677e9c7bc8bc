//! What a reader stumbled over.

use std::fmt;

use smart_rdf::{NamedNode, NamedNodeRef, NamedOrBlankNode, Term};

use crate::vocab::PREFIXES;

/// Something in a graph that the ontology does not allow, or that is worth knowing.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The statement in which it was found, or the topmost node that was read.
    pub statement: NamedOrBlankNode,
    /// The way from the statement to the property, which is the last of them.
    pub path: Vec<NamedNode>,
    /// The node that has the property: the statement itself or a part of it.
    pub subject: NamedOrBlankNode,
    /// What the ontology expects there.
    pub expected: Expected,
    /// What is there instead; nothing at all, if it is empty.
    pub found: Vec<Term>,
}

impl Finding {
    /// The property.
    pub fn property(&self) -> Option<NamedNodeRef<'_>> {
        self.path.last().map(NamedNode::as_ref)
    }

    /// The way to the property as people write it: `sp:drugName/dcterms:title`.
    pub fn path_text(&self) -> String {
        let steps = self.path.iter().map(|step| short(step.as_str()));
        steps.collect::<Vec<_>>().join("/")
    }

    /// What is there as people write it, long texts cut short; `none` if nothing is.
    pub fn found_text(&self) -> String {
        if self.found.is_empty() {
            return "none".to_owned();
        }
        let terms = self.found.iter().map(|term| match term {
            Term::NamedNode(node) => short(node.as_str()),
            Term::Literal(text) => shown(text),
            Term::BlankNode(_) => "a blank node".to_owned(),
        });
        terms.collect::<Vec<_>>().join(", ")
    }
}

/// What the ontology expects of a property.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Expected {
    /// The address of something.
    Address,
    /// One value or more.
    AtLeastOne,
    /// No more than one value.
    AtMostOne,
    /// An instance of this class.
    Class(NamedNodeRef<'static>),
    /// A code whose address is its system, followed by its identifier.
    CodeAddress,
    /// A code of this class.
    CodeOf(NamedNodeRef<'static>),
    /// A date, or the part of one that is known.
    Date,
    /// One value, and not more.
    ExactlyOne,
    /// A day at least, not only a year or a month. It is allowed all the same.
    FullDate,
    /// Parts that are not shared so often that the value is far larger than its graph. Nothing was
    /// read from here on.
    LessSharing,
    /// An RDF list of nodes.
    List,
    /// One of the codes of this class.
    Member(NamedNodeRef<'static>),
    /// Another name for the property.
    Name(NamedNodeRef<'static>),
    /// No class beside its own.
    NoOtherClass,
    /// The class does not have this property.
    NoSuchProperty,
    /// A number.
    Number,
    /// A text without a datatype. Another is allowed all the same.
    PlainText,
    /// A text.
    Text,
    /// This unit.
    Unit(&'static str),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("an address"),
            Self::AtLeastOne => f.write_str("at least one"),
            Self::AtMostOne => f.write_str("at most one"),
            Self::Class(class) => write!(f, "a node of class {}", short(class.as_str())),
            Self::CodeAddress => f.write_str("the code's address to be system and identifier"),
            Self::CodeOf(class) => write!(f, "a code of class {}", short(class.as_str())),
            Self::Date => f.write_str("a date"),
            Self::ExactlyOne => f.write_str("exactly one"),
            Self::FullDate => f.write_str("a full date"),
            Self::LessSharing => {
                f.write_str("less of the graph to be shared; nothing was read from here on")
            }
            Self::List => f.write_str("a list of nodes"),
            Self::Member(class) => write!(f, "one of the codes of {}", short(class.as_str())),
            Self::Name(property) => write!(f, "it to be called {}", short(property.as_str())),
            Self::NoOtherClass => f.write_str("no other class"),
            Self::NoSuchProperty => f.write_str("no such property"),
            Self::Number => f.write_str("a number"),
            Self::PlainText => f.write_str("a text without datatype"),
            Self::Text => f.write_str("a text"),
            Self::Unit(unit) => write!(f, "the unit {unit:?}"),
        }
    }
}

impl fmt::Display for Finding {
    /// `<…/medications/1> sp:drugName/dcterms:title: expected exactly one, found none`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, found) = (self.path_text(), self.found_text());
        let Self {
            statement,
            expected,
            ..
        } = self;
        write!(f, "{statement} {path}: expected {expected}, found {found}")
    }
}

/// A literal with its escapes, cut to what fits a line, its datatype shortened.
fn shown(literal: &smart_rdf::Literal) -> String {
    const SHOWN_CHARACTERS: usize = 60;
    let text = literal.value();
    let cut: String = text.chars().take(SHOWN_CHARACTERS).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    let datatype = literal.datatype();
    let datatype = match short(datatype.as_str()) {
        plain if plain == "xsd:string" || literal.language().is_some() => String::new(),
        other => format!("^^{other}"),
    };
    format!("{cut:?}{more}{datatype}")
}

/// An IRI as people write it.
fn short(iri: &str) -> String {
    let local = |(prefix, namespace): &(&str, &str)| {
        let local = iri.strip_prefix(namespace)?;
        let is_plain = !local.is_empty() && !local.contains(['/', '#', ':', '>']);
        is_plain.then(|| format!("{prefix}:{local}"))
    };
    PREFIXES
        .iter()
        .find_map(local)
        .unwrap_or_else(|| format!("<{iri}>"))
}
