//! Keeps `tests/TORTURE.md` true: every row of the matrix is there, without an empty cell, and
//! shown by a test that quotes it.

use std::collections::BTreeSet;

use super::conformance::quoted;
use super::{tests_in, text_of};

/// The cells of the rows of a table whose header begins with `first`.
fn rows(document: &str, first: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let line = line.trim_matches('|').replace("\\|", "¦");
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    document
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {first} |")))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect()
}

#[test]
fn every_row_of_the_torture_matrix_is_told_whole_and_shown_by_a_test_that_quotes_it() {
    let tests = tests_in(&["tests"]);
    let rows = rows(&text_of("tests/TORTURE.md"), "id");
    let ids: Vec<_> = rows.iter().map(|row| row[0].clone()).collect();
    let want: Vec<_> = (60..=83).map(|number| format!("R-{number}")).collect();
    assert_eq!(ids, want);
    for row in rows {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(row.iter().all(|cell| cell.len() > 3), "empty cell: {row:?}");
        let test = row[4].trim_matches('`').to_owned();
        assert!(tests.contains(&test), "there is no test {test}");
        assert!(quoted(&test).contains(&row[0]), "{test} does not quote {}", row[0]);
    }
}

#[test]
fn every_report_of_others_users_is_told_whole_and_shown_by_a_test() {
    let tests = tests_in(&["tests", "src"]);
    let rows = rows(&text_of("tests/TORTURE.md"), "report");
    assert!(rows.len() >= 10);
    for row in rows {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(row.iter().all(|cell| cell.len() > 3), "empty cell: {row:?}");
        assert!(row[0].contains('#'), "{row:?} names no report");
        let test = row[4].trim_matches('`').to_owned();
        assert!(tests.contains(&test), "there is no test {test}");
    }
}

#[test]
fn every_peer_of_the_torture_matrix_is_named_with_its_version() {
    let document = text_of("tests/TORTURE.md");
    let peers = rows(&document, "peer");
    let mut seen = BTreeSet::new();
    for row in rows(&document, "id") {
        let named = peers.iter().filter(|peer| row[2].contains(&peer[0]));
        let named: Vec<_> = named.map(|peer| peer[0].clone()).collect();
        let nobody = row[2] == "no peer was seen to fail";
        assert!(nobody || !named.is_empty(), "no peer is named in {row:?}");
        seen.extend(named);
    }
    for peer in peers {
        assert_eq!(peer.len(), 3, "{peer:?}");
        assert!(!peer[2].is_empty(), "{} has no version", peer[0]);
        assert!(seen.contains(&peer[0]), "{} is named and not met", peer[0]);
    }
}
