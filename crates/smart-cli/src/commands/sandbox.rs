//! `smart sandbox`: an embedded container until Ctrl-C.

use anyhow::{Context as _, Result};
use smart_sandbox::{AppManifest, Sandbox};

use crate::args::SandboxArgs;
use crate::failure::UsageError;
use crate::output;

pub(crate) async fn run(args: SandboxArgs) -> Result<()> {
    let mut builder = Sandbox::builder().port(args.port).fhir_port(args.fhir_port);
    if let Some(folder) = args.patients {
        builder = builder.patients(folder);
    }
    for app in &args.apps {
        let (manifest, secret) = read_app(app)?;
        builder = builder.app(manifest, secret);
    }
    let sandbox = builder.start().await?;
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
    tokio::signal::ctrl_c()
        .await
        .context("Ctrl-C cannot be awaited")?;
    sandbox.shutdown().await;
    Ok(())
}

/// `MANIFEST.json:SECRET`, split at the last colon so that the path may hold one.
fn read_app(argument: &str) -> Result<(AppManifest, String)> {
    let Some((path, secret)) = argument
        .rsplit_once(':')
        .filter(|(path, secret)| !path.is_empty() && !secret.is_empty())
    else {
        return Err(UsageError(format!(
            "--app takes MANIFEST.json:SECRET, not `{argument}`"
        ))
        .into());
    };
    let text = std::fs::read(path).with_context(|| format!("{path} cannot be read"))?;
    let manifest = AppManifest::from_json(&text).with_context(|| path.to_owned())?;
    Ok((manifest, secret.to_owned()))
}
