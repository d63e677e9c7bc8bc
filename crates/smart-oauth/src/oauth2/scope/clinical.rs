//! Scopes about data: `patient/Observation.rs?category=laboratory` and its relatives.

use std::collections::BTreeSet;
use std::fmt;

use super::Access;

/// Whose data a scope is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ScopeContext {
    /// The one patient of the launch.
    Patient,
    /// Whatever the app itself may see, no user being there.
    System,
    /// Whatever the user may see.
    User,
}

impl ScopeContext {
    fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::System => "system",
            Self::User => "user",
        }
    }
}

/// Which resources a scope is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a scope is about one type or about all"
)]
pub enum ResourceType {
    /// `*`.
    Any,
    /// One type, such as `Observation`.
    Named(String),
}

impl ResourceType {
    fn covers(&self, other: &Self) -> bool {
        *self == Self::Any || self == other
    }

    fn common(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Any, common) | (common, Self::Any) => Some(common.clone()),
            _ => (self == other).then(|| self.clone()),
        }
    }
}

/// How a scope is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ScopeSyntax {
    /// `read`, `write`, `*`.
    V1,
    /// `cruds`.
    V2,
}

/// A scope about data.
///
/// Its query, where there is one, narrows it: a resource has to meet every parameter. Parameters
/// are compared as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClinicalScope {
    context: ScopeContext,
    resource: ResourceType,
    access: Access,
    query: Option<String>,
    syntax: ScopeSyntax,
}

impl ClinicalScope {
    /// A scope of version 2 without a query; `None` when it would grant nothing, or the type's name
    /// is none.
    pub fn new(context: ScopeContext, resource: ResourceType, access: Access) -> Option<Self> {
        let named = match &resource {
            ResourceType::Any => true,
            ResourceType::Named(name) => is_type_name(name),
        };
        (named && !access.is_empty()).then_some(Self {
            context,
            resource,
            access,
            query: None,
            syntax: ScopeSyntax::V2,
        })
    }

    /// Whose data.
    pub fn context(&self) -> ScopeContext {
        self.context
    }

    /// Which resources.
    pub fn resource(&self) -> &ResourceType {
        &self.resource
    }

    /// What may be done with them.
    pub fn access(&self) -> Access {
        self.access
    }

    /// What resources have to meet, without the `?`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// How it is written.
    pub fn syntax(&self) -> ScopeSyntax {
        self.syntax
    }

    /// The same scope as version 1 writes it; `None` when version 1 cannot say this.
    #[must_use]
    pub fn to_v1(&self) -> Option<Self> {
        (self.access.as_v1().is_some() && self.query.is_none()).then(|| Self {
            syntax: ScopeSyntax::V1,
            ..self.clone()
        })
    }

    /// The same scope as version 2 writes it.
    #[must_use]
    pub fn to_v2(&self) -> Self {
        Self {
            syntax: ScopeSyntax::V2,
            ..self.clone()
        }
    }

    /// Whether this grants all that the other does.
    pub fn covers(&self, other: &Self) -> bool {
        self.is_as_wide_as(other) && self.access.contains(other.access)
    }

    /// Whether this reaches every resource that the other does.
    pub(super) fn is_as_wide_as(&self, other: &Self) -> bool {
        self.context == other.context
            && self.resource.covers(&other.resource)
            && self.parameters().is_subset(&other.parameters())
    }

    /// The part that both grant.
    pub(super) fn common(&self, other: &Self) -> Option<Self> {
        let access = self.access.intersection(other.access);
        if self.context != other.context || access.is_empty() {
            return None;
        }
        let resource = self.resource.common(&other.resource)?;
        let parameters: BTreeSet<_> = self
            .parameters()
            .union(&other.parameters())
            .copied()
            .collect();
        let query = Vec::from_iter(parameters).join("&");
        let both_v1 = self.syntax == ScopeSyntax::V1 && other.syntax == ScopeSyntax::V1;
        let common = Self {
            context: self.context,
            resource,
            access,
            query: (!query.is_empty()).then_some(query),
            syntax: ScopeSyntax::V2,
        };
        Some(if both_v1 {
            common.to_v1().unwrap_or(common)
        } else {
            common
        })
    }

    /// The same reach with other permissions; in version 1 where that can say it and did before.
    pub(super) fn with_access(&self, access: Access) -> Option<Self> {
        if access.is_empty() {
            return None;
        }
        let changed = Self {
            access,
            syntax: ScopeSyntax::V2,
            ..self.clone()
        };
        match self.syntax {
            ScopeSyntax::V1 => Some(changed.to_v1().unwrap_or(changed)),
            ScopeSyntax::V2 => Some(changed),
        }
    }

    fn parameters(&self) -> BTreeSet<&str> {
        let query = self.query.as_deref().unwrap_or_default();
        query.split('&').filter(|piece| !piece.is_empty()).collect()
    }

    /// Reads `context/Type.access?query`; anything else is no clinical scope.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (context, rest) = text.split_once('/')?;
        let context = [
            ScopeContext::Patient,
            ScopeContext::System,
            ScopeContext::User,
        ]
        .into_iter()
        .find(|known| known.as_str() == context)?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (resource, access) = rest.split_once('.')?;
        let resource = match resource {
            "*" => ResourceType::Any,
            name if is_type_name(name) => ResourceType::Named(name.to_owned()),
            _ => return None,
        };
        let (access, syntax) = match (Access::from_word(access), query) {
            (Some(access), None) => (access, ScopeSyntax::V1),
            // a query came with version 2, and an empty one says nothing
            (Some(_), Some(_)) | (None, Some("")) => return None,
            (None, _) => (Access::from_letters(access)?, ScopeSyntax::V2),
        };
        Some(Self {
            context,
            resource,
            access,
            query: query.map(str::to_owned),
            syntax,
        })
    }
}

impl fmt::Display for ClinicalScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = match &self.resource {
            ResourceType::Any => "*",
            ResourceType::Named(name) => name,
        };
        write!(formatter, "{}/{resource}.", self.context.as_str())?;
        match (self.syntax, self.access.as_v1()) {
            (ScopeSyntax::V1, Some(word)) => formatter.write_str(word)?,
            _ => write!(formatter, "{}", self.access)?,
        }
        match &self.query {
            Some(query) => write!(formatter, "?{query}"),
            None => Ok(()),
        }
    }
}

fn is_type_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
