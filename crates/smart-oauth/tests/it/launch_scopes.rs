//! Scopes that ask for context reach the server letter by letter ([SMART, scopes for requesting
//! FHIR resource context](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html)).

use smart_oauth::oauth2::{Scope, Scopes};

fn kept(text: &str) -> Vec<Scope> {
    let scopes: Scopes = text.parse().unwrap();
    assert_eq!(scopes.to_string(), text);
    // neither version of the syntax changes what is not a clinical scope
    assert_eq!(scopes.to_v1().to_string(), text);
    assert_eq!(scopes.to_v2().to_string(), text);
    scopes.iter().cloned().collect()
}

#[test]
fn context_of_any_resource_type_is_asked_for_in_lower_case() {
    let scopes = kept("launch/patient launch/encounter launch/imagingstudy launch/questionnaire");
    assert_eq!(scopes[0], Scope::LaunchPatient);
    assert_eq!(scopes[1], Scope::LaunchEncounter);
    assert_eq!(scopes[2], Scope::Other("launch/imagingstudy".to_owned()));
}

#[test]
fn context_is_asked_for_by_roles_side_by_side() {
    let first = "launch/relatedperson?role=friend";
    let second = "launch/relatedperson?role=https://example.org/roles/neighbor";
    let scopes = kept(&format!("{first} {second}"));
    assert_eq!(
        scopes,
        [first, second].map(|text| Scope::Other(text.to_owned()))
    );
    assert!(!scopes[0].covers(&scopes[1]));
}

#[test]
fn launch_scopes_that_no_specification_names_are_hints_to_the_server() {
    kept("launch launch/vendor.example-workspace openid");
}

#[test]
fn context_is_granted_only_by_the_scope_that_was_asked_for() {
    let asked: Scopes = "launch/imagingstudy launch/patient".parse().unwrap();
    let granted: Scopes = "launch/patient".parse().unwrap();
    assert_eq!(
        asked.difference(&granted).to_string(),
        "launch/imagingstudy"
    );
}
