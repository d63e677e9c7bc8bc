//! What a server says of a request that went wrong, or nearly.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::resource::Resource;

/// An [OperationOutcome](https://hl7.org/fhir/R4/operationoutcome.html).
///
/// Servers write into it what they like, patients' names included: show it to the user, keep it out
/// of logs. `Debug` shows codes alone.
#[derive(Clone, PartialEq)]
pub struct OperationOutcome {
    issues: Vec<Issue>,
    resource: Resource,
}

/// One thing to say.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Issue {
    /// `fatal`, `error`, `warning` or `information`. FHIR requires it; some servers leave it out.
    pub severity: Option<String>,
    /// One of FHIR's [issue types](https://hl7.org/fhir/R4/valueset-issue-type.html), such as
    /// `not-found`. FHIR requires it; some servers leave it out.
    pub code: Option<String>,
    /// In the words of the server's author.
    pub diagnostics: Option<String>,
    /// The text of its `details`.
    #[serde(skip)]
    pub details: Option<String>,
    /// Which elements it is about, in FHIRPath.
    pub expression: Vec<String>,
}

/// Issues that are looked at; servers that validate send thousands.
const MOST_ISSUES: usize = 1000;

/// Characters of a summary.
const LONGEST_SUMMARY: usize = 300;

impl OperationOutcome {
    /// Reads one; what in it breaks the specification is left out. `None` for a resource of another
    /// type.
    pub fn from_resource(resource: Resource) -> Option<Self> {
        if resource.resource_type() != "OperationOutcome" {
            return None;
        }
        let issues = resource.as_value()["issue"].as_array();
        let issues = issues.map_or(&[][..], Vec::as_slice).iter();
        Some(Self {
            issues: issues.take(MOST_ISSUES).map(Issue::read).collect(),
            resource,
        })
    }

    /// What it says, worst first if the server keeps to the custom.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// The resource as it came.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Whether one of the issues has this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.issues
            .iter()
            .any(|issue| issue.code.as_deref() == Some(code))
    }

    /// Whether it reports something that went wrong. What does not say that it is a warning or
    /// information does.
    pub fn has_errors(&self) -> bool {
        self.issues.is_empty() || self.issues.iter().any(Issue::is_error)
    }

    /// The first error in one line: code and text.
    pub fn summary(&self) -> Option<String> {
        let is_error = |issue: &&Issue| issue.is_error();
        let issue = self.issues.iter().find(is_error).or(self.issues.first())?;
        let text = issue.details.as_ref().or(issue.diagnostics.as_ref());
        let code = issue.code.as_deref().unwrap_or("no code");
        Some(match text {
            Some(text) => one_line(&format!("{code}, {text}")),
            None => one_line(code),
        })
    }
}

/// A line that fits into an error, whatever a server wrote.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .take(LONGEST_SUMMARY)
        .map(|one| if one.is_control() { ' ' } else { one })
        .collect()
}

impl Issue {
    /// Whether something went wrong. An issue that does not say how severe it is counts.
    pub fn is_error(&self) -> bool {
        let severity = self.severity.as_deref();
        !matches!(severity, Some("warning" | "information" | "success"))
    }

    fn read(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let list = |name: &str| {
            let items = value[name].as_array().map_or(&[][..], Vec::as_slice);
            let texts = items.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect::<Vec<_>>()
        };
        let details = &value["details"];
        let spoken = details["text"].as_str();
        let spoken = spoken.or(details["coding"][0]["display"].as_str());
        // DSTU2 has XPath in `location` instead.
        let mut expression = list("expression");
        if expression.is_empty() {
            expression = list("location");
        }
        Self {
            severity: text("severity"),
            code: text("code"),
            diagnostics: text("diagnostics"),
            details: spoken.map(str::to_owned),
            expression,
        }
    }
}

impl fmt::Debug for OperationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.issues).finish()
    }
}

impl fmt::Debug for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issue")
            .field("severity", &self.severity)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(issues: Value) -> OperationOutcome {
        let value = json!({"resourceType": "OperationOutcome", "issue": issues});
        OperationOutcome::from_resource(Resource::new(value).unwrap()).unwrap()
    }

    #[test]
    fn the_worst_is_told_in_a_line() {
        let outcome = read(json!([
            {"severity": "warning", "code": "informational"},
            {"severity": "error", "code": "not-found", "diagnostics": "no\nsuch\u{7} patient", "expression": ["Patient.id"]},
        ]));
        assert_eq!(
            outcome.summary().as_deref(),
            Some("not-found, no such  patient")
        );
        assert!(outcome.has_code("not-found") && !outcome.has_code("conflict"));
        assert_eq!(outcome.issues()[1].expression, ["Patient.id"]);
        assert!(!format!("{outcome:?}").contains("patient"));
        let detailed = read(
            json!([{"code": "x", "details": {"coding": [{"display": "Said"}]}, "location": ["/a"]}]),
        );
        assert_eq!(detailed.summary().as_deref(), Some("x, Said"));
        assert_eq!(detailed.issues()[0].expression, ["/a"]);
    }

    #[test]
    fn what_does_not_say_that_it_is_harmless_is_an_error() {
        for (issues, has_errors) in [
            (
                json!([{"severity": "information"}, {"severity": "warning"}]),
                false,
            ),
            (
                json!([{"severity": "information"}, {"severity": "error"}]),
                true,
            ),
            (json!([{"code": "x"}]), true),
            (json!([{"severity": ""}]), true),
            (json!([]), true),
        ] {
            assert_eq!(read(issues.clone()).has_errors(), has_errors, "{issues}");
        }
    }

    #[test]
    fn nonsense_is_borne() {
        for issues in [
            json!(null),
            json!(7),
            json!([]),
            json!({"severity": "error"}),
        ] {
            assert_eq!(read(issues).summary(), None);
        }
        let odd = read(json!([7, {"severity": [], "code": {}, "expression": [1, null]}]));
        assert_eq!(odd.issues().len(), 2);
        assert_eq!(odd.summary().as_deref(), Some("no code"));
        let long = read(json!([{"severity": "error", "code": "x".repeat(10_000)}]));
        assert_eq!(long.summary().unwrap().len(), LONGEST_SUMMARY);
    }
}
