//! Fragmented MP4: the same segments as in MPEG-TS, and what only that container has.

use std::path::{Path, PathBuf};

use hls_segmenter::config::{FragDuration, KeyFramePolicy, Options, PlaylistVersion};
use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::fmp4::FragmentBuffer;
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::{Config, Container, End, Fmp4, ResumeToken, Segmenter, Track, Ts};
use hls_segmenter_auditor::{ElementaryUnit, UnitKind};

use crate::support::stream::{
    BASE, OTHER_PPS, OTHER_SPS, SPS, audio_header, video_header, video_header_with, video_tag,
};
use crate::support::{
    Base, Output, OwnedTag, Recorded, auditor, captures, drive, hevc, is_video, policy_for,
    read_flv, record, run_fmp4,
};

fn secs(secs: u32) -> Options {
    Options { frag_duration: FragDuration::new(secs).unwrap(), ..Options::default() }
}

/// What became of a stream, whatever its container: cuts, durations, breaks, what was told.
fn story(output: &Output) -> impl PartialEq + std::fmt::Debug {
    let segments = output.memory.segments.iter().map(|segment| {
        let ends = (segment.start, segment.duration, segment.extinf, segment.cause);
        let frames = (segment.frames, segment.key_frames, segment.longest_gop);
        (segment.sequence, ends, frames, segment.discontinuity, segment.starts_with_idr)
    });
    let playlists: Vec<_> = output.memory.playlists.iter().map(|text| plain(text)).collect();
    let notices: Vec<_> = output.stats.noticed().collect();
    let expired: Vec<_> =
        output.memory.expired.iter().map(|expired| (expired.id, expired.keep_for)).collect();
    (segments.collect::<Vec<_>>(), playlists, notices, output.memory.tracks.clone(), expired)
}

/// A playlist without its sections, and with the names that segments have in MPEG-TS.
fn plain(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("#EXT-X-MAP:"));
    lines.map(|line| line.replace(".m4s", ".ts") + "\n").collect()
}

/// Segments a stream in both containers: they tell the same story, of the same pictures and frames
/// at the same times.
pub(crate) fn assert_same_as_ts(tags: &[OwnedTag], options: Options) -> Recorded {
    // Lists with sections are of version 6, which rounds the target duration in its own way.
    let of_version_6 = Options { playlist_version: PlaylistVersion::V6, ..options };
    let (ts, fmp4) = (record::<Ts>(tags, of_version_6), record::<Fmp4>(tags, options));
    assert_eq!(story(&fmp4.output), story(&ts.output), "in fMP4");
    for kind in [UnitKind::AccessUnit, UnitKind::AudioFrame] {
        let moved = assert_same_units(&of_kind(&fmp4, kind), &of_kind(&ts, kind));
        // Frames that come too early for one that is written begin where that ends, or share the
        // time that is left.
        let of = |kind| fmp4.output.count(kind);
        let allowed = match kind {
            UnitKind::AudioFrame => of(NoticeKind::AudioReanchor) + of(NoticeKind::AudioRepair),
            // Audio that fills the table ends its fragment before it is known how long the last
            // picture lasts.
            _ => fmp4.output.memory.fragments.len() as u64 * u64::from(is_fast(tags)),
        };
        assert!(moved <= allowed, "{moved} of {kind:?} at other times, {allowed} repairs");
    }
    fmp4
}

/// Says whether there are more than 250 samples a second.
fn is_fast(tags: &[OwnedTag]) -> bool {
    let last = tags.last().map_or(0, |tag| tag.millis);
    tags.len() as i64 * 1000 > 250 * last
}

fn of_kind(recorded: &Recorded, kind: UnitKind) -> Vec<&ElementaryUnit> {
    recorded.units.iter().filter(|unit| unit.kind == kind).collect()
}

/// Two samples at 44.1 kHz, as far as a time in samples may be from one in ticks, and a tick for
/// each of the roundings.
const ROUNDING: u64 = 6;

/// Compares everything but decode times; returns how many of these are others.
fn assert_same_units(fmp4: &[&ElementaryUnit], ts: &[&ElementaryUnit]) -> u64 {
    let mut moved = 0;
    assert_eq!(fmp4.len(), ts.len());
    for (nth, (is, want)) in fmp4.iter().zip(ts).enumerate() {
        assert_eq!(is.segment, want.segment, "unit {nth}");
        let off = is.dts.since(want.dts).get().unsigned_abs();
        if is.kind == UnitKind::AudioFrame {
            assert_eq!(is.bytes, want.bytes, "frame {nth}");
            moved += u64::from(off > ROUNDING);
            continue;
        }
        moved += u64::from(is.dts != want.dts);
        assert_eq!(is.pts, want.pts, "picture {nth}");
        let units: Vec<_> = want.nal_units().filter(|unit| stays(unit)).collect();
        assert_eq!(is.nal_units().collect::<Vec<_>>(), units, "picture {nth}");
    }
    moved
}

/// Returns whether a NAL unit of MPEG-TS is in fMP4 too. In H.265 the second byte of its header is
/// 1, with which nothing of H.264 begins here.
fn stays(unit: &[u8]) -> bool {
    match unit {
        [header, 1, ..] if header & 1 == 0 => !(32..=35).contains(&(header >> 1)),
        [header, ..] => !(7..=9).contains(&(header & 0x1f)),
        [] => false,
    }
}

/// Files of this type under `../shared/streams`, where that is.
fn shared_streams() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams");
    let entries = |path: &Path| {
        let entries = std::fs::read_dir(path).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let files = entries(&folder).into_iter().flat_map(|path| entries(&path));
    files.filter(|path| path.extension().is_some_and(|end| end == "flv")).collect()
}

#[test]
fn mp4_2_mp4_14_captures_come_to_the_same_as_in_mpeg_ts() {
    let h265 = ["open_gop", "hdr"].map(|name| {
        let path = format!("{}/../testdata/h265/{name}.flv", env!("CARGO_MANIFEST_DIR"));
        (name.to_owned(), std::fs::read(path).unwrap())
    });
    for (name, bytes) in captures().into_iter().chain(h265) {
        let options = Options { key_frames: policy_for(&name), ..secs(2) };
        // MP3 is dropped, see below.
        if name != "mp3" {
            assert_same_as_ts(&read_flv(&bytes), options);
        }
    }
}

#[test]
fn mp4_9_mp3_is_told_and_dropped() {
    let (_, bytes) = captures().into_iter().find(|(name, _)| name == "mp3").unwrap();
    let output = run_fmp4(&read_flv(&bytes), secs(2));
    assert_eq!(output.told(NoticeKind::AudioNotCarried), 0);
    assert!(output.count(NoticeKind::UnsupportedAudio) > 0, "{:?}", output.memory.notices);
    assert!(output.memory.tracks.iter().all(|track| matches!(track, Track::Video(_))));
    let video =
        run_fmp4(&read_flv(&bytes).into_iter().filter(is_video).collect::<Vec<_>>(), secs(2));
    assert!(!video.memory.bodies.is_empty());
    assert_eq!(output.memory.bodies, video.memory.bodies);
    assert_eq!(output.memory.inits, video.memory.inits);
}

/// Headers that change before the key frame at 6 s: each begins a section, behind a break.
#[test]
fn mp4_10_other_tables_need_another_section_behind_a_break() {
    let base = Base { millis: 12_000, ..BASE }.both();
    let at = |tag: OwnedTag| {
        let mut tags = base.clone();
        let place = tags.iter().position(|tag| tag.is_key_picture() && tag.millis == 6000);
        tags.insert(place.unwrap(), tag);
        tags
    };
    for (what, tags) in [
        ("size", at(video_header(6000, OTHER_SPS))),
        ("PPS", at(video_header_with(6000, SPS, OTHER_PPS))),
        ("PPS in band", at(video_tag(5999, true, 0, &[SPS, OTHER_PPS, &[0x65, 0x88, 0x84, 7]]))),
        ("rate", at(audio_header(6000, 48_000))),
    ] {
        let output = assert_same_but_for_tables(&tags, secs(2));
        let inits: Vec<_> = output.memory.inits.keys().copied().collect();
        assert_eq!(inits, [0, 3], "{what}");
        let of_segments: Vec<_> =
            output.memory.segments.iter().map(|segment| segment.init).collect();
        assert_eq!(of_segments[..4], [Some(0), Some(0), Some(0), Some(3)], "{what}");
        assert_eq!(output.discontinuities(), [3], "{what}");
        let text = &output.memory.playlists[4];
        let maps: Vec<_> = text.lines().filter(|line| line.contains("-MAP")).collect();
        assert_eq!(maps, ["#EXT-X-MAP:URI=\"0.mp4\"", "#EXT-X-MAP:URI=\"3.mp4\""], "{what}");
        let last = output.memory.playlists.last().unwrap();
        assert_eq!(last.matches("-MAP").count(), 2 - usize::from(!last.contains("0.mp4")));
    }
}

/// In TS another PPS needs no break: so only what holds for fMP4 is looked at.
fn assert_same_but_for_tables(tags: &[OwnedTag], options: Options) -> Output {
    let (ts, fmp4) = (record::<Ts>(tags, options), record::<Fmp4>(tags, options));
    for kind in [UnitKind::AccessUnit, UnitKind::AudioFrame] {
        assert_same_units(&of_kind(&fmp4, kind), &of_kind(&ts, kind));
    }
    fmp4.output
}

#[test]
fn mp4_10_another_codec_needs_another_section() {
    let avc = Base { millis: 6000, ..BASE }.both();
    let mut later = hevc::of_avc(&avc);
    later.iter_mut().for_each(|tag| tag.millis += 6000);
    let output = run_fmp4(&[avc, later].concat(), secs(2));
    assert_eq!(output.memory.inits.keys().copied().collect::<Vec<_>>(), [0, 3]);
    for (init, entry) in [(0, b"avc1avcC"), (3, b"hvc1hvcC")] {
        let bytes = &output.memory.inits[&init];
        let has = |kind: &[u8]| bytes.windows(4).any(|bytes| bytes == kind);
        assert!(has(&entry[..4]) && has(&entry[4..]), "{init}");
    }
    assert_eq!(output.discontinuities(), [3]);
}

#[test]
fn mp4_14_a_hole_in_audio_is_where_it_was_and_no_sample_is_drawn_into_it() {
    let mut tags = BASE.both();
    tags.retain(|tag| is_video(tag) || !(12_500..13_700).contains(&tag.millis) || tag.is_header());
    let fmp4 = assert_same_as_ts(&tags, Options::default());
    let times: Vec<_> = of_kind(&fmp4, UnitKind::AudioFrame).iter().map(|unit| unit.dts).collect();
    let longest = times.windows(2).map(|pair| pair[1].since(pair[0]).get()).max().unwrap();
    assert!((108_000..112_000).contains(&longest), "{longest}");
}

#[test]
fn mp4_3_a_resumed_list_goes_on_with_its_numbers_and_another_section() {
    for tags in [BASE.both(), hevc::of_avc(&BASE.both()), BASE.audio()] {
        let config = || Config::new(Options::default()).unwrap();
        let options = Options::default();
        let (_, paused) = drive(Segmenter::fmp4(config()), auditor(&options), &tags, End::Pause);
        paused.assert_clean();
        let paused = paused.into_inner();
        let (token, listed) = (paused.token.unwrap(), paused.listed.clone());
        // Its numbers are those of fragments, of which there are many: they are stored as well.
        let token = ResumeToken::from_bytes(&token.to_bytes()).unwrap();
        let resumed =
            Segmenter::<Fmp4>::resume_with_container(config(), &token, listed.iter().copied());
        let mut judge = auditor(&options);
        judge.resume(&token, &listed);
        let (_, judge) = drive(resumed.unwrap(), judge, &tags, End::List);
        judge.assert_clean();
        let memory = judge.into_inner();
        assert_eq!(memory.inits.keys().copied().collect::<Vec<_>>(), [8]);
        assert_eq!(memory.inits[&8], paused.inits[&0]);
        let numbers = paused.bodies.iter().chain(&memory.bodies).flat_map(|body| numbers(body));
        let numbers: Vec<_> = numbers.collect();
        assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
        // The list names the earlier engine's section as long as its segments.
        let first = &memory.playlists[0];
        assert!(first.contains("\"0.mp4\"") && first.contains("\"8.mp4\""), "{first}");
        let expired: Vec<_> = memory.expired.iter().filter_map(|expired| expired.init).collect();
        assert_eq!(expired, [0]);
    }
}

/// `sequence_number` of each fragment of a segment.
fn numbers(body: &[u8]) -> Vec<u32> {
    let at = body.windows(4).enumerate().filter(|(_, bytes)| *bytes == b"mfhd");
    at.map(|(at, _)| u32::from_be_bytes(body[at + 8..at + 12].try_into().unwrap())).collect()
}

#[test]
fn mp4_2_a_full_table_ends_its_fragment() {
    // 300 pictures a second: more than a table holds; and audio alone, without any key frame.
    let fast = Base { millis: 20_000, fps: (300, 1), gop: 600, ..BASE };
    for (tags, least) in [
        (fast.video(), 24),
        (fast.both(), 27),
        (Base { millis: 160_000, ..BASE }.audio(), 160),
        (Base { millis: 160_000, gop: 0, ..BASE }.both(), 160),
    ] {
        let fmp4 = assert_same_as_ts(&tags, Options::default()).output;
        let fragments = &fmp4.memory.fragments;
        assert!(fragments.len() >= least, "{} fragments", fragments.len());
        let longest = fragments.iter().map(|(head, _)| *head).max().unwrap();
        assert!(longest <= FragmentBuffer::OVERHEAD, "{longest}");
    }
}

#[test]
fn mp4_6_streams_from_elsewhere_come_to_the_same_as_in_mpeg_ts() {
    for path in shared_streams() {
        println!("{}", path.display());
        let bytes = std::fs::read(&path).unwrap();
        let tags = read_whole_tags(&bytes);
        let options = Options { key_frames: KeyFramePolicy::Idr, ..secs(2) };
        let (ts, fmp4) = (any::<Ts>(&tags, options), any::<Fmp4>(&tags, options));
        // Audio that is announced and never comes is listed in MPEG-TS alone, until it is refuted.
        let ends = |output: &Output| {
            let segments = output.memory.segments.iter();
            segments.map(|s| (s.start, s.duration, s.frames)).collect::<Vec<_>>()
        };
        // Each container has audio codecs that the other has not.
        let codec = |output: &Output| output.stats.audio.map(|audio| audio.track.codec.to_string());
        if codec(&ts) == codec(&fmp4) {
            assert_eq!(ends(&fmp4), ends(&ts), "{}", path.display());
        }
    }
}

/// Reads a file as far as its tags are whole.
fn read_whole_tags(bytes: &[u8]) -> Vec<OwnedTag> {
    let (mut reader, mut rest, mut tags) = (Reader::new(), bytes, Vec::new());
    while let Ok(step) = reader.step(rest) {
        let consumed = match step {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                tags.push(OwnedTag::from(tag));
                consumed
            }
            _ => break,
        };
        rest = &rest[consumed..];
    }
    tags
}

/// As `record`, of a source that may be anything.
fn any<C: Container>(tags: &[OwnedTag], options: Options) -> Output {
    let segmenter = Segmenter::<C>::with_container(Config::new(options).unwrap());
    let (segmenter, auditor) = drive(segmenter, auditor(&options).any_input(true), tags, End::List);
    auditor.assert_clean();
    Output { memory: auditor.into_inner(), stats: segmenter.stats() }
}
