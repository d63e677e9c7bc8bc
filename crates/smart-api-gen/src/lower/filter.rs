//! What a filter's SPARQL pattern means. The ontology has two kinds, and containers write the
//! comparison themselves:
//!
//! ```text
//! ?v sp:startDate ?d .
//! ?v sp:drugName/sp:code ?c . FILTER (?c = uri(<http://purl.bioontology.org/ontology/RXNORM/{rxnorm}>))
//! ```

use smart_rdf::NamedNode;

use crate::ir::{DateBound, ParameterKind};
use crate::names;

/// The kind of the filter of this name, if its pattern is one of the two.
pub(super) fn kind(name: &str, sparql: &str) -> Option<ParameterKind> {
    // Blanks mean nothing in these patterns but in front of the variables.
    let mut words: Vec<&str> = sparql.split_whitespace().collect();
    let path = match words.get(..4)? {
        ["?v", path, "?d" | "?c", "."] => *path,
        _ => return None,
    };
    let rest: String = words.split_off(4).concat();
    let path: Vec<NamedNode> = path.split('/').map(names::expand).collect::<Option<_>>()?;
    if rest.is_empty() {
        let [property] = <[NamedNode; 1]>::try_from(path).ok()?;
        return Some(ParameterKind::Date {
            bound: bound(name)?,
            property,
        });
    }
    let system = rest.strip_prefix("FILTER(?c=uri(<")?.strip_suffix(">))")?;
    let system = system.strip_suffix(&format!("{{{name}}}"))?;
    let is_address = NamedNode::new(system).is_ok();
    is_address.then(|| ParameterKind::Code {
        property_path: path,
        system: system.to_owned(),
    })
}

/// Which side of the date a filter keeps goes by its name. Without a word on the date itself it is
/// included.
fn bound(name: &str) -> Option<DateBound> {
    match name {
        "date_from" | "date_from_including" => Some(DateBound::From),
        "date_from_excluding" => Some(DateBound::FromExcluding),
        "date_to" | "date_to_including" => Some(DateBound::To),
        "date_to_excluding" => Some(DateBound::ToExcluding),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (name, expected) in [
            ("date_from", DateBound::From),
            ("date_from_including", DateBound::From),
            ("date_from_excluding", DateBound::FromExcluding),
            ("date_to", DateBound::To),
            ("date_to_including", DateBound::To),
            ("date_to_excluding", DateBound::ToExcluding),
        ] {
            let kind = kind(name, "?v dcterms:date ?d .");
            let Some(ParameterKind::Date { bound, property }) = kind else {
                panic!("{name}: {kind:?}")
            };
            assert_eq!(
                (bound, property.as_str()),
                (expected, "http://purl.org/dc/terms/date")
            );
        }
    }

    #[test]
    fn codes() {
        for blank in ["", " ", "\n"] {
            let pattern = format!(
                "?v sp:labName/sp:code ?c .\nFILTER{blank}(?c{blank}={blank}uri(<http://localhost/LNC/{{loinc}}>))"
            );
            let kind = kind("loinc", &pattern);
            let Some(ParameterKind::Code {
                property_path,
                system,
            }) = kind
            else {
                panic!("{pattern}: {kind:?}")
            };
            assert_eq!(
                property_path.iter().map(names::compact).collect::<Vec<_>>(),
                ["sp:labName", "sp:code"]
            );
            assert_eq!(system, "http://localhost/LNC/");
        }
    }

    #[test]
    fn other_patterns_are_not_guessed_at() {
        for (name, pattern) in [
            ("date_from", ""),
            ("date_from", "?v dcterms:date ?d"),
            ("date_from", "?v nobody:date ?d ."),
            ("date_from", "?v sp:encounter/sp:startDate ?d ."),
            ("date_from", r#"?v dcterms:date ?d . FILTER(?d >= "%s")"#),
            ("date_around", "?v dcterms:date ?d ."),
            (
                "loinc",
                "?v sp:code ?c . FILTER(?c=uri(<http://localhost/{rxnorm}>))",
            ),
            (
                "loinc",
                "?v sp:code ?c . FILTER(?c=uri(<not an iri{loinc}>))",
            ),
            (
                "loinc",
                "?v sp:code ?c . FILTER(?c=uri(<http://localhost/{loinc}>)) . ?v ?p ?o",
            ),
        ] {
            assert!(kind(name, pattern).is_none(), "{name}: {pattern}");
        }
    }
}
