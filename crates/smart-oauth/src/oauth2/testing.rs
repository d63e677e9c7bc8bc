//! What the tests of this module share.

use super::*;
use crate::oauth1::parameters::pairs;
use crate::time::Timestamp;

pub(super) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

pub(super) fn url(text: &str) -> ServerUrl {
    ServerUrl::new(text).unwrap()
}

pub(super) fn server() -> Server {
    Server::new(
        url("https://ehr.example/fhir"),
        url("https://ehr.example/token"),
    )
    .with_authorize(url("https://ehr.example/authorize"))
}

pub(super) fn client() -> Client {
    Client::new("app", server())
}

pub(super) fn secrets() -> AuthorizationSecrets {
    AuthorizationSecrets::from_random([1; 32], [2; 32], [3; 32])
}

pub(super) fn request(scopes: &str) -> AuthorizationRequest {
    AuthorizationRequest::new(
        RedirectUri::new("http://localhost:8000/cb").unwrap(),
        scopes.parse().unwrap(),
    )
}

pub(super) fn awaiting(client: &Client, scopes: &str) -> Authorization<AwaitingCallback> {
    client.authorize(request(scopes), secrets()).unwrap()
}

pub(super) fn authorized(client: &Client, scopes: &str) -> Authorization<Authorized> {
    let state = secrets().state.expose().to_owned();
    match awaiting(client, scopes)
        .callback(&format!("code=c0de&state={state}"))
        .unwrap()
    {
        Callback::Authorized(authorized) => *authorized,
        other => panic!("{other:?}"),
    }
}

/// Names and values of a form or query.
pub(super) fn fields(form: &[u8]) -> Vec<(String, String)> {
    pairs(form)
        .map(|(name, value)| (name.lossy(), value.lossy()))
        .collect()
}

/// The values of that name.
pub(super) fn values(form: &[u8], name: &str) -> Vec<String> {
    fields(form)
        .into_iter()
        .filter(|(known, _)| known == name)
        .map(|(_, value)| value)
        .collect()
}

pub(super) fn answer(status: u16, content_type: &str, body: &str) -> http::Response<String> {
    http::Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body.to_owned())
        .unwrap()
}
