//! The first place where two base strings differ.

use std::fmt;

use super::{Cause, decoded};

/// Where two base strings differ first.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// How many bytes are the same before.
    pub at: usize,
    /// The part that differs.
    pub part: Part,
    /// Our version of the method, the URL or the parameter, one layer of encoding off. Empty when
    /// we have none.
    pub ours: String,
    /// The other side's.
    pub theirs: String,
    /// Why, in all likelihood.
    pub cause: Cause,
}

/// The three parts of a base string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The HTTP method.
    Method,
    /// The URL without its query.
    Url,
    /// The parameters.
    Parameters,
}

impl Difference {
    pub(super) fn find(ours: &str, theirs: &str) -> Option<Self> {
        let at = match ours.bytes().zip(theirs.bytes()).position(|(a, b)| a != b) {
            Some(at) => at,
            None if ours.len() == theirs.len() => return None,
            None => ours.len().min(theirs.len()),
        };
        let split = |text: &str| -> [String; 3] {
            let mut parts = text.splitn(3, '&').map(str::to_owned);
            std::array::from_fn(|_| parts.next().unwrap_or_default())
        };
        let ([our_method, our_url, our_rest], [their_method, their_url, their_rest]) =
            (split(ours), split(theirs));
        let difference = |part, ours: &str, theirs: &str, cause| Self {
            at,
            part,
            ours: ours.to_owned(),
            theirs: theirs.to_owned(),
            cause,
        };
        Some(if our_method != their_method {
            difference(
                Part::Method,
                &our_method,
                &their_method,
                Cause::RequestMethod,
            )
        } else if our_url != their_url {
            let (ours, theirs) = (decoded(&our_url), decoded(&their_url));
            let cause = url_cause(&ours, &theirs);
            difference(Part::Url, &ours, &theirs, cause)
        } else {
            let (ours, theirs) = (pairs(&our_rest), pairs(&their_rest));
            let (ours, theirs, cause) = pair_difference(&ours, &theirs);
            difference(Part::Parameters, &ours, &theirs, cause)
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            Part::Method => "method",
            Part::Url => "url",
            Part::Parameters => "parameters",
        };
        let shown = |text: &str| match text {
            "" => "nothing".to_owned(),
            text => format!("`{text}`"),
        };
        write!(
            formatter,
            "the {part} differ from byte {} on: here {}, there {}; {}",
            self.at,
            shown(&self.ours),
            shown(&self.theirs),
            self.cause
        )
    }
}

impl fmt::Debug for Difference {
    /// Leaves out the texts, which may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Difference")
            .field("at", &self.at)
            .field("part", &self.part)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

fn url_cause(ours: &str, theirs: &str) -> Cause {
    let parts = |url: &str| {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        [scheme, host, path].map(str::to_owned)
    };
    let ([our_scheme, our_host, our_path], [their_scheme, their_host, their_path]) =
        (parts(ours), parts(theirs));
    if our_scheme != their_scheme {
        Cause::Scheme
    } else if our_host != their_host {
        Cause::Host
    } else if our_path.trim_end_matches('/') == their_path.trim_end_matches('/') {
        Cause::TrailingSlash
    } else if decoded(&our_path) == decoded(&their_path) {
        Cause::DecodedPath
    } else {
        Cause::Url
    }
}

/// The normalized parameters, name and value each encoded once.
fn pairs(rest: &str) -> Vec<(String, String)> {
    decoded(rest)
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

/// The first pair that is not the same, and what that says.
fn pair_difference(
    ours: &[(String, String)],
    theirs: &[(String, String)],
) -> (String, String, Cause) {
    let text = |pair: Option<&(String, String)>| {
        pair.map_or(String::new(), |(name, value)| format!("{name}={value}"))
    };
    let first = ours
        .iter()
        .zip(theirs)
        .position(|(ours, theirs)| ours != theirs)
        .unwrap_or(ours.len().min(theirs.len()));
    let (our_pair, their_pair) = (ours.get(first), theirs.get(first));
    let count = |pairs: &[(String, String)], name: &str| {
        pairs.iter().filter(|(known, _)| known == name).count()
    };
    let fewer =
        |here: &[(String, String)], there: &[(String, String)], pair: Option<&(String, String)>| {
            pair.is_some_and(|(name, _)| count(here, name) < count(there, name))
        };
    let name =
        |pair: Option<&(String, String)>| pair.map_or(String::new(), |(name, _)| name.clone());
    let cause = if fewer(ours, theirs, their_pair) {
        Cause::ParameterAdded {
            name: name(their_pair),
        }
    } else if fewer(theirs, ours, our_pair) {
        Cause::ParameterMissing {
            name: name(our_pair),
        }
    } else if name(our_pair) == name(their_pair) {
        value_cause(our_pair, their_pair)
    } else {
        Cause::ParameterOrder
    };
    (text(our_pair), text(their_pair), cause)
}

fn value_cause(ours: Option<&(String, String)>, theirs: Option<&(String, String)>) -> Cause {
    let (Some((name, ours)), Some((_, theirs))) = (ours, theirs) else {
        return Cause::ParametersEncodedOnce;
    };
    if ours == theirs {
        Cause::ParametersEncodedOnce
    } else if ours.eq_ignore_ascii_case(theirs) && decoded(ours) == decoded(theirs) {
        Cause::LowerCaseEscapes
    } else if [ours, theirs]
        .map(|value| value.replace("%2B", "%20").replace('+', "%20"))
        .windows(2)
        .all(|values| values[0] == values[1])
    {
        Cause::PlusForSpace
    } else {
        Cause::ParameterValue { name: name.clone() }
    }
}
