//! Several keys of one app, and the key set that servers are given.

use serde_json::{Value, json};

use super::assertion::AssertionKey;
use crate::oauth2::error::AssertionError;
use crate::oauth2::server::Server;

/// The keys of an app: the ones that sign, and those that are only published.
///
/// To change a key without a gap, publish the next one beside the current one, wait until servers
/// have fetched the set again, let the next one sign, and drop the old one when no statement by it
/// is good any more ([SMART,
/// asymmetric](https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys)).
///
/// ```
/// # use smart_oauth::oauth2::{AssertionKey, AssertionKeys};
/// # fn example(old: AssertionKey, new: AssertionKey) -> Result<(), smart_oauth::oauth2::AssertionError> {
/// let mut keys = AssertionKeys::new(old);
/// keys.publish(new)?; // served at the app's jwks_uri from now on, with Cache-Control
/// let served = keys.to_jwks()?.to_string();
/// keys.sign_with("2027-01")?; // a day later
/// keys.remove("2026-01")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AssertionKeys {
    signing: Vec<AssertionKey>,
    published: Vec<AssertionKey>,
}

impl AssertionKeys {
    /// One key, which signs.
    pub fn new(key: AssertionKey) -> Self {
        Self {
            signing: vec![key],
            published: Vec::new(),
        }
    }

    /// Adds a key that signs for servers that do not take the algorithm of the first one.
    ///
    /// # Errors
    ///
    /// If there is a key with that id.
    pub fn add(&mut self, key: AssertionKey) -> Result<(), AssertionError> {
        self.check_is_new(&key)?;
        self.signing.push(key);
        Ok(())
    }

    /// Adds a key that is published and does not sign yet.
    ///
    /// # Errors
    ///
    /// If there is a key with that id.
    pub fn publish(&mut self, key: AssertionKey) -> Result<(), AssertionError> {
        self.check_is_new(&key)?;
        self.published.push(key);
        Ok(())
    }

    /// Lets the key with this id sign before all others.
    ///
    /// # Errors
    ///
    /// If there is no such key.
    pub fn sign_with(&mut self, key_id: &str) -> Result<(), AssertionError> {
        let key = self.take(key_id)?;
        self.signing.insert(0, key);
        Ok(())
    }

    /// Removes the key with this id.
    ///
    /// # Errors
    ///
    /// If there is no such key, or it is the only one that signs.
    pub fn remove(&mut self, key_id: &str) -> Result<(), AssertionError> {
        if self.signing.len() == 1 && self.signing[0].key_id() == key_id {
            return Err(AssertionError::LastKey);
        }
        self.take(key_id).map(drop)
    }

    /// The key that signs for this server: the first one whose algorithm the server announces, or
    /// else the first one.
    pub fn for_server(&self, server: &Server) -> &AssertionKey {
        let is_announced = |key: &&AssertionKey| {
            let mut known = server.token_auth_algorithms.iter();
            known.any(|name| name == key.algorithm())
        };
        let announced = self.signing.iter().find(is_announced);
        announced.unwrap_or(&self.signing[0])
    }

    /// The public halves as a JSON Web Key Set, for the app's `jwks_uri` or its registration ([RFC
    /// 7517, section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)). Serve it as
    /// `application/json` with a `Cache-Control` header.
    ///
    /// # Errors
    ///
    /// If a key cannot be read, which a key that was made can.
    pub fn to_jwks(&self) -> Result<Value, AssertionError> {
        let keys: Result<Vec<_>, _> = self.iter().map(AssertionKey::public_jwk).collect();
        Ok(json!({"keys": keys?}))
    }

    /// All keys, those that sign first.
    pub fn iter(&self) -> impl Iterator<Item = &AssertionKey> {
        self.signing.iter().chain(&self.published)
    }

    fn check_is_new(&self, key: &AssertionKey) -> Result<(), AssertionError> {
        let is_known = self.iter().any(|known| known.key_id() == key.key_id());
        let key_id = key.key_id().to_owned();
        (!is_known)
            .then_some(())
            .ok_or(AssertionError::SameKeyId { key_id })
    }

    fn take(&mut self, key_id: &str) -> Result<AssertionKey, AssertionError> {
        for keys in [&mut self.signing, &mut self.published] {
            if let Some(index) = keys.iter().position(|key| key.key_id() == key_id) {
                return Ok(keys.remove(index));
            }
        }
        let key_id = key_id.to_owned();
        Err(AssertionError::UnknownKeyId { key_id })
    }
}

impl From<AssertionKey> for AssertionKeys {
    fn from(key: AssertionKey) -> Self {
        Self::new(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth2::testing;

    const RSA: &str = include_str!("../../../tests/keys/rsa.pem");
    const P384: &str = include_str!("../../../tests/keys/p384.pem");

    fn ids(keys: &AssertionKeys) -> Vec<String> {
        let set = keys.to_jwks().unwrap();
        let ids = set["keys"].as_array().unwrap().iter();
        ids.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_key_is_changed_without_a_gap() {
        let old = AssertionKey::es384("old", P384).unwrap();
        let new = AssertionKey::rs384("new", RSA).unwrap();
        let mut keys = AssertionKeys::new(old.clone());
        keys.publish(new).unwrap();
        assert_eq!(ids(&keys), ["old", "new"]);
        let server = testing::server();
        assert_eq!(keys.for_server(&server).key_id(), "old");
        keys.sign_with("new").unwrap();
        assert_eq!(keys.for_server(&server).key_id(), "new");
        keys.remove("old").unwrap();
        assert_eq!(ids(&keys), ["new"]);
        assert_eq!(keys.remove("new"), Err(AssertionError::LastKey));
        assert_eq!(
            keys.remove("old"),
            Err(AssertionError::UnknownKeyId {
                key_id: "old".to_owned()
            })
        );
        keys.publish(old.clone()).unwrap();
        assert!(matches!(
            keys.add(old),
            Err(AssertionError::SameKeyId { .. })
        ));
    }

    #[test]
    fn the_key_is_one_whose_algorithm_the_server_announces() {
        let mut keys = AssertionKeys::new(AssertionKey::es384("ec", P384).unwrap());
        keys.add(AssertionKey::rs256("rsa", RSA).unwrap()).unwrap();
        for (announced, expected) in [
            (vec![], "ec"),
            (vec!["RS256"], "rsa"),
            (vec!["RS256", "ES384"], "ec"),
            (vec!["PS512"], "ec"),
        ] {
            let mut server = testing::server();
            server.token_auth_algorithms = announced.into_iter().map(str::to_owned).collect();
            assert_eq!(keys.for_server(&server).key_id(), expected);
        }
    }
}
