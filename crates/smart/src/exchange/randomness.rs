//! Randomness for nonces, from the operating system.

use std::error::Error as StdError;
use std::sync::{Mutex, PoisonError};

/// Fills a buffer with unpredictable bytes.
pub(crate) type Randomness =
    Box<dyn Fn(&mut [u8]) -> Result<(), Box<dyn StdError + Send + Sync>> + Send + Sync>;

/// How much is drawn at a time: enough for 64 nonces, since asking the system costs as much as a
/// third of a signature.
const DRAWN: usize = 1024;

/// Hands out what the system's generator gives, each byte once.
///
/// A process that forks would hand out the same bytes twice; a client does not survive a fork
/// anyway, since its connections and its runtime do not.
pub(crate) fn of_the_system() -> Randomness {
    let pool = Mutex::new(Pool {
        bytes: [0; DRAWN],
        used: DRAWN,
    });
    Box::new(move |buffer| {
        let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.fill(buffer, |bytes| getrandom::fill(bytes).map_err(Into::into))
    })
}

struct Pool {
    bytes: [u8; DRAWN],
    used: usize,
}

impl Pool {
    fn fill<E>(
        &mut self,
        buffer: &mut [u8],
        draw: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if buffer.len() > DRAWN {
            return draw(buffer);
        }
        if DRAWN - self.used < buffer.len() {
            // a draw that fails must not leave old bytes to be used again
            self.used = DRAWN;
            draw(&mut self.bytes)?;
            self.used = 0;
        }
        let taken = &mut self.bytes[self.used..][..buffer.len()];
        buffer.copy_from_slice(taken);
        taken.fill(0);
        self.used += buffer.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_nonce_comes_twice() {
        let randomness = of_the_system();
        let mut seen = HashSet::new();
        for _ in 0..1000 {
            let mut nonce = [0; 16];
            randomness(&mut nonce).unwrap();
            assert!(seen.insert(nonce));
        }
        let mut long = [0; 2000];
        randomness(&mut long).unwrap();
        assert_ne!(long, [0; 2000]);
    }

    #[test]
    fn failed_draw_gives_nothing() {
        let mut pool = Pool {
            bytes: [7; DRAWN],
            used: DRAWN - 15,
        };
        let mut buffer = [0; 16];
        assert_eq!(pool.fill(&mut buffer, |_| Err("dry")), Err("dry"));
        assert_eq!(buffer, [0; 16]);
        assert_eq!(pool.fill(&mut buffer[..1], |_| Err("dry")), Err("dry"));
    }
}
