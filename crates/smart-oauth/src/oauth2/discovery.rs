//! Finding a server's addresses from its FHIR base.

use http::header::ACCEPT;
use http::{HeaderValue, Request, Response, StatusCode};
use serde_json::{Map, Value};

use super::answer::{Body, Unreadable, read, text, texts, truth};
use super::error::DiscoveryError;
use super::server::{AssociatedEndpoint, DiscoveryNote, Server, Source};
use super::url::{Reading, ServerUrl};

/// The longest document that is read, in bytes; statements of large servers take a few megabytes.
const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// The most associated endpoints that are read.
const MAX_ASSOCIATED: usize = 64;

const OAUTH_EXTENSION: &str =
    "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";
const CAPABILITY_EXTENSION: &str =
    "http://fhir-registry.smarthealthit.org/StructureDefinition/capabilities";

/// Discovery in one of its two states: [`AskingWellKnown`], and for servers without that document
/// [`AskingStatement`].
///
/// ```
/// use smart_oauth::oauth2::{Discovered, Discovery, ServerUrl};
///
/// let discovery = Discovery::new(ServerUrl::new("http://localhost:9000/api/fhir/")?);
/// assert_eq!(discovery.request()?.uri(), "http://localhost:9000/api/fhir/.well-known/smart-configuration");
///
/// // an old server has no such document, and says so by 401
/// let answer = http::Response::builder().status(401).body("<html>")?;
/// let Discovered::AskStatement(discovery) = discovery.receive(&answer)? else { panic!("there is no document") };
/// assert_eq!(discovery.request()?.uri(), "http://localhost:9000/api/fhir/metadata");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Discovery<S> {
    fhir_base: ServerUrl,
    #[expect(dead_code, reason = "a state without content of its own")]
    state: S,
}

/// The well-known document is asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AskingWellKnown;

/// The capability statement is asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AskingStatement;

/// What the well-known address gave.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is a document or there is not"
)]
pub enum Discovered {
    /// There is no document; the capability statement has to be asked.
    AskStatement(Discovery<AskingStatement>),
    /// All that is needed.
    Server(Box<Server>),
}

impl Discovery<AskingWellKnown> {
    /// Begins with the FHIR base.
    pub fn new(fhir_base: ServerUrl) -> Self {
        Self {
            fhir_base,
            state: AskingWellKnown,
        }
    }

    /// Asks for `{base}/.well-known/smart-configuration` ([SMART,
    /// conformance](https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known)).
    ///
    /// # Errors
    ///
    /// When the base does not make a URL.
    pub fn request(&self) -> Result<Request<Vec<u8>>, DiscoveryError> {
        let url = self.fhir_base.child(".well-known/smart-configuration")?;
        Ok(get(url, "application/json"))
    }

    /// Takes the answer. Anything but a JSON object that names an endpoint counts as "no document":
    /// old servers answer 401, 403, 404, a login page or HTML with status 200, `{}` or an
    /// `OperationOutcome`. A server error does not count, nor does "too many requests", lest a
    /// server that is merely down or busy be taken for an old one.
    ///
    /// # Errors
    ///
    /// When the server fails, or its document lacks what every app needs.
    pub fn receive<B: AsRef<[u8]>>(
        self,
        response: &Response<B>,
    ) -> Result<Discovered, DiscoveryError> {
        let status = response.status();
        let refused = DiscoveryError::Refused { status };
        if refused.is_passing() {
            return Err(refused);
        }
        let body = read(response, MAX_DOCUMENT_BYTES).ok_or(TOO_LONG)?;
        match body {
            Body::Object(document) if status == StatusCode::OK && is_configuration(&document) => {
                let read = |reading| from_well_known(&self.fhir_base, &document, reading);
                Ok(Discovered::Server(Box::new(in_both_readings(read)?)))
            }
            _ => Ok(Discovered::AskStatement(Discovery {
                fhir_base: self.fhir_base,
                state: AskingStatement,
            })),
        }
    }
}

impl Discovery<AskingStatement> {
    /// Asks for `{base}/metadata`, for servers that are known to have nothing else.
    pub fn of_statement(fhir_base: ServerUrl) -> Self {
        Self {
            fhir_base,
            state: AskingStatement,
        }
    }

    /// Asks for `{base}/metadata`, in the media types of every version of FHIR.
    ///
    /// # Errors
    ///
    /// When the base does not make a URL.
    pub fn request(&self) -> Result<Request<Vec<u8>>, DiscoveryError> {
        let url = self.fhir_base.child("metadata")?;
        Ok(get(
            url,
            "application/fhir+json, application/json+fhir;q=0.9, application/json;q=0.8",
        ))
    }

    /// Takes the statement: a `CapabilityStatement`, or the `Conformance` of DSTU2.
    ///
    /// # Errors
    ///
    /// When the answer is no statement, or one without the OAuth extension.
    pub fn receive<B: AsRef<[u8]>>(self, response: &Response<B>) -> Result<Server, DiscoveryError> {
        let status = response.status();
        if status != StatusCode::OK {
            return Err(DiscoveryError::Refused { status });
        }
        match read(response, MAX_DOCUMENT_BYTES).ok_or(TOO_LONG)? {
            Body::Object(statement) if is_statement(&statement) => {
                in_both_readings(|reading| from_statement(&self.fhir_base, &statement, reading))
            }
            _ => Err(DiscoveryError::Unreadable(Unreadable::new(response))),
        }
    }
}

const TOO_LONG: DiscoveryError = DiscoveryError::TooLong {
    limit: MAX_DOCUMENT_BYTES,
};

fn get(url: http::Uri, accept: &'static str) -> Request<Vec<u8>> {
    let mut request = Request::new(Vec::new());
    *request.uri_mut() = url;
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static(accept));
    request
}

/// A server's addresses as the standard reads them, and beside them the other reading where it
/// makes a difference.
fn in_both_readings(
    read: impl Fn(Reading) -> Result<Server, DiscoveryError>,
) -> Result<Server, DiscoveryError> {
    let mut server = read(Reading::Standard)?;
    let is_relative = |note: &DiscoveryNote| matches!(note, DiscoveryNote::RelativeUrl { .. });
    if server.notes.iter().any(is_relative)
        && let Ok(other) = read(Reading::BelowBase)
        && (other.token != server.token || other.authorize != server.authorize)
    {
        server.below_base = Some(Box::new(other));
    }
    Ok(server)
}

/// Addresses as a server names them, and what was odd about them.
struct Addresses<'a> {
    fhir_base: &'a ServerUrl,
    reading: Reading,
    notes: Vec<DiscoveryNote>,
}

impl Addresses<'_> {
    /// An address that tokens or users go to: unusable means that the server is.
    fn needed(
        &mut self,
        name: &'static str,
        text: Option<&str>,
    ) -> Result<Option<ServerUrl>, DiscoveryError> {
        let Some(text) = text else { return Ok(None) };
        let named = self.fhir_base.named(text, self.reading);
        let (url, resolved) = named.map_err(|source| DiscoveryError::BadUrl { name, source })?;
        if resolved {
            self.notes.push(DiscoveryNote::RelativeUrl { name });
        }
        Ok(Some(url))
    }

    /// Any other address: unusable means that it is left out.
    fn optional(&mut self, name: &'static str, text: Option<&str>) -> Option<ServerUrl> {
        self.needed(name, text).unwrap_or_else(|_| {
            self.notes.push(DiscoveryNote::UnusableUrl { name });
            None
        })
    }

    /// The FHIR bases of a list of `{url, capabilities}`; one that cannot be used is left out.
    fn associated(&mut self, list: Option<&Value>) -> Vec<AssociatedEndpoint> {
        let items = items(list).filter_map(Value::as_object);
        items
            .take(MAX_ASSOCIATED)
            .filter_map(|item| {
                let url = self.optional("associated_endpoints", text(item, "url"))?;
                let capabilities = texts(item, "capabilities");
                Some(AssociatedEndpoint { url, capabilities })
            })
            .collect()
    }
}

/// Whether a JSON object is a `smart-configuration` at all: a resource is not, nor is an object
/// without any endpoint.
fn is_configuration(document: &Map<String, Value>) -> bool {
    let has = |name| text(document, name).is_some();
    !document.contains_key("resourceType")
        && (has("token_endpoint") || has("authorization_endpoint"))
}

fn from_well_known(
    fhir_base: &ServerUrl,
    document: &Map<String, Value>,
    reading: Reading,
) -> Result<Server, DiscoveryError> {
    let mut addresses = Addresses {
        fhir_base,
        reading,
        notes: Vec::new(),
    };
    let token = addresses
        .needed("token_endpoint", text(document, "token_endpoint"))?
        .ok_or(DiscoveryError::Incomplete {
            name: "token_endpoint",
        })?;
    let authorize = addresses.needed(
        "authorization_endpoint",
        text(document, "authorization_endpoint"),
    )?;
    let mut optional = |name| addresses.optional(name, text(document, name));
    let register = optional("registration_endpoint");
    let manage = optional("management_endpoint");
    let revoke = optional("revocation_endpoint");
    let introspect = optional("introspection_endpoint");
    let jwks = optional("jwks_uri");
    let user_access_brand_bundle = optional("user_access_brand_bundle");
    let associated_endpoints = addresses.associated(document.get("associated_endpoints"));
    let mut notes = addresses.notes;
    let challenge_methods = document
        .contains_key("code_challenge_methods_supported")
        .then(|| texts(document, "code_challenge_methods_supported"));
    if challenge_methods
        .iter()
        .flatten()
        .any(|method| method == "plain")
    {
        notes.push(DiscoveryNote::PlainChallenge);
    }
    Ok(Server {
        authorize,
        register,
        manage,
        revoke,
        introspect,
        jwks,
        issuer: text(document, "issuer").map(str::to_owned),
        capabilities: texts(document, "capabilities"),
        scopes: texts(document, "scopes_supported"),
        token_auth_methods: texts(document, "token_endpoint_auth_methods_supported"),
        token_auth_algorithms: texts(document, "token_endpoint_auth_signing_alg_values_supported"),
        grant_types: texts(document, "grant_types_supported"),
        response_types: texts(document, "response_types_supported"),
        associated_endpoints,
        user_access_brand_bundle,
        user_access_brand_identifier: document
            .get("user_access_brand_identifier")
            .filter(|identifier| !identifier.is_null())
            .cloned(),
        challenge_methods,
        promises_iss: truth(document, "authorization_response_iss_parameter_supported")
            == Some(true),
        source: Source::WellKnown,
        notes,
        document: document.clone(),
        ..Server::new(fhir_base.clone(), token)
    })
}

fn is_statement(document: &Map<String, Value>) -> bool {
    matches!(
        text(document, "resourceType"),
        Some("CapabilityStatement" | "Conformance")
    )
}

fn from_statement(
    fhir_base: &ServerUrl,
    statement: &Map<String, Value>,
    reading: Reading,
) -> Result<Server, DiscoveryError> {
    let (security, oauth) = items(statement.get("rest"))
        .filter_map(|rest| rest.get("security"))
        .find_map(|security| Some((security, extension(security, OAUTH_EXTENSION).next()?)))
        .ok_or(DiscoveryError::NoOauth)?;
    let mut addresses = Addresses {
        fhir_base,
        reading,
        notes: Vec::new(),
    };
    let named = |name| extension(oauth, name).find_map(uri_value);
    let token = addresses
        .needed("token", named("token"))?
        .ok_or(DiscoveryError::Incomplete { name: "token" })?;
    let authorize = addresses.needed("authorize", named("authorize"))?;
    let mut optional = |name| addresses.optional(name, named(name));
    let register = optional("register");
    let manage = optional("manage");
    let revoke = optional("revoke");
    let introspect = optional("introspect");
    let mut notes = addresses.notes;
    if !says_smart(security) {
        notes.push(DiscoveryNote::NoSmartService);
    }
    let capabilities = extension(security, CAPABILITY_EXTENSION)
        .filter_map(|entry| entry.get("valueCode")?.as_str())
        .map(str::to_owned)
        .collect();
    Ok(Server {
        authorize,
        register,
        manage,
        revoke,
        introspect,
        capabilities,
        source: Source::Statement,
        notes,
        ..Server::new(fhir_base.clone(), token)
    })
}

/// The members of a list; nothing else has any.
fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// The extensions of that URL.
fn extension<'a>(element: &'a Value, url: &'a str) -> impl Iterator<Item = &'a Value> {
    items(element.get("extension"))
        .filter(move |entry| entry.get("url").and_then(Value::as_str) == Some(url))
}

/// `valueUri` by the definition, `valueUrl` and `valueString` as some servers write it.
fn uri_value(entry: &Value) -> Option<&str> {
    ["valueUri", "valueUrl", "valueString"]
        .into_iter()
        .find_map(|name| entry.get(name)?.as_str())
        .filter(|text| !text.is_empty())
}

/// `SMART-on-FHIR` under the code system of FHIR until STU3, under that of R4 and later, or under
/// none: the code alone decides.
fn says_smart(security: &Value) -> bool {
    items(security.get("service"))
        .flat_map(|service| items(service.get("coding")))
        .any(|coding| coding.get("code").and_then(Value::as_str) == Some("SMART-on-FHIR"))
}

#[cfg(test)]
mod tests;
