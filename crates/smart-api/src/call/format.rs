//! In which form documents are asked for.

/// The values of the parameter `format` of `get_document` and `get_documents`.
///
/// ```
/// use smart_api::{DocumentFormat, calls::GetDocument};
///
/// let call = GetDocument::new("1288992", "4f7").format(DocumentFormat::Metadata);
/// assert!(call.to_request().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DocumentFormat {
    /// The description with the content in it.
    Combined,
    /// The description alone: what lists give if nothing is said.
    Metadata,
    /// The bytes of the file: what single documents give if nothing is said.
    Raw,
}

impl DocumentFormat {
    /// As it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Combined => "combined",
            Self::Metadata => "metadata",
            Self::Raw => "raw",
        }
    }
}

impl From<DocumentFormat> for String {
    fn from(format: DocumentFormat) -> Self {
        format.as_str().to_owned()
    }
}
