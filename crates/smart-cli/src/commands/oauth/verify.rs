//! `smart verify`: whether a received request was signed with these secrets.

use anyhow::{Result, bail};
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use smart::oauth::oauth1::{
    Accepted, AuthorizationHeader, SignableRequest, TimeWindow, TokenSecret, Verification,
    explain_received,
};

use crate::args::VerifyArgs;
use crate::commands::oauth::batch;
use crate::commands::oauth::signing::{Job, Seconds, report};
use crate::failure::UsageError;
use crate::output;

pub(crate) fn run(args: VerifyArgs) -> Result<()> {
    if args.batch {
        return batch::run(|line| verified(&Job::from_line(line)?, false));
    }
    let as_object = args.json;
    let explain = args.explain;
    let job = Job {
        authorization: args.authorization,
        signature_method: args.signature_method,
        dialect: args.dialect,
        now: args.now.map(Seconds::Number),
        ..Job::from_args(args.request, args.secrets)?
    };
    let outcome = verified(&job, explain)?;
    if as_object {
        output::line(outcome)?;
    } else {
        output::line("the signature is right")?;
    }
    Ok(())
}

fn verified(job: &Job, explain: bool) -> Result<Value> {
    let request = job.request()?;
    let found = AuthorizationHeader::from_request(&request)?;
    let header = match &job.authorization {
        Some(_) if found.is_some() || request.headers().contains_key(AUTHORIZATION) => {
            bail!(UsageError(
                "give the OAuth parameters once: with --authorization, or in the request".into()
            ))
        }
        Some(text) => AuthorizationHeader::parse(text)?,
        None => found.ok_or_else(|| {
            UsageError(
                "the request has no OAuth parameters: give the Authorization header with --authorization or --header, \
                 or a URL or form that holds them"
                    .into(),
            )
        })?,
    };
    let (consumer, token_secret) = (
        job.consumer(),
        job.token_secret.as_deref().map(TokenSecret::from),
    );
    let view = SignableRequest::from_http(&request)?;
    if explain {
        let explanation = explain_received(
            &view,
            &header,
            consumer.secret(),
            token_secret.as_ref(),
            job.dialect()?,
        )?;
        output::note(report(&explanation, header.signature()));
    }
    let methods = [job.signature_method()?];
    let accepted = Verification::new(consumer.secret(), token_secret.as_ref())
        .with_dialect(job.dialect()?)
        .with_methods(&methods)
        .verify(&view, &header)?;
    check_time(job, &header)?;
    Ok(as_json(&accepted))
}

fn check_time(job: &Job, header: &AuthorizationHeader) -> Result<()> {
    if let (Some(now), Some(timestamp)) = (&job.now, header.timestamp()) {
        TimeWindow::default().check(timestamp, now.timestamp()?)?;
    }
    Ok(())
}

fn as_json(accepted: &Accepted<'_>) -> Value {
    json!({
        "valid": true,
        "covers_query": accepted.covers_query(),
        "covers_body": accepted.covers_body(),
    })
}
