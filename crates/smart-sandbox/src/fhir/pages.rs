//! The FHIR server's pages: plain forms, without script.

use askama::Template;

use crate::fhir::oauth::users::{FHIR_PASSWORD, FHIR_USER};
use crate::web::pages::Page;

/// A patient who can be chosen.
pub(super) struct PatientLink {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) href: String,
}

/// A line of the list of approvals.
pub(super) struct ApprovalRow {
    pub(super) number: u64,
    pub(super) client_id: String,
    pub(super) name: String,
    pub(super) patient: String,
    pub(super) scope: String,
    pub(super) began: String,
    pub(super) ends: String,
}

/// The first page of the server.
#[derive(Template)]
#[template(path = "fhir/home.html")]
pub(super) struct Home<'a> {
    /// The path below which the server lies: links begin with it.
    pub(super) base: &'a str,
    /// Who is logged in.
    pub(super) user: Option<&'a str>,
    pub(super) fhir_base: &'a str,
}

impl Page for Home<'_> {
    const TITLE: &'static str = "SMART on FHIR sandbox";
}

/// The form that asks who is there.
#[derive(Template)]
#[template(path = "fhir/login.html")]
pub(super) struct Login<'a> {
    /// The path below which the server lies: links begin with it.
    pub(super) base: &'a str,
    pub(super) next: &'a str,
    pub(super) problem: Option<&'a str>,
}

impl Page for Login<'_> {
    const TITLE: &'static str = "Log in";
}

/// The list from which a user chooses whose records to share.
#[derive(Template)]
#[template(path = "fhir/choose_patient.html")]
pub(super) struct ChoosePatient<'a> {
    pub(super) client: &'a str,
    pub(super) patients: &'a [PatientLink],
}

impl Page for ChoosePatient<'_> {
    const TITLE: &'static str = "Choose a patient";
}

/// What a person is asked to approve.
#[derive(Template)]
#[template(path = "fhir/consent.html")]
pub(super) struct Consent<'a> {
    /// The path below which the server lies: links begin with it.
    pub(super) base: &'a str,
    pub(super) client: &'a str,
    pub(super) user: &'a str,
    pub(super) patient: &'a str,
    /// The user represents the patient.
    pub(super) represents: bool,
    pub(super) scope: &'a str,
    pub(super) labels: &'a str,
    pub(super) expires: &'a str,
    pub(super) last_expires: &'a str,
    /// Where the browser goes when the person declines.
    pub(super) decline: &'a str,
    /// Names and values that come back as they are.
    pub(super) hidden: &'a [(&'a str, &'a str)],
}

impl Page for Consent<'_> {
    const TITLE: &'static str = "Share records";
}

/// The approvals of a user.
#[derive(Template)]
#[template(path = "fhir/apps.html")]
pub(super) struct Apps<'a> {
    /// The path below which the server lies: links begin with it.
    pub(super) base: &'a str,
    pub(super) user: &'a str,
    pub(super) rows: &'a [ApprovalRow],
}

impl Page for Apps<'_> {
    const TITLE: &'static str = "Your apps";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::page;
    use crate::web::pages::testing::{HOSTILE, check_escaped};

    #[test]
    fn foreign_text_does_not_become_markup() {
        let link = PatientLink {
            id: HOSTILE.to_owned(),
            label: HOSTILE.to_owned(),
            href: HOSTILE.to_owned(),
        };
        let row = ApprovalRow {
            number: 1,
            client_id: HOSTILE.to_owned(),
            name: HOSTILE.to_owned(),
            patient: HOSTILE.to_owned(),
            scope: HOSTILE.to_owned(),
            began: HOSTILE.to_owned(),
            ends: HOSTILE.to_owned(),
        };
        let consent = |represents| Consent {
            base: "",
            client: HOSTILE,
            user: HOSTILE,
            patient: HOSTILE,
            represents,
            scope: HOSTILE,
            labels: HOSTILE,
            expires: HOSTILE,
            last_expires: HOSTILE,
            decline: HOSTILE,
            hidden: &[(HOSTILE, HOSTILE)],
        };
        check_escaped(&page(&Home {
            base: "",
            user: Some(HOSTILE),
            fhir_base: HOSTILE,
        }));
        check_escaped(&page(&Login {
            base: "",
            next: HOSTILE,
            problem: Some(HOSTILE),
        }));
        check_escaped(&page(&ChoosePatient {
            client: HOSTILE,
            patients: &[link],
        }));
        check_escaped(&page(&consent(true)));
        check_escaped(&page(&consent(false)));
        check_escaped(&page(&Apps {
            base: "",
            user: HOSTILE,
            rows: &[row],
        }));
    }
}
