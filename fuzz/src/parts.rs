//! Any calls in any order, with parts, in both containers and under a sink that may fail: the
//! Auditor finds nothing, delta updates are the ends of their lists, and requests are answered as
//! the lists say.

use std::collections::BTreeMap;

use hls_segmenter::config::{Options, Parts, TargetDuration};
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::playlist::{LiveEdge, Playlist, Reload};
use hls_segmenter::time::Secs;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Config, Container, End, Error, Fmp4, LowLatency, Part, Segment, SegmentSink, SegmentStart,
    Segmenter, Ts,
};

use crate::engine::{auditor, make};
use crate::script::{Call, Script};

/// Fails at every call whose number is divided by this one; never where it is 0.
struct Host {
    fails_each: u32,
    calls: u32,
    failed: bool,
}

impl Host {
    fn call(&mut self) -> Result<(), ()> {
        self.calls += 1;
        if self.fails_each > 0 && self.calls.is_multiple_of(self.fails_each) {
            self.failed = true;
            return Err(());
        }
        Ok(())
    }
}

impl SegmentSink for Host {
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

    fn close_part(&mut self, _: &Part) -> Result<(), ()> {
        self.call()
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), ()> {
        self.call()
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), ()> {
        let edge = playlist.live_edge().expect("the engine makes parts");
        let m3u8 = playlist.m3u8(|segment, uri| write!(uri, "{}", segment.sequence));
        let m3u8 = m3u8.init_uri(|id, uri| write!(uri, "{id}.init"));
        // Segments are named by their media sequence numbers, and parts too.
        let listed: BTreeMap<_, _> =
            playlist.segments().map(|segment| (segment.id, segment.sequence)).collect();
        let live = m3u8.low_latency(|part, uri| {
            let sequence = listed.get(&part.segment).copied().unwrap_or(edge.sequence);
            write!(uri, "{sequence}.{}", part.index)
        });
        let (whole, delta) = (live.to_string(), live.delta().to_string());
        check_delta(&whole, &delta);
        check_reload(&whole, edge, playlist.media_sequence());
        self.call()
    }
}

/// A delta update is the beginning of the list, how many segments it leaves out, and the rest.
fn check_delta(whole: &str, delta: &str) {
    let Some((head, rest)) = delta.split_once("#EXT-X-SKIP:SKIPPED-SEGMENTS=") else {
        assert_eq!(whole, delta);
        return;
    };
    let (skipped, kept) = rest.split_once('\n').expect("a line has an end");
    let skipped: usize = skipped.parse().expect("a number");
    let count = |text: &str| text.matches("#EXTINF:").count();
    assert!(whole.ends_with(kept), "{whole}\n{delta}");
    assert_eq!(count(whole), skipped + count(kept));
    assert!(skipped > 0 && head.contains("#EXT-X-VERSION:9\n"), "{delta}");
    let version = |line: &&str| !line.starts_with("#EXT-X-VERSION:");
    assert!(whole.lines().filter(version).zip(head.lines().filter(version)).all(|(a, b)| a == b));
}

/// Answers requests around the end of a list by its text (§6.2.5.2).
fn check_reload(whole: &str, edge: LiveEdge, first: u64) {
    let ended = whole.ends_with("#EXT-X-ENDLIST\n");
    let mut parts = BTreeMap::<u64, u32>::new();
    let names =
        whole.lines().filter_map(|line| line.strip_prefix("#EXT-X-PART:")?.split('"').nth(1));
    for name in names {
        let (sequence, _) = name.split_once('.').expect("sequence and number");
        *parts.entry(sequence.parse().expect("a number")).or_default() += 1;
    }
    let open = first.wrapping_add(whole.matches("#EXTINF:").count() as u64);
    let target = whole.split("PART-TARGET=").nth(1).and_then(|rest| rest.lines().next());
    let target: f64 = target.expect("PART-TARGET").parse().expect("a number");
    let limit = if target < 1.0 { (3.0 / target).ceil() as u32 } else { 3 };
    let of = |sequence: u64| parts.get(&sequence).copied().unwrap_or(0);
    for sequence in (0..5).map(|nth| open.wrapping_sub(2).wrapping_add(nth)) {
        for part in (0..of(open) + limit + 2).map(Some).chain([None]) {
            let last = of(sequence);
            let is_behind = part.is_some_and(|part| last > 0 && part >= last);
            let (at, nth) = match part {
                Some(_) if is_behind && sequence.wrapping_add(1) == open => (open, Some(0)),
                part => (sequence, part),
            };
            let ahead = nth.map(|nth| {
                if at == open { i64::from(nth) - i64::from(of(open)) } else { i64::from(nth) }
            });
            let want = match ahead {
                _ if ended => Reload::Now,
                _ if at < open => Reload::Now,
                _ if at > open.wrapping_add(1) => Reload::BadRequest,
                Some(..0) => Reload::Now,
                Some(ahead) if ahead >= i64::from(limit) => Reload::BadRequest,
                _ => Reload::Wait,
            };
            assert_eq!(edge.reload(Some(sequence), part), want, "{sequence} {part:?} of {whole}");
        }
    }
    let alone = if ended { Reload::Now } else { Reload::BadRequest };
    assert_eq!(edge.reload(None, Some(0)), alone);
    assert_eq!(edge.reload(None, None), Reload::Now);
    let last = parts.last_key_value().map(|(&sequence, &count)| (sequence, count - 1));
    let is_near = |last: &(u64, u32)| open.wrapping_sub(last.0) <= 1;
    assert_eq!(edge.last_part(), last.filter(is_near), "{whole}");
}

/// Runs the script to the end of the list and checks after each call. The first byte says at which
/// calls the sink fails, the next two how long parts are and how they are packed.
pub fn check(data: &[u8]) {
    let Some((&[fails_each, millis, more], rest)) = data.split_first_chunk() else {
        return;
    };
    let script = Script::read(rest);
    let options = script.config.options();
    let secs = u32::try_from(options.frag_duration.span().get() / 90_000).unwrap_or(0);
    let options = Options {
        target_duration: TargetDuration::Declared(Secs::new(secs + 1 + u32::from(more >> 4))),
        parts: Parts::lasting(100 + 10 * u32::from(millis)).ok(),
        ..*options
    };
    let Ok(config) = Config::new(options) else {
        return;
    };
    let host = Host { fails_each: fails_each.into(), calls: 0, failed: false };
    if more & 1 == 0 {
        run::<Fmp4>(config, &script.calls, host);
    } else {
        run::<Ts>(config, &script.calls, host);
    }
}

fn run<C: Container>(config: Config, calls: &[Call], host: Host) {
    let mut segmenter = Segmenter::<LowLatency<C>>::with_container(config);
    let mut sink = auditor(config, host);
    let mut ended = false;
    for call in calls {
        let result = make(call, &mut segmenter, &mut sink);
        let failed = std::mem::take(&mut sink.inner_mut().failed);
        assert_eq!(result == Err(Error::Sink(())), failed, "what fails is told");
        ended |= *call == Call::Finish(End::List);
        sink.assert_clean();
    }
    assert_eq!(segmenter.finish(End::List, &mut sink) == Err(Error::Finished), ended);
    sink.assert_clean();
}
