//! Request tokens, access tokens and shares: who was given what, and until when.
//!
//! A request token goes through three states, see [`RequestState`]; exchanging it ends it. An
//! access token is bound to an app, a record and a user, and is refused after [`LIFETIME`], unlike
//! in the reference container, which never looks.

use std::collections::{HashMap, HashSet, VecDeque};

use smart_oauth::Timestamp;
use smart_oauth::oauth1::TokenSecret;
use subtle::ConstantTimeEq;

use crate::random::{TOKEN_LENGTH, alphanumeric};

/// How long a token of either kind is valid, in seconds.
pub(crate) const LIFETIME: u64 = 60 * 60;

/// More living tokens of one kind than this, and the oldest is forgotten: its owner has to
/// authorize again.
const MOST_TOKENS: usize = 200_000;

/// What an access token grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) app: String,
    pub(crate) record: Option<String>,
    pub(crate) user: Option<String>,
}

/// A token just made, to be told to the app once.
pub(crate) struct Issued {
    pub(crate) key: String,
    pub(crate) secret: String,
}

/// What a token key that came in stands for.
pub(crate) enum KnownToken {
    Request { app: String, secret: TokenSecret },
    Access { grant: Grant, secret: TokenSecret },
}

/// Why a user's browser cannot go on with a request token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimError {
    /// The token was never issued, has expired or was exchanged; or another user holds it.
    NotYours,
    /// The app asked for a token without naming a record.
    NoRecord,
}

/// A request token that the user may approve.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) app: String,
    pub(crate) record: String,
    /// The user has let this app read this record before.
    pub(crate) shared_before: bool,
}

/// All tokens of a container.
#[derive(Default)]
pub(crate) struct Tokens {
    requests: TokenTable<RequestToken>,
    accesses: TokenTable<AccessToken>,
    /// Record, app and user; a share outlives its tokens.
    shares: HashSet<(String, String, String)>,
}

struct RequestToken {
    app: String,
    record: Option<String>,
    secret: TokenSecret,
    step: RequestState,
}

/// The life of a request token before it is exchanged.
enum RequestState {
    Issued,
    Claimed { user: String },
    Approved { user: String, verifier: String },
}

struct AccessToken {
    grant: Grant,
    secret: TokenSecret,
}

impl Tokens {
    /// Makes a request token for an app, usually for one record.
    pub(crate) fn issue_request(
        &mut self,
        app: &str,
        record: Option<String>,
        now: Timestamp,
    ) -> Result<Issued, getrandom::Error> {
        let issued = Issued::fresh()?;
        let secret = TokenSecret::new(issued.secret.clone());
        let request = RequestToken {
            app: app.to_owned(),
            record,
            secret,
            step: RequestState::Issued,
        };
        self.requests.put(issued.key.clone(), request, now);
        Ok(issued)
    }

    /// Makes an access token for what is granted.
    pub(crate) fn issue_access(
        &mut self,
        grant: Grant,
        now: Timestamp,
    ) -> Result<Issued, getrandom::Error> {
        let issued = Issued::fresh()?;
        let access = AccessToken {
            grant,
            secret: TokenSecret::new(issued.secret.clone()),
        };
        self.accesses.put(issued.key.clone(), access, now);
        Ok(issued)
    }

    /// Puts in an access token that was made elsewhere.
    #[cfg(test)]
    pub(crate) fn import_access(&mut self, key: &str, secret: &str, grant: Grant, now: Timestamp) {
        let access = AccessToken {
            grant,
            secret: TokenSecret::new(secret),
        };
        self.accesses.put(key.to_owned(), access, now);
    }

    /// What a token key stands for at this time.
    pub(crate) fn look_up(&self, key: &str, now: Timestamp) -> Option<KnownToken> {
        if let Some(access) = self.accesses.get(key, now) {
            return Some(KnownToken::Access {
                grant: access.grant.clone(),
                secret: access.secret.clone(),
            });
        }
        let request = self.requests.get(key, now)?;
        Some(KnownToken::Request {
            app: request.app.clone(),
            secret: request.secret.clone(),
        })
    }

    /// Ties a request token to the user whose browser shows it; no other user can use it from then
    /// on.
    pub(crate) fn claim(
        &mut self,
        key: &str,
        user: &str,
        now: Timestamp,
    ) -> Result<Claim, ClaimError> {
        let request = self
            .requests
            .get_mut(key, now)
            .ok_or(ClaimError::NotYours)?;
        match &request.step {
            RequestState::Issued => {
                request.step = RequestState::Claimed {
                    user: user.to_owned(),
                }
            }
            RequestState::Claimed { user: other } | RequestState::Approved { user: other, .. }
                if other != user =>
            {
                return Err(ClaimError::NotYours);
            }
            RequestState::Claimed { .. } | RequestState::Approved { .. } => {}
        }
        let record = request.record.clone().ok_or(ClaimError::NoRecord)?;
        let app = request.app.clone();
        let shared_before = self
            .shares
            .contains(&(record.clone(), app.clone(), user.to_owned()));
        Ok(Claim {
            app,
            record,
            shared_before,
        })
    }

    /// Approves a request token that the user has claimed, and gives the verifier to send to the
    /// app.
    pub(crate) fn approve(
        &mut self,
        key: &str,
        user: &str,
        now: Timestamp,
    ) -> Result<Option<String>, getrandom::Error> {
        let Some(request) = self.requests.get_mut(key, now) else {
            return Ok(None);
        };
        let Some(record) = request.record.clone() else {
            return Ok(None);
        };
        match &request.step {
            RequestState::Approved {
                user: owner,
                verifier,
            } if owner == user => {
                return Ok(Some(verifier.clone()));
            }
            RequestState::Claimed { user: owner } if owner == user => {}
            _ => return Ok(None),
        }
        let verifier = alphanumeric(TOKEN_LENGTH)?;
        request.step = RequestState::Approved {
            user: user.to_owned(),
            verifier: verifier.clone(),
        };
        self.shares
            .insert((record, request.app.clone(), user.to_owned()));
        Ok(Some(verifier))
    }

    /// Forgets a request token because the user said no. Tells whether there was one that this user
    /// may deny.
    pub(crate) fn deny(&mut self, key: &str, user: &str, now: Timestamp) -> bool {
        let is_theirs = self.claim(key, user, now) != Err(ClaimError::NotYours);
        if is_theirs {
            self.requests.remove(key);
        }
        is_theirs
    }

    /// Ends an approved request token and tells what its access token shall be good for. A wrong
    /// verifier leaves the request token alive: its 20 random characters cannot be guessed in an
    /// hour.
    pub(crate) fn exchange(&mut self, key: &str, verifier: &str, now: Timestamp) -> Option<Grant> {
        let request = self.requests.get(key, now)?;
        let RequestState::Approved {
            verifier: expected, ..
        } = &request.step
        else {
            return None;
        };
        if !bool::from(expected.as_bytes().ct_eq(verifier.as_bytes())) {
            return None;
        }
        let request = self.requests.remove(key)?;
        match request.step {
            RequestState::Approved { user, .. } => Some(Grant {
                app: request.app,
                record: request.record,
                user: Some(user),
            }),
            RequestState::Issued | RequestState::Claimed { .. } => None,
        }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("requests", &self.requests.entries.len())
            .field("accesses", &self.accesses.entries.len())
            .field("shares", &self.shares.len())
            .finish()
    }
}

impl Issued {
    fn fresh() -> Result<Self, getrandom::Error> {
        Ok(Self {
            key: alphanumeric(TOKEN_LENGTH)?,
            secret: alphanumeric(TOKEN_LENGTH)?,
        })
    }
}

/// Things that all live for [`LIFETIME`], bounded in number.
struct TokenTable<T> {
    entries: HashMap<String, (u64, T)>,
    /// Keys by age. All lives are equally long, so the front ends first.
    by_age: VecDeque<String>,
}

impl<T> Default for TokenTable<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            by_age: VecDeque::new(),
        }
    }
}

impl<T> TokenTable<T> {
    fn put(&mut self, key: String, value: T, now: Timestamp) {
        let now = now.as_unix_seconds();
        while let Some(oldest) = self.by_age.front() {
            let is_over = self
                .entries
                .get(oldest)
                .is_none_or(|(ends, _)| *ends <= now);
            if !is_over && self.by_age.len() < MOST_TOKENS {
                break;
            }
            self.entries.remove(oldest);
            self.by_age.pop_front();
        }
        self.by_age.push_back(key.clone());
        self.entries.insert(key, (now + LIFETIME, value));
    }

    fn get(&self, key: &str, now: Timestamp) -> Option<&T> {
        let (ends, value) = self.entries.get(key)?;
        (*ends > now.as_unix_seconds()).then_some(value)
    }

    fn get_mut(&mut self, key: &str, now: Timestamp) -> Option<&mut T> {
        let (ends, value) = self.entries.get_mut(key)?;
        (*ends > now.as_unix_seconds()).then_some(value)
    }

    fn remove(&mut self, key: &str) -> Option<T> {
        self.entries.remove(key).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    fn issued(tokens: &mut Tokens) -> String {
        tokens
            .issue_request("app", Some("1".to_owned()), at(0))
            .unwrap()
            .key
    }

    #[test]
    fn a_request_token_is_claimed_approved_and_exchanged_once() {
        let mut tokens = Tokens::default();
        let key = issued(&mut tokens);
        let claim = tokens.claim(&key, "ann", at(1)).unwrap();
        assert_eq!(
            claim,
            Claim {
                app: "app".to_owned(),
                record: "1".to_owned(),
                shared_before: false
            }
        );
        let verifier = tokens.approve(&key, "ann", at(2)).unwrap().unwrap();
        let grant = tokens.exchange(&key, &verifier, at(3)).unwrap();
        assert_eq!(grant.record.as_deref(), Some("1"));
        assert_eq!(grant.user.as_deref(), Some("ann"));
        assert!(tokens.exchange(&key, &verifier, at(4)).is_none());
        assert!(tokens.look_up(&key, at(4)).is_none());
    }

    #[test]
    fn a_share_outlives_the_token_and_is_one_user_s_own() {
        let mut tokens = Tokens::default();
        let first = issued(&mut tokens);
        tokens.claim(&first, "ann", at(1)).unwrap();
        tokens.approve(&first, "ann", at(1)).unwrap();
        let second = issued(&mut tokens);
        assert!(tokens.claim(&second, "ann", at(2)).unwrap().shared_before);
        let third = issued(&mut tokens);
        assert!(!tokens.claim(&third, "bob", at(2)).unwrap().shared_before);
    }

    #[test]
    fn a_claimed_token_is_nobody_else_s() {
        let mut tokens = Tokens::default();
        let key = issued(&mut tokens);
        tokens.claim(&key, "ann", at(1)).unwrap();
        assert_eq!(tokens.claim(&key, "bob", at(1)), Err(ClaimError::NotYours));
        assert_eq!(tokens.approve(&key, "bob", at(1)).unwrap(), None);
        tokens.deny(&key, "bob", at(1));
        assert!(tokens.look_up(&key, at(1)).is_some());
        tokens.deny(&key, "ann", at(1));
        assert!(tokens.look_up(&key, at(1)).is_none());
    }

    #[test]
    fn a_token_without_a_record_cannot_be_approved() {
        let mut tokens = Tokens::default();
        let key = tokens.issue_request("app", None, at(0)).unwrap().key;
        assert_eq!(tokens.claim(&key, "ann", at(0)), Err(ClaimError::NoRecord));
        assert_eq!(tokens.approve(&key, "ann", at(0)).unwrap(), None);
    }

    #[test]
    fn the_exchange_needs_approval_and_the_very_verifier() {
        let mut tokens = Tokens::default();
        let key = issued(&mut tokens);
        assert!(tokens.exchange(&key, "", at(0)).is_none());
        tokens.claim(&key, "ann", at(0)).unwrap();
        assert!(tokens.exchange(&key, "", at(0)).is_none());
        let verifier = tokens.approve(&key, "ann", at(0)).unwrap().unwrap();
        assert!(tokens.exchange(&key, &verifier[..19], at(0)).is_none());
        assert!(tokens.exchange(&key, &verifier, at(0)).is_some());
    }

    #[test]
    fn tokens_end_after_an_hour() {
        let mut tokens = Tokens::default();
        let grant = Grant {
            app: "app".to_owned(),
            record: None,
            user: None,
        };
        let access = tokens.issue_access(grant, at(0)).unwrap().key;
        let request = issued(&mut tokens);
        for key in [&access, &request] {
            assert!(tokens.look_up(key, at(LIFETIME - 1)).is_some());
            assert!(tokens.look_up(key, at(LIFETIME)).is_none());
        }
        assert_eq!(
            tokens.claim(&request, "ann", at(LIFETIME)),
            Err(ClaimError::NotYours)
        );
    }

    #[test]
    fn what_has_ended_is_cleared_away() {
        let mut tokens = Tokens::default();
        for _ in 0..10 {
            issued(&mut tokens);
        }
        tokens.issue_request("app", None, at(LIFETIME)).unwrap();
        assert_eq!(tokens.requests.entries.len(), 1);
        assert_eq!(tokens.requests.by_age.len(), 1);
    }
}
