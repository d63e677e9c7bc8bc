//! Allergies, or the statement that there are none.

use std::sync::LazyLock;

use smart_api::vocab::sp;

use super::codes::{Code, CodeSet, code, set, snomed};
use super::date::TODAY;
use super::drugs::{Drug, drugs};
use super::file::{Known, PatientFile};
use super::person::Person;
use super::random::Source;
use super::story::Story;

/// Something that people are allergic to, and how it shows.
#[derive(Debug)]
pub(super) struct Allergen {
    name: Code,
    category: Code,
    reactions: &'static [Code],
    /// Drugs that contain it.
    drugs: Vec<&'static Drug>,
}

impl Allergen {
    /// Whether a drug must not be given.
    pub(super) fn rules_out(&self, drug: &Drug) -> bool {
        self.drugs.iter().any(|other| other.name.id == drug.name.id)
    }

    /// Drug classes, drugs and everything else have properties of their own.
    const fn property(&self) -> Known {
        match self.name.set {
            CodeSet::Ndfrt => sp::DRUG_CLASS_ALLERGEN,
            CodeSet::RxNormIngredient => sp::DRUG_ALLERGEN,
            _ => sp::OTHER_ALLERGEN,
        }
    }
}

/// Decided before anything is prescribed.
pub(super) fn invent(person: &Person, source: &Source) -> Vec<&'static Allergen> {
    let mut random = source.stream("allergies");
    let mut allergies: Vec<&'static Allergen> = Vec::new();
    let count = match random.below(100) {
        0..68 => 0,
        68..92 => 1,
        _ => 2,
    };
    if TODAY.age(person.born) >= 1 {
        for _ in 0..count {
            let choice = random.pick(&ALLERGENS);
            let known = |allergen: &&Allergen| {
                let mut names = allergies.iter().map(|other| other.name.id);
                names.all(|name| name != allergen.name.id)
            };
            allergies.extend(choice.filter(known));
        }
    }
    allergies
}

/// Adds an `sp:Allergy` each, or an `sp:AllergyExclusion`.
pub(super) fn write(story: &Story, source: &Source, file: &mut PatientFile) {
    let mut random = source.stream("allergy details");
    let birth = story.person.born.year();
    for allergen in &story.allergies {
        let allergy = file.statement(sp::class::ALLERGY);
        // people remember the year at best
        let year = random.between(birth + 1, TODAY.year() - 1).max(birth);
        file.text(&allergy, sp::START_DATE, year);
        let severities = [set::MILD, set::MILD, set::MODERATE, set::SEVERE];
        let severity = random.pick(&severities).unwrap_or(&set::MILD);
        file.coded(&allergy, sp::SEVERITY, severity);
        file.coded(&allergy, sp::CATEGORY, &allergen.category);
        let reaction = random.pick(allergen.reactions).unwrap_or(&URTICARIA);
        file.coded(&allergy, sp::ALLERGIC_REACTION, reaction);
        file.coded(&allergy, allergen.property(), &allergen.name);
    }
    if story.allergies.is_empty() {
        let exclusion = file.statement(sp::class::ALLERGY_EXCLUSION);
        let year = random.between(TODAY.year() - 8, TODAY.year() - 1);
        file.dated(&exclusion, year.max(birth));
        let name = &set::NO_KNOWN_ALLERGIES;
        file.coded(&exclusion, sp::ALLERGY_EXCLUSION_NAME, name);
    }
}

const ANAPHYLAXIS: Code = snomed("39579001", "Anaphylaxis");
const URTICARIA: Code = snomed("126485001", "Urticaria");
const RASH: Code = snomed("271807003", "Eruption of skin");
const NAUSEA: Code = snomed("422587007", "Nausea");
const SWELLING: Code = snomed("41291007", "Angioedema");
const WHEEZING: Code = snomed("56018004", "Wheezing");
const ITCHING: Code = snomed("418290006", "Itching");
const SNEEZING: Code = snomed("76067001", "Sneezing");

const PENICILLINS: &[&str] = &[
    "amoxicillin-capsule",
    "amoxicillin-suspension",
    "penicillin",
];

static ALLERGENS: LazyLock<Vec<Allergen>> = LazyLock::new(|| {
    vec![
        Allergen {
            name: code(
                CodeSet::Ndfrt,
                "N0000175497",
                "Penicillin-class Antibacterial",
            ),
            category: set::DRUG_ALLERGY,
            reactions: &[URTICARIA, RASH, ANAPHYLAXIS],
            drugs: drugs(PENICILLINS),
        },
        Allergen {
            name: code(CodeSet::RxNormIngredient, "723", "amoxicillin"),
            category: set::DRUG_ALLERGY,
            reactions: &[RASH, URTICARIA],
            drugs: drugs(PENICILLINS),
        },
        Allergen {
            name: code(CodeSet::Ndfrt, "N0000175503", "Sulfonamide Antibacterial"),
            category: set::DRUG_ALLERGY,
            reactions: &[RASH, URTICARIA, ITCHING],
            drugs: Vec::new(),
        },
        Allergen {
            name: code(CodeSet::RxNormIngredient, "1191", "aspirin"),
            category: set::DRUG_ALLERGY,
            reactions: &[WHEEZING, URTICARIA, SWELLING],
            drugs: drugs(&["aspirin", "ibuprofen", "naproxen"]),
        },
        Allergen {
            name: code(CodeSet::RxNormIngredient, "2670", "codeine"),
            category: set::DRUG_ALLERGY,
            reactions: &[NAUSEA, ITCHING],
            drugs: Vec::new(),
        },
        Allergen {
            name: code(CodeSet::Unii, "QE1QX6B99R", "Peanut"),
            category: set::FOOD_ALLERGY,
            reactions: &[ANAPHYLAXIS, SWELLING, URTICARIA],
            drugs: Vec::new(),
        },
        Allergen {
            name: code(CodeSet::Unii, "291P45F896", "Egg"),
            category: set::FOOD_ALLERGY,
            reactions: &[URTICARIA, RASH],
            drugs: Vec::new(),
        },
        Allergen {
            name: code(CodeSet::Unii, "2LQ0UUW8IN", "Natural rubber latex"),
            category: set::ENVIRONMENTAL_ALLERGY,
            reactions: &[RASH, ITCHING, SNEEZING],
            drugs: Vec::new(),
        },
    ]
});
