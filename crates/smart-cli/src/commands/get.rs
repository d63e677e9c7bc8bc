//! `smart get CALL`: one call, its answer as the container sent it.

use std::path::Path;

use anyhow::{Context as _, Result};
use smart::Client;
use smart::api::{Body, CALLS, CallInfo, Caller, DynamicCall, Reading};

use crate::args::GetArgs;
use crate::commands::check::counted;
use crate::failure::UsageError;
use crate::output;
use crate::session::Session;

pub(crate) async fn run(args: GetArgs, trace: Option<&Path>) -> Result<()> {
    let info = find_call(&args.call)?;
    let session = Session::open(&args.container, trace).await?;
    let body = call(&session.client, info, &args).await;
    session.close().await;
    Ok(output::bytes(&body?)?)
}

/// The call of this name, with or without its `get_`.
pub(crate) fn find_call(name: &str) -> Result<&'static CallInfo> {
    CallInfo::by_name(name)
        .or_else(|| CallInfo::by_name(&format!("get_{name}")))
        .ok_or_else(|| {
            let near: Vec<_> = CALLS
                .iter()
                .map(|call| call.name)
                .filter(|known| shares_a_word(known, name))
                .collect();
            let hint = if near.is_empty() {
                CALLS.iter().map(|call| call.name).collect()
            } else {
                near
            };
            UsageError(format!(
                "there is no call `{name}`; there are {}",
                hint.join(", ")
            ))
            .into()
        })
}

fn shares_a_word(known: &str, asked: &str) -> bool {
    known.split('_').skip(1).any(|word| {
        asked
            .split('_')
            .any(|part| part.len() > 3 && (word.starts_with(part) || part.starts_with(word)))
    })
}

async fn call(client: &Client, info: &'static CallInfo, args: &GetArgs) -> Result<Vec<u8>> {
    match &args.record {
        Some(id) => {
            let record = client.open_record(id.as_str()).await?;
            send(record, info, args).await
        }
        None => send(client.clone(), info, args).await,
    }
}

async fn send<S: Caller>(sender: S, info: &'static CallInfo, args: &GetArgs) -> Result<Vec<u8>>
where
    anyhow::Error: From<S::Error>,
{
    let call = DynamicCall::new(info, parameters(info, args), body(args)?)
        .map_err(|error| UsageError(error.to_string()))?;
    let response = call.with_sender(sender).send().await?;
    if args.findings {
        return Ok(findings(&response.check()?).into_bytes());
    }
    Ok(response.into_bytes().to_vec())
}

/// A line for each finding and for each remark, and one for their count.
fn findings(checked: &Reading<()>) -> String {
    let mut text = String::new();
    for (kind, notes) in [
        ("finding", checked.findings()),
        ("remark", checked.remarks()),
    ] {
        for note in notes {
            text += &format!("{kind}: {note}\n");
        }
    }
    let findings = counted(checked.findings().len(), "finding");
    let remarks = counted(checked.remarks().len(), "remark");
    text + &format!("{findings}, {remarks}\n")
}

/// What the command line says by `--param`, and by options of their own.
fn parameters<'a>(info: &CallInfo, args: &'a GetArgs) -> Vec<(&'a str, &'a str)> {
    let options = [
        ("record_id", args.record.as_deref()),
        ("user_id", args.user.as_deref()),
        ("smart_app_id", Some(&*args.container.app_id)),
    ];
    let is_wanted = |name: &str| {
        info.path_parameters
            .iter()
            .any(|parameter| parameter.name == name)
    };
    let options = options
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let given = args
        .parameters
        .iter()
        .map(|(name, value)| (&**name, &**value));
    given
        .chain(options.filter(|(name, _)| is_wanted(name)))
        .collect()
}

fn body(args: &GetArgs) -> Result<Option<Body>> {
    let Some(path) = &args.body else {
        return Ok(None);
    };
    let bytes =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Some(Body::new(&*args.content_type, bytes)))
}
