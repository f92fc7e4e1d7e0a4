//! Bodies of the fuzz targets: plain functions of bytes, one module each, that panic where a
//! promise is broken.
//!
//! ```text
//!   bytes ──► script ──► calls ──► Segmenter ──► Auditor ──► Ledger ──► Faulty | Memory
//!             plausible tags                     judges      judges     fails on demand
//! ```
//!
//! `cargo fuzz` feeds them on nightly, under AddressSanitizer; `cargo test` replays the committed
//! seeds on stable.
#![deny(unsafe_code)]

pub mod av1;
pub mod bits;
#[expect(unsafe_code, reason = "a host in C is unsafe")]
pub mod capi;
pub mod codec;
pub mod engine;
pub mod flv_reader;
pub mod fmp4;
pub mod frames;
pub mod hvcc;
pub mod ledger;
pub mod parts;
pub mod playlist_model;
pub mod playlist_text;
pub mod resume;
pub mod script;
pub mod seeds;
pub mod sink_faults;
pub mod stored;
pub mod ts_roundtrip;

/// A fuzz target.
pub struct Target {
    pub name: &'static str,
    pub check: fn(&[u8]),
}

/// Every target, by the name of its file in `fuzz_targets/` and of its folder in `seeds/`.
pub const TARGETS: [Target; 15] = [
    Target { name: "flv_reader", check: flv_reader::check },
    Target { name: "codec", check: codec::check },
    Target { name: "engine", check: engine::check },
    Target { name: "fmp4", check: fmp4::check },
    Target { name: "parts", check: parts::check },
    Target { name: "frames", check: frames::check },
    Target { name: "sink_faults", check: sink_faults::check },
    Target { name: "resume", check: resume::check },
    Target { name: "ts_roundtrip", check: ts_roundtrip::check },
    Target { name: "playlist_model", check: playlist_model::check },
    Target { name: "capi", check: capi::check },
    Target { name: "hvcc", check: hvcc::check },
    Target { name: "playlist_text", check: playlist_text::check },
    Target { name: "av1", check: av1::check },
    Target { name: "stored", check: stored::check },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn r_55_every_committed_seed_holds_what_its_target_asserts() {
        for target in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target.name);
            let mut paths: Vec<_> =
                std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            assert!(!paths.is_empty(), "{} has seeds", target.name);
            for path in &paths {
                println!("{}", path.display());
                (target.check)(&std::fs::read(path).unwrap());
            }
        }
    }

    #[test]
    fn every_target_has_a_file() {
        for target in TARGETS {
            let file = format!("fuzz_targets/{}.rs", target.name);
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).exists(), "{file}");
        }
    }
}
