//! A value that the ontology asks for exactly once.

use std::error::Error;
use std::fmt;

use smart_rdf::{NamedNodeRef, NamedOrBlankNodeRef};

use crate::model::{Expected, Finding};

/// A value that the ontology asks for exactly once, and that a container may leave out all the
/// same.
///
/// A missing value never reads as an empty one. [`get`](Self::get) returns an error that names the
/// property and the node, so that `?` is enough in the common loop; [`as_option`](Self::as_option)
/// is for code that expects a gap. Only `Debug` shows a placeholder.
///
/// ```
/// use smart_api::{MissingValue, Required};
///
/// let title: Required<String> = "Aspirin".into();
/// assert_eq!(title.get()?, "Aspirin");
/// let missing = Required::<String>::default();
/// assert_eq!(missing.as_option(), None);
/// assert!(missing.get().is_err());
/// # Ok::<(), MissingValue>(())
/// ```
///
/// There is no way to print one without saying what happens to a gap:
///
/// ```compile_fail,E0277
/// println!("{}", smart_api::Required::from("Aspirin"));
/// ```
#[derive(Clone, Eq)]
pub struct Required<T>(Result<T, MissingValue>);

/// A value that the ontology requires is missing, or is there in a form that its type cannot hold.
///
/// The error names the statement, the way from it to the property, and what was found instead.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MissingValue {
    /// Unset for a model that was not read from a graph.
    finding: Option<Box<Finding>>,
}

impl<T> Required<T> {
    /// A value that is missing for the reason that the finding gives.
    pub(super) fn missing(finding: Finding) -> Self {
        Self(Err(MissingValue {
            finding: Some(Box::new(finding)),
        }))
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// The container left it out, or sent something that is not a `T`.
    pub fn get(&self) -> Result<&T, MissingValue> {
        self.0.as_ref().map_err(Clone::clone)
    }

    /// The value, without the wrapper.
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get).
    pub fn into_inner(self) -> Result<T, MissingValue> {
        self.0
    }

    /// The value, if it is there.
    pub const fn as_option(&self) -> Option<&T> {
        match &self.0 {
            Ok(value) => Some(value),
            Err(_) => None,
        }
    }

    /// The value, if it is there, for changing it in place.
    pub const fn as_option_mut(&mut self) -> Option<&mut T> {
        match &mut self.0 {
            Ok(value) => Some(value),
            Err(_) => None,
        }
    }

    /// The value, if it is there, without the wrapper.
    pub fn into_option(self) -> Option<T> {
        self.0.ok()
    }

    /// Whether the value is missing.
    pub const fn is_missing(&self) -> bool {
        self.0.is_err()
    }
}

impl MissingValue {
    /// The property, if the model was read from a graph.
    pub fn property(&self) -> Option<NamedNodeRef<'_>> {
        self.finding.as_ref()?.property()
    }

    /// The node that lacks the property, if the model was read from a graph.
    pub fn node(&self) -> Option<NamedOrBlankNodeRef<'_>> {
        Some(self.finding.as_ref()?.subject.as_ref())
    }

    /// Where it was missed, and what was found instead, if the model was read from a graph.
    pub fn finding(&self) -> Option<&Finding> {
        self.finding.as_deref()
    }
}

impl fmt::Display for MissingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(finding) = &self.finding else {
            return f.write_str("a required value of this model was never set");
        };
        let (statement, path) = (&finding.statement, finding.path_text());
        if finding.expected == Expected::LessSharing {
            write!(
                f,
                "{path} of {statement} was not read: expected {}",
                finding.expected
            )
        } else if finding.found.is_empty() {
            write!(f, "{statement} has no {path}, which the ontology requires")
        } else {
            let found = finding.found_text();
            write!(f, "{path} of {statement} cannot be read: found {found}")
        }
    }
}

impl Error for MissingValue {}

impl<T> Default for Required<T> {
    /// A missing value.
    fn default() -> Self {
        Self(Err(MissingValue::default()))
    }
}

impl<T: PartialEq> PartialEq for Required<T> {
    /// Two missing values are equal wherever they were missed; equality of models is about what
    /// they say.
    fn eq(&self, other: &Self) -> bool {
        self.as_option() == other.as_option()
    }
}

impl<T> From<T> for Required<T> {
    fn from(value: T) -> Self {
        Self(Ok(value))
    }
}

impl<T> From<Option<T>> for Required<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(Self::default, Self::from)
    }
}

impl From<&str> for Required<String> {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&str> for Required<crate::PartialDate> {
    fn from(text: &str) -> Self {
        crate::PartialDate::from(text).into()
    }
}

impl From<&str> for Required<crate::Number> {
    fn from(text: &str) -> Self {
        crate::Number::from(text).into()
    }
}

impl<T: fmt::Debug> fmt::Debug for Required<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_option() {
            Some(value) => value.fmt(f),
            None => f.write_str("missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_is_an_error_and_not_an_empty_text() {
        let missing = Required::<String>::default();
        assert!(missing.is_missing());
        assert_eq!(
            missing.get().unwrap_err().to_string(),
            "a required value of this model was never set"
        );
        assert_ne!(missing, Required::from(""));
        assert_eq!(format!("{missing:?}"), "missing");
        assert_eq!(Required::<String>::from(None).into_option(), None);
    }

    #[test]
    fn a_value_that_is_there_can_be_read_and_changed() {
        let mut title = Required::<String>::from("Aspirin");
        title.as_option_mut().unwrap().push_str(" 81 MG");
        assert_eq!(title.get().unwrap(), "Aspirin 81 MG");
        assert_eq!(title.into_inner().unwrap(), "Aspirin 81 MG");
    }
}
