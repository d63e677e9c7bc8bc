//! Why a request was refused, for the person who develops the app. The app itself learns no more
//! than the status.

use std::fmt;
use std::sync::Arc;

use http::{Method, StatusCode};

/// A request that the container did not carry out because of who sent it, or how it was signed.
///
/// Holds no secret, token or query. The path may name a record. `Display` is one line and safe to
/// print.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// The method of the request.
    pub method: Method,
    /// The path of the request, as it was sent.
    pub path: String,
    /// What was answered: 401, 403, or 500 where the reference container stumbles.
    pub status: StatusCode,
    /// The app that the request names, if it is installed.
    pub app: Option<String>,
    /// Which check failed.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            path,
            status,
            app,
            reason,
        } = self;
        write!(
            formatter,
            "{} {method} {} from {}: {reason}",
            status.as_u16(),
            path.escape_debug(),
            app.as_deref().unwrap_or("an unknown app")
        )
    }
}

type OnRefusal = dyn Fn(&Refusal) + Send + Sync;

/// Who is told of refusals.
#[derive(Clone, Default)]
pub(crate) struct Listener(Option<Arc<OnRefusal>>);

impl Listener {
    pub(crate) fn new(tell: impl Fn(&Refusal) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    pub(crate) fn tell(&self, refusal: &Refusal) {
        if let Some(tell) = &self.0 {
            tell(refusal);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Listener")
            .field(&self.0.is_some())
            .finish()
    }
}
