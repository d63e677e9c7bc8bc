//! Why a sandbox does not start.

use std::net::SocketAddr;

use crate::records::load::LoadError;

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// Two apps with the same id were given.
    #[error("the app {id} is given twice, remove one of the manifests")]
    AppTwice {
        /// The id in both manifests.
        id: String,
    },
    /// The API base is not an HTTP URL.
    #[error("\"{api_base}\" cannot be an api base, use an address such as http://localhost:7000")]
    BadApiBase {
        /// What was given.
        api_base: String,
    },
    /// A graph that was given as a patient is not one patient's record.
    #[error("the graph given as record {record_id} is not one patient's record: {reason}")]
    BadPatient {
        /// The record id that was given with the graph.
        record_id: String,
        /// What was found instead.
        reason: String,
    },
    /// The record id is not valid in a path.
    #[error("\"{record_id}\" cannot be a record id, use letters, digits, '-' and '_'")]
    BadRecordId {
        /// What was given.
        record_id: String,
    },
    /// The socket could not be opened, for a reason other than a port in use.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where the sandbox wanted to listen.
        address: SocketAddr,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The patients folder cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// There is no tokio runtime to run the server on.
    #[error("there is no tokio runtime, start the sandbox inside one")]
    NoRuntime,
    /// Another program listens on the port.
    #[error("port {port} is in use, stop what listens there or choose another port")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// Two graphs, or a graph and a patient file, have the same record id.
    #[error("record {record_id} is given twice, remove one of the two")]
    RecordTwice {
        /// The id of both.
        record_id: String,
    },
    /// A setting names an app that is not installed.
    #[error("the app {id} is not installed, give its manifest too or correct the id")]
    UnknownApp {
        /// The id that was given.
        id: String,
    },
}
