//! What the granted scopes do not cover is refused before anything is sent.

use serde_json::{Value, json};
use smart::fhir::{AppBuilder, FhirError, Interaction, Resource, Search, Session};
use smart::{Error, Stage};

use super::ehr::{Ehr, builder};

/// A session whose user has granted `launch/patient patient/*.rs`.
async fn granted(ehr: &Ehr, configure: impl FnOnce(AppBuilder) -> AppBuilder) -> Session {
    let app = configure(builder(ehr).0).build().unwrap();
    let authorization = app.authorize("patient/*.rs").await.unwrap();
    let callback = format!("code=c&state={}", authorization.state());
    authorization.exchange(&callback).await.unwrap()
}

fn batch(methods: &[&str]) -> Resource {
    let entries = methods.iter().map(|method| {
        json!({"request": {"method": method, "url": "Condition/1"}, "resource": {"resourceType": "Condition", "id": "1"}})
    });
    let bundle =
        json!({"resourceType": "Bundle", "type": "batch", "entry": Vec::from_iter(entries)});
    Resource::new(bundle).unwrap()
}

fn needed<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    match error {
        Error::Fhir(FhirError::OutsideScopes { needed, granted }) => {
            assert_eq!(granted, "launch/patient patient/*.rs");
            needed
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_the_scopes_do_not_cover_is_not_sent() {
    let ehr = Ehr::default();
    let session = granted(&ehr, |app| app).await;
    let before = ehr.lines().len();
    let condition = Resource::new(json!({"resourceType": "Condition", "id": "1"})).unwrap();
    assert_eq!(needed(session.create(&condition).await), "Condition.c");
    assert_eq!(needed(session.update(&condition).await), "Condition.u");
    assert_eq!(needed(session.delete("Condition/1").await), "Condition.d");
    let mixed = batch(&["GET", "PUT"]);
    assert_eq!(needed(session.batch(&mixed).await), "Condition.u");
    assert_eq!(ehr.lines().len(), before);

    // what they cover, and what says nothing of a type
    session.read::<Value>("Condition/1").await.unwrap();
    session.search(&Search::new("Condition")).unwrap();
    session
        .interact(&Interaction::capabilities())
        .await
        .unwrap();
    session
        .interact(&Interaction::batch(&batch(&["GET"])).unwrap())
        .await
        .unwrap();
    assert_eq!(ehr.lines().len(), before + 3);
}

#[tokio::test]
async fn an_app_may_send_beyond_its_scopes() {
    let ehr = Ehr::default();
    let session = granted(&ehr, AppBuilder::send_beyond_scopes).await;
    session.delete("Condition/1").await.unwrap();
    let last = ehr.lines().pop().unwrap();
    assert_eq!(last, "DELETE https://ehr.example/fhir/Condition/1");
}
