//! Which elements there are.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is known of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// The type that declares it, which is in the property's name.
    pub(super) owner: &'static str,
    pub(super) type_name: &'static str,
    pub(super) repeats: bool,
}

#[derive(Debug, Default)]
struct Type {
    extends: Option<&'static str>,
    elements: HashMap<&'static str, Element>,
}

static TYPES: LazyLock<HashMap<&'static str, Type>> =
    LazyLock::new(|| read(include_str!("elements.txt")));

/// The element of a type or of what it extends.
pub(super) fn element(type_name: &str, name: &str) -> Option<Element> {
    let mut at = TYPES.get(type_name);
    while let Some(found) = at {
        if let Some(element) = found.elements.get(name) {
            return Some(*element);
        }
        at = found.extends.and_then(|extended| TYPES.get(extended));
    }
    None
}

/// Whether this is a type of resource that is known.
pub(super) fn is_resource(name: &str) -> bool {
    TYPES
        .get(name)
        .is_some_and(|found| found.extends == Some("DomainResource"))
}

fn read(table: &'static str) -> HashMap<&'static str, Type> {
    let mut types: HashMap<&'static str, Type> = HashMap::new();
    let mut owner = "";
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (Some(first), second, third) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        if !line.starts_with(' ') {
            owner = first;
            types.entry(owner).or_default().extends = third;
        } else if let Some(type_name) = second {
            let name = first.trim_end_matches('*');
            let element = Element {
                owner,
                type_name,
                repeats: name.len() < first.len(),
            };
            types
                .entry(owner)
                .or_default()
                .elements
                .insert(name, element);
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::super::values::is_primitive;
    use super::*;

    #[test]
    fn the_table_is_closed() {
        assert_eq!(TYPES.len(), 96);
        for (name, found) in TYPES.iter() {
            assert!(
                found
                    .extends
                    .is_none_or(|extended| TYPES.contains_key(extended)),
                "{name}"
            );
            for (element, known) in &found.elements {
                let type_name = known.type_name;
                assert!(
                    is_primitive(type_name) || TYPES.contains_key(type_name),
                    "{name}.{element}: {type_name}"
                );
                assert_eq!(known.owner, *name);
            }
        }
    }

    #[test]
    fn elements_belong_to_the_type_that_declares_them() {
        for (type_name, name, owner, of_type, repeats) in [
            ("Patient", "birthDate", "Patient", "date", false),
            ("Patient", "meta", "Resource", "Meta", false),
            ("Patient", "extension", "DomainResource", "Extension", true),
            (
                "Patient.contact",
                "name",
                "Patient.contact",
                "HumanName",
                false,
            ),
            (
                "Patient.contact",
                "modifierExtension",
                "BackboneElement",
                "Extension",
                true,
            ),
            ("Patient.contact", "extension", "Element", "Extension", true),
            ("Age", "value", "Quantity", "decimal", false),
            (
                "Observation.component",
                "referenceRange",
                "Observation.component",
                "Observation.referenceRange",
                true,
            ),
        ] {
            let found = element(type_name, name);
            assert_eq!(
                found,
                Some(Element {
                    owner,
                    type_name: of_type,
                    repeats
                }),
                "{type_name}.{name}"
            );
        }
        assert_eq!(element("Patient", "favoriteColor"), None);
        assert!(
            is_resource("Patient") && !is_resource("HumanName") && !is_resource("MedicationOrder")
        );
    }
}
