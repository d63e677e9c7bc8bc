//! What holds for any values.

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use smart_fhir::{Base, Interaction, Limits, LineError, Lines, Search};

/// Reads a value as FHIR does: alternatives at commas, parts at bars, what follows a backslash as
/// it is.
fn unescaped(value: &str) -> Vec<Vec<String>> {
    let mut alternatives = vec![vec![String::new()]];
    let mut rest = value.chars();
    while let Some(one) = rest.next() {
        let alternative = alternatives.last_mut().unwrap();
        match one {
            '\\' => alternative.last_mut().unwrap().extend(rest.next()),
            '|' => alternative.push(String::new()),
            ',' => alternatives.push(vec![String::new()]),
            _ => alternative.last_mut().unwrap().push(one),
        }
    }
    alternatives
}

/// The pairs of a query, decoded as servers do.
fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            let value = percent_decode_str(value).decode_utf8().unwrap();
            (name.to_owned(), value.into_owned())
        })
        .collect()
}

/// What a parameter may have as its value: anything but nothing.
fn any_value() -> impl Strategy<Value = String> {
    any_text().prop_filter("no value", |value| !value.is_empty())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\\\,|$&=?#/%+ ;:é\u{1F600}a]{0,12}".prop_map(String::from)
    ]
}

fn lines_of(pieces: &[Bytes], limits: &Limits) -> (Vec<Bytes>, bool) {
    let mut lines = Lines::new(limits.clone());
    let (mut found, mut failed) = (Vec::new(), false);
    let mut take = |lines: &mut Lines| {
        while let Some(line) = lines.next_line() {
            match line {
                Ok(line) => found.push(line),
                Err(LineError::TooLong { .. }) => failed = true,
                Err(other) => panic!("{other}"),
            }
        }
    };
    for piece in pieces {
        lines.push(piece.clone());
        take(&mut lines);
    }
    lines.end();
    take(&mut lines);
    (found, failed)
}

fn cut(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Bytes> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    let mut begin = 0;
    let mut pieces = Vec::new();
    for end in places.into_iter().chain([bytes.len()]) {
        pieces.push(Bytes::copy_from_slice(&bytes[begin..end]));
        begin = end;
    }
    pieces
}

proptest! {
    #[test]
    fn a_value_arrives_as_it_was_given(values in prop::collection::vec(any_value(), 1..4), system in any_text(), code in any_text()) {
        let search = Search::new("Observation")
            .with("one", &values[0])
            .with_any("any", values.iter().map(|value| &**value))
            .with_code("code", &system, &code);
        let request = Interaction::search(&search).unwrap().to_http(&Base::parse("https://ehr.example/fhir").unwrap());
        let request = request.unwrap();
        prop_assert_eq!(request.uri().path(), "/fhir/Observation");
        let read = pairs(request.uri().query().unwrap());
        prop_assert_eq!(read.len(), 3, "no value adds a parameter");
        prop_assert_eq!(unescaped(&read[0].1), vec![vec![values[0].clone()]]);
        let each: Vec<Vec<String>> = values.iter().map(|value| vec![value.clone()]).collect();
        prop_assert_eq!(unescaped(&read[1].1), each);
        prop_assert_eq!(unescaped(&read[2].1), vec![vec![system, code]]);
    }

    #[test]
    fn get_and_post_ask_the_same(value in any_value()) {
        let search = Search::new("Patient").with("name", &value);
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        let get = Interaction::search(&search).unwrap().to_http(&base).unwrap();
        let post = Interaction::search_by_post(&search).unwrap().to_http(&base).unwrap();
        prop_assert_eq!(get.uri().query().unwrap().as_bytes(), &post.body()[..]);
    }

    #[test]
    fn a_reference_stays_below_the_base(id in any_text(), version in any_text()) {
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        for reference in [format!("Patient/{id}"), format!("Patient/{id}/_history/{version}")] {
            let Ok(read) = Interaction::read(&reference) else { continue };
            let request = read.to_http(&base).unwrap();
            let path = request.uri().path();
            prop_assert!(path.starts_with("/fhir/Patient/"));
            prop_assert!(request.uri().query().is_none());
            prop_assert_eq!(percent_decode_str(path).decode_utf8().unwrap(), format!("/fhir/{reference}"));
        }
    }

    #[test]
    fn a_link_is_followed_to_the_origin_or_not_at_all(link in any_text(), tail in any_text()) {
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        for link in [link.clone(), format!("https://ehr.example{tail}"), format!("/{tail}"), format!("https:{tail}"), format!("{link}//evil.example/")] {
            if let Ok(uri) = base.resolve(&link) {
                prop_assert_eq!(uri.scheme_str(), Some("https"), "{}", link);
                prop_assert_eq!(uri.authority().unwrap().as_str(), "ehr.example", "{}", link);
            }
        }
    }

    #[test]
    fn lines_do_not_depend_on_how_the_bytes_come(
        text in prop_oneof!["[ab\r\n ]{0,60}".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..80)],
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        limit in 1_usize..30,
    ) {
        let limits = Limits::default().with_line(limit);
        let whole = lines_of(&[Bytes::copy_from_slice(&text)], &limits);
        let pieces = lines_of(&cut(&text, &cuts), &limits);
        prop_assert_eq!(&whole, &pieces);
        let plain: Vec<&[u8]> = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect();
        if !whole.1 && !text.windows(3).any(|three| three == b"\xef\xbb\xbf") {
            prop_assert_eq!(whole.0, plain);
        }
    }
}
