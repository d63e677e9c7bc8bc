//! What else a record tells about a life: problems, procedures, smoking, the family.

use smart_api::vocab::sp;
use smart_rdf::BlankNode;
use smart_rdf::vocab::vcard;

use super::codes::{Code, CodeSet, code, set, snomed};
use super::conditions::COPD;
use super::date::{Day, TODAY};
use super::file::PatientFile;
use super::lab_results::decimal;
use super::person::{Person, Sex};
use super::random::{Random, Source};
use super::story::{Episode, REMEMBERED_YEARS, Story};

/// Adds an `sp:Problem` for each condition.
pub(super) fn write_problems(story: &Story, source: &Source, file: &mut PatientFile) {
    let mut random = source.stream("problem details");
    for episode in &story.episodes {
        let problem = file.statement(sp::class::PROBLEM);
        file.coded(&problem, sp::PROBLEM_NAME, &episode.condition.name);
        // of what began long ago, the year alone may be known
        if episode.to.is_none() && random.in_thousand(70) {
            file.text(&problem, sp::START_DATE, episode.from.year());
        } else {
            file.text(&problem, sp::START_DATE, episode.from);
        }
        if let Some(to) = episode.to {
            file.text(&problem, sp::END_DATE, to);
        }
    }
}

/// Adds procedures, social history and family history.
pub(super) fn write(story: &Story, source: &Source, file: &mut PatientFile) {
    procedures(story, &mut source.stream("procedures"), file);
    if let Some(smoking) = &story.smoking {
        let history = file.statement(sp::class::SOCIAL_HISTORY);
        file.coded(&history, sp::SMOKING_STATUS, smoking);
    }
    family(story, &mut source.stream("family"), file);
}

fn procedures(story: &Story, random: &mut Random, file: &mut PatientFile) {
    let oldest = TODAY.plus_years(-REMEMBERED_YEARS);
    for episode in &story.episodes {
        for procedure in &episode.condition.procedures {
            let begun = episode.from.max(oldest).plus(random.between(0, 20));
            let day = match (procedure.at_end, episode.to) {
                (false, to) => Some(begun.min(to.unwrap_or(TODAY))),
                (true, to) => to,
            };
            let happens = random.in_thousand(procedure.chances);
            if let Some(day) = day.filter(|day| happens && *day <= TODAY) {
                add_procedure(&procedure.name, procedure.notes, day, random, file);
            }
        }
    }
    for screening in SCREENINGS {
        let (first, last) = screening.ages;
        let age = TODAY.age(story.person.born);
        let concerns = screening.sex.is_none_or(|sex| sex == story.person.sex);
        if concerns && (first..=last).contains(&age) && random.in_thousand(screening.chances) {
            let start = story.person.born.plus_years(first).max(oldest);
            let day = start.plus(random.between(0, TODAY.days_since(start)));
            add_procedure(&screening.name, screening.notes, day, random, file);
        }
    }
}

fn add_procedure(name: &Code, notes: &str, day: Day, random: &mut Random, file: &mut PatientFile) {
    let procedure = file.statement(sp::class::PROCEDURE);
    file.coded(&procedure, sp::PROCEDURE_NAME, name);
    file.dated(&procedure, day);
    file.text(&procedure, sp::NOTES, notes);
    if random.in_thousand(400) {
        let (given, family) = doctor(random);
        file.provider(&procedure, given, family);
    }
}

/// An invented doctor.
pub(super) fn doctor(random: &mut Random) -> (&'static str, &'static str) {
    random.pick(DOCTORS).copied().unwrap_or_default()
}

/// Asked from twelve years on.
pub(super) fn smoking(person: &Person, episodes: &[Episode], source: &Source) -> Option<Code> {
    let mut random = source.stream("smoking");
    let age = TODAY.age(person.born);
    let chance = random.below(100);
    let lungs = episodes.iter().any(|episode| episode.condition.key == COPD);
    match (age, chance) {
        (..12, _) => None,
        (12..18, _) => Some(set::NEVER_SMOKER),
        (_, 0..60) if lungs => Some(set::FORMER_SMOKER),
        _ if lungs => Some(set::DAILY_SMOKER),
        (_, 0..60) => Some(set::NEVER_SMOKER),
        (_, 60..82) => Some(set::FORMER_SMOKER),
        (_, 82..92) => Some(set::DAILY_SMOKER),
        (_, 92..97) => Some(set::SOME_DAYS_SMOKER),
        _ => Some(set::UNKNOWN_SMOKER),
    }
}

/// One relative on average.
fn family(story: &Story, random: &mut Random, file: &mut PatientFile) {
    for relative in RELATIVES {
        if !random.in_thousand(250) {
            continue;
        }
        let history = file.statement(sp::class::FAMILY_HISTORY);
        file.coded(&history, sp::ABOUT_RELATIVE, &relative.name);
        if random.in_thousand(900) {
            let problems = match relative.sex {
                Sex::Female => MOTHERS_PROBLEMS,
                Sex::Male => FATHERS_PROBLEMS,
            };
            let problem = random.pick(problems).unwrap_or(&HYPERTENSION);
            file.coded(&history, sp::HAS_PROBLEM, problem);
        }
        life(relative, story.person.born, &history, random, file);
    }
}

/// When the relative lived, and how tall they are, as far as the patient knew.
fn life(
    relative: &Relative,
    born: Day,
    history: &BlankNode,
    random: &mut Random,
    file: &mut PatientFile,
) {
    let birth = born
        .plus_years(-relative.older)
        .plus(-random.between(0, 3000));
    if random.in_thousand(600) {
        file.text(history, vcard::BDAY, birth);
    }
    let death = birth.plus_years(random.between(52, 93));
    if death <= TODAY {
        file.text(history, vcard::DEATHDATE, death);
    }
    if random.in_thousand(300) {
        let (low, high) = match relative.sex {
            Sex::Female => (1520, 1740),
            Sex::Male => (1640, 1880),
        };
        let height = decimal(random.bell(low, high), 1);
        file.vital(history, sp::HEIGHT, &set::HEIGHT, height, "cm");
    }
}

struct Relative {
    name: Code,
    sex: Sex,
    /// At least so many years before the patient.
    older: i32,
}

static RELATIVES: &[Relative] = &[
    Relative {
        name: snomed("72705000", "Mother"),
        sex: Sex::Female,
        older: 20,
    },
    Relative {
        name: snomed("66839005", "Father"),
        sex: Sex::Male,
        older: 21,
    },
    Relative {
        name: snomed("113157001", "Grandmother"),
        sex: Sex::Female,
        older: 45,
    },
    Relative {
        name: snomed("34871008", "Grandfather"),
        sex: Sex::Male,
        older: 46,
    },
];

// the same titles as in the table of problems: a code has one title
const HYPERTENSION: Code = snomed("59621000", "Essential hypertension");
const DIABETES: Code = snomed("44054006", "Diabetes mellitus type 2");
const INFARCTION: Code = snomed("22298006", "Myocardial infarction");
const STROKE: Code = snomed("230690007", "Cerebrovascular accident");

static MOTHERS_PROBLEMS: &[Code] = &[
    HYPERTENSION,
    DIABETES,
    STROKE,
    snomed("254837009", "Malignant neoplasm of breast"),
    snomed("64859006", "Osteoporosis"),
    snomed("26929004", "Alzheimer's disease"),
];

static FATHERS_PROBLEMS: &[Code] = &[
    HYPERTENSION,
    DIABETES,
    INFARCTION,
    STROKE,
    snomed("363406005", "Malignant tumor of colon"),
];

/// Done because of age and sex alone.
struct Screening {
    name: Code,
    sex: Option<Sex>,
    ages: (i32, i32),
    chances: u32,
    notes: &'static str,
}

static SCREENINGS: &[Screening] = &[
    Screening {
        name: code(CodeSet::Procedure, "73761001", "Colonoscopy"),
        sex: None,
        ages: (50, 80),
        chances: 350,
        notes: "No polyps",
    },
    Screening {
        name: code(CodeSet::Procedure, "71651007", "Mammography"),
        sex: Some(Sex::Female),
        ages: (45, 78),
        chances: 450,
        notes: "No suspicious findings",
    },
];

static DOCTORS: &[(&str, &str)] = &[
    ("Miriam", "Oakenshaw"),
    ("Desmond", "Farrowgate"),
    ("Anjali", "Thornebury"),
    ("Gregor", "Lindqvale"),
    ("Helena", "Quarrington"),
    ("Samuel", "Brightmere"),
];
