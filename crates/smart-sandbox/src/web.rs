//! What both servers share: sockets, requests, replies, pages and login sessions.

pub(crate) mod browser;
pub(crate) mod pages;
pub(crate) mod reply;
pub(crate) mod server;
pub(crate) mod sessions;
pub(crate) mod visit;
