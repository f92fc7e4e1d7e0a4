//! The program as an operating system sees it: signals and exit codes.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use core::time::Duration;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;

/// Starts the program on ports that are free, and returns it with its HTTP port.
fn start() -> (Child, u16) {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (http, rtmp) = (free(), free());
    let child = Command::new(env!("CARGO_BIN_EXE_livechannel"))
        .args(["--store", "memory:", "--http", &http.to_string(), "--rtmp", &rtmp.to_string()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (child, http.port())
}

fn answers(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_hangup_ends_nothing_and_a_termination_ends_well() {
    let (mut child, port) = start();
    for _ in 0..200 {
        if answers(port) {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    signal(&child, "HUP");
    sleep(Duration::from_millis(500));
    assert_eq!(child.try_wait().unwrap(), None, "SIGHUP ended it");
    assert!(answers(port));
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
