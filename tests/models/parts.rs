//! Parts of random streams: no promise to players is ever broken.

use hls_segmenter::config::{FragDuration, Options, Parts, TargetDuration};
use hls_segmenter::time::{Secs, WallTime};
use hls_segmenter::{Config, Container, End, Fmp4, LowLatency, Segmenter, SwitchAt, Ts};
use hls_segmenter_auditor::Auditor;
use proptest::prelude::*;

use crate::contract::{Accidents, accidents, options};
use crate::streams::{streams, tags};
use crate::support::OwnedTag;
use crate::support::parts::PartsSink;

/// Pushes a stream; the Auditor holds what comes of it to the rules.
fn run<C: Container>(tags: &[OwnedTag], options: &Options, accidents: &Accidents) {
    let config = Config::new(*options).unwrap();
    let mut segmenter = Segmenter::<LowLatency<C>>::with_container(config);
    let mut sink = PartsSink::default();
    sink.fails_at = accidents.fails_at.clone();
    let mut sink = Auditor::with_options(sink, options).any_input(true);
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
    sink.assert_clean();
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
        run::<Ts>(&tags, &options, &accidents);
        run::<Fmp4>(&tags, &options, &accidents);
    }
}
