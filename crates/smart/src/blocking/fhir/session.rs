//! What one user allowed, and the data that it opens.

use bytes::Bytes;
use http::{Request, Response};
use serde::de::DeserializeOwned;
use smart_fhir::{Bundle, Capabilities, Entry, Export, Interaction, Resource, Search, Written};
use smart_oauth::Timestamp;
use smart_oauth::oauth2::{Introspected, ScopeReport, ServerUrl, Token, TokenSet};
use smart_rdf::Graph;

use super::ExportJob;
use crate::Error;
use crate::blocking::runtime::BlockingRuntime;
use crate::vault::VaultKey;

/// The tokens of one user, for threads that wait: see [`crate::fhir::Session`], whose methods these
/// are.
#[derive(Clone, Debug)]
pub struct Session {
    session: crate::fhir::Session,
    runtime: BlockingRuntime,
}

impl Session {
    pub(super) fn new(session: crate::fhir::Session, runtime: BlockingRuntime) -> Self {
        Self { session, runtime }
    }

    /// The base of the server's FHIR resources.
    pub fn base(&self) -> &ServerUrl {
        self.session.base()
    }

    /// The name that the session has in the vault.
    pub fn key(&self) -> &VaultKey {
        self.session.key()
    }

    /// Whose record the tokens open, by FHIR id, if the server said so.
    pub fn patient(&self) -> Option<String> {
        self.session.patient()
    }

    /// What was granted against what was asked.
    pub fn scopes(&self) -> ScopeReport {
        self.session.scopes()
    }

    /// When the access token ends, if the server said so.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.session.expires_at()
    }

    /// Since when the grant is over, if the server has refused to renew the session.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.session.ended_at()
    }

    /// Whether new tokens can be asked for without the user.
    pub fn is_renewable(&self) -> bool {
        self.session.is_renewable()
    }

    /// The tokens as they are now.
    pub fn tokens(&self) -> TokenSet {
        self.session.tokens()
    }

    /// Sends a request with the session's access token.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::send`].
    pub fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        self.runtime.block_on(self.session.send(request))
    }

    /// Renews the tokens now.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::refresh`].
    pub fn refresh(&self) -> Result<(), Error> {
        self.runtime.block_on(self.session.refresh())
    }

    /// Asks the server about the access token.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::introspect`].
    pub fn introspect(&self) -> Result<Introspected, Error> {
        self.runtime.block_on(self.session.introspect())
    }

    /// Asks the server about any token.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::introspect_token`].
    pub fn introspect_token(&self, token: impl Into<Token> + Send) -> Result<Introspected, Error> {
        self.runtime.block_on(self.session.introspect_token(token))
    }

    /// Asks the server about any token, with the session's access token as the proof.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::introspect_with_bearer`].
    pub fn introspect_with_bearer(
        &self,
        token: impl Into<Token> + Send,
    ) -> Result<Introspected, Error> {
        let asked = self.session.introspect_with_bearer(token);
        self.runtime.block_on(asked)
    }

    /// Ends the session at the server, and then in the vault.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::revoke`].
    pub fn revoke(&self) -> Result<(), Error> {
        self.runtime.block_on(self.session.revoke())
    }

    /// Takes the session out of the vault.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::forget`].
    pub fn forget(&self) -> Result<(), Error> {
        self.runtime.block_on(self.session.forget())
    }

    /// Who the user is, by the validated id token.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::identity`].
    #[cfg(feature = "jwt")]
    pub fn identity(&self) -> Result<Option<smart_oauth::oauth2::IdClaims>, Error> {
        self.runtime.block_on(self.session.identity())
    }

    /// The user: what the id token says, and the user's own resource.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::user`].
    #[cfg(feature = "jwt")]
    pub fn user(&self) -> Result<Option<crate::fhir::User>, Error> {
        self.runtime.block_on(self.session.user())
    }

    /// Reads a version of a resource.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::vread`].
    pub fn vread<T: DeserializeOwned + 'static>(
        &self,
        reference: &str,
        version: &str,
    ) -> Result<T, Error> {
        self.runtime
            .block_on(self.session.vread(reference, version))
    }

    /// Reads a resource.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::read`].
    pub fn read<T: DeserializeOwned + 'static>(&self, reference: &str) -> Result<T, Error> {
        self.runtime.block_on(self.session.read(reference))
    }

    /// The entries that a search finds, page after page.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::search`].
    pub fn search(&self, search: &Search) -> Result<Entries, Error> {
        Ok(self.iterator(self.session.search(search)?))
    }

    /// The same by `POST`, which keeps the search out of addresses and logs.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::search_by_post`].
    pub fn search_by_post(&self, search: &Search) -> Result<Entries, Error> {
        Ok(self.iterator(self.session.search_by_post(search)?))
    }

    /// The entries of any interaction that is answered with a bundle.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::entries`].
    pub fn entries(&self, interaction: &Interaction) -> Result<Entries, Error> {
        Ok(self.iterator(self.session.entries(interaction)?))
    }

    /// Writes a new resource.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::create`].
    pub fn create(&self, resource: &Resource) -> Result<Written, Error> {
        self.runtime.block_on(self.session.create(resource))
    }

    /// Writes a resource in place of what the server has under its id.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::update`].
    pub fn update(&self, resource: &Resource) -> Result<Written, Error> {
        self.runtime.block_on(self.session.update(resource))
    }

    /// Deletes a resource.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::delete`].
    pub fn delete(&self, reference: &str) -> Result<Written, Error> {
        self.runtime.block_on(self.session.delete(reference))
    }

    /// Sends any interaction that writes.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::write`].
    pub fn write(&self, interaction: &Interaction) -> Result<Written, Error> {
        self.runtime.block_on(self.session.write(interaction))
    }

    /// Calls an operation that only reads.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::operation`].
    pub fn operation<T: DeserializeOwned + 'static>(
        &self,
        on: &str,
        name: &str,
        parameters: &Search,
    ) -> Result<T, Error> {
        let called = self.session.operation(on, name, parameters);
        self.runtime.block_on(called)
    }

    /// Calls an operation with an input.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::operation_with`].
    pub fn operation_with<T: DeserializeOwned + 'static>(
        &self,
        on: &str,
        name: &str,
        input: &Resource,
    ) -> Result<T, Error> {
        let called = self.session.operation_with(on, name, input);
        self.runtime.block_on(called)
    }

    /// Starts a bulk export.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::export`].
    pub fn export(&self, export: &Export) -> Result<ExportJob, Error> {
        let job = self.runtime.block_on(self.session.export(export))?;
        Ok(ExportJob::new(job, self.runtime.clone()))
    }

    /// Returns the job at this address, which was started before.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::resume_export`].
    pub fn resume_export(&self, status_address: &str) -> Result<ExportJob, Error> {
        let job = self.session.resume_export(status_address)?;
        Ok(ExportJob::new(job, self.runtime.clone()))
    }

    /// Sends a batch or transaction.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::batch`].
    pub fn batch(&self, bundle: &Resource) -> Result<Bundle, Error> {
        self.runtime.block_on(self.session.batch(bundle))
    }

    /// What the server says that it can do.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::capabilities`].
    pub fn capabilities(&self) -> Result<Capabilities, Error> {
        self.runtime.block_on(self.session.capabilities())
    }

    /// Carries out any interaction.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Session::interact`].
    pub fn interact(&self, interaction: &Interaction) -> Result<Response<Bytes>, Error> {
        self.runtime.block_on(self.session.interact(interaction))
    }

    fn iterator(&self, entries: crate::fhir::Entries) -> Entries {
        Entries {
            entries,
            runtime: self.runtime.clone(),
            is_over: false,
        }
    }
}

/// The entries of a search, page after page. An error is the last item.
#[derive(Debug)]
pub struct Entries {
    entries: crate::fhir::Entries,
    runtime: BlockingRuntime,
    is_over: bool,
}

impl Entries {
    /// All resources that match, each deserialized as `T`.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Entries::matches`].
    pub fn matches<T: DeserializeOwned + 'static>(self) -> Result<Vec<T>, Error> {
        self.runtime.block_on(self.entries.matches())
    }

    /// All resources as one graph.
    ///
    /// # Errors
    ///
    /// As [`crate::fhir::Entries::graph`].
    pub fn graph(self) -> Result<Graph, Error> {
        self.runtime.block_on(self.entries.graph())
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.runtime.block_on(self.entries.try_next()).transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}
