//! What the cross-crate tests share.

mod participant;

pub use participant::{Decision, Participant, Stopped};

use smart::classic::Client;
use smart_sandbox::{BACKGROUND_APP_ID, STOCK_SECRET, Sandbox, UI_APP_ID};

/// An embedded container with its synthetic patients.
///
/// # Errors
///
/// As [`Sandbox::start`].
pub async fn sandbox() -> Result<Sandbox, smart_sandbox::SandboxError> {
    Sandbox::start().await
}

/// A client of `sandbox` that may loop over its records.
///
/// # Errors
///
/// As the client's builder.
pub fn background_client(sandbox: &Sandbox) -> Result<Client, smart::Error> {
    client(sandbox, BACKGROUND_APP_ID, STOCK_SECRET)
}

/// A client of `sandbox` that a user can grant a record.
///
/// # Errors
///
/// As the client's builder.
pub fn ui_client(sandbox: &Sandbox) -> Result<Client, smart::Error> {
    client(sandbox, UI_APP_ID, STOCK_SECRET)
}

/// A client of `sandbox` with any identity.
///
/// # Errors
///
/// As the client's builder.
pub fn client(sandbox: &Sandbox, app_id: &str, secret: &str) -> Result<Client, smart::Error> {
    Client::builder()
        .app_id(app_id)
        .api_base(sandbox.api_base())
        .consumer(app_id, secret)
        .build()
}
