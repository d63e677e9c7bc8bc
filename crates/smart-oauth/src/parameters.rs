//! Collecting, choosing and sorting the parameters that a signature covers
//! ([RFC 5849, section 3.4.1.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3)).

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::dialect::Reading;
use crate::encode::{ENCODED_RANK, decode_form};
use crate::error::ParameterError;
use crate::request::SignableRequest;

/// The most bytes of query and form body, before decoding, that are read.
pub(crate) const MAX_BYTES: usize = 256 * 1024;
/// The most parameters that are read.
pub(crate) const MAX_COUNT: usize = 1000;

/// A decoded name and value, and the place they came from.
pub(crate) struct Parameter<'a> {
    pub(crate) name: Cow<'a, [u8]>,
    pub(crate) value: Cow<'a, [u8]>,
    pub(crate) source: Source,
}

/// Where a parameter stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Query,
    Form,
    Header,
}

/// The parameters of query and form body, in the order they came. `extra` is how many the caller will add.
pub(crate) fn collect<'a>(
    request: &SignableRequest<'a>,
    extra: usize,
) -> Result<Vec<Parameter<'a>>, ParameterError> {
    let form = if request.is_form() { request.body } else { &[] };
    if request.query.len() + form.len() > MAX_BYTES {
        return Err(ParameterError::TooLong { limit: MAX_BYTES });
    }
    let mut parameters = Vec::with_capacity(extra + 8);
    push_pairs(&mut parameters, request.query.as_bytes(), Source::Query)?;
    push_pairs(&mut parameters, form, Source::Form)?;
    Ok(parameters)
}

/// Splits `a=b&c=d`. Empty pieces between two `&` are nothing; a piece without `=` is a name with an empty value.
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    text.split(|byte| *byte == b'&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = match piece.iter().position(|byte| *byte == b'=') {
                Some(at) => (&piece[..at], &piece[at + 1..]),
                None => (piece, &piece[piece.len()..]),
            };
            (decode_form(name), decode_form(value))
        })
}

/// The parameters that a reading signs, in the order in which it signs them.
pub(crate) fn arrange<'p, 'a>(
    parameters: &'p [Parameter<'a>],
    request: &SignableRequest<'_>,
    reading: Reading,
) -> Vec<&'p Parameter<'a>> {
    let mut arranged: Vec<_> = parameters
        .iter()
        .filter(|parameter| reading.reads(parameter.source, request))
        .filter(|parameter| {
            !(reading.collapses_repeats() && is_copied_in_header(parameter, parameters))
        })
        .collect();
    if reading.sorts_raw() {
        arranged.sort_unstable_by(|left, right| raw_order(left, right));
    } else {
        arranged.sort_unstable_by(|left, right| encoded_order(left, right));
    }
    arranged
}

/// Whether a parameter of the query or form stands in the header too, with the same value.
///
/// The reference container lets the header win whatever the value. Demanding the same value takes every client seen doing
/// this (iOS doubles `oauth_callback`), and leaves nobody an unsigned parameter to add on the way.
pub(crate) fn is_copied_in_header(parameter: &Parameter<'_>, all: &[Parameter<'_>]) -> bool {
    parameter.source != Source::Header
        && all.iter().any(|other| {
            other.source == Source::Header
                && other.name == parameter.name
                && other.value == parameter.value
        })
}

/// The order of section 3.4.1.3.2: encoded names by byte value, then encoded values.
pub(crate) fn encoded_order(left: &Parameter<'_>, right: &Parameter<'_>) -> Ordering {
    encoded_text_order(&left.name, &right.name)
        .then_with(|| encoded_text_order(&left.value, &right.value))
}

/// The Classic container's order: raw names by byte value, then raw values.
pub(crate) fn raw_order(left: &Parameter<'_>, right: &Parameter<'_>) -> Ordering {
    left.name
        .cmp(&right.name)
        .then_with(|| left.value.cmp(&right.value))
}

/// The first byte that differs decides, by its rank.
fn encoded_text_order(left: &[u8], right: &[u8]) -> Ordering {
    let rank = |byte: &u8| ENCODED_RANK[usize::from(*byte)];
    match left.iter().zip(right).find(|(left, right)| left != right) {
        Some((left, right)) => rank(left).cmp(&rank(right)),
        None => left.len().cmp(&right.len()),
    }
}

fn push_pairs<'a>(
    parameters: &mut Vec<Parameter<'a>>,
    text: &'a [u8],
    source: Source,
) -> Result<(), ParameterError> {
    for (name, value) in pairs(text) {
        // section 3.4.1.3.1 excludes the signature, wherever it stands
        if *name == *b"oauth_signature" {
            continue;
        }
        if parameters.len() == MAX_COUNT {
            return Err(ParameterError::TooMany { limit: MAX_COUNT });
        }
        parameters.push(Parameter {
            name,
            value,
            source,
        });
    }
    Ok(())
}
