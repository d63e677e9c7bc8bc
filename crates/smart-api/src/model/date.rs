//! Dates of which perhaps only a part is known: in records, and in the filters of lists.

use std::fmt;

use crate::info::DateBound;

/// A date, or the part of one that is known: `2008`, `2008-06`, `2008-06-24`, or with a time as in
/// `2008-06-24T14:05:00Z`.
///
/// The text is kept as it was written, whatever it says; [`year`](Self::year),
/// [`month`](Self::month) and [`day`](Self::day) say what is known. As the value of a filter, a
/// text that is no date ends in [`CallError::Date`](crate::CallError::Date) when the request is
/// made, because a container would compare it as text and quietly keep the wrong items.
///
/// # Comparison
///
/// A partial date stands for its whole period, and [`is_within`](Self::is_within) compares two as
/// containers do:
///
/// ```
/// use smart_api::{DateBound, PartialDate};
///
/// let date = PartialDate::from("2010-06-24");
/// assert!(date.is_within(DateBound::To, &"2010".into()));
/// assert!(!date.is_within(DateBound::FromExcluding, &"2010".into()));
/// ```
///
/// There is no order between partial dates: which of `2010` and `2010-06` comes first is not known.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct PartialDate(String);

impl PartialDate {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The year, if the text is a date.
    pub fn year(&self) -> Option<u16> {
        self.digits(0, 4)
    }

    /// The month, from 1 to 12, if the text is a date that has one.
    pub fn month(&self) -> Option<u16> {
        self.digits(5, 2)
    }

    /// The day of the month, if the text is a date that has one.
    pub fn day(&self) -> Option<u16> {
        self.digits(8, 2)
    }

    /// The time of the day as it was written, with its zone if it has one.
    pub fn time(&self) -> Option<&str> {
        let (_, time) = self.0.split_once('T')?;
        is_date(&self.0).then_some(time)
    }

    /// Whether a container would keep an item of this date for a filter with this limit.
    ///
    /// Both are completed to a whole second, the limit to the edge of its period that the bound is
    /// about, this date to the edge that lets it pass, and compared as text. Offsets from UTC are
    /// not converted, and a text that is no date is compared all the same: that is how containers
    /// do it.
    pub fn is_within(&self, bound: DateBound, limit: &Self) -> bool {
        match bound {
            DateBound::From => self.latest() >= limit.earliest(),
            DateBound::FromExcluding => self.latest() > limit.latest(),
            DateBound::To => self.earliest() <= limit.latest(),
            DateBound::ToExcluding => self.earliest() < limit.earliest(),
        }
    }

    /// The text, continued as the first second that it can mean.
    fn earliest(&self) -> String {
        self.completed_by("1900-01-01T00:00:00Z")
    }

    /// The text, continued as the last second that it can mean; every month has 31 days here.
    fn latest(&self) -> String {
        self.completed_by("2999-12-31T23:59:59Z")
    }

    fn completed_by(&self, pattern: &str) -> String {
        let missing = pattern.chars().skip(self.0.chars().count());
        self.0.chars().chain(missing).collect()
    }

    fn digits(&self, start: usize, length: usize) -> Option<u16> {
        let digits = self.0.get(start..start + length)?;
        is_date(&self.0).then(|| digits.parse().ok())?
    }
}

impl From<&str> for PartialDate {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for PartialDate {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&Self> for PartialDate {
    fn from(date: &Self) -> Self {
        date.clone()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.0
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
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

    use super::DateBound::{From, FromExcluding, To, ToExcluding};
    use super::*;

    #[test]
    fn what_is_known_can_be_asked_for() {
        let known = |text: &str| {
            let date = PartialDate::from(text);
            (date.year(), date.month(), date.day())
        };
        assert_eq!(known("2008"), (Some(2008), None, None));
        assert_eq!(known("2008-06"), (Some(2008), Some(6), None));
        assert_eq!(known("2008-06-24"), (Some(2008), Some(6), Some(24)));
        assert_eq!(known("2008-06-24T14:05:00Z").2, Some(24));
        assert_eq!(known("2006-05-24T12:14:041.3421Z"), (None, None, None));
        assert_eq!(known("spring"), (None, None, None));
        let date = PartialDate::from("2008-06-24T14:05:00Z");
        assert_eq!(
            (date.time(), PartialDate::from("2008").time()),
            (Some("14:05:00Z"), None)
        );
    }

    #[test]
    fn partial_dates_are_whole_periods() {
        let check = |bound, limit: &str, kept: &[&str], dropped: &[&str]| {
            let is_within = |text: &str| PartialDate::from(text).is_within(bound, &limit.into());
            for text in kept {
                assert!(is_within(text), "{text} is {bound:?} {limit}");
            }
            for text in dropped {
                assert!(!is_within(text), "{text} is not {bound:?} {limit}");
            }
        };
        check(
            From,
            "2010-06",
            &["2010", "2010-06-01", "2011"],
            &["2009", "2010-05-31"],
        );
        check(FromExcluding, "2010", &["2011"], &["2010", "2010-12-31"]);
        check(
            To,
            "2010",
            &["2010", "2010-12-31", "2009"],
            &["2011", "2011-01-01"],
        );
        check(
            ToExcluding,
            "2010-06",
            &["2010", "2010-05-31"],
            &["2010-06", "2010-06-01"],
        );
        check(To, "tomorrow", &["2010"], &[]);
    }

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
            let date = PartialDate::from(text);
            let _ = (date.year(), date.month(), date.day(), date.time());
            date.is_within(From, &"2010".into());
        }
    }
}
