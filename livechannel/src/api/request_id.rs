//! A number for every request, as long as OSS's: 24 hexadecimal digits.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::clock::now_millis;

/// Returns an id that this process gives once.
pub(crate) fn next() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let seconds = now_millis() / 1000;
    let mixed = u64::from(std::process::id()) << 40 ^ count;
    format!("{:08X}{mixed:016X}", seconds & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    #[test]
    fn o_13_ids_have_24_digits_and_differ() {
        let (a, b) = (super::next(), super::next());
        assert_eq!((a.len(), b.len()), (24, 24));
        assert_ne!(a, b);
    }
}
