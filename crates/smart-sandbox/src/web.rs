//! What both servers share: sockets, requests, replies, pages and login sessions.

pub(crate) mod address;
pub(crate) mod browser;
pub(crate) mod connections;
pub(crate) mod context;
pub(crate) mod cors;
pub(crate) mod pages;
pub(crate) mod reply;
pub(crate) mod routes;
pub(crate) mod server;
pub(crate) mod sessions;
