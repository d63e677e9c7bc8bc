//! Approvals and what grows from them: a code, then a pair of tokens, then the next pair.
//!
//! ```text
//!  consent ──► Code ──exchange──► TokenPair ──refresh──► TokenPair …
//!               │ 100 s            │ 3600 s (access), end of the approval (refresh)
//! ```
//!
//! One client holds one living approval of a user for a patient; a new one ends the old. The
//! original server lets a new approval end those of all other users, too.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::fhir::time::Time;
use crate::random::{alphanumeric, uuid_pair};

/// How long a code is valid, in seconds.
pub(crate) const CODE_LIFETIME: i64 = 100;
/// How long an access token is valid, in seconds.
pub(crate) const ACCESS_LIFETIME: i64 = 3600;

/// The characters of a code and of a token.
const LENGTH: usize = 30;

/// More approvals than this, and the oldest is forgotten: its owner has to approve again.
const MOST_APPROVALS: usize = 100_000;

/// What a user lets a client do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) client: String,
    pub(crate) user: String,
    /// FHIR id.
    pub(crate) patient: String,
    /// Space-separated.
    pub(crate) scope: String,
    pub(crate) labels: Vec<String>,
    /// No token is given out from here on.
    pub(crate) ends: Time,
}

/// One approval.
pub(crate) struct Approval {
    pub(crate) grant: Grant,
    pub(crate) began: Time,
    pub(crate) stage: Stage,
}

/// What a client holds of an approval.
pub(crate) enum Stage {
    Code(Code),
    Tokens(TokenPair),
}

/// Waits for its client.
pub(crate) struct Code {
    pub(crate) text: String,
    pub(crate) redirect_uri: String,
    pub(crate) ends: Time,
    pub(crate) challenge: Option<String>,
}

/// The tokens that are valid now. The pair before them is not.
pub(crate) struct TokenPair {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) access_ends: Time,
    /// The code that they came from: who shows it again has stolen it, or was robbed.
    pub(crate) spent: Option<String>,
}

/// What comes with a code to the token endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub(crate) client: &'a str,
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) verifier: Option<&'a str>,
}

/// Why no tokens are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// The redirect URI is not that of the authorization request.
    AccessDenied,
    /// The grant is used up, has expired, or belongs to another client.
    InvalidGrant,
    /// As above, where the original server stumbles.
    UnknownGrant,
    /// More was asked for than was granted.
    InvalidScope,
    /// The machine gives no random numbers.
    Ours,
}

/// Which token of a pair a request showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Access,
    Refresh,
}

/// All approvals, by number.
#[derive(Default)]
pub(crate) struct Approvals {
    rows: BTreeMap<u64, Approval>,
    /// The rows of codes, spent ones included, and of tokens.
    by_text: HashMap<String, u64>,
    last: u64,
}

impl Approvals {
    /// Notes a consent and makes its code.
    pub(crate) fn approve(
        &mut self,
        grant: Grant,
        redirect_uri: &str,
        challenge: Option<&str>,
        now: Time,
    ) -> Result<String, getrandom::Error> {
        let text = alphanumeric(LENGTH)?;
        self.drop_others(&grant, None);
        let code = Code {
            text: text.clone(),
            redirect_uri: redirect_uri.to_owned(),
            ends: now.plus(CODE_LIFETIME),
            challenge: challenge.map(str::to_owned),
        };
        self.insert(Approval {
            grant,
            began: now,
            stage: Stage::Code(code),
        });
        Ok(text)
    }

    /// Makes tokens out of nothing, for the debug endpoint.
    pub(crate) fn insert_pair(
        &mut self,
        grant: Grant,
        access_ends: Time,
        now: Time,
    ) -> Result<[String; 2], getrandom::Error> {
        let [access, refresh] = uuid_pair()?;
        let pair = TokenPair {
            access: access.clone(),
            refresh: refresh.clone(),
            access_ends,
            spent: None,
        };
        self.insert(Approval {
            grant,
            began: now,
            stage: Stage::Tokens(pair),
        });
        Ok([access, refresh])
    }

    /// Takes a code, once ([RFC 6749
    /// §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)). A code that comes again ends
    /// the tokens that it brought. An attempt that fails for another reason does not use it up.
    pub(crate) fn exchange(
        &mut self,
        exchange: Exchange<'_>,
        now: Time,
    ) -> Result<&Approval, Denial> {
        let row = *self
            .by_text
            .get(exchange.code)
            .ok_or(Denial::UnknownGrant)?;
        let approval = self.rows.get(&row).ok_or(Denial::UnknownGrant)?;
        if approval.grant.client != exchange.client {
            return Err(Denial::InvalidGrant);
        }
        let code = match &approval.stage {
            Stage::Code(code) => code,
            Stage::Tokens(pair) if pair.spent.as_deref() == Some(exchange.code) => {
                tracing::debug!("a code came twice, its tokens end");
                self.remove(row);
                return Err(Denial::InvalidGrant);
            }
            Stage::Tokens(_) => return Err(Denial::UnknownGrant),
        };
        if now >= code.ends {
            return Err(Denial::InvalidGrant);
        }
        if exchange.redirect_uri != Some(code.redirect_uri.as_str()) {
            return Err(Denial::AccessDenied);
        }
        if !verifies(code.challenge.as_deref(), exchange.verifier) {
            return Err(Denial::InvalidGrant);
        }
        if now >= approval.grant.ends {
            return Err(Denial::UnknownGrant);
        }
        let spent = Some(code.text.clone());
        self.renew(row, spent, now)
    }

    /// Takes a refresh token and makes the next pair; the old pair ends at once.
    pub(crate) fn refresh(
        &mut self,
        client: &str,
        token: &str,
        scope: Option<&str>,
        now: Time,
    ) -> Result<&Approval, Denial> {
        let row = self
            .row(token, TokenKind::Refresh)
            .ok_or(Denial::InvalidGrant)?;
        let approval = self.rows.get_mut(&row).ok_or(Denial::InvalidGrant)?;
        let Stage::Tokens(pair) = &approval.stage else {
            return Err(Denial::InvalidGrant);
        };
        if approval.grant.client != client {
            return Err(Denial::InvalidGrant);
        }
        if now >= approval.grant.ends {
            return Err(Denial::UnknownGrant);
        }
        if let Some(scope) = scope.filter(|scope| !scope.trim().is_empty()) {
            let mut asked = scope.split_whitespace();
            let granted = |one| {
                approval
                    .grant
                    .scope
                    .split_whitespace()
                    .any(|old| old == one)
            };
            if !asked.all(granted) {
                return Err(Denial::InvalidScope);
            }
            approval.grant.scope = scope.to_owned();
        }
        let spent = pair.spent.clone();
        self.renew(row, spent, now)
    }

    /// The approval behind a token, whether or not the token is still good.
    pub(crate) fn find(&self, token: &str) -> Option<(&Approval, TokenKind)> {
        let approval = self.rows.get(self.by_text.get(token)?)?;
        let pair = approval.pair()?;
        if pair.access == token {
            Some((approval, TokenKind::Access))
        } else if pair.refresh == token {
            Some((approval, TokenKind::Refresh))
        } else {
            None
        }
    }

    /// The approval behind an access token that is valid now.
    pub(crate) fn access(&self, token: &str, now: Time) -> Option<&Approval> {
        let (approval, kind) = self.find(token)?;
        (kind == TokenKind::Access && approval.is_active(kind, now)).then_some(approval)
    }

    /// The approvals of one user with their numbers, oldest first.
    pub(crate) fn of_user<'a>(
        &'a self,
        user: &'a str,
    ) -> impl Iterator<Item = (u64, &'a Approval)> {
        self.rows
            .iter()
            .filter(move |(_, approval)| approval.grant.user == user)
            .map(|(row, approval)| (*row, approval))
    }

    /// Ends an approval of this user; another user's stays.
    pub(crate) fn revoke(&mut self, row: u64, user: &str) {
        if self
            .rows
            .get(&row)
            .is_some_and(|approval| approval.grant.user == user)
        {
            self.remove(row);
        }
    }

    /// Ends a client's own token. A refresh token takes the whole approval with it
    /// ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)).
    pub(crate) fn revoke_token(&mut self, client: &str, token: &str, now: Time) {
        let Some(row) = self.by_text.get(token).copied() else {
            return;
        };
        match self.find(token) {
            Some((approval, _)) if approval.grant.client != client => {}
            Some((_, TokenKind::Refresh)) => self.remove(row),
            Some((_, TokenKind::Access)) => {
                if let Some(Approval {
                    stage: Stage::Tokens(pair),
                    ..
                }) = self.rows.get_mut(&row)
                {
                    pair.access_ends = pair.access_ends.min(now);
                }
            }
            None => {}
        }
    }

    /// Changes the approval of a code or token against all rules. Only faults do that.
    pub(crate) fn tamper(&mut self, text: &str, change: impl FnOnce(&mut Approval)) {
        let row = self.by_text.get(text).copied();
        if let Some((row, mut approval)) = row.and_then(|row| Some((row, self.take(row)?))) {
            change(&mut approval);
            self.put(row, approval);
        }
    }

    fn row(&self, token: &str, wanted: TokenKind) -> Option<u64> {
        let (_, kind) = self.find(token)?;
        (kind == wanted).then(|| self.by_text.get(token).copied())?
    }

    fn renew(&mut self, row: u64, spent: Option<String>, now: Time) -> Result<&Approval, Denial> {
        let fresh = || alphanumeric(LENGTH).map_err(|_| Denial::Ours);
        let (access, refresh) = (fresh()?, fresh()?);
        let mut approval = self.take(row).ok_or(Denial::InvalidGrant)?;
        self.drop_others(&approval.grant, Some(now));
        approval.stage = Stage::Tokens(TokenPair {
            access,
            refresh,
            access_ends: now.plus(ACCESS_LIFETIME),
            spent,
        });
        self.put(row, approval);
        self.rows.get(&row).ok_or(Denial::Ours)
    }

    /// Ends what the same client holds of the same user and patient; with a time, only what has not
    /// ended by itself.
    fn drop_others(&mut self, grant: &Grant, unexpired_at: Option<Time>) {
        let same = |other: &Grant| {
            other.client == grant.client
                && other.user == grant.user
                && other.patient == grant.patient
                && unexpired_at.is_none_or(|now| now < other.ends)
        };
        let rows: Vec<u64> = self
            .rows
            .iter()
            .filter(|(_, approval)| same(&approval.grant))
            .map(|(row, _)| *row)
            .collect();
        for row in rows {
            self.remove(row);
        }
    }

    fn insert(&mut self, approval: Approval) {
        if self.rows.len() >= MOST_APPROVALS
            && let Some(oldest) = self.rows.keys().next().copied()
        {
            self.remove(oldest);
        }
        self.last += 1;
        self.put(self.last, approval);
    }

    fn put(&mut self, row: u64, approval: Approval) {
        for text in approval.stage.texts() {
            self.by_text.insert(text.to_owned(), row);
        }
        self.rows.insert(row, approval);
    }

    fn take(&mut self, row: u64) -> Option<Approval> {
        let approval = self.rows.remove(&row)?;
        for text in approval.stage.texts() {
            self.by_text.remove(text);
        }
        Some(approval)
    }

    fn remove(&mut self, row: u64) {
        self.take(row);
    }
}

impl Approval {
    /// The tokens; none before the code is exchanged.
    pub(crate) fn pair(&self) -> Option<&TokenPair> {
        match &self.stage {
            Stage::Code(_) => None,
            Stage::Tokens(pair) => Some(pair),
        }
    }

    /// Whether its token of this kind is valid now. An access token may outlive its approval, by an
    /// hour at most.
    pub(crate) fn is_active(&self, kind: TokenKind, now: Time) -> bool {
        match kind {
            TokenKind::Access => self.pair().is_some_and(|pair| now < pair.access_ends),
            TokenKind::Refresh => now < self.grant.ends,
        }
    }
}

impl Stage {
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Code(code) => vec![&code.text],
            Self::Tokens(pair) => [&pair.access, &pair.refresh]
                .into_iter()
                .chain(&pair.spent)
                .map(String::as_str)
                .collect(),
        }
    }
}

impl fmt::Debug for Approvals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Approvals")
            .field("count", &self.rows.len())
            .finish()
    }
}

/// The challenge of a verifier, with the method S256.
pub(crate) fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Whether a verifier belongs to a challenge of the method S256 ([RFC 7636
/// §4.6](https://www.rfc-editor.org/rfc/rfc7636#section-4.6)). A verifier without a challenge is
/// refused, too: somebody took the challenge out on the way ([RFC 9700
/// §4.8.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.8.2)).
fn verifies(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => challenge_of(verifier)
            .as_bytes()
            .ct_eq(challenge.as_bytes())
            .into(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_unix_seconds(seconds).unwrap()
    }

    fn grant(client: &str, user: &str, patient: &str) -> Grant {
        Grant {
            client: client.to_owned(),
            user: user.to_owned(),
            patient: patient.to_owned(),
            scope: "a b".to_owned(),
            labels: Vec::new(),
            ends: at(1_000_000),
        }
    }

    fn try_exchange(
        approvals: &mut Approvals,
        code: &str,
        now: i64,
    ) -> Result<(String, String), Denial> {
        let exchange = Exchange {
            client: "c",
            code,
            redirect_uri: Some("http://r/"),
            verifier: None,
        };
        let pair = approvals.exchange(exchange, at(now))?.pair().unwrap();
        Ok((pair.access.clone(), pair.refresh.clone()))
    }

    #[test]
    fn a_code_is_good_for_a_hundred_seconds() {
        for (seconds, good) in [(0, true), (99, true), (100, false), (1000, false)] {
            let mut approvals = Approvals::default();
            let code = approvals
                .approve(grant("c", "u", "p"), "http://r/", None, at(0))
                .unwrap();
            assert_eq!(
                try_exchange(&mut approvals, &code, seconds).is_ok(),
                good,
                "{seconds}"
            );
        }
    }

    #[test]
    fn a_code_that_comes_twice_ends_its_tokens() {
        let mut approvals = Approvals::default();
        let code = approvals
            .approve(grant("c", "u", "p"), "http://r/", None, at(0))
            .unwrap();
        let (access, refresh) = try_exchange(&mut approvals, &code, 1).unwrap();
        let next = approvals.refresh("c", &refresh, None, at(2)).unwrap();
        let next = next.pair().unwrap().access.clone();
        assert!(approvals.access(&access, at(2)).is_none());
        assert!(approvals.access(&next, at(2)).is_some());
        assert_eq!(
            try_exchange(&mut approvals, &code, 3),
            Err(Denial::InvalidGrant)
        );
        assert!(approvals.access(&next, at(3)).is_none());
    }

    #[test]
    fn the_challenge_decides() {
        // RFC 7636, appendix B
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        for (challenge, verifier, good) in [
            (None, None, true),
            (Some(challenge), Some(verifier), true),
            (Some(challenge), Some(challenge), false),
            (Some(verifier), Some(verifier), false),
            (Some(challenge), Some(""), false),
            (Some(challenge), None, false),
            (None, Some(verifier), false),
        ] {
            assert_eq!(
                verifies(challenge, verifier),
                good,
                "{challenge:?} {verifier:?}"
            );
        }
    }

    #[test]
    fn one_client_holds_one_approval_of_a_user_for_a_patient() {
        let mut approvals = Approvals::default();
        let mut pair = |client: &str, user: &str, patient: &str| {
            approvals
                .insert_pair(grant(client, user, patient), at(3600), at(0))
                .unwrap()[0]
                .clone()
        };
        let same = pair("c", "u", "p");
        let others = [
            pair("c", "u", "q"),
            pair("c", "v", "p"),
            pair("d", "u", "p"),
        ];
        approvals
            .approve(grant("c", "u", "p"), "http://r/", None, at(1))
            .unwrap();
        assert!(approvals.access(&same, at(1)).is_none());
        for other in others {
            assert!(approvals.access(&other, at(1)).is_some());
        }
    }

    #[test]
    fn a_refresh_ends_with_its_approval_and_may_narrow_it() {
        let mut approvals = Approvals::default();
        let [access, refresh] = approvals
            .insert_pair(grant("c", "u", "p"), at(3600), at(0))
            .unwrap();
        for (client, token, scope, now, denial) in [
            ("c", access.as_str(), None, 1, Denial::InvalidGrant),
            ("d", &refresh, None, 1, Denial::InvalidGrant),
            ("c", "", None, 1, Denial::InvalidGrant),
            ("c", &refresh, Some("a c"), 1, Denial::InvalidScope),
            ("c", &refresh, None, 1_000_000, Denial::UnknownGrant),
        ] {
            let refused = approvals.refresh(client, token, scope, at(now)).err();
            assert_eq!(refused, Some(denial), "{client} {scope:?} {now}");
        }
        let narrowed = approvals.refresh("c", &refresh, Some("a"), at(1)).unwrap();
        assert_eq!(narrowed.grant.scope, "a");
        let next = narrowed.pair().unwrap().refresh.clone();
        assert!(approvals.refresh("c", &next, Some("a b"), at(2)).is_err());
    }

    #[test]
    fn a_user_ends_his_own_approvals_only() {
        let mut approvals = Approvals::default();
        approvals
            .insert_pair(grant("c", "u", "p"), at(3600), at(0))
            .unwrap();
        let row = approvals.of_user("u").next().unwrap().0;
        approvals.revoke(row, "v");
        assert_eq!(approvals.of_user("u").count(), 1);
        approvals.revoke(row, "u");
        assert_eq!(approvals.of_user("u").count(), 0);
        assert!(approvals.by_text.is_empty());
    }

    #[test]
    fn a_client_ends_its_own_tokens_only() {
        let mut approvals = Approvals::default();
        let [access, refresh] = approvals
            .insert_pair(grant("c", "u", "p"), at(3600), at(0))
            .unwrap();
        approvals.revoke_token("d", &access, at(1));
        assert!(approvals.access(&access, at(1)).is_some());
        approvals.revoke_token("c", &access, at(1));
        assert!(approvals.access(&access, at(1)).is_none());
        assert!(approvals.find(&refresh).is_some());
        approvals.revoke_token("c", &refresh, at(1));
        assert!(approvals.find(&refresh).is_none());
    }
}
