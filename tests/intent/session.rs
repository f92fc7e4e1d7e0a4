//! An engine, the host that feeds it, and a sink that remembers and fails when it is to.

use std::collections::BTreeMap;

use hls_segmenter::config::{FragDuration, Options};
use hls_segmenter::flv::TagKind;
use hls_segmenter::notice::{Notice, NoticeAmount, NoticeKind};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::WallTime;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, Config, End, Error, ExpiredSegment, ResumeToken, Segment, SegmentSink,
    SegmentStart, Segmenter, Snapshot, Stats, SwitchAt, Track,
};
use hls_segmenter_auditor::Auditor;

use crate::support::stream::{audio, audio_header, in_order, script};
use crate::support::{Memory, Output, OwnedTag};

/// A sink call that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Open,
    Write,
    Close,
    Update,
}

/// Remembers everything, and fails at the next call of one kind when it was asked to.
#[derive(Default)]
pub(crate) struct Faulty {
    pub(crate) memory: Memory,
    fails_at: Option<Call>,
    /// Bytes that were taken of the segment opened last, and of each that was aborted.
    taken: u64,
    lost: Vec<u64>,
}

impl Faulty {
    fn call(&mut self, call: Call) -> Result<(), Call> {
        if self.fails_at == Some(call) {
            self.fails_at = None;
            return Err(call);
        }
        Ok(())
    }
}

impl SegmentSink for Faulty {
    type Error = Call;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), Call> {
        self.taken = 0;
        self.call(Call::Open)?;
        self.memory.open_segment(start).map_err(|no| match no {})
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Call> {
        self.call(Call::Write)?;
        self.taken += packets.len() as u64;
        self.memory.write_packets(packets).map_err(|no| match no {})
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), Call> {
        self.call(Call::Close)?;
        self.memory.close_segment(segment).map_err(|no| match no {})
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Call> {
        self.call(Call::Update)?;
        self.memory.update_playlist(playlist).map_err(|no| match no {})
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.memory.expire_segment(expired);
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.lost.push(self.taken);
        self.memory.abort_segment(aborted);
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        self.memory.snapshot(snapshot);
    }

    fn track(&mut self, track: &Track) {
        self.memory.track(track);
    }

    fn notice(&mut self, notice: &Notice) {
        self.memory.notice(notice);
    }
}

/// One engine and all that came out of it; the Auditor judges everything.
pub(crate) struct Session {
    pub(crate) engine: Segmenter,
    sink: Auditor<Faulty>,
    options: Options,
}

impl Session {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            engine: Segmenter::new(Config::new(options).unwrap()),
            sink: Auditor::with_options(Faulty::default(), &options),
            options,
        }
    }

    /// A new engine that goes on with this session's list, on a sink of its own.
    pub(crate) fn resumed(&self) -> Self {
        self.resumed_with(self.options)
    }

    /// The same with other options.
    pub(crate) fn resumed_with(&self, options: Options) -> Self {
        let memory = self.memory();
        let token = ResumeToken::from_bytes(&memory.token.unwrap().to_bytes()).unwrap();
        let listed = memory.listed.iter().copied();
        let config = Config::new(options).unwrap();
        let mut sink = Auditor::with_options(Faulty::default(), &options);
        sink.resume(&token, &memory.listed);
        Self { engine: Segmenter::resume(config, &token, listed).unwrap(), sink, options }
    }

    pub(crate) fn push(&mut self, tags: &[OwnedTag]) {
        for tag in tags {
            self.engine.push(tag.borrow(), &mut self.sink).unwrap();
        }
    }

    /// Pushes tags with the host's clock `from` ms later than their times.
    pub(crate) fn push_dated(&mut self, tags: &[OwnedTag], from: i64) {
        for tag in tags {
            let now = WallTime::from_unix_millis(from + tag.millis);
            self.engine.set_wall_time(now);
            self.engine.push(tag.borrow(), &mut self.sink).unwrap();
        }
    }

    /// Pushes tags until the next call of this kind has failed, and returns those that are left.
    pub(crate) fn push_until_fails<'a>(
        &mut self,
        tags: &'a [OwnedTag],
        call: Call,
    ) -> &'a [OwnedTag] {
        self.sink.inner_mut().fails_at = Some(call);
        for (nth, tag) in tags.iter().enumerate() {
            match self.engine.push(tag.borrow(), &mut self.sink) {
                Err(Error::Sink(failed)) => {
                    assert_eq!(failed, call);
                    return &tags[nth + 1..];
                }
                other => other.unwrap(),
            }
        }
        panic!("{call:?} never came");
    }

    pub(crate) fn request(&mut self, at: SwitchAt) {
        self.engine.request_switch(at);
    }

    pub(crate) fn pause(&mut self) {
        self.engine.finish(End::Pause, &mut self.sink).unwrap();
    }

    /// Pauses with the next call of this kind failing, and returns the error that came back.
    pub(crate) fn pause_failing(&mut self, call: Call) -> Option<Call> {
        self.sink.inner_mut().fails_at = Some(call);
        match self.engine.finish(End::Pause, &mut self.sink) {
            Err(Error::Sink(failed)) => Some(failed),
            other => {
                other.unwrap();
                None
            }
        }
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.sink.inner().memory
    }

    /// Bytes that the sink took of each segment that was aborted.
    pub(crate) fn lost(&self) -> &[u64] {
        &self.sink.inner().lost
    }

    pub(crate) fn stats(&self) -> Stats {
        self.engine.stats()
    }

    /// Ends the list; nothing that came out may be illegal.
    pub(crate) fn end(mut self) -> Output {
        self.engine.finish(End::List, &mut self.sink).unwrap();
        self.leave()
    }

    /// Leaves the session as it is.
    pub(crate) fn leave(self) -> Output {
        self.sink.assert_clean();
        Output { stats: self.engine.stats(), memory: self.sink.into_inner().memory }
    }
}

/// Default options with another FragDuration.
pub(crate) fn frag(secs: u32) -> Options {
    Options { frag_duration: FragDuration::new(secs).unwrap(), ..Options::default() }
}

/// Tags of `[from, to)`, headers left out.
pub(crate) fn between(tags: &[OwnedTag], from: i64, to: i64) -> Vec<OwnedTag> {
    let within = |tag: &&OwnedTag| !tag.is_header() && (from..to).contains(&tag.millis);
    tags.iter().filter(within).cloned().collect()
}

/// The headers of a stream.
pub(crate) fn headers(tags: &[OwnedTag]) -> Vec<OwnedTag> {
    tags.iter().filter(|tag| tag.is_header()).cloned().collect()
}

/// AAC whose samples begin exactly at their tags' times: 64 kHz, 1024 samples a frame, 16 ms each,
/// from and to.
pub(crate) fn aac_16_ms(from: i64, to: i64) -> Vec<OwnedTag> {
    let frames = (from..to).step_by(16).map(|millis| audio(millis, 90));
    [header_16_ms(from)].into_iter().chain(frames).collect()
}

pub(crate) fn header_16_ms(millis: i64) -> OwnedTag {
    OwnedTag { data: vec![0xaf, 0, 0x11, 0x08], ..audio_header(millis, 48_000) }
}

/// onMetaData with these numbers.
pub(crate) fn metadata(values: &[(&str, f64)]) -> OwnedTag {
    let mut data = b"\x02\x00\x0aonMetaData\x08\x00\x00\x00".to_vec();
    data.push(values.len() as u8);
    for (name, value) in values {
        data.extend((name.len() as u16).to_be_bytes());
        data.extend(name.as_bytes());
        data.push(0);
        data.extend(value.to_be_bytes());
    }
    data.extend([0, 0, 9]);
    OwnedTag { data, ..script(0) }
}

/// Video and audio in the order of their times.
pub(crate) fn merged(parts: &[&[OwnedTag]]) -> Vec<OwnedTag> {
    in_order(parts.concat())
}

/// Moves tags in time.
pub(crate) fn moved(tags: &[OwnedTag], by: i64) -> Vec<OwnedTag> {
    let moved = |tag: &OwnedTag| OwnedTag { millis: tag.millis + by, ..tag.clone() };
    tags.iter().map(moved).collect()
}

pub(crate) fn of_audio(tags: &[OwnedTag]) -> Vec<OwnedTag> {
    let audio = tags.iter().filter(|tag| tag.kind == TagKind::AUDIO);
    audio.cloned().collect()
}

/// How often each kind was counted, in the order of the kinds.
pub(crate) fn counted(stats: &Stats) -> Vec<(NoticeKind, u64)> {
    stats.noticed().collect()
}

/// The number of an amount: ticks of a span, seconds of a target.
pub(crate) fn amount_of(notice: &Notice) -> i64 {
    match notice.amount {
        NoticeAmount::Span(span) => span.get(),
        NoticeAmount::Target(target) => target.secs().into(),
        _ => 0,
    }
}

/// Kind, time in ms, amount and count of every notice.
pub(crate) fn reported(memory: &Memory) -> Vec<(NoticeKind, i64, i64, u64)> {
    let notices = memory.notices.iter();
    notices
        .map(|notice| {
            let millis = notice.time.get() / 90;
            (notice.kind, millis, amount_of(notice), notice.count)
        })
        .collect()
}

/// Times at which segments began, in ms.
pub(crate) fn starts(memory: &Memory) -> Vec<i64> {
    let starts = memory.starts.iter();
    starts.map(|start| start.start.get() / 90).collect()
}

/// Start in ms, EXTINF in ms, and why it ended, of every segment.
pub(crate) fn cuts(memory: &Memory) -> Vec<(i64, u32, &'static str)> {
    let segments = memory.segments.iter();
    segments
        .map(|segment| {
            let start = segment.start.get() / 90;
            (start, segment.extinf.millis(), segment.cause.name())
        })
        .collect()
}

/// Sequence numbers of the segments after EXT-X-DISCONTINUITY.
pub(crate) fn tagged(memory: &Memory) -> Vec<u64> {
    let segments = memory.segments.iter();
    let tagged = segments.filter(|segment| segment.discontinuity);
    tagged.map(|segment| segment.sequence).collect()
}

/// PTS in ticks, the lead taken off, and bytes of every PES packet of a PID.
pub(crate) fn packets(output: &Output, pid: u16) -> Vec<(i64, usize)> {
    let packets = output.stream(pid);
    let lead = |pts: u64| pts as i64 - 63_000;
    packets.iter().map(|pes| (lead(pes.pts), pes.data.len())).collect()
}

/// Version and stream types of a segment's PMT, read byte by byte.
pub(crate) fn tables(memory: &Memory, segment: usize) -> (u8, Vec<u8>) {
    let section = &memory.bodies[segment][188 + 5..];
    let end = 3 + usize::from(section[2]) - 4;
    let types = section[12..end].chunks(5).map(|entry| entry[0]);
    (section[5] >> 1 & 0x1f, types.collect())
}

/// PIDs whose first packet of a segment says `discontinuity_indicator`.
pub(crate) fn marked(body: &[u8]) -> Vec<u16> {
    let mut first = BTreeMap::new();
    for packet in body.chunks(188) {
        let pid = u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2]);
        let says = packet[3] & 0x20 != 0 && packet[4] > 0 && packet[5] & 0x80 != 0;
        first.entry(pid).or_insert(says);
    }
    let says = first.into_iter().filter(|&(_, says)| says);
    says.map(|(pid, _)| pid).collect()
}
