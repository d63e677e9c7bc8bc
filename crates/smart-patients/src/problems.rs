//! Conditions: whom they befall, how they are treated, and what they do to laboratory values.

use super::codes::{Code, CodeSet, code, loinc, snomed};
use super::drugs::{self as drug, Drug};
use super::labs::{self as lab, Finding, LabTest, finding};
use super::person::Sex;
use super::story::{FEMALE, MALE};

/// Conditions that other tables refer to, or that are told apart in the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Alzheimer,
    Anemia,
    Arthritis,
    Asthma,
    AtrialFibrillation,
    Copd,
    Coronary,
    Depression,
    Diabetes,
    Gout,
    HeartFailure,
    Hyperlipidemia,
    Hypertension,
    Hypothyroidism,
    KidneyDisease,
    Obesity,
    Other,
    Osteoarthritis,
    Osteoporosis,
    Prediabetes,
    Pregnancy,
    Prostate,
}

/// One condition, as it strikes the people of this generator.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) kind: Kind,
    pub(super) name: Code,
    pub(super) sex: Option<Sex>,
    /// First and last age at which it sets in, in years.
    pub(super) ages: (i32, i32),
    /// How many in a thousand have had it after the last of these ages.
    pub(super) chances: u32,
    /// How long it lasts; for good when empty.
    pub(super) days: Option<(i32, i32)>,
    /// Only after one of these.
    pub(super) needs: &'static [Kind],
    /// Not after any of these.
    pub(super) unless: &'static [Kind],
    pub(super) therapies: &'static [Therapy],
    /// Results found when it set in.
    pub(super) findings: &'static [Finding],
    pub(super) procedures: &'static [Procedure],
    pub(super) shifts: &'static [Shift],
}

impl Condition {
    const fn sex(mut self, sex: Option<Sex>) -> Self {
        self.sex = sex;
        self
    }

    const fn days(mut self, least: i32, most: i32) -> Self {
        self.days = Some((least, most));
        self
    }

    const fn needs(mut self, kinds: &'static [Kind]) -> Self {
        self.needs = kinds;
        self
    }

    const fn unless(mut self, kinds: &'static [Kind]) -> Self {
        self.unless = kinds;
        self
    }

    const fn treated(mut self, therapies: &'static [Therapy]) -> Self {
        self.therapies = therapies;
        self
    }

    const fn found(mut self, findings: &'static [Finding]) -> Self {
        self.findings = findings;
        self
    }

    const fn performed(mut self, procedures: &'static [Procedure]) -> Self {
        self.procedures = procedures;
        self
    }

    const fn shifts(mut self, shifts: &'static [Shift]) -> Self {
        self.shifts = shifts;
        self
    }
}

const fn condition(kind: Kind, name: Code, ages: (i32, i32), chances: u32) -> Condition {
    Condition {
        kind,
        name,
        sex: None,
        ages,
        chances,
        days: None,
        needs: &[],
        unless: &[],
        therapies: &[],
        findings: &[],
        procedures: &[],
        shifts: &[],
    }
}

/// One of several drugs, given to some of those who have a condition.
#[derive(Debug)]
pub(super) struct Therapy {
    pub(super) chances: u32,
    pub(super) drugs: &'static [Drug],
    /// How long; as long as the condition when empty.
    pub(super) days: Option<i32>,
}

const fn always(drugs: &'static [Drug]) -> Therapy {
    sometimes(1000, drugs)
}

const fn sometimes(chances: u32, drugs: &'static [Drug]) -> Therapy {
    Therapy {
        chances,
        drugs,
        days: None,
    }
}

const fn for_days(days: i32, drugs: &'static [Drug]) -> Therapy {
    Therapy {
        chances: 900,
        drugs,
        days: Some(days),
    }
}

/// Something done because of a condition.
#[derive(Debug)]
pub(super) struct Procedure {
    pub(super) name: Code,
    pub(super) chances: u32,
    pub(super) notes: &'static str,
    /// At the end of the condition and not at its beginning.
    pub(super) at_end: bool,
}

const fn procedure(
    id: &'static str,
    title: &'static str,
    chances: u32,
    notes: &'static str,
) -> Procedure {
    Procedure {
        name: code(CodeSet::Procedure, id, title),
        chances,
        notes,
        at_end: false,
    }
}

const fn at_end(procedure: Procedure) -> Procedure {
    Procedure {
        at_end: true,
        ..procedure
    }
}

/// Where the values of a laboratory test lie during a condition.
#[derive(Debug)]
pub(super) struct Shift {
    pub(super) test: &'static str,
    pub(super) values: (i32, i32),
}

const fn shift(test: &LabTest, low: i32, high: i32) -> Shift {
    Shift {
        test: test.name.id,
        values: (low, high),
    }
}

const DAY_OR_TWO_OF_PAIN: &[Therapy] = &[for_days(14, &[drug::IBUPROFEN, drug::ACETAMINOPHEN])];

/// In an order in which each stands after those that it needs.
pub(super) static CONDITIONS: &[Condition] = &[
    // lasting ones
    condition(Kind::Obesity, snomed("414916001", "Obesity"), (18, 65), 240),
    condition(
        Kind::Hypertension,
        snomed("59621000", "Essential hypertension"),
        (35, 80),
        580,
    )
    .treated(&[
        always(&[
            drug::LISINOPRIL_10,
            drug::LISINOPRIL_20,
            drug::LOSARTAN,
            drug::AMLODIPINE,
        ]),
        sometimes(350, &[drug::HYDROCHLOROTHIAZIDE, drug::AMLODIPINE]),
    ]),
    condition(
        Kind::Hyperlipidemia,
        snomed("55822004", "Hyperlipidemia"),
        (35, 75),
        460,
    )
    .treated(&[sometimes(
        850,
        &[
            drug::ATORVASTATIN_10,
            drug::ATORVASTATIN_20,
            drug::ATORVASTATIN_40,
            drug::SIMVASTATIN_20,
            drug::SIMVASTATIN_40,
        ],
    )])
    .shifts(&[
        shift(&lab::LDL, 112, 185),
        shift(&lab::TRIGLYCERIDES, 140, 290),
    ]),
    condition(
        Kind::Diabetes,
        snomed("44054006", "Diabetes mellitus type 2"),
        (40, 75),
        220,
    )
    .treated(&[
        always(&[drug::METFORMIN_500, drug::METFORMIN_1000]),
        sometimes(350, &[drug::GLIPIZIDE, drug::INSULIN_GLARGINE]),
    ])
    .shifts(&[
        shift(&lab::HEMOGLOBIN_A1C, 65, 94),
        shift(&lab::GLUCOSE, 128, 236),
        shift(&lab::ALBUMIN_CREATININE, 12, 140),
    ]),
    condition(
        Kind::Prediabetes,
        snomed("15777000", "Prediabetes"),
        (35, 70),
        170,
    )
    .unless(&[Kind::Diabetes])
    .shifts(&[
        shift(&lab::HEMOGLOBIN_A1C, 57, 64),
        shift(&lab::GLUCOSE, 101, 124),
    ]),
    condition(
        Kind::Hypothyroidism,
        snomed("40930008", "Hypothyroidism"),
        (25, 75),
        110,
    )
    .treated(&[always(&[drug::LEVOTHYROXINE])])
    .shifts(&[shift(&lab::THYROTROPIN, 320, 890)]),
    condition(Kind::Asthma, snomed("195967001", "Asthma"), (3, 30), 160)
        .treated(&[
            always(&[drug::ALBUTEROL]),
            sometimes(500, &[drug::FLUTICASONE]),
            sometimes(250, &[drug::MONTELUKAST]),
        ])
        .performed(&[procedure(
            "127783003",
            "Spirometry",
            400,
            "Obstruction, reversible after albuterol",
        )]),
    condition(
        Kind::Other,
        snomed("61582004", "Allergic rhinitis"),
        (5, 40),
        220,
    )
    .treated(&[sometimes(700, &[drug::LORATADINE, drug::CETIRIZINE])]),
    condition(
        Kind::Other,
        snomed("24079001", "Atopic dermatitis"),
        (0, 6),
        90,
    )
    .days(300, 2600),
    condition(
        Kind::Other,
        snomed("406506008", "Attention deficit hyperactivity disorder"),
        (7, 14),
        80,
    )
    .days(2200, 5000)
    .treated(&[sometimes(750, &[drug::METHYLPHENIDATE])]),
    condition(
        Kind::Depression,
        snomed("370143000", "Major depressive disorder"),
        (16, 65),
        210,
    )
    .treated(&[sometimes(
        850,
        &[
            drug::SERTRALINE,
            drug::FLUOXETINE,
            drug::CITALOPRAM,
            drug::ESCITALOPRAM,
        ],
    )]),
    condition(
        Kind::Other,
        snomed("21897009", "Generalized anxiety disorder"),
        (16, 60),
        130,
    )
    .unless(&[Kind::Depression])
    .treated(&[sometimes(600, &[drug::SERTRALINE, drug::ESCITALOPRAM])]),
    condition(Kind::Other, snomed("193462001", "Insomnia"), (30, 75), 80),
    condition(Kind::Other, snomed("37796009", "Migraine"), (15, 45), 180)
        .treated(&[sometimes(700, &[drug::SUMATRIPTAN])]),
    condition(
        Kind::Other,
        snomed("235595009", "Gastroesophageal reflux disease"),
        (25, 75),
        240,
    )
    .treated(&[sometimes(800, &[drug::OMEPRAZOLE])]),
    condition(
        Kind::Other,
        snomed("78275009", "Obstructive sleep apnea syndrome"),
        (35, 70),
        250,
    )
    .needs(&[Kind::Obesity]),
    condition(Kind::Gout, snomed("90560007", "Gout"), (40, 75), 80)
        .sex(MALE)
        .treated(&[sometimes(800, &[drug::ALLOPURINOL])])
        .shifts(&[shift(&lab::URIC_ACID, 74, 96)]),
    condition(
        Kind::Osteoarthritis,
        snomed("396275006", "Osteoarthritis"),
        (45, 85),
        380,
    )
    .treated(&[sometimes(700, &[drug::ACETAMINOPHEN, drug::NAPROXEN])])
    .performed(&[procedure(
        "609588000",
        "Total knee replacement",
        150,
        "No complications",
    )]),
    condition(
        Kind::Arthritis,
        snomed("69896004", "Rheumatoid arthritis"),
        (35, 65),
        30,
    )
    .treated(&[always(&[drug::METHOTREXATE])])
    .shifts(&[shift(&lab::C_REACTIVE_PROTEIN, 9, 34)]),
    condition(
        Kind::Osteoporosis,
        snomed("64859006", "Osteoporosis"),
        (58, 85),
        300,
    )
    .sex(FEMALE)
    .treated(&[sometimes(700, &[drug::ALENDRONATE])])
    .performed(&[procedure(
        "312681000",
        "Bone density scan",
        800,
        "T-score below -2.5 at the hip",
    )]),
    condition(
        Kind::Prostate,
        snomed("266569009", "Benign prostatic hyperplasia"),
        (50, 85),
        320,
    )
    .sex(MALE)
    .treated(&[sometimes(750, &[drug::TAMSULOSIN])])
    .shifts(&[shift(&lab::PROSTATE_ANTIGEN, 150, 580)]),
    condition(
        Kind::Copd,
        snomed("13645005", "Chronic obstructive lung disease"),
        (50, 80),
        90,
    )
    .unless(&[Kind::Asthma])
    .treated(&[always(&[drug::ALBUTEROL])])
    .performed(&[procedure(
        "127783003",
        "Spirometry",
        700,
        "Obstruction, not reversible",
    )]),
    condition(
        Kind::Coronary,
        snomed("53741008", "Coronary arteriosclerosis"),
        (50, 85),
        260,
    )
    .needs(&[Kind::Hyperlipidemia, Kind::Diabetes])
    .treated(&[
        always(&[drug::ASPIRIN]),
        sometimes(800, &[drug::METOPROLOL]),
    ])
    .performed(&[
        procedure(
            "29303009",
            "Electrocardiographic procedure",
            900,
            "Sinus rhythm, no acute changes",
        ),
        procedure(
            "415070008",
            "Percutaneous coronary intervention",
            300,
            "One stent placed",
        ),
    ]),
    condition(
        Kind::AtrialFibrillation,
        snomed("49436004", "Atrial fibrillation"),
        (60, 88),
        130,
    )
    .treated(&[
        always(&[drug::APIXABAN, drug::WARFARIN]),
        sometimes(600, &[drug::METOPROLOL]),
    ])
    .performed(&[procedure(
        "29303009",
        "Electrocardiographic procedure",
        1000,
        "Atrial fibrillation",
    )]),
    condition(
        Kind::HeartFailure,
        snomed("84114007", "Heart failure"),
        (65, 88),
        160,
    )
    .needs(&[Kind::Hypertension, Kind::Coronary])
    .treated(&[
        always(&[drug::FUROSEMIDE]),
        sometimes(600, &[drug::METOPROLOL]),
    ])
    .performed(&[procedure(
        "40701008",
        "Echocardiography",
        900,
        "Ejection fraction 40 %",
    )]),
    condition(
        Kind::KidneyDisease,
        snomed("433144002", "Chronic kidney disease stage 3"),
        (55, 85),
        220,
    )
    .needs(&[Kind::Hypertension, Kind::Diabetes])
    .shifts(&[
        shift(&lab::CREATININE, 138, 205),
        shift(&lab::FILTRATION_RATE, 31, 58),
        shift(&lab::UREA_NITROGEN, 24, 41),
    ]),
    condition(
        Kind::Alzheimer,
        snomed("26929004", "Alzheimer's disease"),
        (70, 89),
        140,
    )
    .treated(&[sometimes(800, &[drug::DONEPEZIL])]),
    // passing ones
    condition(
        Kind::Anemia,
        snomed("87522002", "Iron deficiency anemia"),
        (15, 50),
        130,
    )
    .sex(FEMALE)
    .days(120, 500)
    .treated(&[sometimes(900, &[drug::IRON])])
    .shifts(&[
        shift(&lab::HEMOGLOBIN, 92, 114),
        shift(&lab::FERRITIN, 3, 9),
    ]),
    condition(
        Kind::Pregnancy,
        snomed("72892002", "Normal pregnancy"),
        (20, 39),
        450,
    )
    .sex(FEMALE)
    .days(266, 284)
    .treated(&[sometimes(500, &[drug::IRON])])
    .found(&[
        finding(
            loinc(
                "2106-3",
                "Choriogonadotropin (pregnancy test) [Presence] in Urine",
            ),
            &["Positive"],
        ),
        finding(
            loinc("882-1", "ABO and Rh group [Type] in Blood"),
            &[
                "O positive",
                "A positive",
                "B positive",
                "O negative",
                "AB positive",
            ],
        ),
        finding(
            loinc(
                "5196-1",
                "Hepatitis B virus surface Ag [Presence] in Serum or Plasma by Immunoassay",
            ),
            &["Negative"],
        ),
    ])
    .performed(&[at_end(procedure(
        "177184002",
        "Normal delivery procedure",
        850,
        "Mother and child well",
    ))]),
    condition(Kind::Other, snomed("65363002", "Otitis media"), (1, 6), 450)
        .days(7, 14)
        .treated(&[for_days(10, &[drug::AMOXICILLIN_SUSPENSION])]),
    condition(
        Kind::Other,
        snomed("43878008", "Streptococcal sore throat"),
        (4, 18),
        320,
    )
    .days(6, 12)
    .treated(&[for_days(
        10,
        &[
            drug::AMOXICILLIN_SUSPENSION,
            drug::AMOXICILLIN_CAPSULE,
            drug::PENICILLIN,
        ],
    )])
    .found(&[finding(
        loinc(
            "11268-0",
            "Streptococcus pyogenes [Presence] in Throat by Organism specific culture",
        ),
        &["Streptococcus pyogenes grown"],
    )]),
    condition(
        Kind::Other,
        snomed("74400008", "Appendicitis"),
        (10, 40),
        80,
    )
    .days(3, 8)
    .performed(&[procedure(
        "80146002",
        "Appendectomy",
        1000,
        "Laparoscopic, uneventful",
    )]),
    condition(
        Kind::Other,
        snomed("44465007", "Sprain of ankle"),
        (10, 50),
        170,
    )
    .days(14, 40)
    .treated(DAY_OR_TWO_OF_PAIN),
    condition(
        Kind::Other,
        snomed("279039007", "Low back pain"),
        (22, 70),
        420,
    )
    .days(10, 120)
    .treated(DAY_OR_TWO_OF_PAIN),
    condition(
        Kind::Other,
        snomed("10509002", "Acute bronchitis"),
        (18, 75),
        400,
    )
    .days(7, 21),
    condition(
        Kind::Other,
        snomed("68566005", "Urinary tract infectious disease"),
        (18, 80),
        380,
    )
    .sex(FEMALE)
    .days(4, 9)
    .treated(&[for_days(5, &[drug::NITROFURANTOIN])])
    .found(&[
        finding(loinc("5778-6", "Color of Urine"), &["Yellow", "Amber"]),
        finding(loinc("5767-9", "Appearance of Urine"), &["Cloudy"]),
        finding(
            loinc("5802-4", "Nitrite [Presence] in Urine by Test strip"),
            &["Positive"],
        ),
        finding(
            loinc(
                "5799-2",
                "Leukocyte esterase [Presence] in Urine by Test strip",
            ),
            &["Positive", "Moderate"],
        ),
    ]),
    condition(Kind::Other, snomed("233604007", "Pneumonia"), (55, 88), 170)
        .days(10, 30)
        .treated(&[for_days(5, &[drug::AZITHROMYCIN])])
        .performed(&[procedure(
            "399208008",
            "Plain chest X-ray",
            900,
            "Infiltrate in the right lower lobe",
        )]),
    condition(Kind::Other, snomed("193570009", "Cataract"), (62, 88), 330)
        .days(150, 900)
        .performed(&[at_end(procedure(
            "54885007",
            "Extraction of cataract",
            900,
            "Lens implanted",
        ))]),
];
