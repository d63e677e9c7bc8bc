//! The known faults of the ontology, one function each, with their stories.
//!
//! The faults are kept in specs/smart.ttl, because containers serve them too: the published file
//! has the same. A fix-up says what it mends, and changes nothing but the fault. Where its subject
//! does not occur at all, as in an older revision, it does not apply. Where the subject occurs
//! without the fault, it is not needed in a revision that is known, and a document that is of no
//! known revision is refused: nothing tells what such a document means.

use smart_rdf::NamedNode;
use thiserror::Error;

use crate::ontology::{Call, Ontology, ParameterType, Restriction, Rule};
use crate::revision::Revision;

/// A fix-up and what it is called in reports.
type Fixup = (&'static str, fn(&mut Ontology) -> Result<Outcome, Mismatch>);

const FIXUPS: &[Fixup] = &[
    ("countries_go_by_two_names", countries_go_by_two_names),
    (
        "documents_are_sorted_by_a_property_they_have",
        documents_are_sorted_by_a_property_they_have,
    ),
    (
        "family_history_goes_by_two_names",
        family_history_goes_by_two_names,
    ),
    (
        "lab_panel_path_names_the_panel",
        lab_panel_path_names_the_panel,
    ),
    (
        "lab_results_filter_of_no_call",
        lab_results_filter_of_no_call,
    ),
    (
        "parameters_are_query_parameters",
        parameters_are_query_parameters,
    ),
    (
        "photograph_path_names_one_photograph",
        photograph_path_names_one_photograph,
    ),
    ("record_search_reads_birthday", record_search_reads_birthday),
    (
        "relatives_dates_go_by_two_names",
        relatives_dates_go_by_two_names,
    ),
    ("stored_bytes_are_not_rdf", stored_bytes_are_not_rdf),
    ("user_search_reads_camel_case", user_search_reads_camel_case),
    (
        "users_are_typed_in_lower_case",
        users_are_typed_in_lower_case,
    ),
    (
        "users_have_names_and_addresses",
        users_have_names_and_addresses,
    ),
    ("zipcode_is_not_an_app_id", zipcode_is_not_an_app_id),
];

/// Applies every fix-up and tells which ones had something to do.
pub(crate) fn apply(
    ontology: &mut Ontology,
    revision: Revision,
) -> Result<Vec<(&'static str, Outcome)>, FixupError> {
    let calls = ontology.calls.len();
    let apply = |(name, fixup): &Fixup| match fixup(ontology) {
        Ok(outcome) => Ok((*name, outcome)),
        Err(Mismatch(_)) if revision.is_known() => Ok((*name, Outcome::NotNeeded)),
        Err(Mismatch(expected)) => Err(FixupError::UnknownRevision { calls, expected }),
    };
    FIXUPS.iter().map(apply).collect()
}

/// What became of a fix-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth")]
pub enum Outcome {
    /// The fault was there and is mended.
    Applied,
    /// The ontology does not have what the fault was in.
    NotApplicable,
    /// The ontology has what the fault was in, in a part of it at least without the fault.
    NotNeeded,
}

/// The faults of an ontology are not the known ones.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FixupError {
    /// The document is of no known revision, and differs where it counts.
    #[error(
        "the file has {calls} calls, and the known revisions of the ontology have 43, 45 and 47; unlike them, it does not say \
         that {expected}, so that nothing tells how to read it"
    )]
    UnknownRevision {
        /// How many calls the file has.
        calls: usize,
        /// What the known revisions say.
        expected: &'static str,
    },
}

/// The fault, as it should have been found.
struct Mismatch(&'static str);

/// `Ok(Applied)` if the fault was there.
fn applied(fault: bool, expected: &'static str) -> Result<Outcome, Mismatch> {
    if fault {
        Ok(Outcome::Applied)
    } else {
        Err(Mismatch(expected))
    }
}

/// `Ok(Applied)` if every subject that is there had the fault.
fn all_applied(faults: &[bool], expected: &'static str) -> Result<Outcome, Mismatch> {
    if faults.is_empty() {
        return Ok(Outcome::NotApplicable);
    }
    applied(faults.iter().all(|fault| *fault), expected)
}

/// The ontology follows the vCard vocabulary with `v:country-name`. The reference container's data
/// have `v:country` in every address, and it hands them out so.
fn countries_go_by_two_names(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let country = NamedNode::new_unchecked("http://www.w3.org/2006/vcard/ns#country");
    let name = NamedNode::new_unchecked("http://www.w3.org/2006/vcard/ns#country-name");
    misname(
        ontology,
        "http://www.w3.org/2006/vcard/ns#Address",
        &[(name, country)],
        "addresses have v:country-name and no v:country",
    )
}

/// Documents carry `dcterms:date`; nothing carries `sp:date`, which the ontology does not even
/// declare. The reference server takes its word, drops what lacks the property, and answers a list
/// with a limit with nothing at all.
fn documents_are_sorted_by_a_property_they_have(
    ontology: &mut Ontology,
) -> Result<Outcome, Mismatch> {
    let Some(call) = ontology.call_mut("get_documents") else {
        return Ok(Outcome::NotApplicable);
    };
    let fault = call.default_sort.as_deref() == Some("sp:date");
    if fault {
        call.default_sort = Some("dcterms:date".to_owned());
    }
    applied(fault, "get_documents is sorted by sp:date")
}

/// The class was renamed at some time: documentation and the iOS client know
/// `sp:FamilyHistoryObservation`, as the calls are still called, while the ontology and the
/// reference container know `sp:FamilyHistory`. Either may come.
fn family_history_goes_by_two_names(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    misname_class(
        ontology,
        "http://smartplatforms.org/terms#FamilyHistory",
        "http://smartplatforms.org/terms#FamilyHistoryObservation",
        "sp:FamilyHistory is declared and sp:FamilyHistoryObservation is not",
    )
}

/// Asking for one lab panel has the path of the list, so that the reference server cannot tell the
/// two calls apart. The base path of the class says where a panel lies.
fn lab_panel_path_names_the_panel(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let Some(call) = ontology.call_mut("get_lab_panel") else {
        return Ok(Outcome::NotApplicable);
    };
    let fault = call.path == "/records/{record_id}/lab_panels/";
    if fault {
        call.path.push_str("{lab_panel_id}");
    }
    applied(fault, "get_lab_panel has the path of the list")
}

/// A left-over of an early way to filter: no call has it, and its pattern holds a `%s` where
/// nothing fills it.
fn lab_results_filter_of_no_call(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let filter = filter("lab_results_by_date");
    if !ontology.filters.contains_key(&filter) {
        return Ok(Outcome::NotApplicable);
    }
    let has_filter = |call: &Call| call.filters.contains(&filter);
    let fault = !ontology.calls.values().any(has_filter);
    if fault {
        ontology.filters.remove(&filter);
    }
    applied(fault, "no call has the filter lab_results_by_date")
}

/// Three parameters are typed with the class of all literals instead of the word `query`, which
/// says where they go.
fn parameters_are_query_parameters(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let literal = ParameterType::Class(smart_rdf::vocab::rdfs::LITERAL.into_owned());
    let mut faults = Vec::new();
    for name in ["format", "item_id", "zipcode"] {
        if let Some(parameter) = ontology.parameters.get_mut(&parameter(name)) {
            faults.push(parameter.kind == literal);
            if parameter.kind == literal {
                parameter.kind = ParameterType::Text("query".to_owned());
            }
        }
    }
    all_applied(
        &faults,
        "the parameters format, item_id and zipcode have the type rdfs:Literal",
    )
}

/// The base path of photographs calls its gap `{photographs}`, alone among all classes; containers
/// fill it with an identifier like every other. The call for the photograph has another path,
/// `/records/{record_id}/photograph`, which is right: it answers with the bytes of the first one.
fn photograph_path_names_one_photograph(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let photograph = NamedNode::new_unchecked("http://smartplatforms.org/terms#Photograph");
    let Some(class) = ontology.classes.get_mut(&photograph) else {
        return Ok(Outcome::NotApplicable);
    };
    let path = class.base_path.as_deref();
    let fault = path == Some("/records/{record_id}/photographs/{photographs}");
    if fault {
        class.base_path = Some("/records/{record_id}/photographs/{photograph_id}".to_owned());
    }
    applied(
        fault,
        "the base path of sp:Photograph ends in {photographs}",
    )
}

/// The reference server searches records by `birthday` and ignores the ontology's `date_of_birth`,
/// with the effect that every record matches.
fn record_search_reads_birthday(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let Some(call) = ontology.call_mut("search_records") else {
        return Ok(Outcome::NotApplicable);
    };
    let fault = read_as(call, "date_of_birth", "birthday");
    applied(fault, "search_records has the parameter date_of_birth")
}

/// The ontology gives relatives the dates of vCard, `v:bday` and `v:deathdate`; the reference
/// container's data have `sp:dateOfBirth` and `sp:dateOfDeath`.
fn relatives_dates_go_by_two_names(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let pair = |name: &str, misnomer: &str| {
        (
            NamedNode::new_unchecked(format!("http://www.w3.org/2006/vcard/ns#{name}")),
            NamedNode::new_unchecked(format!("http://smartplatforms.org/terms#{misnomer}")),
        )
    };
    misname(
        ontology,
        "http://smartplatforms.org/terms#FamilyHistory",
        &[
            pair("bday", "dateOfBirth"),
            pair("deathdate", "dateOfDeath"),
        ],
        "family histories have v:bday and v:deathdate, and neither sp:dateOfBirth nor sp:dateOfDeath",
    )
}

/// Calls without a content type answer with RDF/XML. Six that give back what an app stored, and two
/// that give back a file, have none either, although what comes has the media type that it was
/// stored with.
fn stored_bytes_are_not_rdf(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    const CALLS: &[&str] = &[
        "delete_scratchpad_data",
        "delete_user_preferences",
        "get_document",
        "get_photograph",
        "get_scratchpad_data",
        "get_user_preferences",
        "put_scratchpad_data",
        "put_user_preferences",
    ];
    let mut faults = Vec::new();
    for name in CALLS {
        if let Some(call) = ontology.call_mut(name) {
            faults.push(call.response_content_type.is_none());
            call.response_content_type
                .get_or_insert_with(|| "*/*".to_owned());
        }
    }
    all_applied(
        &faults,
        "calls that answer with stored bytes have no content type",
    )
}

/// The reference server searches users by `givenName` and `familyName`, and ignores the names of
/// the ontology, with the effect that every user matches. Its search of records does read
/// `given_name` and `family_name`.
fn user_search_reads_camel_case(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let Some(call) = ontology.call_mut("search_users") else {
        return Ok(Outcome::NotApplicable);
    };
    let faults = [
        read_as(call, "given_name", "givenName"),
        read_as(call, "family_name", "familyName"),
    ];
    all_applied(
        &faults,
        "search_users has the parameters given_name and family_name",
    )
}

/// The reference container types users as `sp:user`, in lower case, which the ontology does not
/// declare.
fn users_are_typed_in_lower_case(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    misname_class(
        ontology,
        "http://smartplatforms.org/terms#User",
        "http://smartplatforms.org/terms#user",
        "sp:User is declared and sp:user is not",
    )
}

/// By the ontology a user is a person with a vCard name. The reference container describes users
/// with the names and the mail address of FOAF instead, which a model of the ontology's letter
/// would have no field for.
fn users_have_names_and_addresses(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let user = NamedNode::new_unchecked("http://smartplatforms.org/terms#User");
    let Some(class) = ontology.classes.get_mut(&user) else {
        return Ok(Outcome::NotApplicable);
    };
    let mut faults = Vec::new();
    for name in ["familyName", "givenName", "mbox"] {
        let property = NamedNode::new_unchecked(format!("http://xmlns.com/foaf/0.1/{name}"));
        let is_declared = class
            .restrictions
            .iter()
            .any(|restriction| restriction.property == property);
        faults.push(!is_declared);
        if !is_declared {
            class.restrictions.push(Restriction {
                property,
                rule: Rule::AtMost(1),
            });
        }
    }
    all_applied(&faults, "sp:User has no properties of FOAF")
}

/// The parameter for the zip code is named `app_id`, a slip of the hand that every generated client
/// inherited. Servers read `zipcode`.
fn zipcode_is_not_an_app_id(ontology: &mut Ontology) -> Result<Outcome, Mismatch> {
    let Some(parameter) = ontology.parameters.get_mut(&parameter("zipcode")) else {
        return Ok(Outcome::NotApplicable);
    };
    let fault = parameter.name == "app_id";
    if fault {
        "zipcode".clone_into(&mut parameter.name);
    }
    applied(fault, "the parameter zipcode is named app_id")
}

/// Notes what containers call properties of a class. The fault is there as long as the class has
/// the one and not the other.
fn misname(
    ontology: &mut Ontology,
    class: &str,
    names: &[(NamedNode, NamedNode)],
    expected: &'static str,
) -> Result<Outcome, Mismatch> {
    let Some(class) = ontology.classes.get_mut(&NamedNode::new_unchecked(class)) else {
        return Ok(Outcome::NotApplicable);
    };
    let has = |property: &NamedNode| {
        class
            .restrictions
            .iter()
            .any(|restriction| restriction.property == *property)
    };
    if !names.iter().any(|(name, _)| has(name)) {
        return Ok(Outcome::NotApplicable);
    }
    let fault = !names.iter().any(|(_, misnomer)| has(misnomer));
    if fault {
        class.misnamed.extend(names.iter().cloned());
    }
    applied(fault, expected)
}

/// Notes what containers call a class.
fn misname_class(
    ontology: &mut Ontology,
    class: &str,
    misnomer: &str,
    expected: &'static str,
) -> Result<Outcome, Mismatch> {
    let misnomer = NamedNode::new_unchecked(misnomer);
    let is_declared = ontology.classes.contains_key(&misnomer);
    let Some(class) = ontology.classes.get_mut(&NamedNode::new_unchecked(class)) else {
        return Ok(Outcome::NotApplicable);
    };
    if !is_declared {
        class.misnomers.push(misnomer);
    }
    applied(!is_declared, expected)
}

/// Notes the name that servers read; false if the call has no such parameter.
fn read_as(call: &mut Call, name: &str, read: &'static str) -> bool {
    let wanted = parameter(name);
    let found = call
        .parameters
        .iter_mut()
        .find(|given| given.parameter == wanted);
    found.map(|given| given.read_as = Some(read)).is_some()
}

fn parameter(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!(
        "http://smartplatforms.org/terms/api/parameters#{name}"
    ))
}

fn filter(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!(
        "http://smartplatforms.org/terms/api/filters#{name}"
    ))
}

#[cfg(test)]
mod tests;
