//! Immunizations: the schedule of childhood, and what adults get.

use smart_api::vocab::sp;

use super::codes::{Code, CodeSet, code, set};
use super::date::{Day, TODAY};
use super::file::PatientFile;
use super::random::{Random, Source};
use super::story::Story;

/// Adds the `sp:Immunization`s: a child's whole schedule, an adult's last few.
pub(super) fn write(story: &Story, source: &Source, file: &mut PatientFile) {
    let mut random = source.stream("immunizations");
    let born = story.person.born;
    if TODAY.age(born) < 19 {
        let keeps_to_it = random.in_thousand(900);
        for dose in SCHEDULE {
            let due = born.plus(dose.months * 61 / 2 + random.between(0, 25));
            if due <= TODAY && (keeps_to_it || random.in_thousand(500)) {
                immunization(&dose.vaccine, due, &mut random, file);
            }
        }
        return;
    }
    for shot in ADULT {
        let (age, chances) = shot.from;
        let reached = born.plus_years(age);
        let earliest = reached.max(TODAY.plus_years(-8)).max(shot.since);
        if earliest < TODAY && random.in_thousand(chances) {
            let day = earliest.plus(random.between(0, TODAY.days_since(earliest)));
            immunization(&shot.vaccine, day, &mut random, file);
        }
    }
    for years_ago in 1..=3 {
        if random.in_thousand(450) {
            let autumn = Day::new(TODAY.year() - years_ago, 10, 1);
            let day = autumn.plus(random.between(0, 70));
            immunization(&INFLUENZA, day, &mut random, file);
        }
    }
}

fn immunization(vaccine: &Vaccine, day: Day, random: &mut Random, file: &mut PatientFile) {
    let immunization = file.statement(sp::class::IMMUNIZATION);
    file.dated(&immunization, day);
    let status = sp::ADMINISTRATION_STATUS;
    if random.in_thousand(25) {
        file.coded(&immunization, status, &set::NOT_ADMINISTERED);
        file.coded(&immunization, sp::REFUSAL_REASON, &set::REFUSED);
    } else {
        file.coded(&immunization, status, &set::DOSE_GIVEN);
    }
    file.coded(&immunization, sp::PRODUCT_NAME, &vaccine.product);
    if let Some(class) = &vaccine.class {
        file.coded(&immunization, sp::PRODUCT_CLASS, class);
    }
}

struct Vaccine {
    product: Code,
    class: Option<Code>,
}

const fn vaccine(cvx: &'static str, title: &'static str, group: Option<&'static str>) -> Vaccine {
    Vaccine {
        product: code(CodeSet::ImmunizationProduct, cvx, title),
        class: match group {
            Some(group) => Some(code(CodeSet::ImmunizationClass, group, group)),
            None => None,
        },
    }
}

struct Dose {
    months: i32,
    vaccine: Vaccine,
}

const fn dose(months: i32, vaccine: Vaccine) -> Dose {
    Dose { months, vaccine }
}

struct Shot {
    /// First age in years, and how many in a thousand get it then.
    from: (i32, u32),
    /// Since when there is such a vaccine.
    since: Day,
    vaccine: Vaccine,
}

const HEPATITIS_B: Vaccine = vaccine("08", "Hep B, adolescent or pediatric", Some("HepB"));
const ROTAVIRUS: Vaccine = vaccine("116", "rotavirus, pentavalent", Some("ROTAVIRUS"));
const DTAP: Vaccine = vaccine("20", "DTaP", Some("DTAP"));
const HIB: Vaccine = vaccine("49", "Hib (PRP-OMP)", Some("HIB"));
const POLIO: Vaccine = vaccine("10", "IPV", Some("POLIO"));
const PNEUMOCOCCAL: Vaccine = vaccine("133", "Pneumococcal conjugate PCV 13", None);
const MMR: Vaccine = vaccine("03", "MMR", Some("MMR"));
const VARICELLA: Vaccine = vaccine("21", "varicella", Some("VARICELLA"));
const HEPATITIS_A: Vaccine = vaccine("83", "Hep A, ped/adol, 2 dose", Some("HepA"));
const TDAP: Vaccine = vaccine("115", "Tdap", None);
const MENINGOCOCCAL: Vaccine = vaccine("114", "meningococcal MCV4P", Some("MENING"));
const HPV: Vaccine = vaccine("165", "HPV9", Some("HPV"));
const INFLUENZA: Vaccine = vaccine(
    "140",
    "Influenza, seasonal, injectable, preservative free",
    Some("FLU"),
);

static SCHEDULE: &[Dose] = &[
    dose(0, HEPATITIS_B),
    dose(2, HEPATITIS_B),
    dose(2, ROTAVIRUS),
    dose(2, DTAP),
    dose(2, HIB),
    dose(2, PNEUMOCOCCAL),
    dose(2, POLIO),
    dose(4, ROTAVIRUS),
    dose(4, DTAP),
    dose(4, HIB),
    dose(4, PNEUMOCOCCAL),
    dose(4, POLIO),
    dose(6, HEPATITIS_B),
    dose(6, DTAP),
    dose(12, MMR),
    dose(12, VARICELLA),
    dose(12, HEPATITIS_A),
    dose(15, DTAP),
    dose(18, HEPATITIS_A),
    dose(48, DTAP),
    dose(48, POLIO),
    dose(48, MMR),
    dose(48, VARICELLA),
    dose(133, TDAP),
    dose(133, MENINGOCOCCAL),
    dose(134, HPV),
    dose(141, HPV),
];

static ADULT: &[Shot] = &[
    Shot {
        from: (19, 400),
        since: Day::new(2006, 1, 1),
        vaccine: TDAP,
    },
    Shot {
        from: (50, 500),
        since: Day::new(2018, 1, 1),
        vaccine: vaccine("187", "zoster recombinant", Some("ZOSTER")),
    },
    Shot {
        from: (65, 700),
        since: Day::new(2006, 1, 1),
        vaccine: vaccine("33", "pneumococcal polysaccharide PPV23", None),
    },
];
