//! Dates as HTTP writes them: `Thu, 05 Jul 2018 17:41:24 GMT`
//! ([RFC 9110, section 5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)).

use crate::time::Timestamp;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The time that a date means; `None` for any other text, and for times before 1970. The name of
/// the day is not looked at.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let (_, rest) = text.split_once(", ")?;
    let parts: Vec<_> = rest.split(' ').collect();
    let [day, month, year, time, "GMT"] = parts[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|known| *known == month)?;
    let (day, year) = (number(day, 1, 31)?, number(year, 1970, 9999)?);
    let parts: Vec<_> = time.split(':').collect();
    let [hour, minute, second] = parts[..] else {
        return None;
    };
    let (hour, minute, second) = (
        number(hour, 0, 23)?,
        number(minute, 0, 59)?,
        number(second, 0, 60)?,
    );
    let days = days_before_year(year) + days_before_month(year, month) + (day - 1);
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp::from_unix_seconds(seconds))
}

fn number(text: &str, least: u64, most: u64) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (least..=most).contains(&number).then_some(number)
}

/// Days from the beginning of 1970.
fn days_before_year(year: u64) -> u64 {
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969)
}

fn days_before_month(year: u64, month: usize) -> u64 {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    BEFORE[month] + u64::from(is_leap && month > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 05 Jul 2018 17:41:24 GMT", 1_530_812_484),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ] {
            assert_eq!(
                http_date(text),
                Some(Timestamp::from_unix_seconds(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "Thu, 05 Jul 2018",
            "Thu, 05 Jul 2018 17:41:24 CET",
            "Thu, +5 Jul 2018 17:41:24 GMT",
            "Thu, 05 Foo 2018 17:41:24 GMT",
            "Thu, 05 Jul 1969 17:41:24 GMT",
            "Thu, 05 Jul 2018 25:41:24 GMT",
            "1530812484",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }
}
