//! How the container compares partial dates: as text, after filling in what is missing.
//!
//! A partial date is a whole period, so `date_to=2010` includes all of 2010. Nothing here
//! understands calendars or offsets; an odd date compares as text and never fails.

use smart_api::DateBound;

const EARLIEST: &str = "1900-01-01T00:00:00Z";
const LATEST: &str = "2999-12-31T23:59:59Z";

/// Whether an item dated `date` passes the filter with this `limit`.
pub(crate) fn passes(bound: DateBound, date: &str, limit: &str) -> bool {
    match bound {
        DateBound::From => complete(date, LATEST) >= complete(limit, EARLIEST),
        DateBound::FromExcluding => complete(date, LATEST) > complete(limit, LATEST),
        DateBound::To => complete(date, EARLIEST) <= complete(limit, LATEST),
        DateBound::ToExcluding => complete(date, EARLIEST) < complete(limit, EARLIEST),
    }
}

fn complete(date: &str, template: &'static str) -> String {
    let written = date.chars().count();
    date.chars().chain(template.chars().skip(written)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use smart_api::DateBound::{From, FromExcluding, To, ToExcluding};

    #[test]
    fn partial_dates_are_whole_periods() {
        // bound, limit, dates that pass, dates that do not
        let table: &[(DateBound, &str, &[&str], &[&str])] = &[
            (
                From,
                "2010",
                &["2010", "2010-01-01", "2010-12-31", "2011"],
                &["2009", "2009-12-31"],
            ),
            (
                From,
                "2010-06",
                &["2010", "2010-06", "2010-06-01"],
                &["2009", "2010-05-31"],
            ),
            (
                From,
                "2010-06-15",
                &["2010", "2010-06", "2010-06-15"],
                &["2010-05", "2010-06-14"],
            ),
            (
                FromExcluding,
                "2010",
                &["2011", "2011-01-01"],
                &["2010", "2010-12-31", "2009"],
            ),
            (
                FromExcluding,
                "2010-06-15",
                &["2010", "2010-06", "2010-06-16"],
                &["2010-06-15"],
            ),
            (
                To,
                "2010",
                &["2010", "2010-12-31", "2009"],
                &["2011", "2011-01-01"],
            ),
            (
                To,
                "2010-06",
                &["2010", "2010-06-30", "2010-05"],
                &["2010-07-01", "2011"],
            ),
            (
                ToExcluding,
                "2010",
                &["2009", "2009-12-31"],
                &["2010", "2010-01-01", "2011"],
            ),
            (
                ToExcluding,
                "2010-06",
                &["2010", "2010-05-31"],
                &["2010-06", "2010-06-01"],
            ),
        ];
        for (bound, limit, inside, outside) in table {
            for date in *inside {
                assert!(
                    passes(*bound, date, limit),
                    "{bound:?} {limit} keeps {date}"
                );
            }
            for date in *outside {
                assert!(
                    !passes(*bound, date, limit),
                    "{bound:?} {limit} drops {date}"
                );
            }
        }
    }

    #[test]
    fn times_compare_as_text() {
        assert!(passes(From, "2010-01-01T12:00:00Z", "2010-01-01T12"));
        assert!(!passes(To, "2010-01-01T12:00:01Z", "2010-01-01T12:00:00Z"));
        // An offset is not converted: 12:00+01:00 is earlier than 11:30Z, but its text is larger.
        assert!(passes(
            From,
            "2010-01-01T12:00:00+01:00",
            "2010-01-01T11:30:00Z"
        ));
    }

    #[test]
    fn nonsense_compares_as_text_and_never_fails() {
        assert!(!passes(From, "2010", "tomorrow"));
        assert!(passes(To, "2010", "tomorrow"));
        assert!(passes(From, "2010", ""));
        assert!(passes(From, "ß", "ß and more than twenty characters"));
    }
}
