//! A value that the ontology asks for exactly once.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// A value that the ontology asks for exactly once, and that a container may leave out all the same.
///
/// It reads like the value itself, `medication.drug_name.title`. A missing one reads as empty: an empty text, a date without
/// a year, a number that is none. [`get`](Self::get) tells the two apart, and so does the finding that a missing value
/// leaves in its [`Reading`](crate::Reading).
///
/// ```
/// use smart_api::Required;
///
/// let title: Required<String> = "Aspirin".into();
/// assert_eq!(title.len(), 7);
/// let missing = Required::<String>::default();
/// assert_eq!(missing.as_str(), "");
/// assert_eq!(missing.get(), None);
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Required<T> {
    /// Of a missing one, the type's default.
    value: T,
    is_missing: bool,
}

impl<T> Required<T> {
    /// The value, if it is there.
    pub const fn get(&self) -> Option<&T> {
        if self.is_missing {
            None
        } else {
            Some(&self.value)
        }
    }

    /// The value, if it is there, without the wrapper.
    pub fn into_option(self) -> Option<T> {
        (!self.is_missing).then_some(self.value)
    }

    /// Whether the container left it out.
    pub const fn is_missing(&self) -> bool {
        self.is_missing
    }
}

impl<T: Default> Default for Required<T> {
    /// A missing value.
    fn default() -> Self {
        Self {
            value: T::default(),
            is_missing: true,
        }
    }
}

impl<T> Deref for Required<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Required<T> {
    /// What is changed is there from then on.
    fn deref_mut(&mut self) -> &mut T {
        self.is_missing = false;
        &mut self.value
    }
}

impl<T> From<T> for Required<T> {
    fn from(value: T) -> Self {
        Self {
            value,
            is_missing: false,
        }
    }
}

impl<T: Default> From<Option<T>> for Required<T> {
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

impl PartialEq<str> for Required<String> {
    fn eq(&self, other: &str) -> bool {
        self.value == other
    }
}

impl PartialEq<&str> for Required<String> {
    fn eq(&self, other: &&str) -> bool {
        self.value == *other
    }
}

impl<T: fmt::Display> fmt::Display for Required<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for Required<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Some(value) => value.fmt(f),
            None => f.write_str("missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_reads_as_empty_and_can_be_told() {
        let mut title = Required::<String>::default();
        assert!(title.is_missing() && title.is_empty());
        assert_eq!(format!("{title}|{title:?}"), "|missing");
        assert_ne!(title, Required::from(""));
        title.push_str("Aspirin");
        assert_eq!(title.get().map(String::as_str), Some("Aspirin"));
        assert_eq!(title, "Aspirin");
        assert_eq!(Required::<String>::from(None).into_option(), None);
    }
}
