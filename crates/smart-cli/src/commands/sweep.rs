//! `smart sweep`: every record's medications, as a background app sees them.

use std::path::Path;

use anyhow::{Result, bail};
use futures_util::{StreamExt as _, TryFutureExt as _};
use smart::rdf::Query;
use smart::{Client, Record};

use crate::args::SweepArgs;
use crate::failure::Incomplete;
use crate::output;
use crate::session::Session;

/// The names of the drugs in an answer of `get_medications`, in alphabetical order.
pub(crate) const DRUG_NAMES: &str = "
    PREFIX dcterms: <http://purl.org/dc/terms/>
    PREFIX sp: <http://smartplatforms.org/terms#>
    SELECT ?drug WHERE {
        ?medication a sp:Medication ; sp:drugName/dcterms:title ?drug .
    } ORDER BY ?drug";

pub(crate) async fn run(args: SweepArgs, trace: Option<&Path>) -> Result<()> {
    let session = Session::open(&args.container, trace).await?;
    let outcome = tokio::select! {
        outcome = sweep(&session.client, args.after, args.concurrency) => outcome,
        _ = tokio::signal::ctrl_c() => {
            bail!("stopped; go on with --after and the last record printed");
        }
    };
    session.close().await;
    let Tally { read, failed } = outcome?;
    if failed > 0 {
        let all = read + failed;
        bail!(Incomplete(format!(
            "{failed} of {all} records could not be read"
        )));
    }
    Ok(())
}

/// How a sweep went.
pub(crate) struct Tally {
    pub(crate) read: usize,
    pub(crate) failed: usize,
}

/// Prints a line for each record, in the container's order, with several records under way at a time.
///
/// A record that fails is reported and the sweep goes on; only a failure of the record loop itself ends it.
pub(crate) async fn sweep(
    client: &Client,
    after: Option<String>,
    concurrency: u16,
) -> Result<Tally> {
    let query = Query::prepare(DRUG_NAMES)?;
    let records = match after {
        Some(id) => client.records_after(id),
        None => client.records(),
    };
    let mut answers = records
        .map(|record| async {
            let record = record?;
            let drugs = drug_names(&record, &query).await;
            Ok::<_, smart::Error>((record.id().clone(), drugs))
        })
        .buffered(usize::from(concurrency));

    let mut tally = Tally { read: 0, failed: 0 };
    while let Some(answer) = answers.next().await {
        match answer? {
            (id, Ok(drugs)) if drugs.is_empty() => {
                output::line(format_args!("{id}: no medications"))?;
                tally.read += 1;
            }
            (id, Ok(drugs)) => {
                output::line(format_args!("{id}: {}", drugs.join(", ")))?;
                tally.read += 1;
            }
            (id, Err(error)) => {
                output::note(format_args!("{id}: failed: {error:#}"));
                tally.failed += 1;
            }
        }
    }
    Ok(tally)
}

async fn drug_names(record: &Record, query: &Query) -> Result<Vec<String>> {
    let response = record
        .get_medications()
        .send()
        .map_err(anyhow::Error::from)
        .await?;
    let solutions = query.select(&response.graph()?)?;
    Ok(solutions
        .rows()
        .filter_map(|row| row.text("drug").map(str::to_owned))
        .collect())
}
