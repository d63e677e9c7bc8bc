//! `smart sweep`: every record's medications, as a background app sees them.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use futures_util::{StreamExt as _, TryFutureExt as _, stream};
use smart::classic::{Client, Record, RecordId};
use smart::rdf::Query;

use crate::args::SweepArgs;
use crate::commands::rdf::check::counted;
use crate::failure::{Incomplete, UsageError};
use crate::session::Session;
use crate::{output, stop};

/// The medications in an answer of `get_medications`, in the alphabetical order of their drugs. The
/// name of a drug can be missing.
pub(crate) const DRUG_NAMES: &str = "
    PREFIX dcterms: <http://purl.org/dc/terms/>
    PREFIX sp: <http://smartplatforms.org/terms#>
    SELECT ?drug WHERE {
        ?medication a sp:Medication .
        OPTIONAL { ?medication sp:drugName/dcterms:title ?drug }
    } ORDER BY ?drug";

/// Stands for the name of a drug that the container does not give: the medication is not left out.
const NO_NAME: &str = "(drug name missing)";

pub(crate) async fn run(args: SweepArgs, trace: Option<&Path>) -> Result<()> {
    let ids = args.records.as_deref().map(record_ids).transpose()?;
    let scope = match ids {
        Some(ids) => Scope::These(after(ids, args.after)?),
        None => Scope::All { after: args.after },
    };
    let expected = match &scope {
        Scope::These(ids) => Some(args.expect.unwrap_or(ids.len())),
        Scope::All { .. } => args.expect,
    };
    let session = Session::open(&args.container, trace).await?;
    let mut tally = Tally::default();
    let outcome = tokio::select! {
        outcome = sweep(&session.client, scope, args.concurrency, &mut tally) => outcome,
        stopped = stop::requested() => stopped
            .context("a request to stop cannot be awaited")
            .and(Err(anyhow!("stopped"))),
    };
    session.close().await;
    match outcome {
        // Nothing was delivered: a failure like any other.
        Err(error) if tally.read == 0 => Err(error),
        Err(error) => bail!(Incomplete(format!("{error:#}; {}", tally.advice()))),
        Ok(()) => tally.judge(expected),
    }
}

/// Which records to read.
pub(crate) enum Scope {
    /// All that the container has, or all after one of them.
    All { after: Option<String> },
    /// These.
    These(Vec<String>),
}

/// How a sweep went.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) read: usize,
    pub(crate) failed: usize,
    /// The last record before the first one that failed.
    done: Option<RecordId>,
    /// The last record of all.
    last: Option<RecordId>,
}

impl Tally {
    fn add(&mut self, id: &RecordId, is_read: bool) {
        if is_read {
            self.read += 1;
        } else {
            self.failed += 1;
        }
        if self.failed == 0 {
            self.done = Some(id.clone());
        }
        self.last = Some(id.clone());
    }

    /// Where to go on so that no record is left out: behind the last one that is done, with all
    /// before it.
    fn advice(&self) -> String {
        match &self.done {
            Some(id) => format!("go on with --after {id}"),
            None => "begin again, since the first record failed".to_owned(),
        }
    }

    /// Says how many records there were, since a container's end of the list cannot be told from a
    /// place that it has lost.
    fn judge(&self, expected: Option<usize>) -> Result<()> {
        let Self { read, failed, .. } = self;
        if *failed > 0 {
            let all = read + failed;
            let advice = self.advice();
            bail!(Incomplete(format!(
                "{failed} of {all} records could not be read; {advice}"
            )));
        }
        let end = match &self.last {
            Some(id) => format!("{} read, the last one is {id}", counted(*read, "record")),
            None => "no records read".to_owned(),
        };
        match expected {
            Some(expected) if expected != *read => {
                bail!(Incomplete(format!("{end}, but {expected} were expected")))
            }
            _ => output::note(end),
        }
        Ok(())
    }
}

/// Prints a line for each record, in order, with several records under way at a time.
///
/// A record that fails is reported and the sweep goes on; only a failure of the record loop itself
/// ends it.
pub(crate) async fn sweep(
    client: &Client,
    scope: Scope,
    concurrency: u16,
    tally: &mut Tally,
) -> Result<()> {
    let query = Query::prepare(DRUG_NAMES)?;
    let records = match scope {
        Scope::All { after: Some(id) } => client.records_after(id).boxed(),
        Scope::All { after: None } => client.records().boxed(),
        Scope::These(ids) => stream::iter(ids.into_iter().map(|id| Ok(client.record(id)))).boxed(),
    };
    let mut answers = records
        .map(|record| async {
            let record: Record = record?;
            let drugs = drug_names(client, &record, &query).await;
            Ok::<_, smart::Error>((record.id().clone(), drugs))
        })
        .buffered(usize::from(concurrency));

    while let Some(answer) = answers.next().await {
        let (id, drugs) = answer.map_err(stopped_by)?;
        match &drugs {
            Ok(drugs) if drugs.is_empty() => output::line(format_args!("{id}: no medications"))?,
            Ok(drugs) => output::line(format_args!("{id}: {}", drugs.join(", ")))?,
            Err(error) => output::note(format_args!("{id}: failed: {error:#}")),
        }
        tally.add(&id, drugs.is_ok());
    }
    Ok(())
}

/// What ended the record loop, without advice for a program.
fn stopped_by(error: smart::Error) -> anyhow::Error {
    match error {
        smart::Error::Sweep { source, .. } => (*source).into(),
        error => error.into(),
    }
}

/// The ids of a file, one on each line.
fn record_ids(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let ids: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    if ids.is_empty() {
        bail!(UsageError(format!("{} names no record", file.display())));
    }
    Ok(ids)
}

/// What comes after this id in the list.
fn after(mut ids: Vec<String>, after: Option<String>) -> Result<Vec<String>> {
    let Some(id) = after else {
        return Ok(ids);
    };
    match ids.iter().position(|known| *known == id) {
        Some(place) => Ok(ids.split_off(place + 1)),
        None => bail!(UsageError(format!(
            "record {id} is not in the file of records"
        ))),
    }
}

/// A record of a sweep has a token; for others, one is asked for first.
async fn drug_names(client: &Client, record: &Record, query: &Query) -> Result<Vec<String>> {
    let opened;
    let record = if record.token().is_some() {
        record
    } else {
        opened = client.open_record(record.id().clone()).await?;
        &opened
    };
    let response = record
        .get_medications()
        .send()
        .map_err(anyhow::Error::from)
        .await?;
    let solutions = query.select(&response.graph()?)?;
    Ok(solutions
        .rows()
        .map(|row| row.text("drug").map(str::trim).unwrap_or_default())
        .map(|drug| if drug.is_empty() { NO_NAME } else { drug }.to_owned())
        .collect())
}
