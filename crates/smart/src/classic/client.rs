//! The client: an app's identity on one container, and the way there.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::lock::Mutex;
use http::{Response, StatusCode};
use smart_api::{ApiBase, AppId, CallRequest, Caller, Method, RecordId, UserId};
use smart_oauth::oauth1::{AccessToken, Signer};
use smart_transport::Origin;

use crate::classic::signing::Credential;
use crate::classic::{ClientBuilder, ContainerManifest, ManifestError, Record, RecordSweep, User};
use crate::error::refusal::repeat;
use crate::exchange::environment::Environment;
use crate::exchange::{Purpose, Timed, origin};
use crate::{Error, Refusal};

/// An app on one container.
///
/// A clone is cheap and shares the connections and the manifest; it can be used by any number of
/// tasks at once, since nothing in it changes from call to call. Tokens are not kept here but in
/// the handles that it gives out: a [`Record`] or [`User`] each has its own.
///
/// # Calls to the container
///
/// The calls that are about neither a record nor a user are methods of the client, such as
/// `get_container_manifest`. They are always signed: two-legged, in the app's own name, as long as
/// the client has no token. That is enough for `get_container_manifest` and `get_ontology`. The
/// others (`get_app_manifests`, `get_user`, `search_records`, …) want a token, which may be that of
/// any record that the app holds: see [`with_token`](Self::with_token).
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    credential: Option<Arc<Credential>>,
}

/// What all clones have in common.
struct Shared {
    app_id: AppId,
    api_base: ApiBase,
    origin: Origin,
    two_legged: Signer,
    environment: Environment,
    // A lock that waits without blocking: whoever comes while the manifest is being fetched gets
    // the same one.
    manifest: Mutex<Option<Arc<ContainerManifest>>>,
}

impl Client {
    /// A builder without settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    pub(crate) fn new(
        app_id: AppId,
        api_base: ApiBase,
        two_legged: Signer,
        environment: Environment,
    ) -> Result<Self, Error> {
        let shared = Shared {
            origin: origin(&api_base.join("/")?)?,
            app_id,
            api_base,
            two_legged,
            environment,
            manifest: Mutex::new(None),
        };
        Ok(Self {
            shared: Arc::new(shared),
            credential: None,
        })
    }

    /// The app's id.
    pub fn app_id(&self) -> &AppId {
        &self.shared.app_id
    }

    /// Where the container's API is.
    pub fn api_base(&self) -> &ApiBase {
        &self.shared.api_base
    }

    /// A handle of a record. It has no token yet, which its calls need: see [`Record`] for the ways
    /// to one.
    pub fn record(&self, id: impl Into<RecordId>) -> Record {
        Record::new(self.clone(), id.into())
    }

    /// A handle of a user, given by the mail address of the account. It has no token yet, which its
    /// calls need.
    pub fn user(&self, id: impl Into<UserId>) -> User {
        User::new(self.clone(), id.into())
    }

    /// All records of the container, each with a token of its own, for a background app.
    pub fn records(&self) -> RecordSweep {
        RecordSweep::new(self.clone(), None)
    }

    /// The records that come after this one in the container's order, to take up a sweep that
    /// stopped.
    pub fn records_after(&self, id: impl Into<RecordId>) -> RecordSweep {
        RecordSweep::new(self.clone(), Some(id.into()))
    }

    /// The same client, whose calls to the container as a whole are signed with this token.
    ///
    /// It has no effect on the handles of records and users, which are signed with their own.
    #[must_use]
    pub fn with_token(mut self, token: AccessToken) -> Self {
        self.credential = Some(Arc::new(self.credential(token)));
        self
    }

    /// The container's manifest, fetched once and then kept; after a failure it is fetched again.
    ///
    /// # Errors
    ///
    /// When the container does not answer, or its manifest cannot be used ([`Error::Manifest`]).
    pub async fn manifest(&self) -> Result<Arc<ContainerManifest>, Error> {
        let mut kept = self.shared.manifest.lock().await;
        if let Some(manifest) = &*kept {
            return Ok(Arc::clone(manifest));
        }
        let answer = self.get_container_manifest().send().await?;
        let manifest = ContainerManifest::from_json(answer.bytes())
            .map_err(|source| self.manifest_error(source))?;
        Ok(Arc::clone(kept.insert(Arc::new(manifest))))
    }

    /// The page of the container where a user chooses a record for this app; the container then
    /// opens the app with `record_id` and `api_base` in its URL.
    ///
    /// # Errors
    ///
    /// As [`manifest`](Self::manifest), and when the container has no such page.
    pub async fn launch_url(&self) -> Result<String, Error> {
        let manifest = self.manifest().await?;
        let url = manifest.launch_urls().app_launch(self.app_id());
        url.ok_or_else(|| {
            self.manifest_error(ManifestError::Missing {
                key: "launch_urls.app_launch",
            })
        })
    }

    pub(crate) fn manifest_error(&self, source: ManifestError) -> Error {
        Error::Manifest {
            api_base: self.api_base().clone(),
            source,
        }
    }

    /// Signs for the app alone, without a token.
    pub(crate) fn two_legged(&self) -> &Signer {
        &self.shared.two_legged
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.shared.environment
    }

    /// Where the credentials of data calls belong.
    pub(crate) fn origin(&self) -> &Origin {
        &self.shared.origin
    }

    /// By how many seconds the container's clock was found to be ahead of this machine's; negative
    /// if it is behind, and zero as long as no signature was refused for its time. Signatures carry
    /// the container's time.
    pub fn clock_correction(&self) -> i64 {
        self.environment().clock().ahead().seconds()
    }

    /// Makes a call: address, signature, exchange, and a look at the status.
    pub(crate) async fn call_with(
        &self,
        call: CallRequest,
        credential: Option<&Credential>,
    ) -> Result<Response<Bytes>, Error> {
        let info = call.info();
        let purpose = Purpose {
            name: info.name,
            path: info.path,
            record: call.record_id(),
            repeat: repeat(info),
            timed: Timed::Signature,
            origin: self.origin(),
        };
        // Made anew for each attempt: most need only one, and a copy kept for the others would cost
        // them all.
        let signed = |ahead| {
            let mut request = call.to_http(self.api_base())?;
            self.sign(&mut request, credential, ahead)?;
            Ok(request)
        };
        let response = self.environment().exchange(purpose, &signed).await?;
        if delivers(info.method, response.status()) {
            return Ok(response);
        }
        Err(Error::Refused(Refusal::new(
            info,
            credential.is_some(),
            response,
        )))
    }
}

/// Whether the status says that the call did what it is for. A part of the data that nobody asked
/// for, or the promise of data ([RFC 9110, section
/// 15.3](https://www.rfc-editor.org/rfc/rfc9110#section-15.3)), would be read as all that there is
/// in the record.
fn delivers(method: Method, status: StatusCode) -> bool {
    let is_unfinished = matches!(status, StatusCode::ACCEPTED | StatusCode::PARTIAL_CONTENT);
    status.is_success() && !(method == Method::Get && is_unfinished)
}

impl Caller for Client {
    type Error = Error;

    async fn call(&self, request: CallRequest) -> Result<Response<Bytes>, Error> {
        self.call_with(request, self.credential.as_deref()).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("app_id", self.app_id())
            .field("api_base", self.api_base())
            .finish_non_exhaustive()
    }
}
