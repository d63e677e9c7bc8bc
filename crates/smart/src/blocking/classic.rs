//! The handles of [`smart::classic`](crate::classic) for threads that wait.

mod authorization;
mod client;
mod record;
mod user;

// The public list.
pub use authorization::Authorization;
pub use client::{Client, Records};
pub use record::Record;
pub use user::User;
