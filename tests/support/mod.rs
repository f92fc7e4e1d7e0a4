//! What the tests share: streams made by rule, a sink that remembers, and an independent
//! demultiplexer.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::doc_markdown,
    reason = "helpers of tests fail loudly"
)]
#![allow(dead_code, unreachable_pub, unused_imports, reason = "every test file uses its own part")]

use std::convert::Infallible;
use std::path::Path;

use hls_segmenter::config::KeyFramePolicy;
use hls_segmenter::flv::{Reader, Step, Tag, TagKind};
use hls_segmenter::notice::{Notice, NoticeKind};
use hls_segmenter::playlist::{ListedSegment, Playlist};
use hls_segmenter::time::FlvTime;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, Cause, Config, End, ExpiredSegment, Options, ResumeToken, Segment, SegmentSink,
    SegmentStart, Segmenter, Snapshot, Stats, Track,
};
use hls_segmenter_auditor::Auditor;

pub mod stream;

pub use stream::{Base, OwnedTag};

/// A sink that remembers everything.
#[derive(Default)]
pub struct Memory {
    pub body: Vec<u8>,
    pub starts: Vec<SegmentStart>,
    pub segments: Vec<Segment>,
    pub bodies: Vec<Vec<u8>>,
    pub playlists: Vec<String>,
    pub listed: Vec<ListedSegment>,
    pub token: Option<ResumeToken>,
    pub expired: Vec<ExpiredSegment>,
    pub aborted: Vec<AbortedSegment>,
    pub notices: Vec<Notice>,
    pub tracks: Vec<Track>,
    pub snapshots: Vec<(i64, Vec<u8>)>,
}

impl SegmentSink for Memory {
    type Error = Infallible;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), Infallible> {
        self.starts.push(*start);
        self.body.clear();
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Infallible> {
        let end = self.body.len();
        self.body.resize(end + packets.len(), 0);
        packets.copy_to_slice(&mut self.body[end..]).unwrap();
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), Infallible> {
        self.segments.push(*segment);
        self.bodies.push(self.body.clone());
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        self.playlists.push(text(playlist));
        self.listed = playlist.segments().collect();
        self.token = Some(playlist.resume_token());
        Ok(())
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.expired.push(*expired);
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.aborted.push(*aborted);
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        let mut bytes = Vec::new();
        snapshot.for_each_piece(|piece| bytes.extend_from_slice(piece));
        assert_eq!(bytes.len(), snapshot.len());
        self.snapshots.push((snapshot.pts.get(), bytes));
    }

    fn track(&mut self, track: &Track) {
        self.tracks.push(*track);
    }

    fn notice(&mut self, notice: &Notice) {
        self.notices.push(*notice);
    }
}

/// Renders a playlist with segments named by their ids.
pub fn text(playlist: Playlist<'_>) -> String {
    playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id)).to_string()
}

/// What came out of a run.
pub struct Output {
    pub memory: Memory,
    pub stats: Stats,
}

impl Output {
    /// EXTINF of every segment, in ms.
    pub fn extinf(&self) -> Vec<u32> {
        self.memory.segments.iter().map(|segment| segment.extinf.millis()).collect()
    }

    pub fn causes(&self) -> Vec<Cause> {
        self.memory.segments.iter().map(|segment| segment.cause).collect()
    }

    /// Media sequence numbers of the segments behind EXT-X-DISCONTINUITY.
    pub fn discontinuities(&self) -> Vec<u64> {
        let tagged = self.memory.segments.iter().filter(|segment| segment.discontinuity);
        tagged.map(|segment| segment.sequence).collect()
    }

    pub fn starts_with_idr(&self) -> Vec<bool> {
        self.memory.segments.iter().map(|segment| segment.starts_with_idr).collect()
    }

    pub fn count(&self, kind: NoticeKind) -> u64 {
        self.stats.count(kind)
    }

    /// How often `kind` was told.
    pub fn told(&self, kind: NoticeKind) -> usize {
        self.memory.notices.iter().filter(|notice| notice.kind == kind).count()
    }

    /// EXT-X-TARGETDURATION of every playlist.
    pub fn targets(&self) -> Vec<u32> {
        let target = |text: &String| {
            let line = text.lines().find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:"));
            line.unwrap().parse().unwrap()
        };
        self.memory.playlists.iter().map(target).collect()
    }

    /// Takes the segments apart with a demultiplexer that was not written here.
    pub fn demux(&self) -> Vec<Pes> {
        let parts = self.memory.bodies.iter().enumerate();
        parts.flat_map(|(segment, body)| demux(segment, body)).collect()
    }

    /// PES packets of one stream, in order.
    pub fn stream(&self, pid: u16) -> Vec<Pes> {
        self.demux().into_iter().filter(|pes| pes.pid == pid).collect()
    }
}

pub const VIDEO: u16 = 0x100;
pub const AUDIO: u16 = 0x101;

/// A PES packet as `mpeg2ts` reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pes {
    pub segment: usize,
    pub pid: u16,
    pub pts: u64,
    pub dts: u64,
    pub data: Vec<u8>,
}

fn demux(segment: usize, body: &[u8]) -> Vec<Pes> {
    use mpeg2ts::pes::{PesPacketReader, ReadPesPacket};
    use mpeg2ts::ts::TsPacketReader;

    let mut reader = PesPacketReader::new(TsPacketReader::new(body));
    let mut packets = Vec::new();
    while let Some(packet) = reader.read_pes_packet().expect("mpeg2ts refuses our packets") {
        let pts = packet.header.pts.expect("every PES packet has a PTS").as_u64();
        packets.push(Pes {
            segment,
            pid: if packet.header.stream_id.is_video() { VIDEO } else { AUDIO },
            pts,
            dts: packet.header.dts.map_or(pts, |dts| dts.as_u64()),
            data: packet.data,
        });
    }
    packets
}

/// Runs tags through an engine and the Auditor, to the end of the list.
pub fn run(tags: &[OwnedTag], options: Options) -> Output {
    run_to(tags, options, End::List)
}

pub fn run_to(tags: &[OwnedTag], options: Options, end: End) -> Output {
    if let Ok(folder) = std::env::var("STREAMS_FOLDER")
        && options == Options::default()
    {
        keep(Path::new(&folder), tags);
    }
    let segmenter = Segmenter::new(Config::new(options).unwrap());
    let auditor = auditor(&options);
    let (output, auditor) = drive(segmenter, auditor, tags, end);
    auditor.assert_clean();
    Output { memory: auditor.into_inner(), stats: output.stats() }
}

/// Keeps a stream as an FLV file named by its test, so that others may judge what is made of it.
fn keep(folder: &Path, tags: &[OwnedTag]) {
    let mut bytes = b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec();
    for tag in tags {
        let [t_high, t0, t1, t2] = ((tag.millis & 0xffff_ffff) as u32).to_be_bytes();
        let [_, l0, l1, l2] = (tag.data.len() as u32).to_be_bytes();
        bytes.extend([tag.kind.get(), l0, l1, l2, t0, t1, t2, t_high, 0, 0, 0]);
        bytes.extend(&tag.data);
        bytes.extend((tag.data.len() as u32 + 11).to_be_bytes());
    }
    let test = std::thread::current();
    let name = test.name().unwrap().rsplit("::").next().unwrap();
    let mut paths = (0..).map(|nth| folder.join(format!("{name}.{nth}.flv")));
    std::fs::write(paths.find(|path| !path.exists()).unwrap(), bytes).unwrap();
}

/// Makes an Auditor that knows what `options` promise.
pub fn auditor(options: &Options) -> Auditor<Memory> {
    let auditor = Auditor::new(Memory::default()).key_frames(options.key_frames);
    match options.window {
        hls_segmenter::config::WindowPolicy::Exactly => {
            auditor.frag_count(options.frag_count.get())
        }
        _ => auditor,
    }
}

pub fn drive(
    mut segmenter: Segmenter,
    mut auditor: Auditor<Memory>,
    tags: &[OwnedTag],
    end: End,
) -> (Segmenter, Auditor<Memory>) {
    for tag in tags {
        // Bad tags are part of some streams; a sink that remembers never fails.
        let _ = segmenter.push(tag.borrow(), &mut auditor);
    }
    segmenter.finish(end, &mut auditor).unwrap();
    (segmenter, auditor)
}

/// Reads an FLV file whole.
pub fn read_flv(bytes: &[u8]) -> Vec<OwnedTag> {
    let (mut reader, mut rest, mut tags) = (Reader::new(), bytes, Vec::new());
    loop {
        let consumed = match reader.step(rest).unwrap() {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                tags.push(OwnedTag::from(tag));
                consumed
            }
            _ => return tags,
        };
        rest = &rest[consumed..];
    }
}

/// Returns name and bytes of every capture of `testdata/`.
pub fn captures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    let mut captures: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "flv"))
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect();
    captures.sort();
    assert!(captures.len() >= 10, "testdata/ has its captures");
    captures
}

/// The key frame policy under which a capture has more than one access point.
pub fn policy_for(capture: &str) -> KeyFramePolicy {
    match capture {
        "open_gop" | "intra_refresh" => KeyFramePolicy::IdrOrRecoveryPoint,
        _ => KeyFramePolicy::Idr,
    }
}

impl OwnedTag {
    pub fn borrow(&self) -> Tag<'_> {
        let time = FlvTime::from_millis((self.millis & 0xffff_ffff) as u32);
        Tag { kind: self.kind, time, data: &self.data }
    }
}

impl From<Tag<'_>> for OwnedTag {
    fn from(tag: Tag<'_>) -> Self {
        Self { kind: tag.kind, millis: i64::from(tag.time.millis()), data: tag.data.to_vec() }
    }
}

/// Says whether a tag carries video.
pub fn is_video(tag: &OwnedTag) -> bool {
    tag.kind == TagKind::VIDEO
}
