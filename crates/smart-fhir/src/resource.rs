//! A resource as it came, with the few members that all types share.

pub(crate) mod capabilities;
pub(crate) mod json;
pub(crate) mod outcome;
pub(crate) mod reference;

use std::fmt;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::error::ReadError;

/// A [FHIR resource](https://hl7.org/fhir/R4/resource.html) of any type and release, kept as JSON.
///
/// Numbers keep the text that the server wrote (`1.00` stays `1.00`, and `1E3` stays `1E3`: [FHIR,
/// decimal](https://hl7.org/fhir/R4/datatypes.html#decimal)) and objects keep the order of their
/// members, also when the resource is written again. Reading it as a type with an `f64` rounds;
/// `serde_json::Number`, or a decimal type that reads it, does not. A number that an `f64` would
/// make infinite or zero is an error there.
///
/// Nothing in it is checked but that it is an object with a `resourceType`. [`view`](Self::view)
/// reads it as any type that implements serde's `Deserialize`: a model of FHIR from another crate,
/// or a struct of the few members that an app needs.
///
/// ```
/// use smart_fhir::Resource;
///
/// let patient = Resource::from_json(br#"{"resourceType": "Patient", "id": "1", "name": [{"family": "Adams"}]}"#)?;
/// assert_eq!(patient.resource_type(), "Patient");
/// assert_eq!(patient.text("name.0.family"), Some("Adams"));
///
/// #[derive(serde::Deserialize)]
/// struct Named { name: Vec<Name> }
/// #[derive(serde::Deserialize)]
/// struct Name { family: String }
/// let named: Named = patient.view()?;
/// assert_eq!(named.name[0].family, "Adams");
/// # Ok::<(), smart_fhir::ReadError>(())
/// ```
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Resource(Value);

impl Resource {
    /// Takes an object with a `resourceType`.
    ///
    /// # Errors
    ///
    /// [`ReadError::NotAResource`] for any other value.
    pub fn new(value: Value) -> Result<Self, ReadError> {
        match value.get("resourceType") {
            Some(Value::String(name)) if !name.is_empty() => Ok(Self(value)),
            _ => Err(ReadError::NotAResource),
        }
    }

    /// Reads one from JSON, within the default [`Limits`](crate::Limits).
    ///
    /// # Errors
    ///
    /// The bytes are no JSON, too long or too deep, or no resource.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReadError> {
        let limits = crate::Limits::default();
        Self::new(json::parse(bytes, limits.bytes, &limits)?)
    }

    /// The name of its type, such as `Patient`.
    pub fn resource_type(&self) -> &str {
        self.0["resourceType"].as_str().unwrap_or_default()
    }

    /// Its id, without the type. Resources that were never stored have none.
    pub fn id(&self) -> Option<&str> {
        self.0["id"].as_str()
    }

    /// `Patient/1`: what other resources of the same server call it.
    pub fn reference(&self) -> Option<String> {
        Some(format!("{}/{}", self.resource_type(), self.id()?))
    }

    /// The version, for [`if_match`](crate::Interaction::if_match).
    pub fn version(&self) -> Option<&str> {
        self.text("meta.versionId")
    }

    /// When the server last changed it, as FHIR writes instants.
    pub fn last_updated(&self) -> Option<&str> {
        self.text("meta.lastUpdated")
    }

    /// What lies at a path of names and places, such as `name.0.given.1`.
    pub fn at(&self, path: &str) -> Option<&Value> {
        path.split('.')
            .try_fold(&self.0, |value, step| match value {
                Value::Array(items) => items.get(step.parse::<usize>().ok()?),
                _ => value.get(step),
            })
    }

    /// The text at a path.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The resource with this id that it brought along within itself ([FHIR, contained
    /// resources](https://hl7.org/fhir/R4/references.html#contained)); the id without `#`.
    pub fn contained(&self, id: &str) -> Option<&Value> {
        let contained = self.0["contained"].as_array()?;
        contained.iter().find(|one| one["id"].as_str() == Some(id))
    }

    /// Reads it as any type.
    ///
    /// # Errors
    ///
    /// The type does not fit.
    pub fn view<T: DeserializeOwned + 'static>(&self) -> Result<T, ReadError> {
        json::view(&self.0)
    }

    /// Reads it as any type, taking it apart.
    ///
    /// # Errors
    ///
    /// The type does not fit.
    pub fn into_view<T: DeserializeOwned + 'static>(self) -> Result<T, ReadError> {
        json::into_view(self.0)
    }

    /// The JSON.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The JSON, to change it.
    pub fn into_value(self) -> Value {
        self.0
    }

    /// Fails unless it is of this type.
    ///
    /// # Errors
    ///
    /// [`ReadError::WrongType`] names both.
    pub fn expect_type(self, name: &str) -> Result<Self, ReadError> {
        if self.resource_type() == name {
            return Ok(self);
        }
        Err(ReadError::WrongType {
            expected: name.to_owned(),
            found: self.resource_type().to_owned(),
        })
    }
}

impl<'de> Deserialize<'de> for Resource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::new(value).map_err(D::Error::custom)
    }
}

impl fmt::Debug for Resource {
    /// The type alone: the rest is about a patient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resource")
            .field(&self.resource_type())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_found_by_their_path() {
        let resource = Resource::new(json!({
            "resourceType": "Patient", "id": "p",
            "meta": {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z"},
            "name": [{"given": ["Amy", "B."]}],
            "contained": [{"resourceType": "Organization", "id": "o"}],
        }))
        .unwrap();
        assert_eq!(resource.text("name.0.given.1"), Some("B."));
        assert_eq!(resource.reference().as_deref(), Some("Patient/p"));
        assert_eq!(resource.version(), Some("3"));
        assert!(resource.last_updated().is_some());
        assert!(resource.contained("o").is_some() && resource.contained("x").is_none());
        for nowhere in ["", "name.x", "name.7", "name.0.given.0.x", "id.0", "."] {
            assert_eq!(resource.at(nowhere), None, "{nowhere}");
        }
        assert_eq!(format!("{resource:?}"), "Resource(\"Patient\")");
    }

    #[test]
    fn what_has_no_type_is_no_resource() {
        for value in [
            json!({}),
            json!([]),
            json!("Patient"),
            json!({"resourceType": 1}),
            json!({"resourceType": ""}),
        ] {
            assert!(matches!(Resource::new(value), Err(ReadError::NotAResource)));
        }
        assert!(serde_json::from_str::<Resource>("{}").is_err());
        let patient = Resource::from_json(br#"{"resourceType": "Patient"}"#).unwrap();
        assert!(patient.clone().expect_type("Patient").is_ok());
        assert!(patient.expect_type("Bundle").is_err());
    }
}
