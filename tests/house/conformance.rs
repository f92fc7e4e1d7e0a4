//! Keeps `tests/CONFORMANCE.md` true: every test it names exists, and every id that a test quotes
//! is in it.

use std::collections::{BTreeMap, BTreeSet};

use super::{tests_in, text_of};

struct Row {
    id: String,
    rule: String,
    shown_by: String,
}

fn rows() -> Vec<Row> {
    let table = text_of("tests/CONFORMANCE.md");
    let cells = |line: &str| {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let rows = table.lines().filter(|line| line.starts_with("| ")).map(cells).skip(1);
    rows.map(|cells| {
        assert_eq!(cells.len(), 4, "{cells:?}");
        Row { id: cells[0].clone(), rule: cells[1].clone(), shown_by: cells[3].clone() }
    })
    .collect()
}

/// Names of all tests of the engine and of what checks it.
fn tests() -> BTreeSet<String> {
    tests_in(&["src", "tests", "auditor"]).into_iter().collect()
}

/// Ids that a test's name quotes: `r_60_x1_the_base_input` quotes R-60 and X1.
pub(super) fn quoted(test: &str) -> Vec<String> {
    let words: Vec<_> = test.split('_').collect();
    let mut ids = Vec::new();
    let mut at = 0;
    loop {
        let number = |word: &str| {
            word.len() >= 2
                && word[..2].bytes().all(|byte| byte.is_ascii_digit())
                && word.len() <= 3
        };
        match words[at..] {
            [part @ ("y" | "o" | "h" | "t" | "f" | "r"), word, ..] if number(word) => {
                ids.push(format!("{}-{word}", part.to_uppercase()));
                at += 2;
            }
            [part @ ("hevc" | "av1" | "mp4" | "pl" | "ll"), word, ..]
                if word.parse::<u8>().is_ok() =>
            {
                ids.push(format!("{}-{word}", part.to_uppercase()));
                at += 2;
            }
            [word, ..]
                if word.starts_with('x') && word.len() > 1 && word[1..].parse::<u32>().is_ok() =>
            {
                ids.push(word.to_uppercase());
                at += 1;
            }
            _ => return ids,
        }
    }
}

#[test]
fn every_row_names_tests_that_exist_and_quote_it_or_says_why_there_is_none() {
    let tests = tests();
    for Row { id, rule, shown_by } in rows() {
        assert!(!rule.is_empty(), "{id} has no rule");
        if let Some(reason) = shown_by.strip_prefix('—') {
            assert!(reason.len() > 10, "{id} has neither test nor reason");
            continue;
        }
        for test in shown_by.split(',').map(|test| test.trim().trim_matches('`')) {
            assert!(tests.contains(test), "{id} is shown by {test}, which does not exist");
            assert!(quoted(test).contains(&id), "{id} is shown by {test}, which does not quote it");
        }
    }
}

#[test]
fn every_id_that_a_test_quotes_is_in_the_table() {
    let ids: BTreeSet<_> = rows().into_iter().map(|row| row.id).collect();
    for test in tests() {
        for id in quoted(&test) {
            assert!(ids.contains(&id), "{test} quotes {id}, which has no row");
        }
    }
}

#[test]
fn the_table_has_every_id_once_and_without_a_gap() {
    let rows = rows();
    let ids: BTreeSet<_> = rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!(ids.len(), rows.len(), "an id has two rows");
    let mut parts = BTreeMap::new();
    for id in &ids {
        let digits: String = id.chars().filter(char::is_ascii_digit).collect();
        parts.entry(&id[..1]).or_insert_with(BTreeSet::new).insert(digits.parse::<u32>().unwrap());
    }
    for (part, last) in [("X", 10), ("Y", 14), ("H", 28), ("T", 25), ("F", 54), ("R", 83)] {
        assert_eq!(parts[part], (1..=last).collect(), "part {part}");
    }
    assert_eq!(parts["O"], (1..=12).chain(19..=21).chain(30..=34).collect());
}

#[test]
fn ids_are_read_from_the_front_of_a_name() {
    assert_eq!(quoted("r_60_x1_t_06a_the_base_r_61"), ["R-60", "X1", "T-06a"]);
    assert_eq!(quoted("hevc_5_y_04_a_stream"), ["HEVC-5", "Y-04"]);
    assert_eq!(quoted("pl_4_ll_12_a_delta"), ["PL-4", "LL-12"]);
    assert_eq!(quoted("the_base_r_61"), [""; 0]);
}
