//! What the RFC and the Classic container read differently, and how a signature can suit both.

use crate::encode::decode;
use crate::oauth1::base_string::normalized_host;
use crate::oauth1::error::SignError;
use crate::oauth1::parameters::{Arranged, Parameter, Source, is_copied_in_header, raw_order};
use crate::oauth1::request::{FORM, SignableRequest};
use crate::oauth1::signature::SignatureMethod;

/// Which base string to sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// What a strict RFC 5849 server and the Classic reference container both accept, so the right
    /// one for SMART. A request for which no such signature exists is refused before it is sent,
    /// with the reason. A body that is not a form is protected by `oauth_body_hash`.
    ///
    /// A path with percent escapes is refused too ([`SignError::EscapedPath`]): the container signs
    /// it decoded, the RFC as it stands. Send legal characters such as `@` as they are, or choose
    /// one of the other two dialects.
    #[default]
    Portable,
    /// What the Classic reference container recomputes, where that is not the RFC's base string:
    /// the path decoded, the host as it is written, parameters sorted before they are encoded, and
    /// of query and form only the one that belongs to the method. A query off GET is *not* signed,
    /// and such a container does not read it. For talking to that container in the cases that
    /// [`Portable`](Self::Portable) refuses. What the container can never verify is refused here
    /// too.
    Container,
    /// [RFC 5849](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1) to the letter and nothing
    /// else, for servers other than SMART containers. Nothing is refused, and bodies other than
    /// forms are not protected.
    Rfc5849,
}

impl Dialect {
    /// The dialect for a request that goes to a Classic container: [`Portable`](Self::Portable), or
    /// [`Container`](Self::Container) if the path has percent escapes, which the portable one
    /// refuses.
    ///
    /// ```
    /// use smart_oauth::oauth1::Dialect;
    ///
    /// let url = http::Uri::from_static;
    /// assert_eq!(Dialect::for_container(&url("http://localhost:7000/users/ada@example.org")), Dialect::Portable);
    /// assert_eq!(Dialect::for_container(&url("http://localhost:7000/users/ad%C3%A9@example.org")), Dialect::Container);
    /// ```
    pub fn for_container(url: &http::Uri) -> Self {
        if url.path().contains('%') {
            Self::Container
        } else {
            Self::Portable
        }
    }

    pub(crate) fn reading(self) -> Reading {
        match self {
            Self::Container => Reading::CONTAINER,
            Self::Portable | Self::Rfc5849 => Reading::RFC5849,
        }
    }

    /// Refuses what no signature of this dialect can make acceptable. The parameters come arranged.
    pub(crate) fn check(
        self,
        request: &SignableRequest<'_>,
        parameters: &Arranged<'_, '_>,
        method: SignatureMethod,
    ) -> Result<(), SignError> {
        if self == Self::Rfc5849 {
            return Ok(());
        }
        if method != SignatureMethod::HmacSha1 {
            return Err(SignError::MethodUnknownToContainer { method });
        }
        if has_ambiguous_escape(request.path) {
            return Err(SignError::AmbiguousPath);
        }
        if is_cut_short(request.path) {
            return Err(SignError::PathCutShort);
        }
        check_body(request)?;
        check_parameters(request, self.reading(), parameters)?;
        if self == Self::Portable {
            check_agreement(request, parameters)?;
        }
        Ok(())
    }

    /// Whether a body that is not a form gets an `oauth_body_hash`.
    pub(crate) fn hashes_body(self) -> bool {
        self != Self::Rfc5849
    }

    /// Whether parameters may travel elsewhere than in the header, where a Classic container would
    /// never look.
    pub(crate) fn allows_any_place(self) -> bool {
        self == Self::Rfc5849
    }
}

/// What the container cannot read.
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
    Ok(())
}

/// What the container cannot sort out. The parameters come arranged.
fn check_parameters(
    request: &SignableRequest<'_>,
    reading: Reading,
    parameters: &Arranged<'_, '_>,
) -> Result<(), SignError> {
    let has_semicolon =
        |source, text: &[u8]| reading.reads(source, request) && text.contains(&b';');
    if has_semicolon(Source::Query, request.query.as_bytes())
        || has_semicolon(Source::Form, request.form())
    {
        return Err(SignError::RawSemicolon);
    }
    if parameters.has_blank_name() {
        return Err(SignError::BlankName);
    }
    match parameters.repeated() {
        Some(parameter) => Err(SignError::RepeatedName {
            name: parameter.name.lossy(),
        }),
        None => Ok(()),
    }
}

/// Where a strict server and the container would come to different base strings. The parameters
/// come arranged the RFC's way.
fn check_agreement(
    request: &SignableRequest<'_>,
    parameters: &Arranged<'_, '_>,
) -> Result<(), SignError> {
    if request.path.contains('%') {
        return Err(SignError::EscapedPath);
    }
    if request
        .authority
        .bytes()
        .any(|byte| byte.is_ascii_uppercase())
    {
        return Err(SignError::UpperCaseHost);
    }
    let has = |source| {
        parameters
            .iter()
            .any(|parameter| parameter.source == source)
    };
    if !request.is_get() && has(Source::Query) {
        return Err(SignError::QueryOffGet {
            method: request.method.clone(),
        });
    }
    if request.is_get() && has(Source::Form) {
        return Err(SignError::FormOnGet);
    }
    for (first, second) in parameters.neighbors() {
        let may_differ = !(first.name.is_clean() && second.name.is_clean());
        if may_differ && first.name.raw_cmp(second.name).is_gt() {
            // the one that comes first thanks to its escapes
            return Err(SignError::AmbiguousOrder {
                name: first.name.lossy(),
            });
        }
    }
    Ok(())
}

/// How a base string is read from a request: the RFC's way, or with some of the container's
/// departures from it.
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
    /// All departures at once.
    pub(crate) const CONTAINER: Self = Self((1 << 5) - 1);

    /// Every reading under which a container may recognize a request, the RFC's first; two that
    /// cannot differ for this request are not both listed, so that nearly every request has just
    /// one.
    pub(crate) fn candidates(
        request: &SignableRequest<'_>,
        parameters: &[Parameter<'_>],
        dialect: Dialect,
    ) -> impl Iterator<Item = Self> + use<> {
        let (needed, all) = match dialect {
            Dialect::Portable => (0, Self::departures_that_matter(request, parameters)),
            Dialect::Container => {
                let all = Self::departures_that_matter(request, parameters);
                (all, all)
            }
            Dialect::Rfc5849 => (0, 0),
        };
        (0..1 << 5)
            .filter(move |bits| bits & !all == 0 && bits & needed == needed)
            .map(Self)
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
        let sorted = Arranged::new(parameters, request, Self::RFC5849);
        add(
            Self::RAW_ORDER,
            sorted
                .neighbors()
                .any(|(first, second)| raw_order(first, second).is_gt()),
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

/// An escaped slash or percent sign: resolving it gives the path of another resource, so a
/// signature over the one could be passed off as a signature over the other.
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

/// Whether the container loses a part of the path: it parses the address again after it has decoded
/// the path, by the rules of [RFC 2396](https://www.rfc-editor.org/rfc/rfc2396#section-3.3), where
/// `;` begins the parameters of the last segment.
fn is_cut_short(path: &str) -> bool {
    let decoded = decode(path.as_bytes());
    let last_segment = decoded.rsplit(|byte| *byte == b'/').next();
    decoded.iter().any(|byte| matches!(byte, b'?' | b'#'))
        || last_segment.is_some_and(|segment| segment.contains(&b';'))
}

#[cfg(test)]
mod tests;
