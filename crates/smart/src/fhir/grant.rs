//! What the granted scopes cover, asked before anything is sent.

use smart_fhir::{Access as Deed, Bundle, Interaction, Resource};
use smart_oauth::oauth2::{Access, ResourceType, Scope, Scopes};

use super::Session;
use super::error::FhirError;

impl Session {
    /// Fails where the scopes do not cover an interaction.
    pub(super) fn check_scopes(&self, interaction: &Interaction) -> Result<(), FhirError> {
        match (interaction.access(), interaction.resource_type()) {
            (Some(deed), Some(name)) => self.check_scope(deed, name),
            // what the server alone can judge
            _ => Ok(()),
        }
    }

    /// The same for all entries of a batch.
    pub(super) fn check_scopes_of_batch(&self, bundle: &Resource) -> Result<(), FhirError> {
        for entry in Bundle::interactions(bundle) {
            if let (Some(deed), Some(name)) = entry {
                self.check_scope(deed, &name)?;
            }
        }
        Ok(())
    }

    fn check_scope(&self, deed: Deed, resource_type: &str) -> Result<(), FhirError> {
        if !self.app().settings().checks_scopes {
            return Ok(());
        }
        let granted = self.scopes().granted;
        if covers(&granted, deed, resource_type) {
            return Ok(());
        }
        Err(FhirError::OutsideScopes {
            needed: format!("{resource_type}.{}", permission(deed)),
            granted: granted.to_string(),
        })
    }
}

/// The types that users are.
const USER_TYPES: [&str; 5] = [
    "Patient",
    "Person",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
];

/// Whether any of the scopes may cover it. The server decides where nothing is known of a grant, a
/// query narrows a scope, or a scope is written in a language of the server's own. `fhirUser`
/// allows reading the user's own resource ([SMART,
/// identity](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data)),
/// and which one that is, the server knows.
fn covers(granted: &Scopes, deed: Deed, resource_type: &str) -> bool {
    granted.is_empty()
        || granted.iter().any(|scope| match scope.plain().as_ref() {
            Scope::FhirUser => deed == Deed::Read && USER_TYPES.contains(&resource_type),
            Scope::Clinical(scope) => {
                let reaches = match scope.resource() {
                    ResourceType::Any => true,
                    ResourceType::Named(name) => name == resource_type,
                };
                reaches && scope.access().contains(permission(deed))
            }
            other => !other.is_understood(),
        })
}

fn permission(deed: Deed) -> Access {
    match deed {
        Deed::Create => Access::CREATE,
        Deed::Read => Access::READ,
        Deed::Update => Access::UPDATE,
        Deed::Delete => Access::DELETE,
        Deed::Search => Access::SEARCH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_of_both_versions_cover_what_they_say() {
        for (scopes, deed, name, covered) in [
            ("patient/*.read", Deed::Search, "Observation", true),
            ("patient/*.read", Deed::Create, "Observation", false),
            ("patient/Observation.rs", Deed::Read, "Observation", true),
            ("patient/Observation.r", Deed::Search, "Observation", false),
            ("patient/Observation.rs", Deed::Read, "Condition", false),
            ("user/*.cruds", Deed::Delete, "Condition", true),
            (
                "patient/Observation.rs?category=laboratory",
                Deed::Search,
                "Observation",
                true,
            ),
            (
                "launch/patient offline_access",
                Deed::Read,
                "Patient",
                false,
            ),
            ("", Deed::Read, "Patient", true),
            ("openid fhirUser", Deed::Read, "Practitioner", true),
            ("openid fhirUser", Deed::Read, "RelatedPerson", true),
            ("openid fhirUser", Deed::Search, "Practitioner", false),
            ("openid fhirUser", Deed::Read, "Observation", false),
            (
                "http://smarthealthit.org/fhir/scopes/patient/*.read",
                Deed::Read,
                "Observation",
                true,
            ),
            (
                "http://smarthealthit.org/fhir/scopes/patient/Patient.read",
                Deed::Read,
                "Observation",
                false,
            ),
            // languages of servers' own
            ("patient.Patient.read", Deed::Read, "Patient", true),
            ("patient/Patient.sr", Deed::Search, "Patient", true),
            (
                "https://ehr.example/patient/Patient.read",
                Deed::Read,
                "Patient",
                true,
            ),
            (
                "openid profile launch/imagingstudy",
                Deed::Read,
                "Patient",
                false,
            ),
        ] {
            let granted: Scopes = scopes.parse().unwrap();
            assert_eq!(
                covers(&granted, deed, name),
                covered,
                "{scopes} {deed:?} {name}"
            );
        }
    }
}
