//! An embeddable HLS segmenter: FLV tags or RTMP messages in, segments in MPEG-TS or fMP4 and a
//! sliding-window playlist out.
//!
//! A media server that receives RTMP links this crate to hand out HLS. It finds the key
//! frames, writes the transport stream, switches segments by the rules of Alibaba Cloud OSS
//! LiveChannel, and hands the output to a [`SegmentSink`], which the server supplies. It owns no
//! file, socket, thread, clock or logger, and no heap: the core is `no_std` without `alloc`.
//!
//! ```text
//!         ┌─────────────────────────── Segmenter ────────────────────────────┐
//! Tag ──► │ flv ───► codec ───► timeline ──► rules ──► ts ───► playlist      │ ──► SegmentSink
//!         │ headers  NAL units  one clock    when to   PES     window        │     open, write,
//!         │          AAC frames for all      switch    PCR     numbers       │     close, update
//!         └──────────────────────────────────────────────────────────────────┘
//! ```
//!
//! > **The invariant.** A playlist names only segments that the sink has closed; their durations
//! > add up to the time of the media in them; and no media sequence number is ever used twice.
//!
//! # How it is used
//!
//! 1. Make a [`Segmenter`] from a [`Config`].
//! 2. [Push](Segmenter::push) every tag or message, as it came, with a sink lent to the call.
//! 3. The sink is called back: a segment opens, takes runs of [TS packets](ts::TsPackets), and
//!    closes; the playlist that names it follows.
//! 4. [Finish](Segmenter::finish) the stream, for good or until the encoder comes back.
//!
//! This is `examples/embed.rs`, a whole program:
//!
//! ```
#![doc = include_str!("../examples/embed.rs")]
//! ```
//!
//! # Which host
//!
//! | a server that | takes | in the repository |
//! |---|---|---|
//! | serves from memory | a sink of its own | `examples/origin` |
//! | serves with low latency | [`LowLatency`], [`playlist::LiveEdge`] | `examples/low_latency` |
//! | leaves serving to a web server | `dir::Channel` | `examples/folder.rs` |
//! | stores in S3 or the like | `outbox::Outbox`, [`Segmenter::lost`] | `examples/upload` |
//! | encrypts its segments | [`tags`](playlist::M3u8::tags) for EXT-X-KEY | `examples/encrypted` |
//! | receives several renditions | [`flv::tracks`], an engine for each | `examples/renditions.rs` |
//! | has frames instead of tags | [`Segmenter::push_frame`] | module [`frame`] |
//! | is written in C | the C API | `capi/` |
//!
//! # Where things are
//!
//! | module | what | standard |
//! |---|---|---|
//! | [`time`] | the three clocks | |
//! | [`config`] | what the host chooses | OSS PutLiveChannel |
//! | [`flv`] | tags, their headers, a reader of FLV files | FLV 10.1, RTMP 1.0, Enhanced RTMP v2 |
//! | [`codec`] | NAL units, parameter sets, ADTS | ITU-T H.264 and H.265, ISO/IEC 14496-3 and -15 |
//! | [`ts`] | tables, PES, TS packets | ISO/IEC 13818-1 |
//! | [`fmp4`] | initialization sections, fragments | ISO/IEC 14496-12, -14 and -15 |
//! | [`rules`] | when a segment ends | OSS PutLiveChannel |
//! | [`playlist`] | the window and its text | RFC 8216 |
//! | `dir` | a folder as a channel; feature `std` | |
//! | [`notice`] | what was noticed, repaired or dropped | |
//! | `outbox` | owned events for hosts that await uploads; feature `bytes` | |
//! | `probe` | what tracks there are, before the first segment; feature `alloc` | |
//! | [`oss`] | the parameters of PutLiveChannel | OSS PutLiveChannel |
//!
//! # Features
//!
//! - `std` (default): picture size, frame rate and reordering from H.264 parameter sets; those of
//!   H.265 are always read. Without the feature, how much earlier than PTS the DTS must be is
//!   learned from negative composition offsets as they come. Until then the first pictures may be
//!   shown late, which is reported as [`VideoRepair`](notice::NoticeKind::VideoRepair).
//!   It brings module `dir`, a folder as a channel, and nothing of it into the engine.
//! - `alloc` (part of `std`): runs of TS packets appended to a `Vec`; module `probe`. The engine
//!   itself allocates nothing with it either.
//! - `bytes`: runs of TS packets appended to a [`bytes::BytesMut`](https://docs.rs/bytes), or read
//!   as a `bytes::Buf`; module `outbox`.
//! - `serde`: [`Serialize` and `Deserialize`](https://docs.rs/serde) for [`ResumeToken`] and
//!   [`ListedSegment`](playlist::ListedSegment), as their stored forms in hex.
//!
//! # What is promised
//!
//! - **Total**: any bytes give `Ok`, a typed [`Error`] or a [notice](notice::Notice); no input
//!   panics or loops.
//! - **No allocation**: nothing is allocated per tag, segment or playlist; an engine has a constant
//!   size below 12 KiB, one of fMP4 or with parts below 16 KiB. (Feature `std`: reading a *changed*
//!   parameter set that has scaling lists, a picture order cycle or HRD parameters allocates up to
//!   a few KiB for the time of the call.)
//! - **Deterministic**: the same tags and wall times give the same bytes, however the tags were cut
//!   up on the way.
//! - **One failure, one segment**: see [`SegmentSink`](SegmentSink#errors).
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[macro_use]
mod macros;

mod apply;
mod audio;
pub mod codec;
pub mod config;
mod crc;
mod cut;
mod demux;
#[cfg(feature = "std")]
pub mod dir;
mod engine;
mod error;
pub mod flv;
pub mod frame;
mod mux;
pub mod notice;
pub mod oss;
#[cfg(feature = "bytes")]
pub mod outbox;
mod part;
pub mod playlist;
#[cfg(feature = "alloc")]
pub mod probe;
mod resume;
mod sample;
mod segment;
mod sink;
mod snapshot;
mod stats;
#[cfg(feature = "serde")]
mod stored;
mod stream_type;
pub mod time;
mod timeline;
mod track;

pub use codec::CodecError;
pub use codec::audio::AudioCodecString;
pub use codec::video::VideoCodecString;
pub use config::{Config, End, Options, SwitchAt};
pub use cut::rules;
pub use engine::Segmenter;
pub use error::Error;
pub use mux::{Container, Fmp4, LowLatency, Ts, fmp4, ts};
pub use part::{ListedPart, Part};
pub use resume::{ResumeError, ResumeToken};
pub use segment::{AbortedSegment, Cause, ExpiredSegment, Lost, Segment, SegmentStart};
pub use sink::SegmentSink;
pub use snapshot::Snapshot;
pub use stats::{BitRates, Stats};
pub use track::{Announced, AudioTrack, Track, TrackStats, VideoTrack};

/// The README's example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
