//! What apps read and write by models, from a container to an app.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use smart::api::models::{AllergyExclusion, ClinicalNote, Fulfillment, VitalSignSet};

use smart::api::{Body, DateBound, Model as _, PartialDate, codes};
use smart::classic::{CallResponse, Record};
use smart_tests::{background_client, sandbox};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Makes sure that nothing in an answer breaks the ontology, and counts its statements.
fn sound<C>(response: &CallResponse<C>, count: usize) -> Result<usize, smart::Error> {
    let checked = response.check()?;
    assert!(checked.findings().is_empty(), "{}", checked.findings()[0]);
    Ok(count)
}

/// Reads a record by every call about its statements.
async fn read_all(record: &Record) -> Result<usize, smart::Error> {
    let mut count = 0;
    macro_rules! read {
        ($($list:ident.$items:ident),*) => {
            $({
                let response = record.$list().send().await?;
                count += sound(&response, response.$items()?.len())?;
            })*
        };
    }
    read!(
        get_allergies.allergies,
        get_clinical_notes.clinical_notes,
        get_documents.documents,
        get_encounters.encounters,
        get_family_history_observations.family_history_observations,
        get_fulfillments.fulfillments,
        get_imaging_studies.imaging_studies,
        get_immunizations.immunizations,
        get_lab_panels.lab_panels,
        get_lab_results.lab_results,
        get_medical_images.medical_images,
        get_medications.medications,
        get_problems.problems,
        get_procedures.procedures,
        get_vital_sign_sets.vital_sign_sets
    );
    let demographics = record.get_demographics().send().await?;
    let patient = demographics.demographics()?;
    assert!(patient.is_some());
    count += sound(&demographics, 1)?;
    let history = record.get_social_history().send().await?;
    count += sound(&history, history.social_history()?.iter().count())?;
    Ok(count)
}

#[tokio::test]
async fn every_synthetic_patient_reads_with_no_findings() -> Outcome {
    let sandbox = sandbox().await?;
    let mut records = background_client(&sandbox)?.records();
    let (mut read, mut statements) = (0, 0);
    while let Some(record) = records.try_next().await? {
        let count = read_all(&record).await?;
        assert!(count > 1, "record {}", record.id());
        read += 1;
        statements += count;
    }
    assert_eq!(read, 50);
    assert!(statements > 2000, "{statements}");
    Ok(())
}

#[tokio::test]
async fn references_lead_to_what_came_along() -> Outcome {
    let sandbox = sandbox().await?;
    let record = background_client(&sandbox)?.open_record("1288992").await?;
    let response = record.get_medications().send().await?;
    let medications = response.medications()?;
    let mut fulfilled = 0;
    for medication in &medications {
        for link in &medication.fulfillments {
            let fulfillment = medications.follow(link).expect("fulfillments come along");
            let back: Option<&str> = fulfillment.medication.get()?.iri();
            assert_eq!(back, medication.subject.iri());
            fulfilled += 1;
        }
    }
    assert_eq!(medications.others::<Fulfillment>().len(), fulfilled);
    let sets = record.get_vital_sign_sets().send().await?;
    let sets = sets.vital_sign_sets()?;
    let encounter = |set: &VitalSignSet| {
        set.encounter
            .as_option()
            .is_some_and(|encounter| sets.follow(encounter).is_some())
    };
    assert!(!sets.is_empty() && sets.iter().all(encounter));
    Ok(())
}

#[tokio::test]
async fn pages_hold_together_what_one_answer_holds() -> Outcome {
    let sandbox = sandbox().await?;
    let client = background_client(&sandbox)?;
    let mut records = client.records();
    let mut most = 0;
    while let Some(record) = records.try_next().await? {
        let all = record.get_lab_results().send().await?.lab_results()?;
        let call = record.get_lab_results().limit(7);
        let pages: Vec<_> = call.pages().try_collect().await?;
        assert_eq!(pages.len(), all.len().div_ceil(7).max(1));
        let mut paged = Vec::new();
        for page in &pages {
            paged.extend(page.lab_results()?);
        }
        let dates = paged.iter().map(|result| result.date.get());
        let dates: Vec<&PartialDate> = dates.collect::<Result<_, _>>()?;
        let dates: Vec<&str> = dates.into_iter().map(PartialDate::as_str).collect();
        assert!(dates.is_sorted_by(|one, next| one >= next), "{dates:?}");
        let ids = |results: &[smart::api::models::LabResult]| -> BTreeSet<String> {
            let ids = results.iter().filter_map(|result| result.subject.iri());
            ids.map(str::to_owned).collect()
        };
        assert_eq!(ids(&paged), ids(&all));
        most = most.max(pages.len());
    }
    assert!(most > 3, "no record has enough to fill three pages");
    Ok(())
}

/// Container and client each have their own rules for partial dates; they agree.
#[tokio::test]
async fn dates_compare_alike_on_both_sides() -> Outcome {
    let sandbox = sandbox().await?;
    let mut records = background_client(&sandbox)?.records();
    let limits = ["2000", "2010-06", "2015-03-15", "2020-01-01T00:00:00Z"];
    for _ in 0..12 {
        let Some(record) = records.try_next().await? else {
            break;
        };
        let all = record.get_problems().send().await?.problems()?;
        for limit in limits {
            let expected = |bound| {
                let limit = PartialDate::from(limit);
                all.iter()
                    .filter_map(|problem| problem.start_date.as_option())
                    .filter(|date| date.is_within(bound, &limit))
                    .count()
            };
            let call = || record.get_problems();
            let kept = call().date_from(limit).send().await?.problems()?.len();
            assert_eq!(kept, expected(DateBound::From), "from {limit}");
            let kept = call().date_to(limit).send().await?.problems()?.len();
            assert_eq!(kept, expected(DateBound::To), "to {limit}");
            let kept = call()
                .date_from_excluding(limit)
                .send()
                .await?
                .problems()?
                .len();
            assert_eq!(kept, expected(DateBound::FromExcluding), "after {limit}");
            let kept = call()
                .date_to_excluding(limit)
                .send()
                .await?
                .problems()?
                .len();
            assert_eq!(kept, expected(DateBound::ToExcluding), "before {limit}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn allergies_come_with_exclusions_and_searches_with_patients() -> Outcome {
    let sandbox = sandbox().await?;
    let client = background_client(&sandbox)?;
    let mut records = client.records();
    let mut severities = Vec::new();
    let mut exclusions = 0;
    let mut token = None;
    while let Some(record) = records.try_next().await? {
        let allergies = record.get_allergies().send().await?.allergies()?;
        exclusions += allergies.others::<AllergyExclusion>().len();
        for allergy in &allergies {
            severities.push(allergy.severity.get()?.code.get()?.clone());
        }
        token = record.token().cloned();
    }
    assert!(exclusions > 10, "{exclusions}");
    let is_listed =
        |severity: &codes::AllergySeverity| !matches!(severity, codes::AllergySeverity::Other(_));
    assert!(!severities.is_empty() && severities.iter().all(is_listed));

    let client = client.with_token(token.ok_or("there are records")?);
    let all = client.search_records().send().await?.items()?;
    assert_eq!(all.len(), 50);
    let wanted = &all[0];
    let born = wanted.date_of_birth.get()?.as_str();
    let name = wanted.name.get()?.family_name.get()?.as_str();
    let found = client
        .search_records()
        .date_of_birth(born)
        .family_name(name)
        .send()
        .await?;
    assert!(found.items()?.contains(wanted));
    assert!(found.items()?.len() < all.len());
    Ok(())
}

#[tokio::test]
async fn a_note_is_written_as_a_model_and_comes_back_as_one() -> Outcome {
    let sandbox = sandbox().await?;
    let record = background_client(&sandbox)?.open_record("1288992").await?;

    let text = "Feels <better> & sleeps well.\nSame dose.";
    let mut note = ClinicalNote::of_text("Telephone call", "2013-09-02", text);

    let response = record
        .post_clinical_note(Body::from_model(&note)?)
        .send()
        .await?;
    let kept = response
        .clinical_note()?
        .strict()?
        .ok_or("the container gives back what it stored")?;
    assert!(
        kept.subject
            .iri()
            .is_some_and(|iri| iri.contains("/records/1288992/clinical_notes/"))
    );
    note.subject = kept.subject.clone();
    note.belongs_to = kept.belongs_to.clone();
    assert_eq!(kept, note);
    assert_eq!(kept.text(), Some(text));

    let notes = record.get_clinical_notes().send().await?.clinical_notes()?;
    assert!(notes.contains(&kept));
    assert!(kept.to_graph().len() > 10);
    Ok(())
}
