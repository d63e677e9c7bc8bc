//! A checked call as an HTTP request.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::call::Call;
use crate::call::api_base::ApiBase;
use crate::call::body::Body;
use crate::call::path::PathTemplate;
use crate::error::CallError;
use crate::info::{CallInfo, Category, ParameterKind, PathParameterKind, QueryParameter};
use crate::model::date::is_date;

/// Only what [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3) calls unreserved stands
/// raw in a query: the same set as in an OAuth signature, so that nothing can be read in two ways.
/// Containers split at `;` as well as at `&`.
const ENCODED_IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A call whose values are checked and encoded. It still lacks the container's address and a
/// signature.
#[derive(Clone, Debug)]
pub struct CallRequest {
    info: &'static CallInfo,
    path_and_query: String,
    body: Option<Body>,
    subject: Option<String>,
}

impl CallRequest {
    pub(crate) fn new(
        call: &impl Call,
        query: &[(&'static str, String)],
    ) -> Result<Self, CallError> {
        let info = call.info();
        let path_values = call.path_values();
        let mut path_and_query = PathTemplate::new(info.path).expand(&path_values)?;
        for (name, value) in query {
            if let Some(parameter) = info.query_parameter(name) {
                check_value(parameter, value)?;
            }
        }
        check_offset(info, query)?;
        let mut separator = '?';
        for (name, value) in query {
            path_and_query.push(separator);
            path_and_query.extend(utf8_percent_encode(name, ENCODED_IN_QUERY));
            path_and_query.push('=');
            path_and_query.extend(utf8_percent_encode(value, ENCODED_IN_QUERY));
            separator = '&';
        }
        let body = call.body().cloned();
        match (info.method.has_body(), &body) {
            (true, None) => Err(CallError::MissingBody { call: info.name }),
            (false, Some(_)) => Err(CallError::UnexpectedBody { call: info.name }),
            _ => Ok(Self {
                info,
                path_and_query,
                body,
                subject: subject(info, &path_values),
            }),
        }
    }

    /// What the ontology says of the call.
    pub const fn info(&self) -> &'static CallInfo {
        self.info
    }

    /// The record that the path names, if it names one.
    pub fn record_id(&self) -> Option<&str> {
        let names_record = self.info.category == Category::Record;
        self.subject.as_deref().filter(|_| names_record)
    }

    /// The user that the path names, if it names one.
    pub fn user_id(&self) -> Option<&str> {
        let names_user = self.info.category == Category::User;
        self.subject.as_deref().filter(|_| names_user)
    }

    /// The request to a container, not signed yet.
    ///
    /// # Errors
    ///
    /// The address is too long, or the body's media type cannot stand in a header.
    pub fn to_http(&self, base: &ApiBase) -> Result<Request<Bytes>, CallError> {
        let uri = base
            .join(&self.path_and_query)
            .map_err(|source| CallError::Address {
                call: self.info.name,
                source,
            })?;
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = self.info.method.into();
        *request.uri_mut() = uri;
        if let Some(body) = &self.body {
            let content_type = HeaderValue::from_str(body.content_type())
                .map_err(|source| CallError::ContentType { source })?;
            request.headers_mut().insert(CONTENT_TYPE, content_type);
            *request.body_mut() = body.bytes().clone();
        }
        Ok(request)
    }
}

/// The record or user of a call about one.
fn subject(info: &CallInfo, path_values: &[(&str, &str)]) -> Option<String> {
    let wanted = match info.category {
        Category::Record => PathParameterKind::Record,
        Category::User => PathParameterKind::User,
        Category::Container => return None,
    };
    let gap = info.path_parameters.iter().find(|gap| gap.kind == wanted)?;
    let (_, value) = path_values.iter().find(|(name, _)| *name == gap.name)?;
    Some((*value).to_owned())
}

fn check_value(parameter: &QueryParameter, value: &str) -> Result<(), CallError> {
    let name = || parameter.name.to_owned();
    match parameter.kind {
        _ if value.is_empty() => Err(CallError::BlankValue { parameter: name() }),
        ParameterKind::Code { .. } if value.split('|').any(str::is_empty) => {
            Err(CallError::BlankValue { parameter: name() })
        }
        ParameterKind::Date { .. } if !is_date(value) => Err(CallError::Date {
            parameter: name(),
            value: value.to_owned(),
        }),
        ParameterKind::Limit => check_number(parameter, value, 1),
        ParameterKind::Offset => check_number(parameter, value, 0),
        _ => Ok(()),
    }
}

fn check_number(parameter: &QueryParameter, value: &str, least: u32) -> Result<(), CallError> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    if digits && value.parse::<u32>().is_ok_and(|number| number >= least) {
        return Ok(());
    }
    Err(CallError::Number {
        parameter: parameter.name.to_owned(),
        value: value.to_owned(),
        least,
    })
}

fn check_offset(info: &CallInfo, query: &[(&str, String)]) -> Result<(), CallError> {
    let has = |wanted: ParameterKind| {
        query.iter().any(|(name, _)| {
            info.query_parameter(name)
                .is_some_and(|given| given.kind == wanted)
        })
    };
    if has(ParameterKind::Offset) && !has(ParameterKind::Limit) {
        return Err(CallError::OffsetWithoutLimit);
    }
    Ok(())
}
