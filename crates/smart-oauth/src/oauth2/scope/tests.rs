//! Grammar by table, sets against brute force.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

fn scopes(text: &str) -> Scopes {
    text.parse().unwrap()
}

#[test]
fn known_scopes_keep_their_text() {
    for text in [
        "openid",
        "fhirUser",
        "launch",
        "launch/patient",
        "launch/encounter",
        "offline_access",
        "online_access",
        "profile",
        "patient/*.read",
        "user/Observation.write",
        "system/*.*",
        "patient/Observation.rs",
        "user/*.cruds",
        "system/Patient.c",
        "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
    ] {
        assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
    }
}

#[test]
fn what_is_clinical() {
    for text in [
        "patient/*.read",
        "patient/*.*",
        "user/Condition.cud",
        "system/A1.s?x=y",
    ] {
        assert!(matches!(text.parse(), Ok(Scope::Clinical(_))), "{text}");
    }
    for text in [
        "patient/*.sr",
        "patient/*.rr",
        "patient/*.",
        "patient/observation.rs",
        "agent/*.rs",
        "patient/Observation",
        "patient/*.Read",
        "patient/*.read?x=y",
        "patient/*.rs?",
        "patient/.rs",
        "Patient/*.rs",
        "patient/*.reads",
        "nonsense",
    ] {
        assert_eq!(text.parse(), Ok(Scope::Other(text.to_owned())));
    }
}

#[test]
fn what_is_no_scope() {
    for (text, error) in [
        ("", ScopeError::Empty),
        ("a b", ScopeError::BadCharacter),
        ("a\"", ScopeError::BadCharacter),
        ("a\\", ScopeError::BadCharacter),
        ("é", ScopeError::BadCharacter),
        (&"a".repeat(2049), ScopeError::TooLong { limit: 2048 }),
    ] {
        assert_eq!(text.parse::<Scope>(), Err(error));
    }
    let many = (0..2049)
        .map(|number| format!("s{number} "))
        .collect::<String>();
    assert_eq!(
        many.parse::<Scopes>(),
        Err(ScopeError::TooMany { limit: 2048 })
    );
}

#[test]
fn scopes_as_uris_mean_what_they_stand_for_and_keep_their_text() {
    for (uri, plain) in [
        (
            "http://smarthealthit.org/fhir/scopes/patient/*.read",
            "patient/*.read",
        ),
        (
            "http://smarthealthit.org/fhir/scopes/patient/Observation.rs?category=laboratory",
            "patient/Observation.rs?category=laboratory",
        ),
        ("http://smarthealthit.org/fhir/scopes/fhirUser", "fhirUser"),
        (
            "http://smarthealthit.org/fhir/scopes/offline_access",
            "offline_access",
        ),
        (
            "http://openid.net/specs/openid-connect-core-1_0#openid",
            "openid",
        ),
        (
            "http://openid.net/specs/openid-connect-core-1_0#profile",
            "profile",
        ),
    ] {
        let scope: Scope = uri.parse().unwrap();
        assert_eq!(scope.to_string(), uri);
        assert_eq!(scope.plain().to_string(), plain);
        assert_eq!(scope.to_uri().as_deref(), Some(uri));
        let parsed: Scope = plain.parse().unwrap();
        assert_eq!(parsed.to_uri().as_deref(), Some(uri));
        assert!(scopes(plain).covers(&scopes(uri)) && scopes(uri).covers(&scopes(plain)));
        // granted in one form and asked in the other
        for (asked, granted) in [(plain, uri), (uri, plain)] {
            let granted = Some(Scopes::read_leniently(granted));
            let report = ScopeReport::new(scopes(asked), granted);
            assert!(report.is_complete() && report.unasked().is_empty(), "{uri}");
        }
    }
    assert_eq!("nonsense".parse::<Scope>().unwrap().to_uri(), None);
}

#[test]
fn scopes_of_foreign_languages_are_not_understood() {
    for foreign in [
        "patient.Patient.read",
        "patient/Patient.sr",
        "https://ehr.example/patient/Patient.read",
        "user_impersonation",
        ".default",
        "openid,patient/*.read",
    ] {
        assert!(
            !foreign.parse::<Scope>().unwrap().is_understood(),
            "{foreign}"
        );
    }
    for known in ["openid", "profile", "launch/imagingstudy", "patient/*.rs"] {
        assert!(known.parse::<Scope>().unwrap().is_understood(), "{known}");
    }
}

#[test]
fn nothing_of_a_grant_is_lost() {
    let granted = Scopes::read_leniently("openid \"patient/*.read\" é");
    assert_eq!(
        granted.to_string(),
        "openid %22patient%2F%2A.read%22 %C3%A9"
    );
    assert_eq!(granted.to_string().parse(), Ok(granted));
    let many: String = (0..3000).map(|number| format!("s{number} ")).collect();
    let granted = Scopes::read_leniently(&many);
    assert_eq!(granted.len(), 2048);
    assert!(granted.to_string().ends_with(" (more)"));
}

#[test]
fn row_scopes_v2_are_spelled_for_old_servers() {
    let asked = scopes(
        "launch/patient patient/*.rs user/Patient.cruds patient/Condition.r patient/Observation.rs?a=b",
    );
    let old = asked.to_v1();
    assert_eq!(
        old.to_string(),
        "launch/patient patient/*.read user/Patient.* patient/Condition.r patient/Observation.rs?a=b"
    );
    assert_eq!(old.to_v2(), asked);
    assert!(old.is_equivalent(&asked));
}

#[test]
fn row_scope_grant_is_reported_against_the_request() {
    let asked = scopes("launch/patient patient/*.rs offline_access");
    let report = ScopeReport::new(
        asked.clone(),
        Some(scopes(
            "launch/patient patient/Observation.read patient/*.s openid",
        )),
    );
    assert_eq!(report.missing().to_string(), "patient/*.r offline_access");
    assert_eq!(report.unasked().to_string(), "openid");
    assert!(report.stated && !report.is_complete());
    let silent = ScopeReport::new(asked.clone(), None);
    assert!(!silent.stated && silent.is_complete());
    assert_eq!(silent.granted, asked);
}

#[test]
fn known_shortest_forms() {
    for (long, short) in [
        ("patient/*.read patient/*.write", "patient/*.*"),
        ("patient/*.r patient/*.s", "patient/*.rs"),
        ("patient/Observation.rs patient/*.read", "patient/*.read"),
        (
            "patient/Observation.cruds patient/*.rs",
            "patient/Observation.cud patient/*.rs",
        ),
        ("patient/A.rs?x=1 patient/A.rs", "patient/A.rs"),
        (
            "patient/A.rs?x=1&y=2 patient/A.r?y=2&x=1 patient/A.r?x=1",
            "patient/A.s?x=1&y=2 patient/A.r?x=1",
        ),
        (
            "openid patient/A.rs user/A.rs openid",
            "openid patient/A.rs user/A.rs",
        ),
    ] {
        assert_eq!(scopes(long).shortest().to_string(), short);
    }
}

/// Any text of the grammar over a small universe: two contexts, two named types, two parameters.
fn clinical() -> impl Strategy<Value = Scope> {
    let v1 = select(vec!["read", "write", "*"]).prop_map(str::to_owned);
    let letters = subsequence(vec!["c", "r", "u", "d", "s"], 1..=5).prop_map(|some| some.concat());
    let query = select(vec!["", "?p", "?q", "?p&q", "?q&p"]);
    let v2 = (letters, query).prop_map(|(letters, query)| letters + query);
    (
        select(vec!["patient", "user"]),
        select(vec!["*", "A", "B"]),
        prop_oneof![v1, v2],
    )
        .prop_map(|(context, resource, rest)| {
            format!("{context}/{resource}.{rest}").parse().unwrap()
        })
}

fn any_scopes() -> impl Strategy<Value = Scopes> {
    let plain =
        select(vec!["openid", "offline_access", "x"]).prop_map(|text| text.parse().unwrap());
    vec(prop_oneof![5 => clinical(), 1 => plain], 0..7).prop_map(|all| all.into_iter().collect())
}

/// The meaning spelled out: every deed that the scopes allow, in a world with one more type than
/// scopes name.
fn deeds(scopes: &Scopes) -> Vec<String> {
    let mut allowed = Vec::new();
    for context in ["patient", "user"] {
        for resource in ["A", "B", "Unnamed"] {
            for meets in [&[][..], &["p"], &["q"], &["p", "q"]] {
                for letter in ["c", "r", "u", "d", "s"] {
                    if scopes
                        .iter()
                        .any(|scope| allows(&scope.to_string(), context, resource, meets, letter))
                    {
                        allowed.push(format!("{context}/{resource}.{letter} {meets:?}"));
                    }
                }
            }
        }
    }
    for plain in ["openid", "offline_access", "x"] {
        if scopes.iter().any(|scope| scope.to_string() == plain) {
            allowed.push(plain.to_owned());
        }
    }
    allowed
}

/// Reads the text by itself, so that it cannot repeat the parser's mistakes.
fn allows(scope: &str, context: &str, resource: &str, meets: &[&str], letter: &str) -> bool {
    let Some((of, rest)) = scope.split_once('/') else {
        return false;
    };
    let (head, query) = rest.split_once('?').unwrap_or((rest, ""));
    let Some((kind, verbs)) = head.split_once('.') else {
        return false;
    };
    let verbs = match verbs {
        "read" => "rs",
        "write" => "cud",
        "*" => "cruds",
        letters => letters,
    };
    of == context
        && (kind == "*" || kind == resource)
        && verbs.contains(letter)
        && query
            .split('&')
            .all(|wanted| wanted.is_empty() || meets.contains(&wanted))
}

fn is_subset(small: &[String], large: &[String]) -> bool {
    small.iter().all(|deed| large.contains(deed))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn printing_and_parsing_are_inverse(set in any_scopes()) {
        prop_assert_eq!(set.to_string().parse::<Scopes>().unwrap(), set);
    }

    #[test]
    fn covering_is_having_every_deed(left in any_scopes(), right in any_scopes()) {
        prop_assert_eq!(left.covers(&right), is_subset(&deeds(&right), &deeds(&left)));
        prop_assert_eq!(left.is_equivalent(&right), deeds(&left) == deeds(&right));
    }

    #[test]
    fn union_and_intersection_are_exact(left in any_scopes(), right in any_scopes()) {
        let (left_deeds, right_deeds) = (deeds(&left), deeds(&right));
        let both = deeds(&left.union(&right));
        prop_assert!(is_subset(&left_deeds, &both) && is_subset(&right_deeds, &both));
        prop_assert!(both.iter().all(|deed| left_deeds.contains(deed) || right_deeds.contains(deed)));
        let common: Vec<_> = left_deeds.into_iter().filter(|deed| right_deeds.contains(deed)).collect();
        prop_assert_eq!(deeds(&left.intersection(&right)), common);
    }

    #[test]
    fn difference_is_what_is_still_to_be_granted(left in any_scopes(), right in any_scopes()) {
        let rest = left.difference(&right);
        let rest_deeds = deeds(&rest);
        prop_assert!(is_subset(&rest_deeds, &deeds(&left)));
        for deed in deeds(&left) {
            prop_assert!(rest_deeds.contains(&deed) || deeds(&right).contains(&deed));
        }
        // nothing in it is fully granted already
        for scope in rest.iter() {
            prop_assert!(!right.covers(&[scope.clone()].into_iter().collect()));
        }
    }

    #[test]
    fn shortest_means_the_same_and_can_lose_nothing(set in any_scopes()) {
        let short = set.shortest();
        prop_assert_eq!(deeds(&short), deeds(&set));
        prop_assert!(short.len() <= set.len());
        for left_out in 0..short.len() {
            let fewer: Scopes = short.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, scope)| scope.clone()).collect();
            prop_assert_ne!(deeds(&fewer), deeds(&set), "{} needs no {}", short, left_out);
        }
        prop_assert_eq!(short.shortest(), short);
    }

    #[test]
    fn spelling_does_not_change_the_meaning(set in any_scopes()) {
        prop_assert_eq!(deeds(&set.to_v1()), deeds(&set));
        prop_assert_eq!(deeds(&set.to_v2()), deeds(&set));
    }

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        let _ = text.parse::<Scopes>();
        Scopes::read_leniently(&text);
    }
}
