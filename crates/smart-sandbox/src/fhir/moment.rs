//! Seconds, and the three ways in which the wire writes them.

use smart_oauth::Timestamp;

/// A second of the proleptic Gregorian calendar, counted from 1970. It may lie before: a debug token may have ended long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

pub(crate) const DAY: i64 = 24 * 60 * 60;

/// The first and last seconds whose year has four digits; nothing else can be written.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

impl Moment {
    /// None outside of the years that can be written.
    pub(crate) fn from_unix_seconds(seconds: i64) -> Option<Self> {
        (FIRST..=LAST).contains(&seconds).then_some(Self(seconds))
    }

    /// The moment so many seconds later; it stops at the end of the calendar.
    pub(crate) fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds).clamp(FIRST, LAST))
    }

    pub(crate) fn unix_seconds(self) -> i64 {
        self.0
    }

    /// `Thu, 05 Jul 2018 17:41:24 GMT`, see [RFC 9110 §5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7).
    pub(crate) fn http_date(self) -> String {
        const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let (year, month, day) = self.civil();
        let (hour, minute, second) = self.time();
        let weekday = pick(&WEEKDAYS, self.days().rem_euclid(7));
        let month = pick(&MONTHS, month - 1);
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    /// `2018-07-05T17:41:24Z`, an [instant](https://hl7.org/fhir/R4/datatypes.html#instant) of FHIR.
    pub(crate) fn instant(self) -> String {
        let (hour, minute, second) = self.time();
        format!("{}T{hour:02}:{minute:02}:{second:02}Z", self.date())
    }

    /// `2018-07-05`
    pub(crate) fn date(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The first second of a day written as `2018-07-05`.
    pub(crate) fn parse_date(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let fits = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| part.parse::<i64>().ok())?
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let moment = Self(days_from_civil(year, month, day).checked_mul(DAY)?);
        // The thirty-first of February is a day of March.
        (moment.civil() == (year, month, day)).then_some(moment)
    }

    fn days(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    fn time(self) -> (i64, i64, i64) {
        let second = self.0.rem_euclid(DAY);
        (second / 3600, second / 60 % 60, second % 60)
    }

    /// Year, month and day. Years are counted from March, so that the leap day is the last of its year.
    fn civil(self) -> (i64, i64, i64) {
        let days = self.days() + DAYS_BEFORE_1970;
        let era = days.div_euclid(DAYS_PER_ERA);
        let day_of_era = days.rem_euclid(DAYS_PER_ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = (march_month + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        (year, month, day)
    }
}

impl From<Timestamp> for Moment {
    fn from(now: Timestamp) -> Self {
        let seconds = i64::try_from(now.as_unix_seconds()).unwrap_or(LAST);
        Self(seconds.clamp(FIRST, LAST))
    }
}

/// From the first of March of year 0 to 1970.
const DAYS_BEFORE_1970: i64 = 719_468;
/// In 400 years.
const DAYS_PER_ERA: i64 = 146_097;

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970
}

fn pick(names: &[&'static str], place: i64) -> &'static str {
    let place = usize::try_from(place).unwrap_or_default();
    names.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_written_as_the_wire_wants_them() {
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
            let moment = Moment::from_unix_seconds(seconds).unwrap();
            assert_eq!(moment.http_date(), http);
            assert_eq!(moment.instant(), instant);
        }
    }

    #[test]
    fn only_real_days_are_read() {
        assert_eq!(
            Moment::parse_date("2019-07-05").unwrap().unix_seconds(),
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
            assert_eq!(Moment::parse_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn days_are_read_as_they_are_written(seconds in FIRST..=LAST) {
            let moment = Moment::from_unix_seconds(seconds).unwrap();
            let start = Moment::parse_date(&moment.date()).unwrap();
            prop_assert_eq!(start.unix_seconds(), seconds.div_euclid(DAY) * DAY);
        }
    }
}
