//! Calls from the outside: as requests, by name, and on their way to a container.

mod by_name;
mod laws;
mod models;
mod objects;
mod pages;
mod requests;
mod sending;
mod tables;
