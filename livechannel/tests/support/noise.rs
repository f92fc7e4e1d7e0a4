//! Replays the seeds of a fuzz target, and seeds that were bent out of shape: the same ones every
//! time.

use std::fs;

/// Marsaglia's xorshift: repeatable, and random enough to bend bytes.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit.max(1)
    }

    /// Changes, drops, doubles or swaps a few bytes.
    fn bend(&mut self, data: &mut Vec<u8>) {
        for _ in 0..=self.below(6) {
            let (at, other) = (self.below(data.len()), self.below(data.len()));
            match self.below(6) {
                _ if data.is_empty() => data.push(b'<'),
                0 => data[at] = self.below(256) as u8,
                1 => data[at] = b"<>/&;#=:,?%\n \"'"[self.below(15)],
                2 => drop(data.drain(at.min(other)..at.max(other))),
                3 => data.swap(at, other),
                4 => data.insert(at, data[other]),
                _ => {
                    let piece = data[at.min(other)..at.max(other)].to_vec();
                    data.splice(at..at, piece.into_iter().take(200));
                }
            }
        }
    }
}

/// Gives every seed to `body`, and `bent` variants of each.
pub(crate) fn replay(target: &str, bent: usize, body: fn(&[u8])) {
    let folder = format!("{}/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut seeds: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    assert!(!seeds.is_empty());
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    for seed in seeds {
        let seed = fs::read(seed).unwrap();
        body(&seed);
        for _ in 0..bent {
            let mut bent = seed.clone();
            noise.bend(&mut bent);
            body(&bent);
        }
    }
}
