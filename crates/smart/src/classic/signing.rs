//! How a client signs: a new nonce for every request, and the container's time.

use bytes::Bytes;
use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AccessToken, Consumer, Dialect, Nonce, SignableRequest, Signer, SigningParams, sign,
};

use crate::Error;
use crate::classic::Client;
use crate::exchange::clock::Ahead;

/// A token, with its signing key prepared for every call that a handle makes.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) token: AccessToken,
    signer: Signer,
}

impl Client {
    pub(crate) fn consumer(&self) -> &Consumer {
        self.two_legged().consumer()
    }

    pub(crate) fn credential(&self, token: AccessToken) -> Credential {
        Credential {
            signer: self.two_legged().with_access_token(&token),
            token,
        }
    }

    /// Adds the `Authorization` header, two-legged if there is no token, and with the time of a
    /// container whose clock is this far ahead.
    pub(crate) fn sign(
        &self,
        request: &mut http::Request<Bytes>,
        credential: Option<&Credential>,
        ahead: Ahead,
    ) -> Result<(), Error> {
        let signer = credential.map_or(self.two_legged(), |credential| &credential.signer);
        let params = SigningParams::prepared(signer, self.nonce()?, self.time(ahead)?)
            .with_dialect(Dialect::for_container(request.uri()));
        let signed = sign(&SignableRequest::from_http(request)?, &params)?;
        signed.apply_to(request);
        Ok(())
    }

    pub(crate) fn nonce(&self) -> Result<Nonce, Error> {
        Ok(Nonce::from_random(self.environment().random::<16>()?))
    }

    /// The time of a container whose clock is this far ahead.
    pub(crate) fn time(&self, ahead: Ahead) -> Result<Timestamp, Error> {
        self.environment().clock().time(ahead)
    }
}
