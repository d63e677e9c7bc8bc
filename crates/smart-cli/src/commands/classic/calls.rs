//! `smart calls`: what there is to call, and what one call is about.

use anyhow::Result;
use smart::api::CALLS;

use crate::args::CallsArgs;
use crate::commands::classic::get::find_call;
use crate::output;

pub(crate) fn run(args: &CallsArgs) -> Result<()> {
    let text = match &args.call {
        Some(name) => {
            let info = find_call(name)?;
            format!("{}\n\n{}\n", info.name, info.reference())
        }
        None => {
            let row = |info: &&smart::api::CallInfo| {
                vec![
                    info.name.to_owned(),
                    info.method.to_string(),
                    info.path.to_owned(),
                ]
            };
            let headings = ["call", "method", "path"].map(str::to_owned);
            output::table(&headings, &CALLS.iter().map(row).collect::<Vec<_>>())
        }
    };
    Ok(output::document(text.as_bytes())?)
}
