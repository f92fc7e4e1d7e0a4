//! The second door: the same media as frames gives the same bytes, and what frames alone can say.

use std::path::Path;

use hls_segmenter::codec::video::VideoCoding;
use hls_segmenter::config::{FragDuration, Options, TimelineBase};
use hls_segmenter::flv::TagKind;
use hls_segmenter::frame::{AudioCoding, Configuration, Frame, LengthLen, Units};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::Ticks;
use hls_segmenter::{Cause, CodecError, Config, End, Error, Segmenter};

use crate::support::frames::{As, annex_b, run_frames};
use crate::support::hevc::{self, CRA, TRAIL};
use crate::support::stream::{self, OTHER_SPS, PPS, SPS};
use crate::support::{
    AUDIO, Memory, Output, OwnedTag, VIDEO, auditor, captures, listed, policy_for, read_flv, run,
    run_any,
};

fn secs(secs: u32) -> Options {
    Options { frag_duration: FragDuration::new(secs).unwrap(), ..Options::default() }
}

/// Compares what both doors give of these tags, their metadata left out.
fn assert_same(name: &str, tags: &[OwnedTag], options: Options, how: As) {
    let media: Vec<_> = tags.iter().filter(|tag| tag.kind != TagKind::SCRIPT).cloned().collect();
    let (tags, frames) = (run(&media, options), run_frames(&media, options, how));
    assert!(!tags.memory.bodies.is_empty(), "{name}");
    assert_eq!(frames.memory.playlists, tags.memory.playlists, "{name} {how:?}");
    assert!(frames.memory.bodies == tags.memory.bodies, "{name} {how:?}");
}

#[test]
fn captures_give_the_same_bytes_through_both_doors() {
    for (name, bytes) in captures() {
        let options = Options { key_frames: policy_for(&name), ..secs(2) };
        assert_same(&name, &read_flv(&bytes), options, As::Lengths);
        assert_same(&name, &read_flv(&bytes), options, As::StartCodes);
    }
    for name in ["open_gop", "hdr"] {
        let path = format!("{}/../testdata/h265/{name}.flv", env!("CARGO_MANIFEST_DIR"));
        let tags = read_flv(&std::fs::read(path).unwrap());
        assert_same(name, &tags, secs(2), As::Lengths);
        assert_same(name, &tags, secs(2), As::StartCodes);
    }
}

#[test]
fn streams_that_are_strange_or_damaged_give_the_same_bytes_through_both_doors() {
    // Streams of others that may lie beside the repository.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams");
    for kind in ["made", "real", "damaged"] {
        let Ok(entries) = std::fs::read_dir(folder.join(kind)) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let bytes = std::fs::read(&path).unwrap();
            if !bytes.starts_with(b"FLV") {
                continue;
            }
            let mut media = read_flv(&bytes);
            media.retain(|tag| tag.kind != TagKind::SCRIPT);
            let tags = run_any(&media, secs(2));
            for how in [As::Lengths, As::StartCodes] {
                let frames = run_frames(&media, secs(2), how);
                if how == As::Lengths || media.iter().all(has_start_code_form) {
                    let is_same = frames.memory.bodies == tags.memory.bodies;
                    assert!(is_same, "{} {how:?}", path.display());
                }
            }
        }
    }
}

/// Returns whether start codes can say what a tag of H.264 says with lengths of four bytes: each
/// NAL unit is whole, not empty, ends in no zero and has no start code within.
fn has_start_code_form(tag: &OwnedTag) -> bool {
    let [0x17 | 0x27, 1, _, _, _, data @ ..] = &tag.data[..] else {
        return true;
    };
    let stream = annex_b(data, LengthLen::Four);
    let codes = stream.windows(3).filter(|bytes| *bytes == [0, 0, 1]).count();
    let zeros = stream.windows(4).filter(|bytes| *bytes == [0, 0, 0, 1]).count();
    let (mut rest, mut units) = (data, 0);
    while let Some((len, body)) = rest.split_first_chunk::<4>() {
        let Some((unit, after)) = body.split_at_checked(u32::from_be_bytes(*len) as usize) else {
            return false;
        };
        if unit.last().is_none_or(|&last| last == 0) {
            return false;
        }
        (rest, units) = (after, units + 1);
    }
    rest.is_empty() && codes == units && zeros == units
}

/// Pushes frames; the sink remembers what came of them.
struct Host {
    segmenter: Segmenter,
    auditor: hls_segmenter_auditor::Auditor<Memory>,
}

impl Host {
    fn new(options: Options) -> Self {
        let segmenter = Segmenter::new(Config::new(options).unwrap());
        Self { segmenter, auditor: auditor(&options) }
    }

    fn video(&mut self, coding: VideoCoding, dts: i64, pts: i64, units: &[&[u8]]) {
        let stream: Vec<u8> =
            units.iter().flat_map(|unit| [&[0, 0, 0, 1], *unit].concat()).collect();
        let units = Units::AnnexB(&stream);
        let frame = Frame::Video { coding, dts: Ticks::new(dts), pts: Ticks::new(pts), units };
        self.segmenter.push_frame(frame, &mut self.auditor).unwrap();
    }

    fn audio(&mut self, coding: AudioCoding, pts: i64, data: &[u8]) {
        let frame = Frame::Audio { coding, pts: Ticks::new(pts), data };
        self.segmenter.push_frame(frame, &mut self.auditor).unwrap();
    }

    fn end(mut self) -> Output {
        self.segmenter.finish(End::List, &mut self.auditor).unwrap();
        self.auditor.assert_clean();
        Output { memory: self.auditor.into_inner(), stats: self.segmenter.stats() }
    }
}

const IDR: &[u8] = &[0x65, 0x88, 0x84, 7];
const INTER: &[u8] = &[0x41, 0x9a, 0x24, 7];

#[test]
fn times_of_90_khz_come_out_as_they_went_in() {
    let mut host = Host::new(secs(2));
    // 30000/1001 pictures a second, shown out of order: parameter sets come in the stream.
    let wanted: Vec<(i64, i64)> =
        (0..240).map(|n| (n * 3003, n * 3003 + [2, 4, 1, 1][n as usize % 4] * 3003)).collect();
    for (n, &(dts, pts)) in wanted.iter().enumerate() {
        match n % 60 {
            0 => host.video(VideoCoding::Avc, dts, pts, &[OTHER_SPS, PPS, IDR]),
            _ => host.video(VideoCoding::Avc, dts, pts, &[INTER]),
        }
    }
    let output = host.end();
    assert_eq!(output.extinf(), [2002; 4]);
    let lead = output.stream(VIDEO)[0].dts as i64;
    let got: Vec<_> = output
        .stream(VIDEO)
        .iter()
        .map(|pes| (pes.dts as i64 - lead, pes.pts as i64 - lead))
        .collect();
    assert_eq!(got, wanted);
}

#[test]
fn parameter_sets_and_adts_in_the_stream_need_no_configuration() {
    let adts = |n: u8| [0xff, 0xf1, 0x50, 0x40, 0x01, 0x7f, 0xfc, n, 7, 7, 7];
    let mut host = Host::new(secs(1));
    for n in 0..50_i64 {
        let sets: &[&[u8]] = if n % 25 == 0 { &[SPS, PPS, IDR] } else { &[INTER] };
        host.video(VideoCoding::Avc, n * 3600, n * 3600, sets);
        for frame in n * 90 / 48..(n + 1) * 90 / 48 {
            host.audio(AudioCoding::Aac, frame * 1920, &adts(frame as u8));
        }
    }
    let output = host.end();
    // Audio that says itself how it is coded joins at the second key frame.
    assert_eq!((listed(&output, 0), listed(&output, 1)), (vec![0x1b], vec![0x1b, 0x0f]));
    assert_eq!(output.stats.video.unwrap().frames, 50);
    assert_eq!(output.stats.video.unwrap().track.width, Some(256));
    assert_eq!(output.stream(AUDIO)[0].data[..7], adts(0)[..7]);
}

#[test]
fn a_configuration_is_taken_before_the_media_and_lists_the_track_from_the_first_segment_on() {
    let sets = annex_b(&[&[0, 24][..], SPS, &[0, 4], PPS].concat(), LengthLen::Two);
    let mut host = Host::new(secs(1));
    let sink = &mut host.auditor;
    host.segmenter.configure(Configuration::Aac(&[0x12, 0x08]), sink).unwrap();
    let configuration = Configuration::ParameterSets(VideoCoding::Avc, &sets);
    host.segmenter.configure(configuration, sink).unwrap();
    for n in 0..50_i64 {
        let unit = if n % 25 == 0 { IDR } else { INTER };
        host.video(VideoCoding::Avc, n * 3600, n * 3600, &[unit]);
        host.audio(AudioCoding::Aac, n * 3600, &[7; 80]);
    }
    let output = host.end();
    assert_eq!((listed(&output, 0), output.discontinuities()), (vec![0x1b, 0x0f], vec![]));
    let first = &output.stream(VIDEO)[0].data;
    assert!(first.windows(SPS.len()).any(|bytes| bytes == SPS));
    assert_eq!(output.stats.audio.unwrap().frames, 50);
}

#[test]
fn another_coding_of_frames_begins_a_segment_at_its_first_key_frame() {
    let mut host = Host::new(secs(5));
    let sets = [hevc::VPS, hevc::SPS, hevc::PPS];
    for n in 0..75_i64 {
        let dts = n * 3600;
        match n {
            0 | 60 => host.video(VideoCoding::Avc, dts, dts, &[SPS, PPS, IDR]),
            1..25 | 61.. => host.video(VideoCoding::Avc, dts, dts, &[INTER]),
            27 => {
                let slice = hevc::slice(CRA, 9);
                host.video(VideoCoding::Hevc, dts, dts, &[sets[0], sets[1], sets[2], &slice]);
            }
            _ => host.video(VideoCoding::Hevc, dts, dts, &[&hevc::slice(TRAIL, 9)]),
        }
    }
    let output = host.end();
    assert_eq!(output.discontinuities(), [1, 2]);
    let tables: Vec<_> = (0..3).map(|segment| listed(&output, segment)).collect();
    assert_eq!(tables, [[0x1b], [0x24], [0x1b]]);
    assert_eq!(output.count(NoticeKind::VideoBeforeHeader), 2);
    assert_eq!(output.stats.video.unwrap().frames, 73);
}

#[test]
fn x8_frames_of_mpeg_audio_alone_are_cut_at_frag_duration() {
    let mp3 = stream::mp3(0, 1).data[1..].to_vec();
    let mut host = Host::new(secs(2));
    for n in 0..200_i64 {
        host.audio(AudioCoding::Mpeg, n * 1152 * 90_000 / 44_100, &mp3);
    }
    let output = host.end();
    assert_eq!((listed(&output, 0), output.extinf()[0]), (vec![0x03], 2011));
    assert_eq!(output.stats.audio.unwrap().frames, 200);
}

#[test]
fn where_pts_alone_is_known_dts_follow_from_their_order() {
    let mut host = Host::new(secs(1));
    let sps = stream::sps(25, 1);
    for n in 0..75_i64 {
        // Pictures of a pair come in turn.
        let pts = (n + if n % 25 == 0 { 0 } else { [1, -1][(n % 25 % 2 == 0) as usize] }) * 3600;
        match n % 25 {
            0 => host.video(VideoCoding::Avc, pts, pts, &[&sps, PPS, IDR]),
            _ => host.video(VideoCoding::Avc, pts, pts, &[INTER]),
        }
    }
    let output = host.end();
    let times: Vec<_> = output.stream(VIDEO).iter().map(|pes| (pes.dts, pes.pts)).collect();
    assert!(times.is_sorted_by(|left, right| left.0 < right.0));
    assert!(times.iter().all(|(dts, pts)| dts <= pts));
    assert_eq!(output.count(NoticeKind::VideoRepair), 0);
}

#[test]
fn the_timeline_of_frames_begins_where_the_host_wants_and_33_bits_unroll() {
    let wire = |n: i64| Ticks::new((1 << 33) - 90_000 + n * 3600).to_wire();
    for (base, want) in
        [(TimelineBase::FirstTagZero, 0), (TimelineBase::AsReceived, (1 << 33) - 90_000)]
    {
        let mut host = Host::new(Options { base, ..secs(1) });
        let mut last = Ticks::new((1 << 33) - 90_000);
        for n in 0..75 {
            last = Ticks::near(last, wire(n));
            let units: &[&[u8]] = if n % 25 == 0 { &[SPS, PPS, IDR] } else { &[INTER] };
            host.video(VideoCoding::Avc, last.get(), last.get(), units);
        }
        let output = host.end();
        assert_eq!((output.extinf(), output.discontinuities()), (vec![1000; 3], vec![]));
        assert_eq!(output.memory.starts[0].start, Ticks::new(want));
    }
}

#[test]
fn what_cannot_be_used_is_a_typed_error_and_nothing_follows_the_end() {
    let mut host = Host::new(secs(1));
    let (engine, sink) = (&mut host.segmenter, &mut host.auditor);
    for (configuration, is_codec_error) in [
        (Configuration::Video(VideoCoding::Avc, &[2, 0, 0]), true),
        (Configuration::Video(VideoCoding::Hevc, &[1; 9]), true),
        (Configuration::ParameterSets(VideoCoding::Avc, &[0, 0, 1, 0x68, 0x80]), true),
        (Configuration::ParameterSets(VideoCoding::Hevc, &[]), true),
        (Configuration::Aac(&[0xff]), true),
    ] {
        let result = engine.configure(configuration, sink);
        let got = matches!(
            result,
            Err(Error::Codec(CodecError::Avc(_) | CodecError::Hevc(_) | CodecError::Aac(_)))
        );
        assert_eq!(got, is_codec_error, "{configuration:?} {result:?}");
    }
    let large = [&[0, 0, 0, 1, 0x67][..], &[9; 1200]].concat();
    let result = engine.configure(Configuration::ParameterSets(VideoCoding::Avc, &large), sink);
    assert!(matches!(result, Err(Error::Codec(_))), "{result:?}");
    engine.finish(End::List, sink).unwrap();
    let frame = Frame::Audio { coding: AudioCoding::Aac, pts: Ticks::new(0), data: &[1] };
    assert_eq!(engine.push_frame(frame, sink), Err(Error::Finished));
    assert_eq!(engine.configure(Configuration::Aac(&[0x12, 8]), sink), Err(Error::Finished));
}

#[test]
fn y_04_a_picture_of_another_codec_that_needs_others_is_not_written_into_the_segment() {
    let mut host = Host::new(secs(5));
    host.video(VideoCoding::Avc, 0, 0, &[SPS, PPS, IDR]);
    // A key frame without parameter sets, and then they come with a picture that is no key frame.
    host.video(VideoCoding::Hevc, 3600, 3600, &[&hevc::slice(CRA, 9)]);
    let sets = [hevc::VPS, hevc::SPS, hevc::PPS];
    for n in 2..5 {
        let slice = hevc::slice(TRAIL, 9);
        host.video(VideoCoding::Hevc, n * 3600, n * 3600, &[sets[0], sets[1], sets[2], &slice]);
    }
    host.video(VideoCoding::Hevc, 18_000, 18_000, &[&hevc::slice(CRA, 9)]);
    let output = host.end();
    assert_eq!(
        output.memory.segments.iter().map(|segment| segment.frames).collect::<Vec<_>>(),
        [1, 1]
    );
    assert_eq!((listed(&output, 0), listed(&output, 1)), (vec![0x1b], vec![0x24]));
    assert_eq!(output.causes()[0], Cause::ConfigChange);
}

#[test]
fn y_05_a_segment_lists_the_codec_of_the_picture_that_begins_it() {
    let mut host = Host::new(secs(5));
    host.video(VideoCoding::Avc, 0, 0, &[SPS, PPS, IDR]);
    host.segmenter.finish(End::Pause, &mut host.auditor).unwrap();
    // H.265 without parameter sets, then H.264 whose sets come with a picture that is no key frame:
    // a minute later a picture begins a segment without one.
    host.video(VideoCoding::Hevc, 3600, 3600, &[&hevc::slice(TRAIL, 9)]);
    host.video(VideoCoding::Avc, 7200, 7200, &[SPS, PPS, INTER]);
    for secs in 1..62 {
        host.video(VideoCoding::Avc, secs * 90_000, secs * 90_000, &[INTER]);
    }
    let output = host.end();
    assert_eq!((listed(&output, 0), listed(&output, 1)), (vec![0x1b], vec![0x1b]));
}

#[test]
fn y_04_a_configuration_that_was_in_force_before_another_codec_is_taken_again() {
    let record = stream::video_header(0, SPS).data[5..].to_vec();
    let mut host = Host::new(secs(5));
    for at in [0, 2] {
        let configuration = Configuration::Video(VideoCoding::Avc, &record);
        host.segmenter.configure(configuration, &mut host.auditor).unwrap();
        host.video(VideoCoding::Avc, at * 90_000, at * 90_000, &[IDR]);
        if at == 0 {
            let cra = hevc::slice(CRA, 9);
            let units: [&[u8]; 4] = [hevc::VPS, hevc::SPS, hevc::PPS, &cra];
            host.video(VideoCoding::Hevc, 90_000, 90_000, &units);
        }
    }
    let output = host.end();
    let tables: Vec<_> = (0..output.memory.bodies.len()).map(|nth| listed(&output, nth)).collect();
    assert_eq!(tables, [[0x1b], [0x24], [0x1b]]);
}
