//! Who a patient is: sex, age, build, an invented name and an invented place to live.

use std::sync::LazyLock;

use smart_api::vocab::sp;
use smart_rdf::BlankNode;
use smart_rdf::vocab::{dcterms, foaf, rdf, vcard};

use super::conditions::{DIABETES, HYPERLIPIDEMIA, HYPERTENSION};
use super::date::{Day, TODAY};
use super::file::{Known, PatientFile};
use super::random::{Random, Source};
use super::story::Story;
use super::tables::{lines, rows};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sex {
    Female,
    Male,
}

impl Sex {
    /// The sex that tables call so.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "female" => Self::Female,
            "male" => Self::Male,
            _ => panic!("tables name the sexes female and male, not {name}"),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }
}

/// An invented person.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) sex: Sex,
    pub(super) given: &'static str,
    pub(super) middle: Option<&'static str>,
    pub(super) family: &'static str,
    pub(super) born: Day,
    /// Height against the middle of age and sex, in thousandths.
    pub(super) stature: i32,
    /// Body mass index against the middle of age, in thousandths.
    pub(super) girth: i32,
    /// Conditions that this person has in any case.
    pub(super) known_for: &'static [&'static str],
}

impl Person {
    pub(super) fn invent(source: &Source) -> Self {
        let mut random = source.stream("person");
        let person = Self::anybody(&mut random);
        if source.index == 0 {
            return Self {
                sex: Sex::Male,
                given: "Daniel",
                middle: Some("Everett"),
                family: "Adams",
                born: Day::new(1969, 11, 8),
                known_for: &[HYPERTENSION, DIABETES, HYPERLIPIDEMIA],
                ..person
            };
        }
        person
    }

    fn anybody(random: &mut Random) -> Self {
        let (sex, given) = if random.in_thousand(520) {
            (Sex::Female, &*FEMALE_NAMES)
        } else {
            (Sex::Male, &*MALE_NAMES)
        };
        let first = random.pick(given).copied().unwrap_or_default();
        let middle = random.pick(given).copied().filter(|name| *name != first);
        Self {
            sex,
            given: first,
            middle: middle.filter(|_| random.in_thousand(550)),
            family: random.pick(&FAMILY_NAMES).copied().unwrap_or_default(),
            born: birthday(random),
            stature: random.bell(920, 1080),
            girth: random.bell(850, 1300),
            known_for: &[],
        }
    }
}

fn birthday(random: &mut Random) -> Day {
    let (youngest, oldest) = match random.below(100) {
        0..13 => (0, 12),
        13..19 => (13, 19),
        19..44 => (20, 44),
        44..75 => (45, 64),
        _ => (65, 89),
    };
    let age = random.between(youngest, oldest);
    TODAY.plus_years(-age).plus(-random.between(40, 364))
}

/// Adds the `sp:Demographics` statement.
pub(super) fn write(story: &Story, source: &Source, file: &mut PatientFile) {
    let mut random = source.stream("demographics");
    let person = &story.person;
    let age = TODAY.age(person.born);
    let demographics = file.statement(sp::class::DEMOGRAPHICS);
    file.name(&demographics, person.given, person.middle, person.family);
    file.text(&demographics, foaf::GENDER, person.sex.name());
    file.text(&demographics, vcard::BDAY, person.born);
    if age < 5 {
        let days = random.bell(254, 290);
        let weeks = format!("{}.{}", days / 7, days % 7 * 10 / 7);
        file.quantity(&demographics, sp::GESTATIONAL_AGE_AT_BIRTH, weeks, "wk");
    }
    if age >= 18 && random.in_thousand(800) {
        let tail = &story.record_id[4..];
        let email = format!("{}.{}{tail}@example.org", person.given, person.family);
        file.text(&demographics, vcard::EMAIL, email.to_lowercase());
    }

    let home = random.pick(&PLACES).unwrap_or(&PLACES[0]);
    address(home, &demographics, &mut random, file);
    telephone(
        home,
        &[vcard::HOME, vcard::PREF],
        &demographics,
        &mut random,
        file,
    );
    if age >= 18 && random.in_thousand(600) {
        telephone(home, &[vcard::CELL], &demographics, &mut random, file);
    }
    hospital_number(story, &demographics, file);
}

fn address(home: &Place, person: &BlankNode, random: &mut Random, file: &mut PatientFile) {
    let address = file.node(vcard::ADDRESS);
    file.link(person, vcard::ADR, &address);
    file.typed(&address, vcard::HOME);
    file.typed(&address, vcard::PREF);
    let street = random.pick(&STREETS).copied().unwrap_or_default();
    let house = random.between(2, 1890);
    file.text(&address, vcard::STREET_ADDRESS, format!("{house} {street}"));
    if random.in_thousand(250) {
        let flat = random.between(1, 24);
        file.text(&address, vcard::EXTENDED_ADDRESS, format!("Apt {flat}"));
    }
    file.text(&address, vcard::LOCALITY, home.town);
    file.text(&address, vcard::REGION, home.state);
    let postal_code = format!("{}{:02}", home.postal_codes, random.between(1, 99));
    file.text(&address, vcard::POSTAL_CODE, postal_code);
    file.text(&address, vcard::COUNTRY_NAME, "USA");
}

/// A number that is kept free for fiction.
fn telephone(
    home: &Place,
    labels: &[Known],
    person: &BlankNode,
    random: &mut Random,
    file: &mut PatientFile,
) {
    let tel = file.node(vcard::TEL_CLASS);
    file.link(person, vcard::TEL, &tel);
    for label in labels {
        file.typed(&tel, *label);
    }
    let number = format!("{}-555-0{}", home.area_code, random.between(100, 199));
    file.text(&tel, rdf::VALUE, number);
}

/// Blank, unlike other codes: the hospital's numbers have no URIs.
fn hospital_number(story: &Story, person: &BlankNode, file: &mut PatientFile) {
    let number = format!("SYN-{}", story.record_id);
    let code = file.node(sp::class::CODE);
    file.link(person, sp::MEDICAL_RECORD_NUMBER, &code);
    file.text(&code, dcterms::TITLE, format!("{HOSPITAL} {number}"));
    file.text(&code, dcterms::IDENTIFIER, number);
    file.text(&code, sp::SYSTEM, HOSPITAL);
}

const HOSPITAL: &str = "Synthetic Hospital Record";

static FEMALE_NAMES: LazyLock<Vec<&str>> =
    LazyLock::new(|| lines(include_str!("../data/female-names.txt")));

static MALE_NAMES: LazyLock<Vec<&str>> =
    LazyLock::new(|| lines(include_str!("../data/male-names.txt")));

static FAMILY_NAMES: LazyLock<Vec<&str>> =
    LazyLock::new(|| lines(include_str!("../data/family-names.txt")));

static STREETS: LazyLock<Vec<&str>> = LazyLock::new(|| lines(include_str!("../data/streets.txt")));

/// An invented town in a real state, with numbers that fit the state.
struct Place {
    town: &'static str,
    state: &'static str,
    /// The first three of five digits.
    postal_codes: &'static str,
    area_code: &'static str,
}

static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let place = |[town, state, postal_codes, area_code]: [&'static str; 4]| Place {
        town,
        state,
        postal_codes,
        area_code,
    };
    rows(include_str!("../data/places.tsv"))
        .map(place)
        .collect()
});
