//! Secrets of the command line. They come from the environment, from a file or from a prompt; an
//! option takes them too, which others on this machine can list.

use std::fmt;
use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};

use crate::failure::UsageError;

/// A secret, which no output shows.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Where a secret may come from, by the names that the person knows.
pub(crate) struct Sources<'a> {
    /// What it is, such as "consumer secret".
    pub(crate) name: &'static str,
    /// The option that takes it, without dashes; the one that takes a file ends in `-file`.
    pub(crate) option: &'static str,
    /// The environment's variable.
    pub(crate) variable: &'static str,
    /// What the option got, or the variable.
    pub(crate) given: Option<&'a Secret>,
    /// The file that holds it.
    pub(crate) file: Option<&'a Path>,
}

impl Sources<'_> {
    /// The secret, if one was given.
    pub(crate) fn optional(&self) -> Result<Option<String>> {
        match (self.given, self.file) {
            (Some(Secret(secret)), _) => Ok(Some(secret.clone())),
            (None, Some(file)) => read(file).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The secret, which a person at a terminal is asked for if it was not given.
    pub(crate) fn required(&self) -> Result<String> {
        if let Some(secret) = self.optional()? {
            return Ok(secret);
        }
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            return rpassword::prompt_password(format!("{}: ", self.name))
                .with_context(|| format!("the {} cannot be asked for", self.name));
        }
        let Self {
            name,
            option,
            variable,
            ..
        } = self;
        Err(UsageError(format!(
            "give the {name} with {variable}, --{option}-file or --{option}"
        ))
        .into())
    }
}

/// What a file holds, without the line break at its end.
pub(crate) fn read(file: &Path) -> Result<String> {
    let bytes =
        std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let text =
        String::from_utf8(bytes).map_err(|_| anyhow!("{} is not UTF-8 text", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
