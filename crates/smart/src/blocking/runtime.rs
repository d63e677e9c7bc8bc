//! The runtime that the handles of a client share.

use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::Error;

/// One thread that keeps connections going between calls.
#[derive(Clone, Debug)]
pub(super) struct BlockingRuntime {
    runtime: Arc<OwnedRuntime>,
}

#[derive(Debug)]
struct OwnedRuntime {
    runtime: Option<Runtime>,
}

impl BlockingRuntime {
    pub(super) fn new() -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("smart-blocking")
            .enable_all()
            .build()
            .map_err(|source| Error::Runtime { source })?;
        let runtime = Some(runtime);
        Ok(Self {
            runtime: Arc::new(OwnedRuntime { runtime }),
        })
    }

    /// Runs a future to its end. Inside a runtime it fails, where tokio would panic.
    pub(super) fn block_on<T>(
        &self,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match &self.runtime.runtime {
            Some(runtime) if Handle::try_current().is_err() => runtime.block_on(future),
            _ => Err(Error::BlockingInsideAsync),
        }
    }
}

impl Drop for OwnedRuntime {
    fn drop(&mut self) {
        // Dropping it would wait for it, which the last handle must not do inside another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
