//! An app at one server, and how it proves who it is.

use std::cell::RefCell;

use ::oauth2::basic::{BasicClient, BasicTokenType};
use ::oauth2::{
    AuthType, EmptyExtraTokenFields, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    StandardTokenResponse, SyncHttpClient, TokenUrl,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use zeroize::Zeroizing;

use super::credentials::{ClientAssertion, ClientId, ClientSecret};
use super::error::RequestError;
use super::server::{Server, Source};
use super::url::ServerUrl;
use crate::encode::percent_encode;

/// An app at one server: its name there, the server's addresses, and the server's habits. No secret
/// is in it.
#[derive(Clone, Debug)]
pub struct Client {
    id: ClientId,
    server: Server,
    dialect: TokenDialect,
}

impl Client {
    /// An app at a server. Servers that only the capability statement describes are taken for old
    /// ones, and are spoken to in [`TokenDialect::S4S`]; all others in [`TokenDialect::STANDARD`].
    pub fn new(id: impl Into<ClientId>, server: Server) -> Self {
        let dialect = match server.source {
            Source::Statement => TokenDialect::S4S,
            Source::Given | Source::WellKnown => TokenDialect::STANDARD,
        };
        Self {
            id: id.into(),
            server,
            dialect,
        }
    }

    /// Speaks another dialect at the token endpoint.
    #[must_use]
    pub fn with_dialect(self, dialect: TokenDialect) -> Self {
        Self { dialect, ..self }
    }

    /// The app's name at the server.
    pub fn id(&self) -> &ClientId {
        &self.id
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// How the token endpoint is spoken to.
    pub fn dialect(&self) -> TokenDialect {
        self.dialect
    }
}

/// How an app proves who it is, the same way at the token, revocation and introspection endpoints.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Authentication {
    /// A statement that the app has signed (`private_key_jwt`, [SMART,
    /// asymmetric](https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html)).
    Assertion(ClientAssertion),
    /// Not at all: the app only says its name, in the form
    /// ([RFC 6749, section 3.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.2.1)).
    Public,
    /// A secret by HTTP Basic ([SMART,
    /// symmetric](https://hl7.org/fhir/smart-app-launch/client-confidential-symmetric.html)).
    SecretBasic(ClientSecret),
    /// A secret in the form ([RFC 6749, section
    /// 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)), for servers that take nothing
    /// else.
    SecretForm(ClientSecret),
}

/// Where servers differ in reading HTTP Basic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenDialect {
    /// How name and secret are written.
    pub basic: BasicEncoding,
    /// Whether `client_id` is in the form too, beside HTTP Basic.
    pub client_id_beside_basic: bool,
}

impl TokenDialect {
    /// As RFC 6749 and SMART 2.2 have it: encoded, and the name once.
    pub const STANDARD: Self = Self {
        basic: BasicEncoding::FormEncoded,
        client_id_beside_basic: false,
    };

    /// As the S4S server has it: it does not decode, and lets a code be used again and again unless
    /// the form names the client.
    pub const S4S: Self = Self {
        basic: BasicEncoding::Raw,
        client_id_beside_basic: true,
    };
}

/// How name and secret are written in HTTP Basic. Both ways are the same for letters, digits and
/// `-._~`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BasicEncoding {
    /// Form-encoded first ([RFC 6749, section
    /// 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    FormEncoded,
    /// As they are.
    Raw,
}

impl BasicEncoding {
    fn write(self, id: &str, secret: &str) -> Result<Zeroizing<String>, RequestError> {
        let text = match self {
            // every form decoder reads %20 as it reads +
            Self::FormEncoded => {
                let (id, secret) = (percent_encode(id), Zeroizing::new(percent_encode(secret)));
                format!("{id}:{}", *secret)
            }
            Self::Raw if id.contains(':') || secret.contains(':') => {
                return Err(RequestError::RawColon);
            }
            Self::Raw => format!("{id}:{secret}"),
        };
        Ok(Zeroizing::new(text))
    }
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl Authentication {
    /// What goes into the form.
    pub(super) fn fields(&self, client: &Client) -> Vec<(&'static str, String)> {
        let id = || ("client_id", client.id.as_str().to_owned());
        match self {
            Self::Assertion(assertion) => vec![
                ("client_assertion_type", ASSERTION_TYPE.to_owned()),
                ("client_assertion", assertion.expose().to_owned()),
            ],
            Self::SecretBasic(_) if !client.dialect.client_id_beside_basic => Vec::new(),
            Self::Public | Self::SecretBasic(_) => vec![id()],
            Self::SecretForm(secret) => vec![id(), ("client_secret", secret.expose().to_owned())],
        }
    }

    /// What goes into the header, in place of whatever is there.
    pub(super) fn apply(
        &self,
        client: &Client,
        request: &mut Request<Vec<u8>>,
    ) -> Result<(), RequestError> {
        request.headers_mut().remove(AUTHORIZATION);
        if let Self::SecretBasic(secret) = self {
            let pair = client
                .dialect
                .basic
                .write(client.id.as_str(), secret.expose())?;
            let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            let mut value = HeaderValue::from_str(&text).expect("base64 is visible ascii");
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(())
    }
}

/// The `oauth2` crate's client, told where the token endpoint is.
pub(super) type Flow =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// What the flows of the `oauth2` crate would parse; it never comes to that.
pub(super) type Unused = StandardTokenResponse<EmptyExtraTokenFields, BasicTokenType>;

/// A flow at this address. With a secret, if an empty one, the crate keeps the client's name out of
/// the form, so that [`Authentication`] alone decides what is in it.
pub(super) fn flow(client: &Client, endpoint: &ServerUrl) -> Flow {
    BasicClient::new(::oauth2::ClientId::new(client.id.as_str().to_owned()))
        .set_client_secret(::oauth2::ClientSecret::new(String::new()))
        .set_auth_type(AuthType::BasicAuth)
        .set_token_uri(TokenUrl::from_url(endpoint.url().clone()))
}

/// The request that a flow of the `oauth2` crate wants to send, with our authentication on it.
pub(super) fn record<T>(
    client: &Client,
    authentication: &Authentication,
    run: impl FnOnce(&Recorder) -> T,
) -> Result<Request<Vec<u8>>, RequestError> {
    let mut request = recorded(run)?;
    authentication.apply(client, &mut request)?;
    Ok(request)
}

/// The same without authentication.
pub(super) fn recorded<T>(
    run: impl FnOnce(&Recorder) -> T,
) -> Result<Request<Vec<u8>>, RequestError> {
    let recorder = Recorder(RefCell::new(None));
    run(&recorder);
    recorder.0.into_inner().ok_or(RequestError::BadUrl)
}

/// [RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
pub(super) fn bearer_header(token: &str) -> Result<HeaderValue, RequestError> {
    let text = Zeroizing::new(format!("Bearer {token}"));
    let mut value = HeaderValue::from_str(&text).map_err(|_| RequestError::BadToken)?;
    value.set_sensitive(true);
    Ok(value)
}

/// An HTTP client that keeps the request and sends nothing.
pub(super) struct Recorder(RefCell<Option<HttpRequest>>);

#[derive(Debug, thiserror::Error)]
#[error("requests are recorded, not sent")]
pub(super) struct NotSent;

impl SyncHttpClient for Recorder {
    type Error = NotSent;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, NotSent> {
        self.0.replace(Some(request));
        Err(NotSent)
    }
}
