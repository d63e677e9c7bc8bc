//! What the dances share: the steps, and how a container's answer to one is read.

pub(crate) mod background;
pub(crate) mod launch;
pub(crate) mod three_legged;

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use zeroize::Zeroizing;

use crate::oauth1::dialect::Dialect;
use crate::oauth1::error::{DanceError, SignError};
use crate::oauth1::parameters::pairs;
use crate::oauth1::request::{FORM, SignableRequest, content_type};
use crate::oauth1::sign::{SigningParams, sign};
use crate::peer_body::PeerBody;

/// The longest answer that is read, in bytes; a container's own take about 150.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// What was asked of the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The exchange of an authorized request token.
    AccessToken,
    /// A token for the next record of a background app.
    RecordToken,
    /// A request token.
    RequestToken,
}

impl Step {
    /// What to do about a refusal.
    pub(crate) fn advice(self, status: StatusCode) -> &'static str {
        match (self, status) {
            (_, status) if status.is_server_error() => {
                "try again, and look into the container's log"
            }
            (_, status) if status.is_redirection() => {
                "check the url; a container never redirects this call"
            }
            (Self::AccessToken, _) => {
                "start the dance again, since the token or its verifier is used up"
            }
            (Self::RecordToken, StatusCode::FORBIDDEN) => "install the app in mode background",
            (_, StatusCode::FORBIDDEN) => {
                "check that the app is one with a user interface, not a background app"
            }
            (_, StatusCode::NOT_FOUND) => "check the container's url",
            (_, _) => "check consumer key, consumer secret and clock",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AccessToken => "access token request",
            Self::RecordToken => "record token request",
            Self::RequestToken => "request token request",
        })
    }
}

/// A signed form POST, the shape of every request that asks a container for a token.
pub(crate) fn signed_post(
    uri: Uri,
    form: Vec<u8>,
    params: &SigningParams<'_>,
) -> Result<Request<Vec<u8>>, SignError> {
    let mut request = Request::new(form);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    request
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
    let params = params
        .clone()
        .with_dialect(Dialect::for_container(request.uri()));
    let signed = sign(&SignableRequest::from_http(&request)?, &params)?;
    signed.apply_to(&mut request);
    Ok(request)
}

/// The fields of a successful answer: a form, whatever its content type says.
pub(crate) struct Answer {
    step: Step,
    content_type: Option<String>,
    body: PeerBody,
    fields: Vec<(String, Zeroizing<String>)>,
}

impl Answer {
    pub(crate) fn read<B: AsRef<[u8]>>(
        step: Step,
        response: &http::Response<B>,
    ) -> Result<Self, DanceError> {
        let body = response.body().as_ref();
        if body.len() > MAX_ANSWER_BYTES {
            return Err(DanceError::TooLong {
                step,
                limit: MAX_ANSWER_BYTES,
            });
        }
        if response.status() != StatusCode::OK {
            let (status, body) = (response.status(), PeerBody::new(body));
            return Err(DanceError::Refused { step, status, body });
        }
        Ok(Self {
            step,
            content_type: content_type(response.headers()).map(str::to_owned),
            body: PeerBody::new(body),
            fields: pairs(body.trim_ascii())
                .map(|(name, value)| (name.lossy(), Zeroizing::new(value.lossy())))
                .collect(),
        })
    }

    /// The first field of that name, if it is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(known, _)| known == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn require(&self, name: &'static str) -> Result<&str, DanceError> {
        self.get(name).ok_or_else(|| DanceError::Incomplete {
            step: self.step,
            name,
            content_type: self.content_type.clone(),
            body: self.body.clone(),
        })
    }

    /// Every field that is not one of OAuth's own.
    pub(crate) fn extra(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        fields.filter(|(name, _)| !name.starts_with("oauth_"))
    }
}
