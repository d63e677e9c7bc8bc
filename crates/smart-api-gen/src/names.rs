//! Every decision about names: what the ontology calls a thing, and what Rust calls it.
//!
//! An ontology may come from a container, so a name is checked before it becomes a file or an
//! identifier.

use std::fmt;

use smart_rdf::NamedNode;
use thiserror::Error;

/// A valid Rust identifier in ASCII.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Identifier(String);

impl Identifier {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ontology calls something what Rust cannot.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NameError {
    /// The name is no identifier.
    #[error(
        "`{name}` cannot name a {what}: it wants lower-case words joined by underscores, beginning with a letter"
    )]
    NotSnakeCase {
        /// The name.
        name: String,
        /// What it should name.
        what: &'static str,
    },
    /// Something has no letters to make the name of a type of.
    #[error("no type or variant can be named after `{name}`")]
    NotAType {
        /// What it is called.
        name: String,
    },
    /// The last part of an IRI has no letters to make a constant of.
    #[error("no constant can be named after {iri}")]
    NotAConstant {
        /// The IRI.
        iri: String,
    },
}

/// `get_medications` as the name of a file, a function or a field: as it is, but for Rust's
/// keywords.
pub(crate) fn function(name: &str, what: &'static str) -> Result<Identifier, NameError> {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let ends = !name.ends_with('_') && !name.contains("__");
    if !(begins && goes_on && ends) {
        return Err(NameError::NotSnakeCase {
            name: name.to_owned(),
            what,
        });
    }
    let suffix = if KEYWORDS.contains(&name) { "_" } else { "" };
    Ok(Identifier(format!("{name}{suffix}")))
}

/// The method that sets a query parameter, kept apart from the methods that every prepared call
/// has.
pub(crate) fn query_method(name: &str) -> Result<Identifier, NameError> {
    let method = function(name, "query parameter")?;
    if TAKEN_METHODS.contains(&name) {
        return Ok(Identifier(format!("{name}_parameter")));
    }
    Ok(method)
}

/// `get_medications` as a type: `GetMedications`. The words of a checked name suffice.
pub(crate) fn type_name(name: &Identifier) -> Identifier {
    let words = name.as_str().split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    Identifier(words.collect())
}

/// The last part of an IRI as the name of a type: `http://smartplatforms.org/terms#VitalSignSet` as
/// `VitalSignSet`.
pub(crate) fn class_type(iri: &NamedNode) -> Result<Identifier, NameError> {
    let name = camel_case(local_name(iri));
    let name = name.filter(|name| !TAKEN_TYPES.contains(&name.as_str()));
    name.ok_or_else(|| NameError::NotAType {
        name: local_name(iri).to_owned(),
    })
}

/// The last part of an IRI as the name of a file: `vital_sign_set`.
pub(crate) fn module(iri: &NamedNode) -> Result<Identifier, NameError> {
    function(&snake_case(local_name(iri)), "class")
}

/// A property as the name of a field: `drug_name`, and in the plural if it holds several.
pub(crate) fn field(
    property: &NamedNode,
    label: Option<&str>,
    is_plural: bool,
) -> Result<Identifier, NameError> {
    let name = SPOKEN
        .iter()
        .find(|(iri, _)| *iri == property.as_str())
        .map_or_else(
            || snake_case(label.unwrap_or_else(|| local_name(property))),
            |(_, spoken)| (*spoken).to_owned(),
        );
    // What every model has is called so already.
    let name = if matches!(name.as_str(), "subject" | "labels" | "classes") {
        format!("{name}_property")
    } else {
        name
    };
    function(&if is_plural { plural(&name) } else { name }, "property")
}

/// A code as the name of a variant: by its title where the code itself is a number.
pub(crate) fn variant(identifier: &str, title: &str) -> Result<Identifier, NameError> {
    let is_number = identifier.starts_with(|c: char| c.is_ascii_digit());
    let name = if is_number { title } else { identifier };
    let variant = camel_case(&words(name).join("_"));
    // A code that the list does not have is called so.
    let variant = variant.filter(|variant| !matches!(variant.as_str(), "Other" | "Self"));
    variant.ok_or_else(|| NameError::NotAType {
        name: name.to_owned(),
    })
}

/// The method that reads the answer to a call: `medications` for `get_medications`. What a search
/// finds goes by no name of its own.
pub(crate) fn answer_method(call: &Identifier) -> Option<Identifier> {
    let name = ["get_", "post_"]
        .iter()
        .find_map(|verb| call.as_str().strip_prefix(verb))?;
    let is_free = !TAKEN_ANSWER_METHODS.contains(&name);
    is_free.then(|| function(name, "answer").ok()).flatten()
}

/// The name of one of several.
pub(crate) fn singular(name: &Identifier) -> Identifier {
    Identifier(name.as_str().trim_end_matches('s').to_owned())
}

fn snake_case(name: &str) -> String {
    words(name).join("_").to_ascii_lowercase()
}

/// Words run together, each with a capital at its beginning; `None` if that is no identifier.
fn camel_case(name: &str) -> Option<Identifier> {
    let words = words(name).into_iter().map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
    });
    let name: String = words.collect();
    name.starts_with(|c: char| c.is_ascii_uppercase())
        .then_some(Identifier(name))
}

fn plural(name: &str) -> String {
    if UNCOUNTABLE.contains(&name) {
        return name.to_owned();
    }
    let ends = |ending: &str| name.ends_with(ending);
    if let Some(stem) = name.strip_suffix('y') {
        return format!("{stem}ies");
    }
    if ends("ss") || ends("x") || ends("ch") {
        return format!("{name}es");
    }
    if ends("s") {
        return name.to_owned();
    }
    format!("{name}s")
}

/// Properties that vCard and others abbreviate, as one speaks of them.
const SPOKEN: &[(&str, &str)] = &[
    ("http://smartplatforms.org/terms#hasStatement", "statement"),
    ("http://www.w3.org/2006/vcard/ns#adr", "address"),
    ("http://www.w3.org/2006/vcard/ns#n", "name"),
    ("http://www.w3.org/2006/vcard/ns#tel", "telephone"),
];

/// What has no plural.
const UNCOUNTABLE: &[&str] = &["provenance"];

/// `http://smartplatforms.org/terms#drugName` as a constant: `DRUG_NAME`.
pub(crate) fn constant(iri: &NamedNode) -> Result<Identifier, NameError> {
    let name = words(local_name(iri)).join("_").to_ascii_uppercase();
    if name.starts_with(|c: char| c.is_ascii_uppercase()) {
        Ok(Identifier(name))
    } else {
        Err(NameError::NotAConstant {
            iri: iri.as_str().to_owned(),
        })
    }
}

/// `http://smartplatforms.org/terms#drugName` as people write it: `sp:drugName`.
pub(crate) fn compact(iri: &NamedNode) -> String {
    let (namespace, local) = split(iri);
    match PREFIXES.iter().find(|(_, known)| *known == namespace) {
        Some((prefix, _)) => format!("{prefix}:{local}"),
        None => iri.as_str().to_owned(),
    }
}

/// `sp:drugName` as an IRI, with the prefixes that the ontology uses in its texts without declaring
/// them.
pub(crate) fn expand(name: &str) -> Option<NamedNode> {
    let (prefix, local) = name.split_once(':')?;
    let (_, namespace) = PREFIXES.iter().find(|(known, _)| *known == prefix)?;
    NamedNode::new(format!("{namespace}{local}")).ok()
}

/// The part of an IRI after its namespace.
pub(crate) fn local_name(iri: &NamedNode) -> &str {
    split(iri).1
}

/// The namespace of an IRI, its last `#` or `/` included.
pub(crate) fn namespace(iri: &NamedNode) -> &str {
    split(iri).0
}

fn split(iri: &NamedNode) -> (&str, &str) {
    let iri = iri.as_str();
    let end = iri
        .rfind('#')
        .or_else(|| iri.rfind('/'))
        .map_or(0, |place| place + 1);
    iri.split_at(end)
}

/// The words of `drugName`, `RxNorm_Semantic` or `given-name`: a word begins at a capital after a
/// small letter, at the last capital of a run (`VCard`), and after anything that is no letter or
/// digit.
fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (place, &character) in characters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| characters.get(place));
        let after = characters.get(place + 1);
        let begins = character.is_ascii_uppercase()
            && (before.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
                || before.is_some_and(char::is_ascii_uppercase)
                    && after.is_some_and(char::is_ascii_lowercase));
        if begins || !character.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words
            .last_mut()
            .filter(|_| character.is_ascii_alphanumeric())
        {
            word.push(character);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

pub(crate) const SP: &str = "http://smartplatforms.org/terms#";
pub(crate) const SPCODE: &str = "http://smartplatforms.org/terms/codes/";

const PREFIXES: &[(&str, &str)] = &[
    ("dcterms", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("sp", SP),
    ("spcode", SPCODE),
    ("v", "http://www.w3.org/2006/vcard/ns#"),
];

/// The methods that every prepared call has.
const TAKEN_METHODS: &[&str] = &[
    "call",
    "clone",
    "fmt",
    "new",
    "pages",
    "path",
    "query",
    "send",
    "to_request",
    "with_codes",
    "with_query",
    "with_sender",
    "without_query",
];

/// The types that generated code is made of.
const TAKEN_TYPES: &[&str] = &[
    "AnyStatement",
    "Finding",
    "KnownCode",
    "Label",
    "Link",
    "List",
    "Model",
    "NamedNode",
    "NamedNodeRef",
    "Number",
    "Option",
    "PartialDate",
    "Reader",
    "Required",
    "Self",
    "Some",
    "String",
    "Subject",
    "Vec",
    "Writer",
];

/// The methods that every answer has.
const TAKEN_ANSWER_METHODS: &[&str] = &[
    "bytes",
    "check",
    "clone",
    "confirm",
    "content_type",
    "fmt",
    "from_http",
    "graph",
    "headers",
    "into_bytes",
    "item",
    "items",
    "json",
    "status",
    "summary",
];

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn iri(text: &str) -> NamedNode {
        NamedNode::new(text).unwrap()
    }

    #[test]
    fn constants() {
        for (local, expected) in [
            ("terms#drugName", "DRUG_NAME"),
            ("terms#Medication", "MEDICATION"),
            ("terms#dicomImageUID", "DICOM_IMAGE_UID"),
            ("terms#VCardLabels", "V_CARD_LABELS"),
            ("terms#SMARTAPI", "SMARTAPI"),
            ("terms/codes/RxNorm_Semantic", "RX_NORM_SEMANTIC"),
            ("terms/codes/LOINC", "LOINC"),
            ("terms/codes/EncounterType#inPatient2B", "IN_PATIENT2_B"),
            ("ns#given-name", "GIVEN_NAME"),
            ("ns#n", "N"),
            ("ns#café", "CAF"),
        ] {
            assert_eq!(
                constant(&iri(&format!("http://localhost/{local}")))
                    .unwrap()
                    .as_str(),
                expected
            );
        }
        for local in ["terms#", "terms#2nd", "terms/"] {
            assert!(
                constant(&iri(&format!("http://localhost/{local}"))).is_err(),
                "{local}"
            );
        }
    }

    #[test]
    fn functions_and_types() {
        for (name, expected_function, expected_type) in [
            ("get_medications", "get_medications", "GetMedications"),
            (
                "get_vital_sign_sets",
                "get_vital_sign_sets",
                "GetVitalSignSets",
            ),
            ("search", "search", "Search"),
            ("match", "match_", "Match"),
        ] {
            let function = function(name, "call").unwrap();
            assert_eq!(function.as_str(), expected_function);
            assert_eq!(type_name(&function).as_str(), expected_type);
        }
        for name in [
            "", "_", "Get", "get-it", "../main", "get__it", "get_", "1st", "get it", "gét", "a/b",
        ] {
            assert!(function(name, "call").is_err(), "{name}");
        }
    }

    #[test]
    fn fields() {
        for (iri_text, label, singular, plural) in [
            (
                "http://smartplatforms.org/terms#drugName",
                None,
                "drug_name",
                "drug_names",
            ),
            (
                "http://smartplatforms.org/terms#series",
                None,
                "series",
                "series",
            ),
            (
                "http://smartplatforms.org/terms#productClass",
                None,
                "product_class",
                "product_classes",
            ),
            (
                "http://smartplatforms.org/terms#modality",
                None,
                "modality",
                "modalities",
            ),
            (
                "http://smartplatforms.org/terms#provenance",
                None,
                "provenance",
                "provenance",
            ),
            (
                "http://smartplatforms.org/terms#type",
                None,
                "type_",
                "types",
            ),
            (
                "http://smartplatforms.org/terms#subject",
                None,
                "subject_property",
                "subject_properties",
            ),
            (
                "http://www.w3.org/2006/vcard/ns#adr",
                None,
                "address",
                "addresses",
            ),
            (
                "http://www.w3.org/2006/vcard/ns#bday",
                Some("dateOfBirth"),
                "date_of_birth",
                "date_of_births",
            ),
            (
                "http://smartplatforms.org/terms#dicomImageUID",
                None,
                "dicom_image_uid",
                "dicom_image_uids",
            ),
        ] {
            let iri = iri(iri_text);
            assert_eq!(field(&iri, label, false).unwrap().as_str(), singular);
            assert_eq!(field(&iri, label, true).unwrap().as_str(), plural);
        }
        assert!(field(&iri("http://smartplatforms.org/terms#2nd"), None, false).is_err());
    }

    #[test]
    fn types_and_variants() {
        for (local, expected_type, expected_module) in [
            ("terms#VitalSignSet", "VitalSignSet", "vital_sign_set"),
            ("terms/codes/LOINC", "Loinc", "loinc"),
            ("terms#VCardLabels", "VCardLabels", "v_card_labels"),
        ] {
            let iri = iri(&format!("http://localhost/{local}"));
            assert_eq!(class_type(&iri).unwrap().as_str(), expected_type);
            assert_eq!(module(&iri).unwrap().as_str(), expected_module);
        }
        for (identifier, title, expected) in [
            ("doseGiven", "Dose given", "DoseGiven"),
            ("AR", "Autorefraction", "Ar"),
            ("8306-3", "Body height (lying)", "BodyHeightLying"),
            ("24484000", "Severe", "Severe"),
        ] {
            assert_eq!(variant(identifier, title).unwrap().as_str(), expected);
        }
        assert!(class_type(&iri("http://localhost/terms#String")).is_err());
        for (identifier, title) in [("1", "2 pills"), ("other", ""), ("1", "")] {
            assert!(variant(identifier, title).is_err(), "{identifier} {title}");
        }
    }

    #[test]
    fn query_methods_stay_clear_of_what_every_call_has() {
        assert_eq!(query_method("date_from").unwrap().as_str(), "date_from");
        assert_eq!(query_method("send").unwrap().as_str(), "send_parameter");
        assert_eq!(query_method("type").unwrap().as_str(), "type_");
    }

    #[test]
    fn prefixes_go_both_ways() {
        for (short, long) in [
            ("sp:startDate", "http://smartplatforms.org/terms#startDate"),
            (
                "spcode:LOINC",
                "http://smartplatforms.org/terms/codes/LOINC",
            ),
            ("dcterms:date", "http://purl.org/dc/terms/date"),
        ] {
            assert_eq!(expand(short), Some(iri(long)));
            assert_eq!(compact(&iri(long)), short);
        }
        assert_eq!(expand("nobody:knows"), None);
        assert_eq!(expand("startDate"), None);
        assert_eq!(expand("sp:start date"), None);
        assert_eq!(
            compact(&iri("http://localhost/a#b")),
            "http://localhost/a#b"
        );
    }
}
