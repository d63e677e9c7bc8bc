//! `smart demo`: the two jobs of a SMART Classic app, and the walk of a SMART on FHIR app, on an
//! embedded container.

mod browser;
mod notebook;

use std::path::Path;

use anyhow::{Result, bail};
use smart::classic::{Client, Record};
use smart::rdf::Query;
use smart_sandbox::{
    BACKGROUND_APP_ID, DEMO_PASSWORD, DEMO_USER, STOCK_SECRET, Sandbox, UI_APP_ID,
};

use self::browser::{Browser, Visit};
use crate::args::DemoArgs;
use crate::commands::classic::sweep::{Scope, Tally, sweep};
use crate::output::line;
use crate::session::recorded;

/// How many records the demo reads at a time.
const CONCURRENCY: u16 = 4;

const PATIENT_NAME: &str = "
    PREFIX v: <http://www.w3.org/2006/vcard/ns#>
    SELECT ?given ?family WHERE {
        [] v:n ?name .
        ?name v:given-name ?given ; v:family-name ?family .
    }";

pub(crate) async fn run(args: DemoArgs, trace: Option<&Path>) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    line(format_args!(
        "An embedded SMART container runs at {}, with {} records.\n",
        sandbox.api_base(),
        sandbox.record_count()
    ))?;
    background_app(&sandbox, trace).await?;
    rest_app(&sandbox, &args.record, trace).await?;
    notebook::walk(&sandbox, trace).await?;
    sandbox.shutdown().await;
    Ok(())
}

fn client(sandbox: &Sandbox, app_id: &str, trace: Option<&Path>) -> Result<Client> {
    let builder = Client::builder()
        .app_id(app_id)
        .api_base(sandbox.api_base())
        .consumer(app_id, STOCK_SECRET);
    Ok(recorded(builder, trace)?.build()?)
}

/// The first job: no user, every record.
async fn background_app(sandbox: &Sandbox, trace: Option<&Path>) -> Result<()> {
    line(format_args!(
        "A background app, {BACKGROUND_APP_ID}, asks for a token for each record in turn (two-legged)"
    ))?;
    line("and reads that record's medications with it:\n")?;
    let mut tally = Tally::default();
    let client = client(sandbox, BACKGROUND_APP_ID, trace)?;
    sweep(&client, Scope::All { after: None }, CONCURRENCY, &mut tally).await?;
    if tally.failed > 0 {
        bail!("{} records could not be read", tally.failed);
    }
    line(format_args!("\n{} records read.\n", tally.read))?;
    Ok(())
}

/// The second job: one user grants one app one record.
async fn rest_app(sandbox: &Sandbox, record_id: &str, trace: Option<&Path>) -> Result<()> {
    line(format_args!(
        "A REST app, {UI_APP_ID}, wants record {record_id}: the three-legged dance.\n"
    ))?;
    let client = client(sandbox, UI_APP_ID, trace)?;

    let manifest = client.manifest().await?;
    line(format_args!(
        "1. The container's manifest says where to ask: {}",
        manifest.launch_urls().request_token()
    ))?;

    let authorization = client.authorize(record_id).await?;
    line(format_args!(
        "2. The app asks, signed with its consumer secret, and gets a request token: {}",
        authorization.request_token()
    ))?;

    let url = authorization.authorize_url();
    line(format_args!("3. It sends the user's browser to {url}"))?;
    let callback = authorize_as_demo_user(sandbox.api_base(), &url).await?;
    line(format_args!(
        "   The user logs in as {DEMO_USER} and allows it; the browser comes back at"
    ))?;
    line(format_args!("   {callback}"))?;

    let record = authorization.exchange(&callback).await?;
    line(
        "4. The app checks that the callback is about its own request, and exchanges request token and verifier",
    )?;
    line(format_args!(
        "   for an access token, good for record {} alone.",
        record.id()
    ))?;

    let name = patient_name(&record).await?;
    line("5. It reads the record's demographics and asks the graph, in SPARQL, for the name:\n")?;
    line(format_args!("{}: {name}", record.id()))?;
    Ok(())
}

/// What the user does in the browser, up to the redirect that leads back to the app.
async fn authorize_as_demo_user(api_base: &str, url: &str) -> Result<String> {
    let mut browser = Browser::new(api_base);
    let Visit::Page(login) = browser.open(url).await? else {
        bail!("the container did not ask the user to log in")
    };
    let credentials = [("username", DEMO_USER), ("password", DEMO_PASSWORD)];
    match browser.submit(&login, &credentials).await? {
        Visit::Left(callback) => Ok(callback),
        Visit::Page(consent) => match browser.submit(&consent, &[]).await? {
            Visit::Left(callback) => Ok(callback),
            Visit::Page(_) => bail!("the container did not lead the user back to the app"),
        },
    }
}

async fn patient_name(record: &Record) -> Result<String> {
    let demographics = record.get_demographics().send().await?;
    let solutions = Query::prepare(PATIENT_NAME)?.select(&demographics.graph()?)?;
    let name = solutions
        .rows()
        .find_map(|row| Some(format!("{} {}", row.text("given")?, row.text("family")?)));
    Ok(name.unwrap_or_else(|| "no name on record".to_owned()))
}
