//! What the FHIR server can be made to do wrong, so that apps can be tested against servers that
//! do. A fault has a name and a place, and acts there: no other code knows about faults.

mod authorization;
mod resources;
mod tokens;

use crate::fhir::edges::Edges;
use crate::fhir::oauth::approvals::Grant;
use crate::fhir::resources::Release;
use crate::fhir::state::{FhirState, Registry};
use crate::web::context::RequestContext;
use crate::web::reply::Reply;

/// One thing that the FHIR server does wrong when
/// [`SandboxBuilder::fhir_fault`](crate::SandboxBuilder::fhir_fault) says so.
///
/// An app that does not notice a fault relies on the strictness of its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FhirFault {
    /// Any `redirect_uri` is accepted: an attacker who sends a user here gets the code.
    AnyRedirectUri,
    /// Any secret is accepted, and so is a missing one.
    AnySecret,
    /// The authorization response has another `state` than the request.
    ChangesState,
    /// The authorization response has no `state`.
    DropsState,
    /// `next` links lead to another origin, as on the original server.
    ForeignNextLinks,
    /// A failed exchange or refresh is answered with 500 and HTML, as on the original server.
    GrantErrorsAsHtml,
    /// Any `aud` is accepted, including another server's.
    IgnoresAudience,
    /// Codes and access tokens do not expire.
    IgnoresExpiry,
    /// A token reads every patient by id.
    IgnoresPatient,
    /// Challenges and verifiers are not checked.
    IgnoresPkce,
    /// A token reads everything, whatever its scopes, as on the original server.
    IgnoresScopes,
    /// A refresh returns the old refresh token again, which stays valid.
    KeepsRefreshTokens,
    /// The token response has no `patient`.
    NamesNoPatient,
    /// A refresh names another patient, as the original server may.
    OtherPatientOnRefresh,
    /// A code can be exchanged any number of times, as on the original server.
    ReusableCodes,
    /// A refresh may request more scopes than were granted.
    WidensOnRefresh,
}

/// Where a fault acts, and what it does there.
///
/// Before a request is answered, a fault changes the request or the registry so that the honest
/// code accepts what it would refuse. Afterwards it changes the reply.
#[derive(Clone, Copy)]
enum Action {
    BeforeAuthorization(fn(&mut RequestContext<'_>, &mut Registry)),
    BeforeResources(fn(&RequestContext<'_>, &mut Registry)),
    BeforeTokens(fn(&mut RequestContext<'_>, &mut Registry)),
    /// What an access token grants for one request.
    Granted(fn(&RequestContext<'_>, &mut Grant)),
    AfterAuthorization(fn(&mut Reply)),
    AfterResources(fn(&mut Reply)),
    AfterTokens(fn(&RequestContext<'_>, &mut Reply, &mut Registry)),
}

impl FhirFault {
    /// All faults, in the order of their names.
    pub const ALL: [Self; 16] = [
        Self::AnyRedirectUri,
        Self::AnySecret,
        Self::ChangesState,
        Self::DropsState,
        Self::ForeignNextLinks,
        Self::GrantErrorsAsHtml,
        Self::IgnoresAudience,
        Self::IgnoresExpiry,
        Self::IgnoresPatient,
        Self::IgnoresPkce,
        Self::IgnoresScopes,
        Self::KeepsRefreshTokens,
        Self::NamesNoPatient,
        Self::OtherPatientOnRefresh,
        Self::ReusableCodes,
        Self::WidensOnRefresh,
    ];

    /// The name of the fault, for example `any-redirect-uri`.
    pub fn name(self) -> &'static str {
        self.menu().0
    }

    /// The fault of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }

    #[rustfmt::skip]
    fn menu(self) -> (&'static str, &'static [Action]) {
        use Action::{
            AfterAuthorization, AfterResources, AfterTokens, BeforeAuthorization, BeforeResources,
            BeforeTokens, Granted,
        };
        match self {
            Self::AnyRedirectUri => ("any-redirect-uri", &[BeforeAuthorization(authorization::add_redirect_uri)]),
            Self::AnySecret => ("any-secret", &[BeforeTokens(tokens::show_real_secret)]),
            Self::ChangesState => ("changes-state", &[AfterAuthorization(authorization::change_state)]),
            Self::DropsState => ("drops-state", &[AfterAuthorization(authorization::drop_state)]),
            Self::ForeignNextLinks => ("foreign-next-links", &[AfterResources(resources::link_elsewhere)]),
            Self::GrantErrorsAsHtml => ("grant-errors-as-html", &[AfterTokens(tokens::stumble)]),
            Self::IgnoresAudience => ("ignores-audience", &[BeforeAuthorization(authorization::drop_audience)]),
            Self::IgnoresExpiry => ("ignores-expiry", &[BeforeTokens(tokens::prolong_code), BeforeResources(resources::prolong_token)]),
            Self::IgnoresPatient => ("ignores-patient", &[Granted(resources::grant_any_patient)]),
            Self::IgnoresPkce => ("ignores-pkce", &[BeforeAuthorization(authorization::replace_challenge), BeforeTokens(tokens::replace_verifier)]),
            Self::IgnoresScopes => ("ignores-scopes", &[Granted(resources::grant_everything)]),
            Self::KeepsRefreshTokens => ("keeps-refresh-tokens", &[AfterTokens(tokens::keep_refresh_token)]),
            Self::NamesNoPatient => ("names-no-patient", &[AfterTokens(tokens::drop_patient)]),
            Self::OtherPatientOnRefresh => ("other-patient-on-refresh", &[AfterTokens(tokens::change_patient)]),
            Self::ReusableCodes => ("reusable-codes", &[BeforeTokens(tokens::issue_code_again)]),
            Self::WidensOnRefresh => ("widens-on-refresh", &[BeforeTokens(tokens::widen)]),
        }
    }
}

/// The faults of a server. Without any, the server does everything right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Vec<FhirFault>);

impl Faults {
    pub(crate) fn insert(&mut self, fault: FhirFault) {
        if !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    fn actions(&self) -> impl Iterator<Item = Action> {
        self.0.iter().flat_map(|fault| fault.menu().1).copied()
    }
}

impl Edges for Faults {
    fn before(&self, request: &mut RequestContext<'_>, server: &FhirState) {
        let target = Target::of(request);
        for action in self.actions() {
            match (action, target) {
                (Action::BeforeAuthorization(act), Target::Authorization)
                | (Action::BeforeTokens(act), Target::Tokens) => {
                    act(request, &mut server.registry());
                }
                (Action::BeforeResources(act), Target::Resources) => {
                    act(request, &mut server.registry());
                }
                _ => {}
            }
        }
    }

    fn opened(&self, request: &RequestContext<'_>, grant: &mut Grant) {
        for action in self.actions() {
            if let Action::Granted(act) = action {
                act(request, grant);
            }
        }
    }

    fn after(&self, request: &RequestContext<'_>, reply: &mut Reply, server: &FhirState) {
        let target = Target::of(request);
        for action in self.actions() {
            match (action, target) {
                (Action::AfterAuthorization(act), Target::Authorization)
                | (Action::AfterResources(act), Target::Resources) => act(reply),
                (Action::AfterTokens(act), Target::Tokens) => {
                    act(request, reply, &mut server.registry());
                }
                _ => {}
            }
        }
    }
}

/// The part of the server that a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Authorization,
    Elsewhere,
    Resources,
    /// Where clients prove who they are.
    Tokens,
}

impl Target {
    fn of(request: &RequestContext<'_>) -> Self {
        let is_resource = [Release::Dstu2, Release::R4]
            .iter()
            .any(|release| request.path.starts_with(release.path()));
        match request.path {
            "/oauth/authorize" => Self::Authorization,
            "/oauth/introspect" | "/oauth/revoke" | "/oauth/token" => Self::Tokens,
            "/api/me" => Self::Resources,
            _ if is_resource => Self::Resources,
            _ => Self::Elsewhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fault_has_a_name_and_a_place() {
        let mut names = HashSet::new();
        for fault in FhirFault::ALL {
            assert!(names.insert(fault.name()), "{fault:?}");
            assert_eq!(FhirFault::by_name(fault.name()), Some(fault));
            assert!(!fault.menu().1.is_empty(), "{fault:?}");
        }
        assert!(FhirFault::ALL.is_sorted_by_key(|fault| fault.name()));
        assert_eq!(FhirFault::by_name("none-of-these"), None);
    }

    #[test]
    fn each_fault_is_alone() {
        let mut faults = Faults::default();
        faults.insert(FhirFault::IgnoresPkce);
        faults.insert(FhirFault::IgnoresPkce);
        assert_eq!(faults.0, [FhirFault::IgnoresPkce]);
    }
}
