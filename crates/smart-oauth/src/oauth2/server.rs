//! What an app knows of a server.

use serde_json::{Map, Value};

use super::scope::{Scope, ScopeSyntax};
use super::url::ServerUrl;

/// A server's addresses and what it says of itself, from [discovery](super::Discovery) or written
/// down by hand ([SMART,
/// conformance](https://hl7.org/fhir/smart-app-launch/conformance.html#metadata)).
///
/// Its addresses may lie on several origins: S4S names its pages by one host and its token endpoint
/// by the host that was asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Server {
    /// The FHIR base, letter by letter as it is sent in `aud`.
    pub fhir_base: ServerUrl,
    /// Where codes and refresh tokens become access tokens.
    pub token: ServerUrl,
    /// The page that asks the user. Servers for backend apps only have none.
    pub authorize: Option<ServerUrl>,
    /// Dynamic registration.
    pub register: Option<ServerUrl>,
    /// The page on which users look at and end authorizations. S4S has this in place of revocation.
    pub manage: Option<ServerUrl>,
    /// Token revocation.
    pub revoke: Option<ServerUrl>,
    /// Token introspection.
    pub introspect: Option<ServerUrl>,
    /// The keys that id tokens are signed with.
    pub jwks: Option<ServerUrl>,
    /// The name under which the server signs, compared letter by letter.
    pub issuer: Option<String>,
    /// What the server can do, such as `permission-v2` ([SMART,
    /// capabilities](https://hl7.org/fhir/smart-app-launch/conformance.html#capabilities)).
    pub capabilities: Vec<String>,
    /// Scopes that the server names; others may be granted too.
    pub scopes: Vec<String>,
    /// How apps may authenticate, by the names of RFC 7591.
    pub token_auth_methods: Vec<String>,
    /// The algorithms that apps may sign their statements with, such as `ES384`. Empty where the
    /// server does not say.
    pub token_auth_algorithms: Vec<String>,
    /// Grants that the token endpoint knows, such as `client_credentials`. Empty where the server
    /// does not say.
    pub grant_types: Vec<String>,
    /// What the authorization endpoint can answer with, such as `code`. Empty where the server does
    /// not say.
    pub response_types: Vec<String>,
    /// Other FHIR bases for which the server's tokens are good
    /// ([SMART, metadata](https://hl7.org/fhir/smart-app-launch/conformance.html#metadata)).
    pub associated_endpoints: Vec<AssociatedEndpoint>,
    /// Where the server's bundle of brands is ([SMART, user-access
    /// brands](https://hl7.org/fhir/smart-app-launch/brands.html)). It may be on another host.
    pub user_access_brand_bundle: Option<ServerUrl>,
    /// The identifier of the server's own brand in that bundle, a FHIR `Identifier`.
    pub user_access_brand_identifier: Option<Value>,
    /// Code challenge methods. `None` where the server does not say, which does not mean that it
    /// has none.
    pub challenge_methods: Option<Vec<String>>,
    /// Whether the server promises `iss` in every callback
    /// ([RFC 9207, section 3](https://www.rfc-editor.org/rfc/rfc9207#section-3)).
    pub promises_iss: bool,
    /// Where the above was found.
    pub source: Source,
    /// What was odd about it.
    pub notes: Vec<DiscoveryNote>,
    /// The whole `smart-configuration`, empty for servers found another way.
    pub(crate) document: Map<String, Value>,
    /// The same server with its relative addresses read as if the base ended in a slash, where that
    /// differs.
    pub(crate) below_base: Option<Box<Self>>,
}

/// Another FHIR base of the same server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssociatedEndpoint {
    /// The FHIR base.
    pub url: ServerUrl,
    /// What it can do, such as `smart-app-state`.
    pub capabilities: Vec<String>,
}

/// Where a server's addresses were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// By hand.
    Given,
    /// The OAuth extension of the capability statement, the way of old servers
    /// ([SMART, deprecated since 2.0](https://hl7.org/fhir/smart-app-launch/conformance.html)).
    Statement,
    /// `.well-known/smart-configuration`.
    WellKnown,
}

/// Something in a server's description that deserves a look but does not stop an app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiscoveryNote {
    /// The statement does not say `SMART-on-FHIR` among its security services.
    NoSmartService,
    /// The server allows code challenges that protect nothing.
    PlainChallenge,
    /// An address was relative and was resolved against the FHIR base.
    RelativeUrl {
        /// The member that holds it.
        name: &'static str,
    },
    /// An address that is not needed cannot be used, and was left out.
    UnusableUrl {
        /// The member that holds it.
        name: &'static str,
    },
}

impl Server {
    /// A server whose addresses are known without asking.
    pub fn new(fhir_base: ServerUrl, token: ServerUrl) -> Self {
        Self {
            fhir_base,
            token,
            authorize: None,
            register: None,
            manage: None,
            revoke: None,
            introspect: None,
            jwks: None,
            issuer: None,
            capabilities: Vec::new(),
            scopes: Vec::new(),
            token_auth_methods: Vec::new(),
            token_auth_algorithms: Vec::new(),
            grant_types: Vec::new(),
            response_types: Vec::new(),
            associated_endpoints: Vec::new(),
            user_access_brand_bundle: None,
            user_access_brand_identifier: None,
            challenge_methods: None,
            promises_iss: false,
            source: Source::Given,
            notes: Vec::new(),
            document: Map::new(),
            below_base: None,
        }
    }

    /// Adds the page that asks the user.
    #[must_use]
    pub fn with_authorize(self, authorize: ServerUrl) -> Self {
        Self {
            authorize: Some(authorize),
            ..self
        }
    }

    /// Whether the server names this capability.
    pub fn has_capability(&self, name: &str) -> bool {
        self.capabilities.iter().any(|known| known == name)
    }

    /// Any member of the server's `smart-configuration` as it came, also one that SMART does not
    /// define. `None` for servers that were found another way.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.document.get(name)
    }

    /// The same server with its relative addresses read as if the FHIR base ended in a slash;
    /// `None` where that makes no difference. [RFC
    /// 3986](https://www.rfc-editor.org/rfc/rfc3986#section-5.2) and SMART do not read them that
    /// way, but some servers mean it: try this one if the addresses of the standard reading lead
    /// nowhere.
    pub fn below_base(&self) -> Option<&Self> {
        self.below_base.as_deref()
    }

    /// Whether scopes are to be written the way of version 2: the server announces `permission-v2`,
    /// or it announces neither version and names scopes that only version 2 has. Where the server
    /// does not say, version 1 is the safer choice.
    pub fn speaks_scopes_v2(&self) -> bool {
        let names_v2 = || {
            let mut scopes = self.scopes.iter().filter_map(|text| text.parse().ok());
            scopes.any(|scope| {
                matches!(scope, Scope::Clinical(scope) if scope.syntax() == ScopeSyntax::V2)
            })
        };
        self.has_capability("permission-v2") || !self.has_capability("permission-v1") && names_v2()
    }

    /// Whether the server says that it knows this scope: by a capability (`permission-offline`,
    /// `permission-online`) or by its list of scopes. A server that says nothing about a scope may
    /// grant it all the same, so that this is no reason to leave a scope out. `None` where the
    /// server says nothing at all.
    pub fn announces(&self, scope: &Scope) -> Option<bool> {
        let capability = match scope {
            Scope::OfflineAccess => "permission-offline",
            Scope::OnlineAccess => "permission-online",
            Scope::FhirUser | Scope::OpenId => "sso-openid-connect",
            _ => return None,
        };
        let is_silent = self.capabilities.is_empty() && self.scopes.is_empty();
        let is_listed = self.scopes.contains(&scope.to_string());
        (!is_silent).then(|| self.has_capability(capability) || is_listed)
    }

    /// Whether the server says of itself that it can do no `S256`, so that a code would travel
    /// unprotected.
    pub(crate) fn refuses_s256(&self) -> bool {
        let methods = self.challenge_methods.as_deref().unwrap_or_default();
        !methods.is_empty() && methods.iter().all(|method| method != "S256")
    }
}
