//! A note of plain text, ready to be posted.

use smart_rdf::NamedNode;

use crate::model::Subject;
use crate::model::date::PartialDate;
use crate::models::{ClinicalNote, Content, MediaTypeOrExtent, Resource};

impl ClinicalNote {
    /// A note with this title and text, without an address and without a record: the container that
    /// it is posted to supplies both.
    ///
    /// ```
    /// use smart_api::{Body, calls::PostClinicalNote, models::ClinicalNote};
    ///
    /// let note = ClinicalNote::of_text("Telephone call", "2013-09-02", "Feels better. Same dose.");
    /// let call = PostClinicalNote::new("1288992", Body::from_model(&note)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_text(
        title: impl Into<String>,
        date: impl Into<PartialDate>,
        text: impl Into<String>,
    ) -> Self {
        let content = Content {
            encoding: "UTF-8".into(),
            value: text.into().into(),
            ..Content::default()
        };
        let resource = Resource {
            content: Some(content),
            ..Resource::default()
        };
        let plain_text = "http://purl.org/NET/mediatypes/text/plain";
        let format = MediaTypeOrExtent {
            subject: Subject::from(NamedNode::new_unchecked(plain_text)),
            label: "text/plain".into(),
        };
        Self {
            title: Some(title.into()),
            date: date.into().into(),
            format: format.into(),
            resource: resource.into(),
            ..Self::default()
        }
    }

    /// The text of the note, if it came along and is text.
    pub fn text(&self) -> Option<&str> {
        let content = self.resource.as_option()?.content.as_ref()?;
        let encoding = content.encoding.as_option()?;
        let value = content.value.as_option()?;
        encoding.eq_ignore_ascii_case("UTF-8").then_some(value)
    }
}
