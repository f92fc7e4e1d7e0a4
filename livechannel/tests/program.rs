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
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;

/// Starts the program on ports that are free, and returns it with its HTTP port.
fn start() -> (Child, u16) {
    start_with(&[], "info")
}

fn start_with(options: &[&str], log: &str) -> (Child, u16) {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (http, rtmp) = (free(), free());
    let child = Command::new(env!("CARGO_BIN_EXE_livechannel"))
        .args(["--store", "memory:", "--http", &http.to_string(), "--rtmp", &rtmp.to_string()])
        .args(options)
        .env("LIVECHANNEL_LOG", log)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (child, http.port())
}

/// A connection alone shows nothing: until a child of another test has left its `fork` behind, the
/// listener that found the port free lives on in it.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<()> {
        let mut connection = TcpStream::connect(("127.0.0.1", port))?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        connection.write_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        connection.read_exact(&mut [0; 5])
    };
    ask().is_ok()
}

/// Waits until the program answers.
fn wait_for(port: u16) {
    for _ in 0..200 {
        if answers(port) {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("nothing answers on port {port}");
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_hangup_ends_nothing_and_a_termination_ends_well() {
    let (mut child, port) = start();
    wait_for(port);
    signal(&child, "HUP");
    sleep(Duration::from_millis(500));
    assert_eq!(child.try_wait().unwrap(), None, "SIGHUP ended it");
    assert!(answers(port));
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Reads a line of `/proc/PID/limits`: soft and hard limit.
fn limits(child: &Child, name: &str) -> (String, String) {
    let text = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
    let mut words = line.split_whitespace().map(str::to_owned);
    (words.next().unwrap(), words.next().unwrap())
}

#[test]
fn a_node_may_open_all_that_it_is_allowed_to() {
    let (mut child, port) = start();
    wait_for(port);
    let (soft, hard) = limits(&child, "Max open files");
    assert_eq!(soft, hard);
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn no_process_of_the_same_user_looks_into_a_node() {
    use rustix::process::{DumpableBehavior, dumpable_behavior};
    livechannel::prepare_process().unwrap();
    assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
}

#[test]
fn a_decoder_has_nothing_but_what_a_picture_needs() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_livechannel"))
        .arg("--decode-snapshot")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It waits for its input, confined already.
    let status = || std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    for _ in 0..200 {
        if limits(&child, "Max core file size").1 == "0" && limits(&child, "Max processes").1 == "0"
        {
            break;
        }
        sleep(Duration::from_millis(20));
    }
    for (name, most) in [
        ("Max address space", (512 << 20).to_string()),
        ("Max cpu time", "5".to_owned()),
        ("Max open files", "8".to_owned()),
        ("Max file size", "0".to_owned()),
        ("Max processes", "0".to_owned()),
    ] {
        assert_eq!(limits(&child, name), (most.clone(), most), "{name}");
    }
    let status = status();
    let field = |name| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_eq!(field("CapEff:"), "0000000000000000", "no capability, whoever started it");
    assert!(!field("Uid:").split_whitespace().any(|uid| uid == "0"), "nor root's rights");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(1), "nothing is no picture");
}

#[test]
fn the_audit_log_has_a_file_of_its_own() {
    use std::os::unix::fs::PermissionsExt as _;

    let path = std::env::temp_dir().join(format!("livechannel-audit-{}", std::process::id()));
    let audit = path.to_str().unwrap();
    // Whatever else is logged or not.
    let (mut child, port) = start_with(&["--key", "AKID:SECRET", "--audit", audit], "off");
    wait_for(port);
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = b"DELETE /live/ch?live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    socket.write_all(request).unwrap();
    socket.read_to_string(&mut String::new()).unwrap();
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert_eq!(
        (lines[0]["action"].as_str(), lines[0]["message"].as_str()),
        (Some("delete"), Some("refused"))
    );
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn one_address_leaves_descriptors_for_the_store_and_places_for_others() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpSocket, TcpStream};

    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (http, rtmp) = (free(), free());
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 256; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_livechannel")])
        .args(["--store", "memory:", "--http", &http.to_string(), "--rtmp", &rtmp.to_string()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..200 {
        if answers(http.port()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut held = Vec::new();
    for _ in 0..300 {
        held.push(TcpStream::connect(http).await.unwrap());
        held.push(TcpStream::connect(rtmp).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap().count();
    assert!(open < 100, "{open} of 256 descriptors are open");
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(http).await.unwrap();
    let request = b"GET /-/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    other.write_all(request).await.unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_settings_file_is_checked_without_starting_anything() {
    let folder = std::env::temp_dir().join(format!("livechannel-check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let check = |text: &str| {
        let file = folder.join("settings.toml");
        std::fs::write(&file, text).unwrap();
        let program =
            Command::new(env!("CARGO_BIN_EXE_livechannel")).arg("check").arg(file).output();
        let program = program.unwrap();
        let said = [program.stdout, program.stderr].concat();
        (program.status.code(), String::from_utf8(said).unwrap())
    };
    let data = folder.join("data");
    let (code, said) = check(&format!("store = \"{}\"", data.display()));
    assert!(code == Some(0) && said.contains("settings.toml: ok, store "), "{said}");
    assert!(!data.exists(), "nothing is opened");
    for (text, named) in [
        ("lease = 4", "unknown field"),
        ("lease-seconds = 1", "lease-seconds is 1"),
        (
            "public-http = \"https://live.example.com\"",
            "public-http is \"https://live.example.com\"",
        ),
        ("webhook = \"notaurl\"", "webhook \"notaurl\""),
        ("http = \"0.0.0.0:80\"", "can be reached from other computers"),
        (
            "keys = [{ id = \"a\", secret = \"s\" }, { id = \"a\", secret = \"t\" }]",
            "more than one key",
        ),
        ("keys = [{ id = \"a\", secret = \"\" }]", "empty secret"),
    ] {
        let (code, said) = check(text);
        assert!(code == Some(1) && said.contains(named), "{text}: {said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
