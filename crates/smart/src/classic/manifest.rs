//! What a container says of itself, and where its OAuth steps are.

use std::collections::BTreeMap;
use std::str::FromStr;

use http::Uri;
use serde_json::{Map, Value};
use smart_api::{ApiBase, AppId};
use thiserror::Error;

use crate::classic::path_segment::path_segment;

/// A container's manifest: what `GET {api_base}/manifest` answers.
///
/// It is read leniently. Only the addresses of the OAuth steps have to be there, since they are
/// never guessed from the API base; unknown keys are passed over, and a text of another type counts
/// as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerManifest {
    admin: Option<String>,
    api_base: Option<String>,
    capabilities: BTreeMap<String, Capability>,
    description: Option<String>,
    launch_urls: LaunchUrls,
    name: Option<String>,
    smart_version: Option<String>,
}

impl ContainerManifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// When it is no JSON object, or lacks one of the three addresses of the OAuth steps, or when
    /// one of them is not an absolute `http` or `https` URL. The error names the key.
    pub fn from_json(json: &[u8]) -> Result<Self, ManifestError> {
        let manifest = serde_json::from_slice(json).map_err(ManifestError::NotJson)?;
        let Value::Object(manifest) = manifest else {
            return Err(ManifestError::NotAnObject);
        };
        let launch_urls = match manifest.get("launch_urls") {
            Some(Value::Object(launch_urls)) => LaunchUrls::read(launch_urls)?,
            Some(_) => return Err(ManifestError::NotUsable { key: "launch_urls" }),
            None => return Err(ManifestError::Missing { key: "launch_urls" }),
        };
        Ok(Self {
            admin: text(&manifest, "admin"),
            api_base: text(&manifest, "api_base"),
            capabilities: capabilities(&manifest),
            description: text(&manifest, "description"),
            launch_urls,
            name: text(&manifest, "name"),
            smart_version: text(&manifest, "smart_version"),
        })
    }

    /// The mail address of who runs the container.
    pub fn admin(&self) -> Option<&str> {
        self.admin.as_deref()
    }

    /// The API base as the container spells it. The client keeps to the one that it was built with.
    pub fn api_base(&self) -> Option<&str> {
        self.api_base.as_deref()
    }

    /// What may be done with which kind of data, by the IRI of its class.
    pub fn capabilities(&self) -> &BTreeMap<String, Capability> {
        &self.capabilities
    }

    /// What the container is, in its own words.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Where the OAuth steps and the choice of a record are.
    pub fn launch_urls(&self) -> &LaunchUrls {
        &self.launch_urls
    }

    /// The container's name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The version of SMART that the container follows, such as `0.6.1`.
    pub fn smart_version(&self) -> Option<&str> {
        self.smart_version.as_deref()
    }

    /// Whether the container offers a method (`GET`, `PUT`, …) for a class of data, given by its
    /// IRI.
    pub fn offers(&self, class: &str, method: &str) -> bool {
        self.capabilities
            .get(class)
            .is_some_and(|capability| capability.methods.iter().any(|offered| offered == method))
    }
}

/// What may be done with one kind of data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capability {
    methods: Vec<String>,
    codes: Vec<String>,
}

impl Capability {
    /// The HTTP methods that its calls take.
    pub fn methods(&self) -> &[String] {
        &self.methods
    }

    /// The coding systems that its data keep to, where the container says so.
    pub fn codes(&self) -> &[String] {
        &self.codes
    }
}

/// The addresses of the OAuth steps, and of the page where a user chooses a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchUrls {
    app_launch: Option<String>,
    authorize_token: Uri,
    exchange_token: Uri,
    request_token: Uri,
}

impl LaunchUrls {
    fn read(urls: &Map<String, Value>) -> Result<Self, ManifestError> {
        Ok(Self {
            app_launch: text(urls, "app_launch"),
            authorize_token: url(urls, "launch_urls.authorize_token")?,
            exchange_token: url(urls, "launch_urls.exchange_token")?,
            request_token: url(urls, "launch_urls.request_token")?,
        })
    }

    /// The page where a user chooses a record for an app, with the app's id in its place. Older
    /// containers have none.
    pub fn app_launch(&self, app_id: &AppId) -> Option<String> {
        let template = self.app_launch.as_deref()?;
        Some(fill_in(
            template,
            &path_segment(app_id.as_str()).to_string(),
        ))
    }

    /// Refuses a step away from encryption: whoever is on the way could read the secrets that the
    /// steps hand out.
    pub(crate) fn check_not_weaker_than(&self, api_base: &ApiBase) -> Result<(), ManifestError> {
        if !api_base.as_str().starts_with("https:") {
            return Ok(());
        }
        for (key, url) in [
            ("launch_urls.request_token", &self.request_token),
            ("launch_urls.authorize_token", &self.authorize_token),
            ("launch_urls.exchange_token", &self.exchange_token),
        ] {
            if url.scheme_str() != Some("https") {
                return Err(ManifestError::Downgrade { key });
            }
        }
        Ok(())
    }

    /// The page where a user allows an app to read a record.
    pub fn authorize_token(&self) -> &Uri {
        &self.authorize_token
    }

    /// Where an authorized request token becomes an access token.
    pub fn exchange_token(&self) -> &Uri {
        &self.exchange_token
    }

    /// Where the dance begins.
    pub fn request_token(&self) -> &Uri {
        &self.request_token
    }
}

/// Why a manifest cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The container itself is reached over https, and would have secrets sent in the clear.
    #[error(
        "{key} is plain http although the API base is https, and secrets would leak; ask the container's administrator to correct it"
    )]
    Downgrade {
        /// The key, with the keys above it.
        key: &'static str,
    },
    /// A key that the client needs is not there.
    #[error("it lacks {key}; ask the container's administrator to add it")]
    Missing {
        /// The key, with the keys above it.
        key: &'static str,
    },
    /// JSON, but not an object.
    #[error("it is not a JSON object; check that the API base is that of a SMART container")]
    NotAnObject,
    /// Not JSON at all.
    #[error("it is not JSON; check that the API base is that of a SMART container")]
    NotJson(#[source] serde_json::Error),
    /// A key that the client needs holds something else than it should.
    #[error(
        "its {key} cannot be used: OAuth addresses are absolute http or https URLs without a user name; ask the container's administrator to correct it"
    )]
    NotUsable {
        /// The key, with the keys above it.
        key: &'static str,
    },
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    Some(object.get(key)?.as_str()?.to_owned())
}

/// Reads an address; the last part of the key is its name in the object.
fn url(object: &Map<String, Value>, key: &'static str) -> Result<Uri, ManifestError> {
    let name = key.rsplit('.').next().unwrap_or(key);
    let value = object.get(name).ok_or(ManifestError::Missing { key })?;
    value
        .as_str()
        .and_then(|text| Uri::from_str(text).ok())
        .filter(is_web_address)
        .ok_or(ManifestError::NotUsable { key })
}

fn is_web_address(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https"))
        && uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'))
}

fn capabilities(manifest: &Map<String, Value>) -> BTreeMap<String, Capability> {
    let Some(Value::Object(capabilities)) = manifest.get("capabilities") else {
        return BTreeMap::new();
    };
    capabilities
        .iter()
        .map(|(class, capability)| {
            let capability = Capability {
                methods: texts(capability, "methods"),
                codes: texts(capability, "codes"),
            };
            (class.clone(), capability)
        })
        .collect()
}

fn texts(object: &Value, key: &str) -> Vec<String> {
    let values = object.get(key).and_then(Value::as_array);
    values
        .into_iter()
        .flatten()
        .filter_map(|value| Some(value.as_str()?.to_owned()))
        .collect()
}

/// Puts the value where the template says `{{app_id}}`, with or without spaces inside the braces:
/// the Python client allows them.
fn fill_in(template: &str, app_id: &str) -> String {
    let mut filled = String::with_capacity(template.len() + app_id.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        rest = match after.trim_start().strip_prefix("app_id") {
            Some(name_end) if name_end.trim_start().starts_with("}}") => {
                filled.push_str(app_id);
                &name_end.trim_start()[2..]
            }
            _ => {
                filled.push_str("{{");
                after
            }
        };
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAUNCH_URLS: &str = r#""launch_urls": {
        "app_launch": "http://localhost:7001/apps/{{app_id}}/launch",
        "authorize_token": "http://localhost:7001/oauth/authorize",
        "exchange_token": "http://localhost:7000/oauth/access_token",
        "request_token": "http://localhost:7000/oauth/request_token"
    }"#;

    fn read(json: &str) -> Result<ContainerManifest, ManifestError> {
        ContainerManifest::from_json(json.as_bytes())
    }

    #[test]
    fn whole_manifest_is_read() {
        let manifest = read(&format!(
            r#"{{
                "admin": "admin@example.org", "api_base": "http://localhost:7000", "description": "For tests",
                "name": "Test container", "smart_version": "0.6.1", {LAUNCH_URLS},
                "capabilities": {{
                    "http://smartplatforms.org/terms#Demographics": {{"methods": ["GET"]}},
                    "http://smartplatforms.org/terms#ScratchpadData": {{"methods": ["GET", "PUT"], "codes": ["http://a/"]}}
                }}
            }}"#
        ))
        .unwrap();
        assert_eq!(manifest.admin(), Some("admin@example.org"));
        assert_eq!(manifest.api_base(), Some("http://localhost:7000"));
        assert_eq!(manifest.description(), Some("For tests"));
        assert_eq!(manifest.name(), Some("Test container"));
        assert_eq!(manifest.smart_version(), Some("0.6.1"));
        assert_eq!(manifest.capabilities().len(), 2);
        assert!(manifest.offers("http://smartplatforms.org/terms#ScratchpadData", "PUT"));
        assert!(!manifest.offers("http://smartplatforms.org/terms#Demographics", "PUT"));
        assert!(!manifest.offers("http://smartplatforms.org/terms#Problem", "GET"));
        let urls = manifest.launch_urls();
        assert_eq!(
            urls.request_token(),
            "http://localhost:7000/oauth/request_token"
        );
        assert_eq!(
            urls.exchange_token(),
            "http://localhost:7000/oauth/access_token"
        );
        assert_eq!(
            urls.authorize_token(),
            "http://localhost:7001/oauth/authorize"
        );
    }

    #[test]
    fn only_oauth_addresses_have_to_be_there() {
        let manifest = read(&format!(
            r#"{{{LAUNCH_URLS}, "smart_version": 1, "new": [], "capabilities": [], "name": null}}"#
        ));
        let manifest = manifest.unwrap();
        assert_eq!(manifest.smart_version(), None);
        assert_eq!(manifest.name(), None);
        assert!(manifest.capabilities().is_empty());
    }

    #[test]
    fn missing_and_broken_keys_are_named() {
        for (from, to, expected) in [
            (
                "launch_urls",
                "launch",
                "it lacks launch_urls; ask the container's administrator to add it",
            ),
            (
                "exchange_token\"",
                "exchange\"",
                "it lacks launch_urls.exchange_token; ask the container's administrator to add it",
            ),
            (
                "http://localhost:7000/oauth/request_token",
                "/oauth/request_token",
                "its launch_urls.request_token cannot be used: OAuth addresses are absolute http or https URLs without a user name; ask the container's administrator to correct it",
            ),
            (
                "http://localhost:7000/oauth/request_token",
                "http://localhost:7000@evil.example/",
                "its launch_urls.request_token cannot be used: OAuth addresses are absolute http or https URLs without a user name; ask the container's administrator to correct it",
            ),
            (
                "http://localhost:7001/oauth/authorize",
                "javascript:alert(1)",
                "its launch_urls.authorize_token cannot be used: OAuth addresses are absolute http or https URLs without a user name; ask the container's administrator to correct it",
            ),
        ] {
            let json = format!("{{{LAUNCH_URLS}}}").replace(from, to);
            assert_eq!(read(&json).unwrap_err().to_string(), expected);
        }
        assert_eq!(
            read("[]").unwrap_err().to_string(),
            "it is not a JSON object; check that the API base is that of a SMART container"
        );
        assert_eq!(
            read("<html>").unwrap_err().to_string(),
            "it is not JSON; check that the API base is that of a SMART container"
        );
    }

    #[test]
    fn app_id_takes_its_place() {
        for (template, expected) in [
            (
                "http://ui/apps/{{app_id}}/launch",
                "http://ui/apps/x@apps.example.org/launch",
            ),
            (
                "http://ui/apps/{{ app_id  }}/launch",
                "http://ui/apps/x@apps.example.org/launch",
            ),
            (
                "http://ui/{{app_id}}?again={{app_id}}",
                "http://ui/x@apps.example.org?again=x@apps.example.org",
            ),
            (
                "http://ui/{{other}}/{{app_id",
                "http://ui/{{other}}/{{app_id",
            ),
            ("http://ui/{{ {{app_id}}", "http://ui/{{ x@apps.example.org"),
            ("http://ui/", "http://ui/"),
        ] {
            assert_eq!(fill_in(template, "x@apps.example.org"), expected);
        }
        let manifest = read(&format!("{{{LAUNCH_URLS}}}")).unwrap();
        let odd = AppId::new("a b/../c?d");
        assert_eq!(
            manifest.launch_urls().app_launch(&odd).unwrap(),
            "http://localhost:7001/apps/a%20b%2F..%2Fc%3Fd/launch"
        );
    }
}
