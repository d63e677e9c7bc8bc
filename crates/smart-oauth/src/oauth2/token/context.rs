//! What a launch is about ([SMART, launch
//! context](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token)).

use std::fmt;

use serde_json::{Map, Value};

use crate::oauth2::answer::{scalar, sendable, text, truth};
use crate::oauth2::error::TokenError;

/// Whose record a token opens. `Debug` shows no id.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatientContext {
    /// The server named this patient when it first granted access; its answer to a refresh named
    /// none.
    Carried(String),
    /// The server named this patient, by FHIR id.
    Stated(String),
    /// The server named nobody. Where a patient was asked for, store nothing: at S4S a token
    /// without a patient may open another one's record.
    #[default]
    Unstated,
}

impl PatientContext {
    /// The patient's FHIR id.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Carried(id) | Self::Stated(id) => Some(id),
            Self::Unstated => None,
        }
    }

    /// An id may be written as a number. What is neither is an error: to take it for "unstated"
    /// would hide whose record this is.
    pub(super) fn read(answer: &Map<String, Value>) -> Result<Self, TokenError> {
        let id = sendable(answer, "patient");
        let id = id.map_err(|_| TokenError::Malformed { name: "patient" })?;
        Ok(id.map_or(Self::Unstated, Self::Stated))
    }

    /// The patient after a refresh; `None` when it is another one.
    pub(super) fn after(self, before: &Self) -> Option<Self> {
        match (before.id(), self) {
            (Some(known), Self::Unstated) => Some(Self::Carried(known.to_owned())),
            (Some(known), now) => (now.id() == Some(known)).then_some(now),
            (None, now) => Some(now),
        }
    }
}

impl fmt::Debug for PatientContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Carried(_) => "Carried(_)",
            Self::Stated(_) => "Stated(_)",
            Self::Unstated => "Unstated",
        })
    }
}

/// Everything else that came with a token. `Debug` shows the names only.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct LaunchContext {
    /// The encounter, by FHIR id.
    pub encounter: Option<String>,
    /// Other resources that the launch is about.
    pub fhir_context: Vec<FhirContext>,
    /// What the user wants to do.
    pub intent: Option<String>,
    /// Whether the app has to show whose record it is, the EHR not doing so.
    pub need_patient_banner: Option<bool>,
    /// Where the EHR's colors are.
    pub smart_style_url: Option<String>,
    /// Which of a vendor's customers the launch is from.
    pub tenant: Option<String>,
    extra: Map<String, Value>,
}

/// A resource that a launch is about ([SMART,
/// `fhirContext`](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#fhircontext)).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FhirContext {
    /// A relative reference, such as `ImagingStudy/1`.
    pub reference: Option<String>,
    /// A canonical URL, where it is not a resource of this server.
    pub canonical: Option<String>,
    /// A FHIR `Identifier`, where the resource is known by nothing else.
    pub identifier: Option<Value>,
    /// The resource's type.
    pub kind: Option<String>,
    /// What the resource is to the launch; `launch` where the server does not say.
    pub role: String,
    raw: Map<String, Value>,
}

impl fmt::Debug for FhirContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FhirContext")
            .field("kind", &self.kind)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// The members that are not about the launch.
const OTHERS: &[&str] = &[
    "access_token",
    "expires_in",
    "id_token",
    "patient",
    "refresh_token",
    "scope",
    "token_type",
];

impl LaunchContext {
    /// Any other member that the server sent, and any of the above that is of another type than
    /// SMART says.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.extra.get(name)
    }

    /// The context as the members of a token answer, for storing it. [`from_json`](Self::from_json)
    /// reads it back.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut members = self.extra.clone();
        let texts = [
            ("encounter", &self.encounter),
            ("intent", &self.intent),
            ("smart_style_url", &self.smart_style_url),
            ("tenant", &self.tenant),
        ];
        for (name, value) in texts {
            members.extend(value.clone().map(|value| (name.to_owned(), value.into())));
        }
        if let Some(needed) = self.need_patient_banner {
            members.insert("need_patient_banner".to_owned(), needed.into());
        }
        if !self.fhir_context.is_empty() {
            let items = self.fhir_context.iter().map(FhirContext::to_json);
            members.insert("fhirContext".to_owned(), items.collect());
        }
        members
    }

    /// A context that was stored. What a server would not have sent in that form is passed over.
    pub fn from_json(members: &Map<String, Value>) -> Self {
        Self::read(members)
    }

    /// This context with what an answer replaces, as `client-js` merges them: a member that is
    /// there counts, also if it is `null` or empty. Members that are not known here are let go
    /// before the whole becomes longer than an answer may be.
    pub(super) fn updated(&self, answer: &Map<String, Value>, limit: usize) -> Self {
        let mut members = self.to_json();
        members.extend(answer.clone());
        let updated = Self::read(&members);
        let is_within = Value::Object(updated.to_json()).to_string().len() <= limit;
        if is_within || self.extra.is_empty() {
            return updated;
        }
        let known = Self {
            extra: Map::new(),
            ..self.clone()
        };
        known.updated(answer, limit)
    }

    fn read(answer: &Map<String, Value>) -> Self {
        let owned = |name| scalar(answer, name);
        let items = answer.get("fhirContext").and_then(Value::as_array);
        let context = Self {
            encounter: owned("encounter"),
            fhir_context: items
                .into_iter()
                .flatten()
                .filter_map(FhirContext::read)
                .collect(),
            intent: owned("intent"),
            need_patient_banner: truth(answer, "need_patient_banner"),
            smart_style_url: owned("smart_style_url"),
            tenant: owned("tenant"),
            extra: Map::new(),
        };
        let is_extra = |(name, _): &(&String, &Value)| !context.has_read(name);
        let extra = answer.iter().filter(is_extra);
        let extra = extra.map(|(name, value)| (name.clone(), value.clone()));
        Self {
            extra: extra.collect(),
            ..context
        }
    }

    /// Whether a member has a place of its own, and was understood.
    fn has_read(&self, name: &str) -> bool {
        match name {
            "encounter" => self.encounter.is_some(),
            "fhirContext" => !self.fhir_context.is_empty(),
            "intent" => self.intent.is_some(),
            "need_patient_banner" => self.need_patient_banner.is_some(),
            "smart_style_url" => self.smart_style_url.is_some(),
            "tenant" => self.tenant.is_some(),
            other => OTHERS.contains(&other),
        }
    }
}

impl FhirContext {
    /// Any member of the entry as it came, also an extension.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.raw.get(name)
    }

    fn to_json(&self) -> Value {
        Value::Object(self.raw.clone())
    }

    /// Reads an entry. Drafts of SMART 2.0 had the reference alone in its place.
    fn read(item: &Value) -> Option<Self> {
        let raw = match item {
            Value::Object(members) => members.clone(),
            Value::String(reference) => {
                Map::from_iter([("reference".to_owned(), reference.as_str().into())])
            }
            _ => return None,
        };
        let owned = |name| text(&raw, name).map(str::to_owned);
        Some(Self {
            reference: owned("reference"),
            canonical: owned("canonical"),
            identifier: raw.get("identifier").cloned(),
            kind: owned("type"),
            role: owned("role").unwrap_or_else(|| "launch".to_owned()),
            raw,
        })
    }
}

impl fmt::Debug for LaunchContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LaunchContext")
            .field("has_encounter", &self.encounter.is_some())
            .field("fhir_context", &self.fhir_context)
            .field("need_patient_banner", &self.need_patient_banner)
            .field("extra", &Vec::from_iter(self.extra.keys()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_survive_being_stored() {
        let answer = r#"{"encounter": "e", "intent": "order", "need_patient_banner": false, "tenant": "t", "vendor": [1],
            "smart_style_url": "https://ehr.example/style.json",
            "fhirContext": [{"reference": "ImagingStudy/1", "role": "launch"}, {"canonical": "https://x.example", "type": "Questionnaire"},
                {"identifier": {"system": "urn:s", "value": "7"}, "type": "ServiceRequest", "https://x.example/extension": {"a": [1]}}]}"#;
        let Ok(Value::Object(answer)) = serde_json::from_str(answer) else {
            panic!()
        };
        let context = LaunchContext::read(&answer);
        assert_eq!(context.to_json(), answer);
        assert_eq!(LaunchContext::from_json(&context.to_json()), context);
        let [study, form, order] = &context.fhir_context[..] else {
            panic!()
        };
        assert_eq!(study.reference.as_deref(), Some("ImagingStudy/1"));
        // an entry without a role is what the launch is about
        assert_eq!(
            (study.role.as_str(), form.role.as_str()),
            ("launch", "launch")
        );
        assert_eq!(order.identifier.as_ref().unwrap()["value"], "7");
        assert_eq!(order.get("https://x.example/extension").unwrap()["a"][0], 1);
    }

    #[test]
    fn members_of_other_types_are_understood_or_kept() {
        let answer = r#"{"encounter": 12, "intent": ["order"], "need_patient_banner": "true", "tenant": {"id": 1},
            "fhirContext": ["ImagingStudy/1", 7], "smart_style_url": null}"#;
        let Ok(Value::Object(answer)) = serde_json::from_str(answer) else {
            panic!()
        };
        let context = LaunchContext::read(&answer);
        assert_eq!(context.encounter.as_deref(), Some("12"));
        assert_eq!(context.need_patient_banner, Some(true));
        let reference = context.fhir_context[0].reference.as_deref();
        assert_eq!(reference, Some("ImagingStudy/1"));
        assert_eq!(context.intent, None);
        assert_eq!(context.get("intent").unwrap()[0], "order");
        assert_eq!(context.get("tenant").unwrap()["id"], 1);
    }
}
