//! Days of the Gregorian calendar, as far as invented records need them.

use std::fmt;

/// The day that is "today" in every record; [`LAST_DAY`](super::LAST_DAY) as a value.
pub(super) const TODAY: Day = Day::new(2026, 6, 30);

/// A calendar day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(i32);

impl Day {
    /// The years are counted from March, so that the leap day comes last.
    pub(super) const fn new(year: i32, month: i32, day: i32) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    pub(super) const fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    pub(super) const fn days_since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    pub(super) fn year(self) -> i32 {
        self.parts().0
    }

    /// The same day so many years later; 29 February becomes 1 March where there is none.
    pub(super) fn plus_years(self, years: i32) -> Self {
        let (year, month, day) = self.parts();
        Self::new(year + years, month, day)
    }

    /// Completed years at this day of somebody born at the other.
    pub(super) fn age(self, born: Self) -> i32 {
        let (year, month, day) = self.parts();
        let (birth_year, birth_month, birth_day) = born.parts();
        year - birth_year - i32::from((month, day) < (birth_month, birth_day))
    }

    /// Year, month and day.
    fn parts(self) -> (i32, i32, i32) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        (era * 400 + year_of_era + i32::from(month <= 2), month, day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Day, TODAY};
    use crate::LAST_DAY;

    #[test]
    fn counts_days_as_the_calendar_does() {
        let check = |(year, month, day): (i32, i32, i32), count: i32, text: &str| {
            let date = Day::new(year, month, day);
            assert_eq!(date, Day(count), "{text}");
            assert_eq!(date.to_string(), text);
        };
        check((1970, 1, 1), 0, "1970-01-01");
        check((1969, 12, 31), -1, "1969-12-31");
        check((2000, 2, 29), 11_016, "2000-02-29");
        check((2000, 3, 1), 11_017, "2000-03-01");
        check((1900, 3, 1), -25_508, "1900-03-01");
        assert_eq!(TODAY.to_string(), LAST_DAY);
    }

    #[test]
    fn every_day_of_a_century_survives_the_round_trip() {
        for count in -36_525..36_525 {
            let (year, month, day) = Day(count).parts();
            assert_eq!(Day::new(year, month, day), Day(count));
        }
    }

    #[test]
    fn ages_on_the_birthday() {
        let born = Day::new(2004, 2, 29);
        assert_eq!(Day::new(2005, 2, 28).age(born), 0);
        assert_eq!(Day::new(2005, 3, 1).age(born), 1);
        assert_eq!(born.plus_years(1).to_string(), "2005-03-01");
    }
}
