//! The packages: every test program is one that cargo knows.

use super::{root, text_of};

#[test]
fn every_program_of_tests_is_in_its_manifest() {
    let manifest = text_of("tests/Cargo.toml");
    let entries = std::fs::read_dir(root().join("tests")).unwrap();
    let mut programs = 0;
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let program = match path.is_dir() {
            true if path.join("main.rs").exists() => format!("{name}/main.rs"),
            false if name.ends_with(".rs") => name,
            _ => continue,
        };
        assert!(
            manifest.contains(&format!("path = \"{program}\"")),
            "tests/Cargo.toml has no [[test]] for {program}"
        );
        programs += 1;
    }
    assert!(programs > 4, "the test reads the folder: {programs}");
}
