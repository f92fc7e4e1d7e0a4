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
    FragCount, FragDuration, KeyFramePolicy, MidGop, Parts, Slack, TargetDuration, TimelineBase,
    WindowPolicy,
};
use hls_segmenter::flv::{Reader, Step, Tag, TagKind};
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::notice::{Notice, NoticeAmount};
use hls_segmenter::playlist::{
    IndexKind, IndexPlaylist, ListedSegment, NextPart, Playlist, Reload,
};
use hls_segmenter::time::{Secs, TickSpan, WallTime};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, AudioTrack, Config, Container, End, Error, ExpiredSegment, Fmp4, Lost,
    LowLatency, Options, Part, ResumeToken, Segment, SegmentSink, SegmentStart, Segmenter,
    Snapshot, SwitchAt, Track, Ts, VideoTrack,
};

#[derive(Default)]
struct Host {
    calls: i32,
    fail_every: i32,
    token: Option<ResumeToken>,
    listed: Vec<ListedSegment>,
    /// Of the fragment at hand.
    payload: Vec<u8>,
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

fn id(id: Option<u64>) -> String {
    id.map_or("0:0".into(), |id| format!("1:{id}"))
}

/// Prints the text of a view.
fn view(number: u8, text: impl core::fmt::Display) {
    print!("view {number}\n{text}");
}

/// Prints what a list with parts says of them.
fn parts(playlist: Playlist<'_>) {
    let Some(edge) = playlist.live_edge() else {
        return;
    };
    let text = playlist
        .m3u8(|segment, uri| write!(uri, "c/{}.ts", segment.id))
        .init_uri(|id, uri| write!(uri, "init-{id}.mp4"))
        .low_latency(|part: NextPart, uri| write!(uri, "{}.{}", part.segment, part.index));
    view(1, text);
    view(2, text.delta());
    println!(
        "edge {} {} {} {} {}",
        edge.sequence,
        edge.parts,
        edge.closed_parts,
        edge.advance_limit,
        u8::from(edge.ended)
    );
    if let Some((sequence, part)) = edge.last_part() {
        println!("last {sequence} {part}");
    }
    if let Some(next) = playlist.next_part() {
        println!("next {} {}", next.segment, next.index);
    }
    for part in playlist.parts() {
        let independent = u8::from(part.independent);
        println!("has {} {} {} {independent}", part.segment, part.index, part.duration.get());
    }
    for ahead in 0..4 {
        let answers = (0..9).map(|n| {
            let sequence = (edge.sequence + ahead).wrapping_sub(1);
            match edge.reload(Some(sequence), (n > 0).then_some(n)) {
                Reload::Now => "0",
                Reload::Wait => "1",
                Reload::BadRequest => "2",
            }
        });
        println!("{}", answers.collect::<Vec<_>>().join(" "));
    }
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
        if let Some(init) = s.init {
            println!("open needs {init}");
        }
        self.payload.clear();
        self.outcome()
    }

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), i32> {
        let bytes = init.as_bytes();
        println!("init {} {} {:016x}", init.id(), bytes.len(), fnv(bytes));
        self.outcome()
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), i32> {
        let mut copy = vec![0; payload.len()];
        payload.copy_to_slice(&mut copy).unwrap();
        println!("payload {} {:016x}", copy.len(), fnv(&copy));
        self.payload.extend_from_slice(&copy);
        self.outcome()
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), i32> {
        let (mut whole, mut padded) = (vec![0; head.len()], vec![0; head.len() + 100]);
        head.copy_to_slice(&mut whole).unwrap();
        head.copy_padded(&mut padded).unwrap();
        let (len, payload_len) = (head.len(), head.payload_len());
        whole.append(&mut self.payload);
        println!("fragment {len} {payload_len} {:016x} {:016x}", fnv(&whole), fnv(&padded));
        self.outcome()
    }

    fn close_part(&mut self, p: &Part) -> Result<(), i32> {
        println!(
            "part {} {} {} {} {} {} {} {}",
            p.segment,
            p.sequence,
            p.index,
            p.start.get(),
            p.duration.get(),
            p.offset,
            p.bytes,
            u8::from(p.independent)
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
            "close {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}",
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
            s.cause,
            id(s.init)
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
        let mut text = String::new();
        let plain = playlist.m3u8(|segment, uri| write!(uri, "a/{}.ts", segment.id));
        match write!(text, "{plain}") {
            Ok(()) => print!("{text}"),
            Err(_) => println!("a segment's URI could not be written"),
        }
        let m3u8 = playlist.m3u8(|segment, uri| write!(uri, "c/{}.ts", segment.id));
        view(0, m3u8.init_uri(|id, uri| write!(uri, "init-{id}.mp4")));
        parts(playlist);
        for s in &self.listed {
            println!(
                "listed {} {} {} {} {} {} {} {}",
                s.id,
                s.sequence,
                s.extinf.millis(),
                time(s.wall),
                time(s.program_date_time),
                u8::from(s.discontinuity),
                u8::from(s.gap),
                id(s.init)
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
        let (wall, init) = (time(s.wall), id(s.init));
        println!("expire {} {} {wall} {keep} {init}", s.id, s.sequence);
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
            NoticeAmount::AudioCodec(codec) => codec.get().into(),
            NoticeAmount::VideoCodec(codec) => codec.get().into(),
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
        4.. => (
            Options {
                frag_duration: frag_duration(1),
                frag_count: FragCount::new(100).unwrap(),
                first_sequence: 5,
                target_duration: match variant {
                    4 => TargetDuration::HighWater,
                    _ => TargetDuration::Declared(Secs::new(2)),
                },
                parts: match variant {
                    4 => None,
                    5 => Some(Parts::new(400, 60).unwrap()),
                    _ => Some(Parts::lasting(400).unwrap()),
                },
                ..Options::default()
            },
            if variant == 7 { 211 } else { 0 },
        ),
        _ => (Options::default(), 0),
    }
}

fn main() {
    let arguments: Vec<String> = args().collect();
    let (file, variant) = (std::fs::read(&arguments[1]).unwrap(), arguments[2].parse().unwrap());
    match variant {
        0..=3 => run::<Ts>(&file, variant),
        4 => run::<Fmp4>(&file, variant),
        5 => run::<LowLatency<Ts>>(&file, variant),
        _ => run::<LowLatency<Fmp4>>(&file, variant),
    }
}

fn run<C: Container>(file: &[u8], variant: u32) {
    let (options, fail_every) = choose(variant);
    let config = Config::new(options).unwrap();
    let mut host = Host { fail_every, ..Host::default() };
    let mut engine = Segmenter::<C>::with_container(config);
    let (mut reader, mut rest, mut tags) = (Reader::new(), file, 0_u32);
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
        if tags == 200 && variant > 0 && variant != 3 {
            if variant == 2 {
                told("pause", engine.finish(End::Pause, &mut host));
            } else {
                let token = host.token.unwrap_or(engine.resume_token());
                let listed = host.listed.iter().copied();
                engine = Segmenter::resume_with_container(config, &token, listed).unwrap();
            }
            (reader, rest) = (Reader::new(), file);
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
    let vod = vod.init_uri(|id, uri| write!(uri, "init-{id}.mp4"));
    if variant == 1 {
        print!("{}", vod.typed());
    } else {
        print!("{vod}");
    }
    println!("{tags} tags");
}
