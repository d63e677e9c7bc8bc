//! Random numbers that are the same everywhere: splitmix64, integers only.

/// Which patient random numbers are for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) seed: u64,
    pub(super) index: usize,
}

impl Source {
    /// An own stream of numbers for each topic, so that a longer table of drugs changes nobody's
    /// name.
    pub(super) fn stream(&self, topic: &str) -> Random {
        let mut state = mix(self.seed ^ mix(self.index as u64));
        for byte in topic.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Random { state }
    }
}

/// The generator of Steele, Lea and Flood, [Fast Splittable Pseudorandom Number
/// Generators](https://doi.org/10.1145/2660193.2660195).
///
/// Plenty for invented patients; nothing here is fit for secrets.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        finish(self.state)
    }

    /// From 0 up to, not including, the bound.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        // the high half of a product spreads evenly enough for bounds this small, and never
        // branches
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// From `low` to `high`, both included; `low` alone when they are the wrong way round.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = (high - low).max(0).unsigned_abs();
        low + self.below(width + 1) as i32
    }

    /// As [`between`](Self::between), but the middle is likelier than the ends.
    pub(super) fn bell(&mut self, low: i32, high: i32) -> i32 {
        let sum: i32 = (0..3).map(|_| self.between(low, high)).sum();
        sum.div_euclid(3)
    }

    pub(super) fn in_thousand(&mut self, chances: u32) -> bool {
        self.below(1000) < chances
    }

    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u32) as usize)
    }
}

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(value: u64) -> u64 {
    finish(value.wrapping_add(GOLDEN_GAMMA))
}

fn finish(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn gives_the_published_sequence() {
        let mut random = Random { state: 1_234_567 };
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn stays_within_bounds_and_reaches_both() {
        let mut random = Random { state: 7 };
        let drawn: Vec<i32> = (0..1000).map(|_| random.between(-2, 2)).collect();
        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&2));
        assert_eq!(random.between(5, 4), 5);
    }
}
