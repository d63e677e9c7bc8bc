//! A background app: every record, each with its own token.

use futures_util::{StreamExt as _, TryStreamExt as _};
use smart::classic::Record;
use smart::rdf::Query;
use smart_tests::{background_client, sandbox};

const OWNERS: &str = "
    PREFIX sp: <http://smartplatforms.org/terms#>
    SELECT DISTINCT ?record WHERE { ?statement sp:belongsTo ?record }";

/// The records that the answer's statements belong to, by id.
async fn owners(record: &Record) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let graph = record.get_problems().send().await?.graph()?.clone();
    let rows = Query::prepare(OWNERS)?.select(&graph)?;
    let id = |iri: &str| iri.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(rows
        .rows()
        .filter_map(|row| row.text("record"))
        .map(id)
        .collect())
}

#[tokio::test]
async fn every_record_is_visited_once_in_string_order() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = sandbox().await?;
    let records: Vec<Record> = background_client(&sandbox)?.records().try_collect().await?;
    let ids: Vec<_> = records
        .iter()
        .map(|record| record.id().as_str().to_owned())
        .collect();
    let mut sorted = ids.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(ids, sorted);
    assert_eq!(ids.len(), sandbox.record_count());
    assert!(ids.iter().any(|id| id == "1288992"));
    Ok(())
}

#[tokio::test]
async fn handles_used_at_once_each_see_their_own_record() -> Result<(), Box<dyn std::error::Error>>
{
    let sandbox = sandbox().await?;
    let records: Vec<Record> = background_client(&sandbox)?
        .records()
        .take(12)
        .try_collect()
        .await?;
    let mut seen = 0;
    let mut answers = futures_util::stream::iter(&records)
        .map(|record| async move {
            (
                record.id().as_str(),
                owners(record).await.map_err(|error| error.to_string()),
            )
        })
        .buffer_unordered(12);
    while let Some((id, owners)) = answers.next().await {
        let owners = owners?;
        assert!(
            owners.iter().all(|owner| owner == id),
            "{id} saw statements of {owners:?}"
        );
        seen += owners.len();
    }
    assert!(seen > 0, "somebody among twelve has a problem");
    Ok(())
}

#[tokio::test]
async fn a_sweep_resumes_after_any_record() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = sandbox().await?;
    let client = background_client(&sandbox)?;
    let ids = |records: Vec<Record>| {
        records
            .iter()
            .map(|record| record.id().clone())
            .collect::<Vec<_>>()
    };
    let all = ids(client.records().try_collect().await?);
    let rest = ids(client.records_after(all[20].clone()).try_collect().await?);
    assert_eq!(rest, all[21..]);
    Ok(())
}

#[tokio::test]
async fn filters_and_paging_reach_the_container() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = sandbox().await?;
    let record = background_client(&sandbox)?.open_record("1288992").await?;
    let count = Query::prepare(
        "PREFIX sp: <http://smartplatforms.org/terms#> SELECT ?m WHERE { ?m a sp:Medication }",
    )?;
    let all = record.get_medications().send().await?;
    let all = count.select(&all.graph()?)?.rows().count();
    let one = record.get_medications().limit(1).send().await?;
    let none = record.get_medications().date_from("2999").send().await?;
    assert!(all > 1, "Daniel Adams takes several drugs");
    assert_eq!(count.select(&one.graph()?)?.rows().count(), 1);
    assert_eq!(count.select(&none.graph()?)?.rows().count(), 0);
    Ok(())
}
