//! Codes, the code systems that they belong to, and the short code sets that the ontology itself
//! lists.

use smart_api::vocab::spcode::class;
use smart_rdf::NamedNodeRef;

/// One concept of a code system, with its title in every record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code {
    pub(super) set: CodeSet,
    pub(super) id: &'static str,
    pub(super) title: &'static str,
}

impl Code {
    /// System and identifier, one after the other.
    pub(super) fn uri(&self) -> String {
        [self.set.system(), self.id].concat()
    }
}

pub(super) const fn rxnorm(id: &'static str, title: &'static str) -> Code {
    code(CodeSet::RxNormSemantic, id, title)
}

pub(super) const fn snomed(id: &'static str, title: &'static str) -> Code {
    code(CodeSet::Snomed, id, title)
}

pub(super) const fn loinc(id: &'static str, title: &'static str) -> Code {
    code(CodeSet::Loinc, id, title)
}

pub(super) const fn code(set: CodeSet, id: &'static str, title: &'static str) -> Code {
    Code { set, id, title }
}

/// The classes of codes that the ontology tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeSet {
    AdministrationStatus,
    AllergyCategory,
    AllergyExclusion,
    AllergySeverity,
    BloodPressureBodyPosition,
    BloodPressureBodySite,
    BloodPressureMethod,
    DocumentType,
    EncounterType,
    ImmunizationClass,
    ImmunizationProduct,
    Loinc,
    Ndfrt,
    Procedure,
    RefusalReason,
    RxNormIngredient,
    RxNormSemantic,
    SmokingStatus,
    Snomed,
    Unii,
    VitalSign,
}

impl CodeSet {
    pub(super) const fn class(self) -> NamedNodeRef<'static> {
        match self {
            Self::AdministrationStatus => class::IMMUNIZATION_ADMINISTRATION_STATUS,
            Self::AllergyCategory => class::ALLERGY_CATEGORY,
            Self::AllergyExclusion => class::ALLERGY_EXCLUSION,
            Self::AllergySeverity => class::ALLERGY_SEVERITY,
            Self::BloodPressureBodyPosition => class::BLOOD_PRESSURE_BODY_POSITION,
            Self::BloodPressureBodySite => class::BLOOD_PRESSURE_BODY_SITE,
            Self::BloodPressureMethod => class::BLOOD_PRESSURE_METHOD,
            Self::DocumentType => class::DOCUMENT_TYPE,
            Self::EncounterType => class::ENCOUNTER_TYPE,
            Self::ImmunizationClass => class::IMMUNIZATION_CLASS,
            Self::ImmunizationProduct => class::IMMUNIZATION_PRODUCT,
            Self::Loinc => class::LOINC,
            Self::Ndfrt => class::NDFRT,
            Self::Procedure => class::PROCEDURE,
            Self::RefusalReason => class::IMMUNIZATION_REFUSAL_REASON,
            Self::RxNormIngredient => class::RX_NORM_INGREDIENT,
            Self::RxNormSemantic => class::RX_NORM_SEMANTIC,
            Self::SmokingStatus => class::SMOKING_STATUS,
            Self::Snomed => class::SNOMED,
            Self::Unii => class::UNII,
            Self::VitalSign => class::VITAL_SIGN,
        }
    }

    /// What `sp:system` says and every code's URI starts with.
    pub(super) const fn system(self) -> &'static str {
        match self {
            Self::AdministrationStatus => {
                "http://smartplatforms.org/terms/codes/ImmunizationAdministrationStatus#"
            }
            Self::AllergyCategory
            | Self::AllergyExclusion
            | Self::AllergySeverity
            | Self::BloodPressureBodyPosition
            | Self::BloodPressureBodySite
            | Self::Procedure
            | Self::SmokingStatus
            | Self::Snomed => "http://purl.bioontology.org/ontology/SNOMEDCT/",
            Self::BloodPressureMethod => {
                "http://smartplatforms.org/terms/codes/BloodPressureMethod#"
            }
            Self::DocumentType => "http://smartplatforms.org/terms/codes/DocumentType#",
            Self::EncounterType => "http://smartplatforms.org/terms/codes/EncounterType#",
            Self::ImmunizationClass => {
                "http://www2a.cdc.gov/nip/IIS/IISStandards/vaccines.asp?rpt=vg#"
            }
            Self::ImmunizationProduct => {
                "http://www2a.cdc.gov/nip/IIS/IISStandards/vaccines.asp?rpt=cvx#"
            }
            Self::Loinc | Self::VitalSign => "http://purl.bioontology.org/ontology/LNC/",
            Self::Ndfrt => "http://purl.bioontology.org/ontology/NDFRT/",
            Self::RefusalReason => {
                "http://smartplatforms.org/terms/codes/ImmunizationRefusalReason#"
            }
            Self::RxNormIngredient | Self::RxNormSemantic => {
                "http://purl.bioontology.org/ontology/RXNORM/"
            }
            Self::Unii => "http://fda.gov/UNII/",
        }
    }
}

/// Member sets of the ontology, with the titles it gives them.
pub(super) mod set {
    use super::{Code, CodeSet, code};

    pub(crate) const DOSE_GIVEN: Code =
        code(CodeSet::AdministrationStatus, "doseGiven", "Dose Given");
    pub(crate) const NOT_ADMINISTERED: Code = code(
        CodeSet::AdministrationStatus,
        "notAdministered",
        "Not Administered",
    );
    pub(crate) const REFUSED: Code = code(
        CodeSet::RefusalReason,
        "patientOrParentRefused",
        "Patient/parent refused",
    );

    pub(crate) const DRUG_ALLERGY: Code =
        code(CodeSet::AllergyCategory, "416098002", "Drug allergy");
    pub(crate) const FOOD_ALLERGY: Code =
        code(CodeSet::AllergyCategory, "414285001", "Food allergy");
    pub(crate) const ENVIRONMENTAL_ALLERGY: Code = code(
        CodeSet::AllergyCategory,
        "426232007",
        "Environmental allergy",
    );
    pub(crate) const NO_KNOWN_ALLERGIES: Code =
        code(CodeSet::AllergyExclusion, "160244002", "No known allergies");
    pub(crate) const MILD: Code = code(CodeSet::AllergySeverity, "255604002", "Mild");
    pub(crate) const MODERATE: Code = code(CodeSet::AllergySeverity, "6736007", "Moderate");
    pub(crate) const SEVERE: Code = code(CodeSet::AllergySeverity, "24484000", "Severe");

    pub(crate) const SITTING: Code =
        code(CodeSet::BloodPressureBodyPosition, "33586001", "Sitting");
    pub(crate) const LEFT_ARM: Code = code(CodeSet::BloodPressureBodySite, "368208006", "Left arm");
    pub(crate) const RIGHT_ARM: Code =
        code(CodeSet::BloodPressureBodySite, "368209003", "Right arm");
    pub(crate) const AUSCULTATION: Code =
        code(CodeSet::BloodPressureMethod, "auscultation", "Auscultation");
    pub(crate) const MACHINE: Code = code(CodeSet::BloodPressureMethod, "machine", "Machine");

    pub(crate) const NOTE: Code = code(
        CodeSet::DocumentType,
        "note",
        "A clinical note about the patient",
    );
    pub(crate) const AMBULATORY: Code =
        code(CodeSet::EncounterType, "ambulatory", "Ambulatory encounter");
    pub(crate) const EMERGENCY: Code =
        code(CodeSet::EncounterType, "emergency", "Emergency encounter");

    pub(crate) const NEVER_SMOKER: Code = code(CodeSet::SmokingStatus, "266919005", "Never smoker");
    pub(crate) const FORMER_SMOKER: Code = code(CodeSet::SmokingStatus, "8517006", "Former smoker");
    pub(crate) const DAILY_SMOKER: Code = code(
        CodeSet::SmokingStatus,
        "449868002",
        "Current every day smoker",
    );
    pub(crate) const SOME_DAYS_SMOKER: Code = code(
        CodeSet::SmokingStatus,
        "428041000124106",
        "Current some day smoker",
    );
    pub(crate) const UNKNOWN_SMOKER: Code = code(
        CodeSet::SmokingStatus,
        "266927001",
        "Unknown if ever smoked",
    );

    pub(crate) const HEIGHT: Code = code(CodeSet::VitalSign, "8302-2", "Body height");
    pub(crate) const WEIGHT: Code = code(CodeSet::VitalSign, "3141-9", "Body weight");
    pub(crate) const BODY_MASS_INDEX: Code = code(CodeSet::VitalSign, "39156-5", "Body mass index");
    pub(crate) const HEART_RATE: Code = code(CodeSet::VitalSign, "8867-4", "Heart rate");
    pub(crate) const RESPIRATION_RATE: Code =
        code(CodeSet::VitalSign, "9279-1", "Respiration rate");
    pub(crate) const TEMPERATURE: Code = code(CodeSet::VitalSign, "8310-5", "Body temperature");
    pub(crate) const OXYGEN_SATURATION: Code =
        code(CodeSet::VitalSign, "2710-2", "Oxygen saturation");
    pub(crate) const HEAD_CIRCUMFERENCE: Code =
        code(CodeSet::VitalSign, "8287-5", "Head circumference");
    pub(crate) const SYSTOLIC: Code = code(CodeSet::VitalSign, "8480-6", "Intravascular systolic");
    pub(crate) const DIASTOLIC: Code =
        code(CodeSet::VitalSign, "8462-4", "Intravascular diastolic");
}
