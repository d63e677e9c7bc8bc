//! What to search for: parameters, with their values escaped twice, once for FHIR and once for the
//! address.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::RequestError;

/// All but the unreserved characters ([RFC 3986, section
/// 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A search on one type, or on all ([FHIR, search](https://hl7.org/fhir/R4/search.html)).
///
/// Values are texts, not queries: commas, bars, dollars and backslashes in them are escaped, so
/// that they cannot become alternatives or code systems. [`raw`](Self::raw) takes a value as FHIR
/// writes it.
///
/// ```
/// use smart_fhir::Search;
///
/// let search = Search::new("Observation")
///     .with("patient", "smart-1288992")
///     .with_code("code", "http://loinc.org", "8867-4")
///     .with_any("category", ["vital-signs", "laboratory"])
///     .raw("date", "ge2020-01-01")
///     .count(50);
/// assert_eq!(
///     search.to_query()?,
///     "patient=smart-1288992&code=http%3A%2F%2Floinc.org%7C8867-4&category=vital-signs%2Claboratory&date=ge2020-01-01&_count=50"
/// );
/// # Ok::<(), smart_fhir::RequestError>(())
/// ```
///
/// Servers of Sync for Science know seven parameters, look at the first value of each, and refuse
/// all others with a 403.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    resource_type: Option<String>,
    pairs: Vec<(String, String)>,
}

impl Search {
    /// Everything of a type.
    pub fn new(resource_type: impl Into<String>) -> Self {
        Self {
            resource_type: Some(resource_type.into()),
            pairs: Vec::new(),
        }
    }

    /// Everything of all types, which servers seldom offer.
    pub fn all_types() -> Self {
        Self::default()
    }

    /// The type.
    pub fn resource_type(&self) -> Option<&str> {
        self.resource_type.as_deref()
    }

    /// A parameter, modifier included (`name:exact`), and the one value that it has.
    #[must_use]
    pub fn with(self, name: impl Into<String>, value: &str) -> Self {
        let value = escape(value);
        self.raw(name, value)
    }

    /// A parameter that matches any of the values.
    #[must_use]
    pub fn with_any<'a>(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let values: Vec<String> = values.into_iter().map(escape).collect();
        self.raw(name, values.join(","))
    }

    /// A code of a system, or an identifier ([FHIR,
    /// token](https://hl7.org/fhir/R4/search.html#token)). An empty system asks for codes that have
    /// none.
    #[must_use]
    pub fn with_code(self, name: impl Into<String>, system: &str, code: &str) -> Self {
        let value = format!("{}|{}", escape(system), escape(code));
        self.raw(name, value)
    }

    /// A parameter whose value is written as FHIR has it: prefixes of dates (`ge2020`),
    /// alternatives, composites.
    #[must_use]
    pub fn raw(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push((name.into(), value.into()));
        self
    }

    /// How many entries a page may have; servers may send fewer.
    #[must_use]
    pub fn count(self, entries: u32) -> Self {
        self.raw("_count", entries.to_string())
    }

    /// Names and values, in order.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether there is nothing to narrow it.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The parameters, percent-encoded, as in a query and in a form.
    ///
    /// # Errors
    ///
    /// A name that is invalid: empty, or with characters that FHIR's names do not have. A value
    /// that is empty: servers leave out the parameter then, and answer for all patients instead of
    /// for the one whose id is missing.
    pub fn to_query(&self) -> Result<String, RequestError> {
        let mut query = String::new();
        for (name, value) in &self.pairs {
            let fits = |byte: u8| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':')
            };
            if name.is_empty() || !name.bytes().all(fits) {
                return Err(RequestError::ParameterName { name: name.clone() });
            }
            if value.is_empty() {
                return Err(RequestError::EmptyValue { name: name.clone() });
            }
            if !query.is_empty() {
                query.push('&');
            }
            let value = utf8_percent_encode(value, ENCODED);
            write!(query, "{name}={value}").map_err(|_| RequestError::Address)?;
        }
        Ok(query)
    }
}

/// One segment of a path.
pub(crate) fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// [FHIR, escaping](https://hl7.org/fhir/R4/search.html#escaping).
fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for one in value.chars() {
        if matches!(one, '\\' | ',' | '|' | '$') {
            escaped.push('\\');
        }
        escaped.push(one);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_for_fhir_and_for_the_address() {
        for (search, query) in [
            (Search::new("Patient"), ""),
            (
                Search::new("Patient").with("name", "Adams, D|\\$"),
                "name=Adams%5C%2C%20D%5C%7C%5C%5C%5C%24",
            ),
            (
                Search::new("Patient").with("name:exact", "é&=+"),
                "name:exact=%C3%A9%26%3D%2B",
            ),
            (
                Search::new("Patient").with_any("_id", ["a", "b,c"]),
                "_id=a%2Cb%5C%2Cc",
            ),
            (
                Search::new("Patient").with_code("identifier", "", "7"),
                "identifier=%7C7",
            ),
            (
                Search::all_types().raw("_type", "Patient,Group"),
                "_type=Patient%2CGroup",
            ),
        ] {
            assert_eq!(search.to_query().unwrap(), query);
        }
    }

    #[test]
    fn names_cannot_smuggle_anything() {
        for name in ["", "a=b", "a&b", "name exact", "é", "a#", "a%20"] {
            assert_eq!(
                Search::new("Patient").with(name, "1").to_query(),
                Err(RequestError::ParameterName {
                    name: name.to_owned()
                })
            );
        }
    }
}
