//! The base strings and signatures of common mistakes, so that one can be recognized.

use zeroize::Zeroizing;

use super::{Cause, Secrets};
use crate::encode::into_text;
use crate::oauth1::base_string::base_string;
use crate::oauth1::dialect::{Dialect, Reading};
use crate::oauth1::parameters::{Arranged, Parameter, Parameters, Source};
use crate::oauth1::request::SignableRequest;
use crate::oauth1::signature::{SignatureMethod, SigningKey};
use crate::oauth1::text::Text;

/// What comes out when one thing is done in another way.
#[derive(Clone)]
pub(super) struct Variant {
    pub(super) cause: Cause,
    pub(super) base_string: Zeroizing<String>,
    pub(super) signature: Option<Zeroizing<String>>,
}

/// Every variant, the likeliest first.
pub(super) fn variants(
    request: &SignableRequest<'_>,
    parameters: &Parameters<'_>,
    ours: &str,
    method: SignatureMethod,
    secrets: Secrets<'_>,
) -> Vec<Variant> {
    let key = SigningKey::new(method, secrets.consumer, secrets.token);
    let sign = |cause, base_string: String| Variant {
        signature: key.as_ref().map(|key| key.signature(&base_string)),
        base_string: Zeroizing::new(base_string),
        cause,
    };
    let mut variants: Vec<_> = of_the_base_string(request, parameters, ours)
        .into_iter()
        .filter(|(_, base_string)| base_string != ours)
        .map(|(cause, base_string)| sign(cause, base_string))
        .collect();
    variants.extend(of_the_key(ours, method, secrets));
    variants
}

fn of_the_base_string(
    request: &SignableRequest<'_>,
    parameters: &Parameters<'_>,
    ours: &str,
) -> Vec<(Cause, String)> {
    let read = |parameters: &[Parameter<'_>], reading| {
        let arranged = Arranged::new(parameters, request, reading);
        into_text(base_string(request, &arranged, reading))
    };
    let without = |leave: &dyn Fn(&Parameter<'_>) -> bool| {
        let kept: Parameters<'_> = parameters
            .iter()
            .filter(|parameter| !leave(parameter))
            .copied()
            .collect();
        read(&kept, Reading::RFC5849)
    };
    let mut found = Vec::new();
    for reading in Reading::candidates(request, parameters, Dialect::Portable) {
        found.push((reading_cause(reading, request), read(parameters, reading)));
    }
    found.push((
        Cause::FormLeftOut,
        without(&|parameter| parameter.source == Source::Form),
    ));
    found.push((
        Cause::QueryLeftOut,
        without(&|parameter| parameter.source == Source::Query),
    ));
    for (name, cause) in [
        ("oauth_version", Cause::Version),
        ("oauth_body_hash", Cause::BodyHash),
    ] {
        found.push((
            cause,
            without(&|parameter| parameter.name == Text::clean(name)),
        ));
    }
    for name in ["oauth_callback", "oauth_verifier"] {
        let mut doubled = parameters.clone();
        doubled.extend(
            parameters
                .iter()
                .filter(|parameter| parameter.name == Text::clean(name))
                .copied(),
        );
        let cause = Cause::DoubledParameter {
            name: name.to_owned(),
        };
        found.push((cause, read(&doubled, Reading::RFC5849)));
    }
    found.extend(of_the_text(ours));
    found
}

/// What is wrong with a reading, if it is the wrong one; several departures go by the first.
fn reading_cause(reading: Reading, request: &SignableRequest<'_>) -> Cause {
    if reading.decodes_path() {
        Cause::DecodedPath
    } else if reading.keeps_host() {
        Cause::Host
    } else if reading.sorts_raw() {
        Cause::ParameterOrder
    } else if reading.collapses_repeats() {
        Cause::DoubledParameter {
            name: "a parameter of header and form".to_owned(),
        }
    } else if !reading.reads(Source::Query, request) {
        Cause::QueryLeftOut
    } else if !reading.reads(Source::Form, request) {
        Cause::FormLeftOut
    } else {
        // the RFC's own reading, where another one is ours
        Cause::DecodedPath
    }
}

/// Slips that can be seen in the text itself.
fn of_the_text(ours: &str) -> Vec<(Cause, String)> {
    let mut parts = ours.splitn(3, '&');
    let (Some(method), Some(url), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Vec::new();
    };
    let join = |method: &str, url: &str, rest: &str| format!("{method}&{url}&{rest}");
    let other_scheme = match url.strip_prefix("https%3A") {
        Some(after) => format!("http%3A{after}"),
        None => url.replacen("http%3A", "https%3A", 1),
    };
    let other_slash = match url.strip_suffix("%2F") {
        Some(before) => before.to_owned(),
        None => format!("{url}%2F"),
    };
    let mut found = vec![
        (Cause::Scheme, join(method, &other_scheme, rest)),
        (Cause::TrailingSlash, join(method, &other_slash, rest)),
        (
            Cause::PlusForSpace,
            join(method, url, &rest.replace("%2520", "%252B")),
        ),
        (
            Cause::PlusForSpace,
            join(method, url, &rest.replace("%2520", "%2B")),
        ),
        (
            Cause::LowerCaseEscapes,
            join(method, url, &lower_escapes(rest, "%25")),
        ),
        (Cause::LowerCaseEscapes, lower_escapes(ours, "%")),
        (
            Cause::ParametersEncodedOnce,
            join(method, url, &rest.replace("%25", "%")),
        ),
        (
            Cause::ParametersEncodedOnce,
            join(method, url, &super::decoded(rest)),
        ),
    ];
    for port in [":80", ":443"] {
        let (scheme, after) = url.split_once("%3A%2F%2F").unwrap_or(("", url));
        let (host, path) = after.split_once("%2F").unwrap_or((after, ""));
        let port = crate::encode::percent_encode(port);
        let with_port = format!("{scheme}%3A%2F%2F{host}{port}%2F{path}");
        found.push((Cause::Host, join(method, &with_port, rest)));
    }
    for other in ["GET", "POST", "PUT", "DELETE"] {
        found.push((Cause::RequestMethod, join(other, url, rest)));
    }
    found
}

/// The two digits behind each mark in lower case.
fn lower_escapes(text: &str, mark: &str) -> String {
    let mut pieces = text.split(mark);
    let mut lowered = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (digits, after) = piece.split_at_checked(2).unwrap_or((piece, ""));
        lowered.push_str(mark);
        lowered.push_str(&digits.to_ascii_lowercase());
        lowered.push_str(after);
    }
    lowered
}

/// The right base string under a wrong key.
fn of_the_key(ours: &str, method: SignatureMethod, secrets: Secrets<'_>) -> Vec<Variant> {
    let variant = |cause, signature| Variant {
        cause,
        base_string: Zeroizing::new(ours.to_owned()),
        signature: Some(signature),
    };
    let mut found = Vec::new();
    for other in SignatureMethod::ALL {
        if let Some(key) = SigningKey::new(*other, secrets.consumer, secrets.token)
            && *other != method
        {
            found.push(variant(Cause::SignatureMethod, key.signature(ours)));
        }
    }
    if secrets.token.is_some()
        && let Some(key) = SigningKey::new(method, secrets.consumer, None)
    {
        found.push(variant(Cause::TokenSecretMissing, key.signature(ours)));
    }
    let (consumer, token) = (
        secrets.consumer.expose(),
        secrets.token.map_or("", |token| token.expose()),
    );
    for (cause, key) in [
        (Cause::SecretsNotEncoded, format!("{consumer}&{token}")),
        (Cause::KeyWithoutAmpersand, consumer.to_owned()),
    ] {
        if let Some(key) = SigningKey::from_bytes(method, Zeroizing::new(key.into_bytes())) {
            found.push(variant(cause, key.signature(ours)));
        }
    }
    found
}
