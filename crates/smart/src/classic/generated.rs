//! The calls as methods of the handles, made from the ontology by `cargo xtask codegen`: each
//! builds the call of the same name with the ids that the handle knows, and names the handle as its
//! sender. Everything else about a call is in `smart_api::calls`.

mod container_calls;
mod record_calls;
mod user_calls;

/// The same for the handles of threads that wait.
#[cfg(feature = "blocking")]
mod blocking {
    mod container_calls;
    mod record_calls;
    mod user_calls;
}
