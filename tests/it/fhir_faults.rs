//! The client against a sandbox that breaks one rule: what it notices, and that what it cannot
//! notice does it no harm.

use smart::Error;
use smart::fhir::{App, FhirError, Resource, Search, Session, TokenDialect};
use smart_sandbox::{FhirFault, Sandbox};
use smart_tests::Participant;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const PATIENT: &str = "smart-1288992";
const SCOPES: &str = "launch/patient patient/*.read offline_access";

/// A sandbox with a fault, a registered app, and the callback that a user brings.
struct Bench {
    _sandbox: Sandbox,
    authorization: smart::fhir::Authorization,
    callback: String,
}

impl Bench {
    async fn new(fault: FhirFault) -> Result<Self> {
        Self::speaking(TokenDialect::STANDARD, fault).await
    }

    async fn speaking(dialect: TokenDialect, fault: FhirFault) -> Result<Self> {
        let sandbox = Sandbox::builder().fhir_fault(fault).start().await?;
        let app = App::builder(sandbox.fhir_base())
            .redirect_uri("http://localhost:8000/back")
            .dialect(dialect)
            .register("Test", SCOPES)
            .await?;
        let authorization = app.authorize(SCOPES).await?;
        let participant = Participant::new("daniel-adams", PATIENT);
        let callback = participant.visit(authorization.authorize_url()).await?;
        Ok(Self {
            _sandbox: sandbox,
            authorization,
            callback,
        })
    }

    async fn session(&self) -> std::result::Result<Session, Error> {
        self.authorization.exchange(&self.callback).await
    }
}

fn fhir(error: &Error) -> &FhirError {
    match error {
        Error::Fhir(FhirError::Renewal { source }) => fhir(source),
        Error::Fhir(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_callback_without_its_state_is_not_believed() -> Result<()> {
    for fault in [FhirFault::ChangesState, FhirFault::DropsState] {
        let bench = Bench::new(fault).await?;
        let error = bench.session().await.unwrap_err();
        assert!(
            matches!(fhir(&error), FhirError::Callback(_)),
            "{fault:?}: {error}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_token_for_somebody_else_is_not_taken() -> Result<()> {
    let bench = Bench::new(FhirFault::OtherPatientOnRefresh).await?;
    let session = bench.session().await?;
    let error = session.refresh().await.unwrap_err();
    assert!(matches!(fhir(&error), FhirError::Token(_)), "{error:?}");
    assert_eq!(session.patient().as_deref(), Some(PATIENT));
    Ok(())
}

#[tokio::test]
async fn a_missing_patient_is_said_to_be_missing() -> Result<()> {
    let bench = Bench::new(FhirFault::NamesNoPatient).await?;
    assert_eq!(bench.session().await?.patient(), None);
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_that_stays_serves_again() -> Result<()> {
    let bench = Bench::new(FhirFault::KeepsRefreshTokens).await?;
    let session = bench.session().await?;
    for _ in 0..3 {
        session.refresh().await?;
        session
            .read::<Resource>(&format!("Patient/{PATIENT}"))
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_html_500_for_a_grant_sends_the_user_back_at_s4s_only() -> Result<()> {
    for (dialect, needs_user) in [(TokenDialect::S4S, true), (TokenDialect::STANDARD, false)] {
        let bench = Bench::speaking(dialect, FhirFault::GrantErrorsAsHtml).await?;
        let session = bench.session().await?;
        let stale = session.tokens();
        session.refresh().await?;
        let key = smart::vault::VaultKey::new("stale")?;
        let old = Session::with_tokens(session.app(), key, stale).await?;
        let error = old.refresh().await.unwrap_err();
        assert_eq!(error.needs_user(), needs_user, "{error}");
        assert_eq!(error.is_retryable(), !needs_user, "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn pages_elsewhere_end_a_search_with_the_reason() -> Result<()> {
    let bench = Bench::new(FhirFault::ForeignNextLinks).await?;
    let session = bench.session().await?;
    let mut entries = session.search(&Search::new("Observation").count(5))?;
    for _ in 0..5 {
        assert!(entries.try_next().await?.is_some());
    }
    let error = entries.try_next().await.unwrap_err();
    assert!(matches!(fhir(&error), FhirError::Link(_)), "{error:?}");
    let whole: Vec<Resource> = session
        .search(&Search::new("Observation").count(500))?
        .matches()
        .await?;
    assert!(whole.len() > 5, "a larger page helps");
    Ok(())
}

#[tokio::test]
async fn scopes_hold_here_though_the_server_ignores_them() -> Result<()> {
    let sandbox = Sandbox::builder()
        .fhir_fault(FhirFault::IgnoresScopes)
        .start()
        .await?;
    let app = App::register(
        sandbox.fhir_base(),
        "Test",
        "http://localhost:8000/back",
        "launch/patient patient/Patient.read",
    )
    .await?;
    let authorization = app.authorize("launch/patient patient/Patient.read").await?;
    let participant = Participant::new("daniel-adams", PATIENT);
    let callback = participant.visit(authorization.authorize_url()).await?;
    let session = authorization.exchange(&callback).await?;
    assert!(session.search(&Search::new("Condition")).is_err());
    session
        .read::<Resource>(&format!("Patient/{PATIENT}"))
        .await?;
    Ok(())
}
