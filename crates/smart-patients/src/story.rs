//! What happened to a patient, before any of it becomes a graph.

use super::allergies::{self, Allergen};
use super::codes::Code;
use super::conditions::{CONDITIONS, Condition};
use super::date::{Day, TODAY};
use super::drugs::Drug;
use super::history;
use super::medications::{self, Prescription};
use super::person::Person;
use super::random::{Random, Source};

/// How far back passing illnesses, treatments and screenings are on record.
pub(super) const REMEMBERED_YEARS: i32 = 12;

/// A life as far as a record knows it.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) record_id: String,
    pub(super) person: Person,
    pub(super) smoking: Option<Code>,
    pub(super) allergies: Vec<&'static Allergen>,
    pub(super) episodes: Vec<Episode>,
    pub(super) prescriptions: Vec<Prescription>,
    /// Days on which somebody measured something, oldest first.
    pub(super) visits: Vec<Day>,
}

/// A condition during a time.
#[derive(Debug)]
pub(super) struct Episode {
    pub(super) condition: &'static Condition,
    pub(super) from: Day,
    /// Empty while it lasts.
    pub(super) to: Option<Day>,
}

impl Story {
    pub(super) fn invent(source: &Source) -> Self {
        let person = Person::invent(source);
        let allergies = allergies::invent(&person, source);
        let episodes = episodes(&person, source);
        let prescriptions = medications::prescribe(&person, &episodes, &allergies, source);
        Self {
            record_id: super::record_id(source.seed, source.index),
            smoking: history::smoking(&person, &episodes, source),
            visits: visits(&person, &episodes, source),
            person,
            allergies,
            episodes,
            prescriptions,
        }
    }

    /// Whether one of the conditions was there on that day.
    pub(super) fn has_any(&self, keys: &[&str], on: Day) -> bool {
        self.present(on)
            .any(|condition| keys.contains(&condition.key))
    }

    /// The conditions that were there on that day.
    pub(super) fn present(&self, on: Day) -> impl Iterator<Item = &'static Condition> {
        self.episodes
            .iter()
            .filter(move |episode| episode.from <= on && episode.to.is_none_or(|to| on <= to))
            .map(|episode| episode.condition)
    }

    /// The drugs that were taken on that day.
    pub(super) fn taken(&self, on: Day) -> impl Iterator<Item = &'static Drug> {
        self.prescriptions
            .iter()
            .filter(move |taken| taken.from <= on && taken.to.is_none_or(|to| on <= to))
            .map(|taken| taken.drug)
    }
}

/// Goes through the conditions in order, so that one may depend on those above it.
fn episodes(person: &Person, source: &Source) -> Vec<Episode> {
    let mut random = source.stream("problems");
    let mut episodes: Vec<Episode> = Vec::new();
    for condition in &*CONDITIONS {
        let begun = |keys: &[&str]| {
            let of_key = |episode: &&Episode| keys.contains(&episode.condition.key);
            let days = episodes.iter().filter(of_key).map(|episode| episode.from);
            days.min()
        };
        let cause = begun(&condition.needs);
        let possible = condition.sex.is_none_or(|sex| sex == person.sex)
            && (condition.needs.is_empty() || cause.is_some())
            && begun(&condition.unless).is_none();
        let certain = person.known_for.contains(&condition.key);
        if possible && (certain || random.in_thousand(chances(condition, person))) {
            episodes.extend(episode(condition, person, cause, &mut random));
        }
    }
    episodes.sort_by_key(|episode| episode.from);
    episodes
}

/// The chance in thousands grows over the years in which a condition sets in.
fn chances(condition: &Condition, person: &Person) -> u32 {
    let (first, last) = condition.ages;
    let years = (TODAY.age(person.born) - first + 1).clamp(0, last - first + 1);
    condition.chances * years.unsigned_abs() / (last - first + 1).unsigned_abs()
}

/// Nothing when it would have begun today or later, or is over and forgotten.
fn episode(
    condition: &'static Condition,
    person: &Person,
    cause: Option<Day>,
    random: &mut Random,
) -> Option<Episode> {
    let (first, last) = condition.ages;
    let age = random.between(first, last.min(TODAY.age(person.born)));
    let mut from = person.born.plus_years(age).plus(random.between(20, 364));
    if let Some(cause) = cause {
        from = from.max(cause.plus(random.between(30, 900)));
    }
    let to = condition
        .days
        .map(|(least, most)| from.plus(random.between(least, most)));
    let forgotten = to.is_some_and(|to| to < TODAY.plus_years(-REMEMBERED_YEARS));
    (from < TODAY && !forgotten).then_some(Episode {
        condition,
        from,
        to: to.filter(|to| *to <= TODAY),
    })
}

/// Children come when the check-ups of their age are due, adults the more often the more is wrong
/// with them.
fn visits(person: &Person, episodes: &[Episode], source: &Source) -> Vec<Day> {
    let mut random = source.stream("visits");
    let mut visits: Vec<Day> = Vec::new();
    if TODAY.age(person.born) < 18 {
        let due = CHECKUPS.iter().map(|months| person.born.plus(months * 30));
        visits.extend(due.map(|day| day.plus(random.between(0, 20))));
        visits.retain(|day| *day <= TODAY);
        visits.drain(..visits.len().saturating_sub(7));
    } else {
        let lasting = episodes.iter().filter(|episode| episode.to.is_none());
        let count = 1 + random.between(0, 1) + lasting.count().min(4) as i32;
        let mut day = TODAY.plus(-random.between(3, 240));
        for _ in 0..count {
            visits.push(day);
            day = day.plus(-random.between(85, 330));
        }
        visits.retain(|day| *day > person.born);
        visits.reverse();
    }
    visits
}

/// Months after birth.
const CHECKUPS: [i32; 20] = [
    1, 2, 4, 6, 9, 12, 15, 18, 24, 36, 48, 60, 72, 84, 96, 120, 144, 168, 192, 209,
];
