//! Primitive values as literals.

use serde_json::Value;
use smart_rdf::vocab::xsd;
use smart_rdf::{Literal, NamedNodeRef};

/// The primitive types that the table of elements tells apart.
pub(super) fn is_primitive(type_name: &str) -> bool {
    matches!(
        type_name,
        "base64Binary"
            | "boolean"
            | "date"
            | "dateTime"
            | "decimal"
            | "instant"
            | "integer"
            | "positiveInt"
            | "string"
            | "time"
            | "unsignedInt"
            | "xhtml"
    )
}

/// The literal of a value; `None` where the value is not of its type.
pub(super) fn literal(type_name: &str, value: &Value) -> Option<Literal> {
    match (type_name, value) {
        ("string" | "xhtml", Value::String(text)) => Some(Literal::new_simple_literal(text)),
        ("boolean", Value::Bool(truth)) => Some(typed(truth.to_string(), xsd::BOOLEAN)),
        ("integer", Value::Number(number)) => {
            let text = number.to_string();
            let digits = text.strip_prefix('-').unwrap_or(&text);
            is_digits(digits).then(|| typed(text, xsd::INTEGER))
        }
        ("positiveInt", Value::Number(number)) => {
            let text = number.to_string();
            let is_positive = is_digits(&text) && text.bytes().any(|digit| digit != b'0');
            is_positive.then(|| typed(text, xsd::POSITIVE_INTEGER))
        }
        ("unsignedInt", Value::Number(number)) => {
            let text = number.to_string();
            is_digits(&text).then(|| typed(text, xsd::NON_NEGATIVE_INTEGER))
        }
        ("decimal", Value::Number(number)) => {
            let text = number.to_string();
            let datatype = if text.contains(['e', 'E']) {
                xsd::DOUBLE
            } else {
                xsd::DECIMAL
            };
            Some(typed(text, datatype))
        }
        ("base64Binary", Value::String(text)) => {
            let fits =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
            let is_base64 = text
                .bytes()
                .all(|byte| fits(byte) || byte.is_ascii_whitespace());
            is_base64.then(|| typed(text, xsd::BASE_64_BINARY))
        }
        ("date", Value::String(text)) => date(text).map(|datatype| typed(text, datatype)),
        ("dateTime", Value::String(text)) => {
            let datatype = date(text).or_else(|| is_instant(text).then_some(xsd::DATE_TIME))?;
            Some(typed(text, datatype))
        }
        ("instant", Value::String(text)) => is_instant(text).then(|| typed(text, xsd::DATE_TIME)),
        ("time", Value::String(text)) => is_time(text).then(|| typed(text, xsd::TIME)),
        _ => None,
    }
}

fn typed(text: impl Into<String>, datatype: NamedNodeRef<'_>) -> Literal {
    Literal::new_typed_literal(text, datatype)
}

/// The datatype of a date, which says how exact it is.
fn date(text: &str) -> Option<NamedNodeRef<'static>> {
    let mut parts = text.split('-');
    let within = |part: Option<&str>, length: usize, most: u32| match part {
        None => true,
        Some(part) => {
            let number = part.parse::<u32>();
            part.len() == length
                && is_digits(part)
                && number.is_ok_and(|number| (1..=most).contains(&number))
        }
    };
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let fits = parts.next().is_none()
        && within(year, 4, 9999)
        && within(month, 2, 12)
        && within(day, 2, 31);
    if !fits {
        return None;
    }
    Some(match (month, day) {
        (None, _) => xsd::G_YEAR,
        (Some(_), None) => xsd::G_YEAR_MONTH,
        (Some(_), Some(_)) => xsd::DATE,
    })
}

/// A date, a time with seconds, and a zone.
fn is_instant(text: &str) -> bool {
    let Some((day, rest)) = text.split_once('T') else {
        return false;
    };
    let zone = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone);
    let is_zone = match zone.strip_prefix(['+', '-']) {
        Some(offset) => offset.split_once(':').is_some_and(|(hours, minutes)| {
            hours.len() == 2 && minutes.len() == 2 && is_digits(hours) && is_digits(minutes)
        }),
        None => zone == "Z",
    };
    day.len() == 10 && date(day).is_some() && is_zone && is_time(time)
}

/// `hh:mm:ss`, with or without a fraction.
fn is_time(text: &str) -> bool {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let parts: Vec<&str> = whole.split(':').collect();
    let is_two = |part: &&str| part.len() == 2 && is_digits(part);
    parts.len() == 3 && parts.iter().all(is_two) && fraction.is_none_or(is_digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_has_its_literals() {
        for (type_name, value, written) in [
            ("string", json!("a"), "\"a\""),
            (
                "boolean",
                json!(true),
                "\"true\"^^<http://www.w3.org/2001/XMLSchema#boolean>",
            ),
            (
                "integer",
                json!(-7),
                "\"-7\"^^<http://www.w3.org/2001/XMLSchema#integer>",
            ),
            (
                "positiveInt",
                json!(7),
                "\"7\"^^<http://www.w3.org/2001/XMLSchema#positiveInteger>",
            ),
            (
                "unsignedInt",
                json!(0),
                "\"0\"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>",
            ),
            (
                "decimal",
                json!(1.25),
                "\"1.25\"^^<http://www.w3.org/2001/XMLSchema#decimal>",
            ),
            (
                "decimal",
                json!(7),
                "\"7\"^^<http://www.w3.org/2001/XMLSchema#decimal>",
            ),
            (
                "decimal",
                json!(1e-9),
                "\"1e-9\"^^<http://www.w3.org/2001/XMLSchema#double>",
            ),
            (
                "date",
                json!("1925"),
                "\"1925\"^^<http://www.w3.org/2001/XMLSchema#gYear>",
            ),
            (
                "date",
                json!("1925-12"),
                "\"1925-12\"^^<http://www.w3.org/2001/XMLSchema#gYearMonth>",
            ),
            (
                "date",
                json!("1925-12-23"),
                "\"1925-12-23\"^^<http://www.w3.org/2001/XMLSchema#date>",
            ),
            (
                "dateTime",
                json!("1925-12"),
                "\"1925-12\"^^<http://www.w3.org/2001/XMLSchema#gYearMonth>",
            ),
            (
                "dateTime",
                json!("2018-07-05T16:39:38.468+00:00"),
                "\"2018-07-05T16:39:38.468+00:00\"^^<http://www.w3.org/2001/XMLSchema#dateTime>",
            ),
            (
                "instant",
                json!("2018-07-05T16:39:38Z"),
                "\"2018-07-05T16:39:38Z\"^^<http://www.w3.org/2001/XMLSchema#dateTime>",
            ),
            (
                "time",
                json!("07:30:00"),
                "\"07:30:00\"^^<http://www.w3.org/2001/XMLSchema#time>",
            ),
            (
                "base64Binary",
                json!("YQ=="),
                "\"YQ==\"^^<http://www.w3.org/2001/XMLSchema#base64Binary>",
            ),
        ] {
            assert_eq!(
                literal(type_name, &value).unwrap().to_string(),
                written,
                "{type_name} {value}"
            );
        }
    }

    #[test]
    fn what_is_not_of_its_type_is_no_literal() {
        for (type_name, value) in [
            ("string", json!(1)),
            ("boolean", json!("true")),
            ("integer", json!(1.5)),
            ("integer", json!("1")),
            ("positiveInt", json!(0)),
            ("positiveInt", json!(-1)),
            ("positiveInt", json!(1.5)),
            ("unsignedInt", json!(-1)),
            ("unsignedInt", json!("1")),
            ("decimal", json!("1.0")),
            ("date", json!("soon")),
            ("date", json!("2020-13-01")),
            ("date", json!("2020-1-1")),
            ("date", json!("2020-01-01T00:00:00Z")),
            ("dateTime", json!("2020-01-01T00:00")),
            ("dateTime", json!("2020-01-01T00:00:00")),
            ("dateTime", json!("2020-01-01T00:00:00+1")),
            ("instant", json!("2020-01-01")),
            ("instant", json!("2020-01T00:00:00Z")),
            ("time", json!("7:30")),
            ("base64Binary", json!("<>")),
            ("string", json!(null)),
        ] {
            assert_eq!(literal(type_name, &value), None, "{type_name} {value}");
        }
    }
}
