//! The container's pages.

use askama::Template;

use crate::web::pages::Page;

/// An app on the home page.
pub(crate) struct AppLink<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: &'a str,
    /// None for apps without a page.
    pub(crate) launch: Option<String>,
}

/// A record that can be chosen.
pub(crate) struct RecordLink {
    pub(crate) label: String,
    pub(crate) href: String,
}

/// The first page of the container.
#[derive(Template)]
#[template(path = "classic/home.html")]
pub(crate) struct Home<'a> {
    /// The path below which the server lies: links begin with it.
    pub(crate) base: &'a str,
    /// Who is logged in.
    pub(crate) user: Option<&'a str>,
    pub(crate) apps: &'a [AppLink<'a>],
    pub(crate) record_count: usize,
}

impl Page for Home<'_> {
    const TITLE: &'static str = "SMART sandbox";
}

/// The form that asks who is there.
#[derive(Template)]
#[template(path = "classic/login.html")]
pub(crate) struct Login<'a> {
    /// The path below which the server lies: links begin with it.
    pub(crate) base: &'a str,
    pub(crate) return_url: &'a str,
    pub(crate) hint: Option<&'a str>,
    pub(crate) problem: Option<&'a str>,
}

impl Page for Login<'_> {
    const TITLE: &'static str = "Log in";
}

/// What is shown after a logout.
#[derive(Template)]
#[template(path = "classic/logged_out.html")]
pub(crate) struct LoggedOut<'a> {
    /// The path below which the server lies: links begin with it.
    pub(crate) base: &'a str,
}

impl Page for LoggedOut<'_> {
    const TITLE: &'static str = "Logged out";
}

/// The list from which a user chooses the record to open in an app.
#[derive(Template)]
#[template(path = "classic/choose_record.html")]
pub(crate) struct ChooseRecord<'a> {
    pub(crate) app: &'a str,
    pub(crate) records: &'a [RecordLink],
}

impl Page for ChooseRecord<'_> {
    const TITLE: &'static str = "Choose a record";
}

/// The question whether an app may read a record.
#[derive(Template)]
#[template(path = "classic/authorize.html")]
pub(crate) struct Authorize<'a> {
    /// The path below which the server lies: links begin with it.
    pub(crate) base: &'a str,
    pub(crate) app: &'a str,
    pub(crate) record: &'a str,
    pub(crate) token: &'a str,
    pub(crate) user: &'a str,
}

impl Page for Authorize<'_> {
    const TITLE: &'static str = "Authorize an app";
}

/// The end of a dance that the user stopped. The app is not told: there is no protocol for it.
#[derive(Template)]
#[template(path = "classic/denied.html")]
pub(crate) struct Denied;

impl Page for Denied {
    const TITLE: &'static str = "Not authorized";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::page;
    use crate::web::pages::testing::{HOSTILE, check_escaped};

    #[test]
    fn foreign_text_does_not_become_markup() {
        let link = RecordLink {
            label: HOSTILE.to_owned(),
            href: HOSTILE.to_owned(),
        };
        let app = AppLink {
            name: HOSTILE,
            id: HOSTILE,
            launch: Some(HOSTILE.to_owned()),
        };
        check_escaped(&page(&Home {
            base: "",
            user: Some(HOSTILE),
            apps: &[app],
            record_count: 1,
        }));
        check_escaped(&page(&Login {
            base: "",
            return_url: HOSTILE,
            hint: Some(HOSTILE),
            problem: Some(HOSTILE),
        }));
        check_escaped(&page(&ChooseRecord {
            app: HOSTILE,
            records: &[link],
        }));
        check_escaped(&page(&Authorize {
            base: "",
            app: HOSTILE,
            record: HOSTILE,
            token: HOSTILE,
            user: HOSTILE,
        }));
    }

    #[test]
    fn the_authorize_form_has_the_fields_that_scripts_send_back() {
        let page = Authorize {
            base: "",
            app: "App",
            record: "Ada",
            token: "tok",
            user: "ann@example.org",
        };
        let page = page.render().unwrap();
        let form = page.split("</form>").next().unwrap();
        assert!(form.contains("<form method=\"post\" action=\"\">"));
        for field in [
            "name=\"oauth_token\" value=\"tok\"",
            "name=\"oauth_callback\" value=\"\"",
            "name=\"record_id\" value=\"\"",
        ] {
            assert!(form.contains(field), "{field} in {form}");
        }
        assert_eq!(form.matches("type=\"submit\"").count(), 1);
    }
}
