//! The authorization endpoint: what a client asks for is checked, then a person is asked, then the
//! code goes to the client.
//!
//! The form brings back everything that the client asked for, and all of it is checked again; the
//! original trusts the form.

use std::sync::Arc;

use http::Method;

use super::approvals::Grant;
use super::clients::Client;
use crate::fhir::oauth::users::record_id;
use crate::fhir::pages::{ChoosePatient, Consent, PatientLink};
use crate::fhir::people::{Visitor, ask_to_log_in, visitor};
use crate::fhir::replies;
use crate::fhir::resources::Release;
use crate::fhir::state::FhirState;
use crate::fhir::time::{DAY, Time};
use crate::form::{Pairs, encode, encode_pairs, join_query};
use crate::records::demographics::Patient;
use crate::web::context::RequestContext;
use crate::web::pages::page;
use crate::web::reply::{self, Reply};

/// How long an approval lasts if the person does not say otherwise, and how much longer the form
/// offers.
const YEAR: i64 = 365 * DAY;

/// What a client asks for, checked as far as that is possible before a person logs in.
struct AuthorizationRequest {
    client: Arc<Client>,
    redirect_uri: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    challenge: Option<String>,
    aud: Option<String>,
    mode: ResponseMode,
}

/// Where in the redirect URI the answer goes ([response
/// modes](https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-authorization-code)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResponseMode {
    Fragment,
    Query,
}

/// Why there is nothing to ask a person.
enum AuthorizationError {
    /// The request may not come from the client, so the client is not told.
    Fatal(&'static str, String),
    /// The client is told, at its redirect URI.
    ToClient {
        redirect_uri: String,
        error: &'static str,
        description: Option<&'static str>,
        state: Option<String>,
        mode: ResponseMode,
    },
}

pub(crate) fn answer(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    if request.method() == Method::POST {
        approve(server, request)
    } else {
        ask(server, request)
    }
}

/// Shows the consent page, after a login and the choice of a patient where these are needed.
fn ask(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    let asked = match check(server, &request.query) {
        Ok(asked) => asked,
        Err(refusal) => return refused(server, request, refusal),
    };
    let Some(visitor) = visitor(server, request) else {
        return ask_to_log_in(server, request, request.here());
    };
    if let Err(prose) = asked.complete() {
        return replies::fatal(&server.base(request), &[("error", prose)]);
    }
    let patients: Vec<String> = visitor.user.patients().collect();
    let patient = match (request.query.first("patient_id"), patients.as_slice()) {
        (Some(id), _) if visitor.user.record_of(id).is_some() => id,
        (None, [only]) => only,
        (None, [_, ..]) => return choose_patient(server, request, &asked, &patients),
        _ => {
            let pairs = [("error", "Invalid patient id.")];
            return replies::fatal(&server.base(request), &pairs);
        }
    };
    consent_page(server, request, &asked, &visitor, patient)
}

/// Notes the consent and sends the code to the client.
fn approve(server: &FhirState, request: &RequestContext<'_>) -> Reply {
    let Some(visitor) = visitor(server, request) else {
        let here = format!("{}/oauth/authorize", server.address.path());
        return ask_to_log_in(server, request, &here);
    };
    let fatal = |prose: &str| replies::fatal(&server.base(request), &[("error", prose)]);
    let field = |name| request.form.first(name);
    let (Some(expires), Some(labels), Some(patient), Some(_)) = (
        field("expires"),
        field("security_labels"),
        field("patient_id"),
        field("client_id"),
    ) else {
        return fatal("400: Bad Request");
    };
    if !visitor.sent(request) {
        return fatal("400: Bad Request");
    }
    if field("scope").is_some_and(|scope| scope.trim().is_empty()) {
        return fatal("Scopes must be set on post auth.");
    }
    let asked = match check(server, &request.form) {
        Ok(asked) => asked,
        Err(refusal) => return refused(server, request, refusal),
    };
    let (Some(redirect_uri), Some(scope)) = (&asked.redirect_uri, &asked.scope) else {
        return fatal("400: Bad Request");
    };
    if visitor.user.record_of(patient).is_none() {
        return fatal("Invalid patient id.");
    }
    let Some(ends) = Time::parse_date(expires) else {
        return fatal("The date until which to share is not a day such as 2031-01-31.");
    };
    let own = |label: &&str| asked.client.labels.split(' ').any(|known| known == *label);
    let grant = Grant {
        client: asked.client.id.clone(),
        user: visitor.user.username.to_owned(),
        patient: patient.to_owned(),
        scope: scope.clone(),
        labels: labels
            .split_whitespace()
            .filter(own)
            .map(str::to_owned)
            .collect(),
        ends,
    };
    let challenge = asked.challenge.as_deref();
    let now = request.now.into();
    let code = server
        .registry()
        .approvals
        .approve(grant, redirect_uri, challenge, now);
    let code = match code {
        Ok(code) => code,
        Err(error) => return reply::no_randomness(error),
    };
    let mut pairs = vec![("code", code.as_str())];
    pairs.extend(asked.state.as_deref().map(|state| ("state", state)));
    replies::unstored(reply::found(&asked.mode.join(redirect_uri, &pairs)))
}

/// The checks that need no login, in the order of the original server; PKCE and `aud` come after
/// its own.
fn check(server: &FhirState, pairs: &Pairs) -> Result<AuthorizationRequest, AuthorizationError> {
    for name in [
        "client_id",
        "response_type",
        "redirect_uri",
        "scope",
        "state",
    ] {
        if pairs.iter().filter(|(other, _)| *other == name).count() > 1 {
            return Err(fatal(format!("Duplicate {name} parameter.")));
        }
    }
    let id = pairs.first("client_id");
    let id = id.ok_or_else(|| fatal("Missing client_id parameter.".to_owned()))?;
    let client = server.registry().clients.get(id);
    let client = client.ok_or_else(|| fatal("Invalid client_id parameter value.".to_owned()))?;
    let redirect_uri = pairs.first("redirect_uri");
    if let Some(uri) = redirect_uri {
        if !uri.contains(':') {
            return Err(fatal("Invalid redirect URI.".to_owned()));
        }
        if !client.may_redirect_to(uri) {
            return Err(fatal("Mismatching redirect URI.".to_owned()));
        }
    }
    let state = pairs.first("state");
    let mode = match pairs.first("response_mode") {
        Some("fragment") => ResponseMode::Fragment,
        _ => ResponseMode::Query,
    };
    let told_at = redirect_uri
        .or(client.redirect_uris.first().map(String::as_str))
        .unwrap_or_default();
    let refuse = |error, description| AuthorizationError::ToClient {
        redirect_uri: told_at.to_owned(),
        error,
        description,
        state: state.map(str::to_owned),
        mode,
    };
    match pairs.first("response_type") {
        Some("code") => {}
        None => {
            let description = Some("Missing response_type parameter.");
            return Err(refuse("invalid_request", description));
        }
        // The original finds out about `token` only after the consent.
        Some("id_token" | "none" | "token") => return Err(refuse("unauthorized_client", None)),
        Some(_) => return Err(refuse("unsupported_response_type", None)),
    }
    let scope = pairs.first("scope");
    if scope.is_some_and(|scope| !client.may_ask_for(scope)) {
        return Err(refuse("invalid_scope", None));
    }
    let challenge = pairs.first("code_challenge");
    check_challenge(challenge, pairs.first("code_challenge_method"))
        .map_err(|description| refuse("invalid_request", Some(description)))?;
    if client.is_public() && challenge.is_none() {
        let description = "A client without a secret needs a code_challenge.";
        return Err(refuse("invalid_request", Some(description)));
    }
    let aud = pairs.first("aud");
    if aud.is_some_and(|aud| !is_base(server, aud)) {
        let description = "The aud parameter is not a FHIR base of this server.";
        return Err(refuse("invalid_request", Some(description)));
    }
    Ok(AuthorizationRequest {
        redirect_uri: redirect_uri.map(str::to_owned),
        scope: scope.map(str::to_owned),
        state: state.map(str::to_owned),
        challenge: challenge.map(str::to_owned),
        aud: aud.map(str::to_owned),
        mode,
        client,
    })
}

/// Only S256 is accepted. `plain`, which is also the default, protects against nothing
/// ([RFC 7636 §4.3](https://www.rfc-editor.org/rfc/rfc7636#section-4.3)).
fn check_challenge(challenge: Option<&str>, method: Option<&str>) -> Result<(), &'static str> {
    let is_digest = |text: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        text.len() == 43 && text.bytes().all(fits)
    };
    match (challenge, method) {
        (None, None) => Ok(()),
        (Some(challenge), Some("S256")) if is_digest(challenge) => Ok(()),
        (_, Some("S256")) => Err("The code_challenge is not a base64url SHA-256 digest."),
        _ => Err("The code_challenge_method must be S256."),
    }
}

/// Whether `aud` is a base of this server, under any name of the loopback interface. A token for
/// another server's data is not issued.
fn is_base(server: &FhirState, aud: &str) -> bool {
    let aud = replies::with_plain_loopback(aud);
    [Release::R4, Release::Dstu2].iter().any(|release| {
        aud == replies::with_plain_loopback(&format!("{}{}", server.address.base(), release.path()))
    })
}

impl ResponseMode {
    fn join(self, redirect_uri: &str, pairs: &[(&str, &str)]) -> String {
        let pairs = encode_pairs(pairs);
        match self {
            // No redirect URI has a fragment of its own.
            Self::Fragment => format!("{redirect_uri}#{pairs}"),
            Self::Query => join_query(redirect_uri, &pairs),
        }
    }
}

impl AuthorizationRequest {
    /// What a person cannot do without, in the words of the original.
    fn complete(&self) -> Result<(), &'static str> {
        for (member, prose) in [
            (&self.redirect_uri, "Missing redirect_uri."),
            (&self.scope, "Missing scope."),
            (&self.state, "Missing state."),
        ] {
            member.as_ref().ok_or(prose)?;
        }
        Ok(())
    }
}

fn fatal(description: String) -> AuthorizationError {
    AuthorizationError::Fatal("invalid_request", description)
}

fn refused(server: &FhirState, request: &RequestContext<'_>, refusal: AuthorizationError) -> Reply {
    match refusal {
        AuthorizationError::Fatal(error, description) => replies::fatal(
            &server.base(request),
            &[("error", error), ("error_description", &description)],
        ),
        AuthorizationError::ToClient {
            redirect_uri,
            error,
            description,
            state,
            mode,
        } => {
            let mut pairs = vec![("error", error)];
            pairs.extend(description.map(|text| ("error_description", text)));
            pairs.extend(state.as_deref().map(|state| ("state", state)));
            reply::found(&mode.join(&redirect_uri, &pairs))
        }
    }
}

fn choose_patient(
    server: &FhirState,
    request: &RequestContext<'_>,
    asked: &AuthorizationRequest,
    patients: &[String],
) -> Reply {
    let links: Vec<PatientLink> = patients
        .iter()
        .map(|id| PatientLink {
            href: format!("{}&patient_id={}", request.here(), encode(id)),
            label: label(server, id),
            id: id.clone(),
        })
        .collect();
    page(&ChoosePatient {
        client: &asked.client.name,
        patients: &links,
    })
}

fn consent_page(
    server: &FhirState,
    request: &RequestContext<'_>,
    asked: &AuthorizationRequest,
    visitor: &Visitor<'_>,
    patient: &str,
) -> Reply {
    let redirect_uri = asked.redirect_uri.as_deref().unwrap_or_default();
    let scope = asked.scope.as_deref().unwrap_or_default();
    let mut hidden = vec![
        ("security_labels", asked.client.labels),
        ("csrf_token", &visitor.csrf_token),
        ("client_id", &asked.client.id),
        ("scope", scope),
        ("response_type", "code"),
        ("redirect_uri", redirect_uri),
        ("patient_id", patient),
    ];
    let state = asked.state.as_deref().filter(|state| !state.is_empty());
    hidden.extend(state.map(|state| ("state", state)));
    if let Some(challenge) = &asked.challenge {
        hidden.push(("code_challenge", challenge));
        hidden.push(("code_challenge_method", "S256"));
    }
    hidden.extend(asked.aud.as_deref().map(|aud| ("aud", aud)));
    if asked.mode == ResponseMode::Fragment {
        hidden.push(("response_mode", "fragment"));
    }
    // RFC 6749, section 4.1.2.1: with the state, which the original leaves out
    let declined = [("error", "access_denied")].into_iter();
    let declined = encode_pairs(
        &declined
            .chain(state.map(|state| ("state", state)))
            .collect::<Vec<_>>(),
    );
    let today = Time::from(request.now);
    page(&Consent {
        base: server.address.path(),
        client: &asked.client.name,
        user: visitor.user.name,
        patient: &label(server, patient),
        represents: visitor.user.patients().next().as_deref() != Some(patient),
        scope,
        labels: asked.client.labels,
        expires: &today.plus(YEAR).date(),
        last_expires: &today.plus(3 * YEAR).date(),
        decline: &join_query(redirect_uri, &declined),
        hidden: &hidden,
    })
}

fn label(server: &FhirState, patient: &str) -> String {
    let id = record_id(patient).unwrap_or_default();
    let record = server.store.record(id).ok().flatten();
    Patient::of(id, record.as_deref()).label()
}
