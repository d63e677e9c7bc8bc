//! What the client says when the container says no.

use smart_sandbox::BACKGROUND_APP_ID;
use smart_tests::{background_client, client, sandbox, ui_client};

#[tokio::test]
async fn a_wrong_secret_is_a_401_that_names_the_secret() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = sandbox().await?;
    let error = client(&sandbox, BACKGROUND_APP_ID, "wrong")?
        .open_record("1288992")
        .await
        .unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    assert!(error.to_string().contains("secret"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_token_opens_its_own_record_only() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = sandbox().await?;
    let client = background_client(&sandbox)?;
    let own = client.open_record("1288992").await?;
    let token = own
        .token()
        .ok_or("a record that was opened has a token")?
        .clone();
    let mut others = client.records();
    let other = futures_util::StreamExt::next(&mut others)
        .await
        .ok_or("there are records")??;
    assert_ne!(other.id(), own.id());
    let stranger = client.record(other.id().clone()).with_token(token);
    let error = stranger.get_medications().send().await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(403));
    Ok(())
}

#[tokio::test]
async fn a_handle_without_a_token_sends_nothing() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = sandbox().await?;
    let client = background_client(&sandbox)?;
    sandbox.shutdown().await;
    let error = client
        .record("1288992")
        .get_medications()
        .send()
        .await
        .unwrap_err();
    assert!(error.status().is_none());
    assert!(error.to_string().contains("token"), "{error}");
    Ok(())
}

#[tokio::test]
async fn an_app_for_users_cannot_loop_over_records() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = sandbox().await?;
    let error = ui_client(&sandbox)?
        .open_record("1288992")
        .await
        .unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(403));
    Ok(())
}
