//! The guard before decisions: a plain sample that comes while nothing can happen is written
//! without one.
//!
//! The same stream is written twice, the second time so that no tag is plain: Enhanced RTMP headers
//! before AAC frames, and a delimiter before the slice. What comes out must be the same to the
//! byte, every notice included. And the engine itself asserts, wherever debug assertions are on,
//! that the decision it left out would have been to write: these random streams are what that
//! assertion is tried on.

use hls_segmenter::config::{FragDuration, Options};
use hls_segmenter::flv::{AudioPacket, AudioTag, TagKind, VideoPacket, VideoTag};
use hls_segmenter::{Config, End, Segmenter, SwitchAt};
use hls_segmenter_auditor::{Event, Recorder};
use proptest::prelude::*;

use crate::contract::{Accidents, Failing, accidents, options};
use crate::streams::{streams, tags};
use crate::support::{OwnedTag, captures, policy_for, read_flv};

/// Writes a tag so that it means the same and is not plain.
fn odd(tag: &OwnedTag) -> OwnedTag {
    let is_aac =
        matches!(AudioTag::parse(&tag.data).map(|tag| tag.packet), Ok(AudioPacket::Frame(_)))
            && tag.data[0] >> 4 == 10;
    let is_picture = matches!(
        VideoTag::parse(&tag.data).map(|tag| tag.packet),
        Ok(VideoPacket::AccessUnit { .. })
    );
    let data = match tag.kind {
        TagKind::AUDIO if is_aac => [b"\x91mp4a", &tag.data[2..]].concat(),
        // Where nothing follows there is no picture, and a delimiter would make it one.
        TagKind::VIDEO if is_picture && tag.data.len() > 9 => {
            [&tag.data[..5], &[0, 0, 0, 2, 0x09, 0xf0], &tag.data[5..]].concat()
        }
        _ => tag.data.clone(),
    };
    OwnedTag { data, ..tag.clone() }
}

fn events(tags: &[OwnedTag], options: Options, accidents: &Accidents) -> Vec<Event> {
    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    let mut recorder = Recorder::new(Failing::at(&accidents.fails_at));
    for (nth, tag) in tags.iter().enumerate() {
        if accidents.switches_at.contains(&nth) {
            segmenter.request_switch(SwitchAt::Once);
        }
        let _ = segmenter.push(tag.borrow(), &mut recorder);
        if accidents.pause_at == Some(nth) {
            let _ = segmenter.finish(End::Pause, &mut recorder);
        }
    }
    let _ = segmenter.finish(End::List, &mut recorder);
    recorder.into_parts().1
}

fn assert_same(tags: &[OwnedTag], options: Options, accidents: &Accidents) {
    let rewritten: Vec<_> = tags.iter().map(odd).collect();
    let plain = events(tags, options, accidents);
    let odd = events(&rewritten, options, accidents);
    for (nth, (plain, odd)) in plain.iter().zip(&odd).enumerate() {
        assert_eq!(plain, odd, "event {nth}");
    }
    assert_eq!(plain.len(), odd.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plain_sample_comes_out_as_one_that_is_decided_on(
        steps in streams(400),
        tracks in prop_oneof![4 => Just((true, true)), 2 => Just((false, true)), 1 => Just((true, false))],
        options in options(),
        accidents in accidents(),
    ) {
        assert_same(&tags(&steps, tracks), options, &accidents);
    }
}

#[test]
fn captures_come_out_the_same_whether_their_samples_are_plain_or_not() {
    for (name, bytes) in captures() {
        // A capture with delimiters of its own says other picture types in them.
        if name == "aud_inband" {
            continue;
        }
        let key_frames = policy_for(&name);
        let options = Options {
            frag_duration: FragDuration::new(2).unwrap(),
            key_frames,
            ..Options::default()
        };
        assert_same(&read_flv(&bytes), options, &Accidents::default());
    }
}
