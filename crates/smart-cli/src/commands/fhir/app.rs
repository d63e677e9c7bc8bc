//! This command as an app at a SMART on FHIR server: what it keeps of its registration, and the
//! session that a login gave.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};
use smart::Error;
use smart::fhir::interactions::{Base, BaseError};
use smart::fhir::{App, AppBuilder, AssertionKey, FhirError, Limits, Session};
use smart::oauth::oauth2::ServerUrl;
use smart::vault::{Entry, FileVault, Vault as _, VaultKey};

use zeroize::Zeroizing;

use crate::args::{NetworkArgs, parse_id, parse_scopes};
use crate::failure::UsageError;
use crate::session::{sink, transport_builder};

/// Which server, and where this command keeps what it knows of it.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// The base of the server's FHIR resources, such as http://localhost:9000/api/fhir
    #[arg(long, value_name = "URL", env = "SMART_FHIR_BASE", value_parser = parse_base)]
    pub(crate) fhir: String,
    /// Where registrations and tokens are kept, sealed; without it, in this user's own folder for
    /// app data
    #[arg(long, value_name = "DIR", env = "SMART_VAULT")]
    pub(crate) vault: Option<PathBuf>,
    /// The longest answer, page or line of an export that is read, in bytes; files of an export may
    /// be of any length
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) body_limit: Option<u64>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// A backend service, which signs statements in place of a login.
#[derive(Debug, clap::Args)]
pub(crate) struct BackendArgs {
    /// Act as the backend service that the server knows by this id, with the key of --key; needs no
    /// login
    #[arg(long, value_name = "ID", requires = "key", value_parser = parse_id)]
    client_id: Option<String>,
    /// The private key of the backend service: a PEM or JWK file
    #[arg(long, value_name = "FILE", requires = "client_id")]
    key: Option<PathBuf>,
    /// The id that the key is registered by; without it, that of the JWK, or the thumbprint of the
    /// key
    #[arg(long, value_name = "KID", requires = "key", value_parser = parse_id)]
    kid: Option<String>,
    /// What the backend service asks for, separated by spaces
    #[arg(
        long,
        value_name = "SCOPES",
        requires = "key",
        value_parser = parse_scopes,
        default_value = BACKEND_SCOPES
    )]
    scope: String,
}

impl BackendArgs {
    /// A new session of the backend service, which is kept nowhere; `None` if there is none on the
    /// command line.
    pub(crate) async fn session(
        &self,
        server: &ServerArgs,
        trace: Option<&Path>,
    ) -> Result<Option<Session>> {
        let (Some(client_id), Some(file)) = (&self.client_id, &self.key) else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).map(Zeroizing::new);
        let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
        let key = AssertionKey::read(&text, self.kid.as_deref());
        let key = key.with_context(|| format!("{} cannot be used", file.display()))?;
        let app = server.settings_without_vault(trace)?;
        let app = app.client_id(&**client_id).signing_key(key).build()?;
        Ok(Some(app.client_credentials(&self.scope).await?))
    }

    /// The options as they are typed, after a space.
    pub(crate) fn words(&self) -> String {
        let (Some(client_id), Some(file)) = (&self.client_id, &self.key) else {
            return String::new();
        };
        let kid = self.kid.as_ref();
        let kid = kid.map_or_else(String::new, |kid| format!(" --kid {kid}"));
        let scope = match &*self.scope {
            BACKEND_SCOPES => String::new(),
            scope => format!(" --scope '{scope}'"),
        };
        format!(
            " --client-id {client_id} --key {}{kid}{scope}",
            file.display()
        )
    }
}

/// What a backend service asks for unless something else is given.
const BACKEND_SCOPES: &str = "system/*.rs";

/// What is kept of a registration.
pub(crate) struct Registered {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) redirect_uri: String,
}

impl ServerArgs {
    /// The vault with registrations and tokens.
    pub(crate) fn open_vault(&self) -> Result<FileVault> {
        open_vault(self.vault.as_deref())
    }

    /// The settings that all apps of this command have in common.
    pub(crate) fn builder(&self, vault: FileVault, trace: Option<&Path>) -> Result<AppBuilder> {
        let builder = self.settings_without_vault(trace)?;
        Ok(builder.vault(vault))
    }

    /// How much of an answer is read.
    pub(crate) fn limits(&self) -> Limits {
        let Some(bytes) = self.body_limit else {
            return Limits::default();
        };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Limits::default().with_bytes(bytes).with_line(bytes)
    }

    /// A session without a login, and without a token.
    pub(crate) fn session_without_login(&self, trace: Option<&Path>) -> Result<Session> {
        Ok(self.settings_without_vault(trace)?.without_login()?)
    }

    fn settings_without_vault(&self, trace: Option<&Path>) -> Result<AppBuilder> {
        let mut transport = transport_builder(&self.network)?;
        let mut builder = App::builder(&*self.fhir);
        if let Some(bytes) = self.body_limit {
            transport = transport.body_limit(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        builder = builder.limits(self.limits()).transport(transport.build());
        if !self.network.allow_http.is_empty() {
            builder = builder.allow_plain_http();
        }
        Ok(match sink(trace)? {
            Some(sink) => builder.record_exchanges(sink),
            None => builder,
        })
    }

    /// The app as it is registered, if it is.
    pub(crate) async fn registered(&self, vault: &FileVault) -> Result<Option<Registered>> {
        let entry = vault.read(&self.key("registration")?).await?;
        entry
            .map(|entry| Registered::read(&entry).context("the stored registration cannot be read"))
            .transpose()
    }

    pub(crate) async fn keep(&self, vault: &FileVault, registered: &Registered) -> Result<()> {
        let key = self.key("registration")?;
        let mut held = vault.lock(&key).await?;
        Ok(held.write(registered.to_entry()).await?)
    }

    pub(crate) fn app(
        &self,
        vault: FileVault,
        registered: &Registered,
        trace: Option<&Path>,
    ) -> Result<App> {
        let mut builder = self
            .builder(vault, trace)?
            .client_id(&*registered.client_id)
            .redirect_uri(&*registered.redirect_uri);
        if let Some(secret) = &registered.client_secret {
            builder = builder.client_secret(&**secret);
        }
        Ok(builder.build()?)
    }

    /// The session of the last login at this server.
    pub(crate) async fn session(&self, trace: Option<&Path>) -> Result<Session> {
        let nobody = || {
            anyhow!(
                "nobody has logged in at {0}; run smart login --fhir {0}",
                self.fhir
            )
        };
        let vault = existing_vault(self.vault.as_deref())?.ok_or_else(nobody)?;
        let registered = self.registered(&vault).await?.ok_or_else(nobody)?;
        let app = self.app(vault, &registered, trace)?;
        match Session::open(&app, self.session_key()?).await {
            Err(Error::Fhir(FhirError::NoSession)) => {
                bail!(
                    "nobody is logged in at {0}; run smart login --fhir {0}",
                    self.fhir
                )
            }
            opened => Ok(opened?),
        }
    }

    pub(crate) fn session_key(&self) -> Result<VaultKey> {
        self.key("session")
    }

    fn key(&self, what: &str) -> Result<VaultKey> {
        Ok(VaultKey::new(format!("{what} {}", base_name(&self.fhir)))?)
    }
}

/// A base that cannot be one is a mistake on the command line.
pub(crate) fn parse_base(text: &str) -> Result<String, BaseError> {
    Base::parse(text).map(|_| text.to_owned())
}

/// The base in the environment, if none was typed.
pub(crate) fn base_of_environment() -> Result<Option<String>> {
    let base = std::env::var("SMART_FHIR_BASE").ok();
    let Some(base) = base.filter(|base| !base.is_empty()) else {
        return Ok(None);
    };
    let base = parse_base(&base);
    Ok(Some(base.map_err(|error| {
        UsageError(format!("SMART_FHIR_BASE: {error}"))
    })?))
}

/// The vault in this folder, or else this user's own.
pub(crate) fn open_vault(folder: Option<&Path>) -> Result<FileVault> {
    Ok(match folder {
        Some(folder) => FileVault::open(folder)?,
        None => FileVault::of_app("smart-cli")?,
    })
}

/// The same for those who only look: neither folder nor key is created.
pub(crate) fn existing_vault(folder: Option<&Path>) -> Result<Option<FileVault>> {
    Ok(match folder {
        Some(folder) => FileVault::open_existing(folder)?,
        None => FileVault::existing_of_app("smart-cli")?,
    })
}

impl Registered {
    /// What the server said.
    pub(crate) fn of(app: &App, redirect_uri: &str) -> Self {
        let registration = app.registration();
        let secret = registration.and_then(|registration| registration.client_secret.as_ref());
        Self {
            client_id: app.client_id().as_str().to_owned(),
            client_secret: secret.map(|secret| secret.expose().to_owned()),
            redirect_uri: redirect_uri.to_owned(),
        }
    }

    fn to_entry(&self) -> Entry {
        let value = json!({
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "redirect_uri": self.redirect_uri,
        });
        Entry::new(value.to_string().into_bytes())
    }

    fn read(entry: &Entry) -> Option<Self> {
        let value: Value = serde_json::from_slice(entry.expose()).ok()?;
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            client_id: text("client_id")?,
            client_secret: text("client_secret"),
            redirect_uri: text("redirect_uri")?,
        })
    }
}

/// One name for all spellings of the same FHIR base: the case of scheme and host, a default port
/// and a slash at the end make no difference.
fn base_name(base: &str) -> String {
    let uri: Result<http::Uri, _> = base.parse();
    let name = match (ServerUrl::with_plain_http(base), uri) {
        (Ok(url), Ok(uri)) => {
            let rest = uri.path_and_query().map_or("", |rest| rest.as_str());
            format!("{}{rest}", url.origin())
        }
        // said when it is used
        _ => base.to_owned(),
    };
    name.trim_end_matches('/').to_owned()
}

/// What is asked for unless something else is: one patient's record to read, and tokens that last.
pub(crate) const SCOPES: &str = "launch/patient patient/*.read offline_access";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_base_has_one_name() {
        for (base, expected) in [
            (
                "http://localhost:9000/api/fhir",
                "http://localhost:9000/api/fhir",
            ),
            (
                "HTTP://LOCALHOST:9000/api/fhir/",
                "http://localhost:9000/api/fhir",
            ),
            ("https://EHR.example:443/fhir", "https://ehr.example/fhir"),
            ("https://ehr.example", "https://ehr.example"),
            ("https://ehr.example/FHIR", "https://ehr.example/FHIR"),
            (
                "https://ehr.example:8443/fhir",
                "https://ehr.example:8443/fhir",
            ),
            (
                "https://ehr.example/a?tenant=B",
                "https://ehr.example/a?tenant=B",
            ),
            ("nonsense/", "nonsense"),
        ] {
            assert_eq!(base_name(base), expected, "{base}");
        }
    }
}
