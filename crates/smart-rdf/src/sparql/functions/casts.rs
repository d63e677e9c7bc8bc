//! What a cast takes and gives, by the letter of XPath
//! ([XQuery and XPath Functions 3.1, 19](https://www.w3.org/TR/xpath-functions-31/#casting)).

use oxrdf::vocab::xsd;
use oxrdf::{Literal, Term};
use oxsdatatypes::{Decimal, Integer};

use crate::sparql::functions::order_key::{is_decimal, is_integer};

/// A string with the space around it taken off: all datatypes but `xsd:string` collapse it
/// ([XML Schema 1.1 part 2, 4.3.6](https://www.w3.org/TR/xmlschema11-2/#rf-whiteSpace)).
pub(crate) fn input(value: &Term) -> Term {
    match value {
        Term::Literal(literal) if literal.datatype() == xsd::STRING => {
            Literal::from(collapsed(literal.value())).into()
        }
        other => other.clone(),
    }
}

/// Whether the evaluator has room for the number that a string holds: 64 bits for one without a
/// point, and 18 digits behind it.
pub(crate) fn has_room(value: &Term) -> bool {
    let Term::Literal(literal) = value else {
        return true;
    };
    let text = literal.value();
    literal.datatype() != xsd::STRING
        || if is_integer(text) {
            text.parse::<Integer>().is_ok()
        } else {
            !is_decimal(text) || text.parse::<Decimal>().is_ok()
        }
}

/// The same for `xsd:float` and `xsd:double`, which Rust would read from `inf` or `infinity` as
/// well.
pub(crate) fn input_to_float(value: &Term) -> Option<Term> {
    let value = input(value);
    if let Term::Literal(literal) = &value
        && literal.datatype() == xsd::STRING
    {
        let text = literal.value();
        let is_number = matches!(text, "INF" | "+INF" | "-INF" | "NaN")
            || text
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
        if !is_number {
            return None;
        }
    }
    Some(value)
}

fn collapsed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// `xsd:string` of a value, whose text is as the evaluator writes it.
pub(crate) fn to_string(value: &Term) -> Option<Term> {
    let text = match value {
        Term::NamedNode(node) => node.as_str().to_owned(),
        Term::BlankNode(_) => return None,
        Term::Literal(literal) => {
            let text = literal.value();
            if literal.datatype() == xsd::DOUBLE {
                text.parse::<f64>().map_or_else(
                    |_| text.to_owned(),
                    |number| float_text(number, &format!("{number:e}")),
                )
            } else if literal.datatype() == xsd::FLOAT {
                text.parse::<f32>().map_or_else(
                    |_| text.to_owned(),
                    |number| float_text(number.into(), &format!("{number:e}")),
                )
            } else {
                text.to_owned()
            }
        }
    };
    Some(Literal::from(text).into())
}

/// [19.1.2.2](https://www.w3.org/TR/xpath-functions-31/#casting-to-string): as a decimal from a
/// millionth up to a million, and with an exponent beyond.
fn float_text(number: f64, scientific: &str) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "INF" } else { "-INF" }.to_owned();
    }
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific.to_owned();
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number == 0.0 || (-6..6).contains(&exponent) {
        return plain_decimal(mantissa, exponent);
    }
    if mantissa.contains('.') {
        format!("{mantissa}E{exponent}")
    } else {
        format!("{mantissa}.0E{exponent}")
    }
}

fn plain_decimal(mantissa: &str, exponent: i32) -> String {
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    let point = 1 + exponent;
    if point <= 0 {
        let zeros = "0".repeat(point.unsigned_abs() as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let point = point as usize;
    while digits.len() < point {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at(point);
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_become_the_text_of_xpath() {
        let check = |number: &str, expected: &str| {
            let value = Literal::new_typed_literal(number, xsd::DOUBLE).into();
            assert_eq!(
                to_string(&value),
                Some(Literal::from(expected).into()),
                "{number}"
            );
        };
        check("1e6", "1.0E6");
        check("999999", "999999");
        check("1234567.5", "1.2345675E6");
        check("0.000001", "0.000001");
        check("0.0000001", "1.0E-7");
        check("-1.5", "-1.5");
        check("120", "120");
        check("0", "0");
        check("-0.0", "-0");
        check("INF", "INF");
        check("-INF", "-INF");
        check("NaN", "NaN");
        check("1e300", "1.0E300");
    }
}
