//! What a connection may take: little as long as it may be anybody's.
//!
//! ```text
//! stranger:   64 KiB of messages, 8 KiB read at once, 8 KiB of answers, a command of 16 KiB   < 192 KiB
//! publisher:  message-bytes and 512 KiB beside it, 64 KiB read at once                       < message-bytes + 1 MiB
//! ```

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::lobby::Seat;

/// What the connection holds of what there is to share.
#[derive(Debug)]
pub(super) enum Standing {
    /// It may be anybody's.
    Stranger(Seat),
    /// It has shown the right to publish.
    Publisher { _permit: OwnedSemaphorePermit },
}

impl Standing {
    /// Of a connection that has shown the right to publish.
    pub(super) const fn publisher(permit: OwnedSemaphorePermit) -> Self {
        Self::Publisher { _permit: permit }
    }

    /// How much is read at once.
    pub(super) const fn read_len(&self) -> usize {
        match self {
            Self::Stranger(_) => STRANGER_READ_LEN,
            Self::Publisher { .. } => READ_LEN,
        }
    }

    /// Waits until the connection has to make room for others; for ever where it need not.
    pub(super) async fn lost(&self) {
        match self {
            Self::Stranger(seat) => seat.taken().await,
            Self::Publisher { .. } => core::future::pending().await,
        }
    }
}

/// Reads what is there, up to `most` bytes, behind what is in `input`.
pub(super) async fn read_some(
    socket: &mut TcpStream,
    input: &mut Vec<u8>,
    most: usize,
) -> std::io::Result<usize> {
    // Exactly: a peer must not choose how much this grows.
    input.reserve_exact(most);
    socket.take(most as u64).read_buf(input).await
}

/// Reads to the end of a connection and forgets it.
pub(super) async fn drain(socket: &mut TcpStream) {
    let mut input = Vec::new();
    while matches!(read_some(socket, &mut input, STRANGER_READ_LEN).await, Ok(1..)) {
        input.clear();
    }
}

/// Longest message of a peer that does not publish yet, and so may be anybody.
///
/// With what is read at once, the answers, and a command and what it is taken apart into, such a
/// peer holds less than 192 KiB.
pub(super) const STRANGER_LEN: usize = 64 * 1024;
/// What it may send in all before it publishes: reading it costs processor time.
pub(super) const STRANGER_TOTAL: usize = 8 << 20;
/// What is read of it at once.
pub(super) const STRANGER_READ_LEN: usize = 8 * 1024;
/// What is read at once.
pub(super) const READ_LEN: usize = 64 * 1024;
/// Answers that wait for the end of what was read.
pub(super) const MOST_OUTPUT: usize = 8 * 1024;
/// What a publisher's other messages may have, while one of the greatest length is unfinished.
pub(super) const INTERLEAVED_LEN: usize = 512 * 1024;
/// Encoders use half a dozen.
pub(super) const MOST_CHUNK_STREAMS: usize = 64;
