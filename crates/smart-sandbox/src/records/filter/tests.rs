use super::*;
use crate::records::store::Store;
use crate::records::testing::{BASE, ada, turtle};

fn record() -> Arc<Record> {
    let mut store = Store::new(BASE);
    store.add_graph("1", &ada()).unwrap();
    store.record("1").unwrap().unwrap()
}

/// The dates of what a call selects, in order, and the total.
fn check(call: &str, query: &str, expected: &[&str], total: usize) {
    let record = record();
    let call = CallInfo::by_name(call).unwrap();
    let page = select(&record, call, &Pairs::parse(query));
    let mut dates: Vec<String> = page
        .statements
        .iter()
        .map(|statement| {
            let property = call.default_sort.unwrap();
            statement.texts(property).next().unwrap_or("-").to_owned()
        })
        .collect();
    if page.paging.is_none() {
        dates.sort();
    }
    assert_eq!(dates, expected, "{query}");
    assert_eq!(page.total, total, "{query}");
}

#[test]
fn without_parameters_everything_is_kept() {
    check("get_medications", "", &["-", "2008-03-01", "2010"], 3);
}

#[test]
fn code_filters_are_alternatives() {
    check("get_medications", "rxnorm=111", &["-", "2008-03-01"], 2);
    check("get_medications", "rxnorm=222|333", &["2010"], 1);
    check(
        "get_medications",
        "rxnorm=111|222",
        &["-", "2008-03-01", "2010"],
        3,
    );
    check("get_medications", "rxnorm=", &[], 0);
    check("get_lab_results", "loinc=2951-2", &["2011-11-12"], 1);
    check(
        "get_vital_sign_sets",
        "encounter_type=ambulatory",
        &["2011-01-02"],
        1,
    );
    check("get_vital_sign_sets", "encounter_type=inpatient", &[], 0);
}

#[test]
fn hostile_values_match_nothing_and_break_nothing() {
    check("get_medications", "rxnorm=111%3E%20.%20%7D", &[], 0);
    check(
        "get_medications",
        "date_from=%22%29%20%7D",
        &["2008-03-01", "2010"],
        2,
    );
}

#[test]
fn dates_filter_and_drop_what_has_none() {
    check(
        "get_medications",
        "date_from=2008",
        &["2008-03-01", "2010"],
        2,
    );
    check("get_medications", "date_from_including=2009", &["2010"], 1);
    check("get_medications", "date_to=2008", &["2008-03-01"], 1);
    check(
        "get_medications",
        "date_to_excluding=2010-06",
        &["2008-03-01", "2010"],
        2,
    );
    check("get_medications", "date_from_excluding=2008", &["2010"], 1);
    check(
        "get_medications",
        "date_from=2008-02&date_to=2008-04",
        &["2008-03-01"],
        1,
    );
    check(
        "get_medications",
        "date_from=2008&rxnorm=111",
        &["2008-03-01"],
        1,
    );
}

#[test]
fn filters_that_the_call_does_not_define_are_ignored() {
    check(
        "get_medications",
        "loinc=2951-2&nonsense=1",
        &["-", "2008-03-01", "2010"],
        3,
    );
    check("get_encounters", "date_from=2099", &["2011-01-02"], 1);
}

#[test]
fn a_limit_sorts_newest_first_and_drops_what_cannot_be_placed() {
    check("get_medications", "limit=10", &["2010", "2008-03-01"], 2);
    check("get_medications", "limit=1", &["2010"], 2);
    check("get_medications", "limit=1&offset=1", &["2008-03-01"], 2);
    check("get_medications", "limit=1&offset=2", &[], 2);
    check(
        "get_medications",
        "limit=99999999999999999999&offset=1",
        &["2008-03-01"],
        2,
    );
    check(
        "get_medications",
        "limit=1&offset=99999999999999999999",
        &[],
        2,
    );
}

#[test]
fn what_is_no_limit_limits_nothing() {
    for query in ["limit=0", "limit=-1", "limit=x", "limit=", "offset=1"] {
        check("get_medications", query, &["-", "2008-03-01", "2010"], 3);
    }
}

#[test]
fn a_list_without_an_order_ignores_the_limit() {
    let record = record();
    let call = CallInfo::by_name("get_family_history_observations").unwrap();
    let page = select(&record, call, &Pairs::parse("limit=1"));
    assert_eq!((page.total, page.paging), (1, None));
}

#[test]
fn equal_dates_are_in_the_order_of_uris() {
    let mut store = Store::new(BASE);
    let text = "[] a sp:MedicalRecord . [] a sp:Problem ; sp:startDate '2000' . [] a sp:Problem ; sp:startDate '2000' .
                [] a sp:Problem ; sp:startDate '2000' .";
    store.add_graph("1", &turtle(text)).unwrap();
    let record = store.record("1").unwrap().unwrap();
    let page = select(
        &record,
        CallInfo::by_name("get_problems").unwrap(),
        &Pairs::parse("limit=3"),
    );
    assert!(page.statements.is_sorted_by(|a, b| a.uri < b.uri));
}

#[test]
fn pages_follow_each_other_to_the_end() {
    let record = record();
    let call = CallInfo::by_name("get_medications").unwrap();
    let first = select(&record, call, &Pairs::parse("limit=1"));
    assert_eq!(first.next_offset(), Some(1));
    let last = select(&record, call, &Pairs::parse("limit=1&offset=1"));
    assert_eq!(last.next_offset(), None);
    let beyond = select(&record, call, &Pairs::parse("limit=1&offset=9"));
    assert_eq!(beyond.next_offset(), None);
}
