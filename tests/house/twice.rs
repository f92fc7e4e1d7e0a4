//! What stands in two places and must be the same: test programs and their manifest, the README and
//! its example.

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

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let example = text_of("examples/embed.rs");
    let start = example.find("use core::").unwrap();
    let end = example.find("\nfn main").unwrap();
    assert!(
        text_of("README.md").contains(example[start..end].trim_end()),
        "README.md shows another example than examples/embed.rs"
    );
}
