//! What all pages have in common. Their markup is in `templates/`, where every value is escaped:
//! plain forms that a screen reader, an old browser and a script can all use.

use askama::Template;
use http::{HeaderValue, StatusCode, header};

use super::reply::{self, HTML, Reply};

/// A template for a whole page, below `page.html`.
pub(crate) trait Page: Template {
    /// The title of the window and of the page.
    const TITLE: &'static str;
}

/// Answers with a page.
pub(crate) fn page(page: &impl Page) -> Reply {
    rendered(StatusCode::OK, page)
}

/// A page of one sentence.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    text: &'a str,
}

impl Page for Message<'_> {
    const TITLE: &'static str = "Error";
}

/// Says what went wrong. The status is 200, as the reference container has it, and the text tells
/// the problem instead.
pub(crate) fn error(problem: &str) -> Reply {
    page(&Message { text: problem })
}

/// One plain line, where no form fits.
pub(crate) fn line(text: &'static str) -> Reply {
    guarded(reply::answer(StatusCode::OK, HTML, text))
}

/// Refuses a form that another site made the browser send.
pub(crate) fn foreign_form() -> Reply {
    #[derive(Template)]
    #[template(path = "message.html")]
    struct Refused {
        text: &'static str,
    }

    impl Page for Refused {
        const TITLE: &'static str = "Refused";
    }

    let text = "This form came from another site.";
    rendered(StatusCode::FORBIDDEN, &Refused { text })
}

fn rendered(status: StatusCode, page: &impl Page) -> Reply {
    match page.render() {
        Ok(html) => guarded(reply::answer(status, HTML, html)),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            reply::server_error()
        }
    }
}

/// No script, no foreign frame, no cache. The referrer policy must not be `no-referrer`: browsers
/// would then send `Origin: null` with our own forms. There is no `form-action`, because Chrome
/// would apply it to the redirect to the app.
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
pub(crate) mod testing {
    use super::*;

    /// What an attacker would like to see as markup.
    pub(crate) const HOSTILE: &str = "<script>alert(\"'&\")</script>";

    /// Checks that a page with [`HOSTILE`] values shows them as text.
    pub(crate) fn check_escaped(reply: &Reply) {
        let text = std::str::from_utf8(reply.body()).unwrap();
        assert!(
            !text.contains("<script") && !text.contains("alert(\""),
            "{text}"
        );
        let escaped = "&#60;script&#62;alert(&#34;&#39;&#38;&#34;)";
        assert!(text.contains(escaped), "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{HOSTILE, check_escaped};
    use super::*;

    #[test]
    fn foreign_text_does_not_become_markup() {
        check_escaped(&error(HOSTILE));
    }

    #[test]
    fn pages_run_no_script_and_stay_out_of_foreign_frames() {
        let reply = foreign_form();
        let policy = reply.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'"));
        assert_eq!(reply.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(reply.headers()[header::CONTENT_TYPE], HTML);
    }
}
