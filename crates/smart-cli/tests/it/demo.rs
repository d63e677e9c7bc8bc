use super::succeed;

#[test]
fn the_demo_reads_fifty_records_and_walks_the_dance() {
    let printed = succeed(["demo"]);
    let records = printed
        .lines()
        .filter(|line| {
            line.split_once(": ").is_some_and(|(id, _)| {
                id.len() == 7 && id.bytes().all(|byte| byte.is_ascii_digit())
            })
        })
        .count();
    assert_eq!(
        records, 51,
        "fifty records and the patient's name:\n{printed}"
    );
    for expected in [
        "oauth/request_token",
        "oauth_verifier=",
        "record 1288992",
        "\n1288992: Daniel Adams\n",
        "the patient is 401 Unauthorized;",
        "with the one it made, it is 200 OK.",
        "the patient is 200 OK again.",
        "comes back at http://not-a-real-site\n",
        "tokens for patient smart-1288992:",
        "\nsmart-1288992: Daniel Adams\n",
    ] {
        assert!(
            printed.contains(expected),
            "{expected:?} is not in:\n{printed}"
        );
    }
}

#[test]
fn the_demo_can_dance_for_another_record_of_the_container() {
    let printed = succeed(["demo"]);
    let other = printed
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(id, _)| id)
        .find(|id| id.len() == 7 && *id != "1288992");
    let other = other.expect("there is a second record");
    let printed = succeed(["demo", "--record", other]);
    let is_own = |line: &&str| line.starts_with(&format!("{other}: "));
    let name = printed.lines().rfind(is_own).unwrap_or_default();
    assert!(!name.is_empty() && !name.contains("Daniel Adams"), "{name}");
}
