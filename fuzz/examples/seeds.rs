//! Makes the committed seeds again: `cargo run --example seeds`. Reproducers of findings stay as
//! they are.

use std::path::Path;

use hls_segmenter_fuzz::{TARGETS, seeds};

fn main() -> std::io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut total = 0;
    for target in TARGETS {
        let folder = here.join("seeds").join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (name, bytes) in seeds::seeds(target.name, &here.join("../testdata")) {
            total += bytes.len();
            std::fs::write(folder.join(name), bytes)?;
        }
    }
    println!("{total} bytes of seeds");
    Ok(())
}
