//! What happens to a sample: whether a segment ends or begins with it, whether it is held or
//! dropped.
//!
//! ```text
//!   State, Verdict, sample ──► quiet: nothing can happen ─────┐
//!                          └─► decide ────────────────────────┴─► Plan
//! ```
//!
//! Nothing here knows a sink, an error or a byte of media; [`apply`](crate::apply) carries plans
//! out.

mod audio;
mod audio_track;
mod part;
mod phase;
mod picture;
mod plan;
mod quiet;
pub mod rules;
mod state;
#[cfg(test)]
mod testing;
mod video_track;

pub(crate) use audio::{AudioFate, AudioPlan, EarlyAudio, decide_audio, may_begin_alone};
pub(crate) use audio_track::AudioTrackState;
pub(crate) use part::PartEnd;
pub(crate) use phase::{OpenSegment, Phase};
pub(crate) use picture::{PictureFate, PicturePlan, decide_picture};
pub(crate) use plan::{Begin, Cut, First, HeldAudio, Jump, Seam};
pub(crate) use quiet::Quiet;
pub(crate) use state::{Continuity, Request, State};
pub(crate) use video_track::VideoTrackState;
