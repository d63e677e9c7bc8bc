//! What a server says that it can do.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::ReadError;
use crate::resource::Resource;

/// A [CapabilityStatement](https://hl7.org/fhir/R4/capabilitystatement.html), or the `Conformance`
/// that DSTU2 had instead.
///
/// Its first `rest` section counts, as servers have one. Where its OAuth addresses are,
/// `smart-oauth` reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Capabilities {
    fhir_version: Option<String>,
    types: BTreeMap<String, TypeCapabilities>,
    operations: Vec<String>,
    resource: Resource,
}

/// What can be done with one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeCapabilities {
    /// `read`, `vread`, `search-type`, `create`, …
    pub interactions: Vec<String>,
    /// Names of search parameters, each with its type.
    pub search_parameters: BTreeMap<String, String>,
    /// Names of operations, without the `$`.
    pub operations: Vec<String>,
}

impl Capabilities {
    /// Reads one; what breaks the specification is left out.
    ///
    /// # Errors
    ///
    /// [`ReadError::WrongType`] for a resource of another type.
    pub fn from_resource(resource: Resource) -> Result<Self, ReadError> {
        if resource.resource_type() != "Conformance" {
            let resource = resource.expect_type("CapabilityStatement")?;
            return Ok(Self::read(resource));
        }
        Ok(Self::read(resource))
    }

    fn read(resource: Resource) -> Self {
        let rest = &resource.as_value()["rest"][0];
        let types = list(&rest["resource"]).filter_map(|one| {
            let name = one["type"].as_str()?.to_owned();
            Some((name, TypeCapabilities::read(one)))
        });
        Self {
            fhir_version: resource.text("fhirVersion").map(str::to_owned),
            types: types.collect(),
            operations: names(&rest["operation"], "name"),
            resource,
        }
    }

    /// As in `4.0.1`.
    pub fn fhir_version(&self) -> Option<&str> {
        self.fhir_version.as_deref()
    }

    /// The types that the server has, by name.
    pub fn types(&self) -> impl Iterator<Item = (&str, &TypeCapabilities)> {
        self.types.iter().map(|(name, one)| (&**name, one))
    }

    /// What can be done with a type; `None` if the server does not have it.
    pub fn of_type(&self, name: &str) -> Option<&TypeCapabilities> {
        self.types.get(name)
    }

    /// Names of operations on the whole system, without the `$`.
    pub fn operations(&self) -> &[String] {
        &self.operations
    }

    /// The resource as it came.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }
}

impl TypeCapabilities {
    fn read(value: &Value) -> Self {
        let parameters = list(&value["searchParam"]).filter_map(|one| {
            let kind = one["type"].as_str().unwrap_or_default();
            Some((one["name"].as_str()?.to_owned(), kind.to_owned()))
        });
        Self {
            interactions: names(&value["interaction"], "code"),
            search_parameters: parameters.collect(),
            operations: names(&value["operation"], "name"),
        }
    }

    /// Whether the server says that it does this, such as `search-type`.
    pub fn can(&self, interaction: &str) -> bool {
        self.interactions.iter().any(|known| known == interaction)
    }
}

fn list(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map_or(&[][..], Vec::as_slice).iter()
}

fn names(value: &Value, member: &str) -> Vec<String> {
    let names = list(value).filter_map(|one| one[member].as_str());
    names
        .map(|name| name.trim_start_matches('$').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_statements_are_read() {
        for name in ["CapabilityStatement", "Conformance"] {
            let statement = Resource::new(json!({
                "resourceType": name, "fhirVersion": "4.0.1",
                "rest": [{"operation": [{"name": "$export"}, 7], "resource": [
                    {"type": "Patient", "interaction": [{"code": "read"}], "searchParam": [{"name": "name", "type": "string"}]},
                    {"interaction": 7},
                ]}],
            }));
            let found = Capabilities::from_resource(statement.unwrap()).unwrap();
            assert_eq!(found.fhir_version(), Some("4.0.1"));
            assert_eq!(found.operations(), ["export"]);
            let patient = found.of_type("Patient").unwrap();
            assert!(patient.can("read") && !patient.can("create"));
            assert_eq!(patient.search_parameters["name"], "string");
            assert_eq!(found.types().count(), 1);
        }
        let patient = Resource::new(json!({"resourceType": "Patient"})).unwrap();
        assert!(Capabilities::from_resource(patient).is_err());
    }
}
