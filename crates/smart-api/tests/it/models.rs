//! Every model on the example that the ontology gives of its class.

use smart_api::Model;
use smart_api::models::{
    Allergy, AllergyExclusion, ClinicalNote, Demographics, Document, Encounter, FamilyHistory,
    Fulfillment, ImagingStudy, Immunization, LabPanel, LabResult, MedicalImage, MedicalRecord,
    Medication, Photograph, Problem, Procedure, SocialHistory, User, VitalSignSet,
};
use smart_rdf::{Graph, NamedNodeRef, RdfXmlWriter, Syntax, Triple};

const SPEC: &str = include_str!("../../../../specs/smart.ttl");

const EXAMPLE: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://smartplatforms.org/terms/api#example");

/// Calls a function for every model of a statement, and for the user.
macro_rules! for_each_statement {
    ($function:ident($($argument:expr),*)) => {
        [
            $function::<Allergy>($($argument),*),
            $function::<AllergyExclusion>($($argument),*),
            $function::<ClinicalNote>($($argument),*),
            $function::<Demographics>($($argument),*),
            $function::<Document>($($argument),*),
            $function::<Encounter>($($argument),*),
            $function::<FamilyHistory>($($argument),*),
            $function::<Fulfillment>($($argument),*),
            $function::<ImagingStudy>($($argument),*),
            $function::<Immunization>($($argument),*),
            $function::<LabPanel>($($argument),*),
            $function::<LabResult>($($argument),*),
            $function::<MedicalImage>($($argument),*),
            $function::<MedicalRecord>($($argument),*),
            $function::<Medication>($($argument),*),
            $function::<Photograph>($($argument),*),
            $function::<Problem>($($argument),*),
            $function::<Procedure>($($argument),*),
            $function::<SocialHistory>($($argument),*),
            $function::<User>($($argument),*),
            $function::<VitalSignSet>($($argument),*),
        ]
    };
}

/// What the models of one class in a graph say, once that it is read without findings is known.
fn said_by<T: Model>(graph: &Graph) -> Vec<Triple> {
    let models = T::all_in(graph)
        .strict()
        .unwrap_or_else(|error| panic!("{error}"));
    let graphs: Vec<Graph> = models.iter().map(Model::to_graph).collect();
    let triples = graphs.iter().flatten();
    triples.map(|triple| triple.into_owned()).collect()
}

/// Reads the example of a class, writes everything that was read, and compares; then the same again
/// through RDF/XML.
fn round_trip<T: Model>(ontology: &Graph) -> Option<&'static str> {
    let example = ontology.node(T::CLASS)?.text(EXAMPLE)?;
    let graph = Syntax::RdfXml
        .parse(example.as_bytes())
        .expect("examples are well formed");
    assert!(!T::all_in(&graph).is_empty(), "{}", T::CLASS);
    let written: Graph = for_each_statement!(said_by(&graph))
        .concat()
        .into_iter()
        .collect();
    assert!(graph.is_isomorphic(&written), "{}: {written:?}", T::CLASS);

    let again = RdfXmlWriter::new()
        .write(&written)
        .expect("it came from RDF/XML");
    let again = Syntax::RdfXml
        .parse(again.as_bytes())
        .expect("it was just written");
    assert_eq!(
        T::all_in(&graph).into_value(),
        T::all_in(&again).into_value()
    );
    Some(T::CLASS.as_str())
}

#[test]
fn each_model_round_trips_its_example() {
    let ontology = Syntax::Turtle.parse(SPEC.as_bytes()).unwrap();
    let examples = for_each_statement!(round_trip(&ontology));
    // The record itself and what a call gives back as bytes are described without one.
    assert_eq!(examples.into_iter().flatten().count(), 19);
}
