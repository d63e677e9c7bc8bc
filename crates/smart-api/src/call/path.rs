//! Path templates, and what may stand in a path segment.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::CallError;

/// The characters that stand raw in a path segment are those of [RFC
/// 3986](https://www.rfc-editor.org/rfc/rfc3986#section-3.3), all of them. Containers of the
/// reference kind verify a signature over the decoded path, so that an `@` which is sent encoded,
/// and signed so, is refused.
const ENCODED_IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// A path with named gaps, as in `/records/{record_id}/medications/`.
///
/// ```
/// # use smart_api::PathTemplate;
/// let template = PathTemplate::new("/records/{record_id}/medications/");
/// assert_eq!(template.expand(&[("record_id", "1288992")])?, "/records/1288992/medications/");
/// # Ok::<(), smart_api::CallError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PathTemplate<'a>(&'a str);

impl<'a> PathTemplate<'a> {
    /// Takes a template such as [`CallInfo::path`](crate::CallInfo::path) or
    /// [`StatementInfo::base_path`](crate::StatementInfo::base_path).
    pub const fn new(template: &'a str) -> Self {
        Self(template)
    }

    /// What stands between the slashes after the first. A template that ends in a slash has an
    /// empty last segment.
    pub fn segments(self) -> impl Iterator<Item = PathSegment<'a>> {
        let mut rest = Some(self.0.strip_prefix('/').unwrap_or(self.0));
        // By hand, since every call comes through here, and `split` is for longer texts.
        let segments = std::iter::from_fn(move || {
            let text = rest?;
            let slash = text.bytes().position(|byte| byte == b'/');
            rest = slash.map(|at| &text[at + 1..]);
            Some(&text[..slash.unwrap_or(text.len())])
        });
        segments.map(|segment| {
            match segment
                .strip_prefix('{')
                .and_then(|segment| segment.strip_suffix('}'))
            {
                Some(name) => PathSegment::Parameter(name),
                None => PathSegment::Literal(segment),
            }
        })
    }

    /// Fills the gaps, percent-encoding what may not stand raw in a path segment.
    ///
    /// # Errors
    ///
    /// A gap has no value, or its value cannot stand in a path: see [`CallError::PathValue`].
    pub fn expand(self, values: &[(&str, &str)]) -> Result<String, CallError> {
        let mut path = String::with_capacity(self.0.len() + 16);
        for segment in self.segments() {
            path.push('/');
            match segment {
                PathSegment::Literal(text) => path.push_str(text),
                PathSegment::Parameter(name) => {
                    let value = values.iter().find(|(given, _)| *given == name);
                    let (_, value) = value.ok_or_else(|| CallError::MissingParameter {
                        parameter: name.to_owned(),
                    })?;
                    // Most ids are letters and digits, and every call has one.
                    if value.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !value.is_empty() {
                        path.push_str(value);
                    } else {
                        check_value(name, value)?;
                        path.extend(utf8_percent_encode(value, ENCODED_IN_SEGMENT));
                    }
                }
            }
        }
        Ok(path)
    }
}

/// One segment of a [`PathTemplate`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a segment is given or a gap")]
pub enum PathSegment<'a> {
    /// A fixed text.
    Literal(&'a str),
    /// A gap with this name.
    Parameter(&'a str),
}

/// Refuses what would leave its segment. Servers decode a path before they take it apart, some of
/// them twice, and proxies resolve dots: an encoded slash is no protection.
fn check_value(parameter: &str, value: &str) -> Result<(), CallError> {
    let reason = if value.is_empty() {
        "is empty"
    } else if matches!(value, "." | "..") {
        "would step upward in the path"
    } else if value.contains(['/', '\\']) {
        "holds a slash, which would begin another path segment"
    } else if value.chars().any(char::is_control) {
        "holds a control character"
    } else {
        return Ok(());
    };
    Err(CallError::PathValue {
        parameter: parameter.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn legal_characters_stay_raw_and_the_others_are_encoded() {
        let template = PathTemplate::new("/apps/{app}/manifest");
        let check =
            |value, expected| assert_eq!(template.expand(&[("app", value)]).unwrap(), expected);
        check(
            "my-app@apps.smartplatforms.org",
            "/apps/my-app@apps.smartplatforms.org/manifest",
        );
        check("a b?c#d%2Fe|f", "/apps/a%20b%3Fc%23d%252Fe%7Cf/manifest");
        check("é", "/apps/%C3%A9/manifest");
        check("...", "/apps/.../manifest");
    }

    #[test]
    fn what_would_leave_its_segment_is_refused() {
        let template = PathTemplate::new("/records/{record_id}");
        for value in [
            "", ".", "..", "1/2", "../..", "1\\2", "1\n", "\u{7f}", "1\0",
        ] {
            let error = template.expand(&[("record_id", value)]).unwrap_err();
            assert!(
                matches!(&error, CallError::PathValue { parameter, .. } if parameter == "record_id"),
                "{value:?}"
            );
        }
        assert!(matches!(
            template.expand(&[]),
            Err(CallError::MissingParameter { .. })
        ));
    }

    proptest! {
        #[test]
        fn any_value_stays_in_its_segment(value in any::<String>(), item in "[^/]{1,8}") {
            let template = PathTemplate::new("/records/{record_id}/documents/{document_id}");
            let Ok(path) = template.expand(&[("record_id", &value), ("document_id", &item)]) else { return Ok(()) };
            let decoded: Vec<_> =
                path.split('/').map(|segment| percent_decode_str(segment).decode_utf8().unwrap()).collect();
            prop_assert_eq!(&decoded, &["", "records", &value, "documents", &item]);
            let whole = percent_decode_str(&path).decode_utf8().unwrap();
            prop_assert_eq!(whole.split('/').count(), 5);
            prop_assert!(path.parse::<http::uri::PathAndQuery>().is_ok_and(|parsed| parsed.query().is_none()));
        }
    }
}
