//! The tables that client and container share.

use std::collections::BTreeSet;

use smart_api::vocab::{sp, spcode};
use smart_api::{
    ApiBase, Body, CALLS, CallInfo, Cardinality, Category, DateBound, DynamicCall, Method,
    ParameterKind, PathParameterKind, PathSegment, PathTemplate, STATEMENTS,
};
use smart_rdf::vocab::dcterms;

#[test]
fn every_call_is_in_the_table_once_and_in_order() {
    assert_eq!(CALLS.len(), 47);
    let names: Vec<_> = CALLS.iter().map(|info| info.name).collect();
    assert_eq!(
        names,
        names
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    for info in CALLS {
        assert_eq!(CallInfo::by_name(info.name), Some(*info));
    }
    assert_eq!(CallInfo::by_name("get_nothing"), None);
}

/// No two calls may answer to the same request: a container could not tell them apart.
#[test]
fn every_route_is_its_own() {
    let shape = |path| {
        let segments = PathTemplate::new(path).segments();
        let shapes = segments.map(|segment| match segment {
            PathSegment::Literal(text) => text,
            PathSegment::Parameter(_) => "{}",
        });
        shapes.collect::<Vec<_>>().join("/")
    };
    let routes: BTreeSet<_> = CALLS
        .iter()
        .map(|info| (info.method.as_str(), shape(info.path)))
        .collect();
    assert_eq!(routes.len(), CALLS.len());
}

#[test]
fn every_call_makes_a_request_that_fits_its_path() {
    let base = ApiBase::parse("http://localhost:7000").unwrap();
    for info in CALLS {
        let values = info
            .path_parameters
            .iter()
            .map(|parameter| (parameter.name, format!("my {}", parameter.name)));
        let body = info.method.has_body().then(|| Body::text("x"));
        let call = DynamicCall::new(info, values, body).unwrap();
        let request = call.to_request().unwrap().to_http(&base).unwrap();
        assert_eq!(
            request.method().as_str(),
            info.method.as_str(),
            "{}",
            info.name
        );
        assert_eq!(request.uri().query(), None, "{}", info.name);
        let path = request.uri().path();
        let sent: Vec<_> = path.split('/').skip(1).collect();
        let segments: Vec<_> = PathTemplate::new(info.path).segments().collect();
        assert_eq!(sent.len(), segments.len(), "{}", info.name);
        for (sent, segment) in sent.into_iter().zip(segments) {
            match segment {
                PathSegment::Literal(text) => assert_eq!(sent, text, "{}", info.name),
                PathSegment::Parameter(name) => {
                    assert_eq!(sent, format!("my%20{name}"), "{}", info.name);
                }
            }
        }
    }
}

#[test]
fn every_query_parameter_of_every_call_is_taken() {
    for info in CALLS {
        for parameter in info.query_parameters {
            for name in [parameter.name].iter().chain(parameter.other_names) {
                let value = match parameter.kind {
                    ParameterKind::Date { .. } => "2008",
                    _ => "7",
                };
                let mut values = vec![(*name, value)];
                values.extend(
                    info.path_parameters
                        .iter()
                        .map(|parameter| (parameter.name, "1")),
                );
                if matches!(parameter.kind, ParameterKind::Offset) {
                    values.push(("limit", "10"));
                }
                let call = DynamicCall::new(info, values, None).unwrap();
                let base = ApiBase::parse("http://localhost").unwrap();
                let uri = call
                    .to_request()
                    .unwrap()
                    .to_http(&base)
                    .unwrap()
                    .uri()
                    .to_string();
                assert!(
                    uri.contains(&format!("{}={value}", parameter.name)),
                    "{}: {uri}",
                    info.name
                );
            }
        }
    }
}

#[test]
fn only_reading_calls_have_a_query() {
    for info in CALLS.iter().filter(|info| info.method != Method::Get) {
        assert!(info.query_parameters.is_empty(), "{}", info.name);
    }
}

#[test]
fn filters_and_paging_are_those_of_the_ontology() {
    let is_filter = |kind: &ParameterKind| {
        matches!(
            kind,
            ParameterKind::Code { .. } | ParameterKind::Date { .. }
        )
    };
    let kinds = || {
        CALLS
            .iter()
            .flat_map(|info| info.query_parameters)
            .map(|parameter| parameter.kind)
    };
    assert_eq!(kinds().filter(is_filter).count(), 59);
    for info in CALLS {
        let has_limit = info
            .query_parameters
            .iter()
            .any(|parameter| parameter.kind == ParameterKind::Limit);
        let is_sorted_list =
            info.cardinality == Cardinality::Multiple && info.default_sort.is_some();
        assert_eq!(has_limit, is_sorted_list, "{}", info.name);
    }
    let medications = CallInfo::by_name("get_medications").unwrap();
    assert_eq!(medications.default_sort, Some(sp::START_DATE));
    assert_eq!(
        medications.query_parameter("rxnorm").unwrap().kind,
        ParameterKind::Code {
            property_path: &[sp::DRUG_NAME, sp::CODE],
            system: "http://purl.bioontology.org/ontology/RXNORM/"
        }
    );
    assert_eq!(
        medications
            .query_parameter("date_to_excluding")
            .unwrap()
            .kind,
        ParameterKind::Date {
            bound: DateBound::ToExcluding,
            property: sp::START_DATE
        }
    );
}

#[test]
fn mended_faults_stay_mended() {
    let call = |name| CallInfo::by_name(name).unwrap();
    assert_eq!(
        call("get_lab_panel").path,
        "/records/{record_id}/lab_panels/{lab_panel_id}"
    );
    assert_eq!(call("get_documents").default_sort, Some(dcterms::DATE));
    assert_eq!(call("get_photograph").response_media_type, "*/*");
    assert_eq!(
        call("get_app_manifests").response_media_type,
        "application/json"
    );
    assert_eq!(
        call("search_records")
            .query_parameter("date_of_birth")
            .unwrap()
            .name,
        "birthday"
    );
    assert_eq!(call("search_records").query_parameter("app_id"), None);
    assert_eq!(
        call("search_records")
            .query_parameter("given_name")
            .unwrap()
            .name,
        "given_name"
    );
    assert_eq!(
        call("search_users")
            .query_parameter("given_name")
            .unwrap()
            .name,
        "givenName"
    );
}

#[test]
fn categories_and_path_parameters_agree() {
    for info in CALLS {
        let first = info.path_parameters.first().map(|parameter| parameter.kind);
        match info.category {
            Category::Record => assert_eq!(first, Some(PathParameterKind::Record), "{}", info.name),
            Category::User => assert_eq!(first, Some(PathParameterKind::User), "{}", info.name),
            Category::Container => {
                assert_ne!(first, Some(PathParameterKind::Record), "{}", info.name);
            }
        }
    }
    let count = |category| {
        CALLS
            .iter()
            .filter(|info| info.category == category)
            .count()
    };
    assert_eq!(
        (
            count(Category::Record),
            count(Category::User),
            count(Category::Container)
        ),
        (37, 3, 7)
    );
}

#[test]
fn statements_have_addresses_below_their_record() {
    assert_eq!(STATEMENTS.len(), 21);
    for statement in STATEMENTS {
        match statement.base_path {
            Some(path) => assert!(path.starts_with("/records/{record_id}"), "{path}"),
            None => assert_eq!(statement.class, sp::class::PANEL),
        }
    }
    let find = |class| {
        STATEMENTS
            .iter()
            .find(|statement| statement.class == class)
            .unwrap()
    };
    assert_eq!(
        find(sp::class::MEDICAL_RECORD).base_path,
        Some("/records/{record_id}")
    );
    assert_eq!(
        find(sp::class::PHOTOGRAPH).base_path,
        Some("/records/{record_id}/photographs/{photograph_id}")
    );
    assert_eq!(
        find(sp::class::LAB_RESULT).default_sort,
        Some(dcterms::DATE)
    );
    assert_eq!(
        find(sp::class::VITAL_SIGN_SET).name_plural,
        Some("Vital Sign Sets")
    );
    assert!(
        STATEMENTS
            .iter()
            .all(|statement| statement.class != sp::class::STATEMENT)
    );
}

#[test]
fn terms_differ_in_case_only_where_the_ontology_says_so() {
    assert_eq!(
        sp::MEDICATION.as_str(),
        "http://smartplatforms.org/terms#medication"
    );
    assert_eq!(
        sp::class::MEDICATION.as_str(),
        "http://smartplatforms.org/terms#Medication"
    );
    assert_eq!(
        spcode::class::RX_NORM_SEMANTIC.as_str(),
        "http://smartplatforms.org/terms/codes/RxNorm_Semantic"
    );
}
