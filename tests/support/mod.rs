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

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use hls_segmenter::config::{KeyFramePolicy, Parts};
use hls_segmenter::flv::{Reader, Step, Tag, TagKind};
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::notice::{Notice, NoticeKind};
use hls_segmenter::playlist::{ListedSegment, Playlist};
use hls_segmenter::time::FlvTime;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, Cause, Config, Container, End, ExpiredSegment, Fmp4, Options, ResumeToken,
    Segment, SegmentSink, SegmentStart, Segmenter, Snapshot, Stats, Track,
};
use hls_segmenter_auditor::{Auditor, ElementaryUnit};

pub mod av1;
pub mod frames;
pub mod hevc;
pub mod parts;
pub mod stream;

pub use stream::{Base, OwnedTag};

/// A sink that remembers everything.
#[derive(Default)]
pub struct Memory {
    pub body: Vec<u8>,
    /// Payload of the fragment that is next.
    pub payload: Vec<u8>,
    /// Initialization sections by their ids.
    pub inits: BTreeMap<u64, Vec<u8>>,
    /// Lengths of heads and of the payload behind each.
    pub fragments: Vec<(usize, usize)>,
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
        self.payload.clear();
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Infallible> {
        let end = self.body.len();
        self.body.resize(end + packets.len(), 0);
        packets.copy_to_slice(&mut self.body[end..]).unwrap();
        Ok(())
    }

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), Infallible> {
        self.inits.insert(init.id(), init.as_bytes().to_vec());
        Ok(())
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), Infallible> {
        payload.append_to(&mut self.payload);
        Ok(())
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), Infallible> {
        head.append_to(&mut self.body);
        self.fragments.push((head.len(), self.payload.len()));
        self.body.append(&mut self.payload);
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

/// Renders a playlist with segments and sections named by their ids.
pub fn text(playlist: Playlist<'_>) -> String {
    let text = playlist.m3u8(|segment, uri| match segment.init {
        None => write!(uri, "{}.ts", segment.id),
        Some(_) => write!(uri, "{}.m4s", segment.id),
    });
    text.init_uri(|id, uri| write!(uri, "{id}.mp4")).to_string()
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

/// Stream types that a segment's PMT lists, read byte by byte.
pub fn listed(output: &Output, segment: usize) -> Vec<u8> {
    let section = &output.memory.bodies[segment][188 + 5..];
    let end = 3 + usize::from(section[2]) - 4;
    let (mut rest, mut listed) = (&section[12..end], vec![]);
    while let [stream_type, _, _, _, descriptors_len, after @ ..] = rest {
        listed.push(*stream_type);
        rest = &after[usize::from(*descriptors_len)..];
    }
    listed
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

/// What came out of a run, with every access unit and audio frame as the Auditor read it.
pub struct Recorded {
    pub output: Output,
    pub units: Vec<ElementaryUnit>,
}

/// Runs tags through an engine of a container and the Auditor, to the end of the list.
pub fn record<C: Container>(tags: &[OwnedTag], options: Options) -> Recorded {
    let segmenter = Segmenter::<C>::with_container(Config::new(options).unwrap());
    let auditor = auditor(&options).record(true);
    let (segmenter, auditor) = drive(segmenter, auditor, tags, End::List);
    auditor.assert_clean();
    let units = auditor.elementary().to_vec();
    Recorded { output: Output { memory: auditor.into_inner(), stats: segmenter.stats() }, units }
}

/// As `run`, in fMP4.
pub fn run_fmp4(tags: &[OwnedTag], options: Options) -> Output {
    record::<Fmp4>(tags, options).output
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
    std::fs::write(new_file(folder, "flv"), bytes).unwrap();
}

/// Keeps the text of a playlist in a file named by its test, so that other parsers may read it.
pub fn keep_playlist(text: &str) {
    if let Ok(folder) = std::env::var("PLAYLISTS_FOLDER") {
        std::fs::write(new_file(Path::new(&folder), "m3u8"), text).unwrap();
    }
}

/// A path for the next file that the test keeps.
fn new_file(folder: &Path, extension: &str) -> PathBuf {
    let test = std::thread::current();
    let name = test.name().unwrap().rsplit("::").next().unwrap();
    let mut paths = (0..).map(|nth| folder.join(format!("{name}.{nth}.{extension}")));
    paths.find(|path| !path.exists()).unwrap()
}

/// As `run`, of a source that may be anything.
pub fn run_any(tags: &[OwnedTag], options: Options) -> Output {
    let auditor = auditor(&options).any_input(true);
    let segmenter = Segmenter::new(Config::new(options).unwrap());
    let (segmenter, auditor) = drive(segmenter, auditor, tags, End::List);
    Output { memory: auditor.into_inner(), stats: segmenter.stats() }
}

/// Makes an Auditor that knows what `options` promise.
pub fn auditor(options: &Options) -> Auditor<Memory> {
    let auditor = Auditor::new(Memory::default())
        .key_frames(options.key_frames)
        .part_target(options.parts.map(Parts::target));
    match options.window {
        hls_segmenter::config::WindowPolicy::Exactly => {
            auditor.frag_count(options.frag_count.get())
        }
        _ => auditor,
    }
}

pub fn drive<C: Container>(
    mut segmenter: Segmenter<C>,
    mut auditor: Auditor<Memory>,
    tags: &[OwnedTag],
    end: End,
) -> (Segmenter<C>, Auditor<Memory>) {
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
