//! What an app knows of a server.

use super::url::ServerUrl;

/// A server's addresses and what it says of itself, from [discovery](super::Discovery) or written down by hand
/// ([SMART, conformance](https://hl7.org/fhir/smart-app-launch/conformance.html#metadata)).
///
/// Its addresses may lie on several origins: S4S names its pages by one host and its token endpoint by the host that was asked.
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
    /// What the server can do, such as `permission-v2`
    /// ([SMART, capabilities](https://hl7.org/fhir/smart-app-launch/conformance.html#capabilities)).
    pub capabilities: Vec<String>,
    /// Scopes that the server names; others may be granted too.
    pub scopes: Vec<String>,
    /// How apps may authenticate, by the names of RFC 7591.
    pub token_auth_methods: Vec<String>,
    /// Code challenge methods. `None` where the server does not say, which does not mean that it has none.
    pub challenge_methods: Option<Vec<String>>,
    /// Whether the server promises `iss` in every callback
    /// ([RFC 9207, section 3](https://www.rfc-editor.org/rfc/rfc9207#section-3)).
    pub promises_iss: bool,
    /// Where the above was found.
    pub source: Source,
    /// What was odd about it.
    pub notes: Vec<DiscoveryNote>,
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
            challenge_methods: None,
            promises_iss: false,
            source: Source::Given,
            notes: Vec::new(),
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

    /// Whether scopes are to be written the way of version 2. Where the server does not say so, version 1 is the safer choice.
    pub fn speaks_scopes_v2(&self) -> bool {
        self.has_capability("permission-v2")
    }

    /// Whether the server says of itself that it can do no `S256`, so that a code would travel unprotected.
    pub(crate) fn refuses_s256(&self) -> bool {
        let methods = self.challenge_methods.as_deref().unwrap_or_default();
        !methods.is_empty() && methods.iter().all(|method| method != "S256")
    }
}
