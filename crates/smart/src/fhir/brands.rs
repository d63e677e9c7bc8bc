//! The brands that a server links.

use smart_fhir::brands::{self, Brands};
use smart_fhir::{Limits, resource_from_http};

use super::App;
use super::app::{origin, purpose};
use crate::Error;
use crate::exchange::retry::Repeat;

/// What became of the question for a server's brands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LinkedBrands {
    /// The bundle as it is now. [`Brands::etag`] is for the next time.
    Current(Brands),
    /// The server links no bundle.
    NotLinked,
    /// The bundle is still the one with the tag that was given.
    Unchanged,
}

impl App {
    /// The [user-access brands](https://hl7.org/fhir/smart-app-launch/brands.html) that the
    /// server's `smart-configuration` links. They win over a bundle that was consolidated
    /// elsewhere: see [`Brands::merge`]. No token is sent, and the bundle may be on any host.
    ///
    /// `etag` is the tag of a bundle that the app keeps. The cache is the app's own.
    ///
    /// # Errors
    ///
    /// If the server or the bundle's host does not answer or refuses, or the answer is not a
    /// bundle.
    pub async fn brands(&self, etag: Option<&str>) -> Result<LinkedBrands, Error> {
        let server = self.server().await?;
        let Some(address) = &server.user_access_brand_bundle else {
            return Ok(LinkedBrands::NotLinked);
        };
        let origin = origin(address)?;
        let request = brands::request(address.as_str(), etag)?;
        let make = |_ahead| Ok(request.clone());
        let purpose = purpose("brands", Repeat::Always, &origin);
        let response = self.environment().exchange(purpose, &make).await?;
        let limits = Limits::default();
        match Brands::receive(&response, &limits)? {
            Some(brands) => Ok(LinkedBrands::Current(brands)),
            None if etag.is_some() => Ok(LinkedBrands::Unchanged),
            // Nothing that is kept could be unchanged: the status is a refusal.
            None => {
                resource_from_http(&response, &limits)?;
                Ok(LinkedBrands::Unchanged)
            }
        }
    }
}
