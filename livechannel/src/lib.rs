//! An OSS LiveChannel service: RTMP in, HLS out, over an object store.
//!
//! ```text
//!            ┌──────────────── Server ─────────────────┐
//! encoder ──►│ rtmp ──► channel ──► engine ──► channel │──► store: segments, playlists, state
//!            │                                    │    │
//! player  ◄──│ api ◄── live edge ◄────────────────┘    │◄── store
//! SDK     ◄─►│ api: PutLiveChannel and the rest        │◄─► store: configuration
//!            └─────────────────────────────────────────┘
//! ```
//!
//! > **The invariant.** Whatever a player or client was told is in the store, the parts of the segment
//! > that is being written excepted: a node may be lost at any moment, and another one on the same
//! > store goes on with its channels.
//!
//! The program is this library and a few lines. A [`Server`] is made from [`Settings`] and ends
//! with a word:
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut settings = livechannel::Settings::default();
//! settings.store = "memory:".parse()?;
//! let server = livechannel::Server::start(settings).await?;
//! println!("http://{} and rtmp://{}", server.http(), server.rtmp());
//! server.stop().await;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod api;
mod audit;
pub mod auth;
mod channel;
mod clock;
mod demo;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod http_server;
mod limits;
mod metrics;
mod name;
mod page;
mod peers;
mod process;
mod process_metrics;
mod readiness;
mod registry;
mod retention;
mod rtmp;
mod server;
mod service;
mod settings;
mod shared_port;
#[cfg(test)]
mod simulation;
mod snapshot;
mod store;
mod tls;

pub use api::{PutBody, SnapshotBody, XmlError, parse_put};
pub use name::{BucketName, ChannelKey, ChannelName, playlist_name};
pub use process::{confine_decoder, prepare_process};
pub use registry::{RegistryAddress, RegistryError};
pub use server::{Ending, Server, StartError};
pub use settings::{AccessKey, Anonymous, Args, Command, FileError, Settings, SettingsError};
pub use snapshot::{PictureError, decode_to_jpeg};
pub use store::{Store, StoreAddress, StoreError};
