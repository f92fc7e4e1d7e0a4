//! What happens to the audio of a tag.
//!
//! Beside video, audio follows: it is gathered into whatever segment is open, and cuts nothing.
//! Where there is no video, or none any more, audio leads and makes the cuts itself.

use crate::audio::GATHERED;
use crate::notice::NoticeKind;
use crate::sample::{AudioBatch, MAX_PES_AUDIO_LEN};
use crate::segment::Cause;
use crate::time::{TickSpan, Ticks};
use crate::timeline::{Alignment, AudioClock, ClockRate, JudgedAudio, Verdict, VideoBeside};

use super::audio_track::AudioTrackState;
use super::part::PartEnd;
use super::phase::OpenSegment;
use super::plan::{Cut, HeldAudio, Jump, Seam};
use super::rules::Decision;
use super::state::{Request, State};
use super::video_track::VideoTrackState;

/// What is to be done about the audio of a tag, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AudioPlan {
    /// Ends the timeline: audio leads, and has jumped.
    pub(crate) jump: Option<Jump>,
    pub(crate) early: EarlyAudio,
    /// Ends the open segment before these frames.
    pub(crate) end: Option<Cut>,
    /// Ends a part of the open segment there, before these frames.
    pub(crate) part: Option<Ticks>,
    /// Takes the format of these frames for that of the segments.
    pub(crate) joins: bool,
    /// Begins a segment there if none is open then.
    pub(crate) begin: Option<Ticks>,
    /// What becomes of the frames.
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
        part: None,
        joins: false,
        begin: None,
        fate: AudioFate::Gathered,
        flush: false,
    };

    /// The frames are dropped, and nothing else happens.
    const fn off_timeline(kind: NoticeKind) -> Self {
        Self { fate: AudioFate::OffTimeline(kind), ..Self::WRITE }
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
        Verdict::Stray | Verdict::Outlier => {
            return AudioPlan::off_timeline(NoticeKind::AudioWrongTimeline);
        }
        Verdict::Unrelated => return AudioPlan::off_timeline(NoticeKind::UnrelatedClocks),
        Verdict::GoesOn => {
            if let Alignment::AudioEarly { set_aside, rate, .. } = state.timeline.alignment {
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
            }
        }
        Verdict::Jump(by) => {
            let held = HeldAudio::Dropped(NoticeKind::AudioWrongTimeline);
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
    /// Whether video has come, and whether it is silent.
    video: VideoBeside,
    clock: AudioClock,
    /// Video has not reached the timeline that these frames are on.
    is_early: bool,
    /// Its clock is that of the format that the segments so far carry.
    holds_carried: bool,
    /// Frames that waited still do: a jump, and the end of early audio, leave none. Nobody asks
    /// while audio is early.
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
///
/// Beside video that goes on, frames are written unless their format waits for a key frame. Audio
/// that leads ends segments by its own rule, and lets its format join at once:
///
/// ```text
///   V goes on, A of a format that is not listed        dropped until a key frame begins a segment
///   V silent, A of a format that is not listed         ends the segment there; the next lists it
///   V silent, segment since 0.0 s, A at 60.0 s         ends the segment there, as video would
/// ```
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
        plan.end = Some(Cut { at: batch.time, cause, seam: Seam::Broken });
    } else if leads || is_silent {
        plan.end = cut_before(state, open, &clock, pts);
    }
    if plan.end.is_some() {
        plan.begin = Some(pts);
        start = pts;
    } else if let Some(parts) = state.options.parts
        && (leads || is_silent)
        && open.part.ends_before_audio(parts, pts) == PartEnd::Before
    {
        plan.part = Some(pts);
    }
    plan.flush = is_silent && start == pts;
    plan
}

/// Returns how the open segment ends before audio at `pts`, if it does: audio leads.
///
/// A switch that the host wants at a key frame waits for one while video is only silent; without
/// video every audio frame is as good as a key frame.
fn cut_before(state: &State, open: &OpenSegment, clock: &AudioClock, pts: Ticks) -> Option<Cut> {
    let leads = open.is_audio_alone();
    let age = pts - open.start.start;
    let whole = |cause| {
        let seam = Seam::Whole;
        Some(Cut { at: pts, cause, seam })
    };
    // Silence is longer than the hole that parts allow.
    let is_broken = |parts| open.has_pictures() || open.part.is_broken_at(parts, pts);
    if state.options.parts.is_some_and(is_broken) {
        return Some(Cut { at: pts, cause: Cause::Discontinuity, seam: Seam::Broken });
    }
    if state.request == Request::AtOnce || leads && state.request != Request::None {
        return whole(Cause::Requested);
    }
    if state.rule.breaks_target(age) {
        return Some(Cut { at: pts, cause: Cause::Discontinuity, seam: Seam::Broken });
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
///
/// Held frames wait for the picture that begins a segment. Where none is to be expected, audio
/// begins one itself, as soon as 300 ms wait or no more fit: a PES packet is full then, and holding
/// on would lose its oldest frames.
///
/// ```text
///   A at 0.00 s, 0.02 s, …, no sign of video      begins a segment at 0.00 s when A at 0.30 s comes
///   the same after a sequence header of video     held up to 5 s; the oldest frames make room
/// ```
fn held(state: &State, audio: AudioThen, batch: &AudioBatch<'_>, mut plan: AudioPlan) -> AudioPlan {
    plan.fate = AudioFate::Held;
    let kind = if audio.is_early {
        NoticeKind::AudioWrongTimeline
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
        let has_room =
            gather.map_or(batch.len <= MAX_PES_AUDIO_LEN, |gather| gather.fits(batch.len));
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
///
/// ```text
///   no header, nothing announced                        at once
///   metadata announces video, none for 1.0 s            then: the announcement was wrong
///   a sequence header, no picture for 5 s               then: the encoder sends none
///   pictures came and have stopped for 10 s             then: video is silent
/// ```
pub(crate) fn may_begin_alone(state: &State, video: VideoBeside, waited: TickSpan) -> bool {
    let track = state.video.track;
    if state.options.require_video && !track.has_joined() {
        return false;
    }
    // After a header pictures are waited for, but not for ever: audio would be held as long.
    let is_known = !matches!(track, VideoTrackState::Absent | VideoTrackState::Left(_));
    let is_lost = !video.has_come && waited >= state.options.picture_wait;
    let comes = is_known && !video.is_silent && !is_lost;
    let is_announced = state.video.announced && waited < state.options.track_wait;
    !comes && !is_announced
}

#[cfg(test)]
mod tests {
    use super::super::audio_track::Join;
    use super::super::phase::Phase;
    use super::super::testing::*;
    use super::*;
    use crate::config::{Options, TargetDuration, UnrelatedClocks};
    use crate::sample::PictureKind;
    use crate::stream_type::StreamType;
    use crate::time::Secs;

    fn decide(state: &State, mut batch: AudioBatch<'_>) -> AudioPlan {
        let judged = state.timeline.judge_audio(batch.time);
        batch.time = judged.time;
        decide_audio(state, &judged, &batch)
    }

    fn ends(plan: &AudioPlan) -> Option<(Cause, Seam)> {
        plan.end.map(|cut| (cut.cause, cut.seam))
    }

    fn audio_since_0(options: Options, last: i64) -> State {
        fresh(options).open(0, AUDIO_ALONE).audio_until(last)
    }

    /// Video until `video`, audio until `audio`, in a segment since 0.
    fn both(video: i64, audio: i64) -> State {
        let state = fresh(Options::default()).open(0, BOTH);
        state.pictures_until(video).audio_until(audio)
    }

    #[test]
    fn x8_audio_alone_ends_a_segment_at_frag_duration_and_begins_the_next() {
        for (millis, want) in [(4_999, None), (5_000, Some((Cause::AudioOnly, Seam::Whole)))] {
            // The frame before ends two frames or more away, so that the tag is believed.
            let plan = decide(&audio_since_0(Options::default(), 4_000), batch(millis));
            assert_eq!(ends(&plan), want, "{millis}");
            assert_eq!(plan.begin, want.map(|_| at(millis)), "{millis}");
            assert_eq!((plan.fate, plan.flush), (AudioFate::Gathered, false), "{millis}");
        }
    }

    #[test]
    fn x8_y_05_audio_beside_video_makes_no_cut_and_a_request_waits_for_video() {
        for request in [Request::None, Request::AtKeyFrame, Request::AtOnce] {
            let mut state = both(9_960, 9_980);
            state.request = request;
            assert_eq!(decide(&state, batch(10_000)), AudioPlan::WRITE, "{request:?}");
        }
    }

    #[test]
    fn a_requested_switch_falls_on_the_next_frame_of_audio_alone() {
        for request in [Request::AtKeyFrame, Request::AtOnce] {
            let mut state = audio_since_0(Options::default(), 979);
            state.request = request;
            let plan = decide(&state, batch(1_000));
            assert_eq!(ends(&plan), Some((Cause::Requested, Seam::Whole)), "{request:?}");
        }
    }

    #[test]
    fn y_14_audio_alone_keeps_a_declared_target_or_breaks_off() {
        let options = Options {
            target_duration: TargetDuration::Declared(Secs::new(5)),
            ..Options::default()
        };
        for (millis, want) in [
            (4_900, None),
            (5_000, Some((Cause::AudioOnly, Seam::Whole))),
            (5_499, Some((Cause::AudioOnly, Seam::Whole))),
            (5_500, Some((Cause::Discontinuity, Seam::Broken))),
        ] {
            let plan = decide(&audio_since_0(options, 4_000), batch(millis));
            assert_eq!(ends(&plan), want, "{millis}");
        }
    }

    #[test]
    fn y_09_beside_silent_video_audio_makes_the_forced_switch_and_is_written_at_once() {
        for (video, millis, want) in [
            (50_000, 60_000, None),
            (49_999, 60_000, Some((Cause::Forced, Seam::Whole))),
            (40_000, 59_999, None),
        ] {
            let plan = decide(&both(video, millis - 500), batch(millis));
            assert_eq!(ends(&plan), want, "V {video}, A {millis}");
            assert_eq!(plan.flush, want.is_some(), "V {video}, A {millis}");
        }
        // A host that wants a switch at once gets it; one that wants a key frame waits for video.
        for (request, want) in
            [(Request::AtOnce, Some((Cause::Requested, Seam::Whole))), (Request::AtKeyFrame, None)]
        {
            let mut state = both(1_000, 11_500);
            state.request = request;
            assert_eq!(ends(&decide(&state, batch(12_000))), want, "{request:?}");
        }
    }

    #[test]
    fn y_04_y_05_another_format_waits_for_a_key_frame_unless_audio_leads() {
        let changed = |mut state: State, carried: Option<[u8; 2]>| {
            let carried = carried.map(aac);
            state.audio.track = AudioTrackState::Coded {
                format: aac(AAC_44100),
                join: Join::Waits { carried, rate: ClockRate::Carried },
            };
            state
        };
        let listed = |program| fresh(Options::default()).open(0, program);
        let change = Some((Cause::ConfigChange, Seam::Broken));
        let join = Some((Cause::TrackChange, Seam::Broken));
        for (name, state, carried, want, fate) in [
            ("video goes on", both(1_000, 1_000), Some(AAC_48000), None, AudioFate::NotJoined),
            ("video is silent", both(1_000, 11_500), Some(AAC_48000), change, AudioFate::Gathered),
            (
                "audio alone",
                listed(AUDIO_ALONE).audio_until(1_000),
                Some(AAC_48000),
                change,
                AudioFate::Gathered,
            ),
            (
                "first audio, video silent",
                listed(VIDEO_ALONE).pictures_until(1_000).audio_until(11_500),
                None,
                join,
                AudioFate::Gathered,
            ),
            // The tables list it already.
            ("announced", both(1_000, 1_000), None, None, AudioFate::Gathered),
        ] {
            let state = changed(state, carried);
            let millis = if name.contains("silent") { 12_000 } else { 1_040 };
            let plan = decide(&state, batch(millis));
            assert_eq!((ends(&plan), plan.fate), (want, fate), "{name}");
            assert_eq!(plan.joins, fate == AudioFate::Gathered, "{name}");
        }
    }

    #[test]
    fn y_06_y_08_audio_is_held_before_a_segment_and_begins_one_where_no_video_comes() {
        let with_header = |mut state: State| {
            state.video.track = VideoTrackState::Known(StreamType::AVC);
            state
        };
        let announced = Options { announced_video: true, ..Options::default() };
        let required = Options { require_video: true, ..Options::default() };
        // Fifteen frames of 21.3 ms are more than 300 ms.
        for (name, state, held, want) in [
            ("not enough waits", fresh(Options::default()), 5, None),
            ("300 ms wait", fresh(Options::default()), 15, Some(at(0))),
            ("a header came", with_header(fresh(Options::default())), 15, None),
            ("video is announced", fresh(announced), 15, None),
            ("video is required", fresh(required), 15, None),
        ] {
            let plan = decide(&state.holding(0, held), batch(held * 21));
            assert_eq!((plan.begin, plan.fate), (want, AudioFate::Held), "{name}");
        }
        // Announced video is waited for, up to a second; one with a header up to five.
        for (state, waited, want) in [
            (fresh(announced), 999, None),
            (fresh(announced), 1_000, Some(at(0))),
            (with_header(fresh(Options::default())), 4_999, None),
            (with_header(fresh(Options::default())), 5_000, Some(at(0))),
        ] {
            let mut state = state.holding(0, 15);
            state.phase.wait(at(315 - waited));
            assert_eq!(decide(&state, batch(315)).begin, want, "{waited}");
        }
    }

    #[test]
    fn y_08_a_frame_larger_than_what_can_be_held_is_dropped_before_a_segment() {
        static LARGE: [u8; MAX_PES_AUDIO_LEN + 1] = [0x21; MAX_PES_AUDIO_LEN + 1];
        let mut state = fresh(Options::default());
        state.video.track = VideoTrackState::Known(StreamType::AVC);
        let plan = decide(&state, batch_of(0, &LARGE));
        let kind = NoticeKind::AudioBeforeKeyFrame;
        assert_eq!(plan.fate, AudioFate::TooLarge(kind));
    }

    #[test]
    fn r_10_f_40_audio_on_no_timeline_that_goes_on_is_dropped_without_a_trace() {
        let mut jumped = both(1_000, 1_000);
        let jump = jumped.timeline.judge_video(at(40_000), PictureKind::Key);
        jumped.timeline.take_video(at(40_000), jump);
        let unrelated = fresh(Options::default()).open(0, VIDEO_ALONE).pictures_until(1_000);
        for (state, kind) in
            [(jumped, NoticeKind::AudioWrongTimeline), (unrelated, NoticeKind::UnrelatedClocks)]
        {
            let plan = decide(
                &state,
                batch(if kind == NoticeKind::AudioWrongTimeline { 1_021 } else { 900_000 }),
            );
            assert_eq!(plan, AudioPlan::off_timeline(kind));
        }
    }

    #[test]
    fn y_13_unrelated_audio_is_aligned_with_video_where_the_host_wants_it() {
        let options =
            Options { unrelated_clocks: UnrelatedClocks::AlignToLead, ..Options::default() };
        let state = fresh(options).open(0, BOTH).pictures_until(1_000);
        assert_eq!(decide(&state, batch(900_000)), AudioPlan::WRITE);
    }

    #[test]
    fn r_79_audio_that_jumps_before_video_is_held_aside_and_comes_back_if_video_does_not_follow() {
        let mut state = both(1_000, 1_000);
        let plan = decide(&state, batch(40_000));
        assert_eq!((plan.early, plan.fate), (EarlyAudio::Begins, AudioFate::Held));
        assert_eq!((plan.jump, plan.end, plan.begin), (None, None, None));
        state.audio.set_aside(at(0), &mut state.timeline.alignment);
        let state = state.holding(40_000, 2);
        let plan = decide(&state, batch(40_042));
        assert_eq!((plan.early, plan.fate), (EarlyAudio::Unchanged, AudioFate::Held));
        let plan = decide(&state, batch(1_021));
        assert_eq!((plan.early, plan.fate), (EarlyAudio::Ends, AudioFate::Gathered));
    }

    #[test]
    fn y_09_r_79_audio_that_comes_back_makes_the_forced_switch_where_its_own_clock_stands() {
        let mut state = both(49_999, 59_500);
        state.audio.set_aside(at(0), &mut state.timeline.alignment);
        let plan = decide(&state.holding(100_000, 2), batch(60_000));
        assert_eq!(
            (plan.early, ends(&plan)),
            (EarlyAudio::Ends, Some((Cause::Forced, Seam::Whole)))
        );
        assert_eq!(plan.begin, Some(at(60_000)));
    }

    #[test]
    fn r_79_frames_held_for_a_jump_that_never_came_begin_no_segment() {
        let mut state = both(1_000, 12_500);
        state.audio.set_aside(at(0), &mut state.timeline.alignment);
        // As many as fit: one more would begin a segment.
        let mut state = state.holding(40_000, 32);
        state.phase = Phase::Idle;
        let plan = decide(&state, batch(12_521));
        assert_eq!((plan.early, plan.fate, plan.begin), (EarlyAudio::Ends, AudioFate::Held, None));
    }

    /// Lets a format wait to join; clock and frames that wait are of `rate`'s.
    fn changed(mut state: State, rate: ClockRate) -> State {
        let join = Join::Waits { carried: Some(aac(AAC_48000)), rate };
        state.audio.track = AudioTrackState::Coded { format: aac(AAC_44100), join };
        state
    }

    #[test]
    fn y_05_frames_of_the_format_before_begin_no_segment_of_the_next() {
        for (rate, want) in [(ClockRate::Carried, None), (ClockRate::Joining, Some(at(0)))] {
            // As many as fit: one more would begin a segment.
            let state = changed(fresh(Options::default()).holding(0, 32), rate);
            let plan = decide(&state, batch(683));
            assert_eq!((plan.joins, plan.begin), (true, want), "{rate:?}");
        }
    }

    #[test]
    fn y_05_the_first_frame_of_another_format_is_placed_by_its_tag() {
        static LARGE: [u8; MAX_PES_AUDIO_LEN + 1] = [0x21; MAX_PES_AUDIO_LEN + 1];
        // The clock of the format before says 320 ms.
        let state = changed(fresh(Options::default()).holding(0, 15), ClockRate::Carried);
        assert_eq!(decide(&state, batch_of(315, &LARGE)).begin, Some(at(315)));
        // The clock that was set aside says 59,521 ms.
        let mut state = changed(both(49_000, 59_500), ClockRate::Joining);
        state.timeline.alignment = Alignment::AudioEarly {
            at: at(0),
            set_aside: state.audio.clock,
            rate: ClockRate::Carried,
        };
        let plan = decide(&state, batch(59_515));
        assert_eq!((plan.early, plan.begin), (EarlyAudio::Ends, Some(at(59_515))));
    }

    #[test]
    fn r_09_behind_a_jump_no_audio_waits_and_the_clock_begins_anew() {
        static LARGE: [u8; MAX_PES_AUDIO_LEN + 1] = [0x21; MAX_PES_AUDIO_LEN + 1];
        // As many as fit: one more would begin a segment.
        let mut state = fresh(Options::default()).audio_until(100_000).holding(100_021, 32);
        state.timeline.take_audio(&state.timeline.judge_audio(at(49_979)));
        assert_eq!(decide(&state, batch(50_000)).begin, None);
        assert_eq!(decide(&state, batch_of(50_000, &LARGE)).begin, Some(at(50_000)));
    }

    #[test]
    fn r_09_audio_that_leads_breaks_the_timeline_by_its_own_jump_and_is_held() {
        for (name, state, millis) in [
            ("alone", audio_since_0(Options::default(), 1_000), 11_001),
            ("alone, backwards", audio_since_0(Options::default(), 2_000), 0),
            ("video is silent", both(1_000, 11_500), 40_000),
        ] {
            let mut state = state;
            let plan = decide(&state, batch(millis));
            assert_eq!(plan, AudioPlan::off_timeline(NoticeKind::AudioWrongTimeline), "{name}");
            state.timeline.take_audio(&state.timeline.judge_audio(at(millis)));
            let plan = decide(&state, batch(millis + 21));
            let jump = plan.jump.expect(name);
            assert_eq!(jump.held, HeldAudio::Dropped(NoticeKind::AudioWrongTimeline), "{name}");
            assert_eq!((plan.fate, plan.begin), (AudioFate::Held, None), "{name}");
        }
    }
}
