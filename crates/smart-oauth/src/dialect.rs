//! What the RFC and the Classic container read differently, and how a signature can suit both.

use crate::base_string::normalized_host;
use crate::encode::decode;
use crate::error::SignError;
use crate::parameters::{Parameter, Source, arrange, is_copied_in_header, raw_order};
use crate::request::{FORM, SignableRequest};

/// Which base string to sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// What a strict RFC 5849 server and the Classic reference container both accept, so the right one for SMART. Requests that
    /// the reference container could never verify are refused before they are sent, with the reason. A body that is not a
    /// form is protected by `oauth_body_hash`.
    ///
    /// One case cannot suit both: a path with percent escapes. There the decoded path is signed, as the container does; send
    /// legal characters such as `@` as they are, and the case does not arise.
    #[default]
    Portable,
    /// [RFC 5849](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1) to the letter and nothing else, for servers other than
    /// SMART containers. Nothing is refused, and bodies other than forms are not protected.
    Rfc5849,
}

impl Dialect {
    pub(crate) fn reading(self) -> Reading {
        match self {
            Self::Portable => Reading::DECODED_PATH,
            Self::Rfc5849 => Reading::RFC5849,
        }
    }

    /// Refuses what no signature of this dialect can make acceptable. The parameters come arranged.
    pub(crate) fn check(
        self,
        request: &SignableRequest<'_>,
        parameters: &[&Parameter<'_>],
    ) -> Result<(), SignError> {
        match self {
            Self::Portable => {
                check_target(request)?;
                check_body(request)?;
                check_parameters(request, parameters)
            }
            Self::Rfc5849 => Ok(()),
        }
    }

    /// Whether a body that is not a form gets an `oauth_body_hash`.
    pub(crate) fn hashes_body(self) -> bool {
        self == Self::Portable
    }
}

fn check_target(request: &SignableRequest<'_>) -> Result<(), SignError> {
    if request
        .authority
        .bytes()
        .any(|byte| byte.is_ascii_uppercase())
    {
        return Err(SignError::UpperCaseHost);
    }
    if has_ambiguous_escape(request.path) {
        return Err(SignError::AmbiguousPath);
    }
    Ok(())
}

fn check_body(request: &SignableRequest<'_>) -> Result<(), SignError> {
    if request.body.is_empty() {
        return Ok(());
    }
    if request.content_type.is_none() {
        return Err(SignError::MissingContentType);
    }
    if request.is_form() && request.media_type() != Some(FORM) {
        return Err(SignError::FormTypeSpelling);
    }
    if request.is_form() && request.is_get() {
        return Err(SignError::FormOnGet);
    }
    Ok(())
}

fn check_parameters(
    request: &SignableRequest<'_>,
    parameters: &[&Parameter<'_>],
) -> Result<(), SignError> {
    let form: &[u8] = if request.is_form() { request.body } else { &[] };
    if request.query.contains(';') || form.contains(&b';') {
        return Err(SignError::RawSemicolon);
    }
    if !request.is_get()
        && parameters
            .iter()
            .any(|parameter| parameter.source == Source::Query)
    {
        return Err(SignError::QueryOffGet {
            method: request.method.clone(),
        });
    }
    if parameters.iter().any(|parameter| parameter.name.is_empty()) {
        return Err(SignError::BlankName);
    }
    for pair in parameters.windows(2) {
        let name = || String::from_utf8_lossy(&pair[0].name).into_owned();
        if pair[0].name == pair[1].name {
            return Err(SignError::RepeatedName { name: name() });
        }
        if pair[0].name > pair[1].name {
            // the one that comes first thanks to its escapes
            return Err(SignError::AmbiguousOrder { name: name() });
        }
    }
    Ok(())
}

/// How a base string is read from a request: the RFC's way, or with some of the container's departures from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading(u8);

impl Reading {
    /// Section 3.4.1 without departures.
    pub(crate) const RFC5849: Self = Self(0);
    /// The path with its escapes resolved.
    pub(crate) const DECODED_PATH: Self = Self(1);
    /// A GET is signed with its query alone, anything else without its query.
    const ONE_SOURCE: Self = Self(1 << 1);
    /// A parameter of query or form that repeats one of the header counts once.
    const COLLAPSED_REPEATS: Self = Self(1 << 2);
    /// Parameters sorted before they are encoded.
    const RAW_ORDER: Self = Self(1 << 3);
    /// The host as it came, in whatever case and with a default port.
    const HOST_AS_SENT: Self = Self(1 << 4);

    /// Every reading under which a container may recognize a request, the RFC's first; two that cannot differ for this request
    /// are not both listed, so that nearly every request has just one.
    pub(crate) fn candidates(
        request: &SignableRequest<'_>,
        parameters: &[Parameter<'_>],
    ) -> impl Iterator<Item = Self> + use<> {
        let all = Self::departures_that_matter(request, parameters);
        (0..1 << 5).filter(move |bits| bits & !all == 0).map(Self)
    }

    fn departures_that_matter(request: &SignableRequest<'_>, parameters: &[Parameter<'_>]) -> u8 {
        let has = |source| {
            parameters
                .iter()
                .any(|parameter| parameter.source == source)
        };
        let mut departures = 0;
        let mut add = |departure: Self, matters: bool| {
            if matters {
                departures |= departure.0;
            }
        };
        add(
            Self::DECODED_PATH,
            request.path.contains('%') && !has_ambiguous_escape(request.path),
        );
        add(
            Self::ONE_SOURCE,
            if request.is_get() {
                has(Source::Form)
            } else {
                has(Source::Query)
            },
        );
        add(
            Self::COLLAPSED_REPEATS,
            parameters
                .iter()
                .any(|parameter| is_copied_in_header(parameter, parameters)),
        );
        let sorted = arrange(parameters, request, Self::RFC5849);
        add(
            Self::RAW_ORDER,
            !sorted.is_sorted_by(|left, right| raw_order(left, right).is_le()),
        );
        add(
            Self::HOST_AS_SENT,
            normalized_host(request) != request.authority,
        );
        departures
    }

    pub(crate) fn decodes_path(self) -> bool {
        self.includes(Self::DECODED_PATH)
    }

    pub(crate) fn collapses_repeats(self) -> bool {
        self.includes(Self::COLLAPSED_REPEATS)
    }

    pub(crate) fn sorts_raw(self) -> bool {
        self.includes(Self::RAW_ORDER)
    }

    pub(crate) fn keeps_host(self) -> bool {
        self.includes(Self::HOST_AS_SENT)
    }

    /// Whether parameters from there are signed.
    pub(crate) fn reads(self, source: Source, request: &SignableRequest<'_>) -> bool {
        !self.includes(Self::ONE_SOURCE)
            || match source {
                Source::Header => true,
                Source::Query => request.is_get(),
                Source::Form => !request.is_get(),
            }
    }

    fn includes(self, departure: Self) -> bool {
        self.0 & departure.0 != 0
    }
}

/// An escaped slash or percent sign: resolving it gives the path of another resource, so a signature over the one could be
/// passed off as a signature over the other.
fn has_ambiguous_escape(path: &str) -> bool {
    path.contains('%') && {
        let decoded = decode(path.as_bytes());
        let count = |bytes: &[u8]| {
            bytes
                .iter()
                .filter(|byte| matches!(byte, b'/' | b'%'))
                .count()
        };
        let literal = path.bytes().filter(|byte| *byte == b'/').count();
        count(&decoded) != literal
    }
}

#[cfg(test)]
mod tests;
