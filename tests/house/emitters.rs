//! Nothing public is dead: every value of a public enum is made somewhere in the engine.

use std::collections::BTreeMap;

use super::layers;

/// Enums whose values hosts make, and the engine reads.
const OF_HOSTS: &[&str] = &[
    "AudioCoding",
    "Configuration",
    "DatePolicy",
    "Deletes",
    "Durability",
    "End",
    "Filler",
    "CaptionService",
    "Captions",
    "ForcedSwitch",
    "Frame",
    "IndexKind",
    "KeyFramePolicy",
    "LengthLen",
    "MidGop",
    "PlaylistVersion",
    "Slack",
    "SwitchAt",
    "TargetDuration",
    "TimelineBase",
    "Units",
    "UnrelatedClocks",
    "WindowPolicy",
    // A host refuses with some of them what `oss` does not see.
    "ParameterError",
];

/// Public enums of the sources with the names of their values.
fn enums(files: &BTreeMap<String, String>) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for code in files.values() {
        for (_, rest) in
            code.match_indices("\npub enum ").map(|(at, head)| (at, &code[at + head.len()..]))
        {
            let (name, rest) = rest.split_once([' ', '<']).unwrap();
            let body = &rest[rest.find('{').unwrap() + 1..rest.find("\n}").unwrap()];
            let values = body.lines().filter_map(|line| {
                let value = line.strip_prefix("    ")?;
                let is_value = value.starts_with(|c: char| c.is_ascii_uppercase());
                let end = value.find(|c: char| !c.is_alphanumeric()).unwrap_or(value.len());
                is_value.then(|| value[..end].to_owned())
            });
            found.push((name.to_owned(), values.collect()));
        }
    }
    found
}

/// Returns whether some code makes `value`: it is named where no pattern is.
fn is_made(code: &str, value: &str) -> bool {
    code.match_indices(value).any(|(at, _)| {
        let rest = &code[at + value.len()..];
        let is_whole = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let line = rest.lines().next().unwrap_or_default();
        let is_pattern = line.contains("=>") && !line.trim_start().starts_with(',')
            || rest.trim_start().starts_with('|');
        let before = code[..at].lines().next_back().unwrap_or_default();
        let is_arm = before.contains("=>");
        is_whole && (!is_pattern || is_arm)
    })
}

#[test]
fn every_value_of_a_public_enum_is_made_by_the_engine_or_by_hosts() {
    let files = layers::files();
    let enums = enums(&files);
    assert!(enums.len() > 15, "the test reads the sources: {}", enums.len());
    for (name, values) in enums.iter().filter(|(name, _)| !OF_HOSTS.contains(&name.as_str())) {
        assert!(!values.is_empty(), "{name} has no values");
        for value in values {
            let by_name = format!("{name}::{value}");
            let home = format!("\npub enum {name}");
            let made = files.values().any(|code| {
                is_made(code, &by_name)
                    || code.contains(&home) && is_made(code, &format!("Self::{value}"))
            });
            assert!(made, "nothing makes {by_name}");
        }
    }
}

#[test]
fn every_kind_of_notice_is_told_by_the_engine() {
    let files = layers::files();
    let kinds = files["notice.rs"].lines().filter_map(|line| {
        let (kind, name) = line.strip_prefix("    ")?.split_once(" = \"")?;
        name.ends_with("\",").then_some(kind)
    });
    let mut count = 0;
    for kind in kinds {
        let name = format!("NoticeKind::{kind}");
        let told = files.iter().any(|(file, code)| file != "notice.rs" && is_made(code, &name));
        assert!(told, "nothing tells {name}");
        count += 1;
    }
    assert!(count > 30, "the test reads the kinds: {count}");
}
