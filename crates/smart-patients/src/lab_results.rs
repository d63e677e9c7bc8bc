//! Laboratory results: values that fit the conditions of the day.

use smart_api::vocab::sp;

use super::date::{Day, TODAY};
use super::file::PatientFile;
use super::labs::{LabTest, PANELS, Panel};
use super::person::Sex;
use super::random::{Random, Source};
use super::story::Story;

/// Blood is drawn at the latest of the visits only.
const LATEST: usize = 2;

/// Adds the `sp:LabResult`s: panels at visits, findings where a condition set in.
pub(super) fn write(story: &Story, source: &Source, file: &mut PatientFile) {
    let mut random = source.stream("labs");
    let mut samples = 0;
    for visit in story.visits.iter().rev().take(LATEST).rev() {
        for panel in &*PANELS {
            if ordered(panel, story, *visit, &mut random) {
                samples += 1;
                let sample = accession(story, samples);
                for (test, value) in values(panel, story, *visit, &mut random) {
                    measured(test, value, story, *visit, &sample, file);
                }
            }
        }
    }
    for episode in &story.episodes {
        let findings = &episode.condition.findings;
        samples += u32::from(!findings.is_empty());
        let day = episode.from.plus(random.between(0, 2)).min(TODAY);
        for finding in findings {
            let text = random.pick(&finding.texts).copied().unwrap_or_default();
            let result = file.statement(sp::class::LAB_RESULT);
            file.dated(&result, day);
            file.text(&result, sp::ACCESSION_NUMBER, accession(story, samples));
            file.coded(&result, sp::LAB_NAME, &finding.name);
            let narrative = file.node(sp::class::NARRATIVE_RESULT);
            file.link(&result, sp::NARRATIVE_RESULT, &narrative);
            file.text(&narrative, sp::VALUE, text);
        }
    }
}

fn accession(story: &Story, sample: u32) -> String {
    format!("L{}-{sample:03}", story.record_id)
}

fn ordered(panel: &Panel, story: &Story, visit: Day, random: &mut Random) -> bool {
    let (youngest, oldest) = panel.ages;
    let by_chance = random.in_thousand(panel.chances);
    let mut drugs = story.taken(visit).map(|drug| drug.name.id);
    (youngest..=oldest).contains(&visit.age(story.person.born))
        && (by_chance
            || story.has_any(&panel.needed_for, visit)
            || drugs.any(|id| panel.needed_with.iter().any(|drug| drug.name.id == id)))
}

/// One value a test, with those that follow from others reckoned.
fn values(
    panel: &'static Panel,
    story: &Story,
    visit: Day,
    random: &mut Random,
) -> Vec<(&'static LabTest, i32)> {
    let mut values: Vec<(&'static LabTest, i32)> = Vec::with_capacity(panel.tests.len());
    for test in panel.tests.iter().copied() {
        let drawn = |wanted: &str| {
            let same = values.iter().find(|(test, _)| test.key == wanted);
            same.map_or(0, |(_, value)| *value)
        };
        let value = match test.key {
            "cholesterol" => drawn("hdl") + drawn("ldl") + drawn("triglycerides") / 5,
            "hematocrit" => drawn("hemoglobin") * 3 + random.between(-6, 6),
            _ => draw(test, story, visit, random),
        };
        values.push((test, value));
    }
    values
}

/// Within what a condition of the day makes of it, or else within what is usual.
fn draw(test: &LabTest, story: &Story, visit: Day, random: &mut Random) -> i32 {
    let mut shifts = story
        .present(visit)
        .flat_map(|condition| &condition.shifts)
        .filter(|shift| shift.test == test.key);
    let (low, high) = match shifts.next() {
        Some(shift) => shift.values,
        None if story.person.sex == Sex::Female => test.normal_for_women.unwrap_or(test.usual),
        None => test.usual,
    };
    random.bell(low, high)
}

fn measured(
    test: &LabTest,
    value: i32,
    story: &Story,
    visit: Day,
    sample: &str,
    file: &mut PatientFile,
) {
    let result = file.statement(sp::class::LAB_RESULT);
    file.dated(&result, visit);
    file.text(&result, sp::ACCESSION_NUMBER, sample);
    file.coded(&result, sp::LAB_NAME, &test.name);
    let quantitative = file.node(sp::class::QUANTITATIVE_RESULT);
    file.link(&result, sp::QUANTITATIVE_RESULT, &quantitative);
    let shown = |value| decimal(value, test.decimals);
    file.quantity(&quantitative, sp::VALUE_AND_UNIT, shown(value), test.unit);
    let range = file.node(sp::class::VALUE_RANGE);
    file.link(&quantitative, sp::NORMAL_RANGE, &range);
    let (low, high) = match story.person.sex {
        Sex::Female => test.normal_for_women.unwrap_or(test.normal),
        Sex::Male => test.normal,
    };
    file.quantity(&range, sp::MINIMUM, shown(low), test.unit);
    file.quantity(&range, sp::MAXIMUM, shown(high), test.unit);
}

/// Puts the decimal point into a number that counts the last decimal.
pub(super) fn decimal(value: i32, decimals: u8) -> String {
    let unit = 10_i32.pow(u32::from(decimals));
    match decimals {
        0 => value.to_string(),
        _ => format!(
            "{}.{:0width$}",
            value / unit,
            value % unit,
            width = usize::from(decimals)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_keep_their_zeros() {
        assert_eq!(decimal(98, 0), "98");
        assert_eq!(decimal(35, 1), "3.5");
        assert_eq!(decimal(405, 2), "4.05");
        assert_eq!(decimal(7, 2), "0.07");
    }
}
