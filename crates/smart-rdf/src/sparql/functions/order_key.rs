//! The place of a term among all terms, as a text: keys compare as terms are to be ordered.
//!
//! [SPARQL 1.1, 15.1](https://www.w3.org/TR/sparql11-query/#modOrderBy) orders blank nodes, IRIs
//! and literals, and literals where `<` compares them. This order is total and agrees with it:
//! blank nodes, IRIs, then literals by kind (numbers by value, strings, booleans, points in time on
//! one timeline, all others by datatype). Terms of equal value are ordered by their text.

use oxrdf::vocab::{rdf, xsd};
use oxrdf::{Literal, NamedNodeRef, Term};
use oxsdatatypes::{Date, DateTime, Decimal, Duration, GYear, GYearMonth, Time, TimezoneOffset};

/// The key. An unbound value has none, and comes first.
pub(crate) fn order_key(term: &Term) -> String {
    match term {
        Term::BlankNode(node) => ["1", node.as_str()].concat(),
        Term::NamedNode(node) => ["2", node.as_str()].concat(),
        Term::Literal(literal) => literal_key(literal),
    }
}

/// The keys of some terms as one.
pub(crate) fn row_key<'t>(terms: impl IntoIterator<Item = &'t Term>) -> String {
    let keys: Vec<_> = terms.into_iter().map(order_key).collect();
    keys.join("\0")
}

fn literal_key(literal: &Literal) -> String {
    let (text, datatype) = (literal.value(), literal.datatype());
    if datatype == xsd::STRING || datatype == rdf::LANG_STRING {
        return ["4", text, "\0", literal.language().unwrap_or_default()].concat();
    }
    if let Some(number) = number_key(text, datatype) {
        return format!("3{number} {text} {}", datatype.as_str());
    }
    if datatype == xsd::BOOLEAN
        && let Some(place) = boolean_place(text)
    {
        return format!("5{place} {text}");
    }
    if let Some(seconds) = point_in_time(text, datatype) {
        return format!("6{} {} {text}", decimal_key(&seconds), datatype.as_str());
    }
    match span(text, datatype) {
        Some(seconds) => format!("7{}\0{} {text}", datatype.as_str(), decimal_key(&seconds)),
        None => format!("7{}\0{text}", datatype.as_str()),
    }
}

fn boolean_place(text: &str) -> Option<char> {
    match text {
        "false" | "0" => Some('0'),
        "true" | "1" => Some('1'),
        _ => None,
    }
}

fn number_key(text: &str, datatype: NamedNodeRef<'_>) -> Option<String> {
    if datatype == xsd::DOUBLE {
        let number = text.parse::<f64>().ok()?;
        Some(special_key(number).unwrap_or_else(|| decimal_key(&format!("{number:e}"))))
    } else if datatype == xsd::FLOAT {
        let number = text.parse::<f32>().ok()?;
        Some(special_key(number.into()).unwrap_or_else(|| decimal_key(&format!("{number:e}"))))
    } else if datatype == xsd::DECIMAL {
        is_decimal(text).then(|| decimal_key(text))
    } else if is_integer_datatype(datatype) {
        is_integer(text).then(|| decimal_key(text))
    } else {
        None
    }
}

fn special_key(number: f64) -> Option<String> {
    let key = if number.is_nan() {
        "5"
    } else if number == f64::NEG_INFINITY {
        "0"
    } else if number == f64::INFINITY {
        "4"
    } else {
        return None;
    };
    Some(key.to_owned())
}

/// `xsd:integer` and what XML Schema derives from it.
pub(crate) fn is_integer_datatype(datatype: NamedNodeRef<'_>) -> bool {
    [
        xsd::INTEGER,
        xsd::BYTE,
        xsd::INT,
        xsd::LONG,
        xsd::NEGATIVE_INTEGER,
        xsd::NON_NEGATIVE_INTEGER,
        xsd::NON_POSITIVE_INTEGER,
        xsd::POSITIVE_INTEGER,
        xsd::SHORT,
        xsd::UNSIGNED_BYTE,
        xsd::UNSIGNED_INT,
        xsd::UNSIGNED_LONG,
        xsd::UNSIGNED_SHORT,
    ]
    .contains(&datatype)
}

/// Whether the text is in the [lexical space](https://www.w3.org/TR/xmlschema11-2/#integer) of
/// `xsd:integer`.
pub(crate) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether the text is in the [lexical space](https://www.w3.org/TR/xmlschema11-2/#decimal) of
/// `xsd:decimal`.
pub(crate) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    !(whole.is_empty() && fraction.is_empty())
        && [whole, fraction]
            .iter()
            .all(|part| part.bytes().all(|b| b.is_ascii_digit()))
}

/// Numbers of any length, in the order of their values: a sign, how many digits stand before the
/// point, and the digits.
fn decimal_key(number: &str) -> String {
    let (number, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let is_negative = number.starts_with('-');
    let number = number.trim_start_matches(['+', '-']);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return "2".to_owned();
    }
    let leading = digits.len() - significant.len();
    let exponent = exponent.parse::<i64>().unwrap_or(0);
    let before_point = whole.len() as i64 - leading as i64 + exponent;
    let significant = significant.trim_end_matches('0');
    // A literal is at most megabytes long, so that ten digits are enough.
    let magnitude = format!("{:010}{significant}", 5_000_000_000 + before_point);
    if is_negative {
        // The greater the magnitude, the smaller the number; and `~` is above all digits.
        let mirrored = magnitude.bytes().map(|b| char::from(b'0' + b'9' - b));
        format!("1{}~", mirrored.collect::<String>())
    } else {
        format!("3{magnitude}")
    }
}

/// Seconds since the beginning of 1970, where that can be told. Days, months and years count from
/// their beginning, and times without a zone as if they were in UTC: another zone would move them
/// all alike.
fn point_in_time(text: &str, datatype: NamedNodeRef<'_>) -> Option<String> {
    let time: DateTime = if datatype == xsd::DATE_TIME || datatype == xsd::DATE_TIME_STAMP {
        text.parse().ok()?
    } else if datatype == xsd::DATE {
        text.parse::<Date>().ok()?.try_into().ok()?
    } else if datatype == xsd::G_YEAR_MONTH {
        let month: GYearMonth = text.parse().ok()?;
        beginning(month.year(), month.month(), month.timezone_offset())?
    } else if datatype == xsd::G_YEAR {
        let year: GYear = text.parse().ok()?;
        beginning(year.year(), 1, year.timezone_offset())?
    } else {
        return None;
    };
    let in_utc = time.adjust(Some(TimezoneOffset::UTC))?;
    let epoch = beginning(1970, 1, Some(TimezoneOffset::UTC))?;
    let seconds = in_utc.checked_sub(epoch)?;
    Some(Decimal::from_be_bytes(seconds.to_be_bytes()).to_string())
}

fn beginning(year: i64, month: u8, zone: Option<TimezoneOffset>) -> Option<DateTime> {
    let sign = if year < 0 { "-" } else { "" };
    let zone = zone.map(|zone| zone.to_string()).unwrap_or_default();
    let year = year.unsigned_abs();
    format!("{sign}{year:04}-{month:02}-01T00:00:00{zone}")
        .parse()
        .ok()
}

/// Seconds of a time of day or a duration. A month counts for its mean length, which agrees with
/// the order of XML Schema wherever that [says one](https://www.w3.org/TR/xmlschema11-2/#duration).
fn span(text: &str, datatype: NamedNodeRef<'_>) -> Option<String> {
    const MONTH: i64 = 2_629_746;
    if datatype == xsd::TIME {
        let time = text.parse::<Time>().ok()?;
        let midnight = "00:00:00Z".parse::<Time>().ok()?;
        let since = time
            .adjust(Some(TimezoneOffset::UTC))?
            .checked_sub(midnight)?;
        return Some(Decimal::from_be_bytes(since.to_be_bytes()).to_string());
    }
    if ![
        xsd::DURATION,
        xsd::DAY_TIME_DURATION,
        xsd::YEAR_MONTH_DURATION,
    ]
    .contains(&datatype)
    {
        return None;
    }
    let bytes = text.parse::<Duration>().ok()?.to_be_bytes();
    let (months, seconds) = bytes.split_first_chunk::<8>()?;
    let seconds = Decimal::from_be_bytes(seconds.try_into().ok()?);
    let months = Decimal::from(i64::from_be_bytes(*months));
    let total = months
        .checked_mul(Decimal::from(MONTH))?
        .checked_add(seconds)?;
    Some(total.to_string())
}

#[cfg(test)]
mod tests {
    use oxrdf::{BlankNode, NamedNode};

    use super::*;

    fn typed(text: &str, datatype: NamedNodeRef<'_>) -> Term {
        Literal::new_typed_literal(text, datatype).into()
    }

    #[test]
    fn keys_are_in_the_order_of_the_terms() {
        let ordered: Vec<Term> = vec![
            BlankNode::new_unchecked("b").into(),
            NamedNode::new_unchecked("urn:a").into(),
            NamedNode::new_unchecked("urn:b").into(),
            typed("-INF", xsd::DOUBLE),
            typed("-1e300", xsd::DOUBLE),
            typed("-99999999999999999999", xsd::INTEGER),
            typed("-10", xsd::INTEGER),
            typed("-9.75", xsd::DECIMAL),
            typed("-9.7", xsd::DECIMAL),
            typed("-0.001", xsd::DECIMAL),
            typed("0", xsd::INTEGER),
            typed("5e-324", xsd::DOUBLE),
            typed("0.1", xsd::FLOAT),
            typed("0.10000000000000000000000001", xsd::DECIMAL),
            typed("5", xsd::INT),
            typed("5", xsd::INTEGER),
            typed("16", xsd::INTEGER),
            typed("99999999999999999999", xsd::INTEGER),
            typed("1e21", xsd::DOUBLE),
            typed("INF", xsd::FLOAT),
            typed("NaN", xsd::DOUBLE),
            Literal::from("").into(),
            Literal::from("13").into(),
            Literal::new_language_tagged_literal_unchecked("13", "en").into(),
            Literal::from("130").into(),
            Literal::from("9").into(),
            typed("false", xsd::BOOLEAN),
            typed("1", xsd::BOOLEAN),
            typed("-0044-03-15", xsd::DATE),
            typed("2010", xsd::G_YEAR),
            typed("2010-01", xsd::G_YEAR_MONTH),
            typed("2010-01-01T00:00:00.5+00:00", xsd::DATE_TIME),
            typed("2010-01-01T00:00:00-01:00", xsd::DATE_TIME),
            typed("2010-01-01T01:30:00", xsd::DATE_TIME),
            typed("2010-01-02", xsd::DATE),
            typed("PT90S", xsd::DAY_TIME_DURATION),
            typed("PT2M", xsd::DAY_TIME_DURATION),
            typed("P1M", xsd::DURATION),
            typed("P32D", xsd::DURATION),
            typed("P1Y", xsd::DURATION),
            typed("abc", xsd::INTEGER),
            typed("09:00:00+02:00", xsd::TIME),
            typed("08:00:00Z", xsd::TIME),
        ];
        // Datatypes of the last kind go by their IRIs.
        for (left, right) in ordered.iter().zip(&ordered[1..]) {
            assert!(order_key(left) < order_key(right), "{left} before {right}");
        }
    }
}
