//! Parts of random streams: no promise to players is ever broken.

use hls_segmenter::config::{FragDuration, Options, Parts, TargetDuration};
use hls_segmenter::time::{Secs, WallTime};
use hls_segmenter::{Config, Container, End, Fmp4, LowLatency, Segmenter, SwitchAt, Ts};
use proptest::prelude::*;

use crate::contract::{Accidents, accidents, options};
use crate::streams::{streams, tags};
use crate::support::OwnedTag;
use crate::support::parts::PartsSink;

/// Pushes a stream, and returns what came; the sink holds it to the rules.
fn run<C: Container>(tags: &[OwnedTag], options: &Options, accidents: &Accidents) -> PartsSink {
    let config = Config::new(*options).unwrap();
    let mut segmenter = Segmenter::<LowLatency<C>>::with_container(config);
    let mut sink = PartsSink::new(options.parts.unwrap());
    sink.fails_at = accidents.fails_at.clone();
    segmenter.set_wall_time(WallTime::from_unix_millis(1_795_421_730_250));
    for (nth, tag) in tags.iter().enumerate() {
        let _ = segmenter.push(tag.borrow(), &mut sink);
        if accidents.pause_at == Some(nth) {
            let _ = segmenter.finish(End::Pause, &mut sink);
        }
        if accidents.switches_at.contains(&nth) {
            segmenter.request_switch(SwitchAt::Once);
        }
    }
    let _ = segmenter.finish(End::List, &mut sink);
    sink
}

/// Tags of the whole list that no version may change.
fn constants(text: &str) -> Vec<&str> {
    let is_constant = |line: &&str| {
        ["#EXT-X-SERVER-CONTROL:", "#EXT-X-PART-INF:", "#EXT-X-TARGETDURATION:"]
            .iter()
            .any(|tag| line.starts_with(tag))
    };
    text.lines().filter(is_constant).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ll_1_ll_2_no_stream_breaks_a_promise_about_parts(
        steps in streams(400),
        tracks in prop_oneof![4 => Just((true, true)), 1 => Just((false, true)), 1 => Just((true, false))],
        options in options(),
        secs in 1_u32..6,
        millis in prop_oneof![Just(333_u32), Just(500), Just(1000), 300_u32..2000],
        accidents in accidents(),
    ) {
        let options = Options {
            frag_duration: FragDuration::new(secs).unwrap(),
            target_duration: TargetDuration::Declared(Secs::new(secs + 2)),
            parts: Some(Parts::lasting(millis).unwrap()),
            ..options
        };
        let tags = tags(&steps, tracks);
        for sink in [run::<Ts>(&tags, &options, &accidents), run::<Fmp4>(&tags, &options, &accidents)] {
            for pair in sink.texts.windows(2) {
                prop_assert_eq!(constants(&pair[0].0), constants(&pair[1].0));
            }
        }
    }
}
