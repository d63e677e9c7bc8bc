//! Drugs as they are prescribed: RxNorm semantic clinical drugs with the usual instructions.

use super::codes::{Code, rxnorm};

/// One way to take one drug.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drug {
    pub(super) name: Code,
    pub(super) instructions: &'static str,
    /// Amount and unit taken at once.
    pub(super) dose: (&'static str, &'static str),
    /// Times and unit of time; nothing when taken as needed.
    pub(super) frequency: Option<(&'static str, &'static str)>,
    /// What a pharmacy hands out: amount, unit, and for how many days.
    pub(super) pack: (i32, &'static str, i32),
    /// Ages, in years, at which it is given in this form.
    pub(super) ages: (i32, i32),
}

impl Drug {
    const fn ages(mut self, first: i32, last: i32) -> Self {
        self.ages = (first, last);
        self
    }

    const fn pack(mut self, amount: i32, unit: &'static str, days: i32) -> Self {
        self.pack = (amount, unit, days);
        self
    }

    const fn dose(mut self, amount: &'static str, unit: &'static str) -> Self {
        self.dose = (amount, unit);
        self
    }

    const fn every(mut self, times: &'static str, unit: &'static str) -> Self {
        self.frequency = Some((times, unit));
        self
    }
}

const TABLET: &str = "{tablet}";
const CAPSULE: &str = "{capsule}";
const PUFF: &str = "{puff}";

/// A tablet a day.
const fn daily(id: &'static str, title: &'static str) -> Drug {
    as_needed(id, title, "Take 1 tablet by mouth once a day")
        .every("1", "/d")
        .pack(90, "{tab}", 90)
}

/// A tablet in the morning and one in the evening.
const fn twice_daily(id: &'static str, title: &'static str) -> Drug {
    as_needed(id, title, "Take 1 tablet by mouth twice a day")
        .every("2", "/d")
        .pack(60, "{tab}", 30)
}

/// A tablet whenever the instructions say so.
const fn as_needed(id: &'static str, title: &'static str, instructions: &'static str) -> Drug {
    Drug {
        name: rxnorm(id, title),
        instructions,
        dose: ("1", TABLET),
        frequency: None,
        pack: (30, "{tab}", 30),
        ages: (12, 120),
    }
}

/// A capsule a day.
const fn capsule_daily(id: &'static str, title: &'static str) -> Drug {
    as_needed(id, title, "Take 1 capsule by mouth once a day")
        .dose("1", CAPSULE)
        .every("1", "/d")
        .pack(30, "{cap}", 30)
}

pub(super) const LISINOPRIL_10: Drug = daily("314076", "lisinopril 10 MG Oral Tablet");
pub(super) const LISINOPRIL_20: Drug = daily("314077", "lisinopril 20 MG Oral Tablet");
pub(super) const LOSARTAN: Drug = daily("979492", "losartan potassium 50 MG Oral Tablet");
pub(super) const AMLODIPINE: Drug = daily("197361", "amlodipine 5 MG Oral Tablet");
pub(super) const HYDROCHLOROTHIAZIDE: Drug =
    daily("310798", "hydrochlorothiazide 25 MG Oral Tablet");
pub(super) const METOPROLOL: Drug = daily(
    "866436",
    "24 HR metoprolol succinate 50 MG Extended Release Oral Tablet",
);
pub(super) const FUROSEMIDE: Drug = daily("313988", "furosemide 40 MG Oral Tablet");
pub(super) const ASPIRIN: Drug = daily("243670", "aspirin 81 MG Oral Tablet");
pub(super) const WARFARIN: Drug = daily("855332", "warfarin sodium 5 MG Oral Tablet");
pub(super) const APIXABAN: Drug = twice_daily("1364445", "apixaban 5 MG Oral Tablet");
pub(super) const ATORVASTATIN_10: Drug = daily("617312", "atorvastatin 10 MG Oral Tablet");
pub(super) const ATORVASTATIN_20: Drug = daily("617310", "atorvastatin 20 MG Oral Tablet");
pub(super) const ATORVASTATIN_40: Drug = daily("617311", "atorvastatin 40 MG Oral Tablet");
pub(super) const SIMVASTATIN_20: Drug = daily("312961", "simvastatin 20 MG Oral Tablet");
pub(super) const SIMVASTATIN_40: Drug = daily("198211", "simvastatin 40 MG Oral Tablet");

pub(super) const METFORMIN_500: Drug =
    twice_daily("861007", "metformin hydrochloride 500 MG Oral Tablet");
pub(super) const METFORMIN_1000: Drug =
    twice_daily("861004", "metformin hydrochloride 1000 MG Oral Tablet");
pub(super) const GLIPIZIDE: Drug = daily("310490", "glipizide 5 MG Oral Tablet");
pub(super) const INSULIN_GLARGINE: Drug = as_needed(
    "311041",
    "insulin glargine 100 UNT/ML Injectable Solution",
    "Inject 20 units under the skin at bedtime",
)
.dose("20", "[iU]")
.every("1", "/d")
.pack(10, "mL", 30);
pub(super) const LEVOTHYROXINE: Drug = daily("966222", "levothyroxine sodium 0.075 MG Oral Tablet");
pub(super) const ALENDRONATE: Drug = daily("904419", "alendronic acid 10 MG Oral Tablet");
pub(super) const ALLOPURINOL: Drug = daily("197319", "allopurinol 100 MG Oral Tablet");
pub(super) const IRON: Drug = daily("310325", "ferrous sulfate 325 MG Oral Tablet").ages(14, 120);

pub(super) const ALBUTEROL: Drug = as_needed(
    "745679",
    "200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler",
    "Inhale 2 puffs every 4 to 6 hours as needed for wheezing",
)
.dose("2", PUFF)
.pack(1, "{inhaler}", 60)
.ages(4, 120);
pub(super) const FLUTICASONE: Drug = as_needed(
    "895994",
    "120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler",
    "Inhale 2 puffs twice a day and rinse the mouth afterwards",
)
.dose("2", PUFF)
.every("2", "/d")
.pack(1, "{inhaler}", 30)
.ages(4, 120);
pub(super) const MONTELUKAST: Drug = daily("200224", "montelukast 10 MG Oral Tablet").ages(15, 120);
pub(super) const LORATADINE: Drug = daily("311372", "loratadine 10 MG Oral Tablet").ages(6, 120);
pub(super) const CETIRIZINE: Drug =
    daily("1014678", "cetirizine hydrochloride 10 MG Oral Tablet").ages(6, 120);

pub(super) const SERTRALINE: Drug = daily("312941", "sertraline 50 MG Oral Tablet");
pub(super) const FLUOXETINE: Drug = capsule_daily("310385", "fluoxetine 20 MG Oral Capsule");
pub(super) const CITALOPRAM: Drug = daily("200371", "citalopram 20 MG Oral Tablet");
pub(super) const ESCITALOPRAM: Drug = daily("349332", "escitalopram 10 MG Oral Tablet");
pub(super) const METHYLPHENIDATE: Drug =
    daily("1091392", "methylphenidate hydrochloride 20 MG Oral Tablet")
        .pack(30, "{tab}", 30)
        .ages(8, 60);
pub(super) const DONEPEZIL: Drug = daily("997223", "donepezil hydrochloride 10 MG Oral Tablet");
pub(super) const SUMATRIPTAN: Drug = as_needed(
    "313161",
    "sumatriptan 50 MG Oral Tablet",
    "Take 1 tablet by mouth when a migraine starts; repeat once after 2 hours if needed",
)
.pack(9, "{tab}", 30)
.ages(18, 120);

pub(super) const OMEPRAZOLE: Drug =
    capsule_daily("198051", "omeprazole 20 MG Delayed Release Oral Capsule");
pub(super) const TAMSULOSIN: Drug =
    capsule_daily("863669", "tamsulosin hydrochloride 0.4 MG Oral Capsule");
pub(super) const METHOTREXATE: Drug = as_needed(
    "105585",
    "methotrexate 2.5 MG Oral Tablet",
    "Take 4 tablets by mouth once a week, always on the same day",
)
.dose("4", TABLET)
.every("1", "/wk")
.pack(16, "{tab}", 28);
pub(super) const ACETAMINOPHEN: Drug = as_needed(
    "198440",
    "acetaminophen 500 MG Oral Tablet",
    "Take 1 or 2 tablets by mouth every 6 hours as needed for pain",
);
pub(super) const IBUPROFEN: Drug = as_needed(
    "197805",
    "ibuprofen 400 MG Oral Tablet",
    "Take 1 tablet by mouth every 8 hours as needed for pain, with food",
);
pub(super) const NAPROXEN: Drug = twice_daily("198014", "naproxen 500 MG Oral Tablet");

pub(super) const AMOXICILLIN_SUSPENSION: Drug = as_needed(
    "308189",
    "amoxicillin 80 MG/ML Oral Suspension",
    "Give 5 mL by mouth twice a day for 10 days",
)
.dose("5", "mL")
.every("2", "/d")
.pack(100, "mL", 10)
.ages(0, 11);
pub(super) const AMOXICILLIN_CAPSULE: Drug = as_needed(
    "308182",
    "amoxicillin 250 MG Oral Capsule",
    "Take 1 capsule by mouth three times a day for 10 days",
)
.dose("1", CAPSULE)
.every("3", "/d")
.pack(30, "{cap}", 10);
pub(super) const PENICILLIN: Drug = as_needed(
    "834061",
    "penicillin V potassium 250 MG Oral Tablet",
    "Take 1 tablet by mouth three times a day for 10 days",
)
.every("3", "/d")
.pack(30, "{tab}", 10)
.ages(8, 120);
pub(super) const AZITHROMYCIN: Drug = daily("308460", "azithromycin 250 MG Oral Tablet")
    .pack(6, "{tab}", 5)
    .ages(16, 120);
pub(super) const NITROFURANTOIN: Drug = as_needed(
    "1648755",
    "nitrofurantoin, macrocrystals 25 MG / nitrofurantoin, monohydrate 75 MG Oral Capsule",
    "Take 1 capsule by mouth twice a day with food for 5 days",
)
.dose("1", CAPSULE)
.every("2", "/d")
.pack(10, "{cap}", 5);
