//! What the pages of this server say. Plain forms, without script, in the look of the container's pages.

use std::fmt::Write as _;

use crate::web::pages::{escape, page};
use crate::web::reply::Reply;

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

/// What a person is asked to approve.
pub(super) struct Question<'a> {
    pub(super) client: &'a str,
    pub(super) user: &'a str,
    pub(super) patient: &'a str,
    /// The patient is somebody else, whom the user represents.
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

pub(super) fn home(user: Option<&str>, fhir_base: &str) -> Reply {
    let login = match user {
        Some(user) => format!(
            "<p>You are logged in as {}. <a href=\"/apps\">Your apps</a> · <a href=\"/logout\">Log out</a></p>",
            escape(user)
        ),
        None => "<p><a href=\"/login\">Log in</a></p>".to_owned(),
    };
    page(
        "SMART on FHIR sandbox",
        &format!(
            "<p>A server to develop apps against, with FHIR R4 at <code>{}</code>.</p>\n{login}",
            escape(fhir_base)
        ),
    )
}

/// The password is public, so it stands in the form.
pub(super) fn login(next: &str, problem: Option<&str>) -> Reply {
    let problem = problem
        .map(|problem| format!("<p role=\"alert\">{}</p>\n", escape(problem)))
        .unwrap_or_default();
    page(
        "Log in",
        &format!(
            "{problem}<form method=\"post\" action=\"/login\">\n\
             <input type=\"hidden\" name=\"next\" value=\"{}\">\n\
             <p><label for=\"username\">Username</label><br>\n\
             <input id=\"username\" name=\"username\" type=\"text\" autocomplete=\"username\" value=\"{}\" required></p>\n\
             <p><label for=\"password\">Password</label><br>\n\
             <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" value=\"{}\" \
             required></p>\n\
             <p><button type=\"submit\" id=\"sign-in\">Log in</button></p>\n</form>",
            escape(next),
            super::FHIR_USER,
            super::FHIR_PASSWORD,
        ),
    )
}

pub(super) fn choose_patient(client: &str, patients: &[PatientLink]) -> Reply {
    let mut items = String::new();
    for patient in patients {
        let _ = writeln!(
            items,
            "<li><a href=\"{}\" data-patient-id=\"{}\">{}</a></li>",
            escape(&patient.href),
            escape(&patient.id),
            escape(&patient.label)
        );
    }
    page(
        "Choose a patient",
        &format!(
            "<p>Whose records shall {} get?</p>\n<ul>\n{items}</ul>",
            escape(client)
        ),
    )
}

pub(super) fn consent(question: &Question<'_>) -> Reply {
    let whose = if question.represents {
        format!(
            "the records of <strong>{}</strong>, whom you represent",
            escape(question.patient)
        )
    } else {
        format!(
            "your records, <strong>{}</strong>",
            escape(question.patient)
        )
    };
    let mut hidden = String::new();
    for (name, value) in question.hidden {
        let _ = writeln!(
            hidden,
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            escape(name),
            escape(value)
        );
    }
    page(
        "Share records",
        &format!(
            "<p><strong>{}</strong> asks to read {whose}.</p>\n\
             <p>You are logged in as {}. It asks for <code>{}</code>, and would get what is labeled {}.</p>\n\
             <form method=\"post\" action=\"/oauth/authorize\">\n{hidden}\
             <p><label for=\"expires\">Until</label><br>\n\
             <input id=\"expires\" name=\"expires\" type=\"date\" value=\"{expires}\" min=\"{expires}\" max=\"{}\" required></p>\n\
             <p><button type=\"submit\" id=\"authorize\">Authorize</button>\n\
             <a id=\"decline\" href=\"{}\">Decline</a></p>\n</form>",
            escape(question.client),
            escape(question.user),
            escape(question.scope),
            escape(question.labels),
            escape(question.last_expires),
            escape(question.decline),
            expires = escape(question.expires),
        ),
    )
}

pub(super) fn apps(user: &str, rows: &[ApprovalRow]) -> Reply {
    let mut lines = String::new();
    for row in rows {
        let _ = writeln!(
            lines,
            "<tr rel=\"{}\"><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
             <td><form method=\"post\" action=\"/revoke/{}\"><button type=\"submit\">Revoke</button></form></td></tr>",
            escape(&row.client_id),
            escape(&row.name),
            escape(&row.patient),
            escape(&row.scope),
            escape(&row.began),
            escape(&row.ends),
            row.number,
        );
    }
    let table = if rows.is_empty() {
        "<p>No app gets records.</p>".to_owned()
    } else {
        format!(
            "<table>\n<tr><th>App</th><th>Patient</th><th>Scopes</th><th>Since</th><th>Until</th><th></th></tr>\n{lines}</table>"
        )
    };
    page(
        "Your apps",
        &format!(
            "<p>You are logged in as {}. <a href=\"/logout\">Log out</a></p>\n{table}",
            escape(user)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "<script>alert(\"'&\")</script>";

    #[test]
    fn no_form_lets_foreign_text_become_markup() {
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
        let question = |represents| Question {
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
        for reply in [
            home(Some(HOSTILE), HOSTILE),
            login(HOSTILE, Some(HOSTILE)),
            choose_patient(HOSTILE, &[link]),
            consent(&question(true)),
            consent(&question(false)),
            apps(HOSTILE, &[row]),
        ] {
            let text = std::str::from_utf8(reply.body()).unwrap();
            assert!(
                !text.contains("<script") && !text.contains("alert(\""),
                "{text}"
            );
            assert!(text.contains("&lt;script&gt;"), "{text}");
        }
    }
}
