//! The date of a date filter.

/// A date, or the part of one that is known: `2008`, `2008-06`, `2008-06-24`, or with a time as in `2008-06-24T14:05:00Z`.
///
/// A partial date stands for its whole period: `date_to("2010")` keeps everything of 2010. Any text can be given; one that
/// is no date ends in [`CallError::Date`](crate::CallError::Date) when the request is made, because a container would
/// compare it as text and quietly keep the wrong items.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DateParameter(String);

impl From<&str> for DateParameter {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for DateParameter {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<DateParameter> for String {
    fn from(date: DateParameter) -> Self {
        date.0
    }
}

/// Whether the text is a date of any precision that containers compare.
pub(crate) fn is_date(text: &str) -> bool {
    let mut rest = text;
    let Some(year) = number(&mut rest, 4) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    let Some(month) = after('-', &mut rest).filter(|month| (1..=12).contains(month)) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    let Some(_) = after('-', &mut rest).filter(|day| (1..=days(year, month)).contains(day)) else {
        return false;
    };
    rest.is_empty() || is_time(rest)
}

/// `Thh`, `Thh:mm`, `Thh:mm:ss` or `Thh:mm:ss.f`, with an optional zone once there are minutes.
fn is_time(mut rest: &str) -> bool {
    let Some(_) = after('T', &mut rest).filter(|hour| *hour < 24) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    let Some(_) = after(':', &mut rest).filter(|minute| *minute < 60) else {
        return false;
    };
    if rest.starts_with(':') {
        let Some(_) = after(':', &mut rest).filter(|second| *second < 61) else {
            return false;
        };
        if let Some(fraction) = rest.strip_prefix('.') {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() == fraction.len() {
                return false;
            }
        }
    }
    rest.is_empty() || is_zone(rest)
}

fn is_zone(mut rest: &str) -> bool {
    if rest == "Z" {
        return true;
    }
    let hours = after('+', &mut rest).or_else(|| after('-', &mut rest));
    let minutes = after(':', &mut rest);
    rest.is_empty()
        && hours.is_some_and(|hours| hours < 24)
        && minutes.is_some_and(|minutes| minutes < 60)
}

/// Takes a mark and two digits.
fn after(mark: char, rest: &mut &str) -> Option<u16> {
    let mut digits = rest.strip_prefix(mark)?;
    let value = number(&mut digits, 2)?;
    *rest = digits;
    Some(value)
}

fn number(rest: &mut &str, width: usize) -> Option<u16> {
    let (digits, after) = rest.split_at_checked(width)?;
    let value = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())??;
    *rest = after;
    Some(value)
}

const fn days(year: u16, month: u16) -> u16 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_date;

    #[test]
    fn dates_of_every_precision_pass() {
        for text in [
            "2008",
            "2008-06",
            "2008-06-24",
            "2008-02-29",
            "2008-06-24T14",
            "2008-06-24T14:05",
            "2008-06-24T14:05:00",
            "2008-06-24T14:05:00Z",
            "2008-06-24T14:05:00.123456Z",
            "2008-06-24T14:05:00+01:00",
        ] {
            assert!(is_date(text), "{text}");
        }
    }

    #[test]
    fn everything_else_does_not() {
        for text in [
            "",
            "8",
            "08",
            "20080624",
            "2008-6",
            "2008-13",
            "2008-00",
            "2008-06-31",
            "2009-02-29",
            "2008-06-24 14:05",
            "2008-06-24T24:00",
            "2008-06-24T14:5",
            "2008-06-24T14:05:00.",
            "2008-06-24T14Z",
            "2008-06-24T14:05:00+1",
            "2008-06-24T14:05:00ZZ",
            "+008-01-01",
            "２００８",
            "2008-06-24}",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,24}") {
            is_date(&text);
        }
    }
}
