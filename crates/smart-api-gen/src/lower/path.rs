//! The gaps of a path template.

use smart_rdf::NamedNode;

use super::LowerError;
use crate::ir::{PathParameter, PathParameterKind};
use crate::names;

/// The gaps of a path from left to right, once the path is known to be a template.
pub(super) fn parameters(
    subject: &NamedNode,
    path: &str,
) -> Result<Vec<PathParameter>, LowerError> {
    let fault = || LowerError::Path {
        subject: subject.clone(),
        path: path.to_owned(),
    };
    let mut parameters: Vec<PathParameter> = Vec::new();
    let segments: Vec<&str> = path
        .strip_prefix('/')
        .ok_or_else(fault)?
        .split('/')
        .collect();
    for (place, segment) in segments.iter().enumerate() {
        let is_last = place + 1 == segments.len();
        match segment
            .strip_prefix('{')
            .and_then(|segment| segment.strip_suffix('}'))
        {
            Some(name) => parameters.push(PathParameter {
                name: name.to_owned(),
                field: names::function(name, "path parameter")?,
                kind: kind(name),
            }),
            None if is_literal(segment) || segment.is_empty() && is_last => {}
            None => return Err(fault()),
        }
    }
    let repeated = parameters.iter().enumerate().find(|(place, parameter)| {
        parameters
            .iter()
            .take(*place)
            .any(|earlier| earlier.name == parameter.name)
    });
    match repeated {
        Some((_, parameter)) => Err(LowerError::RepeatedParameter {
            call: subject.clone(),
            name: parameter.name.clone(),
        }),
        None => Ok(parameters),
    }
}

/// Nothing that would have to be encoded, and no step upward.
fn is_literal(segment: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !segment.is_empty() && segment.chars().all(is_plain) && segment.chars().any(|c| c != '.')
}

/// What a gap identifies goes by its name. A descriptor is what app manifests are asked for by: an
/// app's id.
fn kind(name: &str) -> PathParameterKind {
    match name {
        "app_id" | "descriptor" | "smart_app_id" => PathParameterKind::App,
        "record_id" => PathParameterKind::Record,
        "user_id" => PathParameterKind::User,
        _ => PathParameterKind::Item,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str) -> Result<Vec<String>, LowerError> {
        let subject = NamedNode::new("http://localhost/call").unwrap();
        Ok(parameters(&subject, path)?
            .into_iter()
            .map(|parameter| parameter.name)
            .collect())
    }

    #[test]
    fn gaps_come_from_left_to_right() {
        assert_eq!(
            names("/records/{record_id}/documents/{document_id}").unwrap(),
            ["record_id", "document_id"]
        );
        assert_eq!(
            names("/records/{record_id}/documents/").unwrap(),
            ["record_id"]
        );
        assert_eq!(names("/manifest").unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for path in [
            "", "manifest", "/a//b", "/a/../b", "/a b", "/a?b=c", "/a#b", "/{a}{b}", "/x{a}",
            "/{A}", "/{a}/{a}",
        ] {
            assert!(names(path).is_err(), "{path}");
        }
    }
}
