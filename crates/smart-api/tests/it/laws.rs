//! What is true of every model, whatever it says.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use smart_api::codes::{AllergyCategory, AllergySeverity};
use smart_api::models::{
    Allergy, Code, CodedValue, Fulfillment, LabResult, MedicalRecord, Medication, NarrativeResult,
    QuantitativeResult, ValueAndUnit, ValueRange,
};
use smart_api::vocab::spcode;
use smart_api::{CodeSet, Link, Model, Number, PartialDate, Required, Subject};
use smart_rdf::{Graph, NamedNode, NamedNodeRef, RdfXmlWriter, Syntax};

const SYSTEM: &str = "http://purl.bioontology.org/ontology/RXNORM/";

fn iri(text: &str) -> NamedNode {
    NamedNode::new(text).expect("it is an address")
}

fn text() -> impl Strategy<Value = String> {
    "[ -~éß水\n\t]{0,16}"
}

fn date() -> impl Strategy<Value = PartialDate> {
    prop_oneof![
        "(19|20)[0-9]{2}(-0[1-9](-[12][0-9])?)?".prop_map(PartialDate::from),
        text().prop_map(PartialDate::from),
    ]
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        "[0-9]{1,4}(\\.[0-9])?".prop_map(Number::from),
        text().prop_map(Number::from)
    ]
}

fn required<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Required<T>> {
    option::of(value).prop_map(Required::from)
}

/// A code of an address of its own, so that no other says something else of the same node.
fn code(class: NamedNodeRef<'static>, number: u32) -> impl Strategy<Value = Code> {
    (required(text()), required(text()), required(text())).prop_map(
        move |(title, system, identifier)| {
            let mut code = Code::default();
            code.subject = Subject::from(iri(&format!("{SYSTEM}{number}")));
            code.classes = vec![class.into_owned()];
            code.title = title;
            code.system = system;
            code.identifier = identifier;
            code
        },
    )
}

fn coded<C: Model>(code: impl Strategy<Value = C>) -> impl Strategy<Value = CodedValue<C>> {
    (required(text()), required(code)).prop_map(|(title, code)| {
        let mut value = CodedValue::default();
        value.title = title;
        value.code = code;
        value
    })
}

fn member<S: CodeSet>() -> impl Strategy<Value = S> {
    (0..S::MEMBERS.len()).prop_map(|place| S::MEMBERS[place].0.clone())
}

fn quantity() -> impl Strategy<Value = ValueAndUnit> {
    (required(number()), required(text())).prop_map(|(value, unit)| {
        let mut quantity = ValueAndUnit::default();
        quantity.value = value;
        quantity.unit = unit;
        quantity
    })
}

fn record() -> impl Strategy<Value = Required<Link<MedicalRecord>>> {
    required(Just(Link::to(iri("http://e.org/records/1"))))
}

fn subject(name: &'static str) -> impl Strategy<Value = Subject> {
    prop_oneof![
        Just(Subject::new()),
        Just(Subject::from(iri(&format!(
            "http://e.org/records/1/{name}/1"
        )))),
    ]
}

prop_compose! {
    fn medication()(
        subject in subject("medications"),
        belongs_to in record(),
        drug_name in required(coded(code(spcode::class::RX_NORM_SEMANTIC, 1))),
        provenance in option::of(code(spcode::class::RX_NORM, 2)),
        (start_date, end_date) in (required(date()), option::of(date())),
        (quantity, frequency) in (option::of(quantity()), option::of(quantity())),
        instructions in required(text()),
        fulfillments in 0..4_u8,
    ) -> Medication {
        let link = |number| Link::<Fulfillment>::to(iri(&format!("http://e.org/fulfillments/{number}")));
        let mut medication = Medication::default();
        medication.subject = subject;
        medication.belongs_to = belongs_to;
        medication.drug_name = drug_name;
        medication.provenance = provenance.into_iter().collect();
        medication.start_date = start_date;
        medication.end_date = end_date;
        medication.quantity = quantity;
        medication.frequency = frequency;
        medication.instructions = instructions;
        medication.fulfillments = (0..fulfillments).map(link).collect();
        medication
    }
}

prop_compose! {
    fn allergy()(
        subject in subject("allergies"),
        severity in required(coded(member::<AllergySeverity>())),
        category in required(coded(member::<AllergyCategory>())),
        reaction in required(coded(code(spcode::class::SNOMED, 3))),
        start_date in required(date()),
    ) -> Allergy {
        let mut allergy = Allergy::default();
        allergy.subject = subject;
        allergy.severity = severity;
        allergy.category = category;
        allergy.allergic_reaction = reaction;
        allergy.start_date = start_date;
        allergy
    }
}

prop_compose! {
    fn range()(minimum in required(quantity()), maximum in required(quantity())) -> ValueRange {
        let mut range = ValueRange::default();
        range.minimum = minimum;
        range.maximum = maximum;
        range
    }
}

prop_compose! {
    fn lab_result()(
        subject in subject("lab_results"),
        lab_name in required(coded(code(spcode::class::LOINC, 4))),
        date in required(date()),
        value in option::of((required(quantity()), option::of(range()))),
        words in option::of(required(text())),
    ) -> LabResult {
        let mut result = LabResult::default();
        result.subject = subject;
        result.lab_name = lab_name;
        result.date = date;
        result.quantitative_result = value.map(|(value_and_unit, normal_range)| {
            let mut result = QuantitativeResult::default();
            result.value_and_unit = value_and_unit;
            result.normal_range = normal_range;
            result
        });
        result.narrative_result = words.map(|value| {
            let mut result = NarrativeResult::default();
            result.value = value;
            result
        });
        result
    }
}

/// Reads a model back from its graph, and from the graph's RDF/XML.
fn check<T: Model>(model: &T) -> Result<(), TestCaseError> {
    let graph = model.to_graph();
    prop_assert_eq!(T::all_in(&graph).into_value(), std::slice::from_ref(model));
    let document = RdfXmlWriter::new()
        .write(&graph)
        .expect("the texts have no control characters");
    let again = Syntax::RdfXml
        .parse(document.as_bytes())
        .expect("it was just written");
    prop_assert!(again.is_isomorphic(&graph));
    let read = T::all_in(&again);
    prop_assert_eq!(&*read, std::slice::from_ref(model));
    // Writing what was read, unchanged, changes nothing.
    prop_assert!(read[0].write_into(&again).is_isomorphic(&again));
    Ok(())
}

proptest! {
    #[test]
    fn what_a_model_says_reads_back_equal(
        medication in medication(),
        allergy in allergy(),
        lab_result in lab_result(),
    ) {
        check(&medication)?;
        check(&allergy)?;
        check(&lab_result)?;
    }

    /// A graph of the same words put together at random: nothing in it makes a reader fail or a
    /// writer lose a triple.
    #[test]
    fn no_graph_is_too_odd_to_be_read_and_written_back(triples in vec((0..6_usize, 0..10_usize, 0..12_usize), 0..40)) {
        const PROPERTIES: [&str; 10] = [
            "sp:drugName", "sp:code", "dcterms:title", "sp:fulfillment", "sp:medication", "sp:quantity", "sp:value",
            "sp:startDate", "sp:belongsTo", "a",
        ];
        const OBJECTS: [&str; 12] = [
            "_:n0", "_:n1", "_:n2", "_:n3", "<http://e.org/n4>", "<http://e.org/n5>", "'2010'", "'x'", "1",
            "sp:Medication", "sp:CodedValue", "sp:Fulfillment",
        ];
        let mut document = "@prefix sp: <http://smartplatforms.org/terms#> . @prefix dcterms: <http://purl.org/dc/terms/> .\n".to_owned();
        for (subject, property, object) in triples {
            document += &format!("{} {} {} .\n", OBJECTS[subject], PROPERTIES[property], OBJECTS[object]);
        }
        let Ok(graph) = Syntax::Turtle.parse(document.as_bytes()) else { return Ok(()) };
        for medication in &Medication::all_in(&graph) {
            let again: Graph = medication.write_into(&graph);
            let lost = graph.iter().filter(|triple| !again.contains(*triple)).count();
            prop_assert_eq!(lost, 0);
        }
    }
}
