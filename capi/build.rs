//! Gives the shared library its versioned name: programs ask for the major version they were linked
//! with.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |key: &str| std::env::var(key).unwrap_or_default();
    // Before 1.0 it is the minor version that breaks; the number counts breaks and follows neither.
    match (target("CARGO_CFG_TARGET_FAMILY").as_str(), target("CARGO_CFG_TARGET_VENDOR").as_str()) {
        (_, "apple") => {
            println!(
                "cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libhls_segmenter.0.dylib"
            )
        }
        ("unix", _) => println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libhls_segmenter.so.0"),
        _ => {}
    }
}
