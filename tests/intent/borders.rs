//! Keeps `tests/BORDERS.md` true: every cell says what becomes of a state, and every test it names
//! exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names of all tests in a folder.
fn tests_in(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(tests_in(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let after = text.split("#[test]").skip(1);
            let named = after.filter_map(|rest| rest.split_once("fn "));
            names.extend(named.map(|(_, rest)| rest.split('(').next().unwrap().to_owned()));
        }
    }
    names
}

/// The rows below the head: the state and its cells.
fn rows() -> Vec<(String, Vec<String>)> {
    let table = fs::read_to_string(root().join("tests/BORDERS.md")).unwrap();
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let lines = table.lines().filter(|line| line.starts_with("| "));
    let mut rows: Vec<_> = lines.map(cells).collect();
    assert_eq!(
        rows.remove(0),
        ["state", "pause", "jump", "resume", "begin", "lost segment", "format change"]
    );
    let row = |mut cells: Vec<String>| (cells.remove(0), cells);
    rows.into_iter().map(row).collect()
}

#[test]
fn every_cell_says_what_becomes_of_the_state_and_names_tests_that_exist() {
    let mut tests = tests_in(&root().join("src"));
    tests.extend(tests_in(&root().join("tests")));
    for (state, cells) in rows() {
        assert_eq!(cells.len(), 6, "{state}");
        for cell in cells {
            let (word, rest) = cell
                .strip_prefix("**")
                .and_then(|cell| cell.split_once("**"))
                .unwrap_or_else(|| panic!("{state}: {cell}"));
            if word == "not applicable" {
                assert!(rest.len() > 10, "{state}: no reason why not");
                continue;
            }
            assert!(["kept", "reset", "handed over"].contains(&word), "{state}: {word}");
            let named: Vec<_> = rest.split('`').skip(1).step_by(2).collect();
            assert!(!named.is_empty(), "{state}: {cell} is shown by nothing");
            for test in named {
                assert!(tests.contains(test), "{state} is shown by {test}, which does not exist");
            }
        }
    }
}

#[test]
fn every_state_has_one_row() {
    let states: Vec<_> = rows().into_iter().map(|(state, _)| state).collect();
    let once: BTreeSet<_> = states.iter().collect();
    assert_eq!(once.len(), states.len());
    assert!(states.len() > 40);
}
