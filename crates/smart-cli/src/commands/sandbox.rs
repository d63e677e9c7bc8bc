//! `smart sandbox`: an embedded container until it is stopped.

use std::error::Error as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use smart_sandbox::{AppManifest, Sandbox};

use crate::args::SandboxArgs;
use crate::failure::UsageError;
use crate::{output, secret, stop};

pub(crate) async fn run(args: SandboxArgs) -> Result<()> {
    let mut builder = Sandbox::builder().port(args.port).fhir_port(args.fhir_port);
    if let Some(folder) = args.patients {
        builder = builder.patients(folder);
    }
    for app in &args.apps {
        let (manifest, secret) = read_app(&app.0)?;
        builder = builder.app(manifest, secret);
    }
    if args.accept_unsigned_bodies {
        builder = builder.accept_unsigned_bodies();
    }
    let sandbox = builder
        .on_refusal(|refusal| output::note(format_args!("refused: {refusal}")))
        .start()
        .await?;
    note_load_problems(&sandbox);
    let base = sandbox.api_base();
    output::line(format_args!(
        "SMART container at {base} with {} records",
        sandbox.record_count()
    ))?;
    output::line(format_args!("  manifest   {base}/manifest"))?;
    output::line(format_args!(
        "  log in     {base}/login as {} / {}",
        smart_sandbox::DEMO_USER,
        smart_sandbox::DEMO_PASSWORD
    ))?;
    for id in sandbox.app_ids() {
        output::line(format_args!("  app        {id}"))?;
    }
    output::line(format_args!("FHIR server at {}", sandbox.fhir_base()))?;
    output::line(format_args!(
        "  log in     as {} / {}",
        smart_sandbox::FHIR_USER,
        smart_sandbox::FHIR_PASSWORD
    ))?;
    output::line("Ctrl-C stops it.")?;
    stop::requested()
        .await
        .context("a request to stop cannot be awaited")?;
    sandbox.shutdown().await;
    Ok(())
}

/// Says which patient files are not served, and why.
pub(crate) fn note_load_problems(sandbox: &Sandbox) {
    for problem in sandbox.load_problems() {
        let causes = std::iter::successors(problem.source(), |&cause| cause.source());
        let causes: String = causes.map(|cause| format!(": {cause}")).collect();
        output::note(format_args!("warning: {problem}{causes}"));
    }
}

/// `MANIFEST.json:SECRET` or `MANIFEST.json:@FILE`, split at the last colon so that the path may
/// contain one. No message repeats it, since it contains a secret.
fn read_app(argument: &str) -> Result<(AppManifest, String)> {
    let problem = match argument.rsplit_once(':') {
        None => "there is no colon",
        Some(("", _)) => "there is no path before the colon",
        Some((_, "" | "@")) => "there is no secret behind the colon",
        Some((path, secret)) => {
            let text = std::fs::read(path).with_context(|| format!("{path} cannot be read"))?;
            let manifest = AppManifest::from_json(&text).with_context(|| path.to_owned())?;
            let secret = match secret.strip_prefix('@') {
                Some(file) => secret::read(Path::new(file))?,
                None => secret.to_owned(),
            };
            return Ok((manifest, secret));
        }
    };
    Err(UsageError(format!(
        "--app takes MANIFEST.json:SECRET or MANIFEST.json:@FILE; {problem}"
    ))
    .into())
}
