//! Sets of scopes, and what was granted against what was asked.

use std::fmt;
use std::str::FromStr;

use super::{Access, ClinicalScope, Scope, ScopeSyntax};
use crate::encode::percent_encode;
use crate::oauth2::error::ScopeError;

/// The most scopes that a set is read from.
const MAX_SCOPES: usize = 2048;

/// What stands for the scopes of a server beyond that number. What they grant is not known.
const MORE: &str = "(more)";

/// How much of a piece that cannot be a scope is kept, in characters.
const MAX_UNREADABLE: usize = 128;

/// Scopes as they are asked for and granted: in order, none twice
/// ([RFC 6749, section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
///
/// `==` compares what is written; [`is_equivalent`](Self::is_equivalent) what is meant.
///
/// ```
/// use smart_oauth::oauth2::Scopes;
///
/// let asked: Scopes = "patient/Observation.rs patient/Condition.rs offline_access".parse()?;
/// let granted: Scopes = "patient/Observation.read".parse()?;
/// assert_eq!(asked.difference(&granted).to_string(), "patient/Condition.rs offline_access");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// No scopes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a scope unless it is there already.
    pub fn insert(&mut self, scope: Scope) {
        if !self.0.contains(&scope) {
            self.0.push(scope);
        }
    }

    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether exactly this scope is written here.
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// Whether these scopes together grant all that the other ones do, URIs standing for what they
    /// mean.
    pub fn covers(&self, other: &Self) -> bool {
        other.plain().difference(&self.plain()).is_empty()
    }

    /// Whether this scope is here, be it as a URI.
    pub fn means(&self, scope: &Scope) -> bool {
        self.iter().any(|known| known.plain().as_ref() == scope)
    }

    /// The same scopes, with those that are written as URIs in their usual form.
    #[must_use]
    pub fn plain(&self) -> Self {
        self.iter()
            .map(|scope| scope.plain().into_owned())
            .collect()
    }

    /// Whether both grant the same.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.covers(other) && other.covers(self)
    }

    /// Whatever either grants.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }

    /// Exactly what both grant.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut common = Self::new();
        for left in &self.0 {
            for right in &other.0 {
                match (left, right) {
                    (Scope::Clinical(left), Scope::Clinical(right)) => {
                        common.0.extend(left.common(right).map(Scope::Clinical));
                    }
                    _ if left == right => common.insert(left.clone()),
                    _ => {}
                }
            }
        }
        common.shortest()
    }

    /// The scopes, and of each the permissions, that the other ones do not fully grant.
    ///
    /// `patient/*.rs` without `patient/Observation.rs` is still `patient/*.rs`: "all but one type"
    /// cannot be written.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let left_over = |scope: &Scope| match scope {
            Scope::Clinical(clinical) => {
                let granted = other.access_over(clinical);
                clinical
                    .with_access(clinical.access().difference(granted))
                    .map(Scope::Clinical)
            }
            _ => (!other.contains(scope)).then(|| scope.clone()),
        };
        self.iter().filter_map(left_over).collect()
    }

    /// The fewest scopes that grant the same. Version 1 is kept where all that goes into a scope
    /// was written so.
    #[must_use]
    pub fn shortest(&self) -> Self {
        let mut merged: Vec<Scope> = Vec::new();
        for scope in &self.0 {
            match scope {
                Scope::Clinical(new) => {
                    match merged.iter_mut().find_map(|known| twin(known, new)) {
                        Some(known) => *known = merge(known, new),
                        None => merged.push(scope.clone()),
                    }
                }
                _ if merged.contains(scope) => {}
                _ => merged.push(scope.clone()),
            }
        }
        let without_wider = |(index, scope): (usize, &Scope)| match scope {
            Scope::Clinical(clinical) => {
                let wider = merged
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index);
                let granted = access_over(wider.map(|(_, scope)| scope), clinical);
                clinical
                    .with_access(clinical.access().difference(granted))
                    .map(Scope::Clinical)
            }
            _ => Some(scope.clone()),
        };
        Self(
            merged
                .iter()
                .enumerate()
                .filter_map(without_wider)
                .collect(),
        )
    }

    /// The same scopes as version 1 writes them, where it can. For servers that do not announce
    /// `permission-v2`.
    #[must_use]
    pub fn to_v1(&self) -> Self {
        self.respelled(|scope| scope.to_v1().unwrap_or_else(|| scope.clone()))
    }

    /// The same scopes as version 2 writes them.
    #[must_use]
    pub fn to_v2(&self) -> Self {
        self.respelled(ClinicalScope::to_v2)
    }

    /// Reads what a server wrote. A piece that cannot be a scope is kept percent-encoded, as a
    /// scope that nobody understands: without it, a grant would look smaller than it is.
    pub(crate) fn read_leniently(text: &str) -> Self {
        let mut pieces = text.split_ascii_whitespace();
        let read = |piece: &str| match piece.parse::<Scope>() {
            Ok(scope) => scope.plain().into_owned(),
            Err(_) => {
                let start: String = piece.chars().take(MAX_UNREADABLE).collect();
                Scope::Other(percent_encode(&start))
            }
        };
        let mut scopes: Self = pieces.by_ref().take(MAX_SCOPES - 1).map(read).collect();
        if pieces.next().is_some() {
            scopes.insert(Scope::Other(MORE.to_owned()));
        }
        scopes
    }

    fn respelled(&self, spell: impl Fn(&ClinicalScope) -> ClinicalScope) -> Self {
        let respell = |scope: &Scope| match scope {
            Scope::Clinical(clinical) => Scope::Clinical(spell(clinical)),
            other => other.clone(),
        };
        self.iter().map(respell).collect()
    }

    /// What these scopes together grant on everything that the given one reaches.
    fn access_over(&self, clinical: &ClinicalScope) -> Access {
        access_over(self.iter(), clinical)
    }
}

fn access_over<'a>(scopes: impl Iterator<Item = &'a Scope>, clinical: &ClinicalScope) -> Access {
    scopes
        .filter_map(|scope| match scope {
            Scope::Clinical(other) if other.is_as_wide_as(clinical) => Some(other.access()),
            _ => None,
        })
        .fold(Access::NONE, Access::union)
}

/// The scope itself when it reaches exactly as far as the new one.
fn twin<'a>(known: &'a mut Scope, new: &ClinicalScope) -> Option<&'a mut ClinicalScope> {
    match known {
        Scope::Clinical(known) if known.is_as_wide_as(new) && new.is_as_wide_as(known) => {
            Some(known)
        }
        _ => None,
    }
}

fn merge(known: &ClinicalScope, new: &ClinicalScope) -> ClinicalScope {
    let access = known.access().union(new.access());
    let keeps_v1 = new.syntax() == ScopeSyntax::V1;
    let known = if keeps_v1 {
        known.clone()
    } else {
        known.to_v2()
    };
    known.with_access(access).unwrap_or(known)
}

impl FromStr for Scopes {
    type Err = ScopeError;

    /// Reads scopes separated by spaces; an empty text is the empty set.
    ///
    /// # Errors
    ///
    /// If a piece cannot be a scope, or there are more than 2,048.
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let mut scopes = Self::new();
        for piece in text.split_ascii_whitespace() {
            if scopes.len() == MAX_SCOPES {
                return Err(ScopeError::TooMany { limit: MAX_SCOPES });
            }
            scopes.insert(piece.parse()?);
        }
        Ok(scopes)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(formatter, "{space}{scope}")?;
        }
        Ok(())
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Self::new();
        scopes.into_iter().for_each(|scope| set.insert(scope));
        set
    }
}

/// What was granted against what was asked
/// ([RFC 6749, section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
///
/// A grant is no proof of access: S4S withholds whole categories of data without a word.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScopeReport {
    /// What the app asked for.
    pub asked: Scopes,
    /// What the server granted; what was asked, where the server did not say.
    pub granted: Scopes,
    /// Whether the server said. Silence means "as asked", and SMART forbids it.
    pub stated: bool,
}

impl ScopeReport {
    pub(crate) fn new(asked: Scopes, granted: Option<Scopes>) -> Self {
        let stated = granted.is_some();
        Self {
            granted: granted.unwrap_or_else(|| asked.clone()),
            asked,
            stated,
        }
    }

    /// What was asked and not granted.
    pub fn missing(&self) -> Scopes {
        self.asked.plain().difference(&self.granted.plain())
    }

    /// What was granted and not asked.
    pub fn unasked(&self) -> Scopes {
        self.granted.plain().difference(&self.asked.plain())
    }

    /// Whether everything asked was granted.
    pub fn is_complete(&self) -> bool {
        self.missing().is_empty()
    }
}
