//! Codes: check digits, titles, and the tree that describes them.

use std::collections::HashMap;

use smart_api::vocab::sp;
use smart_rdf::vocab::{dcterms, rdf};
use smart_rdf::{Graph, NamedNodeRef, NamedOrBlankNodeRef, TermRef};

use crate::{DEFAULT_SEED, patients};

/// URI, identifier and title of every code that many patients use, each URI once for each title.
fn codes() -> Vec<(String, String, String)> {
    let mut codes = Vec::new();
    for made in patients(DEFAULT_SEED, 400) {
        for node in made.graph.instances_of(sp::class::CODE) {
            if let NamedOrBlankNodeRef::NamedNode(uri) = node {
                let identifier = text(&made.graph, node, dcterms::IDENTIFIER);
                let title = text(&made.graph, node, dcterms::TITLE);
                let system = text(&made.graph, node, sp::SYSTEM);
                assert_eq!(uri.as_str(), format!("{system}{identifier}"));
                codes.push((uri.as_str().to_owned(), identifier, title));
            }
        }
    }
    codes.sort();
    codes.dedup();
    codes
}

fn text(graph: &Graph, node: NamedOrBlankNodeRef<'_>, property: NamedNodeRef<'_>) -> String {
    match graph.object(node, property) {
        Some(TermRef::Literal(literal)) => literal.value().to_owned(),
        other => panic!("{node} has no {property}: {other:?}"),
    }
}

#[test]
fn every_code_is_well_formed_and_has_one_title() {
    let codes = codes();
    let mut titles: HashMap<&str, &str> = HashMap::new();
    for (uri, identifier, title) in &codes {
        let first = titles.entry(uri).or_insert(title);
        assert_eq!(first, title, "two titles for {uri}");
        assert_eq!(title.trim(), title, "{uri}");
        assert!(!title.is_empty(), "{uri}");
        if uri.contains("/SNOMEDCT/") {
            assert!(verhoeff(identifier), "{uri} {title}");
        } else if uri.contains("/LNC/") {
            assert!(loinc(identifier), "{uri} {title}");
        } else if uri.contains("/RXNORM/") || uri.contains("rpt=cvx#") {
            assert!(
                identifier.bytes().all(|byte| byte.is_ascii_digit()),
                "{uri}"
            );
        }
    }
    let many = |part: &str| codes.iter().filter(|(uri, ..)| uri.contains(part)).count();
    assert!(many("/SNOMEDCT/") > 60, "{}", many("/SNOMEDCT/"));
    assert!(many("/RXNORM/") > 40, "{}", many("/RXNORM/"));
    assert!(many("/LNC/") > 30, "{}", many("/LNC/"));
}

#[test]
fn a_coded_value_bears_the_title_of_its_code() {
    for made in patients(DEFAULT_SEED, 50) {
        let mut seen = 0;
        for value in made.graph.instances_of(sp::class::CODED_VALUE) {
            let code = made.graph.object(value, sp::CODE);
            let Some(TermRef::NamedNode(code)) = code else {
                panic!("{value} has no code");
            };
            assert_eq!(
                text(&made.graph, value, dcterms::TITLE),
                text(&made.graph, code.into(), dcterms::TITLE)
            );
            // sp:Code and the class of its code set
            assert_eq!(made.graph.objects(code, rdf::TYPE).count(), 2, "{code}");
            seen += 1;
        }
        assert!(seen > 0);
    }
}

#[test]
fn check_digits_catch_one_wrong_digit() {
    assert!(verhoeff("44054006") && verhoeff("428041000124106"));
    assert!(!verhoeff("44054005") && !verhoeff("44045006"));
    assert!(loinc("8480-6") && loinc("39156-5"));
    assert!(!loinc("8480-5") && !loinc("8408-6") && !loinc("8480"));
}

/// The check of SNOMED CT identifiers: Verhoeff's, over the dihedral group of order ten.
fn verhoeff(identifier: &str) -> bool {
    let digits = identifier
        .bytes()
        .rev()
        .map(|byte| usize::from(byte - b'0'));
    let check = digits.enumerate().fold(0, |check, (position, digit)| {
        let permuted = (0..position % 8).fold(digit, |digit, _| PERMUTATION[digit]);
        multiply(check, permuted)
    });
    check == 0
}

const PERMUTATION: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// In the dihedral group: 0 to 4 are rotations, 5 to 9 are reflections.
fn multiply(one: usize, other: usize) -> usize {
    match (one < 5, other < 5) {
        (true, true) => (one + other) % 5,
        (true, false) => 5 + (one + other) % 5,
        (false, true) => 5 + (one + 5 - other) % 5,
        (false, false) => (one + 5 - other) % 5,
    }
}

/// The check of LOINC codes: mod 10, every second digit from the right doubled.
fn loinc(identifier: &str) -> bool {
    let Some((number, check)) = identifier.split_once('-') else {
        return false;
    };
    let digits = number.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(position, digit)| match position % 2 {
            0 => digit * 2 / 10 + digit * 2 % 10,
            _ => digit,
        })
        .sum();
    check == ((10 - sum % 10) % 10).to_string()
}
