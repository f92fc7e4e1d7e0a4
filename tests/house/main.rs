//! What sources and documents say, held against each other; the engine is not run.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::doc_markdown,
    reason = "helpers of tests fail loudly"
)]

mod conformance;
mod dialect;
mod emitters;
mod layers;
mod torture;
mod twice;

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file of the repository.
fn text_of(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// All files in a folder and in those within it.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

/// Names of all tests in some folders of the repository.
fn tests_in(folders: &[&str]) -> Vec<String> {
    let files = folders
        .iter()
        .flat_map(|folder| files_in(&root().join(folder)))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let names = |path: PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let after = text.split("#[test]").skip(1).filter_map(|rest| rest.split_once("fn "));
        after.map(|(_, rest)| rest.split('(').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    files.flat_map(names).collect()
}
