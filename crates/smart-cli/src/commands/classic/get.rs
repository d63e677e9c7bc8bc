//! `smart get CALL`: one call, its answer as the container sent it.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use smart::api::{
    Body, CALLS, Call as _, CallInfo, Caller, DynamicCall, Method, Prepared, Reading,
};
use smart::classic::{Client, RecordId};
use smart_sandbox::BACKGROUND_APP_ID;

use crate::commands::classic::record_login::{kept_token, words};

use crate::args::GetArgs;
use crate::commands::rdf::check::counted;
use crate::failure::UsageError;
use crate::output;
use crate::session::Session;
use crate::suggest::did_you_mean;

pub(crate) async fn run(args: GetArgs, trace: Option<&Path>) -> Result<()> {
    let info = find_call(&args.call)?;
    // What is wrong with the call is said before anything starts.
    let call = prepare(info, &args)?;
    let session = Session::open(&args.container, trace).await?;
    let printed = answer(&session.client, call, &args).await;
    session.close().await;
    Ok(output::document(&printed?)?)
}

/// The call of this name, with or without its `get_`.
pub(crate) fn find_call(name: &str) -> Result<&'static CallInfo> {
    CallInfo::by_name(name)
        .or_else(|| CallInfo::by_name(&format!("get_{name}")))
        .ok_or_else(|| {
            let names = CALLS.iter().map(|call| call.name);
            let short = CALLS
                .iter()
                .filter_map(|call| call.name.strip_prefix("get_"));
            let hint = did_you_mean(name, names.chain(short));
            let hint = if hint.is_empty() {
                "; smart calls lists them".to_owned()
            } else {
                hint
            };
            UsageError(format!("there is no call {name}{hint}")).into()
        })
}

/// The call with its parameters and its body.
fn prepare(info: &'static CallInfo, args: &GetArgs) -> Result<Prepared<DynamicCall>> {
    let app_id = args.container.app_id();
    let parameters = parameters(info, args, &app_id);
    for parameter in info.path_parameters {
        let given = parameters.iter().find(|(name, _)| *name == parameter.name);
        let problem = match given {
            None => "is missing",
            Some((_, value)) if value.trim().is_empty() => "is empty",
            Some(_) => continue,
        };
        let (call, name) = (info.name, parameter.name);
        let option = match name {
            "record_id" => "--record ID".to_owned(),
            "smart_app_id" => "--app-id ID".to_owned(),
            "user_id" => "--user ID".to_owned(),
            name => format!("--param {name}=ID"),
        };
        return Err(UsageError(format!("{name} of {call} {problem}; give {option}")).into());
    }
    let body = body(args)?;
    if body.is_none() && info.method.has_body() {
        let call = info.name;
        return Err(UsageError(format!("{call} sends a body; give --body FILE")).into());
    }
    let call = DynamicCall::new(info, parameters, body);
    Ok(call.map_err(|error| UsageError(error.to_string()))?)
}

async fn answer(client: &Client, call: Prepared<DynamicCall>, args: &GetArgs) -> Result<Vec<u8>> {
    let Some(id) = &args.record else {
        return send(client.clone(), call, args).await;
    };
    let id = RecordId::from(id.as_str());
    // An embedded container was started for this command, so nobody has logged in at it.
    let kept = match args.container.sandbox {
        true => None,
        false => kept_token(client, &id, args.vault.as_deref()).await?,
    };
    if let Some(token) = kept {
        let record = client.record(id.clone()).with_token(token);
        let sent = send(record, call, args).await;
        return sent.map_err(|error| match status(&error) {
            Some(401) => anyhow!("{error:#} (here: {})", words(client, &id)),
            _ => error,
        });
    }
    let opened = client.open_record(id.clone()).await;
    let record = opened.map_err(|error| {
        let error = anyhow::Error::from(error);
        match status(&error) {
            Some(401 | 403) if client.app_id().as_str() != BACKGROUND_APP_ID => anyhow!(
                "{error:#} (here, for an app that acts for users: {})",
                words(client, &id)
            ),
            _ => error,
        }
    })?;
    send(record, call, args).await
}

/// The status of a refusal.
fn status(error: &anyhow::Error) -> Option<u16> {
    let error = error.downcast_ref::<smart::Error>()?;
    error.status().map(|status| status.as_u16())
}

async fn send<S: Caller>(sender: S, call: Prepared<DynamicCall>, args: &GetArgs) -> Result<Vec<u8>>
where
    anyhow::Error: From<S::Error>,
{
    // A PUT is answered with what is stored now.
    let is_put = matches!(call.call().info().method, Method::Put);
    let sent = if is_put { body(args)? } else { None };
    let info = call.call().info();
    let response = call.with_sender(sender).send().await?;
    if args.findings {
        return Ok(findings(&response.check()?).into_bytes());
    }
    response.check_media_type(info)?;
    if let Some(sent) = sent {
        response.confirm(&sent)?;
    } else if info.response_media_type == "*/*" && info.method == Method::Get && response.is_page()
    {
        output::note(
            "warning: the answer is a page of HTML; unless one was stored there, something else than the container has answered",
        );
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
fn parameters<'a>(info: &CallInfo, args: &'a GetArgs, app_id: &'a str) -> Vec<(&'a str, &'a str)> {
    let options = [
        ("record_id", args.record.as_deref()),
        ("user_id", args.user.as_deref()),
        ("smart_app_id", Some(app_id)),
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
