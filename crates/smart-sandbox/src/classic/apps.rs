//! The apps that are installed on the container, and the secrets that prove them.

mod manifest;
mod pretty;

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::Value;
use smart_oauth::oauth1::ConsumerSecret;

pub use manifest::{AppManifest, AppMode, ManifestError};
pub(crate) use pretty::indented;

use crate::classic::oauth::authenticate::Authenticated;
use crate::classic::state::ContainerState;
use crate::web::context::RequestContext;
use crate::web::reply::{self, JSON, Reply};

/// `GET /apps/{descriptor}/manifest`.
pub(crate) fn manifest(
    container: &ContainerState,
    request: &RequestContext<'_>,
    _who: &Authenticated,
) -> Reply {
    match container.apps.get(request.parameter("descriptor")) {
        Some(app) => reply::answer(StatusCode::OK, JSON, indented(app.manifest.json())),
        None => reply::not_found(),
    }
}

/// `GET /apps/manifests/`.
pub(crate) fn manifests(
    container: &ContainerState,
    _request: &RequestContext<'_>,
    _who: &Authenticated,
) -> Reply {
    reply::answer(StatusCode::OK, JSON, container.apps.manifests())
}

/// The secret of the stock apps. It is public on purpose, so that the tutorials run unchanged: a
/// container that listens on anything but the loopback interface must not install them.
const STOCK_SECRET: &str = "smartapp-secret";

/// One app with its consumer secret; the consumer key is the id of the manifest.
#[derive(Debug)]
pub(crate) struct InstalledApp {
    pub(crate) manifest: AppManifest,
    pub(crate) secret: ConsumerSecret,
    /// Takes bodies that no signature covers from this app.
    pub(crate) accepts_unsigned_bodies: bool,
}

/// All apps of a container, by id.
#[derive(Debug, Default)]
pub(crate) struct Apps(BTreeMap<String, InstalledApp>);

impl Apps {
    /// The apps that every fresh container has.
    pub(crate) fn stock() -> Self {
        let mut apps = Self::default();
        for manifest in [stock_app(), stock_native_app(), stock_background_app()] {
            apps.install(manifest, ConsumerSecret::new(STOCK_SECRET));
        }
        apps
    }

    /// Installs an app; an app of the same id is replaced.
    pub(crate) fn install(&mut self, manifest: AppManifest, secret: ConsumerSecret) {
        let app = InstalledApp {
            manifest,
            secret,
            accepts_unsigned_bodies: false,
        };
        self.0.insert(app.manifest.id().to_owned(), app);
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut InstalledApp> {
        self.0.get_mut(id)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&InstalledApp> {
        self.0.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &InstalledApp> {
        self.0.values()
    }

    /// The ids, in the order of text.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The text that `get_app_manifests` answers with: every manifest, background apps included.
    pub(crate) fn manifests(&self) -> String {
        indented(
            &self
                .iter()
                .map(|app| app.manifest.json().clone())
                .collect::<Value>(),
        )
    }
}

fn stock_app() -> AppManifest {
    AppManifest::stock(serde_json::json!({
        "name": "My App",
        "description": "The app that you are developing on this machine",
        "author": "You",
        "id": "my-app@apps.smartplatforms.org",
        "version": "0.1",
        "mode": "ui",
        "scope": "record",
        "index": "http://localhost:8000/smartapp/index.html",
        "oauth_callback": "http://localhost:8000/smartapp/authorize",
        "icon": "http://localhost:8000/smartapp/icon.png",
    }))
}

fn stock_native_app() -> AppManifest {
    AppManifest::stock(serde_json::json!({
        "name": "My iOS App",
        "description": "The native app that you are developing",
        "author": "You",
        "id": "my-ios-app@apps.smartplatforms.org",
        "version": "0.1",
        "mode": "ui",
        "scope": "record",
        "standalone": true,
        "index": "smart-app:///did_select_record",
        "oauth_callback": "smart-app:///did_receive_verifier",
        "icon": "http://localhost:8000/smartapp/icon.png",
    }))
}

fn stock_background_app() -> AppManifest {
    AppManifest::stock(serde_json::json!({
        "name": "My Background App",
        "description": "Reads every record, one after the other, without a user",
        "author": "You",
        "id": "smart-background-app@apps.smartplatforms.org",
        "version": "0.1",
        "mode": "background",
        "scope": "container",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stock_apps_are_there_and_valid() {
        let apps = Apps::stock();
        for (id, mode) in [
            ("my-app@apps.smartplatforms.org", AppMode::Ui),
            ("my-ios-app@apps.smartplatforms.org", AppMode::Ui),
            (
                "smart-background-app@apps.smartplatforms.org",
                AppMode::Background,
            ),
        ] {
            let app = apps.get(id).unwrap();
            assert_eq!(app.manifest.mode(), mode);
            assert_eq!(app.secret.expose(), "smartapp-secret");
            let again = AppManifest::from_json(indented(app.manifest.json()).as_bytes()).unwrap();
            assert_eq!(again, app.manifest);
        }
    }

    #[test]
    fn an_app_of_the_same_id_replaces_the_older() {
        let mut apps = Apps::stock();
        apps.install(stock_app(), ConsumerSecret::new("another"));
        assert_eq!(apps.iter().count(), 3);
        let app = apps.get("my-app@apps.smartplatforms.org").unwrap();
        assert_eq!(app.secret.expose(), "another");
    }

    #[test]
    fn the_list_of_manifests_is_an_array() {
        let list: Value = serde_json::from_str(&Apps::stock().manifests()).unwrap();
        assert_eq!(list.as_array().unwrap().len(), 3);
    }
}
