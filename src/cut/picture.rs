//! What happens to a picture.

use crate::config::MidGop;
use crate::notice::NoticeKind;
use crate::sample::PictureInput;
use crate::segment::Cause;
use crate::time::{TickSpan, Ticks};
use crate::timeline::Verdict;

use super::phase::OpenSegment;
use super::plan::{Begin, Cut, HeldAudio, Jump, Seam};
use super::rules::Decision;
use super::state::{Continuity, Request, State};

/// What is to be done about a picture, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PicturePlan {
    pub(crate) jump: Option<Jump>,
    /// Ends the open segment before the picture.
    pub(crate) end: Option<Cut>,
    pub(crate) begin: Begin,
    pub(crate) fate: PictureFate,
}

/// What becomes of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PictureFate {
    /// It is written into the open segment.
    Written,
    /// It is dropped, and counted as this.
    Dropped(NoticeKind),
    /// It is dropped because a key frame is waited for.
    AwaitsKeyFrame,
}

impl PicturePlan {
    /// The picture goes into the open segment, and nothing else happens.
    pub(crate) const WRITE: Self = Self {
        jump: None,
        end: None,
        begin: Begin::Never,
        fate: PictureFate::Written,
    };
}

/// Decides on a picture whose tag was judged.
///
/// ```text
///   segment since 0.0 s, FragDuration 5 s, key frame at 5.0 s    ends it there and begins another
///   the same, and no key frame until 60.0 s                      the picture at 60.0 s does
///   segment since 0.0 s, jump at 3.0 s, no key frame             ends it with its last picture; the picture
///                                                                begins another where the host keeps such pictures
/// ```
pub(crate) fn decide_picture(
    state: &State,
    verdict: Verdict,
    picture: &PictureInput<'_>,
) -> PicturePlan {
    let tag = picture.timing.tag;
    let mut plan = PicturePlan::WRITE;
    let mut open = state.phase.open();
    let mut waiting_since = state.phase.waiting_since(tag);
    let mut may_begin = picture.key_frame;
    if let Verdict::Jump(by) = verdict {
        let held = held_audio(state, tag);
        plan.jump = Some(Jump { by, held });
        open = None;
        waiting_since = tag;
        may_begin |=
            state.continuity != Continuity::Beginning && state.options.mid_gop == MidGop::Keep;
    }
    if !picture.decodable {
        plan.fate = PictureFate::Dropped(NoticeKind::VideoBeforeHeader);
        return plan;
    }
    if open.is_none_or(OpenSegment::is_audio_alone) {
        may_begin |= state.rule.waits_no_longer_than(tag - waiting_since);
        if !may_begin {
            plan.fate = PictureFate::AwaitsKeyFrame;
            return plan;
        }
    }
    plan.end = open.and_then(|open| cut_before(state, open, picture));
    plan.begin = match (may_begin, plan.end) {
        (true, _) => Begin::Always,
        (false, Some(_)) => Begin::IfClosed,
        (false, None) => Begin::Never,
    };
    plan
}

/// Says what becomes of audio that waits when a picture at `tag` breaks the timeline: audio that has made the jump
/// before is where video is now.
fn held_audio(state: &State, tag: Ticks) -> HeldAudio {
    let is_early = state.timeline.alignment.is_audio_early();
    let first = state.audio.gather.first_pts();
    match first.filter(|&first| is_early && state.timeline.fits(first, tag)) {
        Some(first) => HeldAudio::Adopted { first },
        None => HeldAudio::Dropped(NoticeKind::AudioAstray),
    }
}

/// Returns how the open segment ends before this picture, if it does.
fn cut_before(state: &State, open: &OpenSegment, picture: &PictureInput<'_>) -> Option<Cut> {
    let mut clock = state.video.clock;
    let at = clock.place(&picture.timing).dts;
    let age = at - open.start.start;
    let joining_audio = state.audio.track.waits_to_join(open.program.audio);
    let broken = |cause| {
        let seam = Seam::Broken;
        Some(Cut { at, cause, seam })
    };
    if open.is_audio_alone() {
        return broken(Cause::TrackChange);
    }
    if picture.reconfigured {
        return broken(Cause::ConfigChange);
    }
    if picture.key_frame && joining_audio.is_some() {
        return joining_audio.and_then(broken);
    }
    if age <= TickSpan::ZERO {
        // Video that comes back may be before a segment that audio began meanwhile: that has no end there.
        return None;
    }
    let requested = match state.request {
        Request::None => false,
        Request::AtKeyFrame => picture.key_frame,
        Request::AtOnce => true,
    };
    let cause = if requested {
        Cause::Requested
    } else if state.rule.breaks_target(age) {
        return broken(Cause::Discontinuity);
    } else {
        match state.rule.video(age, picture.key_frame, clock.interval()) {
            Decision::Switch(cause) => cause,
            Decision::Stay => return None,
        }
    };
    // Audio that is coded otherwise joins at any cut, and explains the break.
    joining_audio.map_or(
        Some(Cut {
            at,
            cause,
            seam: Seam::Whole,
        }),
        broken,
    )
}
