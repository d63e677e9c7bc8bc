//! Vital signs: growth by age, weight that fits the height, blood pressure that fits the
//! conditions.

use smart_api::vocab::sp;
use smart_rdf::BlankNode;

use super::codes::{Code, set};
use super::conditions::{ASTHMA, COPD, HEART_FAILURE, HYPERTENSION, OBESITY};
use super::date::Day;
use super::file::{Known, PatientFile};
use super::lab_results::decimal;
use super::person::{Person, Sex};
use super::random::{Random, Source};
use super::story::Story;

/// Adds an `sp:VitalSignSet` and its `sp:Encounter` for each visit.
pub(super) fn write(story: &Story, source: &Source, file: &mut PatientFile) {
    let mut random = source.stream("vitals");
    for visit in &story.visits {
        let kind = if random.in_thousand(60) {
            set::EMERGENCY
        } else {
            set::AMBULATORY
        };
        let encounter = file.statement(sp::class::ENCOUNTER);
        file.text(&encounter, sp::START_DATE, visit);
        file.text(&encounter, sp::END_DATE, visit);
        file.coded(&encounter, sp::ENCOUNTER_TYPE, &kind);

        let vitals = file.statement(sp::class::VITAL_SIGN_SET);
        file.dated(&vitals, visit);
        file.link(&vitals, sp::ENCOUNTER, &encounter);
        for sign in
            body(story, *visit, &mut random)
                .into_iter()
                .chain(signs(story, *visit, &mut random))
        {
            file.vital(&vitals, sign.property, &sign.name, sign.value, sign.unit);
        }
        if visit.age(story.person.born) >= 3 {
            blood_pressure(story, *visit, &vitals, &mut random, file);
        }
    }
}

struct Sign {
    property: Known,
    name: Code,
    value: String,
    unit: &'static str,
}

const fn sign(property: Known, name: Code, value: String, unit: &'static str) -> Sign {
    Sign {
        property,
        name,
        value,
        unit,
    }
}

/// Height, weight and what follows from them.
fn body(story: &Story, visit: Day, random: &mut Random) -> Vec<Sign> {
    let person = &story.person;
    let months = visit.days_since(person.born) * 12 / 365;
    // in millimeters and in hundreds of grams, which is what a scale in an office shows
    let height = height(person, months);
    let obese = story.has_any(&[OBESITY], visit);
    let index = mass_index(person, months, obese) + random.between(-4, 4);
    let weight = divide_round(i64::from(index) * squared(height), 1_000_000);
    let mut signs = vec![
        sign(sp::HEIGHT, set::HEIGHT, decimal(height, 1), "cm"),
        sign(sp::WEIGHT, set::WEIGHT, decimal(weight, 1), "kg"),
    ];
    if months >= 24 {
        let index = divide_round(i64::from(weight) * 1_000_000, squared(height));
        let index = decimal(index, 1);
        signs.push(sign(
            sp::BODY_MASS_INDEX,
            set::BODY_MASS_INDEX,
            index,
            "kg/m2",
        ));
    } else {
        let around = 345 + interpolate(HEAD_GROWTH, months) + random.between(-6, 6);
        let around = decimal(around, 1);
        let name = set::HEAD_CIRCUMFERENCE;
        signs.push(sign(sp::HEAD_CIRCUMFERENCE, name, around, "cm"));
    }
    signs
}

fn squared(value: i32) -> i64 {
    i64::from(value) * i64::from(value)
}

fn divide_round(value: i64, by: i64) -> i32 {
    i32::try_from((value + by / 2) / by.max(1)).unwrap_or(0)
}

/// In millimeters.
fn height(person: &Person, months: i32) -> i32 {
    let table = match person.sex {
        Sex::Female => GIRLS_HEIGHT,
        Sex::Male => BOYS_HEIGHT,
    };
    interpolate(table, months) * person.stature / 1000
}

/// In tenths of kg/m².
fn mass_index(person: &Person, months: i32, obese: bool) -> i32 {
    let index = interpolate(MASS_INDEX, months);
    match (months >= 216, obese) {
        (true, true) => 325 + (person.girth - 850) / 6,
        (true, false) => (index * person.girth / 1000).min(304),
        // children differ less
        (false, _) => index * (2000 + person.girth) / 3000,
    }
}

/// Pulse, breathing, temperature and oxygen.
fn signs(story: &Story, visit: Day, random: &mut Random) -> Vec<Sign> {
    let (pulse, breaths) = match visit.age(story.person.born) {
        0 => ((110, 150), (30, 45)),
        1..3 => ((95, 130), (22, 34)),
        3..12 => ((75, 110), (18, 25)),
        _ => ((58, 92), (12, 18)),
    };
    let pulse = random.bell(pulse.0, pulse.1).to_string();
    let breaths = random.bell(breaths.0, breaths.1).to_string();
    let temperature = decimal(random.bell(362, 374), 1);
    let mut signs = vec![
        sign(sp::HEART_RATE, set::HEART_RATE, pulse, "{beats}/min"),
        sign(
            sp::RESPIRATORY_RATE,
            set::RESPIRATION_RATE,
            breaths,
            "{breaths}/min",
        ),
        sign(sp::TEMPERATURE, set::TEMPERATURE, temperature, "Cel"),
    ];
    let lungs = [ASTHMA, COPD, HEART_FAILURE];
    if random.in_thousand(450) || story.has_any(&lungs, visit) {
        let (low, high) = if story.has_any(&[COPD, HEART_FAILURE], visit) {
            (90, 96)
        } else {
            (96, 100)
        };
        let saturation = random.bell(low, high).to_string();
        let unit = "%{HemoglobinSaturation}";
        let name = set::OXYGEN_SATURATION;
        signs.push(sign(sp::OXYGEN_SATURATION, name, saturation, unit));
    }
    signs
}

fn blood_pressure(
    story: &Story,
    visit: Day,
    vitals: &BlankNode,
    random: &mut Random,
    file: &mut PatientFile,
) {
    let years = visit.age(story.person.born);
    let (systolic, diastolic) = if story.has_any(&[HYPERTENSION], visit) {
        ((124, 158), (76, 98))
    } else if years < 18 {
        ((86 + years * 2, 98 + years * 2), (52 + years, 62 + years))
    } else {
        ((106, 132), (64, 84))
    };
    let pressure = file.node(sp::class::BLOOD_PRESSURE);
    file.link(vitals, sp::BLOOD_PRESSURE, &pressure);
    let unit = "mm[Hg]";
    let upper = random.bell(systolic.0, systolic.1);
    file.vital(&pressure, sp::SYSTOLIC, &set::SYSTOLIC, upper, unit);
    let lower = random.bell(diastolic.0, diastolic.1);
    file.vital(&pressure, sp::DIASTOLIC, &set::DIASTOLIC, lower, unit);
    if random.in_thousand(250) {
        let sites = [set::LEFT_ARM, set::RIGHT_ARM];
        let site = random.pick(&sites).unwrap_or(&set::LEFT_ARM);
        file.coded(&pressure, sp::BODY_SITE, site);
        file.coded(&pressure, sp::BODY_POSITION, &set::SITTING);
        let methods = [set::AUSCULTATION, set::MACHINE];
        let method = random.pick(&methods).unwrap_or(&set::MACHINE);
        file.coded(&pressure, sp::METHOD, method);
    }
}

/// Between the two nearest months; the last value stays.
fn interpolate(table: &[(i32, i32)], months: i32) -> i32 {
    let next = table.partition_point(|(month, _)| *month <= months);
    match (
        next.checked_sub(1).and_then(|last| table.get(last)),
        table.get(next),
    ) {
        (Some((from, low)), Some((to, high))) => low + (high - low) * (months - from) / (to - from),
        (Some((_, value)), None) | (None, Some((_, value))) => *value,
        (None, None) => 0,
    }
}

/// Middle height in millimeters by age in months, rounded.
const BOYS_HEIGHT: &[(i32, i32)] = &[
    (0, 500),
    (3, 614),
    (6, 676),
    (12, 758),
    (24, 878),
    (36, 960),
    (48, 1030),
    (72, 1160),
    (96, 1280),
    (120, 1385),
    (144, 1490),
    (168, 1635),
    (192, 1730),
    (216, 1760),
];
/// See [`BOYS_HEIGHT`].
const GIRLS_HEIGHT: &[(i32, i32)] = &[
    (0, 492),
    (3, 598),
    (6, 658),
    (12, 740),
    (24, 865),
    (36, 950),
    (48, 1025),
    (72, 1150),
    (96, 1270),
    (120, 1385),
    (144, 1510),
    (168, 1590),
    (192, 1622),
    (216, 1630),
];
/// Middle body mass index in tenths by age in months.
const MASS_INDEX: &[(i32, i32)] = &[
    (0, 134),
    (3, 166),
    (6, 172),
    (12, 168),
    (24, 164),
    (36, 158),
    (72, 154),
    (120, 168),
    (168, 194),
    (216, 220),
    (480, 255),
    (780, 262),
    (960, 248),
];
/// Growth of the head since birth in millimeters by age in months.
const HEAD_GROWTH: &[(i32, i32)] = &[(0, 0), (3, 58), (6, 83), (12, 114), (24, 138)];

#[cfg(test)]
mod tests {
    use super::{BOYS_HEIGHT, interpolate};

    #[test]
    fn growth_is_read_between_the_lines() {
        assert_eq!(interpolate(BOYS_HEIGHT, 0), 500);
        assert_eq!(interpolate(BOYS_HEIGHT, 18), 818);
        assert_eq!(interpolate(BOYS_HEIGHT, 900), 1760);
    }
}
