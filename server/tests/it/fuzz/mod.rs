//! Bytes and calls that no client would send, many of them, from a seed: nothing panics, nothing is
//! a fault of the server, memory stays bounded.
//!
//! `HILLVIEW_TEST_SEED` repeats a run; `HILLVIEW_TEST_INPUTS` makes it so many times as long.

mod calls;
mod change;
mod frames;
mod text;

/// Random numbers that are the same for the same seed, on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Steele, Lea and Flood: "Fast splittable pseudorandom number generators", 2014.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1))
            .map(|_| self.next().to_be_bytes()[0])
            .collect()
    }
}

/// The seed of this run.
pub fn seed() -> u64 {
    let given = std::env::var("HILLVIEW_TEST_SEED").ok();
    given.map_or_else(rand::random, |seed| {
        seed.parse().expect("a seed is a number")
    })
}

/// `usual` inputs, or as many times more as the environment asks for.
pub fn inputs(usual: usize) -> usize {
    let times = std::env::var("HILLVIEW_TEST_INPUTS").ok();
    usual * times.map_or(1, |times| times.parse().expect("times is a number"))
}

/// Changes bytes here and there.
pub fn spoil(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let other = dice.next().to_be_bytes()[0];
        match dice.below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            1 if !bytes.is_empty() => bytes[at] = other,
            2 => bytes.truncate(at),
            3 => bytes.insert(at, other),
            4 if !bytes.is_empty() => {
                bytes.remove(at);
            }
            _ => {
                let end = at + dice.below(bytes.len() - at + 1);
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
}
