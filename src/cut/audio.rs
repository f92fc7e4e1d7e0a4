//! What happens to the audio of a tag.

use crate::audio::GATHERED;
use crate::notice::NoticeKind;
use crate::sample::{AudioBatch, MAX_PES_AUDIO_LEN};
use crate::segment::Cause;
use crate::time::{TickSpan, Ticks};
use crate::timeline::{Alignment, AudioClock, ClockRate, JudgedAudio, Verdict, VideoBeside};

use super::audio_track::AudioTrackState;
use super::phase::OpenSegment;
use super::plan::{Cut, HeldAudio, Jump, Seam};
use super::rules::Decision;
use super::state::{Request, State, VideoTrackState};

/// What is to be done about the audio of a tag, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AudioPlan {
    pub(crate) jump: Option<Jump>,
    pub(crate) early: EarlyAudio,
    /// Ends the open segment before these frames.
    pub(crate) end: Option<Cut>,
    /// Takes the format of these frames for that of the segments.
    pub(crate) joins: bool,
    /// Begins a segment there if none is open then.
    pub(crate) begin: Option<Ticks>,
    pub(crate) fate: AudioFate,
    /// Writes the frames at once: video may come back at any moment.
    pub(crate) flush: bool,
}

/// Whether audio runs early, on a timeline that video has not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EarlyAudio {
    /// As before.
    Unchanged,
    /// From now on: what waits is written, and the clock is set aside.
    Begins,
    /// No longer: video has not followed. What was early belongs nowhere.
    Ends,
}

/// What becomes of the frames of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AudioFate {
    /// They are gathered for the open segment.
    Gathered,
    /// They are held until a segment begins; if one begins with them, they are gathered for it.
    Held,
    /// They are on no timeline that goes on: dropped without a trace, and counted as this.
    OffTimeline(NoticeKind),
    /// They are dropped until a segment begins that carries their format.
    NotJoined,
    /// The one frame is dropped, because it is larger than what can be held; its time passes.
    TooLarge(NoticeKind),
}

impl AudioPlan {
    /// The frames go into the open segment, and nothing else happens.
    pub(crate) const WRITE: Self = Self {
        jump: None,
        early: EarlyAudio::Unchanged,
        end: None,
        joins: false,
        begin: None,
        fate: AudioFate::Gathered,
        flush: false,
    };

    const fn off_timeline(kind: NoticeKind) -> Self {
        Self {
            fate: AudioFate::OffTimeline(kind),
            ..Self::WRITE
        }
    }
}

/// Decides on the audio of a tag that was judged; `batch` has the time that the judgement gave it.
///
/// ```text
///   no segment open, V expected                    held; the oldest makes room
///   V at 10.0 s and on, A at 10.0 s                gathered for the open segment
///   V until 10.0 s, A at 70.0 s, segment since 10  video is silent: audio makes the forced switch
///   no video, segment since 0, A at 5.0 s          audio alone: ends it and begins another
/// ```
pub(crate) fn decide_audio(
    state: &State,
    judged: &JudgedAudio,
    batch: &AudioBatch<'_>,
) -> AudioPlan {
    let mut plan = AudioPlan::WRITE;
    let mut audio = AudioThen {
        video: state.timeline.video_beside(judged),
        clock: state.audio.clock,
        is_early: state.timeline.alignment.is_audio_early(),
        holds_carried: state.audio.track.holds_carried(),
        waits: true,
    };
    let mut open = state.phase.open();
    match judged.verdict {
        Verdict::Stray => return AudioPlan::off_timeline(NoticeKind::AudioAstray),
        Verdict::Unrelated => return AudioPlan::off_timeline(NoticeKind::UnrelatedClocks),
        Verdict::GoesOn => {
            if let Alignment::AudioEarly { set_aside, rate } = state.timeline.alignment {
                plan.early = EarlyAudio::Ends;
                audio.is_early = false;
                audio.clock = set_aside;
                audio.holds_carried = rate == ClockRate::Carried;
                audio.waits = false;
            }
        }
        Verdict::Early => {
            if !audio.is_early {
                plan.early = EarlyAudio::Begins;
                audio.is_early = true;
                audio.waits = false;
            }
        }
        Verdict::Jump(by) => {
            let held = HeldAudio::Dropped(NoticeKind::AudioAstray);
            plan.jump = Some(Jump { by, held });
            open = None;
            audio.clock.restart();
            audio.waits = false;
        }
    }
    match open.filter(|_| !audio.is_early) {
        Some(open) => in_segment(state, open, audio, batch, plan),
        None => held(state, audio, batch, plan),
    }
}

/// The audio track as it is once the plan so far is carried out.
#[derive(Clone, Copy, Debug)]
struct AudioThen {
    video: VideoBeside,
    clock: AudioClock,
    is_early: bool,
    /// Its clock is that of the format that the segments so far carry.
    holds_carried: bool,
    /// Frames that waited may still do.
    waits: bool,
}

impl AudioThen {
    /// Lets `clock` run at the rate of the format that joins.
    fn join(&self, track: &AudioTrackState, clock: &mut AudioClock) {
        if let Some(format) = track.format().filter(|_| self.holds_carried) {
            clock.set_rate(format.coded_rate());
        }
    }
}

/// Decides on audio while a segment can take it.
fn in_segment(
    state: &State,
    open: &OpenSegment,
    audio: AudioThen,
    batch: &AudioBatch<'_>,
    mut plan: AudioPlan,
) -> AudioPlan {
    let leads = open.is_audio_alone();
    let is_silent = !leads && audio.video.is_silent;
    let track = &state.audio.track;
    let waits_to_join = track.waits_to_join(open.program.audio);
    if waits_to_join.is_some() && !leads && !is_silent {
        plan.fate = AudioFate::NotJoined;
        return plan;
    }
    let mut clock = audio.clock;
    if track.waits() {
        // Frames of a format that the tables list already need no other segment.
        plan.joins = true;
        audio.join(track, &mut clock);
    }
    let pts = clock.place(batch).pts;
    let mut start = open.start.start;
    if let Some(cause) = waits_to_join {
        plan.end = Some(Cut {
            at: batch.time,
            cause,
            seam: Seam::Broken,
        });
    } else if leads || is_silent {
        plan.end = cut_before(state, open, &clock, pts);
    }
    if plan.end.is_some() {
        plan.begin = Some(pts);
        start = pts;
    }
    plan.flush = is_silent && start == pts;
    plan
}

/// Returns how the open segment ends before audio at `pts`, if it does: audio leads.
fn cut_before(state: &State, open: &OpenSegment, clock: &AudioClock, pts: Ticks) -> Option<Cut> {
    let leads = open.is_audio_alone();
    let age = pts - open.start.start;
    let whole = |cause| {
        let seam = Seam::Whole;
        Some(Cut {
            at: pts,
            cause,
            seam,
        })
    };
    if state.request == Request::AtOnce || leads && state.request != Request::None {
        return whole(Cause::Requested);
    }
    if state.rule.breaks_target(age) {
        return Some(Cut {
            at: pts,
            cause: Cause::Discontinuity,
            seam: Seam::Broken,
        });
    }
    let decision = if leads {
        state.rule.audio(age, clock.frame())
    } else {
        let to_next = GATHERED.max(clock.frame());
        state.rule.audio_for_silent_video(age, to_next)
    };
    match decision {
        Decision::Switch(cause) => whole(cause),
        Decision::Stay => None,
    }
}

/// Decides on audio while no segment can take it.
fn held(state: &State, audio: AudioThen, batch: &AudioBatch<'_>, mut plan: AudioPlan) -> AudioPlan {
    plan.fate = AudioFate::Held;
    let kind = if audio.is_early {
        NoticeKind::AudioAstray
    } else {
        NoticeKind::AudioBeforeKeyFrame
    };
    let mut clock = audio.clock;
    let mut gather = Some(&state.audio.gather).filter(|_| audio.waits);
    if !audio.is_early {
        if state.audio.track.waits() {
            plan.joins = true;
            audio.join(&state.audio.track, &mut clock);
            gather = gather.filter(|_| !audio.holds_carried);
        }
        let first = gather.and_then(|gather| gather.first_pts());
        let since = match plan.jump {
            Some(_) => batch.time,
            None => state.phase.waiting_since(batch.time),
        };
        let has_room = gather.map_or(batch.len <= MAX_PES_AUDIO_LEN, |gather| {
            gather.fits(batch.len)
        });
        let span = first.zip(clock.end()).map(|(first, end)| end - first);
        let is_full = !has_room || span.is_some_and(|span| span >= GATHERED);
        if is_full && may_begin_alone(state, audio.video, batch.time - since) {
            plan.begin = Some(first.unwrap_or_else(|| clock.place(batch).pts));
        }
    }
    if plan.begin.is_none() && batch.is_one_larger_than(MAX_PES_AUDIO_LEN) {
        plan.fate = AudioFate::TooLarge(kind);
    }
    plan
}

/// Returns whether audio alone may begin a segment, after waiting for video for so long.
pub(crate) fn may_begin_alone(state: &State, video: VideoBeside, waited: TickSpan) -> bool {
    let joined = matches!(state.video.track, VideoTrackState::Joined(_));
    if state.options.require_video && !joined {
        return false;
    }
    // After a header pictures are waited for, at most as long as for a key frame; otherwise audio would be held for ever.
    let is_known = state.video.track != VideoTrackState::Absent;
    let is_lost = !video.has_come && state.rule.waits_no_longer_than(waited);
    let comes = is_known && !video.is_silent && !is_lost;
    let is_announced = state.video.announced && waited < state.options.track_wait;
    !comes && !is_announced
}
