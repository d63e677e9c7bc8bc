//! What can be asked of a session about data.

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;
use smart_fhir::{
    Base, Bundle, Capabilities, Interaction, Limits, Path, Resource, Search, Written,
    resource_from_http, view_from_http, written_from_http,
};

use super::{Entries, Session};
use crate::Error;

/// Reading and writing. What the granted scopes do not cover fails here, with the reason, and is
/// not sent.
///
/// `T` is [`Resource`] for the JSON as it came, or any type with `Deserialize`: one of a crate of
/// FHIR models, or a struct of the members that the app needs.
impl Session {
    /// Reads `Patient/123`, or an absolute address of a resource on this server
    /// ([FHIR, read](https://hl7.org/fhir/R4/http.html#read)).
    ///
    /// ```no_run
    /// # async fn example(session: smart::fhir::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// use smart::fhir::Resource;
    ///
    /// let patient: Resource = session.read("Patient/smart-1288992").await?;
    /// println!("{:?} {:?}", patient.text("name.0.family"), patient.text("birthDate"));
    ///
    /// #[derive(serde::Deserialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct Born { birth_date: Option<String> }
    /// let born: Born = session.read("Patient/smart-1288992").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the reference is invalid, leads to another server
    /// ([`FhirError::Link`](super::FhirError::Link)), the scopes do not cover it, the server
    /// refuses ([`FhirError::outcome`](super::FhirError::outcome) has its words), or the answer is
    /// no such `T`.
    pub async fn read<T: DeserializeOwned + 'static>(&self, reference: &str) -> Result<T, Error> {
        let path = match smart_fhir::Reference::parse(reference) {
            smart_fhir::Reference::Absolute(address) => Path::below(&self.fhir()?, address)?,
            _ => Path::parse(reference)?,
        };
        self.view(&Interaction::read_path(&path)).await
    }

    /// Reads one version of a resource ([FHIR, vread](https://hl7.org/fhir/R4/http.html#vread)).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn vread<T: DeserializeOwned + 'static>(
        &self,
        reference: &str,
        version: &str,
    ) -> Result<T, Error> {
        self.read(&format!("{reference}/_history/{version}")).await
    }

    /// Searches, and follows the pages as they are read ([FHIR,
    /// search](https://hl7.org/fhir/R4/search.html)). Nothing is sent before the first entry is
    /// asked for.
    ///
    /// ```no_run
    /// # async fn example(session: smart::fhir::Session) -> Result<(), smart::Error> {
    /// use smart::fhir::Search;
    ///
    /// let mut conditions = session.search(&Search::new("Condition").with("patient", "smart-1288992"))?;
    /// while let Some(entry) = conditions.try_next().await? {
    ///     println!("{:?}", entry.resource.as_ref().and_then(|condition| condition.text("code.text")));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the search cannot be put into a request, or the scopes do not cover it.
    pub fn search(&self, search: &Search) -> Result<Entries, Error> {
        self.entries(&Interaction::search(search)?)
    }

    /// The same by `POST`, which keeps what is searched for out of addresses, and so out of logs on
    /// the way.
    ///
    /// # Errors
    ///
    /// As [`search`](Self::search).
    pub fn search_by_post(&self, search: &Search) -> Result<Entries, Error> {
        self.entries(&Interaction::search_by_post(search)?)
    }

    /// The entries of any interaction that is answered with a bundle: a history, `$everything`.
    ///
    /// # Errors
    ///
    /// As [`search`](Self::search).
    pub fn entries(&self, interaction: &Interaction) -> Result<Entries, Error> {
        self.check_scopes(interaction)?;
        Entries::new(
            self.clone(),
            self.fhir()?,
            interaction,
            self.limits().clone(),
        )
    }

    /// Creates a resource; the server gives it an id, which [`Written::id`] has. It is sent once:
    /// see [`send`](Self::send) for what follows a
    /// 401. With [`Interaction::create_unless`] and [`write`](Self::write) it can be sent again
    ///      without harm.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn create(&self, resource: &Resource) -> Result<Written, Error> {
        self.write(&Interaction::create(resource)?).await
    }

    /// Puts a resource in the place of the one with its type and id. [`Interaction::if_match`] and
    /// [`write`](Self::write) do so only if nobody else has changed it.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn update(&self, resource: &Resource) -> Result<Written, Error> {
        self.write(&Interaction::update(resource)?).await
    }

    /// Deletes `Observation/123`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn delete(&self, reference: &str) -> Result<Written, Error> {
        self.write(&Interaction::delete(reference)?).await
    }

    /// Sends any interaction that writes, such as one with a condition.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn write(&self, interaction: &Interaction) -> Result<Written, Error> {
        let response = self.interact(interaction).await?;
        self.explained(written_from_http(&response, self.limits()))
    }

    /// Sends a batch or a transaction, and gives the bundle of what became of it; in a batch each
    /// entry has a status of its own ([FHIR,
    /// batch](https://hl7.org/fhir/R4/http.html#transaction)).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), the scopes of each entry being looked at.
    pub async fn batch(&self, bundle: &Resource) -> Result<Bundle, Error> {
        self.check_scopes_of_batch(bundle)?;
        let limits = self.limits();
        let response = self.interact(&Interaction::batch(bundle)?).await?;
        let resource = self.explained(resource_from_http(&response, limits))?;
        Ok(Bundle::from_resource(resource, limits)?)
    }

    /// Calls an operation that only reads, such as `$everything` on `Patient/123`; `on` may be a
    /// type, or empty for the server.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn operation<T: DeserializeOwned + 'static>(
        &self,
        on: &str,
        name: &str,
        parameters: &Search,
    ) -> Result<T, Error> {
        self.view(&Interaction::operation(on, name, parameters)?)
            .await
    }

    /// Calls an operation with an input, mostly [`Resource::parameters`]. What it needs of scopes,
    /// the server alone knows.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn operation_with<T: DeserializeOwned + 'static>(
        &self,
        on: &str,
        name: &str,
        input: &Resource,
    ) -> Result<T, Error> {
        self.view(&Interaction::operation_with(on, name, input)?)
            .await
    }

    /// What the server says that it can do.
    ///
    /// # Errors
    ///
    /// When there is no answer, or it is no capability statement.
    pub async fn capabilities(&self) -> Result<Capabilities, Error> {
        let response = self.interact(&Interaction::capabilities()).await?;
        let resource = self.explained(resource_from_http(&response, self.limits()))?;
        Ok(Capabilities::from_resource(resource)?)
    }

    /// Sends any interaction and gives back whatever the server answers, refusals included: for
    /// conditional reads, whose 304 is no failure.
    ///
    /// # Errors
    ///
    /// When the scopes do not cover it, or there is no answer.
    pub async fn interact(&self, interaction: &Interaction) -> Result<Response<Bytes>, Error> {
        self.check_scopes(interaction)?;
        self.send(interaction.to_http(&self.fhir()?)?).await
    }

    async fn view<T: DeserializeOwned + 'static>(
        &self,
        interaction: &Interaction,
    ) -> Result<T, Error> {
        let response = self.interact(interaction).await?;
        self.explained(view_from_http(&response, self.limits()))
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.app().settings().limits
    }

    /// The base as the layer below wants it.
    pub(super) fn fhir(&self) -> Result<Base, Error> {
        Ok(Base::parse(self.base().as_str())?)
    }
}
