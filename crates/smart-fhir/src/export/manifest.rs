//! The list of files that an export ends with.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::request;
use crate::answer::{unreadable, view_from_http};
use crate::base::Base;
use crate::error::{AnswerError, LinkError, ReadError};
use crate::limits::Limits;

/// What an export brought ([Bulk Data Access, complete](https://hl7.org/fhir/uv/bulkdata/export.html#response---complete-status)).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// The instant up to which changes are in the files: the next export's [`since`](crate::Export::since).
    pub transaction_time: Option<String>,
    /// Whether the files are to be had with the token only.
    pub requires_access_token: bool,
    /// The files of resources.
    pub output: Vec<ExportFile>,
    /// Files of outcomes: what could not be exported.
    pub errors: Vec<ExportFile>,
    /// Files of bundles that say what was deleted since.
    pub deleted: Vec<ExportFile>,
    base: Base,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportFile {
    /// What resources it holds.
    pub resource_type: String,
    /// Where it is, as the server wrote it.
    pub url: String,
    /// How many resources it holds, if the server says so.
    pub count: Option<u64>,
}

impl Manifest {
    pub(super) fn from_http(
        base: &Base,
        response: &Response<impl AsRef<[u8]>>,
        limits: &Limits,
    ) -> Result<Self, AnswerError> {
        let value: Value = view_from_http(response, limits)?;
        let bad = |source| unreadable(response, source);
        if !value["output"].is_array() {
            return Err(bad(ReadError::NotAResource));
        }
        let files = |name: &str| read_files(&value[name], limits).map_err(bad);
        Ok(Self {
            transaction_time: value["transactionTime"].as_str().map(str::to_owned),
            // Without a word the cautious reading is the right one.
            requires_access_token: value["requiresAccessToken"].as_bool().unwrap_or(true),
            output: files("output")?,
            errors: files("error")?,
            deleted: files("deleted")?,
            base: base.clone(),
        })
    }

    /// Asks for a file, to be sent with the token. The body is for [`Lines`](crate::Lines).
    ///
    /// # Errors
    ///
    /// The file is not on the base's origin, and the token is for that alone. Files in a store elsewhere are to be had without
    /// it: their [`url`](ExportFile::url) says where.
    pub fn file_request(&self, file: &ExportFile) -> Result<Request<Bytes>, LinkError> {
        let uri = self.base.resolve(&file.url)?;
        Ok(request(uri, "application/fhir+ndjson"))
    }
}

fn read_files(list: &Value, limits: &Limits) -> Result<Vec<ExportFile>, ReadError> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    if list.len() > limits.entries {
        return Err(ReadError::TooManyEntries {
            limit: limits.entries,
        });
    }
    let files = list.iter().filter_map(|file| {
        Some(ExportFile {
            resource_type: file["type"].as_str().unwrap_or_default().to_owned(),
            url: file["url"].as_str()?.to_owned(),
            count: file["count"].as_u64(),
        })
    });
    Ok(files.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Manifest, AnswerError> {
        let base = Base::parse("https://ehr.example/fhir").unwrap();
        Manifest::from_http(
            &base,
            &Response::new(body),
            &Limits::default().with_entries(2),
        )
    }

    #[test]
    fn files_elsewhere_get_no_token() {
        let manifest = read(
            r#"{"transactionTime": "2026-01-01T00:00:00Z", "request": "x", "requiresAccessToken": false,
                "output": [{"type": "Patient", "url": "/files/1.ndjson", "count": 7}, {"type": "Group", "url": "https://store.example/2"}],
                "error": [], "extension": {}}"#,
        )
        .unwrap();
        let [own, foreign] = &manifest.output[..] else {
            panic!()
        };
        assert_eq!(
            manifest.file_request(own).unwrap().uri(),
            "https://ehr.example/files/1.ndjson"
        );
        assert_eq!(own.count, Some(7));
        assert!(matches!(
            manifest.file_request(foreign),
            Err(LinkError::OtherOrigin { .. })
        ));
        assert!(!manifest.requires_access_token);
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for body in [
            "",
            "{}",
            "[]",
            r#"{"output": {}}"#,
            r#"{"output": [{}, {}, {}]}"#,
        ] {
            assert!(read(body).is_err(), "{body}");
        }
        let odd = read(r#"{"output": [7, {"url": 7}]}"#).unwrap();
        assert!(odd.output.is_empty() && odd.requires_access_token);
    }
}
