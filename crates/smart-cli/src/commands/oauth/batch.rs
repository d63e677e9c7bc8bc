//! Many requests in one go: a JSON object a line in, a JSON object a line out, in the same order.

use std::io::{self, BufRead as _, Read as _, Write as _};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::output::OutputError;

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// Answers every line of standard input; one that is refused becomes `{"error": …}` and stops
/// nothing.
pub(crate) fn run(answer: impl Fn(&str) -> Result<Value>) -> Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::BufWriter::new(io::stdout().lock()));
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(output.flush().map_err(OutputError::from)?);
        }
        if line.len() as u64 == MAX_LINE && !line.ends_with(b"\n") {
            output.flush().map_err(OutputError::from)?;
            bail!("a line is longer than {MAX_LINE} bytes");
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let answered =
            answer(&text).unwrap_or_else(|error| json!({ "error": format!("{error:#}") }));
        writeln!(output, "{answered}").map_err(OutputError::from)?;
    }
}
