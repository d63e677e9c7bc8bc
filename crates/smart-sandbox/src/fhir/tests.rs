//! Against the server without a socket: the notebook that its users know, and each table of what it
//! does.

mod authorize;
mod data;
mod export;
mod faults;
mod notebook;
mod pages;
mod public;
mod strange;
mod tokens;
mod wire;
