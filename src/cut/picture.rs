//! What happens to a picture.
//!
//! Video leads: where a picture is, its key frames begin segments, and its jumps break the timeline
//! for both tracks.

use crate::config::MidGop;
use crate::notice::NoticeKind;
use crate::sample::PictureInput;
use crate::segment::Cause;
use crate::time::{TickSpan, Ticks};
use crate::timeline::Verdict;

use super::part::{KeyFrame, PartEnd};
use super::phase::OpenSegment;
use super::plan::{Begin, Cut, HeldAudio, Jump, Seam};
use super::rules::{Decision, Spacing};
use super::state::{Continuity, Request, State};
use super::video_track::LeadingPictures;

/// What is to be done about a picture, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PicturePlan {
    /// Ends the timeline before the picture.
    pub(crate) jump: Option<Jump>,
    /// Ends the open segment before the picture.
    pub(crate) end: Option<Cut>,
    /// Whether a segment begins with the picture.
    pub(crate) begin: Begin,
    /// Whether a part of the open segment ends before the picture.
    pub(crate) part: PartEnd,
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
    /// It is dropped because its time is far from those before it, and it may be alone there.
    Outlier,
    /// It is no picture, but the rest of the last one.
    RestOfLast,
}

impl PicturePlan {
    /// The picture goes into the open segment, and nothing else happens.
    pub(crate) const WRITE: Self = Self {
        jump: None,
        end: None,
        begin: Begin::Never,
        part: PartEnd::No,
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
///   audio alone since 0.0 s, picture at 3.0 s, no key frame      waits; the key frame at 4.0 s ends the segment
///   nothing open, no key frame for 60 s                          the next picture begins a segment
///   slices of a picture, then others of it in a tag of its time  goes on with that picture
///   stream begins with CRA at 0.08 s, RASL at 0.04 s             the RASL is dropped; behind the next CRA it stays
/// ```
///
/// A picture that cannot be decoded is dropped, but not its jump: audio is judged by the timeline
/// that the picture is on.
pub(crate) fn decide_picture(
    state: &State,
    verdict: Verdict,
    picture: &PictureInput<'_>,
) -> PicturePlan {
    let tag = picture.timing.tag;
    let is_skipped =
        picture.contents.skipped_leading && state.video.leading == LeadingPictures::Skipped;
    if picture.contents.continues && !is_skipped && state.timeline.last_video() == Some(tag) {
        return PicturePlan { fate: PictureFate::RestOfLast, ..PicturePlan::WRITE };
    }
    let is_rest_of_outlier = picture.contents.continues && state.timeline.video_outlier_is_at(tag);
    if verdict == Verdict::Outlier || is_rest_of_outlier {
        return PicturePlan { fate: PictureFate::Outlier, ..PicturePlan::WRITE };
    }
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
    if is_skipped {
        plan.fate = PictureFate::Dropped(NoticeKind::LeadingPicture);
        return plan;
    }
    let is_another = open.is_some_and(|open| is_coded_otherwise(open, picture));
    if is_another || open.is_none_or(OpenSegment::is_audio_alone) {
        may_begin |= state.rule.waits_no_longer_than(tag - waiting_since);
        if !may_begin {
            plan.fate = PictureFate::AwaitsKeyFrame;
            return plan;
        }
    }
    plan.end = open.and_then(|open| cut_before(state, open, picture));
    if let (Some(open), Some(parts), None) = (open, state.options.parts, plan.end) {
        let mut clock = state.video.clock;
        let at = clock.place(&picture.timing).dts;
        let is_key = if picture.key_frame { KeyFrame::Yes } else { KeyFrame::No };
        plan.part = open.part.ends_before_picture(parts, at, is_key);
    }
    plan.begin = match (may_begin, plan.end) {
        (true, _) => Begin::Always,
        (false, Some(_)) => Begin::IfClosed,
        (false, None) => Begin::Never,
    };
    plan
}

/// Returns whether a picture is of another codec than the pictures of the segment.
fn is_coded_otherwise(open: &OpenSegment, picture: &PictureInput<'_>) -> bool {
    let stream_type = picture.unit.coding().stream_type();
    open.program.video.is_some_and(|listed| listed != stream_type)
}

/// Returns what becomes of audio that waits when a picture at `tag` breaks the timeline: audio that
/// has made the jump before is where video is now.
///
/// ```text
///   V 10.0 s, A 40.0 s held since it jumped, V 40.1 s     A is within 10 s of V: it is kept
///   V 10.0 s, A 90.0 s held since it jumped, V 40.1 s     A is of yet another timeline: dropped
///   V 10.0 s, A 10.0 s, A 9.01 s, V 9.0 s                 the second A, placed behind the first, is dropped
/// ```
fn held_audio(state: &State, tag: Ticks) -> HeldAudio {
    if let Some(since) = state.audio.clock.ahead_since()
        && state.timeline.audio_has_gone_to(tag)
    {
        return HeldAudio::Crossed { since };
    }
    let is_early = state.timeline.alignment.is_audio_early();
    let first = state.audio.gather.first_pts();
    match first.filter(|&first| is_early && state.timeline.fits(first, tag)) {
        Some(first) => HeldAudio::Adopted { first },
        None => HeldAudio::Dropped(NoticeKind::AudioWrongTimeline),
    }
}

/// Returns how the open segment ends before this picture, if it does.
///
/// The first reason that applies is the cause that the host is told: what forces a break comes
/// before what the host asked for, and that before the rule.
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
    if picture.reconfigured || is_coded_otherwise(open, picture) {
        return broken(Cause::ConfigChange);
    }
    if picture.key_frame && joining_audio.is_some() {
        return joining_audio.and_then(broken);
    }
    if age <= TickSpan::ZERO {
        // Video that comes back may be before a segment that audio began meanwhile: that has no end
        // there.
        return None;
    }
    if state.options.parts.is_some_and(|parts| open.part.is_broken_at(parts, at)) {
        return broken(Cause::Discontinuity);
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
        let decision = if picture.key_frame {
            let spacing = Spacing { to_next: clock.interval(), longest: clock.longest_interval() };
            state.rule.key_frame(age, spacing)
        } else {
            state.rule.picture(age, clock.interval())
        };
        match decision {
            Decision::Switch(cause) => cause,
            Decision::Stay => return None,
        }
    };
    // Audio that is coded otherwise joins at any cut, and explains the break.
    joining_audio.map_or(Some(Cut { at, cause, seam: Seam::Whole }), broken)
}

#[cfg(test)]
mod tests {
    use super::super::audio_track::{AudioTrackState, Join};
    use super::super::phase::Phase;
    use super::super::testing::*;
    use super::*;
    use crate::config::{ForcedSwitch, Options, TargetDuration};
    use crate::time::Secs;
    use crate::timeline::ClockRate;

    fn decide(state: &State, picture: &PictureInput<'_>) -> PicturePlan {
        let verdict = state.timeline.judge_video(picture.timing.tag, picture.kind());
        decide_picture(state, verdict, picture)
    }

    /// Why and how the open segment ends, if it does.
    fn ends(plan: &PicturePlan) -> Option<(Cause, Seam)> {
        plan.end.map(|cut| (cut.cause, cut.seam))
    }

    fn video_since_0(options: Options, last: i64) -> State {
        fresh(options).open(0, BOTH).pictures_until(last)
    }

    #[test]
    fn x3_x5_o_33_a_segment_ends_at_a_key_frame_of_its_age_or_at_the_forced_age() {
        let whole = |cause| Some((cause, Seam::Whole));
        for (age, is_key, want) in [
            (4_979, true, None),
            (4_980, true, whole(Cause::KeyFrame)),
            (5_000, true, whole(Cause::KeyFrame)),
            (5_000, false, None),
            (59_999, false, None),
            (60_000, false, whole(Cause::Forced)),
            (60_000, true, whole(Cause::KeyFrame)),
        ] {
            let state = video_since_0(Options::default(), age - 40);
            let sample = if is_key { key_frame(age) } else { picture(age) };
            let plan = decide(&state, &sample);
            assert_eq!(ends(&plan), want, "{age} ms, key frame {is_key}");
            assert_eq!(plan.end.map(|cut| cut.at), want.map(|_| at(age)), "{age}");
            assert_eq!(plan.fate, PictureFate::Written, "{age} ms");
        }
    }

    #[test]
    fn a_picture_begins_the_next_segment_as_its_kind_allows() {
        for (sample, want) in [
            (picture(1_000), Begin::Never),
            // A key frame may begin another even where the open one is lost on the way.
            (key_frame(1_000), Begin::Always),
            (key_frame(5_000), Begin::Always),
            (picture(60_000), Begin::IfClosed),
        ] {
            let last = (sample.timing.tag - at(40)).round_millis();
            let plan = decide(&video_since_0(Options::default(), last), &sample);
            assert_eq!(plan.begin, want, "{last}");
        }
    }

    #[test]
    fn y_05_video_joins_a_segment_of_audio_at_its_first_key_frame_or_after_the_longest_wait() {
        let mut state = fresh(Options::default()).open(0, AUDIO_ALONE);
        assert_eq!(decide(&state, &picture(70_000)).fate, PictureFate::AwaitsKeyFrame);
        let joins = Some((Cause::TrackChange, Seam::Broken));
        assert_eq!(ends(&decide(&state, &key_frame(1_000))), joins);
        for (since, want) in [(10_001, None), (10_000, joins)] {
            if let Phase::Open(open) = &mut state.phase {
                open.pictures_wait_since = Some(at(since));
            }
            let plan = decide(&state, &picture(70_000));
            assert_eq!(ends(&plan), want, "{since}");
            let begins = if want.is_some() { Begin::Always } else { Begin::Never };
            assert_eq!(plan.begin, begins, "{since}");
        }
    }

    #[test]
    fn y_04_a_change_takes_effect_at_a_key_frame_after_a_break() {
        let state = video_since_0(Options::default(), 1_000);
        let changed = PictureInput { reconfigured: true, ..key_frame(1_040) };
        let broken = Some((Cause::ConfigChange, Seam::Broken));
        assert_eq!(ends(&decide(&state, &changed)), broken);
    }

    #[test]
    fn y_04_y_05_audio_that_waits_joins_at_a_key_frame_and_at_any_other_cut() {
        for (carried, listed, want) in
            [(Some(AAC_48000), BOTH, Cause::ConfigChange), (None, VIDEO_ALONE, Cause::TrackChange)]
        {
            let mut state = fresh(Options::default()).open(0, listed).pictures_until(1_000);
            state.audio.track = AudioTrackState::Coded {
                format: aac(AAC_44100),
                join: Join::Waits { carried: carried.map(aac), rate: ClockRate::Carried },
            };
            let joins = Some((want, Seam::Broken));
            assert_eq!(ends(&decide(&state, &picture(1_040))), None);
            assert_eq!(ends(&decide(&state, &key_frame(1_040))), joins);
            state.request = Request::AtOnce;
            assert_eq!(ends(&decide(&state, &picture(1_040))), joins, "a requested cut");
        }
    }

    #[test]
    fn y_06_without_a_segment_a_key_frame_begins_one_and_others_wait_as_long_as_a_forced_switch() {
        for (since, sample, want) in [
            (None, picture(0), PictureFate::AwaitsKeyFrame),
            (None, key_frame(0), PictureFate::Written),
            (Some(0), picture(59_999), PictureFate::AwaitsKeyFrame),
            (Some(0), picture(60_000), PictureFate::Written),
        ] {
            let mut state = fresh(Options::default());
            if let Some(since) = since {
                state.phase = Phase::Waiting { since: at(since) };
            }
            let plan = decide(&state, &sample);
            assert_eq!(plan.fate, want, "{since:?} {:?}", sample.timing.tag);
            let begins = want == PictureFate::Written;
            assert_eq!(plan.begin == Begin::Always, begins, "{since:?}");
        }
        let patient = Options { forced_switch: ForcedSwitch::Never, ..Options::default() };
        let mut state = fresh(patient);
        state.phase = Phase::Waiting { since: at(0) };
        let plan = decide(&state, &picture(3_600_000));
        assert_eq!(plan.fate, PictureFate::AwaitsKeyFrame);
    }

    #[test]
    fn y_14_a_declared_target_is_kept_by_a_cut_or_by_a_break() {
        let options = Options {
            target_duration: TargetDuration::Declared(Secs::new(8)),
            ..Options::default()
        };
        for (last, age, want) in [
            (8_419, 8_459, None),
            (8_420, 8_460, Some((Cause::TargetLimit, Seam::Whole))),
            (7_000, 8_499, Some((Cause::TargetLimit, Seam::Whole))),
            (7_000, 8_500, Some((Cause::Discontinuity, Seam::Broken))),
        ] {
            let plan = decide(&video_since_0(options, last), &picture(age));
            assert_eq!(ends(&plan), want, "{age}");
        }
    }

    #[test]
    fn a_requested_switch_falls_where_it_was_asked_for_and_not_before_the_segment_begins() {
        let requested = Some((Cause::Requested, Seam::Whole));
        for (request, sample, want) in [
            (Request::AtKeyFrame, picture(1_040), None),
            (Request::AtKeyFrame, key_frame(1_040), requested),
            (Request::AtOnce, picture(1_040), requested),
            (Request::None, key_frame(1_040), None),
        ] {
            let mut state = video_since_0(Options::default(), 1_000);
            state.request = request;
            assert_eq!(ends(&decide(&state, &sample)), want, "{request:?}");
        }
        // Video comes back to 1.0 s; audio has begun a segment at 2.0 s meanwhile.
        let mut state = fresh(Options::default()).open(2_000, BOTH).pictures_until(960);
        state.request = Request::AtOnce;
        assert_eq!(ends(&decide(&state, &picture(1_000))), None);
    }

    #[test]
    fn r_09_y_03_a_jump_ends_the_segment_and_what_follows_begins_one_where_the_host_keeps_it() {
        let drop = Options { mid_gop: MidGop::DropUntilKey, ..Options::default() };
        let keep = Options::default();
        for (options, sample, jumps, want) in [
            (keep, picture(11_000), false, PictureFate::Written),
            (keep, picture(11_001), true, PictureFate::Written),
            (keep, picture(1), false, PictureFate::Written),
            (keep, picture(0), true, PictureFate::Written),
            (drop, picture(11_001), true, PictureFate::AwaitsKeyFrame),
            (drop, key_frame(11_001), true, PictureFate::Written),
        ] {
            let mut state = video_since_0(options, 1_000);
            if jumps && !sample.key_frame {
                // One picture alone is no jump.
                assert_eq!(decide(&state, &sample).fate, PictureFate::Outlier);
                state.timeline.take_video(sample.timing.tag, Verdict::Outlier);
            }
            let plan = decide(&state, &sample);
            let tag = sample.timing.tag;
            assert_eq!(plan.jump.is_some(), jumps, "{tag:?}");
            assert_eq!(plan.fate, want, "{tag:?}");
            // The jump itself ends the segment.
            assert_eq!(plan.end, None, "{tag:?}");
        }
        // Before any segment was begun nothing is kept.
        let mut state = fresh(keep).pictures_until(1_000);
        state.timeline.take_video(at(50_000), Verdict::Outlier);
        let plan = decide(&state, &picture(50_000));
        assert_eq!(plan.fate, PictureFate::AwaitsKeyFrame);
    }

    #[test]
    fn r_79_audio_that_jumped_first_is_adopted_where_it_is_near() {
        for (first, want) in [
            (40_000, HeldAudio::Adopted { first: at(40_000) }),
            (49_999, HeldAudio::Adopted { first: at(49_999) }),
            (50_001, HeldAudio::Dropped(NoticeKind::AudioWrongTimeline)),
        ] {
            let mut state = video_since_0(Options::default(), 1_000).audio_until(1_000);
            state.audio.set_aside(at(0), &mut state.timeline.alignment);
            let state = state.holding(first, 2);
            let jump = decide(&state, &key_frame(40_000)).jump.unwrap();
            assert_eq!(jump.held, want, "{first}");
            assert_eq!(jump.by, TickSpan::from_millis(39_000));
        }
        let state = video_since_0(Options::default(), 1_000).holding(1_000, 2);
        let jump = decide(&state, &key_frame(40_000)).jump.unwrap();
        assert_eq!(jump.held, HeldAudio::Dropped(NoticeKind::AudioWrongTimeline));
    }

    #[test]
    fn f_08_a_picture_without_all_parameter_sets_is_dropped_and_its_jump_counts() {
        for (millis, jumps) in [(1_040, false), (50_000, true)] {
            let sample = PictureInput { decodable: false, ..key_frame(millis) };
            let plan = decide(&video_since_0(Options::default(), 1_000), &sample);
            let want = PictureFate::Dropped(NoticeKind::VideoBeforeHeader);
            assert_eq!((plan.fate, plan.begin), (want, Begin::Never), "{millis}");
            assert_eq!(plan.jump.is_some(), jumps, "{millis}");
        }
    }
}
