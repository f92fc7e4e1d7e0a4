//! Random streams under any options, with pauses and failing sinks: the Auditor, told that the
//! source may be anything, finds nothing.

use std::collections::BTreeSet;

use hls_segmenter::config::{
    FragCount, FragDuration, KeyFramePolicy, MidGop, Options, UnrelatedClocks, WindowPolicy,
};
use hls_segmenter::flv::TagKind;
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::{TickSpan, Ticks};
use hls_segmenter::ts::StreamType;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Cause, Config, Container, End, Error, Fmp4, Segment, SegmentSink, SegmentStart, Segmenter,
    SwitchAt, Ts,
};
use hls_segmenter_auditor::Auditor;
use proptest::collection::btree_set;
use proptest::option;
use proptest::prelude::*;

use crate::streams::{Step, streams, tags};
use crate::support::OwnedTag;

pub(crate) fn options() -> impl Strategy<Value = Options> {
    let cutting = (
        1_u32..6,
        1_u32..8,
        any::<bool>(),
        prop_oneof![Just(MidGop::Keep), Just(MidGop::DropUntilKey)],
        prop_oneof![3 => Just(KeyFramePolicy::Idr), 1 => Just(KeyFramePolicy::FrameType)],
    );
    let tracks = (
        any::<bool>(),
        option::of(Just(StreamType::AAC_ADTS)),
        any::<bool>(),
        500_i64..=1000,
        option::of(200_i64..2000),
    );
    (cutting, tracks).prop_map(|(cutting, tracks)| {
        let (secs, count, exactly, mid_gop, key_frames) = cutting;
        let (align, announced_audio, announced_video, lead, psi) = tracks;
        Options {
            frag_duration: FragDuration::new(secs).unwrap(),
            frag_count: FragCount::new(count).unwrap(),
            window: if exactly { WindowPolicy::Exactly } else { WindowPolicy::AtLeastThreeTargets },
            mid_gop,
            key_frames,
            unrelated_clocks: if align {
                UnrelatedClocks::AlignToLead
            } else {
                UnrelatedClocks::Drop
            },
            announced_audio,
            announced_video,
            pcr_lead: TickSpan::from_millis(lead),
            psi_interval: psi.map(TickSpan::from_millis),
            ..Options::default()
        }
    })
}

/// Fails at the calls of these numbers.
#[derive(Debug, Default)]
pub(crate) struct Failing {
    calls: usize,
    fails_at: BTreeSet<usize>,
    failed: usize,
    closed: Vec<Segment>,
}

impl Failing {
    pub(crate) fn at(fails_at: &BTreeSet<usize>) -> Self {
        Self { fails_at: fails_at.clone(), ..Self::default() }
    }

    fn call(&mut self) -> Result<(), ()> {
        self.calls += 1;
        if self.fails_at.contains(&self.calls) {
            self.failed += 1;
            return Err(());
        }
        Ok(())
    }
}

impl SegmentSink for Failing {
    type Error = ();

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), ()> {
        self.call()
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), ()> {
        self.call()
    }

    fn init_section(&mut self, _: &Init<'_>) -> Result<(), ()> {
        self.call()
    }

    fn write_payload(&mut self, _: Payload<'_>) -> Result<(), ()> {
        self.call()
    }

    fn close_fragment(&mut self, _: FragmentHead<'_>) -> Result<(), ()> {
        self.call()
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), ()> {
        self.closed.push(*segment);
        self.call()
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), ()> {
        self.call()
    }
}

/// What the host does and suffers, by the number of the tag or of the sink call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accidents {
    pub(crate) pause_at: Option<usize>,
    pub(crate) switches_at: BTreeSet<usize>,
    pub(crate) fails_at: BTreeSet<usize>,
}

pub(crate) fn accidents() -> impl Strategy<Value = Accidents> {
    let fails_at = prop_oneof![Just(BTreeSet::new()), btree_set(1_usize..300, 1..6)];
    let switches_at = btree_set(0_usize..400, 0..3);
    (option::of(0_usize..400), switches_at, fails_at)
        .prop_map(|(pause_at, switches_at, fails_at)| Accidents { pause_at, switches_at, fails_at })
}

/// Pushes a stream, in either container, and asserts that the Auditor finds nothing, and that errors
/// are told as they come.
fn assert_contract(tags: &[OwnedTag], options: &Options, accidents: Accidents) {
    let (ts, ts_early) = assert_contract_of::<Ts>(tags, options, &accidents);
    let (fmp4, fmp4_early) = assert_contract_of::<Fmp4>(tags, options, &accidents);
    // MP3 is dropped in fMP4, calls that fail are others, and what is announced is listed only when
    // it comes. Frames that wait for video are more where they have no headers.
    let has_mp3 = tags.iter().any(|tag| tag.kind == TagKind::AUDIO && tag.data[0] == 0x2f);
    if !has_mp3
        && accidents.fails_at.is_empty()
        && options.announced_audio.is_none()
        && fmp4_early == ts_early
    {
        assert_eq!(fmp4, ts);
    }
}

/// What is told of a segment whatever its container: where it lies, its frames, and why it ended.
type Told = (Ticks, TickSpan, [u32; 2], TickSpan, Cause);

fn assert_contract_of<C: Container>(
    tags: &[OwnedTag],
    options: &Options,
    accidents: &Accidents,
) -> (Vec<Told>, u64) {
    let mut segmenter = Segmenter::<C>::with_container(Config::new(*options).unwrap());
    let sink = Failing::at(&accidents.fails_at);
    let mut auditor = Auditor::with_options(sink, options).any_input(true);
    for (nth, tag) in tags.iter().enumerate() {
        let failed = auditor.inner().failed;
        let pushed = segmenter.push(tag.borrow(), &mut auditor);
        let fails = auditor.inner().failed > failed;
        assert_eq!(pushed == Err(Error::Sink(())), fails, "tag {nth}");
        if accidents.pause_at == Some(nth) {
            let _ = segmenter.finish(End::Pause, &mut auditor);
        }
        if accidents.switches_at.contains(&nth) {
            segmenter.request_switch(SwitchAt::Once);
        }
    }
    let _ = segmenter.finish(End::List, &mut auditor);
    auditor.assert_clean();
    let told = auditor.inner().closed.iter();
    let told =
        told.map(|s| (s.start, s.duration, [s.frames, s.key_frames], s.longest_gop, s.cause));
    (told.collect(), segmenter.stats().count(NoticeKind::AudioBeforeKeyFrame))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_stream_and_no_options_break_the_contract(
        steps in streams(400),
        tracks in prop_oneof![4 => Just((true, true)), 1 => Just((false, true)), 1 => Just((true, false))],
        options in options(),
        accidents in accidents(),
    ) {
        assert_contract(&tags(&steps, tracks), &options, accidents);
    }
}

/// AAC frames in step.
fn sound(count: usize) -> Vec<Step> {
    vec![Step::Audio { jitter: 0, len: 1 }; count]
}

/// One picture.
fn shown(key_frame: bool) -> Vec<Step> {
    vec![Step::Picture { key_frame, composition: 0, len: 1 }]
}

fn short() -> Options {
    Options { frag_duration: FragDuration::new(1).unwrap(), ..Options::default() }
}

#[test]
fn video_of_an_earlier_publication_does_not_come_back_with_a_lost_segment() {
    // Behind the pause audio begins alone, and the header of video comes: then a call fails.
    let steps = [
        shown(true),
        sound(20),
        vec![Step::AudioHeader { rate: 44_100 }],
        sound(20),
        vec![Step::VideoHeader { other: false }, Step::AudioHole(4971)],
        sound(1),
        shown(false),
        sound(4),
    ]
    .concat();
    for call in 1..80 {
        let accidents = Accidents {
            pause_at: Some(22),
            fails_at: BTreeSet::from([call]),
            ..Accidents::default()
        };
        assert_contract(&tags(&steps, (true, true)), &short(), accidents);
    }
}

#[test]
fn h_05_a_picture_that_was_moved_begins_a_segment_behind_a_change() {
    // Three pictures are moved by ticks, the last of them a key frame that begins a segment.
    let steps = [
        shown(true),
        shown(false),
        shown(false),
        sound(1),
        shown(false),
        vec![Step::AudioHeader { rate: 48_000 }, Step::Jump(-120)],
        shown(false),
        shown(false),
        vec![Step::AudioHole(537)],
        shown(true),
        sound(1),
        shown(false),
        sound(2),
        shown(false),
        vec![Step::AudioHeader { rate: 44_100 }],
    ]
    .concat();
    assert_contract(&tags(&steps, (true, true)), &short(), Accidents::default());
}

#[test]
fn a_frame_that_came_when_a_segment_could_not_begin_is_kept() {
    // Announced video is waited for anew behind the failure, so that frames gather across the lost
    // one.
    let options = Options { announced_video: true, ..short() };
    for hole in [900, 1000, 1100] {
        for rest in 2..8 {
            let steps = [sound(2), vec![Step::AudioHole(hole)], sound(rest)].concat();
            for call in 1..10 {
                let accidents =
                    Accidents { fails_at: BTreeSet::from([call]), ..Accidents::default() };
                assert_contract(&tags(&steps, (false, true)), &options, accidents);
            }
        }
    }
}

/// Video falls silent, audio begins a segment without it, and video comes back a little before
/// that.
fn video_back_before_the_segment() -> Vec<Step> {
    let back = [shown(false), shown(false), shown(false)].concat();
    let hole = vec![Step::AudioHole(9568)];
    [sound(145), shown(true), sound(6), hole, sound(1), back].concat()
}

/// The tag of that stream with which audio begins a segment.
const AUDIO_BEGINS: usize = 154;

#[test]
fn h_05_a_segment_whose_video_lies_before_it_ends_with_its_audio() {
    for pause_at in AUDIO_BEGINS..AUDIO_BEGINS + 4 {
        let accidents = Accidents {
            pause_at: Some(pause_at),
            switches_at: BTreeSet::from([0]),
            ..Accidents::default()
        };
        let tags = tags(&video_back_before_the_segment(), (true, true));
        assert_contract(&tags, &short(), accidents);
    }
}

#[test]
fn h_05_no_switch_falls_before_the_segment() {
    for again in AUDIO_BEGINS..AUDIO_BEGINS + 4 {
        let accidents =
            Accidents { switches_at: BTreeSet::from([0, again]), ..Accidents::default() };
        let tags = tags(&video_back_before_the_segment(), (true, true));
        assert_contract(&tags, &short(), accidents);
    }
}

#[test]
fn t_10_video_that_begins_anew_far_behind_audio_has_a_clock_of_its_own() {
    // Audio whose clock was aligned to a picture of long ago goes on alone, ten seconds ahead of
    // video.
    let key_frame = shown(true);
    let steps = [
        shown(false),
        vec![Step::Jump(-10_213)],
        sound(1),
        key_frame.clone(),
        vec![Step::VideoHole(12_000)],
        shown(false),
        [1, 748, 27, 1409, 1351].map(|len| Step::Audio { jitter: 0, len }).to_vec(),
        vec![Step::AudioHeader { rate: 48_000 }],
        key_frame,
    ]
    .concat();
    let options = Options {
        unrelated_clocks: UnrelatedClocks::AlignToLead,
        mid_gop: MidGop::DropUntilKey,
        ..short()
    };
    assert_contract(&tags(&steps, (true, true)), &options, Accidents::default());
}

#[test]
fn y_05_a_picture_that_waits_for_a_key_frame_does_not_bring_video_back() {
    // Video has left for AV1, and audio has begun a segment alone; MP3 then begins another.
    let av1 = vec![Step::Foreign { video: true }];
    let mp3 = vec![Step::Mp3 { frames: 1 }];
    let held = vec![Step::AudioHole(9_954)];
    let steps = [held, shown(true), sound(1), av1, sound(15), shown(false), mp3, shown(false)];
    let lost_at_once = Accidents { fails_at: [1].into(), ..Accidents::default() };
    assert_contract(&tags(&steps.concat(), (true, true)), &short(), lost_at_once);
}

#[test]
fn r_30_a_segment_that_audio_has_just_begun_keeps_its_frame_where_video_jumps() {
    // Audio runs 10 s ahead of its tags in a burst, and ends the segment; video then jumps there.
    let burst = vec![Step::Burst(3)];
    let hole = vec![Step::VideoHole(10_221)];
    let late = vec![Step::Audio { jitter: 2, len: 1 }];
    let steps = [shown(false), late, hole, shown(false), burst, shown(false)];
    assert_contract(&tags(&steps.concat(), (true, true)), &short(), Accidents::default());
}
