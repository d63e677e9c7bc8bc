//! Laboratory tests with units and normal ranges, and who has them done.

use super::codes::{Code, loinc};
use super::drugs::{self as drug, Drug};
use super::problems::Kind;

/// A measured value; every number is counted in the last decimal.
#[derive(Debug, Clone, Copy)]
pub(super) struct LabTest {
    pub(super) name: Code,
    pub(super) unit: &'static str,
    pub(super) decimals: u8,
    pub(super) normal: (i32, i32),
    /// Where women's normal range differs.
    pub(super) normal_for_women: Option<(i32, i32)>,
    /// Where most values of healthy people lie.
    pub(super) usual: (i32, i32),
}

impl LabTest {
    const fn women(mut self, low: i32, high: i32) -> Self {
        self.normal_for_women = Some((low, high));
        self
    }

    const fn usual(mut self, low: i32, high: i32) -> Self {
        self.usual = (low, high);
        self
    }
}

const fn test(
    id: &'static str,
    title: &'static str,
    unit: &'static str,
    decimals: u8,
    normal: (i32, i32),
) -> LabTest {
    LabTest {
        name: loinc(id, title),
        unit,
        decimals,
        normal,
        normal_for_women: None,
        usual: normal,
    }
}

/// A result in words: one of the texts.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) name: Code,
    pub(super) texts: &'static [&'static str],
}

pub(super) const fn finding(name: Code, texts: &'static [&'static str]) -> Finding {
    Finding { name, texts }
}

/// Tests that are ordered together.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) tests: &'static [LabTest],
    /// Ordered at every visit of people who have one of these …
    pub(super) needed_for: &'static [Kind],
    /// … or take one of these …
    pub(super) needed_with: &'static [Drug],
    /// … and for so many in a thousand of the others …
    pub(super) chances: u32,
    /// … at these ages, in years.
    pub(super) ages: (i32, i32),
}

const fn panel(
    tests: &'static [LabTest],
    needed_for: &'static [Kind],
    chances: u32,
    ages: (i32, i32),
) -> Panel {
    Panel {
        tests,
        needed_for,
        needed_with: &[],
        chances,
        ages,
    }
}

pub(super) const GLUCOSE: LabTest = test(
    "2345-7",
    "Glucose [Mass/volume] in Serum or Plasma",
    "mg/dL",
    0,
    (70, 100),
)
.usual(76, 103);
pub(super) const UREA_NITROGEN: LabTest = test(
    "3094-0",
    "Urea nitrogen [Mass/volume] in Serum or Plasma",
    "mg/dL",
    0,
    (7, 20),
);
pub(super) const CREATININE: LabTest = test(
    "2160-0",
    "Creatinine [Mass/volume] in Serum or Plasma",
    "mg/dL",
    2,
    (70, 130),
)
.women(55, 105);
pub(super) const FILTRATION_RATE: LabTest = test(
    "33914-3",
    "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in Serum or Plasma by Creatinine-based formula (MDRD)",
    "mL/min/{1.73_m2}",
    0,
    (60, 120),
)
.usual(72, 112);
const SODIUM: LabTest = test(
    "2951-2",
    "Sodium [Moles/volume] in Serum or Plasma",
    "mmol/L",
    0,
    (135, 145),
);
const POTASSIUM: LabTest = test(
    "2823-3",
    "Potassium [Moles/volume] in Serum or Plasma",
    "mmol/L",
    1,
    (35, 51),
);
const CHLORIDE: LabTest = test(
    "2075-0",
    "Chloride [Moles/volume] in Serum or Plasma",
    "mmol/L",
    0,
    (98, 107),
);
const CALCIUM: LabTest = test(
    "17861-6",
    "Calcium [Mass/volume] in Serum or Plasma",
    "mg/dL",
    1,
    (85, 105),
);
const ALANINE_TRANSFERASE: LabTest = test(
    "1742-6",
    "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma",
    "U/L",
    0,
    (7, 56),
)
.usual(11, 48);
pub(super) const HDL: LabTest = test(
    "2085-9",
    "Cholesterol in HDL [Mass/volume] in Serum or Plasma",
    "mg/dL",
    0,
    (40, 90),
)
.women(50, 90)
.usual(36, 72);
pub(super) const LDL: LabTest = test(
    "13457-7",
    "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation",
    "mg/dL",
    0,
    (0, 130),
)
.usual(72, 132);
pub(super) const TRIGLYCERIDES: LabTest = test(
    "2571-8",
    "Triglyceride [Mass/volume] in Serum or Plasma",
    "mg/dL",
    0,
    (0, 150),
)
.usual(62, 155);
/// Reckoned from the other three lipids.
pub(super) const CHOLESTEROL: LabTest = test(
    "2093-3",
    "Cholesterol [Mass/volume] in Serum or Plasma",
    "mg/dL",
    0,
    (0, 200),
);
pub(super) const HEMOGLOBIN_A1C: LabTest = test(
    "4548-4",
    "Hemoglobin A1c/Hemoglobin.total in Blood",
    "%",
    1,
    (40, 56),
)
.usual(47, 56);
pub(super) const ALBUMIN_CREATININE: LabTest = test(
    "14959-1",
    "Microalbumin/Creatinine [Mass Ratio] in Urine",
    "mg/g",
    0,
    (0, 30),
)
.usual(3, 26);
pub(super) const HEMOGLOBIN: LabTest = test(
    "718-7",
    "Hemoglobin [Mass/volume] in Blood",
    "g/dL",
    1,
    (135, 175),
)
.women(120, 155);
/// Reckoned from the hemoglobin.
pub(super) const HEMATOCRIT: LabTest = test(
    "4544-3",
    "Hematocrit [Volume Fraction] of Blood by Automated count",
    "%",
    1,
    (400, 530),
)
.women(360, 480);
const LEUKOCYTES: LabTest = test(
    "6690-2",
    "Leukocytes [#/volume] in Blood by Automated count",
    "10*3/uL",
    1,
    (45, 110),
);
const PLATELETS: LabTest = test(
    "777-3",
    "Platelets [#/volume] in Blood by Automated count",
    "10*3/uL",
    0,
    (150, 400),
);
const CHILD_HEMOGLOBIN: LabTest = LabTest {
    normal: (105, 135),
    normal_for_women: None,
    usual: (107, 133),
    ..HEMOGLOBIN
};
const LEAD: LabTest =
    test("5671-3", "Lead [Mass/volume] in Blood", "ug/dL", 1, (0, 35)).usual(6, 31);
pub(super) const FERRITIN: LabTest = test(
    "2276-4",
    "Ferritin [Mass/volume] in Serum or Plasma",
    "ng/mL",
    0,
    (24, 336),
)
.women(11, 307)
.usual(22, 180);
pub(super) const THYROTROPIN: LabTest = test(
    "3016-3",
    "Thyrotropin [Units/volume] in Serum or Plasma",
    "m[IU]/L",
    2,
    (40, 450),
)
.usual(70, 380);
pub(super) const URIC_ACID: LabTest = test(
    "3084-1",
    "Urate [Mass/volume] in Serum or Plasma",
    "mg/dL",
    1,
    (34, 70),
);
pub(super) const C_REACTIVE_PROTEIN: LabTest = test(
    "1988-5",
    "C reactive protein [Mass/volume] in Serum or Plasma",
    "mg/L",
    0,
    (0, 8),
);
pub(super) const PROSTATE_ANTIGEN: LabTest = test(
    "2857-1",
    "Prostate specific Ag [Mass/volume] in Serum or Plasma",
    "ng/mL",
    2,
    (0, 400),
)
.usual(40, 240);
/// The normal range is the one that warfarin is meant to reach.
const PROTHROMBIN_RATIO: LabTest = test(
    "6301-6",
    "INR in Platelet poor plasma by Coagulation assay",
    "{INR}",
    1,
    (20, 30),
)
.usual(19, 32);

pub(super) static PANELS: &[Panel] = &[
    panel(
        &[
            GLUCOSE,
            UREA_NITROGEN,
            CREATININE,
            FILTRATION_RATE,
            SODIUM,
            POTASSIUM,
            CHLORIDE,
            CALCIUM,
        ],
        &[
            Kind::Diabetes,
            Kind::HeartFailure,
            Kind::Hypertension,
            Kind::KidneyDisease,
        ],
        180,
        (18, 120),
    ),
    panel(
        &[HDL, LDL, TRIGLYCERIDES, CHOLESTEROL],
        &[Kind::Coronary, Kind::Hyperlipidemia],
        120,
        (20, 120),
    ),
    panel(
        &[HEMOGLOBIN_A1C],
        &[Kind::Diabetes, Kind::Prediabetes],
        50,
        (30, 120),
    ),
    panel(&[ALBUMIN_CREATININE], &[Kind::Diabetes], 0, (18, 120)),
    panel(
        &[HEMOGLOBIN, HEMATOCRIT, LEUKOCYTES, PLATELETS],
        &[Kind::Anemia, Kind::Arthritis, Kind::Pregnancy],
        200,
        (14, 120),
    ),
    panel(&[CHILD_HEMOGLOBIN, LEAD], &[], 500, (1, 2)),
    panel(&[FERRITIN], &[Kind::Anemia], 0, (14, 120)),
    panel(&[THYROTROPIN], &[Kind::Hypothyroidism], 60, (25, 120)),
    panel(&[URIC_ACID], &[Kind::Gout], 0, (18, 120)),
    panel(&[C_REACTIVE_PROTEIN], &[Kind::Arthritis], 0, (18, 120)),
    panel(&[PROSTATE_ANTIGEN], &[Kind::Prostate], 0, (50, 120)),
    Panel {
        needed_with: &[drug::WARFARIN],
        ..panel(&[PROTHROMBIN_RATIO], &[], 0, (18, 120))
    },
    panel(
        &[ALANINE_TRANSFERASE],
        &[Kind::Arthritis, Kind::Hyperlipidemia],
        0,
        (18, 120),
    ),
];
