//! How resources name one another.

use crate::base::{Base, has_scheme};
use crate::error::{LinkError, RequestError};
use crate::search::encode_segment;

/// A reference to a resource, told apart by its form ([FHIR,
/// references](https://hl7.org/fhir/R4/references.html#literal)).
///
/// ```
/// use smart_fhir::Reference;
///
/// let Reference::Relative(path) = Reference::parse("Patient/1/_history/2") else { panic!() };
/// assert_eq!((path.resource_type(), path.id(), path.version()), ("Patient", "1", Some("2")));
/// assert!(matches!(Reference::parse("#medication"), Reference::Contained("medication")));
/// assert!(matches!(Reference::parse("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"), Reference::Urn(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reference<'a> {
    /// An `http` address, on this server or another.
    Absolute(&'a str),
    /// `#id`: within the resource that has the reference. An empty id is that resource itself.
    Contained(&'a str),
    /// None of the others.
    Other(&'a str),
    /// `Patient/1`: on the server that the reference came from.
    Relative(Path),
    /// `urn:uuid:…` or `urn:oid:…`: an entry of the same bundle.
    Urn(&'a str),
}

/// The type, id and perhaps version of a resource, without its server: `Patient/1`,
/// `Patient/1/_history/2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    resource_type: String,
    id: String,
    version: Option<String>,
}

impl<'a> Reference<'a> {
    /// Tells by its form what a reference is. Never fails: what has no known form is
    /// [`Other`](Self::Other).
    pub fn parse(text: &'a str) -> Self {
        if let Some(id) = text.strip_prefix('#') {
            return Self::Contained(id);
        }
        let scheme = text
            .split_once(':')
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("http" | "https") => Self::Absolute(text),
            Some("urn") => Self::Urn(text),
            _ if has_scheme(text) => Self::Other(text),
            _ => Path::parse(text).map_or(Self::Other(text), Self::Relative),
        }
    }
}

impl Path {
    /// Reads `Type/id` or `Type/id/_history/version`.
    ///
    /// # Errors
    ///
    /// [`RequestError::BadReference`] for anything else. Ids are taken as servers make them: longer
    /// than FHIR allows and with other characters too, but never such that they could change the
    /// path.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let bad = || RequestError::BadReference {
            reference: text.to_owned(),
        };
        let mut steps = text.split('/');
        let (Some(resource_type), Some(id)) = (steps.next(), steps.next()) else {
            return Err(bad());
        };
        let version = match (steps.next(), steps.next(), steps.next()) {
            (None, ..) => None,
            (Some("_history"), Some(version), None) if is_id(version) => Some(version.to_owned()),
            _ => return Err(bad()),
        };
        if !is_type(resource_type) || !is_id(id) {
            return Err(bad());
        }
        Ok(Self {
            resource_type: resource_type.to_owned(),
            id: id.to_owned(),
            version,
        })
    }

    /// The type, such as `Patient`.
    pub fn resource_type(&self) -> &str {
        &self.resource_type
    }

    /// The id, without the type.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version, if the reference is to one.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Percent-encoded, below a base.
    pub(crate) fn to_path(&self) -> String {
        let path = format!("{}/{}", self.resource_type, encode_segment(&self.id));
        match &self.version {
            Some(version) => format!("{path}/_history/{}", encode_segment(version)),
            None => path,
        }
    }

    /// What an absolute address names below a base; an address elsewhere is an error.
    ///
    /// # Errors
    ///
    /// The address has another origin than the base, or is not below it, or does not end as a
    /// reference does.
    pub fn below(base: &Base, address: &str) -> Result<Self, LinkError> {
        base.resolve(address)?;
        let path = base.below(address).ok_or(LinkError::Malformed)?;
        Self::parse(&path).map_err(|_| LinkError::Malformed)
    }
}

/// Types begin with a capital and have letters only.
pub(crate) fn is_type(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// What may stand in a path as one step: FHIR's ids, and the longer and odder ones of real servers.
pub(crate) fn is_id(text: &str) -> bool {
    let odd = |one: char| {
        one.is_control() || one.is_whitespace() || matches!(one, '/' | '\\' | '?' | '#' | '%')
    };
    !text.is_empty() && text.len() <= 256 && !matches!(text, "." | "..") && !text.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_apart() {
        for (text, kind) in [
            ("#", "Contained"),
            ("#m1", "Contained"),
            ("Patient/1", "Relative"),
            ("Patient/a_b~c:d", "Relative"),
            ("Patient/1/_history/2", "Relative"),
            ("https://ehr.example/fhir/Patient/1", "Absolute"),
            ("HTTP://ehr.example/Patient/1", "Absolute"),
            ("urn:uuid:1", "Urn"),
            ("URN:OID:1.2", "Urn"),
            ("", "Other"),
            ("Patient", "Other"),
            ("Patient/", "Other"),
            ("patient/1", "Other"),
            ("Patient/..", "Other"),
            ("Patient/1/2", "Other"),
            ("Patient/1/_history", "Other"),
            ("Patient/1/_history/", "Other"),
            ("Patient/1/_history/2/3", "Other"),
            ("Patient/1?x=y", "Other"),
            ("Patient/%2e%2e", "Other"),
            ("../Patient/1", "Other"),
            ("//evil.example/Patient/1", "Other"),
            ("javascript:Patient/1", "Other"),
        ] {
            let found = format!("{:?}", Reference::parse(text));
            assert!(found.starts_with(kind), "{text}: {found}");
        }
    }

    #[test]
    fn absolute_references_lead_below_the_base_or_nowhere() {
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        let path = Path::below(&base, "https://ehr.example/fhir/Patient/1").unwrap();
        assert_eq!(path.to_path(), "Patient/1");
        for (address, error) in [
            ("https://ehr.example/other/Patient/1", "no http address"),
            (
                "https://evil.example/fhir/Patient/1",
                "https://evil.example",
            ),
            (
                "https://ehr.example@evil.example/fhir/Patient/1",
                "user information",
            ),
        ] {
            let found = Path::below(&base, address).unwrap_err().to_string();
            assert!(found.contains(error), "{address}: {found}");
        }
    }
}
