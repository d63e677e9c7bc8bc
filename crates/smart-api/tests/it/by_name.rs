//! Calls that are known only by name, and what is said when the names are wrong.

use smart_api::{Body, CallError, CallInfo, CallRequest, DynamicCall};

fn request(
    call: &str,
    parameters: &[(&str, &str)],
    body: Option<Body>,
) -> Result<CallRequest, CallError> {
    let info = CallInfo::by_name(call).expect("the call exists");
    DynamicCall::new(info, parameters.iter().copied(), body)?.to_request()
}

fn check(call: &str, parameters: &[(&str, &str)], expected: &str) {
    let message = request(call, parameters, None)
        .err()
        .map(|error| error.to_string());
    assert_eq!(message.as_deref(), Some(expected));
}

#[test]
fn unknown_parameters_are_told_what_exists() {
    check(
        "get_problems",
        &[("record_id", "1"), ("rxnorm", "1")],
        "get_problems has no parameter `rxnorm`; it has record_id, date_from, date_from_excluding, \
         date_from_including, date_to, date_to_excluding, date_to_including, snomed, limit, offset",
    );
    check(
        "get_ontology",
        &[("limit", "1")],
        "get_ontology has no parameter `limit`; it has none",
    );
}

#[test]
fn missing_and_repeated_parameters_are_named() {
    check(
        "get_medication",
        &[("record_id", "1")],
        "`medication_id` is missing: the path needs it",
    );
    check(
        "get_medications",
        &[("record_id", "1"), ("record_id", "2")],
        "`record_id` is given twice: give it once, several codes separated by `|`",
    );
    check(
        "search_records",
        &[("birthday", "1965"), ("date_of_birth", "1965")],
        "`date_of_birth` is given twice: give it once, several codes separated by `|`",
    );
}

#[test]
fn values_are_checked_by_their_kind() {
    let medications = |name, value| {
        request(
            "get_medications",
            &[("record_id", "1"), (name, value)],
            None,
        )
    };
    assert!(medications("rxnorm", "856987|197361").is_ok());
    assert!(medications("limit", "10").is_ok());
    assert!(matches!(
        medications("limit", "ten"),
        Err(CallError::Number { .. })
    ));
    assert!(matches!(
        medications("limit", "+10"),
        Err(CallError::Number { .. })
    ));
    assert!(matches!(
        medications("limit", "99999999999"),
        Err(CallError::Number { .. })
    ));
    assert!(matches!(
        medications("date_to", "yesterday"),
        Err(CallError::Date { .. })
    ));
    assert!(matches!(
        medications("rxnorm", "856987|"),
        Err(CallError::BlankValue { .. })
    ));
    assert!(matches!(
        medications("offset", "10"),
        Err(CallError::OffsetWithoutLimit)
    ));
}

#[test]
fn a_body_goes_with_the_calls_that_write_and_only_with_them() {
    let scratchpad = [("record_id", "1"), ("smart_app_id", "a@example.org")];
    assert!(request("put_scratchpad_data", &scratchpad, Some(Body::text("x"))).is_ok());
    let error = request("put_scratchpad_data", &scratchpad, None)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "put_scratchpad_data sends a body: give one"
    );
    let error = request("get_scratchpad_data", &scratchpad, Some(Body::text("x")))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "get_scratchpad_data sends no body: leave it out"
    );
}
