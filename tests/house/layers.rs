//! The shape of the house: arrows between modules only point down, and each external crate has one
//! home.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::{files_in, root};

/// Modules from the ground up; a module may use those of the lines above its own, and itself.
const LAYERS: &[&[&str]] = &[
    &["macros", "time", "stream_type", "crc"],
    &["config"],
    &["flv"],
    &["codec"],
    &["frame", "sample", "segment", "part", "notice", "track", "snapshot", "resume"],
    &["timeline", "stats"],
    &["playlist", "audio", "oss", "mux"],
    &["demux"],
    &["cut", "error", "stored"],
    &["sink"],
    &["apply"],
    &["engine"],
    &["dir", "outbox", "probe"],
];

/// Which files may use which crate.
const HOMES: &[(&str, &str)] = &[
    ("nom", "flv/"),
    ("h264_reader", "codec/avc/"),
    ("crc32fast", "crc.rs"),
    ("bytes::Buf", "mux/ts/buf.rs"),
    ("bytes::BytesMut", "mux/ts/buf.rs"),
    ("bytes::Bytes", "outbox.rs"),
    ("serde", "stored.rs"),
];

/// What a module for hosts may use, and no other file: words of the standard library.
const FOR_HOSTS: &[(&str, &[&str])] = &[
    ("mux/ts/host.rs", &["alloc::", "std::io"]),
    ("mux/fmp4/host.rs", &["alloc::"]),
    ("mux/ts/buf.rs", &["std::io"]),
    ("outbox.rs", &["alloc::"]),
    ("probe.rs", &["alloc::"]),
    ("dir/", &["alloc::", "std::io", "std::fs", "std::time"]),
];

/// What lib.rs exports from other modules, by the module it lives in.
const EXPORTS: &[(&str, &str)] = &[
    ("Config", "config"),
    ("ts", "mux"),
    ("fmp4", "mux"),
    ("Container", "mux"),
    ("Fmp4", "mux"),
    ("Ts", "mux"),
    ("End", "config"),
    ("rules", "cut"),
    ("Options", "config"),
    ("Segmenter", "engine"),
    ("ResumeToken", "resume"),
    ("ResumeError", "resume"),
    ("SegmentSink", "sink"),
    ("SegmentStart", "segment"),
    ("Segment", "segment"),
    ("AbortedSegment", "segment"),
    ("ExpiredSegment", "segment"),
    ("Cause", "segment"),
    ("Lost", "segment"),
    ("Snapshot", "snapshot"),
    ("Track", "track"),
    ("Stats", "stats"),
    ("BitRates", "stats"),
    ("AudioTrack", "track"),
    ("VideoTrack", "track"),
    ("Error", "error"),
    ("CodecError", "codec"),
];

/// Source files with their path below `src`, without tests, comments and documentation.
pub(super) fn files() -> BTreeMap<String, String> {
    let root = root().join("src");
    let code = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("\nmod tests {").next().unwrap().lines();
        code.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    let name =
        |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    files_in(&root).iter().map(|path| (name(path), code(path))).collect()
}

fn layer_of(module: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&module));
    found.unwrap_or_else(|| panic!("module {module} has no layer"))
}

/// Words that follow `prefix` in `code`, up to the next character that is no part of a name.
fn names_after<'c>(code: &'c str, prefix: &'c str) -> impl Iterator<Item = &'c str> {
    code.match_indices(prefix).filter_map(move |(at, _)| {
        let before = code[..at].chars().next_back();
        let rest = &code[at + prefix.len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let part_of_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        (!part_of_name && end > 0).then(|| &rest[..end])
    })
}

#[test]
fn r_16_arrows_between_modules_only_point_down() {
    let mut arrows = 0;
    for (file, code) in files().iter().filter(|(file, _)| *file != "lib.rs") {
        let module = file.split(['/', '.']).next().unwrap();
        for name in names_after(code, "crate::") {
            let target =
                EXPORTS.iter().find(|(export, _)| *export == name).map_or(name, |(_, home)| home);
            assert!(
                layer_of(target) < layer_of(module) || target == module,
                "{file} uses crate::{name}: an upward arrow"
            );
            arrows += 1;
        }
    }
    assert!(arrows > 50, "the test reads the sources: {arrows}");
}

#[test]
fn every_external_crate_has_one_home() {
    for (file, code) in files() {
        for (name, home) in HOMES {
            // The path of a crate, or of an item where a module elsewhere has the crate's name.
            let uses = code.match_indices(name).any(|(at, _)| {
                !code[at + name.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    && (name.contains("::") || code[at + name.len()..].starts_with("::"))
            });
            assert!(!uses || file.starts_with(home), "{file} uses {name}, which lives in {home}");
        }
    }
}

#[test]
fn r_56_the_core_knows_no_files_sockets_threads_clocks_or_heap() {
    for (file, code) in files() {
        for word in [
            "std::fs",
            "std::net",
            "std::thread",
            "std::time",
            "std::io",
            "std::vec",
            "std::string",
            "alloc::",
            "println!",
        ] {
            let is_for_hosts = FOR_HOSTS
                .iter()
                .any(|(place, words)| file.starts_with(place) && words.contains(&word));
            assert!(is_for_hosts || !code.contains(word), "{file} has {word}");
        }
    }
}

#[test]
fn no_file_is_a_hall() {
    for (file, code) in files() {
        assert!(code.lines().count() <= 350, "{file} has {} lines of code", code.lines().count());
    }
}
