//! Seconds to `2013-04-03T14:40:00Z` and back ([RFC
//! 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6), UTC, whole seconds), which is all of
//! the calendar that this crate needs.

use crate::time::Timestamp;

const DAY: u64 = 86_400;

/// `None` beyond the year 9999.
pub(super) fn write_date(timestamp: Timestamp) -> Option<String> {
    let seconds = timestamp.as_unix_seconds();
    let (year, month, day) = civil(seconds / DAY)?;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    ))
}

/// `None` for anything but a date of that form, or one before 1970.
pub(super) fn read_date(text: &str) -> Option<Timestamp> {
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = text.get(from..to)?;
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| all_digits)
    };
    let days = days(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let seconds = days * DAY + hour * 3600 + minute * 60 + second;
    let timestamp = Timestamp::from_unix_seconds(seconds);
    // one form for one moment
    (write_date(timestamp)? == text).then_some(timestamp)
}

/// The year, month and day that lies so many days after 1970-01-01.
fn civil(days: u64) -> Option<(u64, u64, u64)> {
    let mut year = 1970 + days / 366;
    if year > 9999 {
        return None;
    }
    while self::days(year + 1, 1, 1)? <= days {
        year += 1;
    }
    let mut month = 12;
    while self::days(year, month, 1)? > days {
        month -= 1;
    }
    let day = days - self::days(year, month, 1)? + 1;
    (year <= 9999).then_some((year, month, day))
}

/// Days since 1970-01-01; a day beyond its month counts on into the next.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = BEFORE.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let leap_day = u64::from(is_leap && month > 2);
    let years = year.checked_sub(1970)?;
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    Some(
        years * 365 + leaps(year.checked_sub(1)?) - leaps(1969)
            + before
            + leap_day
            + day.checked_sub(1)?,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_moments() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_365_000_000, "2013-04-03T14:40:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            let timestamp = Timestamp::from_unix_seconds(seconds);
            assert_eq!(write_date(timestamp).as_deref(), Some(text));
            assert_eq!(read_date(text), Some(timestamp));
        }
        assert_eq!(
            write_date(Timestamp::from_unix_seconds(253_402_300_800)),
            None
        );
        assert_eq!(write_date(Timestamp::from_unix_seconds(u64::MAX)), None);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "2013-04-03",
            "2013-04-03T14:40:00",
            "2013-04-03 14:40:00Z",
            "2013-02-29T00:00:00Z",
            "2013-13-01T00:00:00Z",
            "2013-00-01T00:00:00Z",
            "2013-01-00T00:00:00Z",
            "2013-01-01T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "2013-04-03T14:40:60Z",
            "+013-04-03T14:40:00Z",
            "2013-04-03T14:40:00.5Z",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_undoes_writing(seconds in 0..253_402_300_800u64) {
            let timestamp = Timestamp::from_unix_seconds(seconds);
            prop_assert_eq!(read_date(&write_date(timestamp).unwrap()), Some(timestamp));
        }

        #[test]
        fn any_text_is_taken(text in "[0-9TZ:+é-]{0,24}") {
            let _ = read_date(&text);
        }
    }
}
