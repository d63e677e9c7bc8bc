//! Points between two effects, where tests let the process die to see what is left.

/// Names such a point. Outside of this crate's own tests there is nothing here.
#[cfg(not(test))]
#[inline(always)]
pub(crate) fn step(_name: &'static str) {}

#[cfg(test)]
pub(crate) use counted::step;

#[cfg(test)]
pub(crate) mod counted {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The variable that tells a process at which of its steps to die, counted from 0.
    pub(crate) const DIE_AT: &str = "SMART_TEST_DIE_AT";

    static TAKEN: AtomicUsize = AtomicUsize::new(0);

    pub(crate) fn step(name: &'static str) {
        static DIES_AT: OnceLock<Option<usize>> = OnceLock::new();
        let dies_at = *DIES_AT.get_or_init(|| std::env::var(DIE_AT).ok()?.parse().ok());
        if Some(TAKEN.fetch_add(1, Ordering::Relaxed)) == dies_at {
            // to the real one, past the capture of the test harness
            let _ = std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!("died at: {name}\n"),
            );
            std::process::abort();
        }
    }
}
