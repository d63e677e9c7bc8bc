//! The time of the FHIR server: seconds, and the three forms in which the wire writes them.

use jiff::civil::Date;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A second. It may lie in the past: a debug token may have ended long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(Timestamp);

/// In seconds.
pub(crate) const DAY: i64 = 24 * 60 * 60;

/// The first second whose year has four digits; no earlier one can be written.
const FIRST: i64 = -62_167_219_200;

impl Time {
    /// None outside of the years that can be written.
    pub(crate) fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let time = Timestamp::from_second(seconds).ok()?;
        (seconds >= FIRST).then_some(Self(time))
    }

    /// The time so many seconds later; it stops at the end of the calendar.
    pub(crate) fn plus(self, seconds: i64) -> Self {
        let later = self.0.checked_add(SignedDuration::from_secs(seconds));
        Self(later.unwrap_or(Timestamp::MAX))
    }

    pub(crate) fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// `Thu, 05 Jul 2018 17:41:24 GMT`, see
    /// [RFC 9110 §5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7).
    pub(crate) fn http_date(self) -> String {
        let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.0);
        text.unwrap_or_default()
    }

    /// `2018-07-05T17:41:24Z`, an [instant](https://hl7.org/fhir/R4/datatypes.html#instant) of
    /// FHIR.
    pub(crate) fn instant(self) -> String {
        self.0.to_string()
    }

    /// `2018-07-05`
    pub(crate) fn date(self) -> String {
        TimeZone::UTC.to_datetime(self.0).date().to_string()
    }

    /// The first second of a day written as `2018-07-05`. Other spellings of ISO 8601 are not
    /// dates of FHIR.
    pub(crate) fn parse_date(text: &str) -> Option<Self> {
        let is_plain = text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let date: Date = text.parse().ok().filter(|_| is_plain)?;
        let midnight = date.to_zoned(TimeZone::UTC).ok()?;
        Some(Self(midnight.timestamp()))
    }
}

impl From<smart_oauth::Timestamp> for Time {
    fn from(now: smart_oauth::Timestamp) -> Self {
        let seconds = i64::try_from(now.as_unix_seconds()).unwrap_or(i64::MAX);
        Self(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_as_the_wire_wants_them() {
        for (seconds, http, instant) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"),
            (
                1_530_812_484,
                "Thu, 05 Jul 2018 17:41:24 GMT",
                "2018-07-05T17:41:24Z",
            ),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59Z"),
            (
                951_782_400,
                "Tue, 29 Feb 2000 00:00:00 GMT",
                "2000-02-29T00:00:00Z",
            ),
        ] {
            let time = Time::from_unix_seconds(seconds).unwrap();
            assert_eq!(time.http_date(), http);
            assert_eq!(time.instant(), instant);
        }
    }

    #[test]
    fn only_real_days_are_read() {
        assert_eq!(
            Time::parse_date("2019-07-05").unwrap().unix_seconds(),
            1_562_284_800
        );
        for text in [
            "",
            "2019",
            "2019-7-5",
            "2019-02-30",
            "2019-13-01",
            "2019-00-01",
            "abcd-ef-gh",
            "2019-01-01T00:00",
            "-019-01-01",
        ] {
            assert_eq!(Time::parse_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn days_are_read_as_they_are_written(seconds in FIRST..=Timestamp::MAX.as_second()) {
            let time = Time::from_unix_seconds(seconds).unwrap();
            let start = Time::parse_date(&time.date()).unwrap();
            prop_assert_eq!(start.unix_seconds(), seconds.div_euclid(DAY) * DAY);
        }
    }
}
