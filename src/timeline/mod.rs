//! From wrapping tag times to one timeline for all tracks: unrolled, judged, repaired.
//!
//! ```text
//!   FlvTime ──► Unroller ──► Ticks ──► Timeline: does the step fit? ──► VideoClock: DTS, PTS
//!                                                                   └─► AudioClock: exact sample clock
//! ```

mod audio_clock;
mod frames;
mod judge;
mod last_tag;
mod reorder;
mod tracks;
mod unroll;
mod video_clock;

pub(crate) use audio_clock::{AudioClock, AudioTime, ClockRate, Origin};
pub(crate) use judge::{JudgedAudio, Verdict};
pub(crate) use tracks::{Alignment, Timeline, VideoBeside};
pub(crate) use unroll::Unroller;
pub(crate) use video_clock::{Repair, VideoClock, VideoTimes};
