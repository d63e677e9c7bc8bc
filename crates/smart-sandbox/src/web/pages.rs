//! The few pages that people see: plain forms that a screen reader, an old browser and a script can all use.
//!
//! Every text that did not come from this file goes through [`escape`].

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use crate::web::reply::{self, HTML, Reply};

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
pub(crate) fn home(user: Option<&str>, apps: &[AppLink<'_>], record_count: usize) -> Reply {
    let items: String = apps.iter().map(app_item).collect();
    let login = match user {
        Some(user) => format!(
            "<p>You are logged in as {}. <a href=\"/logout\">Log out</a></p>",
            escape(user)
        ),
        None => "<p><a href=\"/login\">Log in</a></p>".to_owned(),
    };
    page(
        "SMART sandbox",
        &format!(
            "<p>A container to develop apps against. It holds {record_count} records; \
             <a href=\"/manifest\">its manifest</a> names every address that an app needs.</p>\n\
             {login}\n<h2>Installed apps</h2>\n<ul>\n{items}</ul>"
        ),
    )
}

fn app_item(app: &AppLink<'_>) -> String {
    let name = match &app.launch {
        Some(launch) => format!("<a href=\"{}\">{}</a>", escape(launch), escape(app.name)),
        None => format!("{}, runs in the background", escape(app.name)),
    };
    format!("<li>{name} (<code>{}</code>)</li>\n", escape(app.id))
}

/// The form that asks who is there.
pub(crate) fn login(return_url: &str, hint: Option<&str>, problem: Option<&str>) -> Reply {
    let problem = problem
        .map(|problem| format!("<p role=\"alert\">{}</p>\n", escape(problem)))
        .unwrap_or_default();
    let hint = hint
        .map(|hint| format!("<p>{}</p>\n", escape(hint)))
        .unwrap_or_default();
    page(
        "Log in",
        &format!(
            "{problem}{hint}<form method=\"post\" action=\"/login\">\n\
             <input type=\"hidden\" name=\"return_url\" value=\"{}\">\n\
             <p><label for=\"username\">E-mail address</label><br>\n\
             <input id=\"username\" name=\"username\" type=\"text\" inputmode=\"email\" \
             autocomplete=\"username\" required autofocus></p>\n\
             <p><label for=\"password\">Password</label><br>\n\
             <input id=\"password\" name=\"password\" type=\"password\" \
             autocomplete=\"current-password\" required></p>\n\
             <p><button type=\"submit\">Log in</button></p>\n</form>",
            escape(return_url)
        ),
    )
}

/// What is shown after a logout.
pub(crate) fn logged_out() -> Reply {
    page(
        "Logged out",
        "<p>You are logged out. <a href=\"/login\">Log in again</a></p>",
    )
}

/// The list from which a user chooses the record to open in an app.
pub(crate) fn choose_record(app_name: &str, records: &[RecordLink]) -> Reply {
    let items: String = records
        .iter()
        .map(|record| {
            format!(
                "<li><a href=\"{}\">{}</a></li>\n",
                escape(&record.href),
                escape(&record.label)
            )
        })
        .collect();
    let list = if items.is_empty() {
        "<p>There is no record that you may open.</p>".to_owned()
    } else {
        format!("<ul>\n{items}</ul>")
    };
    page(
        "Choose a record",
        &format!(
            "<p>Which record shall {} open?</p>\n{list}",
            escape(app_name)
        ),
    )
}

/// The question whether an app may read a record. The first form is the one that scripts know.
pub(crate) fn authorize(app_name: &str, record: &str, token: &str, user: &str) -> Reply {
    let token = escape(token);
    page(
        "Authorize an app",
        &format!(
            "<p><strong>{}</strong> asks to read and write the record of <strong>{}</strong> in your name.</p>\n\
             <p>You are logged in as {}.</p>\n\
             <form method=\"post\" action=\"\">\n\
             <input type=\"hidden\" name=\"oauth_token\" value=\"{token}\">\n\
             <input type=\"hidden\" name=\"oauth_callback\" value=\"\">\n\
             <input type=\"hidden\" name=\"record_id\" value=\"\">\n\
             <p><button type=\"submit\">Authorize</button></p>\n</form>\n\
             <form method=\"post\" action=\"/oauth/deny\">\n\
             <input type=\"hidden\" name=\"oauth_token\" value=\"{token}\">\n\
             <p><button type=\"submit\">Do not authorize</button></p>\n</form>",
            escape(app_name),
            escape(record),
            escape(user)
        ),
    )
}

/// The end of a dance that the user stopped. The app is not told: there is no protocol for it.
pub(crate) fn denied() -> Reply {
    page(
        "Not authorized",
        "<p>The app may not read the record. You can close this page, or go back to the app.</p>",
    )
}

/// Says what went wrong. The status is 200, as the reference container has it, and stands in the text instead.
pub(crate) fn error(problem: &str) -> Reply {
    page(
        "Error",
        &format!("<p role=\"alert\">{}</p>", escape(problem)),
    )
}

/// One plain line, where no form fits.
pub(crate) fn line(text: &'static str) -> Reply {
    guarded(reply::answer(StatusCode::OK, HTML, text))
}

/// Refuses a form that another site made the browser send.
pub(crate) fn foreign_form() -> Reply {
    let body = document(
        "Refused",
        "<p role=\"alert\">This form came from another site.</p>",
    );
    guarded(reply::answer(StatusCode::FORBIDDEN, HTML, body))
}

/// Makes a text safe between tags and inside quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A page of one's own content, which must be markup already.
pub(crate) fn page(title: &str, body: &str) -> Reply {
    guarded(reply::answer(StatusCode::OK, HTML, document(title, body)))
}

fn document(title: &str, body: &str) -> Bytes {
    let title = escape(title);
    Bytes::from(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         {body}\n</main>\n</body>\n</html>\n"
    ))
}

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem}\
                     input[type=text],input[type=password]{font:inherit;padding:.4rem;width:100%;box-sizing:border-box}\
                     button{font:inherit;padding:.4rem 1rem}[role=alert]{border-left:.3rem solid #b00020;padding-left:.7rem}";

/// No script, no foreign frame, no cache. The referrer policy must not be `no-referrer`: browsers would then send
/// `Origin: null` with our own forms. There is no `form-action`, because Chrome would apply it to the redirect to the app.
fn guarded(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'",
        ),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "<script>alert(\"'&\")</script>";

    fn text(reply: &Reply) -> &str {
        std::str::from_utf8(reply.body()).unwrap()
    }

    #[test]
    fn no_page_lets_foreign_text_become_markup() {
        let link = RecordLink {
            label: HOSTILE.to_owned(),
            href: HOSTILE.to_owned(),
        };
        let app = AppLink {
            name: HOSTILE,
            id: HOSTILE,
            launch: Some(HOSTILE.to_owned()),
        };
        for reply in [
            home(Some(HOSTILE), &[app], 1),
            login(HOSTILE, Some(HOSTILE), Some(HOSTILE)),
            choose_record(HOSTILE, &[link]),
            authorize(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
            error(HOSTILE),
        ] {
            assert!(!text(&reply).contains("<script"), "{}", text(&reply));
            assert!(!text(&reply).contains("alert(\""), "{}", text(&reply));
            assert!(text(&reply).contains("&lt;script&gt;alert(&quot;&#39;&amp;&quot;)"));
        }
    }

    #[test]
    fn the_authorize_form_has_the_fields_that_scripts_send_back() {
        let reply = authorize("App", "Ada", "tok", "ann@example.org");
        let form = text(&reply).split("</form>").next().unwrap();
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

    #[test]
    fn pages_run_no_script_and_stay_out_of_foreign_frames() {
        let reply = login("/", None, None);
        let policy = reply.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'"));
        assert_eq!(reply.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(reply.headers()[header::CONTENT_TYPE], HTML);
    }
}
