//! The bodies of the fuzz targets that need what nobody else may reach: in the crate's own tests and
//! for fuzzers, and nowhere else. Each takes any bytes and panics where a promise is broken.

pub use crate::api::fuzz_range as range;
pub use crate::registry::fuzz_records as records;
pub use crate::rtmp::{fuzz_address as address, fuzz_amf as amf, fuzz_rtmp as rtmp};

#[cfg(test)]
#[path = "../tests/support/noise.rs"]
mod noise;

#[cfg(test)]
mod tests {
    use super::noise;

    #[test]
    fn no_chunks_do_harm_and_their_pieces_do_not_matter() {
        noise::replay("rtmp", 300, super::rtmp);
    }

    #[test]
    fn no_amf_does_harm() {
        noise::replay("amf", 3000, super::amf);
    }

    #[test]
    fn no_address_leaves_its_bucket() {
        noise::replay("address", 3000, super::address);
    }

    #[test]
    fn no_record_does_harm() {
        noise::replay("records", 1000, super::records);
    }

    #[test]
    fn no_range_leaves_its_object() {
        noise::replay("range", 3000, super::range);
    }
}
