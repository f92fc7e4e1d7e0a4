//! Renditions of one publication: engines fed streams of equal times cut alike.

use hls_segmenter::config::Options;
use hls_segmenter::time::Ticks;
use proptest::prelude::*;

use crate::contract::options;
use crate::streams::{Step, streams, tags};
use crate::support::{self, OwnedTag};

/// The same stream with pictures of other sizes.
fn rendition(steps: &[Step]) -> Vec<Step> {
    let resized = |step: &Step| match *step {
        Step::Picture { key_frame, composition, len } => {
            Step::Picture { key_frame, composition, len: len * 7 + 300 }
        }
        other => other,
    };
    steps.iter().map(resized).collect()
}

/// Number, start and discontinuity of each segment.
fn cuts(tags: &[OwnedTag], options: Options) -> Vec<(u64, Ticks, bool)> {
    let output = support::run_any(tags, options);
    let starts = output.memory.starts.iter();
    starts.map(|start| (start.sequence, start.start, start.discontinuity)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pl_6_renditions_of_equal_key_frames_are_cut_alike(
        steps in streams(300),
        options in options(),
    ) {
        let large = cuts(&tags(&steps, (true, true)), options);
        let small = cuts(&tags(&rendition(&steps), (true, true)), options);
        prop_assert_eq!(large, small);
    }
}
