//! `smart sign`: an `Authorization` header for a request that something else will send.

use anyhow::Result;
use serde_json::{Value, json};
use smart::oauth::oauth1::{SignableRequest, Signed, SigningParams, Verifier, explain, sign};

use crate::args::SignArgs;
use crate::commands::oauth::batch;
use crate::commands::oauth::signing::{Job, report};
use crate::output;

pub(crate) fn run(args: SignArgs) -> Result<()> {
    if args.batch {
        return batch::run(|line| {
            let job = Job::from_line(line)?;
            Ok(as_json(&signed(&job, |_, _| Ok(()))?))
        });
    }
    let explain_it = args.explain;
    let against = args.against;
    let as_object = args.json;
    let job = Job {
        token: args.token,
        nonce: args.nonce,
        timestamp: args
            .timestamp
            .map(crate::commands::oauth::signing::Seconds::Number),
        verifier: args.verifier,
        callback: args.callback,
        signature_method: args.signature_method,
        dialect: args.dialect,
        ..Job::from_args(args.request, args.secrets)?
    };
    let signed = signed(&job, |request, params| {
        if explain_it {
            let explanation = explain(request, params)?;
            output::note(report(&explanation, against.as_deref()));
        }
        Ok(())
    })?;
    if as_object {
        output::line(as_json(&signed))?;
    } else {
        output::line(signed.authorization().to_str()?)?;
    }
    Ok(())
}

/// Signs, after a look at what is to be signed.
fn signed(
    job: &Job,
    look: impl FnOnce(&SignableRequest<'_>, &SigningParams<'_>) -> Result<()>,
) -> Result<Signed> {
    let (request, consumer, token) = (job.request()?, job.consumer(), job.token()?);
    let verifier = job.verifier.as_deref().map(Verifier::from);
    let mut params = SigningParams::new(&consumer, job.nonce()?, job.timestamp()?)
        .with_dialect(job.dialect()?)
        .with_method(job.signature_method()?);
    params = token.iter().fold(params, SigningParams::with_access_token);
    params = verifier.iter().fold(params, SigningParams::with_verifier);
    params = job
        .callback
        .iter()
        .fold(params, |params, callback| params.with_callback(callback));
    let view = SignableRequest::from_http(&request)?;
    look(&view, &params)?;
    Ok(sign(&view, &params)?)
}

fn as_json(signed: &Signed) -> Value {
    json!({
        "base_string": signed.base_string(),
        "signature": signed.signature(),
        "authorization": signed.authorization().to_str().unwrap_or_default(),
    })
}
