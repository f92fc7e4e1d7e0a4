//! Random streams under any options: the Auditor finds nothing, and what goes in comes out once, or is accounted for.

use hls_segmenter::audit::{Auditor, Discard};
use hls_segmenter::config::{
    FragCount, FragDuration, KeyFramePolicy, MidGop, Options, UnrelatedClocks, WindowPolicy,
};
use hls_segmenter::time::TickSpan;
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Config, End, Segmenter};
use proptest::prelude::*;

use crate::streams::{streams, tags};

fn options() -> impl Strategy<Value = Options> {
    let cutting = (
        1_u32..6,
        1_u32..8,
        any::<bool>(),
        prop_oneof![Just(MidGop::Keep), Just(MidGop::DropUntilKey)],
        prop_oneof![3 => Just(KeyFramePolicy::Idr), 1 => Just(KeyFramePolicy::FrameType)],
    );
    let tracks = (
        any::<bool>(),
        proptest::option::of(Just(StreamType::AAC_ADTS)),
        any::<bool>(),
        500_i64..=1000,
        proptest::option::of(200_i64..2000),
    );
    (cutting, tracks).prop_map(|(cutting, tracks)| {
        let (secs, count, exactly, mid_gop, key_frames) = cutting;
        let (align, announced_audio, announced_video, lead, psi) = tracks;
        Options {
            frag_duration: FragDuration::new(secs).unwrap(),
            frag_count: FragCount::new(count).unwrap(),
            window: if exactly {
                WindowPolicy::Exactly
            } else {
                WindowPolicy::AtLeastThreeTargets
            },
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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_stream_and_no_options_break_the_contract(
        steps in streams(400),
        tracks in prop_oneof![4 => Just((true, true)), 1 => Just((false, true)), 1 => Just((true, false))],
        options in options(),
        pause_at in 0_usize..400,
    ) {
        let mut segmenter = Segmenter::new(Config::new(options).unwrap());
        let mut auditor = Auditor::with_options(Discard, &options).any_input(true);
        for (nth, tag) in tags(&steps, tracks).iter().enumerate() {
            let _ = segmenter.push(tag.borrow(), &mut auditor);
            if nth == pause_at {
                segmenter.finish(End::Pause, &mut auditor).unwrap();
            }
        }
        segmenter.finish(End::List, &mut auditor).unwrap();
        let found: Vec<_> = auditor.violations().iter().map(ToString::to_string).collect();
        prop_assert!(found.is_empty(), "{found:?}");
    }
}
