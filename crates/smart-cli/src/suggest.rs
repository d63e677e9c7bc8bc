//! "Did you mean …?"

/// The sentence to append when `asked` is unknown: the nearest of what is known, if it is near. It
/// begins with a space.
pub(crate) fn did_you_mean<'a>(asked: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let asked = asked.to_ascii_lowercase();
    let near = known
        .into_iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&asked, &name.to_ascii_lowercase()),
                name,
            )
        })
        .filter(|(likeness, _)| *likeness > NEAR)
        .max_by(|(left, _), (right, _)| left.total_cmp(right));
    match near {
        Some((_, name)) => format!("; did you mean {name}?"),
        None => String::new(),
    }
}

/// One letter left out, doubled or swapped is nearer than this, another word is not.
const NEAR: f64 = 0.85;

/// The same for a type of FHIR. The servers' types may be others, so this is for what a server has
/// refused or found nothing of.
pub(crate) fn did_you_mean_type(asked: &str) -> String {
    if RESOURCE_TYPES.split(' ').any(|name| name == asked) {
        return String::new();
    }
    did_you_mean(asked, RESOURCE_TYPES.split(' '))
}

/// The clinical and administrative types of [FHIR R4](https://hl7.org/fhir/R4/resourcelist.html).
const RESOURCE_TYPES: &str = "\
    Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment \
    AppointmentResponse AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure \
    Bundle CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem \
    ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication \
    CommunicationRequest CompartmentDefinition Composition ConceptMap Condition Consent \
    Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue \
    Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport \
    DocumentManifest DocumentReference EffectEvidenceSynthesis Encounter Endpoint \
    EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence \
    EvidenceVariable ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal \
    GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization \
    ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan \
    Invoice Library Linkage List Location Measure MeasureReport Media Medication \
    MedicationAdministration MedicationDispense MedicationKnowledge MedicationRequest \
    MedicationStatement MessageDefinition MessageHeader MolecularSequence NamingSystem \
    NutritionOrder Observation ObservationDefinition OperationDefinition OperationOutcome \
    Organization OrganizationAffiliation Parameters Patient PaymentNotice \
    PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole Procedure \
    Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup \
    ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject \
    RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot \
    Specimen SpecimenDefinition StructureDefinition StructureMap Subscription Substance \
    SupplyDelivery SupplyRequest Task TerminologyCapabilities TestReport TestScript ValueSet \
    VerificationResult VisionPrescription";

#[cfg(test)]
mod tests {
    use super::{did_you_mean, did_you_mean_type};

    #[test]
    fn types_of_fhir_are_suggested() {
        let check = |asked, expected: &str| assert_eq!(did_you_mean_type(asked), expected);
        check("Patinet", "; did you mean Patient?");
        check("Observaton", "; did you mean Observation?");
        check("condition", "; did you mean Condition?");
        check("Patient", "");
        check("Xyzzy", "");
    }

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let known = ["get_medication", "get_medications", "get_problems"];
        let check = |asked, expected: &str| assert_eq!(did_you_mean(asked, known), expected);
        check("get_medicatons", "; did you mean get_medications?");
        check("get_probelms", "; did you mean get_problems?");
        check("GET_PROBLEM", "; did you mean get_problems?");
        check("delete_everything", "");
    }
}
