//! What the scopes of a token let it do, in both spellings of
//! [SMART App Launch](https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html).

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interaction {
    Read,
    Search,
}

/// Whether one of the scopes allows this with resources of this type. The original server never
/// looks.
///
/// An approval is for one patient, so a `user/` scope opens no more than a `patient/` scope. Scopes
/// narrowed by a query are not understood and open nothing.
pub(crate) fn permits(scope: &str, resource_type: &str, interaction: Interaction) -> bool {
    scope
        .split_whitespace()
        .filter_map(|one| one.strip_prefix("patient/").or(one.strip_prefix("user/")))
        .filter_map(|one| one.split_once('.'))
        .any(|(name, permission)| {
            (name == "*" || name == resource_type) && includes(permission, interaction)
        })
}

fn includes(permission: &str, interaction: Interaction) -> bool {
    match permission {
        "read" | "*" => true,
        letters => {
            let needed = match interaction {
                Interaction::Read => 'r',
                Interaction::Search => 's',
            };
            is_in_order(letters) && letters.contains(needed)
        }
    }
}

/// The letters of version 2 come in one order, each once.
fn is_in_order(letters: &str) -> bool {
    let mut rest = "cruds".chars();
    letters
        .chars()
        .all(|letter| rest.any(|known| known == letter))
}

#[cfg(test)]
mod tests {
    use super::Interaction::{Read, Search};
    use super::*;

    #[test]
    fn scopes_open_what_they_say() {
        for (scope, resource_type, interaction, allowed) in [
            ("launch/patient patient/*.read", "Observation", Search, true),
            ("patient/Observation.read", "Observation", Read, true),
            ("patient/Observation.read", "Patient", Read, false),
            ("patient/Observation.rs", "Observation", Search, true),
            ("patient/Observation.r", "Observation", Search, false),
            ("patient/Observation.s", "Observation", Read, false),
            ("patient/*.cruds", "Patient", Read, true),
            ("patient/*.sr", "Patient", Read, false),
            ("patient/*.rr", "Patient", Read, false),
            ("patient/*.write", "Patient", Read, false),
            ("patient/*.*", "Patient", Read, true),
            ("user/*.read", "Patient", Read, true),
            ("system/*.read", "Patient", Read, false),
            (
                "patient/Observation.rs?category=laboratory",
                "Observation",
                Read,
                false,
            ),
            ("nonsense", "Patient", Read, false),
            ("patient/*.", "Patient", Read, false),
            ("", "Patient", Read, false),
        ] {
            assert_eq!(
                permits(scope, resource_type, interaction),
                allowed,
                "{scope} {resource_type} {interaction:?}"
            );
        }
    }
}
