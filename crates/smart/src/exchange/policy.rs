//! How a client goes about its exchanges: what its builder was told, apart from who it is.

use std::hash::{BuildHasher as _, RandomState};

use smart_transport::{HyperTransport, Proxy, SharedTransport};

use crate::Retries;
use crate::exchange::recorder::Recorder;
use crate::exchange::retry::Budget;

pub(crate) struct Policy {
    pub(crate) transport: SharedTransport,
    pub(crate) retries: Retries,
    pub(crate) budget: Budget,
    pub(crate) recorder: Recorder,
    hashing: RandomState,
}

impl Policy {
    /// Without a transport it is the one of hyper, with its defaults and the proxy of the
    /// environment.
    pub(crate) fn new(
        transport: Option<SharedTransport>,
        retries: Retries,
        recorder: Recorder,
    ) -> Self {
        Self {
            transport: transport.unwrap_or_else(|| {
                let builder = HyperTransport::builder().proxy(Proxy::from_environment());
                SharedTransport::new(builder.build())
            }),
            budget: Budget::new(&retries),
            retries,
            recorder,
            hashing: RandomState::new(),
        }
    }

    /// What stands for a record's id where people may read along. The key is new with every client:
    /// ids are short, and hashes of all of them are quickly made.
    pub(crate) fn record_hash(&self, id: &str) -> String {
        format!("{:016x}", self.hashing.hash_one(id))
    }
}
