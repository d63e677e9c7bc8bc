//! From conditions to prescriptions, and from prescriptions to medications and what the pharmacy
//! handed out.

use smart_api::vocab::sp;
use smart_rdf::BlankNode;

use super::allergies::Allergen;
use super::conditions::Therapy;
use super::date::{Day, TODAY};
use super::drugs::Drug;
use super::file::PatientFile;
use super::person::Person;
use super::random::{Random, Source};
use super::story::{Episode, REMEMBERED_YEARS, Story};

/// A drug during a time.
#[derive(Debug)]
pub(super) struct Prescription {
    pub(super) drug: &'static Drug,
    pub(super) from: Day,
    /// Empty while it goes on.
    pub(super) to: Option<Day>,
}

/// The treatment of every condition, with drugs that suit the age and contain no allergen.
pub(super) fn prescribe(
    person: &Person,
    episodes: &[Episode],
    allergies: &[&Allergen],
    source: &Source,
) -> Vec<Prescription> {
    let mut random = source.stream("prescriptions");
    let mut prescriptions: Vec<Prescription> = Vec::new();
    for episode in episodes {
        for therapy in &episode.condition.therapies {
            if !random.in_thousand(therapy.chances) {
                continue;
            }
            let from = first_day(episode, &mut random);
            let age = from.age(person.born);
            let suits = |drug: &&Drug| {
                let (youngest, oldest) = drug.ages;
                (youngest..=oldest).contains(&age)
                    && !allergies.iter().any(|allergen| allergen.rules_out(drug))
                    && !prescriptions
                        .iter()
                        .any(|other| same_drug(other.drug, drug))
            };
            let choices: Vec<&'static Drug> = therapy.drugs.iter().copied().filter(suits).collect();
            prescriptions.extend(course(therapy, episode, &choices, from, &mut random));
        }
    }
    prescriptions.sort_by_key(|prescription| prescription.from);
    prescriptions
}

/// Treatment begins with the condition, or with the oldest papers.
fn first_day(episode: &Episode, random: &mut Random) -> Day {
    let oldest = TODAY.plus_years(-REMEMBERED_YEARS);
    let from = if episode.from < oldest {
        oldest.plus(random.between(0, 2000))
    } else {
        episode.from.plus(random.between(0, 3))
    };
    from.min(TODAY)
}

/// One prescription; two when the first drug was later replaced by another.
fn course(
    therapy: &Therapy,
    episode: &Episode,
    choices: &[&'static Drug],
    from: Day,
    random: &mut Random,
) -> Vec<Prescription> {
    let Some(drug) = random.pick(choices).copied() else {
        return Vec::new();
    };
    let over = therapy.days.map(|days| from.plus(days)).or(episode.to);
    let over = over.map(|day| day.max(from)).filter(|day| *day <= TODAY);
    let whole = Prescription {
        drug,
        from,
        to: over,
    };
    let successor = choices.iter().find(|other| other.name.id != drug.name.id);
    let days = TODAY.days_since(from);
    match successor {
        Some(successor) if therapy.days.is_none() && days > 200 && random.in_thousand(250) => {
            let change = from.plus(random.between(60, days - 60));
            if over.is_some_and(|over| over <= change) {
                return vec![whole];
            }
            vec![
                Prescription {
                    to: Some(change),
                    ..whole
                },
                Prescription {
                    drug: successor,
                    from: change,
                    to: over,
                },
            ]
        }
        _ => vec![whole],
    }
}

fn same_drug(one: &Drug, other: &Drug) -> bool {
    one.name.id == other.name.id
}

/// Adds an `sp:Medication` for each prescription and the `sp:Fulfillment`s that belong to it.
pub(super) fn write(story: &Story, source: &Source, file: &mut PatientFile) {
    let mut random = source.stream("medications");
    for prescription in &story.prescriptions {
        let drug = prescription.drug;
        let medication = file.statement(sp::class::MEDICATION);
        file.coded(&medication, sp::DRUG_NAME, &drug.name);
        // some histories remember the year only
        if random.in_thousand(30) {
            file.text(&medication, sp::START_DATE, prescription.from.year());
        } else {
            file.text(&medication, sp::START_DATE, prescription.from);
        }
        if let Some(to) = prescription.to {
            file.text(&medication, sp::END_DATE, to);
        }
        file.text(&medication, sp::INSTRUCTIONS, drug.instructions);
        file.quantity(&medication, sp::QUANTITY, drug.dose.0, drug.dose.1);
        if let Some((times, unit)) = drug.frequency {
            file.quantity(&medication, sp::FREQUENCY, times, unit);
        }
        fulfillments(prescription, &medication, &mut random, file);
    }
}

/// The latest few packs of a prescription.
fn fulfillments(
    prescription: &Prescription,
    medication: &BlankNode,
    random: &mut Random,
    file: &mut PatientFile,
) {
    let (amount, unit, days) = prescription.drug.pack;
    let last = prescription.to.unwrap_or(TODAY);
    let packs = last.days_since(prescription.from) / days;
    let kept = random.between(0, 5).min(packs + 1);
    let first = prescription.from.plus((packs + 1 - kept) * days);
    for pack in 0..kept {
        let day = first.plus(pack * days + random.between(0, 2)).min(last);
        let fulfillment = file.statement(sp::class::FULFILLMENT);
        file.dated(&fulfillment, day);
        file.link(&fulfillment, sp::MEDICATION, medication);
        file.link(medication, sp::FULFILLMENT, &fulfillment);
        file.quantity(&fulfillment, sp::QUANTITY_DISPENSED, amount, unit);
        file.text(&fulfillment, sp::DISPENSE_DAYS_SUPPLY, days);
    }
}
