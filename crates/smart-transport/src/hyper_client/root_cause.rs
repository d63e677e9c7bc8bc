//! Causes without the types of the libraries that they come from.

use std::error::Error;
use std::io;

use crate::error::BoxError;

/// The first error of type `T` in the chain, looking into I/O errors as well, which hide what they
/// wrap.
pub(crate) fn cause<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// What lies at the bottom of the chain: an I/O error, or a text.
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> BoxError {
    let root = chain(error).last().unwrap_or(error);
    let io_error: Option<&io::Error> = root.downcast_ref();
    match io_error.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code).into(),
        None => root.to_string().into(),
    }
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'e (dyn Error + 'static) = *error;
        let wrapped = error
            .downcast_ref()
            .and_then(io::Error::get_ref)
            .map(|error| error as &(dyn Error + 'static));
        wrapped.or_else(|| error.source())
    })
}
