//! Each fix-up on an ontology that has the fault, on one that has its subject without the fault,
//! and on an empty one.

use smart_rdf::Syntax;

use super::*;

struct Case {
    fixup: &'static str,
    /// The subject with the fault, in Turtle.
    faulty: &'static str,
    /// The subject as it should have been from the start.
    sound: &'static str,
    /// What to look at afterwards.
    effect: fn(&Ontology) -> Option<String>,
    expected: Option<&'static str>,
}

const CASES: &[Case] = &[
    Case {
        fixup: "countries_go_by_two_names",
        faulty: "v:Address a owl:Class ; rdfs:subClassOf [ owl:onProperty v:country-name ; owl:allValuesFrom sp:X ] .",
        sound: "v:Address a owl:Class ;
                    rdfs:subClassOf [ owl:onProperty v:country-name ; owl:allValuesFrom sp:X ] ,
                                    [ owl:onProperty v:country ; owl:allValuesFrom sp:X ] .",
        effect: only_misnamed,
        expected: Some("http://www.w3.org/2006/vcard/ns#country"),
    },
    Case {
        fixup: "documents_are_sorted_by_a_property_they_have",
        faulty: r#"<#d> api:clientMethodName "get_documents" ; api:defaultSort "sp:date" ."#,
        sound: r#"<#d> api:clientMethodName "get_documents" ; api:defaultSort "dcterms:date" ."#,
        effect: |ontology| only_call(ontology).default_sort.clone(),
        expected: Some("dcterms:date"),
    },
    Case {
        fixup: "family_history_goes_by_two_names",
        faulty: "sp:FamilyHistory a owl:Class .",
        sound: "sp:FamilyHistory a owl:Class . sp:FamilyHistoryObservation a owl:Class .",
        effect: only_misnomer,
        expected: Some("http://smartplatforms.org/terms#FamilyHistoryObservation"),
    },
    Case {
        fixup: "lab_panel_path_names_the_panel",
        faulty: r#"<#p> api:clientMethodName "get_lab_panel" ; api:path "/records/{record_id}/lab_panels/" ."#,
        sound: r#"<#p> api:clientMethodName "get_lab_panel" ;
                       api:path "/records/{record_id}/lab_panels/{lab_panel_id}" ."#,
        effect: |ontology| Some(only_call(ontology).path.clone()),
        expected: Some("/records/{record_id}/lab_panels/{lab_panel_id}"),
    },
    Case {
        fixup: "lab_results_filter_of_no_call",
        faulty: r#"filters:lab_results_by_date a api:Filter ."#,
        sound: r#"filters:lab_results_by_date a api:Filter .
                  <#l> api:clientMethodName "get_lab_results" ; api:hasFilter filters:lab_results_by_date ."#,
        effect: |ontology| ontology.filters.keys().next().map(ToString::to_string),
        expected: None,
    },
    Case {
        fixup: "parameters_are_query_parameters",
        faulty: "parameters:format a api:Parameter ; api:clientParameterType rdfs:Literal .
                 parameters:item_id a api:Parameter ; api:clientParameterType rdfs:Literal .",
        sound: r#"parameters:format a api:Parameter ; api:clientParameterType rdfs:Literal .
                  parameters:item_id a api:Parameter ; api:clientParameterType "query" ."#,
        effect: |ontology| {
            let is_query = |parameter: &crate::ontology::Parameter| {
                parameter.kind == ParameterType::Text("query".into())
            };
            Some(ontology.parameters.values().all(is_query).to_string())
        },
        expected: Some("true"),
    },
    Case {
        fixup: "photograph_path_names_one_photograph",
        faulty: r#"sp:Photograph a owl:Class ; api:base_path "/records/{record_id}/photographs/{photographs}" ."#,
        sound: r#"sp:Photograph a owl:Class ; api:base_path "/records/{record_id}/photographs/{photograph_id}" ."#,
        effect: |ontology| ontology.classes.values().next()?.base_path.clone(),
        expected: Some("/records/{record_id}/photographs/{photograph_id}"),
    },
    Case {
        fixup: "record_search_reads_birthday",
        faulty: r#"<#s> api:clientMethodName "search_records" ; api:hasParameter parameters:date_of_birth ."#,
        sound: r#"<#s> api:clientMethodName "search_records" ; api:hasParameter parameters:birthday ."#,
        effect: |ontology| {
            only_call(ontology)
                .parameters
                .first()?
                .read_as
                .map(str::to_owned)
        },
        expected: Some("birthday"),
    },
    Case {
        fixup: "relatives_dates_go_by_two_names",
        faulty: "sp:FamilyHistory a owl:Class ; rdfs:subClassOf [ owl:onProperty v:bday ; owl:allValuesFrom sp:X ] .",
        sound: "sp:FamilyHistory a owl:Class ;
                    rdfs:subClassOf [ owl:onProperty v:bday ; owl:allValuesFrom sp:X ] ,
                                    [ owl:onProperty sp:dateOfBirth ; owl:allValuesFrom sp:X ] .",
        effect: only_misnamed,
        expected: Some("http://smartplatforms.org/terms#dateOfBirth"),
    },
    Case {
        fixup: "stored_bytes_are_not_rdf",
        faulty: r#"<#s> api:clientMethodName "get_scratchpad_data" ."#,
        sound: r#"<#s> api:clientMethodName "get_scratchpad_data" ; api:responseContentType "text/plain" ."#,
        effect: |ontology| only_call(ontology).response_content_type.clone(),
        expected: Some("*/*"),
    },
    Case {
        fixup: "user_search_reads_camel_case",
        faulty: r#"<#s> api:clientMethodName "search_users" ;
                       api:hasParameter parameters:given_name , parameters:family_name ."#,
        sound: r#"<#s> api:clientMethodName "search_users" ; api:hasParameter parameters:given_name ."#,
        effect: |ontology| {
            let read = only_call(ontology)
                .parameters
                .iter()
                .map(|usage| usage.read_as);
            read.collect::<Option<Vec<_>>>()
                .map(|names| names.join(", "))
        },
        expected: Some("familyName, givenName"),
    },
    Case {
        fixup: "users_are_typed_in_lower_case",
        faulty: "sp:User a owl:Class .",
        sound: "sp:User a owl:Class . sp:user a owl:Class .",
        effect: only_misnomer,
        expected: Some("http://smartplatforms.org/terms#user"),
    },
    Case {
        fixup: "users_have_names_and_addresses",
        faulty: "sp:User a owl:Class .",
        sound: "sp:User a owl:Class ; rdfs:subClassOf [ owl:onProperty foaf:mbox ; owl:maxCardinality '1' ] .",
        effect: |ontology| {
            let class = ontology.classes.values().next()?;
            Some(class.restrictions.len().to_string())
        },
        expected: Some("3"),
    },
    Case {
        fixup: "zipcode_is_not_an_app_id",
        faulty: r#"parameters:zipcode a api:Parameter ; api:clientParameterName "app_id" ."#,
        sound: r#"parameters:zipcode a api:Parameter ; api:clientParameterName "zipcode" ."#,
        effect: |ontology| {
            ontology
                .parameters
                .values()
                .next()
                .map(|parameter| parameter.name.clone())
        },
        expected: Some("zipcode"),
    },
];

fn only_misnomer(ontology: &Ontology) -> Option<String> {
    let misnomer = ontology.classes.values().next()?.misnomers.first()?;
    Some(misnomer.as_str().to_owned())
}

fn only_misnamed(ontology: &Ontology) -> Option<String> {
    let misnomer = ontology.classes.values().next()?.misnamed.values().next()?;
    Some(misnomer.as_str().to_owned())
}

fn only_call(ontology: &Ontology) -> &Call {
    ontology.calls.values().next().unwrap()
}

/// An ontology of a few facts; what every call, filter and parameter needs besides is filled in.
fn ontology(facts: &str) -> Ontology {
    const PREFIXES: &str = "
        @base <http://localhost/> .
        @prefix api: <http://smartplatforms.org/terms/api#> .
        @prefix foaf: <http://xmlns.com/foaf/0.1/> .
        @prefix filters: <http://smartplatforms.org/terms/api/filters#> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix parameters: <http://smartplatforms.org/terms/api/parameters#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix sp: <http://smartplatforms.org/terms#> .
        @prefix v: <http://www.w3.org/2006/vcard/ns#> .
    ";
    let mut rest = String::new();
    for block in facts.split(" .") {
        let Some(subject) = block.split_whitespace().next() else {
            continue;
        };
        let mut fill = |property: &str, value: &str| {
            if !block.contains(property) {
                rest += &format!("{subject} {property} {value} .\n");
            }
        };
        if block.contains("api:clientMethodName") {
            fill("a api:Call", "");
            for property in [
                "api:httpMethod",
                "api:path",
                "api:category",
                "api:cardinality",
            ] {
                fill(property, "\"\"");
            }
            fill("api:target", "sp:Thing");
        } else if block.contains("a api:Filter") {
            fill("api:clientParameterName", "\"\"");
            fill("api:filterSparql", "\"\"");
        } else if block.contains("a api:Parameter") {
            fill("api:clientParameterName", "\"\"");
            fill("api:clientParameterType", "rdfs:Literal");
        }
    }
    Ontology::read(
        format!("{PREFIXES}{facts}\n{rest}").as_bytes(),
        Syntax::Turtle,
    )
    .unwrap()
}

fn outcome(fixup: &str, ontology: &mut Ontology) -> Result<Outcome, FixupError> {
    outcome_in(fixup, ontology, Revision::Unknown { calls: 1 })
}

fn outcome_in(
    fixup: &str,
    ontology: &mut Ontology,
    revision: Revision,
) -> Result<Outcome, FixupError> {
    let outcomes = apply(ontology, revision)?;
    Ok(outcomes
        .into_iter()
        .find(|(name, _)| *name == fixup)
        .unwrap()
        .1)
}

#[test]
fn every_fixup_has_a_case() {
    let names: Vec<_> = FIXUPS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        CASES.iter().map(|case| case.fixup).collect::<Vec<_>>(),
        names
    );
}

#[test]
fn a_fault_that_is_there_is_mended() {
    for case in CASES {
        let mut ontology = ontology(case.faulty);
        assert_eq!(
            outcome(case.fixup, &mut ontology).unwrap(),
            Outcome::Applied,
            "{}",
            case.fixup
        );
        assert_eq!(
            (case.effect)(&ontology).as_deref(),
            case.expected,
            "{}",
            case.fixup
        );
    }
}

#[test]
fn what_is_sound_is_not_needed_in_a_known_revision() {
    for case in CASES {
        for revision in [Revision::Calls43, Revision::Calls45, Revision::Calls47] {
            let mut ontology = ontology(case.sound);
            let outcome = outcome_in(case.fixup, &mut ontology, revision).unwrap();
            assert_eq!(outcome, Outcome::NotNeeded, "{}", case.fixup);
        }
    }
}

/// The message is about the file, for whoever runs the command has no other.
#[test]
fn what_is_sound_in_no_known_revision_is_refused_by_what_it_does_not_say() {
    for case in CASES {
        let refused = outcome(case.fixup, &mut ontology(case.sound));
        let message = refused.unwrap_err().to_string();
        assert!(message.starts_with("the file has "), "{message}");
        assert!(!message.contains("fixup"), "{message}");
    }
}

/// What of a fault is there is mended, whatever is not.
#[test]
fn a_part_of_a_fault_is_mended() {
    let mut ontology = ontology(
        r#"<#s> api:clientMethodName "get_scratchpad_data" ; api:responseContentType "text/plain" .
           <#d> api:clientMethodName "get_document" ."#,
    );
    let outcome = outcome_in("stored_bytes_are_not_rdf", &mut ontology, Revision::Calls43);
    assert_eq!(outcome.unwrap(), Outcome::NotNeeded);
    let types = ontology.calls.values();
    let types: Vec<_> = types
        .map(|call| call.response_content_type.as_deref())
        .collect();
    assert_eq!(types, [Some("*/*"), Some("text/plain")]);
}

#[test]
fn an_ontology_without_the_subject_is_left_alone() {
    let unknown = Revision::Unknown { calls: 0 };
    for (name, outcome) in apply(&mut Ontology::default(), unknown).unwrap() {
        assert_eq!(outcome, Outcome::NotApplicable, "{name}");
    }
}
