//! The apps that the server knows: two that are built in, and those that registered themselves.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::random;

/// An app. The original server knows confidential clients alone.
pub(crate) struct Client {
    pub(crate) id: String,
    /// None of a public client, which has nowhere to hide one.
    secret: Option<String>,
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
    /// Space-separated, any text.
    pub(crate) scope: String,
    /// Which security labels a user may share with it.
    pub(crate) labels: &'static str,
}

/// What an app asks for when it registers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Registration {
    name: Option<String>,
    redirect_uris: Vec<String>,
    scope: String,
    is_public: bool,
}

/// Why a registration is refused, with the names of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegistrationError {
    BadRequest,
    InvalidClientMetadata,
    InvalidRedirectUri,
}

/// All clients by id.
pub(crate) struct Clients {
    by_id: HashMap<String, Arc<Client>>,
    /// The ids of those that registered themselves, oldest first.
    registered: VecDeque<String>,
}

const BUILT_IN_SCOPE: &str = "launch/patient patient/*.read offline_access";

const LABELS_WITH_COSTS: &str = "coverage explanation-of-benefit patient medications allergy immunizations problems \
                                 procedures vital-signs laboratory smoking";
const LABELS: &str =
    "patient medications allergy immunizations problems procedures vital-signs laboratory smoking";
/// The original gives clients that register `allergies`, where its data say `allergy`; here the
/// data say both.
const REGISTERED_LABELS: &str = "patient medications allergies immunizations problems procedures vital-signs laboratory smoking";

/// More registered clients than this, and the oldest has to register again.
const MOST_REGISTERED: usize = 10_000;
const MOST_REDIRECT_URIS: usize = 20;
/// In bytes.
const LONGEST_TEXT: usize = 4096;

impl Client {
    /// Whether this is the client's secret; takes the same time wherever the difference lies.
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        self.secret
            .as_ref()
            .is_some_and(|own| own.as_bytes().ct_eq(secret.as_bytes()).into())
    }

    /// Whether it has no secret, and proves by PKCE alone that it is the one that asked
    /// ([RFC 9700 §2.1.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1)).
    pub(crate) fn is_public(&self) -> bool {
        self.secret.is_none()
    }

    /// The secret, to be told once, to the client itself.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// Redirect URIs are compared as plain text ([RFC 9700
    /// §2.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1)).
    pub(crate) fn may_redirect_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|known| known == uri)
    }

    /// Whether every asked scope is, letter by letter, one that the client registered.
    pub(crate) fn may_ask_for(&self, scope: &str) -> bool {
        let mut asked = scope.split_whitespace().peekable();
        asked.peek().is_some()
            && asked.all(|one| self.scope.split_whitespace().any(|known| known == one))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients")
            .field("count", &self.by_id.len())
            .finish()
    }
}

impl Registration {
    /// Reads the members that count and ignores all others
    /// ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).
    pub(crate) fn read(body: &Value) -> Result<Self, RegistrationError> {
        let members = body
            .as_object()
            .filter(|members| !members.is_empty())
            .ok_or(RegistrationError::BadRequest)?;
        let text = |name| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= LONGEST_TEXT => Ok(Some(text.clone())),
            Some(_) => Err(RegistrationError::InvalidClientMetadata),
        };
        Ok(Self {
            redirect_uris: redirect_uris(members.get("redirect_uris"))?,
            name: text("client_name")?,
            scope: text("scope")?.unwrap_or_default(),
            // What else can be asked for is ignored, and answered with a secret.
            is_public: text("token_endpoint_auth_method")?.as_deref() == Some("none"),
        })
    }
}

fn redirect_uris(member: Option<&Value>) -> Result<Vec<String>, RegistrationError> {
    let uris = match member {
        None | Some(Value::Null) => return Err(RegistrationError::InvalidClientMetadata),
        Some(Value::String(text)) if text.is_empty() => {
            return Err(RegistrationError::InvalidClientMetadata);
        }
        Some(Value::Array(uris)) => uris,
        Some(_) => return Err(RegistrationError::InvalidRedirectUri),
    };
    if uris.is_empty() || uris.len() > MOST_REDIRECT_URIS {
        return Err(RegistrationError::InvalidClientMetadata);
    }
    let usable = |uri: &Value| uri.as_str().filter(|uri| is_usable(uri)).map(str::to_owned);
    let uris: Option<Vec<String>> = uris.iter().map(usable).collect();
    uris.ok_or(RegistrationError::InvalidRedirectUri)
}

/// A scheme of its own is fine, one that would run in our own pages is not: the consent page links
/// to the address.
fn is_usable(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return false;
    };
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let runs = ["javascript", "data", "vbscript", "blob"]
        .iter()
        .any(|other| scheme.eq_ignore_ascii_case(other));
    let plain = uri
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#');
    named && !runs && plain && !rest.is_empty() && uri.len() <= LONGEST_TEXT
}

impl Clients {
    /// The two that the original server comes with, and their published secrets.
    pub(crate) fn built_in() -> Self {
        let client = |id: &str, secret: &str, name: &str, redirect_uris: &[&str], labels| Client {
            id: id.to_owned(),
            secret: Some(secret.to_owned()),
            name: name.to_owned(),
            redirect_uris: redirect_uris.iter().map(|uri| (*uri).to_owned()).collect(),
            scope: BUILT_IN_SCOPE.to_owned(),
            labels,
        };
        let clients = [
            client(
                "test-suite",
                "demo-secret-s4s",
                "S4S Test Suite",
                &["http://tests.dev.syncfor.science:9003/authorized/"],
                LABELS_WITH_COSTS,
            ),
            client(
                "api-test",
                "api-secret",
                "All of Us Research Program",
                &[
                    "http://dev.syncfor.science:9001/authorized",
                    "http://s4s.tomwschneider.com/authorized",
                    "http://localhost:9001/authorized",
                ],
                LABELS,
            ),
        ];
        Self {
            by_id: clients
                .into_iter()
                .map(|client| (client.id.clone(), Arc::new(client)))
                .collect(),
            registered: VecDeque::new(),
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Client>> {
        self.by_id.get(id).map(Arc::clone)
    }

    /// Lets a client redirect to one more address, without asking it. Only faults do that.
    pub(crate) fn add_redirect_uri(&mut self, id: &str, uri: &str) {
        if let Some(client) = self
            .by_id
            .get_mut(id)
            .filter(|client| !client.may_redirect_to(uri))
        {
            let mut redirect_uris = client.redirect_uris.clone();
            redirect_uris.push(uri.to_owned());
            *client = Arc::new(Client {
                id: client.id.clone(),
                secret: client.secret.clone(),
                name: client.name.clone(),
                redirect_uris,
                scope: client.scope.clone(),
                labels: client.labels,
            });
        }
    }

    /// Gives a client an id and a secret.
    pub(crate) fn register(
        &mut self,
        registration: Registration,
    ) -> Result<Arc<Client>, getrandom::Error> {
        let [id, secret] = random::uuid_pair()?;
        if self.registered.len() >= MOST_REGISTERED
            && let Some(oldest) = self.registered.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        let client = Arc::new(Client {
            name: registration.name.unwrap_or_else(|| id.clone()),
            redirect_uris: registration.redirect_uris,
            scope: registration.scope,
            labels: REGISTERED_LABELS,
            secret: (!registration.is_public).then_some(secret),
            id: id.clone(),
        });
        self.by_id.insert(id.clone(), Arc::clone(&client));
        self.registered.push_back(id);
        Ok(client)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::RegistrationError::{BadRequest, InvalidClientMetadata, InvalidRedirectUri};
    use super::*;

    #[test]
    fn a_registration_is_refused_for_its_first_fault() {
        for (body, refusal) in [
            (json!({}), BadRequest),
            (json!([]), BadRequest),
            (json!("text"), BadRequest),
            (json!({"scope": "a"}), InvalidClientMetadata),
            (json!({"redirect_uris": null}), InvalidClientMetadata),
            (json!({"redirect_uris": []}), InvalidClientMetadata),
            (json!({"redirect_uris": "http://a/b"}), InvalidRedirectUri),
            (json!({"redirect_uris": [7]}), InvalidRedirectUri),
            (json!({"redirect_uris": ["/no/scheme"]}), InvalidRedirectUri),
            (
                json!({"redirect_uris": ["http://a/#b"]}),
                InvalidRedirectUri,
            ),
            (
                json!({"redirect_uris": ["http://a/ http://b/"]}),
                InvalidRedirectUri,
            ),
            (
                json!({"redirect_uris": ["JavaScript:alert(1)"]}),
                InvalidRedirectUri,
            ),
            (
                json!({"redirect_uris": ["http://a/"], "scope": ["x"]}),
                InvalidClientMetadata,
            ),
        ] {
            assert_eq!(Registration::read(&body), Err(refusal), "{body}");
        }
    }

    #[test]
    fn schemes_of_one_s_own_are_fine() {
        let body = json!({"redirect_uris": ["org.example.app:/back", "http://not-a-real-site"], "client_name": null});
        let registration = Registration::read(&body).unwrap();
        assert_eq!(registration.redirect_uris.len(), 2);
        let client = Clients::built_in().register(registration).unwrap();
        assert_eq!(client.name, client.id);
        assert!(client.may_redirect_to("org.example.app:/back"));
        assert!(!client.may_redirect_to("http://not-a-real-site/"));
    }

    #[test]
    fn scopes_are_compared_letter_by_letter() {
        let client = Clients::built_in().get("api-test").unwrap();
        for (scope, allowed) in [
            ("patient/*.read", true),
            ("offline_access launch/patient", true),
            ("patient/*.rs", false),
            ("patient/*.read openid", false),
            ("", false),
            (" ", false),
        ] {
            assert_eq!(client.may_ask_for(scope), allowed, "{scope:?}");
        }
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let clients = Clients::built_in();
        let text = format!("{clients:?} {:?}", clients.get("api-test").unwrap());
        assert!(!text.contains("api-secret"), "{text}");
    }
}
