use serde_json::json;

use super::*;

fn ui() -> Value {
    json!({
        "name": "N", "description": "D", "id": "a@apps.example.org", "mode": "ui",
        "index": "http://localhost:8000/index.html", "icon": "http://localhost:8000/icon.png",
    })
}

fn background() -> Value {
    json!({"name": "N", "description": "D", "id": "b@apps.example.org", "mode": "background"})
}

/// Adds `key: value` to `base` (removes it for null) and tells what the check says.
fn check(mut base: Value, key: &str, value: Value) -> Result<AppManifest, String> {
    let members = base.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(key);
    } else {
        members.insert(key.to_owned(), value);
    }
    AppManifest::from_value(base).map_err(|error| error.to_string())
}

#[test]
fn members_that_fit_are_accepted() {
    for (key, value) in [
        ("author", json!("A")),
        ("version", json!(".1a")),
        ("scope", json!("container")),
        ("smart_version", json!("1")),
        ("smart_version", json!("0.6.1")),
        ("standalone", json!(true)),
        ("mode", json!("frame_ui")),
        ("oauth_callback", json!("smart-app:///did_receive_verifier")),
        ("optimalBrowserEnvironments", json!(["desktop", "tablet"])),
        ("supportedBrowserEnvironments", json!([])),
        (
            "requires",
            json!({"http://x/#LabResult": {"methods": ["GET"], "codes": ["http://x/1"]}}),
        ),
        ("requires", json!({"http://x/#LabResult": {}})),
    ] {
        let manifest =
            check(ui(), key, value.clone()).unwrap_or_else(|e| panic!("{key} {value}: {e}"));
        assert_eq!(manifest.json()[key], value);
    }
    check(background(), "icon", json!("http://h/i.png")).unwrap();
}

#[test]
fn members_that_do_not_fit_are_named() {
    for (base, key, value, message) in [
        (ui(), "name", Value::Null, "has no \"name\""),
        (ui(), "description", Value::Null, "has no \"description\""),
        (ui(), "id", Value::Null, "has no \"id\""),
        (ui(), "mode", Value::Null, "has no \"mode\""),
        (ui(), "index", Value::Null, "has no \"index\""),
        (ui(), "icon", Value::Null, "has no \"icon\""),
        (ui(), "mode", json!("helper"), "\"mode\""),
        (ui(), "id", json!(""), "\"id\""),
        (ui(), "name", json!(1), "\"name\""),
        (
            ui(),
            "base_url",
            json!("http://h/"),
            "unknown member \"base_url\"",
        ),
        (ui(), "scope", json!("user"), "\"scope\""),
        (ui(), "smart_version", json!("1.0.0.0"), "\"smart_version\""),
        (ui(), "smart_version", json!("1."), "\"smart_version\""),
        (ui(), "standalone", json!("yes"), "\"standalone\""),
        (
            ui(),
            "optimalBrowserEnvironments",
            json!(["desktop", "desktop"]),
            "\"optimal",
        ),
        (
            ui(),
            "supportedBrowserEnvironments",
            json!(["watch"]),
            "\"supported",
        ),
        (
            ui(),
            "requires",
            json!({"t": {"methods": ["PATCH"]}}),
            "\"requires\"",
        ),
        (
            ui(),
            "requires",
            json!({"t": {"verbs": []}}),
            "\"requires\"",
        ),
        (
            background(),
            "index",
            json!("http://h/i"),
            "remove \"index\"",
        ),
        (
            background(),
            "oauth_callback",
            json!("http://h/i"),
            "remove \"oauth_callback\"",
        ),
    ] {
        let error = check(base, key, value.clone()).unwrap_err();
        assert!(error.contains(message), "{key} {value}: {error}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let check = |json: &str, expected: &str| {
        let error = AppManifest::from_json(json.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        r#"{"id": "", "mode": "helper", "zest": 1, "name": "N"}"#,
        "\"id\" in the app manifest must be a text that is not empty; \"mode\" in the app manifest must be \"ui\", \"background\" or \
         \"frame_ui\"; the app manifest has an unknown member \"zest\", remove it; the app manifest has no \"description\", add it",
    );
    // what the mode asks for comes once the rest is right
    check(
        r#"{"id": "a", "name": "N", "description": "D", "mode": "ui", "zest": 1}"#,
        "the app manifest has an unknown member \"zest\", remove it",
    );
    check(
        r#"{"id": "a", "name": "N", "description": "D", "mode": "ui"}"#,
        "the app manifest has no \"icon\", add it; the app manifest has no \"index\", add it",
    );
    check(
        r#"{"id": "a", "name": "N", "description": "D", "mode": "background", "index": "http://h/i", "oauth_callback": "http://h/c"}"#,
        "a background app has no page, remove \"index\" from its manifest; a background app has no page, remove \"oauth_callback\" \
         from its manifest",
    );
    let members: Vec<String> = (0..100).map(|n| format!("\"m{n}\": 1")).collect();
    let error = AppManifest::from_json(format!("{{{}}}", members.join(",")).as_bytes());
    assert!(error.unwrap_err().to_string().ends_with("; and 84 more"));
}

#[test]
fn what_is_not_an_object_is_refused() {
    assert!(matches!(
        AppManifest::from_json(b"{"),
        Err(ManifestError::Json(_))
    ));
    assert!(matches!(
        AppManifest::from_json(b"[]"),
        Err(ManifestError::NotAnObject)
    ));
}

#[test]
fn urls_follow_the_container_s_pattern() {
    for (url, fits) in [
        ("http://localhost:8000/smartapp/index.html", true),
        ("https://app.example.org", true),
        ("smart-app:///did_select_record", true),
        ("http://h/a?b=c&d=e#f", true),
        ("http://h/", true),
        ("http://h/a.", false),
        ("http://h/a)", false),
        ("http://h/a b", false),
        ("http://h/a@b/c", false),
        ("http://user@h/", false),
        ("http://h/a:b/c", false),
        ("http://[::1]/c", false),
        ("http://", false),
        ("://h", false),
        ("mailto:x", false),
        ("javascript://x/%0aalert", false),
        ("JavaScript://x/%0aalert", false),
    ] {
        assert_eq!(is_url(&json!(url)), fits, "{url}");
    }
}

#[test]
fn what_the_container_lacks_is_listed() {
    let requires = json!({
        "http://x/#LabResult": {"methods": ["GET", "PUT"], "codes": ["http://x/1"]},
        "http://x/#Odd": {"methods": ["GET"]},
        "http://x/#Any": {},
    });
    let offers =
        |data_type: &str, method: &str| data_type.ends_with("LabResult") && method == "GET";
    let manifest = check(ui(), "requires", requires).unwrap();
    assert_eq!(
        manifest.unmet("0.6.1", offers),
        ["PUT of http://x/#LabResult", "GET of http://x/#Odd"]
    );
    let manifest = check(ui(), "smart_version", json!("1.0")).unwrap();
    assert_eq!(
        manifest.unmet("0.6.1", offers),
        ["SMART 1.0, the container speaks 0.6.1"]
    );
    assert!(manifest.unmet("1.0", offers).is_empty());
}
