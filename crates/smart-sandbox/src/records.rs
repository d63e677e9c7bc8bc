//! What a container holds: the records of patients, how they are loaded, and how they are searched
//! and paged.

pub(crate) mod accounts;
pub(crate) mod assemble;
pub(crate) mod demographics;
pub(crate) mod filter;
pub(crate) mod load;
pub(crate) mod partial_dates;
pub(crate) mod prefixes;
pub(crate) mod record;
pub(crate) mod store;
pub(crate) mod summary;

#[cfg(test)]
pub(crate) mod testing;
