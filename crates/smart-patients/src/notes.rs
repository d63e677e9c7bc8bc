//! Clinical notes of a few patients, put together from what the record says elsewhere.

use smart_api::vocab::sp;
use smart_rdf::vocab::{dcterms, rdf, rdfs};
use smart_rdf::{Literal, NamedNode};

use super::codes::set;
use super::date::Day;
use super::file::PatientFile;
use super::history;
use super::person::Sex;
use super::random::{Random, Source};
use super::story::Story;

/// Adds an `sp:ClinicalNote` about one of the last visits to one record in four.
pub(super) fn write(story: &Story, source: &Source, file: &mut PatientFile) {
    let mut random = source.stream("notes");
    if !random.in_thousand(250) {
        return;
    }
    let Some(visit) = random.pick(&story.visits).copied() else {
        return;
    };
    let note = file.statement(sp::class::CLINICAL_NOTE);
    file.dated(&note, visit);
    file.text(&note, dcterms::TITLE, "Office visit");
    file.push(note.clone(), dcterms::FORMAT, plain_text());
    describe_plain_text(file);
    file.coded(&note, sp::DOCUMENT_TYPE, &set::NOTE);
    let (given, family) = history::doctor(&mut random);
    file.provider(&note, given, family);

    let resource = file.node(sp::class::RESOURCE);
    file.link(&note, sp::RESOURCE, &resource);
    let content = file.node(sp::class::CONTENT);
    file.link(&resource, sp::CONTENT, &content);
    file.text(&content, sp::ENCODING, "UTF-8");
    file.text(&content, sp::VALUE, text(story, visit, &mut random));
}

fn plain_text() -> NamedNode {
    NamedNode::new_unchecked("http://purl.org/NET/mediatypes/text/plain")
}

fn describe_plain_text(file: &mut PatientFile) {
    file.push(plain_text(), rdf::TYPE, dcterms::MEDIA_TYPE_OR_EXTENT);
    let label = Literal::new_simple_literal("text/plain");
    file.push(plain_text(), rdfs::LABEL, label);
}

/// Who came, with what, taking what, and what was agreed.
fn text(story: &Story, visit: Day, random: &mut Random) -> String {
    let person = &story.person;
    let who = match (visit.age(person.born), person.sex) {
        (0, Sex::Female) => "An infant girl".to_owned(),
        (0, Sex::Male) => "An infant boy".to_owned(),
        (age @ ..18, Sex::Female) => format!("A girl of {age}"),
        (age @ ..18, Sex::Male) => format!("A boy of {age}"),
        (age, Sex::Female) => format!("A woman of {age}"),
        (age, Sex::Male) => format!("A man of {age}"),
    };
    let drugs: Vec<&str> = story.taken(visit).map(|drug| drug.name.title).collect();
    let reasons = if drugs.is_empty() {
        REASONS
    } else {
        REASONS_WITH_DRUGS
    };
    let reason = random.pick(reasons).copied().unwrap_or_default();
    let mut lines = vec![format!("{who}, seen {reason}.")];
    let problems = story.present(visit).map(|condition| condition.name.title);
    lines.push(list("Known problems", problems.collect()));
    lines.push(list("Takes", drugs));
    let plan = random.pick(PLANS).copied().unwrap_or_default();
    lines.push(format!("Plan: {plan}."));
    lines.join("\n")
}

fn list(heading: &str, items: Vec<&str>) -> String {
    if items.is_empty() {
        format!("{heading}: none.")
    } else {
        format!("{heading}: {}.", items.join("; "))
    }
}

static REASONS: &[&str] = &[
    "for a regular check-up",
    "to go over recent results",
    "for a follow-up",
];

static REASONS_WITH_DRUGS: &[&str] = &[
    "for a follow-up",
    "for a refill and a few questions",
    "to go over the medications",
];

static PLANS: &[&str] = &[
    "continue as before, next visit in three months",
    "more walking, less salt, measure again in six weeks",
    "repeat the laboratory tests before the next visit",
    "no changes, call if anything is new",
];
