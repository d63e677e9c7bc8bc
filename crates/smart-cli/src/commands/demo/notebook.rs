//! The walk of the Sync for Science notebook: the second generation, on the FHIR server that runs
//! beside the container.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::Request;
use serde_json::Value;
use smart::fhir::s4s::DebugToken;
use smart::fhir::{App, AppBuilder, Session, TokenSet};
use smart::vault::VaultKey;
use smart_sandbox::{FHIR_PASSWORD, FHIR_USER, Sandbox};

use super::browser::{Browser, Visit};
use crate::output::line;
use crate::session::sink;

const SCOPES: &str = "launch/patient patient/*.read offline_access";
const PATIENT: &str = "smart-1288992";

/// Both halves of the notebook: the debug addresses, and the workflow as an app has it.
pub(crate) async fn walk(sandbox: &Sandbox, trace: Option<&Path>) -> Result<()> {
    let base = sandbox.fhir_base();
    line(format_args!(
        "\nBeside it runs a server of the second generation, OAuth 2 and FHIR, at {base}.\n"
    ))?;
    debug_tokens(base, trace).await?;
    workflow(base, trace).await
}

/// Cells 1 to 8.
async fn debug_tokens(base: &str, trace: Option<&Path>) -> Result<()> {
    let app = builder(base, trace)?
        .redirect_uri("http://localhost:9001/authorized")
        .register("SMART Test Client", SCOPES)
        .await?;
    line(format_args!(
        "1. An app registers (RFC 7591). It is {} from now on, and has a secret.",
        app.client_id()
    ))?;

    let wanted = DebugToken::new(app.client_id().clone(), FHIR_USER, PATIENT);
    let session = app.debug_session(&wanted).await?;
    line(format_args!(
        "2. A development server makes tokens without asking anybody: for {FHIR_USER} and {PATIENT}."
    ))?;

    let facts = app.debug_introspect(session.tokens().access_token).await?;
    let facts = facts.context("the server does not know the token that it just made")?;
    let scopes = facts.scopes.map(|scopes| scopes.to_string());
    line(format_args!(
        "3. It describes them: {}, for {}.",
        if facts.is_active {
            "active"
        } else {
            "not active"
        },
        scopes.as_deref().unwrap_or("nothing")
    ))?;

    let unknown = VaultKey::new("unknown")?;
    let stranger = Session::with_tokens(&app, unknown, TokenSet::new("unknown")).await?;
    let refused = read(&stranger, PATIENT).await?.status();
    line(format_args!(
        "4. With a token that the server does not know, the patient is {refused};"
    ))?;
    line(format_args!(
        "   with the one it made, it is {}.",
        read(&session, PATIENT).await?.status()
    ))?;

    session.refresh().await?;
    let renewed = read(&session, PATIENT).await?.status();
    line(
        "5. A refresh puts new tokens in place of both old ones. The vault has them before they are used:",
    )?;
    line(format_args!("   the patient is {renewed} again.\n")).map_err(Into::into)
}

/// Cells 9 to 13.
async fn workflow(base: &str, trace: Option<&Path>) -> Result<()> {
    let app = builder(base, trace)?
        .redirect_uri("http://not-a-real-site")
        .allow_plain_http()
        .register("Fake Research Application", SCOPES)
        .await?;
    line("6. A research app registers, and wants one participant's record.")?;

    let authorization = app.authorize(SCOPES).await?;
    let (page, _) = authorization
        .authorize_url()
        .split_once('?')
        .unwrap_or_default();
    line(format_args!(
        "7. It sends the participant's browser to {page},"
    ))?;
    line(
        "   with a state that nobody can guess, a code challenge (S256), and the FHIR base as audience.",
    )?;

    let callback = allow(base, authorization.authorize_url()).await?;
    let (site, _) = callback.split_once('?').unwrap_or_default();
    line(format_args!(
        "8. {FHIR_USER} logs in, chooses a record and allows it; the browser comes back at {site}"
    ))?;
    line("   with a code, good for 100 seconds and one use.")?;

    let session = authorization.exchange(&callback).await?;
    let patient = session
        .patient()
        .context("the server does not say whose record it is")?;
    line(format_args!(
        "9. The app checks the state, exchanges the code, and has tokens for patient {patient}:"
    ))?;
    line(format_args!("   {}.", session.scopes().granted))?;

    let response = read(&session, &patient).await?;
    let resource: Value = serde_json::from_slice(response.body())?;
    line("10. It reads the patient:\n")?;
    line(format_args!(
        "{patient}: {}",
        name(&resource).unwrap_or("no name".to_owned())
    ))?;
    Ok(())
}

fn builder(base: &str, trace: Option<&Path>) -> Result<AppBuilder> {
    let builder = App::builder(base);
    Ok(match sink(trace)? {
        Some(sink) => builder.record_exchanges(sink),
        None => builder,
    })
}

async fn read(session: &Session, patient: &str) -> Result<http::Response<Bytes>> {
    let url = format!("{}/Patient/{patient}", session.base());
    Ok(session.send(Request::get(url).body(Bytes::new())?).await?)
}

/// What the participant does in the browser, up to the redirect that leads back to the app.
async fn allow(base: &str, url: &str) -> Result<String> {
    let server = base.strip_suffix("/api/fhir").unwrap_or(base);
    let mut browser = Browser::new(server);
    let Visit::Page(login) = browser.open(url).await? else {
        bail!("the server did not ask the participant to log in")
    };
    let credentials = [("username", FHIR_USER), ("password", FHIR_PASSWORD)];
    let Visit::Page(choice) = browser.submit(&login, &credentials).await? else {
        bail!("the server did not ask whose record it is about")
    };
    let chosen = format!(" data-patient-id=\"{PATIENT}\"");
    let Visit::Page(consent) = browser.follow(&choice, &chosen).await? else {
        bail!("the server did not ask the participant to allow it")
    };
    match browser.submit(&consent, &[]).await? {
        Visit::Left(callback) => Ok(callback),
        Visit::Page(_) => bail!("the server did not lead the participant back to the app"),
    }
}

fn name(patient: &Value) -> Option<String> {
    let name = patient.get("name")?.get(0)?;
    let given = name.get("given")?.get(0)?.as_str()?;
    Some(format!("{given} {}", name.get("family")?.as_str()?))
}
