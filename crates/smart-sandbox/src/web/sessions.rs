//! Who is logged in to the container's pages. Sessions live in memory and end with the container.

use std::collections::HashMap;

use smart_oauth::Timestamp;

/// A session ends this long after its last page, in seconds.
const LIFETIME: u64 = 60 * 60;

/// More people than this at once, and the session that would end first makes room.
const MOST_SESSIONS: usize = 10_000;

/// The characters of a session id.
pub(crate) const SESSION_ID_LENGTH: usize = 32;

/// All sessions, by the id in the cookie.
#[derive(Default)]
pub(crate) struct Sessions(HashMap<String, Session>);

struct Session {
    email: String,
    ends: u64,
}

impl Sessions {
    /// Remembers a login under a fresh, unguessable `id`.
    pub(crate) fn begin(&mut self, id: String, email: &str, now: Timestamp) {
        let now = now.as_unix_seconds();
        self.0.retain(|_, session| session.ends > now);
        if self.0.len() >= MOST_SESSIONS {
            let first = self.0.iter().min_by_key(|(_, session)| session.ends);
            if let Some(first) = first.map(|(id, _)| id.clone()) {
                self.0.remove(&first);
            }
        }
        self.0.insert(
            id,
            Session {
                email: email.to_owned(),
                ends: now + LIFETIME,
            },
        );
    }

    /// The e-mail address of who is logged in; each page puts the end off.
    pub(crate) fn email(&mut self, id: &str, now: Timestamp) -> Option<String> {
        let now = now.as_unix_seconds();
        let session = self.0.get_mut(id).filter(|session| session.ends > now)?;
        session.ends = now + LIFETIME;
        Some(session.email.clone())
    }

    pub(crate) fn end(&mut self, id: &str) {
        self.0.remove(id);
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions")
            .field("count", &self.0.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn a_session_ends_an_hour_after_its_last_page() {
        let mut sessions = Sessions::default();
        sessions.begin("s".to_owned(), "a@example.org", at(0));
        assert_eq!(
            sessions.email("s", at(3599)).as_deref(),
            Some("a@example.org")
        );
        assert_eq!(
            sessions.email("s", at(3599 + 3599)).as_deref(),
            Some("a@example.org")
        );
        assert_eq!(sessions.email("s", at(3599 + 3599 + 3600)), None);
    }

    #[test]
    fn a_logout_ends_a_session_at_once() {
        let mut sessions = Sessions::default();
        sessions.begin("s".to_owned(), "a@example.org", at(0));
        sessions.end("s");
        assert_eq!(sessions.email("s", at(1)), None);
    }

    #[test]
    fn the_number_of_sessions_is_bounded() {
        let mut sessions = Sessions::default();
        for number in 0..=MOST_SESSIONS {
            // A flood in one second: nothing has ended by itself yet.
            sessions.0.insert(
                format!("s{number}"),
                Session {
                    email: String::new(),
                    ends: 10_000 + number as u64,
                },
            );
        }
        sessions.0.remove("s0");
        sessions.begin("new".to_owned(), "a@example.org", at(0));
        assert_eq!(sessions.0.len(), MOST_SESSIONS);
        assert!(sessions.email("s1", at(0)).is_none());
        assert!(sessions.email("new", at(0)).is_some());
    }
}
