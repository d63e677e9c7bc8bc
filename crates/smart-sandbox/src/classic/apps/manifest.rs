//! An app manifest and the rules that it must keep.

use serde_json::{Map, Value};

/// What an app tells the container about itself.
///
/// Only a manifest that keeps all rules can be made, with [`from_json`](Self::from_json).
///
/// ```
/// use smart_sandbox::{AppManifest, AppMode};
///
/// let manifest = AppManifest::from_json(
///     br#"{
///         "name": "Night Report",
///         "description": "Looks through all records",
///         "id": "night-report@apps.example.org",
///         "mode": "background"
///     }"#,
/// )?;
/// assert_eq!(manifest.mode(), AppMode::Background);
/// # Ok::<(), smart_sandbox::ManifestError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AppManifest {
    json: Value,
    id: String,
    name: String,
    mode: AppMode,
    index: Option<String>,
    oauth_callback: Option<String>,
}

/// Where an app runs, and so which tokens it can get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppMode {
    /// No page of its own; signs two-legged calls and gets one token a record.
    Background,
    /// A page that holds other apps; like [`Ui`](Self::Ui), and may search records.
    FrameUi,
    /// A page or a native app; gets its tokens from a user, in three legs.
    Ui,
}

/// Why a manifest cannot be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A background app has a member that only apps with a page may have.
    #[error("a background app has no page, remove \"{key}\" from its manifest")]
    Background {
        /// The member to remove.
        key: &'static str,
    },
    /// The bytes are not JSON.
    #[error("the app manifest is not JSON, correct it where the parser stopped")]
    Json(#[source] serde_json::Error),
    /// A required member is missing.
    #[error("the app manifest has no \"{key}\", add it")]
    Missing {
        /// The member to add.
        key: &'static str,
    },
    /// The JSON is not an object.
    #[error("the app manifest must be a JSON object")]
    NotAnObject,
    /// Several members break rules.
    #[error("{}", in_one_sentence(.problems))]
    Several {
        /// What is wrong with each, never another `Several`.
        problems: Vec<Self>,
    },
    /// A member that no manifest has; manifests of SMART 0.3 have several of them.
    #[error("the app manifest has an unknown member \"{key}\", remove it")]
    Unknown {
        /// The member to remove.
        key: String,
    },
    /// A member has an invalid value.
    #[error("\"{key}\" in the app manifest must be {expected}")]
    Value {
        /// The member to correct.
        key: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

impl AppManifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] names every invalid member. Members that the mode of the app requires or
    /// forbids are checked once all others are valid.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ManifestError> {
        Self::from_value(serde_json::from_slice(bytes).map_err(ManifestError::Json)?)
    }

    /// The id of the app, which is its consumer key, too.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name to show to people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the app runs.
    pub fn mode(&self) -> AppMode {
        self.mode
    }

    /// The page to open for a record. Background apps do not have one.
    pub fn index(&self) -> Option<&str> {
        self.index.as_deref()
    }

    /// Where a user's browser returns to after authorizing the app.
    pub fn oauth_callback(&self) -> Option<&str> {
        self.oauth_callback.as_deref()
    }

    /// The manifest as it was given, without defaults.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// What the app needs and the container does not offer, for a warning. The app is installed
    /// anyway.
    pub(crate) fn unmet(
        &self,
        smart_version: &str,
        offers: impl Fn(&str, &str) -> bool,
    ) -> Vec<String> {
        let mut unmet = Vec::new();
        match self.json.get("smart_version").and_then(Value::as_str) {
            Some(wanted) if wanted != smart_version => {
                unmet.push(format!(
                    "SMART {wanted}, the container speaks {smart_version}"
                ));
            }
            _ => {}
        }
        let required = self
            .json
            .get("requires")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        for (data_type, requirement) in required {
            let methods = requirement
                .get("methods")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let missing = methods
                .filter_map(Value::as_str)
                .filter(|method| !offers(data_type, method));
            unmet.extend(missing.map(|method| format!("{method} of {data_type}")));
        }
        unmet
    }

    pub(super) fn stock(json: Value) -> Self {
        Self::from_value(json).expect("the stock manifests keep the rules, a test installs them")
    }

    fn from_value(json: Value) -> Result<Self, ManifestError> {
        let members = json.as_object().ok_or(ManifestError::NotAnObject)?;
        all_well(member_problems(members))?;
        let mode = mode(members)?;
        all_well(mode_problems(members, mode))?;
        let owned = |key| members.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            id: owned("id").ok_or(ManifestError::Missing { key: "id" })?,
            name: owned("name").ok_or(ManifestError::Missing { key: "name" })?,
            mode,
            index: owned("index"),
            oauth_callback: owned("oauth_callback"),
            json,
        })
    }
}

const BROWSERS: [&str; 3] = ["desktop", "mobile", "tablet"];
const METHODS: [&str; 4] = ["DELETE", "GET", "POST", "PUT"];

fn all_well(mut problems: Vec<ManifestError>) -> Result<(), ManifestError> {
    match problems.len() {
        0 => Ok(()),
        1 => Err(problems.remove(0)),
        _ => Err(ManifestError::Several { problems }),
    }
}

/// The first few problems, and how many there are beside them.
fn in_one_sentence(problems: &[ManifestError]) -> String {
    const SHOWN: usize = 20;
    let shown = problems.iter().take(SHOWN).map(ManifestError::to_string);
    let text = shown.collect::<Vec<_>>().join("; ");
    match problems.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text}; and {more} more"),
    }
}

fn member_problems(members: &Map<String, Value>) -> Vec<ManifestError> {
    let mut problems = Vec::new();
    for (key, value) in members {
        let (key, fits, expected) = match key.as_str() {
            "author" => ("author", value.is_string(), "a text"),
            "description" => ("description", value.is_string(), "a text"),
            "icon" => ("icon", is_url(value), URL),
            "id" => (
                "id",
                value.as_str().is_some_and(|id| !id.is_empty()),
                "a text that is not empty",
            ),
            "index" => ("index", is_url(value), URL),
            "mode" => {
                problems.extend(mode(members).err());
                continue;
            }
            "name" => ("name", value.is_string(), "a text"),
            "oauth_callback" => ("oauth_callback", is_url(value), URL),
            "optimalBrowserEnvironments" => (
                "optimalBrowserEnvironments",
                is_set_of(value, &BROWSERS),
                SOME_BROWSERS,
            ),
            "requires" => ("requires", is_requirement_list(value), REQUIREMENTS),
            "scope" => (
                "scope",
                is_one_of(value, &["container", "record"]),
                "\"record\" or \"container\"",
            ),
            "smart_version" => (
                "smart_version",
                is_version(value),
                "a version such as \"1.0\"",
            ),
            "standalone" => ("standalone", value.is_boolean(), "true or false"),
            "supportedBrowserEnvironments" => (
                "supportedBrowserEnvironments",
                is_set_of(value, &BROWSERS),
                SOME_BROWSERS,
            ),
            "version" => ("version", value.is_string(), "a text"),
            unknown => {
                let key = unknown.to_owned();
                problems.push(ManifestError::Unknown { key });
                continue;
            }
        };
        if !fits {
            problems.push(ManifestError::Value { key, expected });
        }
    }
    let missing = ["name", "description", "id", "mode"]
        .into_iter()
        .filter(|key| !members.contains_key(*key));
    problems.extend(missing.map(|key| ManifestError::Missing { key }));
    problems
}

const URL: &str = "a URL such as \"http://localhost:8000/smartapp/index.html\"";
const SOME_BROWSERS: &str = "a list without repeats of \"desktop\", \"tablet\" and \"mobile\"";
const REQUIREMENTS: &str =
    "an object from data types to {\"methods\": [\"GET\", ...], \"codes\": [URIs]}";

fn mode(members: &Map<String, Value>) -> Result<AppMode, ManifestError> {
    match members.get("mode").and_then(Value::as_str) {
        Some("background") => Ok(AppMode::Background),
        Some("frame_ui") => Ok(AppMode::FrameUi),
        Some("ui") => Ok(AppMode::Ui),
        _ => Err(ManifestError::Value {
            key: "mode",
            expected: "\"ui\", \"background\" or \"frame_ui\"",
        }),
    }
}

fn mode_problems(members: &Map<String, Value>, mode: AppMode) -> Vec<ManifestError> {
    if mode != AppMode::Background {
        let missing = ["icon", "index"]
            .into_iter()
            .filter(|key| !members.contains_key(*key));
        return missing.map(|key| ManifestError::Missing { key }).collect();
    }
    let page_only = [
        "index",
        "oauth_callback",
        "optimalBrowserEnvironments",
        "supportedBrowserEnvironments",
    ];
    let forbidden = page_only
        .into_iter()
        .filter(|key| members.contains_key(*key));
    forbidden
        .map(|key| ManifestError::Background { key })
        .collect()
}

fn is_one_of(value: &Value, choices: &[&str]) -> bool {
    value.as_str().is_some_and(|text| choices.contains(&text))
}

fn is_set_of(value: &Value, choices: &[&str]) -> bool {
    is_set(value)
        && value
            .as_array()
            .is_some_and(|items| items.iter().all(|item| is_one_of(item, choices)))
}

fn is_set(value: &Value) -> bool {
    value.as_array().is_some_and(|items| {
        items
            .iter()
            .enumerate()
            .all(|(position, item)| !items[..position].contains(item))
    })
}

fn is_version(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        let numbers: Vec<&str> = text.split('.').collect();
        let all_digits =
            |number: &&str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        numbers.len() <= 3 && numbers.iter().all(all_digits)
    })
}

fn is_requirement_list(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|types| types.values().all(is_requirement))
}

fn is_requirement(value: &Value) -> bool {
    value.as_object().is_some_and(|members| {
        members.iter().all(|(key, value)| match key.as_str() {
            "methods" => is_set_of(value, &METHODS),
            "codes" => {
                is_set(value)
                    && value
                        .as_array()
                        .is_some_and(|codes| codes.iter().all(is_code))
            }
            _ => false,
        })
    })
}

fn is_code(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.contains(':') && !text.contains(char::is_whitespace))
}

/// The container's own pattern for URLs, which lets custom schemes with an empty authority through
/// and forbids `@`, `:` and brackets behind the host. Schemes that browsers run as code are refused
/// on top of it.
fn is_url(value: &Value) -> bool {
    let Some((scheme, rest)) = value.as_str().and_then(|text| text.split_once("://")) else {
        return false;
    };
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let runs_code = ["data", "javascript", "vbscript"]
        .iter()
        .any(|name| scheme.eq_ignore_ascii_case(name));
    if scheme.is_empty() || !scheme.chars().all(is_word) || runs_code {
        return false;
    }
    let Some(last) = rest.chars().last() else {
        return false;
    };
    let body = &rest[..rest.len() - last.len_utf8()];
    let path = body.trim_start_matches(|c: char| is_word(c) || c == '.');
    let path = match path.strip_prefix(':') {
        Some(port) => port.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => path,
    };
    let is_path = |c: char| c.is_ascii_alphanumeric() || "-._?,'/\\+&;%$#=~".contains(c);
    let ends_well =
        !matches!(last, '.' | ',' | ')' | '(') && !last.is_whitespace() && !last.is_control();
    path.chars().all(is_path) && ends_well
}

#[cfg(test)]
mod tests;
