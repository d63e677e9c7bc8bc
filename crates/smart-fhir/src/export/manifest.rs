//! The list of files that an export ends with.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::{FileKind, request};
use crate::answer::{unreadable, view_from_http};
use crate::base::Base;
use crate::error::{AnswerError, ExportError, LinkError, ReadError};
use crate::limits::Limits;

/// What an export brought ([Bulk Data Access,
/// complete](https://hl7.org/fhir/uv/bulkdata/export.html#response---complete-status)).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// The instant up to which changes are in the files: the next export's
    /// [`since`](crate::Export::since).
    pub transaction_time: Option<String>,
    /// Whether the files require the token. If not, the token must not be sent.
    pub requires_access_token: bool,
    /// The files of resources.
    pub output: Vec<ExportFile>,
    /// Files of outcomes: what could not be exported.
    pub errors: Vec<ExportFile>,
    /// Files of bundles that say what was deleted since.
    pub deleted: Vec<ExportFile>,
    /// Where the next manifest of the same job is, if there is one: see
    /// [`Polling::next`](crate::Polling::next).
    pub next: Option<String>,
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
            next: next_link(&value["link"]).map_err(bad)?,
            base: base.clone(),
        })
    }

    /// Asks for a file. It is sent with the token if
    /// [`requires_access_token`](Self::requires_access_token), and must be sent without it if not:
    /// the file may then be on any host. The body is for [`Lines`](crate::Lines).
    ///
    /// # Errors
    ///
    /// The address is invalid, or the file requires the token and is not on the base's origin.
    pub fn file_request(&self, file: &ExportFile) -> Result<Request<Bytes>, LinkError> {
        let uri = match self.requires_access_token {
            true => self.base.resolve(&file.url)?,
            false => self.base.resolve_anywhere(&file.url)?,
        };
        Ok(request(uri, "application/fhir+ndjson"))
    }

    /// All files, each with its list and its place there.
    pub fn files(&self) -> impl Iterator<Item = (FileKind, usize, &ExportFile)> {
        let lists = [
            (FileKind::Output, &self.output),
            (FileKind::Deleted, &self.deleted),
            (FileKind::Error, &self.errors),
        ];
        lists.into_iter().flat_map(|(kind, files)| {
            let files = files.iter().enumerate();
            files.map(move |(place, file)| (kind, place, file))
        })
    }

    /// Adds the files of a later manifest of the same job. Files of the two may require the token
    /// or not: a manifest says that for all of its own, so both have to say the same.
    ///
    /// # Errors
    ///
    /// They do not.
    pub fn extend(&mut self, later: Self) -> Result<(), ExportError> {
        if self.requires_access_token != later.requires_access_token {
            return Err(ExportError::MixedManifests);
        }
        self.output.extend(later.output);
        self.errors.extend(later.errors);
        self.deleted.extend(later.deleted);
        self.next = later.next;
        Ok(())
    }
}

fn read_files(list: &Value, limits: &Limits) -> Result<Vec<ExportFile>, ReadError> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    if list.len() > limits.entries {
        return Err(ReadError::TooManyEntries {
            limit: limits.entries,
        });
    }
    // A file that cannot be fetched is not left out silently.
    let files = list.iter().map(|file| {
        Ok(ExportFile {
            resource_type: file["type"]
                .as_str()
                .filter(|name| !name.is_empty())
                .ok_or(ReadError::NoFileType)?
                .to_owned(),
            url: file["url"]
                .as_str()
                .ok_or(ReadError::NoFileAddress)?
                .to_owned(),
            count: file["count"].as_u64(),
        })
    });
    files.collect()
}

/// The link to the next manifest: a list of links with a relation, as in bundles.
fn next_link(links: &Value) -> Result<Option<String>, ReadError> {
    let links = links.as_array().map_or(&[][..], Vec::as_slice);
    let next = links.iter().find(|link| link["relation"] == "next");
    let Some(next) = next else {
        return Ok(None);
    };
    let url = next["url"].as_str().ok_or(ReadError::NoFileAddress)?;
    Ok(Some(url.to_owned()))
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
    fn files_elsewhere_are_fetched_without_the_token_or_not_at_all() {
        let body = r#"{"transactionTime": "2026-01-01T00:00:00Z", "request": "x", "requiresAccessToken": true,
                "output": [{"type": "Patient", "url": "/files/1.ndjson", "count": 7}, {"type": "Group", "url": "https://store.example/2"}],
                "link": [{"relation": "next", "url": "/jobs/1?page=2"}], "error": [], "extension": {}}"#;
        let manifest = read(body).unwrap();
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
        assert_eq!(manifest.next.as_deref(), Some("/jobs/1?page=2"));
        let mut free = read(&body.replace("true", "false")).unwrap();
        assert_eq!(
            free.file_request(foreign).unwrap().uri(),
            "https://store.example/2"
        );
        assert!(matches!(
            free.extend(manifest),
            Err(ExportError::MixedManifests)
        ));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for body in [
            "",
            "{}",
            "[]",
            r#"{"output": {}}"#,
            r#"{"output": [{}, {}, {}]}"#,
            r#"{"output": [7]}"#,
            r#"{"output": [{"type": "Patient", "url": 7}]}"#,
            r#"{"output": [{"url": "/1"}]}"#,
            r#"{"output": [{"type": "", "url": "/1"}]}"#,
            r#"{"output": [], "error": [{}]}"#,
            r#"{"output": [], "deleted": [{}]}"#,
            r#"{"output": [], "link": [{"relation": "next"}]}"#,
        ] {
            assert!(read(body).is_err(), "{body}");
        }
        let silent = read(r#"{"output": []}"#).unwrap();
        assert!(silent.output.is_empty() && silent.requires_access_token);
    }
}
