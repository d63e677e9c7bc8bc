//! Layout by rustfmt, so that the generated code and `cargo fmt --check` cannot disagree.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use thiserror::Error;

use crate::emit::{SourceFile, Tree};

/// Stands between two files that are laid out in one run. As an item of its own it stays where it
/// is.
const SEPARATOR: &str = "const _: &str = \"the next file begins here\";\n";

/// Runs rustfmt.
#[derive(Clone, Debug)]
pub struct Formatter {
    program: PathBuf,
    configuration: PathBuf,
}

impl Formatter {
    /// With the configuration in this folder, or above it. The program is `$RUSTFMT`, as for cargo,
    /// or rustfmt.
    pub fn new(configuration: &Path) -> Self {
        let program = std::env::var_os("RUSTFMT").map_or_else(|| "rustfmt".into(), PathBuf::from);
        Self {
            program,
            configuration: configuration.to_owned(),
        }
    }

    /// Lays out all files in one run: starting the program takes longer than its work.
    pub(crate) fn format(
        &self,
        files: Vec<SourceFile>,
    ) -> Result<BTreeMap<(Tree, String), String>, FormatError> {
        let (files, texts): (Vec<_>, Vec<_>) = files.into_iter().partition(SourceFile::is_code);
        let codes: Vec<&str> = files.iter().map(|file| file.code.as_str()).collect();
        let formatted = self.run(&codes.join(SEPARATOR))?;
        let mut codes = formatted.split(SEPARATOR);
        let finish = |file: SourceFile| {
            let code = codes.next().map(str::trim).ok_or(FormatError::Lost)?;
            let gap = if code.is_empty() { "" } else { "\n" };
            Ok((
                (file.tree, file.path),
                format!("{}{gap}{code}{gap}", file.header),
            ))
        };
        let finished = files
            .into_iter()
            .map(finish)
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        if codes.next().is_some() {
            return Err(FormatError::Lost);
        }
        let texts = texts
            .into_iter()
            .map(|file| ((file.tree, file.path), file.code));
        Ok(finished.into_iter().chain(texts).collect())
    }

    fn run(&self, code: &str) -> Result<String, FormatError> {
        let output = self.output(code).map_err(|source| FormatError::NotRun {
            program: self.program.clone(),
            source,
        })?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(FormatError::Refused { message });
        }
        String::from_utf8(output.stdout).map_err(|_| FormatError::Lost)
    }

    fn output(&self, code: &str) -> std::io::Result<Output> {
        let mut child = Command::new(&self.program)
            .args(["--edition", "2024"])
            // What comes by standard input is laid out as if it lay in the folder that rustfmt runs
            // in.
            .current_dir(&self.configuration)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // rustfmt reads everything before it writes anything, so that neither side waits for the
        // other.
        if let Some(mut input) = child.stdin.take() {
            input.write_all(code.as_bytes())?;
        }
        child.wait_with_output()
    }
}

/// The generated code could not be laid out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// What came back is not what went in. This is a fault of the generator.
    #[error(
        "rustfmt did not give back every file: this is a fault of smart-api-gen, please report it"
    )]
    Lost,
    /// rustfmt could not be run.
    #[error("{} could not be run: install it with `rustup component add rustfmt`, or name it in RUSTFMT", program.display())]
    NotRun {
        /// What was to be run.
        program: PathBuf,
        /// Why it could not.
        source: std::io::Error,
    },
    /// rustfmt found the code wanting. This is a fault of the generator.
    #[error("rustfmt refused the generated code, a fault of smart-api-gen: {message}")]
    Refused {
        /// What it said.
        message: String,
    },
}
