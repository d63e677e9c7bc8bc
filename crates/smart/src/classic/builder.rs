//! How a client is put together.

use std::error::Error as StdError;
use std::fmt;
use std::io::Write;
use std::time::SystemTime;

use smart_api::{ApiBase, AppId};
use smart_oauth::oauth1::{Consumer, ConsumerKey, ConsumerSecret, Signer};
use smart_transport::{SharedTransport, Transport};

use crate::classic::Client;
use crate::exchange::environment::EnvironmentBuilder;
use crate::exchange::recorder::Recorder;
use crate::{Error, Retries};

/// The settings of a [`Client`]. Three have to be made: [`app_id`](Self::app_id),
/// [`api_base`](Self::api_base) and [`consumer`](Self::consumer).
#[derive(Default)]
#[must_use = "a builder does nothing until build is called"]
pub struct ClientBuilder {
    app_id: Option<AppId>,
    api_base: Option<String>,
    consumer: Option<Consumer>,
    environment: EnvironmentBuilder,
}

impl ClientBuilder {
    /// The app's id, under which the container has installed it, such as
    /// `my-app@apps.smartplatforms.org`.
    pub fn app_id(mut self, app_id: impl Into<AppId>) -> Self {
        self.app_id = Some(app_id.into());
        self
    }

    /// Where the container's API is, such as `http://localhost:7000`. Calls go to this origin and
    /// to no other.
    pub fn api_base(mut self, api_base: impl Into<String>) -> Self {
        self.api_base = Some(api_base.into());
        self
    }

    /// The app's key and the secret that it shares with the container. A SMART container uses the
    /// app's id as its key.
    pub fn consumer(
        mut self,
        key: impl Into<ConsumerKey>,
        secret: impl Into<ConsumerSecret>,
    ) -> Self {
        self.consumer = Some(Consumer::new(key, secret));
        self
    }

    /// What carries the requests; without it, a
    /// [`HyperTransport`](crate::transport::HyperTransport) with its defaults and the proxy of the
    /// environment ([`Proxy::from_environment`](crate::transport::Proxy::from_environment)). Give
    /// one of your own to change time-outs and limits, to trust a hospital's own authority, or to
    /// answer from memory in a test. One that tells no limit ([`Transport::total_timeout`]) is
    /// given up after 60 seconds.
    ///
    /// ```
    /// use std::time::Duration;
    /// use smart::transport::HyperTransport;
    ///
    /// let patient = HyperTransport::builder().total_timeout(Duration::from_secs(300)).build();
    /// let builder = smart::classic::Client::builder().transport(patient);
    /// ```
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.environment.transport = Some(SharedTransport::new(transport));
        self
    }

    /// How requests are made again that failed for a passing reason.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.environment.retries = retries;
        self
    }

    /// Writes down every exchange for a bug report, a line of JSON each: call, path template,
    /// parameter names, harmless headers, lengths, status, time. No id, secret, token, parameter
    /// value or body is in it.
    pub fn record_exchanges(mut self, sink: impl Write + Send + 'static) -> Self {
        self.environment.recorder = Recorder::to(sink);
        self
    }

    /// The time that signatures carry; without it, the system's. For tests.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.environment.set_clock(clock);
        self
    }

    /// What fills nonces with random bytes; without it, the operating system. For tests: with
    /// guessable nonces an app is open to replay, and with repeated ones it is refused.
    pub fn randomness(
        mut self,
        fill: impl Fn(&mut [u8]) -> Result<(), Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        self.environment.set_randomness(fill);
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When one of the three settings is missing ([`Error::MissingSetting`]; so is an empty app
    /// id), or the API base is not an address ([`Error::ApiBase`]).
    pub fn build(self) -> Result<Client, Error> {
        let app_id = self.app_id.filter(|id| !id.as_str().is_empty());
        let app_id = set(app_id, "app_id")?;
        let api_base = ApiBase::parse(&set(self.api_base, "api_base")?)?;
        let consumer = set(self.consumer, "consumer")?;
        let environment = self.environment.build();
        let environment = environment.with_signing_secret(consumer.secret().clone());
        Client::new(app_id, api_base, Signer::new(consumer), environment)
    }
}

fn set<T>(value: Option<T>, setting: &'static str) -> Result<T, Error> {
    value.ok_or(Error::MissingSetting { setting })
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("app_id", &self.app_id)
            .field("api_base", &self.api_base)
            .finish_non_exhaustive()
    }
}
