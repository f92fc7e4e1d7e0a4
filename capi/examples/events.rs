//! Prints all that the engine says of a stream, field by field, from the Rust library: `events
//! FILE.flv VARIANT`.
//!
//! `tests/events.c` prints the same through the C API; the outputs must be equal.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    reason = "a test program fails loudly"
)]

use std::env::args;
use std::fmt::Write as _;

use hls_segmenter::config::Filler;
use hls_segmenter::config::{
    FragCount, FragDuration, KeyFramePolicy, MidGop, Slack, TargetDuration, TimelineBase,
    WindowPolicy,
};
use hls_segmenter::flv::{Reader, Step, Tag, TagKind};
use hls_segmenter::notice::{Notice, NoticeAmount};
use hls_segmenter::playlist::{IndexKind, IndexPlaylist, ListedSegment, Playlist};
use hls_segmenter::time::{Secs, TickSpan, WallTime};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, AudioTrack, Config, End, Error, ExpiredSegment, Lost, Options, ResumeToken,
    Segment, SegmentSink, SegmentStart, Segmenter, Snapshot, SwitchAt, Track, VideoTrack,
};

#[derive(Default)]
struct Host {
    calls: i32,
    fail_every: i32,
    token: Option<ResumeToken>,
    listed: Vec<ListedSegment>,
}

impl Host {
    fn outcome(&mut self) -> Result<(), i32> {
        self.calls += 1;
        if self.fail_every > 0 && self.calls % self.fail_every == 0 {
            Err(self.calls)
        } else {
            Ok(())
        }
    }
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn time(time: Option<WallTime>) -> String {
    time.map_or("0:0".into(), |time| format!("1:{}", time.unix_millis()))
}

fn video(t: &VideoTrack, (frames, bytes, rate): (u64, u64, u32)) {
    let (width, height) = (t.width.unwrap_or(0), t.height.unwrap_or(0));
    let (numerator, denominator) = t.frame_rate.unwrap_or((0, 0));
    println!(
        "track 1 {} {width}x{height} {numerator}/{denominator} 0 0 {frames} {bytes} {rate}",
        t.codec
    );
}

fn audio(t: &AudioTrack, (frames, bytes, rate): (u64, u64, u32)) {
    let channels = t.channels.unwrap_or(0);
    println!("track 2 {} 0x0 0/0 {} {channels} {frames} {bytes} {rate}", t.codec, t.sample_rate);
}

impl SegmentSink for Host {
    type Error = i32;

    fn open_segment(&mut self, s: &SegmentStart) -> Result<(), i32> {
        println!(
            "open {} {} {} {} {} {} {}",
            s.id,
            s.sequence,
            s.start.get(),
            time(s.wall),
            time(s.program_date_time),
            u8::from(s.discontinuity),
            u8::from(s.starts_with_idr)
        );
        self.outcome()
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), i32> {
        let mut copy = vec![0; packets.len()];
        packets.copy_to_slice(&mut copy).unwrap();
        println!("run {} {:016x}", copy.len(), fnv(&copy));
        self.outcome()
    }

    fn close_segment(&mut self, s: &Segment) -> Result<(), i32> {
        println!(
            "close {} {} {} {} {} {} {} {} {} {} {} {} {} {}",
            s.id,
            s.sequence,
            s.start.get(),
            s.duration.get(),
            s.extinf.millis(),
            s.bytes,
            s.frames,
            s.key_frames,
            s.longest_gop.get(),
            time(s.wall),
            time(s.program_date_time),
            u8::from(s.discontinuity),
            u8::from(s.starts_with_idr),
            s.cause
        );
        self.outcome()
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), i32> {
        self.listed = playlist.segments().collect();
        self.token = Some(playlist.resume_token());
        println!(
            "playlist {} {} {} {} {} {}",
            playlist.media_sequence(),
            playlist.discontinuity_sequence(),
            self.listed.len(),
            playlist.target_duration(),
            u8::from(playlist.ended()),
            u8::from(playlist.independent_segments())
        );
        print!("{}", playlist.m3u8(|segment, uri| write!(uri, "a/{}.ts", segment.id)));
        for s in &self.listed {
            println!(
                "listed {} {} {} {} {} {} {}",
                s.id,
                s.sequence,
                s.extinf.millis(),
                time(s.wall),
                time(s.program_date_time),
                u8::from(s.discontinuity),
                u8::from(s.gap)
            );
        }
        let hex = |text: String, byte: &u8| {
            let mut text = text;
            let _ = write!(text, "{byte:02x}");
            text
        };
        println!("{}", playlist.resume_token().to_bytes().iter().fold(String::new(), hex));
        self.outcome()
    }

    fn expire_segment(&mut self, s: &ExpiredSegment) {
        let keep = s.keep_for.round_millis();
        println!("expire {} {} {} {keep}", s.id, s.sequence, time(s.wall));
    }

    fn abort_segment(&mut self, s: &AbortedSegment) {
        println!("abort {} {}", s.id, s.bytes);
    }

    fn snapshot(&mut self, s: Snapshot<'_>) {
        let mut copy = Vec::new();
        s.for_each_piece(|piece| copy.extend_from_slice(piece));
        println!("snapshot {} {} {:016x}", s.pts.get(), s.len(), fnv(&copy));
    }

    fn track(&mut self, track: &Track) {
        match track {
            Track::Video(track) => video(track, (0, 0, 0)),
            Track::Audio(track) => audio(track, (0, 0, 0)),
            _ => {}
        }
    }

    fn notice(&mut self, n: &Notice) {
        let amount = match n.amount {
            NoticeAmount::Span(span) => span.get(),
            NoticeAmount::Target(target) => target.secs().into(),
            _ => 0,
        };
        println!("notice {} {} {} {}", n.kind, n.time.get(), amount, n.count);
    }
}

fn told(what: &str, result: Result<(), Error<i32>>) {
    let returned = match result {
        Ok(()) => return,
        Err(Error::Sink(returned)) => returned,
        Err(_) => 0,
    };
    println!("{what}: {} {returned}", result.unwrap_err());
}

/// Returns the options of a variant and how often the sink fails.
fn choose(variant: u32) -> (Options, i32) {
    let millis = |millis| Some(TickSpan::from_millis(millis));
    let frag_duration = |secs| FragDuration::new(secs).unwrap();
    match variant {
        1 => (
            Options {
                frag_duration: frag_duration(1),
                frag_count: FragCount::new(2).unwrap(),
                psi_interval: millis(100),
                snapshot_interval: millis(1000),
                target_duration: TargetDuration::Declared(Secs::new(3)),
                window: WindowPolicy::AtLeastThreeTargets,
                base: TimelineBase::FirstTagZero,
                first_sequence: 7,
                ..Options::default()
            },
            0,
        ),
        2 => (
            Options {
                frag_duration: frag_duration(2),
                key_frames: KeyFramePolicy::IdrOrRecoveryPoint,
                filler: Filler::Drop,
                mid_gop: MidGop::DropUntilKey,
                pcr_lead: TickSpan::from_millis(500),
                slack: Slack::Fixed(TickSpan::ZERO),
                snapshot_interval: millis(2000),
                ..Options::default()
            },
            0,
        ),
        3 => (Options { frag_duration: frag_duration(1), ..Options::default() }, 53),
        _ => (Options::default(), 0),
    }
}

fn main() {
    let arguments: Vec<String> = args().collect();
    let (file, variant) = (std::fs::read(&arguments[1]).unwrap(), arguments[2].parse().unwrap());
    let (options, fail_every) = choose(variant);
    let config = Config::new(options).unwrap();
    let mut host = Host { fail_every, ..Host::default() };
    let mut engine = Segmenter::new(config);
    let (mut reader, mut rest, mut tags) = (Reader::new(), &file[..], 0_u32);
    loop {
        let tag = match reader.step(rest) {
            Ok(Step::Header { consumed, .. }) => {
                rest = &rest[consumed..];
                continue;
            }
            Ok(Step::Tag { tag, consumed }) => {
                rest = &rest[consumed..];
                tag
            }
            _ => break,
        };
        tags += 1;
        if variant > 0 {
            let millis = 1_700_000_000_000 + i64::from(tag.time.millis());
            engine.set_wall_time(WallTime::from_unix_millis(millis));
        }
        if variant == 2 && tags % 97 == 0 {
            engine.request_switch(if tags % 2 == 1 { SwitchAt::Once } else { SwitchAt::KeyFrame });
        }
        // Uploads fail after all; of some segments the word comes too late, or too early.
        if variant > 0 && tags % 130 == 0 {
            let answer = match engine.lost(u64::from(tags / 130 - 1)) {
                Lost::Listed => 0,
                Lost::Open => 1,
                Lost::Unlisted => 2,
                _ => 3,
            };
            println!("lost {answer}");
        }
        // The encoder comes back and begins anew: to a new engine, or to the one that was paused.
        if tags == 200 && (variant == 1 || variant == 2) {
            if variant == 2 {
                told("pause", engine.finish(End::Pause, &mut host));
            } else {
                let token = host.token.unwrap_or(engine.resume_token());
                engine = Segmenter::resume(config, &token, host.listed.iter().copied()).unwrap();
            }
            (reader, rest) = (Reader::new(), &file[..]);
            continue;
        }
        if tags % 60 == 0 {
            let bad = Tag { kind: TagKind::VIDEO, data: b"\x17", ..tag };
            told("bad", engine.push(bad, &mut host));
        }
        told("push", engine.push(tag, &mut host));
    }
    for _ in 0..2 {
        told("finish", engine.finish(End::List, &mut host));
    }
    let stats = engine.stats();
    if let Some(t) = &stats.video {
        video(&t.track, (t.frames, t.bytes, t.bytes_per_second));
    }
    if let Some(t) = &stats.audio {
        audio(&t.track, (t.frames, t.bytes, t.bytes_per_second));
    }
    for (kind, count) in stats.noticed() {
        println!("{kind} {count}");
    }
    println!("token {:016x}", fnv(&engine.resume_token().to_bytes()));
    let vod = IndexPlaylist::new(IndexKind::Vod, host.listed.iter().copied(), |segment, uri| {
        write!(uri, "b/{}.ts", segment.id)
    });
    if variant == 1 {
        print!("{}", vod.typed());
    } else {
        print!("{vod}");
    }
    println!("{tags} tags");
}
