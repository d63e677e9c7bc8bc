//! A session as the vault keeps it.

use serde_json::{Map, Value, json};
use smart_oauth::Timestamp;
use smart_oauth::oauth2::{
    AccessToken, IdNonce, IdToken, LaunchContext, PatientContext, RefreshToken, Scopes, ServerUrl,
    TokenSet,
};

use super::App;
use super::error::FhirError;
use super::lifecycle::is_within;
use crate::Error;
use crate::vault::{Entry, VaultError};

/// The form that this version writes, and the only one that it reads.
const VERSION: u64 = 1;

/// Tokens, whose they are, and how they are renewed.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// Drawn at random by each login, and kept by renewals: what tells a renewed session from
    /// another one under the same name. Entries of older versions have none.
    login: Option<String>,
    /// How often the tokens were renewed since the login.
    renewals: u64,
    fhir_base: String,
    client_id: String,
    pub(super) tokens: TokenSet,
    pub(super) received_at: Timestamp,
    pub(super) renewal: Renewal,
    /// Set before a refresh is sent, and gone when its answer is stored: if it is there and nobody
    /// holds the entry, the answer may have been lost.
    pub(super) refreshing_since: Option<Timestamp>,
    /// When the server refused the grant.
    pub(super) ended: Option<Timestamp>,
}

/// How old tokens are before they are renewed ahead of their end, in seconds, whatever a server
/// says of that.
const YOUNGEST: u64 = 5;

/// How tokens are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// Not at all: the server requires no token, and gets none.
    NoLogin,
    /// By the app's own credentials, as the first ones were.
    Own,
    /// By the refresh token, if there is one.
    Refresh,
}

impl Stored {
    /// The session that a login begins.
    pub(super) fn new(
        app: &App,
        tokens: TokenSet,
        received_at: Timestamp,
        renewal: Renewal,
    ) -> Result<Self, Error> {
        let login: [u8; 16] = app.environment().random()?;
        Ok(Self {
            login: Some(login.iter().map(|byte| format!("{byte:02x}")).collect()),
            renewals: 0,
            fhir_base: app.fhir_base().as_str().to_owned(),
            client_id: app.client_id().as_str().to_owned(),
            tokens,
            received_at,
            renewal,
            refreshing_since: None,
            ended: None,
        })
    }

    /// The same session with new tokens.
    pub(super) fn renewed(&self, tokens: TokenSet, received_at: Timestamp) -> Self {
        Self {
            renewals: self.renewals.saturating_add(1),
            tokens,
            received_at,
            refreshing_since: None,
            ended: None,
            ..self.clone()
        }
    }

    /// With the note that a refresh begins.
    pub(super) fn noted(&self, now: Timestamp) -> Self {
        Self {
            refreshing_since: self.refreshing_since.or(Some(now)),
            ..self.clone()
        }
    }

    /// After the server has refused the grant. The access token may still be good for a while.
    pub(super) fn ended(&self, now: Timestamp) -> Self {
        Self {
            refreshing_since: None,
            ended: Some(now),
            ..self.clone()
        }
    }

    pub(super) fn is_renewable(&self) -> bool {
        self.renewal == Renewal::Own || self.tokens.refresh_token.is_some()
    }

    /// Whether the token is over soon enough to be renewed before it is used: within a minute, or a
    /// tenth of its life where that is shorter. Never in its first seconds, since a server may give
    /// tokens no life at all.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let Some(end) = self.tokens.expires_at else {
            return false;
        };
        let end = end.as_unix_seconds();
        let life = end.saturating_sub(self.received_at.as_unix_seconds());
        now.as_unix_seconds() >= end.saturating_sub(60.min(life / 10)) && !self.is_young(now)
    }

    /// Whether the token is worth a try.
    pub(super) fn lives(&self, now: Timestamp) -> bool {
        !self.tokens.is_expired(now) || self.is_young(now)
    }

    /// Not when the token was over already as it came, from somewhere else.
    fn is_young(&self, now: Timestamp) -> bool {
        let came_alive = self.tokens.expires_at >= Some(self.received_at);
        came_alive && is_within(self.received_at, now, YOUNGEST)
    }

    /// Whether these are the same tokens as the others, after as many renewals.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.login == other.login
            && self.renewals == other.renewals
            && self.tokens.access_token.expose() == other.tokens.access_token.expose()
    }

    /// Whether these came after the others: by a renewal, or by another login.
    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        !self.is_same_as(other) && (self.login != other.login || self.renewals >= other.renewals)
    }

    /// Whether these came out of the others by renewals.
    pub(super) fn is_successor_of(&self, other: &Self) -> bool {
        self.login == other.login && self.renewals > other.renewals
    }

    /// Whether a handle of the other session may go on with this one: it is the same login, or a
    /// later one of the same user for the same patient. Where a server names neither, nobody can
    /// tell, and it may not.
    pub(super) fn continues(&self, other: &Self) -> bool {
        if self.login.is_some() && self.login == other.login {
            return true;
        }
        if self.renewal == Renewal::Own || other.renewal == Renewal::Own {
            return self.renewal == other.renewal;
        }
        let (patient, theirs) = (self.tokens.patient.id(), other.tokens.patient.id());
        match (&self.tokens.id_token, &other.tokens.id_token) {
            (Some(user), Some(their)) => {
                user.names_same_user(their) == Some(true) && patient == theirs
            }
            (None, None) if self.login.is_none() && other.login.is_none() => {
                // entries of older versions, which nothing else tells apart
                patient == theirs || patient.is_none() || theirs.is_none()
            }
            (None, None) => patient.is_some() && patient == theirs,
            _ => false,
        }
    }

    /// Tokens of another server, or of another registration, would go where they do not belong.
    pub(super) fn check_is_of(&self, app: &App) -> Result<(), FhirError> {
        let base = ServerUrl::with_plain_http(&self.fhir_base);
        let is_own = base.is_ok_and(|base| base.is_same_base(app.fhir_base()))
            && self.client_id == app.client_id().as_str();
        is_own.then_some(()).ok_or(FhirError::ForeignSession)
    }

    pub(super) fn to_entry(&self) -> Entry {
        let tokens = &self.tokens;
        let (patient, is_carried) = match &tokens.patient {
            PatientContext::Carried(id) => (Some(id), true),
            other => (stated(other), false),
        };
        let id_token = tokens.id_token.as_ref();
        let value = json!({
            "version": VERSION,
            "login": self.login,
            "renewals": self.renewals,
            "fhir_base": self.fhir_base,
            "client_id": self.client_id,
            "access_token": tokens.access_token.expose(),
            "expires_at": tokens.expires_at.map(Timestamp::as_unix_seconds),
            "refresh_token": tokens.refresh_token.as_ref().map(RefreshToken::expose),
            "asked": tokens.scopes.asked.to_string(),
            "granted": tokens.scopes.granted.to_string(),
            "granted_is_stated": tokens.scopes.stated,
            "patient": patient,
            "patient_is_carried": is_carried,
            "context": tokens.context.to_json(),
            "id_token": id_token.map(IdToken::expose),
            "id_nonce": id_token.and_then(IdToken::nonce).map(IdNonce::expose),
            "id_at_hash_matches": id_token.and_then(IdToken::at_hash_matches),
            "received_at": self.received_at.as_unix_seconds(),
            "own": self.renewal == Renewal::Own,
            "refreshing_since": self.refreshing_since.map(Timestamp::as_unix_seconds),
            "ended": self.ended.map(Timestamp::as_unix_seconds),
        });
        Entry::new(value.to_string().into_bytes())
    }

    pub(super) fn from_entry(entry: &Entry) -> Result<Self, VaultError> {
        let value: Value =
            serde_json::from_slice(entry.expose()).map_err(|_| VaultError::Unreadable)?;
        Self::read(&value).ok_or(VaultError::Unreadable)
    }

    fn read(value: &Value) -> Option<Self> {
        if value.get("version")?.as_u64() != Some(VERSION) {
            return None;
        }
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let time = |name: &str| {
            let seconds = value.get(name).and_then(Value::as_u64);
            seconds.map(Timestamp::from_unix_seconds)
        };
        let truth = |name: &str| value.get(name).and_then(Value::as_bool) == Some(true);
        let scopes = |name: &str| text(name)?.parse::<Scopes>().ok();

        let mut tokens = TokenSet::new(AccessToken::new(text("access_token")?));
        tokens.expires_at = time("expires_at");
        tokens.refresh_token = text("refresh_token").map(RefreshToken::new);
        tokens.scopes.asked = scopes("asked")?;
        tokens.scopes.granted = scopes("granted")?;
        tokens.scopes.stated = truth("granted_is_stated");
        tokens.patient = match text("patient") {
            Some(id) if truth("patient_is_carried") => PatientContext::Carried(id),
            Some(id) => PatientContext::Stated(id),
            None => PatientContext::Unstated,
        };
        let nothing = Map::new();
        let context = value.get("context").and_then(Value::as_object);
        tokens.context = LaunchContext::from_json(context.unwrap_or(&nothing));
        let nonce = text("id_nonce").map(IdNonce::new);
        let at_hash_matches = value.get("id_at_hash_matches").and_then(Value::as_bool);
        tokens.id_token = text("id_token")
            .map(|token| IdToken::new(token, nonce).with_at_hash_match(at_hash_matches));
        Some(Self {
            login: text("login"),
            renewals: value.get("renewals").and_then(Value::as_u64).unwrap_or(0),
            fhir_base: text("fhir_base")?,
            client_id: text("client_id")?,
            tokens,
            received_at: time("received_at")?,
            renewal: if truth("own") {
                Renewal::Own
            } else {
                Renewal::Refresh
            },
            refreshing_since: time("refreshing_since"),
            ended: time("ended"),
        })
    }
}

fn stated(patient: &PatientContext) -> Option<&String> {
    match patient {
        PatientContext::Stated(id) => Some(id),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use smart_oauth::oauth2::{Client, Server};

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    fn app(base: &str, id: &str) -> App {
        App::new(base, id, "s", "http://localhost:1/").unwrap()
    }

    /// A session that began at second 1000.
    pub(in crate::fhir) fn stored(answer: &str) -> Stored {
        let base = ServerUrl::new("https://ehr.example/fhir").unwrap();
        let client = Client::new("c", Server::new(base.clone(), base));
        let grant = client.client_credentials("patient/*.rs offline_access".parse().unwrap());
        let answer = http::Response::new(answer.to_owned());
        let tokens = grant.receive(&answer, at(1000)).unwrap();
        Stored::new(
            &app("https://ehr.example/fhir", "c"),
            tokens,
            at(1000),
            Renewal::Refresh,
        )
        .unwrap()
    }

    #[test]
    fn sessions_survive_the_vault() {
        for answer in [
            r#"{"access_token": "a", "token_type": "Bearer"}"#,
            r#"{"access_token": "a", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r", "scope": "patient/*.rs",
                "patient": "p", "id_token": "x.y.z", "encounter": "e", "fhirContext": [{"reference": "X/1"}], "vendor": {"a": 1}}"#,
        ] {
            let mut before = stored(answer);
            let renewed = before.renewed(before.tokens.clone(), at(3000));
            for state in [before.noted(at(2000)), before.ended(at(2000)), renewed] {
                before = state;
                let after = Stored::from_entry(&before.to_entry()).unwrap();
                assert_eq!(after.to_entry().expose(), before.to_entry().expose());
                assert_eq!(after.tokens.patient, before.tokens.patient);
                assert_eq!(after.tokens.context, before.tokens.context);
                assert!(after.is_same_as(&before));
                assert_eq!(after.tokens.scopes, before.tokens.scopes);
            }
        }
    }

    #[test]
    fn foreign_bytes_are_no_session() {
        let good = stored(r#"{"access_token": "a", "token_type": "Bearer"}"#).to_entry();
        let text = std::str::from_utf8(good.expose()).unwrap();
        for bad in [
            String::new(),
            "{}".to_owned(),
            "[1]".to_owned(),
            text.replace("\"version\":1", "\"version\":2"),
            text.replace("access_token", "axess_token"),
            text[..text.len() - 1].to_owned(),
        ] {
            let entry = Entry::new(bad.clone().into_bytes());
            assert!(
                matches!(Stored::from_entry(&entry), Err(VaultError::Unreadable)),
                "{bad}"
            );
        }
    }

    #[test]
    fn tokens_are_due_shortly_before_their_end() {
        for (life, due) in [("3600", 3540), ("100", 90), ("9", 9), ("0", 5)] {
            let answer =
                format!(r#"{{"access_token": "a", "token_type": "Bearer", "expires_in": {life}}}"#);
            let stored = stored(&answer);
            assert!(!stored.is_due(at(1000 + due - 1)), "{life}");
            assert!(stored.is_due(at(1000 + due)), "{life}");
        }
        let endless = stored(r#"{"access_token": "a", "token_type": "Bearer"}"#);
        assert!(!endless.is_due(at(u64::MAX)));
    }

    #[test]
    fn a_handle_goes_on_with_the_same_user_and_patient_only() {
        let with = |more: &str| {
            stored(&format!(
                r#"{{"access_token": "a", "token_type": "Bearer"{more}}}"#
            ))
        };
        let patient = r#", "patient": "p""#;
        // {"iss":"i","sub":"1"} and {"iss":"i","sub":"2"}
        let first = r#", "id_token": "h.eyJpc3MiOiJpIiwic3ViIjoiMSJ9.s""#;
        let second = r#", "id_token": "h.eyJpc3MiOiJpIiwic3ViIjoiMiJ9.s""#;
        for (before, after, expected) in [
            ("", "", false),
            (patient, patient, true),
            (patient, r#", "patient": "q""#, false),
            (patient, "", false),
            (first, first, true),
            (first, second, false),
            (first, "", false),
            (
                &format!("{first}{patient}"),
                &format!("{first}{patient}"),
                true,
            ),
            (
                &format!("{first}{patient}"),
                &format!("{second}{patient}"),
                false,
            ),
            (&format!("{first}{patient}"), first, false),
            (&format!("{first}{patient}"), patient, false),
        ] {
            let (before, after) = (with(before), with(after));
            assert_eq!(after.continues(&before), expected, "{before:?} {after:?}");
            // a renewal is the same login, whatever it says
            let renewed = before.renewed(after.tokens.clone(), at(2000));
            assert!(renewed.continues(&before) && renewed.is_successor_of(&before));
        }
    }

    #[test]
    fn sessions_belong_to_one_server_and_one_registration() {
        let stored = stored(r#"{"access_token": "a", "token_type": "Bearer"}"#);
        for same in ["https://ehr.example/fhir/", "https://EHR.example:443/fhir"] {
            assert!(stored.check_is_of(&app(same, "c")).is_ok(), "{same}");
        }
        for (base, id) in [
            ("https://evil.example/fhir", "c"),
            ("https://ehr.example/fhir", "d"),
            ("https://ehr.example/fhir2", "c"),
            ("http://localhost/fhir", "c"),
        ] {
            let error = stored.check_is_of(&app(base, id)).unwrap_err();
            assert!(matches!(error, FhirError::ForeignSession), "{base} {id}");
        }
    }
}
