//! Unsafe code stands in one file: everywhere else the word is in exported names and signatures
//! only.
#![allow(clippy::unwrap_used, reason = "a test fails loudly")]

use std::fs;
use std::path::Path;

#[test]
fn unsafe_blocks_and_impls_stand_in_border_rs_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut exported = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let source = fs::read_to_string(&path).unwrap();
        if path.ends_with("border.rs") {
            continue;
        }
        for (nth, line) in source.lines().enumerate() {
            let code = line.trim_start();
            exported += usize::from(code == "#[unsafe(no_mangle)]");
            let allowed = code == "#[unsafe(no_mangle)]"
                || code.starts_with("pub unsafe extern \"C\" fn hlsseg_")
                || code.starts_with("//");
            assert!(allowed || !code.contains("unsafe"), "{}:{}: {code}", path.display(), nth + 1);
        }
    }
    assert!(exported > 30, "{exported} functions were seen");
}
