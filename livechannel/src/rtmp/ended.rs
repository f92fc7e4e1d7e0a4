//! Why an RTMP connection ended.

use super::chunks::ChunkError;
use super::session::SessionError;
use crate::channel::Stop;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("the encoder closed the connection")]
    Closed,
    #[error("the encoder ended the publication")]
    Unpublished,
    #[error("no handshake in time")]
    SlowHandshake,
    #[error("nothing was published in time")]
    Unused,
    #[error("much was said and nothing published")]
    Chatter,
    #[error("others who have published nothing yet needed the place")]
    Crowded,
    #[error("nothing came for {0} s")]
    Idle(u64),
    #[error("no RTMP handshake")]
    Handshake,
    #[error("refused: {0}")]
    Refused(String),
    #[error(transparent)]
    Stopped(#[from] Stop),
    #[error(transparent)]
    Chunks(#[from] ChunkError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Socket(#[from] std::io::Error),
}

impl Ended {
    /// The label in the counters.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Closed | Self::Unpublished => "end",
            Self::SlowHandshake | Self::Unused | Self::Idle(_) => "timeout",
            Self::Crowded => "crowded",
            Self::Handshake | Self::Chatter | Self::Chunks(_) | Self::Session(_) => "protocol",
            Self::Refused(_) => "refused",
            Self::Stopped(_) => "stopped",
            Self::Socket(_) => "socket",
        }
    }
}
