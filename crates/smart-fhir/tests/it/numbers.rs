//! What a server wrote comes out as it went in: every number with its digits, every object with its
//! order.

use bytes::Bytes;
use http::Response;
use proptest::prelude::*;
use smart_fhir::{Base, Bundle, Interaction, Limits, Lines, Resource, resource_from_http};

/// Every form that a number can have ([RFC 8259, section
/// 6](https://www.rfc-editor.org/rfc/rfc8259#section-6)).
fn any_number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?"
}

fn any_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![4 => any_number(), 1 => Just("true".to_owned()), 1 => Just("\"1.0\"".to_owned())];
    leaf.prop_recursive(3, 20, 5, |inner| {
        let member = ("[a-e]{1,3}", inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..6).prop_map(object),
        ]
    })
}

/// The members in their order, each name once.
fn object(members: Vec<(String, String)>) -> String {
    let mut seen = std::collections::BTreeSet::new();
    let members: Vec<String> = members
        .into_iter()
        .filter(|(name, _)| seen.insert(name.clone()))
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn text_of(resource: &Resource) -> String {
    resource.as_value().to_string()
}

fn check(value: &str) {
    let limits = Limits::default();
    let text = format!(r#"{{"z":{value},"resourceType":"Observation","id":"1","a":{value}}}"#);

    let read = resource_from_http(&Response::new(&*text), &limits).unwrap();
    assert_eq!(text_of(&read), text, "a read");
    assert_eq!(serde_json::to_string(&read).unwrap(), text, "serde");
    assert_eq!(text_of(&read.view().unwrap()), text, "a view");
    assert_eq!(text_of(&read.clone().into_view().unwrap()), text, "a view");

    let update = Interaction::update(&read).unwrap();
    let base = Base::parse("https://ehr.example/fhir").unwrap();
    let update = update.to_http(&base).unwrap();
    assert_eq!(update.body(), text.as_bytes(), "an update");

    let page = format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{text}}}]}}"#);
    let page = resource_from_http(&Response::new(&*page), &limits).unwrap();
    let page = Bundle::from_resource(page, &limits).unwrap();
    let found = page.entries()[0].resource.as_ref().unwrap();
    assert_eq!(text_of(found), text, "a search");

    let mut lines = Lines::new(limits);
    lines.push(Bytes::from(format!("{text}\n")));
    let line = lines.next_resource().unwrap().unwrap();
    assert_eq!(text_of(&line), text, "an export");
}

#[test]
fn decimals_of_every_form_are_kept() {
    for number in [
        "1.00",
        "0.0010",
        "1.2E+2",
        "1E3",
        "1e-9",
        "-0",
        "-0.0",
        "[1E3,-0,{\"e\":\"1E3, -0\",\"E-0\":1E3}]",
        "123456789012345678901234567890",
        "3.141592653589793238462643383279",
        "18446744073709551616",
        "1e400",
        "-1e400",
    ] {
        check(number);
    }
}

#[cfg(feature = "rdf")]
#[test]
fn decimals_have_their_text_in_rdf_too() {
    use smart_fhir::rdf::Bridge;
    for number in ["1.00", "0.0010", "1.2E+2", "18446744073709551616", "1e400"] {
        let text = format!(
            r#"{{"resourceType": "Observation", "id": "1", "valueQuantity": {{"value": {number}}}}}"#
        );
        let resource = Resource::from_json(text.as_bytes()).unwrap();
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        let graph = Bridge::new(base).to_graph([&resource]).unwrap();
        let written = smart_rdf::Syntax::NTriples.write(&graph).unwrap();
        assert!(written.contains(&format!("\"{number}\"^^")), "{written}");
    }
}

proptest! {
    #[test]
    fn any_number_and_any_order_of_members_survive(value in any_value()) {
        check(&value);
    }
}
