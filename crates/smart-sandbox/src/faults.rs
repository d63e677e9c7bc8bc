//! Rules that the server can be told to break, each alone, so that apps can be tested against servers that do.

/// One thing that the FHIR server does wrong when [`SandboxBuilder::fhir_fault`](crate::SandboxBuilder::fhir_fault) says so. An app that
/// notices nothing has a gap where it matters; or it relies on a server's strictness, which not all servers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FhirFault {
    /// Any `redirect_uri` will do: whoever sends a user here gets the code.
    AnyRedirectUri,
    /// Any secret will do, or none.
    AnySecret,
    /// The answer to an authorization comes with a `state` that nobody sent.
    ChangesState,
    /// The answer to an authorization comes without its `state`.
    DropsState,
    /// `next` links lead to another origin, as on the original server.
    ForeignNextLinks,
    /// A failed exchange or refresh is a 500 with HTML, as on the original server.
    GrantErrorsAsHtml,
    /// Any `aud` will do: a token for another server's data can be had here.
    IgnoresAudience,
    /// Codes and access tokens are good for ever.
    IgnoresExpiry,
    /// A token reads any patient by id.
    IgnoresPatient,
    /// Neither challenges nor verifiers are looked at.
    IgnoresPkce,
    /// A token reads whatever its scopes say, as on the original server.
    IgnoresScopes,
    /// A refresh gives the old refresh token again, which stays good.
    KeepsRefreshTokens,
    /// The tokens' answer names no patient.
    NamesNoPatient,
    /// Refreshed tokens are for another patient, as the original server's can be.
    OtherPatientOnRefresh,
    /// A code is good again and again, as on the original server.
    ReusableCodes,
    /// A refresh may ask for more than was granted.
    WidensOnRefresh,
}

/// A set of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FhirFaults(u32);

impl FhirFaults {
    pub(crate) fn insert(&mut self, fault: FhirFault) {
        self.0 |= 1 << fault as u32;
    }

    pub(crate) fn has(self, fault: FhirFault) -> bool {
        self.0 & (1 << fault as u32) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_alone() {
        let mut faults = FhirFaults::default();
        faults.insert(FhirFault::IgnoresPkce);
        assert!(faults.has(FhirFault::IgnoresPkce));
        assert!(!faults.has(FhirFault::IgnoresScopes) && !faults.has(FhirFault::AnyRedirectUri));
    }
}
