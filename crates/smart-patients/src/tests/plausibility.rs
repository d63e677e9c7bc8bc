//! Stories make sense: dates in order, drugs without allergens, weight and height that give the
//! body mass index.

use proptest::prelude::{ProptestConfig, proptest};
use smart_api::vocab::sp;
use smart_rdf::vocab::{dcterms, rdf, vcard};
use smart_rdf::{Graph, NamedNodeRef, NamedOrBlankNodeRef, TermRef};

use super::texts;
use crate::random::Source;
use crate::story::Story;
use crate::{DEFAULT_SEED, LAST_DAY, patient, patients};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn dates_are_in_order(seed: u64, index in 0_usize..50_000) {
        check_dates(&patient(seed, index).graph);
    }

    #[test]
    fn nobody_is_given_what_they_do_not_stand(seed: u64, index in 1_usize..50_000) {
        let story = Story::invent(&Source { seed, index });
        for prescription in &story.prescriptions {
            for allergen in &story.allergies {
                assert!(!allergen.rules_out(prescription.drug), "{story:#?}");
            }
            let age = prescription.from.age(story.person.born);
            let (youngest, oldest) = prescription.drug.ages;
            assert!((youngest..=oldest).contains(&age), "{story:#?}");
        }
    }

    #[test]
    fn what_a_condition_leads_to_comes_after_it(seed: u64, index in 0_usize..50_000) {
        let story = Story::invent(&Source { seed, index });
        for (position, episode) in story.episodes.iter().enumerate() {
            let mut earlier = story.episodes[..position].iter().map(|episode| episode.condition);
            let needs = &episode.condition.needs;
            let explained = earlier.any(|condition| needs.contains(&condition.key));
            assert!(needs.is_empty() || explained, "{story:#?}");
        }
    }

    #[test]
    fn nobody_takes_the_same_drug_twice(seed: u64, index in 0_usize..50_000) {
        let story = Story::invent(&Source { seed, index });
        let mut names: Vec<&str> = Vec::new();
        for prescription in &story.prescriptions {
            names.push(prescription.drug.name.id);
        }
        names.sort_unstable();
        assert!(names.is_sorted_by(|one, other| one < other), "{story:#?}");
    }
}

/// Everything of the patient lies between birth and the last day; nothing ends before it starts.
fn check_dates(graph: &Graph) {
    let demographics = graph.instances_of(sp::class::DEMOGRAPHICS).next();
    let demographics = demographics.expect("there is one");
    let born = text(graph, demographics, vcard::BDAY).expect("everybody was born");
    assert_eq!(born.len(), 10);
    for property in [sp::START_DATE, sp::END_DATE, dcterms::DATE] {
        for date in texts(graph, property) {
            // a year alone stands for all its days
            assert!(date.len() == 4 || date.len() == 10, "{date}");
            assert!(date[..] <= LAST_DAY[..date.len()], "{date}");
            assert!(date[..] >= born[..date.len()], "{date}, born on {born}");
        }
    }
    // relatives, some of whom died before the patient was born
    let deaths = texts(graph, vcard::DEATHDATE);
    assert!(
        deaths.iter().all(|date| date.as_str() <= LAST_DAY),
        "{deaths:?}"
    );
    for triple in graph.matching(None, Some(rdf::TYPE), None) {
        let ordered = |from: NamedNodeRef<'_>, to: NamedNodeRef<'_>| {
            let from = text(graph, triple.subject, from);
            if let (Some(from), Some(to)) = (from, text(graph, triple.subject, to)) {
                assert!(to[..from.len()] >= from[..], "{from} to {to}");
            }
        };
        ordered(sp::START_DATE, sp::END_DATE);
        ordered(vcard::BDAY, vcard::DEATHDATE);
    }
    for triple in graph.matching(None, Some(sp::MEDICATION), None) {
        let TermRef::BlankNode(medication) = triple.object else {
            panic!("{triple} is no link");
        };
        let handed_out = text(graph, triple.subject, dcterms::DATE).unwrap();
        let start = text(graph, medication.into(), sp::START_DATE).unwrap();
        let end = text(graph, medication.into(), sp::END_DATE);
        assert!(handed_out[..start.len()] >= start[..]);
        assert!(end.is_none_or(|end| handed_out <= end));
        let back = graph.matching(
            Some(medication.into()),
            Some(sp::FULFILLMENT),
            Some(triple.subject.into()),
        );
        assert_eq!(back.count(), 1, "linked one way only");
    }
}

fn text<'g>(
    graph: &'g Graph,
    node: NamedOrBlankNodeRef<'_>,
    property: NamedNodeRef<'_>,
) -> Option<&'g str> {
    match graph.object(node, property)? {
        TermRef::Literal(literal) => Some(literal.value()),
        _ => None,
    }
}

/// The value of a quantity under a node.
fn value(graph: &Graph, node: NamedOrBlankNodeRef<'_>, property: NamedNodeRef<'_>) -> Option<f64> {
    match graph.object(node, property)? {
        TermRef::BlankNode(quantity) => text(graph, quantity.into(), sp::VALUE)?.parse().ok(),
        _ => None,
    }
}

#[test]
fn weight_and_height_give_the_body_mass_index() {
    let mut seen = 0;
    for made in patients(DEFAULT_SEED, 150) {
        for set in made.graph.instances_of(sp::class::VITAL_SIGN_SET) {
            let height = value(&made.graph, set, sp::HEIGHT).unwrap() / 100.0;
            let weight = value(&made.graph, set, sp::WEIGHT).unwrap();
            assert!((0.4..2.1).contains(&height), "{height}");
            assert!((1.5..170.0).contains(&weight), "{weight}");
            if let Some(index) = value(&made.graph, set, sp::BODY_MASS_INDEX) {
                assert!((weight / (height * height) - index).abs() < 0.051);
                assert!((12.0..45.0).contains(&index), "{index}");
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn the_upper_blood_pressure_is_the_higher_one() {
    for made in patients(DEFAULT_SEED, 150) {
        for pressure in made.graph.instances_of(sp::class::BLOOD_PRESSURE) {
            let upper = value(&made.graph, pressure, sp::SYSTOLIC).unwrap();
            let lower = value(&made.graph, pressure, sp::DIASTOLIC).unwrap();
            assert!(upper >= lower + 15.0, "{upper} over {lower}");
        }
    }
}

#[test]
fn numbers_and_addresses_are_those_of_fiction() {
    for made in patients(DEFAULT_SEED, 200) {
        for address in texts(&made.graph, vcard::EMAIL) {
            assert!(address.ends_with("@example.org"), "{address}");
            assert!(address.is_ascii(), "{address}");
        }
        for number in texts(&made.graph, rdf::VALUE) {
            let line = number.split_once("-555-01").expect("a number of fiction").1;
            assert!(line.len() == 2 && number.len() == 12, "{number}");
        }
    }
}

#[test]
fn some_dates_are_partial() {
    let years = patients(DEFAULT_SEED, 50).filter(|made| {
        let starts = texts(&made.graph, sp::START_DATE);
        starts.iter().any(|start| start.len() == 4)
    });
    assert!(years.count() >= 5);
}
