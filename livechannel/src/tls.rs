//! The TLS library's choice of cryptography, made once for all clients of this process.

/// Chooses ring, unless the program that links this library has chosen already.
pub(crate) fn install() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
