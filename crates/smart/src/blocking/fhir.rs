//! The second generation for threads that wait: the handles of [`crate::fhir`], without `await`.
//!
//! ```no_run
//! # fn main() -> Result<(), smart::Error> {
//! use serde_json::Value;
//! use smart::fhir::App;
//!
//! let app = App::builder("https://ehr.example/fhir")
//!     .client_id("my-app")
//!     .redirect_uri("http://127.0.0.1:8000/back")
//!     .build_blocking()?;
//! let authorization = app.authorize("launch/patient patient/*.rs")?;
//! println!("allow it at {}", authorization.authorize_url());
//! # let callback = String::new();
//! let session = authorization.exchange(&callback)?;
//! let patient: Value = session.read("Patient/123")?;
//! # Ok(())
//! # }
//! ```

mod app;
mod authorization;
mod export;
mod session;

// The public list.
pub use app::App;
pub use authorization::Authorization;
pub use export::{ExportJob, ExportedResources};
pub use session::{Entries, Session};
