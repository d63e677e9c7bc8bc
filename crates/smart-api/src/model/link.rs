//! A reference from one statement to another.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use smart_rdf::NamedNodeRef;

use crate::model::{Model, Subject};

/// A reference to another statement, which may be part of the same answer:
/// [`Reading::follow`](crate::Reading::follow) looks there.
///
/// Containers add the statements that those of a list refer to, one step far: medications bring
/// their fulfillments, sets of vital signs their encounters.
pub struct Link<T> {
    subject: Subject,
    target: PhantomData<fn() -> T>,
}

impl<T> Link<T> {
    /// A reference to this node.
    pub fn to(subject: impl Into<Subject>) -> Self {
        Self {
            subject: subject.into(),
            target: PhantomData,
        }
    }

    /// The address of what is referred to.
    pub fn iri(&self) -> Option<&str> {
        self.subject.iri()
    }

    /// The node that is referred to.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }
}

/// What a [`Link`] can lead to.
pub trait Linked {
    /// The class of it, unless any will do.
    const CLASS: Option<NamedNodeRef<'static>>;
}

impl<T: Model> Linked for T {
    const CLASS: Option<NamedNodeRef<'static>> = Some(T::CLASS);
}

/// A statement of whatever class, as the target of a [`Link`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is no value of this type")]
pub enum AnyStatement {}

impl Linked for AnyStatement {
    const CLASS: Option<NamedNodeRef<'static>> = None;
}

// Derived implementations would ask of the target what the reference alone can do.

impl<T> Clone for Link<T> {
    fn clone(&self) -> Self {
        Self::to(self.subject.clone())
    }
}

impl<T> PartialEq for Link<T> {
    fn eq(&self, other: &Self) -> bool {
        self.subject == other.subject
    }
}

impl<T> Eq for Link<T> {}

impl<T> Hash for Link<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.subject.hash(state);
    }
}

impl<T> fmt::Debug for Link<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject.node() {
            Some(node) => write!(f, "Link({node})"),
            None => f.write_str("Link(new)"),
        }
    }
}
