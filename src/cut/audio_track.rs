//! The audio track: how its frames are coded, its clock, and frames that wait.
//!
//! A format that changes joins where a segment begins. Until then the clock, and frames that wait
//! for a PES packet, are still of the format before.
//!
//! ```text
//!   Absent ──► Announced ──► Coded, waits to join ──► Coded, joined ──► Coded, waits to join ──► …
//!                  └──► NotCarried ──┘                       └──► Coded, leaves ──┘
//! ```

use crate::audio::Gather;
use crate::codec::audio::AudioFormat;
use crate::segment::Cause;
use crate::stream_type::StreamType;
use crate::time::Ticks;
use crate::timeline::{Alignment, AudioClock, ClockRate};

use super::phase::Phase;

/// The audio track.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct AudioState {
    /// Derives PTS, at the rate of the frames that come.
    pub(crate) clock: AudioClock,
    pub(crate) track: AudioTrackState,
    /// Frames that wait.
    pub(crate) gather: Gather,
}

/// How far the audio track has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AudioTrackState {
    /// Nothing is known of audio.
    Absent,
    /// The tables are to list audio of this type before it has come.
    Announced(StreamType),
    /// What comes cannot be carried; the segments so far may carry audio of another header.
    NotCarried { carried: Option<AudioFormat> },
    /// It is known how the frames are coded that come.
    Coded { format: AudioFormat, join: Join },
}

/// Whether the segments carry audio as it is coded now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// They do.
    Joined,
    /// They do, but what came last is of a codec that is not carried. One tag may be an outlier.
    Doubted,
    /// They do, but the last tags are of a codec that is not carried: the next segment does not, if
    /// no more of this format comes before it.
    Leaves,
    /// They did, and nothing of this format has come since: if it does, it joins like a late track.
    Left,
    /// They do not: frames join where a segment begins.
    Waits {
        /// The format that the segments so far carry; `None` before the first frames.
        carried: Option<AudioFormat>,
        /// Of which format the clock is, and so are frames that wait.
        rate: ClockRate,
    },
}

/// How a format change went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FormatChange {
    /// Frames of the format before, which waited and can no longer be written.
    pub(crate) dropped: usize,
}

impl AudioState {
    pub(super) fn new(announced: Option<StreamType>) -> Self {
        Self {
            clock: AudioClock::new(1),
            track: announced.map_or(AudioTrackState::Absent, AudioTrackState::Announced),
            gather: Gather::new(),
        }
    }

    /// Takes how the frames that come from now on are coded; `None` if that is nothing new.
    ///
    /// While a segment is open that takes the old format, frames of it may still wait for their PES
    /// packet: they and the clock stay as they are until the new format [joins](Self::join).
    /// Otherwise nothing of the old format has a place any more.
    ///
    /// ```text
    ///   segment with 48 kHz open, header of 44.1 kHz       48 kHz frames that wait are still written
    ///   no segment open, header of 44.1 kHz                48 kHz frames that wait are dropped
    ///   header of 44.1 kHz, then of 48 kHz again           nothing has changed after all
    /// ```
    pub(super) fn set_format(
        &mut self,
        format: AudioFormat,
        alignment: &mut Alignment,
        phase: &Phase,
    ) -> Option<FormatChange> {
        if self.track.format() == Some(&format) {
            self.track.stay();
            return None;
        }
        let carried = self.track.carried();
        let is_early = alignment.is_audio_early();
        let holds_old = phase.is_open() && !is_early;
        let is_carried = carried == Some(format);
        let join = if is_carried {
            Join::Joined
        } else {
            let rate = ClockRate::of_carried(holds_old);
            Join::Waits { carried, rate }
        };
        self.track = AudioTrackState::Coded { format, join };
        if let Alignment::AudioEarly { rate, .. } = alignment {
            *rate = ClockRate::of_carried(!is_carried);
        }
        let mut dropped = 0;
        if !holds_old {
            // Nothing of the old format may follow tables that list another.
            dropped = self.gather.clear();
            self.clock.set_rate(format.coded_rate());
        }
        Some(FormatChange { dropped })
    }

    /// Lets a segment begin without audio that leaves: more of it joins like a late track.
    pub(crate) const fn part(&mut self) {
        match &mut self.track {
            AudioTrackState::Coded { join: join @ Join::Leaves, .. } => *join = Join::Left,
            AudioTrackState::NotCarried { carried } => *carried = None,
            _ => return,
        }
        self.clock.detach();
    }

    /// Takes the format of the frames that come for that of the segments that follow.
    pub(crate) fn join(&mut self, alignment: &mut Alignment) {
        let AudioTrackState::Coded { format, join: Join::Waits { rate, .. } } = self.track else {
            return;
        };
        self.track = AudioTrackState::Coded { format, join: Join::Joined };
        if rate == ClockRate::Carried {
            self.clock.set_rate(format.coded_rate());
        }
        if let Alignment::AudioEarly { set_aside, rate: ClockRate::Carried, .. } = alignment {
            set_aside.set_rate(format.coded_rate());
        }
    }

    /// Sets the audio clock aside, and begins another for frames of a timeline that video has not
    /// reached, from `at` on.
    pub(crate) fn set_aside(&mut self, at: Ticks, alignment: &mut Alignment) {
        let mut rate_aside = ClockRate::Joining;
        if let Some(rate) = self.track.rate_mut() {
            rate_aside = core::mem::replace(rate, ClockRate::Joining);
        }
        *alignment = Alignment::AudioEarly { at, set_aside: self.clock, rate: rate_aside };
        let format = self.track.format();
        self.clock = AudioClock::new(format.map_or(1, AudioFormat::coded_rate));
    }

    /// Takes the audio clock back that was set aside: video has not followed.
    pub(crate) fn take_back(&mut self, alignment: &mut Alignment) {
        let Alignment::AudioEarly { set_aside, rate: aside, .. } = *alignment else {
            return;
        };
        *alignment = Alignment::Together;
        self.clock = set_aside;
        if let Some(rate) = self.track.rate_mut() {
            *rate = aside;
        }
    }
}

impl AudioTrackState {
    /// Returns how the frames that come are coded.
    #[inline(always)]
    pub(crate) const fn format(&self) -> Option<&AudioFormat> {
        match self {
            Self::Absent | Self::Announced(_) | Self::NotCarried { .. } => None,
            Self::Coded { format, .. } => Some(format),
        }
    }

    /// Returns the format of the segments so far.
    const fn carried(&self) -> Option<AudioFormat> {
        match self {
            Self::Absent | Self::Announced(_) => None,
            Self::NotCarried { carried } => *carried,
            Self::Coded { format, join } => match join {
                Join::Joined | Join::Doubted | Join::Leaves => Some(*format),
                Join::Waits { carried, .. } => *carried,
                Join::Left => None,
            },
        }
    }

    /// Notes media of a codec that is not carried.
    pub(super) const fn leave(&mut self) {
        match self {
            Self::Absent | Self::Announced(_) => *self = Self::NotCarried { carried: None },
            Self::NotCarried { .. } => {}
            Self::Coded { join: join @ Join::Joined, .. } => *join = Join::Doubted,
            Self::Coded { join: join @ Join::Doubted, .. } => *join = Join::Leaves,
            Self::Coded { join: Join::Leaves | Join::Left | Join::Waits { .. }, .. } => {}
        }
    }

    /// Notes a header of audio that cannot be carried: no frame after it can be.
    pub(super) const fn refuse(&mut self) {
        *self = Self::NotCarried { carried: self.carried() };
    }

    /// Notes that more of the format comes which the segments carry, or have carried.
    pub(crate) const fn stay(&mut self) {
        match self {
            Self::Coded { join: join @ (Join::Doubted | Join::Leaves), .. } => *join = Join::Joined,
            Self::Coded { join: join @ Join::Left, .. } => {
                *join = Join::Waits { carried: None, rate: ClockRate::Joining };
            }
            _ => {}
        }
    }

    /// Returns whether all that came was of the format which the segments carry, or that joins.
    pub(super) const fn is_certain(&self) -> bool {
        !matches!(self, Self::Coded { join: Join::Doubted | Join::Leaves | Join::Left, .. })
    }

    /// Returns whether audio is known to be of no use for the next segment.
    pub(crate) const fn leaves(&self) -> bool {
        matches!(self, Self::NotCarried { .. } | Self::Coded { join: Join::Leaves, .. })
    }

    /// Returns whether frames are coded otherwise than those of the segments so far.
    pub(crate) const fn waits(&self) -> bool {
        matches!(self, Self::Coded { join: Join::Waits { .. }, .. })
    }

    /// Returns of which format the clock is, while another one waits to join.
    const fn rate_mut(&mut self) -> Option<&mut ClockRate> {
        match self {
            Self::Coded { join: Join::Waits { rate, .. }, .. } => Some(rate),
            _ => None,
        }
    }

    /// Returns why another segment must begin, given what the tables of the open one list: frames
    /// of this format cannot be written there, or those listed will never come. Nothing, where
    /// the tables have listed this format before anything of it had come.
    pub(crate) fn waits_to_join(&self, listed: Option<StreamType>) -> Option<Cause> {
        if let Self::NotCarried { .. } = self {
            return listed.map(|_| Cause::TrackChange);
        }
        let Self::Coded { format, join: Join::Waits { carried, .. } } = self else {
            return None;
        };
        match listed {
            None => Some(Cause::TrackChange),
            Some(listed) if carried.is_none() && listed == format.stream_type() => None,
            Some(_) => Some(Cause::ConfigChange),
        }
    }

    /// Returns whether the clock, and frames that wait, are of the format that the segments so far
    /// carry.
    pub(crate) const fn holds_carried(&self) -> bool {
        matches!(self, Self::Coded { join: Join::Waits { rate: ClockRate::Carried, .. }, .. })
    }
}
