//! One scope: what it says, and how it is written
//! ([SMART, scopes](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html)).

mod access;
mod clinical;
mod set;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

pub use access::Access;
pub use clinical::{ClinicalScope, ResourceType, ScopeContext, ScopeSyntax};
pub use set::{ScopeReport, Scopes};

use super::error::ScopeError;

/// What stands before a scope of SMART that is written as a URI, and before one of OpenID Connect
/// ([SMART, scopes as
/// URIs](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#appendix-uri-representation-of-scopes)).
const SMART_PREFIX: &str = "http://smarthealthit.org/fhir/scopes/";
const OPENID_PREFIX: &str = "http://openid.net/specs/openid-connect-core-1_0#";

/// The scopes that OpenID Connect Core defines and SMART does not.
const OPENID_SCOPES: [&str; 4] = ["address", "email", "phone", "profile"];

/// The longest scope that is read, in bytes.
const MAX_SCOPE_BYTES: usize = 2048;

/// One scope. Parsing and printing give the same text back, so that servers which compare letter by
/// letter are satisfied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Access to data, such as `patient/Observation.rs`.
    Clinical(ClinicalScope),
    /// Who the user is, as a FHIR resource.
    FhirUser,
    /// Whatever the surrounding EHR knows.
    Launch,
    /// An encounter to work with.
    LaunchEncounter,
    /// A patient to work with.
    LaunchPatient,
    /// A refresh token that outlives the user's presence.
    OfflineAccess,
    /// A refresh token for as long as the user is there.
    OnlineAccess,
    /// Who the user is, as an id token.
    OpenId,
    /// Anything else, kept letter by letter.
    Other(String),
}

impl Scope {
    /// The scope that a URI stands for; any other scope as it is. A scope that is read from a URI
    /// is [`Scope::Other`], so that it is sent letter by letter as it was given.
    pub fn plain(&self) -> Cow<'_, Self> {
        let Self::Other(text) = self else {
            return Cow::Borrowed(self);
        };
        let rest = text
            .strip_prefix(SMART_PREFIX)
            .or_else(|| text.strip_prefix(OPENID_PREFIX));
        match rest.map(str::parse) {
            Some(Ok(plain)) => Cow::Owned(plain),
            _ => Cow::Borrowed(self),
        }
    }

    /// The scope as a URI. A scope that is neither SMART's nor one of OpenID Connect has none.
    pub fn to_uri(&self) -> Option<String> {
        match self.plain().as_ref() {
            Self::OpenId => Some(format!("{OPENID_PREFIX}openid")),
            Self::Other(text) if OPENID_SCOPES.contains(&text.as_str()) => {
                Some(format!("{OPENID_PREFIX}{text}"))
            }
            Self::Other(_) => None,
            plain => Some(format!("{SMART_PREFIX}{plain}")),
        }
    }

    /// Whether it is known what this scope says about data: something, or nothing. What a scope of
    /// a server's own language opens, such as `patient.Patient.read`, only the server knows.
    pub fn is_understood(&self) -> bool {
        match self.plain().as_ref() {
            Self::Other(text) => {
                OPENID_SCOPES.contains(&text.as_str())
                    || ["launch/", "smart/"]
                        .iter()
                        .any(|start| text.starts_with(start))
            }
            _ => true,
        }
    }

    /// Whether this scope grants all that the other does.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Clinical(wide), Self::Clinical(narrow)) => wide.covers(narrow),
            _ => self == other,
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    /// Reads one scope. A scope that SMART does not define is [`Scope::Other`].
    ///
    /// # Errors
    ///
    /// When the text is empty, too long, or holds what no scope may
    /// ([RFC 6749, section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() {
            return Err(ScopeError::Empty);
        }
        if text.len() > MAX_SCOPE_BYTES {
            return Err(ScopeError::TooLong {
                limit: MAX_SCOPE_BYTES,
            });
        }
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        if !text.bytes().all(is_allowed) {
            return Err(ScopeError::BadCharacter);
        }
        Ok(match text {
            "fhirUser" => Self::FhirUser,
            "launch" => Self::Launch,
            "launch/encounter" => Self::LaunchEncounter,
            "launch/patient" => Self::LaunchPatient,
            "offline_access" => Self::OfflineAccess,
            "online_access" => Self::OnlineAccess,
            "openid" => Self::OpenId,
            _ => ClinicalScope::read(text)
                .map_or_else(|| Self::Other(text.to_owned()), Self::Clinical),
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Clinical(scope) => return scope.fmt(formatter),
            Self::FhirUser => "fhirUser",
            Self::Launch => "launch",
            Self::LaunchEncounter => "launch/encounter",
            Self::LaunchPatient => "launch/patient",
            Self::OfflineAccess => "offline_access",
            Self::OnlineAccess => "online_access",
            Self::OpenId => "openid",
            Self::Other(text) => text,
        })
    }
}

impl From<ClinicalScope> for Scope {
    fn from(scope: ClinicalScope) -> Self {
        Self::Clinical(scope)
    }
}

#[cfg(test)]
mod tests;
