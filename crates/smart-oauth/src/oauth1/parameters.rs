//! Collecting, choosing and sorting the parameters that a signature covers
//! ([RFC 5849, section 3.4.1.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3)).

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::oauth1::block::{Block, PREFIX};
use crate::oauth1::dialect::Reading;
use crate::oauth1::error::ParameterError;
use crate::oauth1::request::SignableRequest;
use crate::oauth1::text::{FormPart, Text};

/// The most bytes of query and form body, before decoding, that are read.
pub(crate) const MAX_BYTES: usize = 256 * 1024;
/// The most parameters that are read.
pub(crate) const MAX_COUNT: usize = 1000;

/// As many as an ordinary request has, counting those of the header; more go to the heap.
pub(crate) type Parameters<'a> = SmallVec<[Parameter<'a>; 16]>;

/// A name and a value, and the place they came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) value: Text<'a>,
    pub(crate) source: Source,
    /// Set if this stands for a header's whole block of parameters.
    pub(crate) block: Option<&'a Block<'a>>,
}

/// Where a parameter stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// In the `Authorization` header, or about to be.
    Header,
    /// In the query of the URL.
    Query,
    /// In the body, which is a form.
    Form,
}

impl<'a> Parameter<'a> {
    pub(crate) fn of_header(name: Text<'a>, value: Text<'a>) -> Self {
        Self {
            name,
            value,
            source: Source::Header,
            block: None,
        }
    }

    /// All parameters of a header at once. Sorts like them, as long as no other name begins with
    /// [`PREFIX`].
    pub(crate) fn of_block(block: &'a Block<'a>) -> Self {
        Self {
            block: Some(block),
            ..Self::of_header(Text::clean(PREFIX), Text::clean(""))
        }
    }

    /// Appends what a base string holds of it ([section
    /// 3.4.1.3.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3.2), encoded once more).
    pub(crate) fn push_to_base_string(&self, out: &mut Vec<u8>) {
        if let Some(block) = self.block {
            return block.push_to_base_string(out);
        }
        self.name.push_encoded_twice(out);
        out.extend_from_slice(b"%3D");
        self.value.push_encoded_twice(out);
    }

    /// How much [`push_to_header`](Self::push_to_header) appends.
    pub(crate) fn len_in_header(&self) -> usize {
        match self.block {
            Some(block) => block.len_in_header(),
            None => self.name.encoded_len() + "=\"\"".len() + self.value.encoded_len(),
        }
    }

    /// Appends what a header holds of it ([section
    /// 3.5.1](https://www.rfc-editor.org/rfc/rfc5849#section-3.5.1)).
    pub(crate) fn push_to_header(&self, out: &mut Vec<u8>) {
        if let Some(block) = self.block {
            return block.push_to_header(out);
        }
        self.name.push_encoded(out);
        out.extend_from_slice(b"=\"");
        self.value.push_encoded(out);
        out.push(b'"');
    }
}

/// Adds the parameters of query and form body, in the order they came.
pub(crate) fn collect<'a>(
    request: &SignableRequest<'a>,
    parameters: &mut Parameters<'a>,
) -> Result<(), ParameterError> {
    let form = request.form();
    if request.query.len() + form.len() > MAX_BYTES {
        return Err(ParameterError::TooLong { limit: MAX_BYTES });
    }
    push_pairs(parameters, request.query.as_bytes(), Source::Query)?;
    push_pairs(parameters, form, Source::Form)
}

/// Splits `a=b&c=d`. Empty pieces between two `&` are nothing; a piece without `=` is a name with
/// an empty value.
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = (Text<'_>, Text<'_>)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while let [b'&', after @ ..] = rest {
            rest = after;
        }
        if rest.is_empty() {
            return None;
        }
        let (name, after) = Text::read_form(rest, FormPart::Name);
        let (value, after) = match after.strip_prefix(b"=") {
            Some(written) => Text::read_form(written, FormPart::Value),
            None => (Text::clean(""), after),
        };
        rest = after;
        Some((name, value))
    })
}

/// The parameters that a reading signs, in the order in which it signs them.
pub(crate) struct Arranged<'p, 'a>(SmallVec<[(u64, &'p Parameter<'a>); 16]>);

impl<'p, 'a> Arranged<'p, 'a> {
    pub(crate) fn new(
        parameters: &'p [Parameter<'a>],
        request: &SignableRequest<'_>,
        reading: Reading,
    ) -> Self {
        let read = parameters
            .iter()
            .filter(|parameter| reading.reads(parameter.source, request))
            .filter(|parameter| {
                !(reading.collapses_repeats() && is_copied_in_header(parameter, parameters))
            });
        if reading.sorts_raw() {
            Self::sorted(read, Text::raw_key, raw_order)
        } else {
            Self::sorted(read, Text::encoded_key, encoded_order)
        }
    }

    /// Sorts by the beginnings of the names, which nearly always settle it, and asks for the whole
    /// order where they do not.
    fn sorted(
        parameters: impl Iterator<Item = &'p Parameter<'a>>,
        key: impl Fn(Text<'a>) -> u64,
        order: impl Fn(&Parameter<'_>, &Parameter<'_>) -> Ordering,
    ) -> Self {
        let mut keyed = SmallVec::<[(u64, &Parameter<'_>); 16]>::new();
        for parameter in parameters {
            keyed.push((key(parameter.name), parameter));
        }
        keyed.sort_unstable_by(|(left_key, left), (right_key, right)| {
            left_key.cmp(right_key).then_with(|| order(left, right))
        });
        Self(keyed)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'p Parameter<'a>> {
        self.0.iter().map(|(_, parameter)| *parameter)
    }

    /// Whether one has no name. It would come first.
    pub(crate) fn has_blank_name(&self) -> bool {
        self.iter()
            .next()
            .is_some_and(|parameter| parameter.name.is_empty())
    }

    /// A parameter whose name is that of the one before.
    pub(crate) fn repeated(&self) -> Option<&'p Parameter<'a>> {
        let repeats = |pair: &&[(u64, &Parameter<'_>)]| {
            pair[0].0 == pair[1].0 && pair[0].1.name == pair[1].1.name
        };
        self.0.windows(2).find(repeats).map(|pair| pair[1].1)
    }

    /// Each parameter with the one after it.
    pub(crate) fn neighbors(&self) -> impl Iterator<Item = (&'p Parameter<'a>, &'p Parameter<'a>)> {
        self.iter().zip(self.iter().skip(1))
    }
}

/// Whether a parameter of the query or form stands in the header too, with the same value.
///
/// The reference container lets the header win whatever the value. Demanding the same value takes
/// every client seen doing this (iOS doubles `oauth_callback`), and leaves nobody an unsigned
/// parameter to add on the way.
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
    left.name
        .encoded_cmp(right.name)
        .then_with(|| left.value.encoded_cmp(right.value))
}

/// The Classic container's order: raw names by byte value, then raw values.
pub(crate) fn raw_order(left: &Parameter<'_>, right: &Parameter<'_>) -> Ordering {
    left.name
        .raw_cmp(right.name)
        .then_with(|| left.value.raw_cmp(right.value))
}

fn push_pairs<'a>(
    parameters: &mut Parameters<'a>,
    text: &'a [u8],
    source: Source,
) -> Result<(), ParameterError> {
    for (name, value) in pairs(text) {
        // section 3.4.1.3.1 excludes the signature, wherever it stands
        if name == Text::clean("oauth_signature") {
            continue;
        }
        if parameters.len() == MAX_COUNT {
            return Err(ParameterError::TooMany { limit: MAX_COUNT });
        }
        parameters.push(Parameter {
            name,
            value,
            source,
            block: None,
        });
    }
    Ok(())
}
