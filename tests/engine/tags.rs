//! Tags and messages as they are handed over: what they are taken for, and which error comes back.

use std::convert::Infallible;

use crate::support;
use crate::support::stream::{BASE, audio, audio_header};
use crate::support::{Base, Memory, OwnedTag, run};
use hls_segmenter::config::Options;
use hls_segmenter::flv::{TagError, TagKind, tracks};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Error, Segment, SegmentSink, SegmentStart, Segmenter};

const SHORT: Base = Base { millis: 6000, ..BASE };

/// An aggregate message of `tags`, at the time of the first.
fn aggregate(tags: &[OwnedTag]) -> OwnedTag {
    let mut data = Vec::new();
    for tag in tags {
        let [t3, t2, t1, t0] = (tag.millis as u32).to_be_bytes();
        data.push(tag.kind.get());
        data.extend(&(tag.data.len() as u32).to_be_bytes()[1..]);
        data.extend([t2, t1, t0, t3, 0, 0, 0]);
        data.extend(&tag.data);
        data.extend((tag.data.len() as u32 + 11).to_be_bytes());
    }
    OwnedTag { kind: TagKind::AGGREGATE, millis: tags[0].millis, data }
}

/// An AAC header that is cut in its second byte.
fn bad(millis: i64) -> OwnedTag {
    OwnedTag { kind: TagKind::AUDIO, millis, data: vec![0xaf, 0, 0x12] }
}

/// Fails at every write once that is wanted.
#[derive(Default)]
struct Full {
    is_full: bool,
}

impl SegmentSink for Full {
    type Error = &'static str;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), &'static str> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), &'static str> {
        if self.is_full { Err("full") } else { Ok(()) }
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), &'static str> {
        Ok(())
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), &'static str> {
        Ok(())
    }
}

#[test]
fn a_tag_is_what_its_kind_says_whatever_its_bytes_look_like() {
    let tags = SHORT.both();
    let want = run(&tags, Options::default());
    for kind in [TagKind::SCRIPT, TagKind::new(77)] {
        let disguised = tags.iter().flat_map(|tag| {
            let audio = !support::is_video(tag) && !tag.is_header();
            let twin = audio.then(|| OwnedTag { kind, ..tag.clone() });
            [tag.clone()].into_iter().chain(twin)
        });
        let got = run(&disguised.collect::<Vec<_>>(), Options::default());
        assert_eq!(got.memory.bodies, want.memory.bodies, "{kind:?}");
    }
}

#[test]
fn f_03_the_error_of_an_aggregate_is_that_of_its_bad_tag_and_the_others_count() {
    let tags = SHORT.both();
    let (headers, frames) = tags.split_at(2);
    let whole = run(&tags, Options::default());
    let parts = [&frames[..1], &[bad(0)], &frames[1..9]].concat();
    let split = [headers.to_vec(), vec![aggregate(&parts)], frames[9..].to_vec()].concat();
    let mut memory = Memory::default();
    let mut segmenter = Segmenter::new(Config::default());
    let mut errors: Vec<Error<Infallible>> = Vec::new();
    for tag in &split {
        errors.extend(segmenter.push(tag.borrow(), &mut memory).err());
    }
    segmenter.finish(End::List, &mut memory).unwrap();
    assert!(matches!(errors[..], [Error::Codec(_)]), "{errors:?}");
    assert_eq!(memory.bodies, whole.memory.bodies);
    assert_eq!(segmenter.stats().count(NoticeKind::BadTag), 1);
}

#[test]
fn f_03_an_aggregate_that_is_cut_gives_its_whole_tags_and_an_error() {
    let pictures: Vec<_> = SHORT.video().into_iter().take(3).collect();
    let mut cut = aggregate(&pictures);
    // Back pointer and last byte of the last tag.
    cut.data.truncate(cut.data.len() - 5);
    let mut junk = aggregate(&pictures[..2]);
    junk.data.extend([1, 2, 3]);
    for (message, left) in [(cut, 10 + pictures[2].data.len()), (junk, 3)] {
        let mut memory = Memory::default();
        let mut segmenter = Segmenter::new(Config::default());
        let pushed = segmenter.push(message.borrow(), &mut memory);
        let field = "aggregate";
        assert_eq!(pushed, Err(TagError::Truncated { field, left }.into()));
        let stats = segmenter.stats();
        assert_eq!(stats.count(NoticeKind::BadTag), 1);
        assert_eq!(stats.video.unwrap().frames, 1);
    }
}

#[test]
fn f_03_a_lost_segment_weighs_more_than_a_bad_tag_before_or_behind_it_in_an_aggregate() {
    // A second header asks for a segment of its own, which is written to at once: that is where the
    // sink fails.
    let fails = |millis| vec![audio_header(millis, 48_000), audio(millis, 90)];
    for (parts, case) in [
        ([vec![bad(500)], fails(500)].concat(), "bad tag first"),
        ([fails(500), vec![bad(500)]].concat(), "bad tag last"),
    ] {
        let mut sink = Full::default();
        let mut segmenter = Segmenter::new(Config::default());
        for tag in BASE.audio().iter().filter(|tag| tag.millis < 500) {
            segmenter.push(tag.borrow(), &mut sink).unwrap();
        }
        sink.is_full = true;
        let got = segmenter.push(aggregate(&parts).borrow(), &mut sink);
        assert_eq!(got, Err(Error::Sink("full")), "{case}");
    }
}

#[test]
fn audio_alone_too_short_to_begin_by_itself_is_a_segment_at_the_end() {
    let tags: Vec<_> = BASE.audio().into_iter().filter(|tag| tag.millis < 100).collect();
    let output = run(&tags, Options::default());
    assert_eq!(output.memory.segments.len(), 1);
    assert_eq!(output.stats.audio.unwrap().frames, tags.len() as u64 - 1);
}

#[test]
fn frames_before_a_header_at_the_end_are_in_the_last_segment() {
    let mut tags = SHORT.audio();
    let frames = tags.len() as u64 - 1;
    tags.push(audio_header(SHORT.millis, 48_000));
    let output = run(&tags, Options::default());
    assert_eq!(output.stats.audio.unwrap().frames, frames);
}

#[test]
fn f_17_f_18_pictures_of_other_tracks_and_unknown_packets_are_counted() {
    // Enhanced, multitrack; many tracks of coded frames; H.264; then id, length and body of each.
    let tags = SHORT.video();
    let several = tags.iter().map(|tag| {
        if tag.is_header() {
            return tag.clone();
        }
        let frame_type = tag.data[0] & 0x70;
        let body = &tag.data[2..];
        let len = (body.len() as u32).to_be_bytes();
        let track = |id: u8| [&[id][..], &len[1..], body].concat();
        let head = [0x80 | frame_type | 6, 0x11];
        OwnedTag { data: [&head[..], b"avc1", &track(0), &track(1)].concat(), ..tag.clone() }
    });
    let mut several: Vec<_> = several.collect();
    // A packet type that is reserved.
    several.push(OwnedTag { data: b"\x88avc1".to_vec(), ..several[1].clone() });
    let (want, got) = (run(&tags, Options::default()), run(&several, Options::default()));
    assert_eq!(got.memory.bodies, want.memory.bodies);
    assert_eq!(want.count(NoticeKind::OtherTrack), 0);
    assert_eq!(got.count(NoticeKind::OtherTrack), 150);
    assert_eq!(want.count(NoticeKind::UnknownPacket), 0);
    assert_eq!(got.count(NoticeKind::UnknownPacket), 1);
}

#[test]
fn av1_5_nanoseconds_of_a_message_reach_pts() {
    // A third of a frame of 29.97 fps between milliseconds: 333 333 ns are 29 ticks.
    let with_offset = |tag: &OwnedTag| {
        let (claim, packet_type) = (tag.data[0] >> 4 << 4, tag.data[1]);
        let body = if packet_type == 0 { &tag.data[5..] } else { &tag.data[2..] };
        let mod_ex = [0x80 | claim | 7, 2, 0x05, 0x16, 0x15, packet_type];
        let data = match packet_type {
            0 => [&[0x80 | claim][..], b"avc1", body].concat(),
            _ => [&mod_ex[..], b"avc1", body].concat(),
        };
        OwnedTag { data, ..*tag }
    };
    let plain = run(&SHORT.video(), Options::default());
    let tags: Vec<_> = SHORT.video().iter().map(with_offset).collect();
    let moved = run(&tags, Options::default());
    let times = |output: &support::Output| -> Vec<_> {
        output.stream(support::VIDEO).iter().map(|pes| (pes.dts, pes.pts)).collect()
    };
    let want: Vec<_> = times(&plain).iter().map(|(dts, pts)| (*dts, pts + 29)).collect();
    assert_eq!(times(&moved), want);
}

#[test]
fn f_17_pl_6_engines_of_several_tracks_give_what_each_track_gives_alone() {
    let other = SHORT.video().into_iter().map(|mut tag| {
        // Each slice is longer than that of track 0.
        if tag.data[1] == 1 {
            tag.data.extend([7; 90]);
            let len = (tag.data.len() - 9) as u32;
            tag.data[5..9].copy_from_slice(&len.to_be_bytes());
        }
        tag
    });
    let (first, second): (Vec<_>, Vec<_>) = (SHORT.video(), other.collect());
    // ManyTracks of one codec: the bodies of both behind one header.
    let messages: Vec<_> = first
        .iter()
        .zip(&second)
        .map(|(zero, one)| {
            let packet_type = zero.data[1];
            let mut data = vec![0x80 | zero.data[0] & 0x70 | 6, 0x10 | packet_type];
            data.extend(b"avc1");
            for (id, tag) in [(0, zero), (1, one)] {
                let body = if packet_type == 0 { &tag.data[5..] } else { &tag.data[2..] };
                data.push(id);
                data.extend(&(body.len() as u32).to_be_bytes()[1..]);
                data.extend(body);
            }
            OwnedTag { data, ..*zero }
        })
        .collect();
    let alone = [run(&first, Options::default()), run(&second, Options::default())];
    let config = Config::new(Options::default()).unwrap();
    let mut engines = [(); 2].map(|()| Segmenter::new(config));
    let mut sinks = [(); 2].map(|()| Memory::default());
    for message in &messages {
        for track in tracks(message.borrow()).unwrap() {
            let id = usize::from(track.id.get());
            engines[id].push_track(track, &mut sinks[id]).unwrap();
        }
    }
    for ((mut engine, mut sink), alone) in engines.into_iter().zip(sinks).zip(&alone) {
        engine.finish(End::List, &mut sink).unwrap();
        assert_eq!(sink.playlists, alone.memory.playlists);
        assert!(sink.bodies == alone.memory.bodies);
        assert_eq!(engine.stats().count(NoticeKind::OtherTrack), 0);
    }
    assert_ne!(alone[0].memory.bodies, alone[1].memory.bodies);
}
