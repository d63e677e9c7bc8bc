//! A launch from within an EHR ([SMART, EHR
//! launch](https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch)).

use std::fmt;

use percent_encoding::percent_decode_str;
use smart_oauth::oauth2::ServerUrl;

use super::error::FhirError;
use super::{App, Authorization};
use crate::Error;

/// What an EHR opens the app's launch address with: its FHIR base, and a word that stands for what
/// the user has on the screen.
///
/// Anybody can make up such an address, and send the app to a server of his own. So the base is
/// held against the apps that there are: their servers are the ones that the app trusts.
///
/// ```no_run
/// # async fn example(apps: Vec<smart::fhir::App>, opened: &str) -> Result<(), smart::Error> {
/// use smart::fhir::EhrLaunch;
///
/// let launch = EhrLaunch::parse(opened)?; // https://app.example/launch?iss=https%3A%2F%2Fehr.example%2Ffhir&launch=abc
/// let app = launch.app_among(&apps)?; // fails for a server where the app is not registered
/// let authorization = launch.authorize(app, "patient/*.rs openid fhirUser").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EhrLaunch {
    iss: ServerUrl,
    launch: String,
}

impl EhrLaunch {
    /// Reads the address that the EHR opened, or its query.
    ///
    /// # Errors
    ///
    /// When `iss` or `launch` is missing, there more than once, or `iss` is no address to trust
    /// with secrets.
    pub fn parse(opened: &str) -> Result<Self, Error> {
        let query = opened.split_once('?').map_or(opened, |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let one = |name: &'static str| {
            let mut values = query.split('&').filter_map(|pair| {
                let (found, value) = pair.split_once('=')?;
                (found == name).then_some(value)
            });
            match (values.next(), values.next()) {
                (Some(value), None) if !value.is_empty() => Ok(decoded(value)),
                _ => Err(FhirError::BadLaunch { name }),
            }
        };
        Ok(Self {
            iss: ServerUrl::new(&one("iss")?)?,
            launch: one("launch")?,
        })
    }

    /// A launch that was read otherwise.
    pub fn new(iss: ServerUrl, launch: impl Into<String>) -> Self {
        let launch = launch.into();
        Self { iss, launch }
    }

    /// The FHIR base that the launch names. Nothing is known about it yet.
    pub fn iss(&self) -> &ServerUrl {
        &self.iss
    }

    /// The app that is registered at the launching server.
    ///
    /// # Errors
    ///
    /// If there is no such app ([`FhirError::UnknownIssuer`]). Nothing was sent to that server, and
    /// nothing should be.
    pub fn app_among<'a>(&self, apps: impl IntoIterator<Item = &'a App>) -> Result<&'a App, Error> {
        let mut apps = apps.into_iter();
        let found = apps.find(|app| app.fhir_base().is_same_base(&self.iss));
        found.ok_or_else(|| self.unknown())
    }

    /// Answers the launch: asks the EHR for these scopes and for `launch`.
    ///
    /// # Errors
    ///
    /// When the app is registered at another server than the one that launched it, and as
    /// [`App::authorize`].
    pub async fn authorize(&self, app: &App, scopes: &str) -> Result<Authorization, Error> {
        self.authorize_with(app, scopes, &[]).await
    }

    /// The same with parameters of OpenID Connect or of the server's own, such as `("prompt",
    /// "consent")`.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize), and if a parameter is one that the request writes itself.
    pub async fn authorize_with(
        &self,
        app: &App,
        scopes: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Authorization, Error> {
        self.app_among([app])?;
        app.begin(scopes, Some(self), parameters).await
    }

    pub(super) fn launch(&self) -> &str {
        &self.launch
    }

    fn unknown(&self) -> Error {
        let iss = self.iss.as_str().to_owned();
        FhirError::UnknownIssuer { iss }.into()
    }
}

/// A form's value, by the rules of forms.
fn decoded(value: &str) -> String {
    let spaced = value.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

impl fmt::Debug for EhrLaunch {
    /// Without the launch's own word, which may be good for something at the server.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EhrLaunch")
            .field("iss", &self.iss)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launches_are_read_from_addresses_and_queries() {
        for opened in [
            "https://app.example/launch?iss=https%3A%2F%2Fehr.example%2Ffhir&launch=a%2Bb+c#top",
            "launch=a%2Bb+c&iss=https://ehr.example/fhir&other=1",
        ] {
            let launch = EhrLaunch::parse(opened).unwrap();
            assert_eq!(launch.iss().as_str(), "https://ehr.example/fhir");
            assert_eq!(launch.launch(), "a+b c");
        }
    }

    #[test]
    fn launches_that_lack_or_repeat_something_are_none() {
        for opened in [
            "",
            "https://app.example/launch",
            "https://app.example/launch?iss=https%3A%2F%2Fehr.example",
            "https://app.example/launch?launch=x",
            "iss=https://ehr.example&launch=",
            "iss=https://ehr.example&launch=x&launch=y",
            "iss=https://ehr.example&iss=https://evil.example&launch=x",
            "iss=http://ehr.example&launch=x",
            "iss=ehr.example&launch=x",
        ] {
            assert!(EhrLaunch::parse(opened).is_err(), "{opened}");
        }
    }

    #[test]
    fn only_servers_where_the_app_is_registered_may_launch_it() {
        let app = |base: &str| App::new(base, "c", "s", "http://localhost:1/").unwrap();
        let apps = [
            app("https://one.example/fhir"),
            app("https://two.example/fhir/"),
        ];
        let of = |iss: &str| EhrLaunch::new(ServerUrl::new(iss).unwrap(), "x");
        let found = of("https://two.example/fhir").app_among(&apps).unwrap();
        assert_eq!(found.fhir_base().as_str(), "https://two.example/fhir/");
        for iss in [
            "https://ONE.example/fhir/",
            "HTTPS://one.example:443/fhir",
            "https://one.example/fhir",
        ] {
            let found = of(iss).app_among(&apps).unwrap();
            assert_eq!(found.fhir_base().as_str(), "https://one.example/fhir");
        }
        for iss in [
            "https://evil.example/fhir",
            "https://one.example/fhir/evil",
            "https://one.example.evil.example/fhir",
            "https://one.example:8443/fhir",
            "https://one.example/",
        ] {
            let error = of(iss).app_among(&apps).unwrap_err();
            let is_unknown = matches!(&error, Error::Fhir(FhirError::UnknownIssuer { iss: named }) if named == iss);
            assert!(is_unknown, "{iss} {error:?}");
        }
    }
}
