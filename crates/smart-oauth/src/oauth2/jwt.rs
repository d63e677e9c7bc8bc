//! Signed statements: the app's own, and id tokens. Feature `jwt`.

pub(super) mod assertion;
mod der;
pub(super) mod id_token;
pub(super) mod jwks;
pub(super) mod keys;

use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;

/// Chooses aws-lc for this process unless somebody has chosen already: with two providers built in,
/// `jsonwebtoken` panics on first use where nobody chooses.
fn choose_provider() {
    let _ = DEFAULT_PROVIDER.install_default();
}
