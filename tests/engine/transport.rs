//! The transport stream as a whole: packets, tables, counters and clock across segments.

use std::collections::BTreeMap;

use crate::support;
use crate::support::stream::{BASE, SPS, audio_header, shift, video_header};
use crate::support::{AUDIO, Base, Output, VIDEO, run};
use hls_segmenter::config::Options;
use hls_segmenter::time::TickSpan;

const PAT: u16 = 0;
const PMT: u16 = 0x1000;

/// A TS packet, taken apart by hand.
#[derive(Clone)]
struct Packet {
    segment: usize,
    pid: u16,
    unit_start: bool,
    counter: u8,
    has_payload: bool,
    discontinuity: bool,
    random_access: bool,
    pcr: Option<u64>,
    payload: Vec<u8>,
}

fn packets(output: &Output) -> Vec<Packet> {
    let bodies = output.memory.bodies.iter().enumerate();
    let packet = |segment, bytes: &[u8]| {
        assert_eq!(bytes[0], 0x47);
        assert_eq!(bytes[1] & 0x80, 0, "transport_error_indicator");
        assert_eq!(bytes[3] & 0xc0, 0, "transport_scrambling_control");
        let control = bytes[3] >> 4 & 3;
        assert_ne!(control, 0, "adaptation_field_control 00 is reserved");
        let field = if control & 2 != 0 { &bytes[5..5 + usize::from(bytes[4])] } else { &[] };
        let flags = field.first().copied().unwrap_or(0);
        let start = 4 + if control & 2 != 0 { 1 + field.len() } else { 0 };
        Packet {
            segment,
            pid: u16::from_be_bytes([bytes[1] & 0x1f, bytes[2]]),
            unit_start: bytes[1] & 0x40 != 0,
            counter: bytes[3] & 0x0f,
            has_payload: control & 1 != 0,
            discontinuity: flags & 0x80 != 0,
            random_access: flags & 0x40 != 0,
            pcr: (flags & 0x10 != 0)
                .then(|| u64::from_be_bytes(bytes[4..12].try_into().unwrap()) << 16 >> 31),
            payload: bytes[start..].to_vec(),
        }
    };
    bodies
        .flat_map(|(segment, body)| {
            assert_eq!(body.len() % 188, 0);
            body.chunks(188).map(move |bytes| packet(segment, bytes)).collect::<Vec<_>>()
        })
        .collect()
}

fn base() -> Output {
    run(&BASE.both(), Options::default())
}

#[test]
fn t_01_t_02_t_24_every_packet_is_whole_and_of_a_pid_that_the_tables_name() {
    for tags in [BASE.both(), BASE.video(), BASE.audio()] {
        let pids = packets(&run(&tags, Options::default()))
            .iter()
            .map(|packet| packet.pid)
            .collect::<std::collections::BTreeSet<_>>();
        assert!(pids.iter().all(|pid| [PAT, PMT, VIDEO, AUDIO].contains(pid)), "{pids:?}");
        assert!(pids.contains(&PAT) && pids.contains(&PMT));
    }
}

#[test]
fn t_03_t_25_h_18_r_32_every_segment_begins_with_its_tables_and_the_lead_tracks_clock() {
    for (tags, lead) in [(BASE.both(), VIDEO), (BASE.video(), VIDEO), (BASE.audio(), AUDIO)] {
        let all = packets(&run(&tags, Options::default()));
        for segment in 0..8 {
            let first: Vec<_> =
                all.iter().filter(|packet| packet.segment == segment).take(3).collect();
            assert_eq!(first.iter().map(|packet| packet.pid).collect::<Vec<_>>(), [PAT, PMT, lead]);
            assert!(first[2].pcr.is_some() && first[2].unit_start && first[2].random_access);
            // program_number 1 at PID 0x1000; PCR_PID is the lead track's.
            assert_eq!(first[0].payload[9..13], [0, 1, 0xf0, 0]);
            assert_eq!(
                u16::from_be_bytes([first[1].payload[9] & 0x1f, first[1].payload[10]]),
                lead
            );
        }
    }
}

#[test]
fn h_19_t_07_r_31_counters_of_every_pid_go_on_across_segments_and_discontinuities() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_480, 30_000);
    shift(&mut tags, 60_000, -50_000);
    for tags in [tags, Base { fps: (1, 1), gop: 2, ..BASE }.both(), BASE.audio()] {
        let mut counters = BTreeMap::new();
        for packet in packets(&run(&tags, Options::default())) {
            let last = counters.insert(packet.pid, packet.counter);
            let want = last
                .map_or(packet.counter, |last: u8| (last + u8::from(packet.has_payload)) & 0x0f);
            assert_eq!(packet.counter, want, "PID {:#x} in segment {}", packet.pid, packet.segment);
        }
        assert!(counters.len() >= 3);
    }
}

#[test]
fn t_05_the_tables_version_changes_with_their_contents_only() {
    let versions = |output: &Output| -> Vec<u8> {
        let tables = packets(output).into_iter().filter(|packet| packet.pid == PMT);
        tables.map(|packet| packet.payload[6] >> 1 & 0x1f).collect()
    };
    assert_eq!(versions(&base()), [0; 8]);
    let mut tags: Vec<_> =
        BASE.both().into_iter().filter(|tag| support::is_video(tag) || tag.millis > 7300).collect();
    let at = tags.iter().position(|tag| !support::is_video(tag)).unwrap();
    tags.insert(at, audio_header(7300, 44_100));
    assert_eq!(versions(&run(&tags, Options::default())), [0, 0, 1, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn t_08_the_first_packet_of_each_pid_on_a_new_timeline_says_so() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 30_000);
    let all = packets(&run(&tags, Options::default()));
    for pid in [VIDEO, AUDIO] {
        let marked: Vec<_> =
            all.iter().filter(|packet| packet.pid == pid && packet.discontinuity).collect();
        assert_eq!(marked.len(), 1, "{pid:#x}");
        let first = all.iter().find(|packet| packet.pid == pid && packet.segment == 3).unwrap();
        assert!(first.discontinuity, "{pid:#x}");
        assert_eq!(first.pcr.is_some(), pid == VIDEO);
    }
    assert!(packets(&base()).iter().all(|packet| !packet.discontinuity));
}

#[test]
fn t_09_t_10_the_clock_runs_at_most_100_ms_apart_and_never_back() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 9000);
    for tags in [
        tags,
        Base { fps: (1, 1), gop: 2, ..BASE }.video(),
        BASE.audio(),
        Base { fps: (30_000, 1001), ..BASE }.both(),
    ] {
        let pcrs: Vec<_> = packets(&run(&tags, Options::default()))
            .iter()
            .filter_map(|packet| packet.pcr)
            .collect();
        assert!(pcrs.len() > 390, "{}", pcrs.len());
        assert!(pcrs.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= 9000));
    }
}

#[test]
fn t_09_clock_references_come_no_more_often_than_they_must() {
    // At 20 and 10 pictures a second two references can be just 100 ms apart, and neither picture
    // needs company.
    for (fps, step) in [(10, 9000), (20, 9000), (25, 7200)] {
        let tags = Base { fps: (fps, 1), gop: fps, ..BASE }.video();
        let all = packets(&run(&tags, Options::default()));
        assert!(
            all.iter().all(|packet| packet.has_payload),
            "no packet at {fps} a second is for the clock alone"
        );
        let pcrs: Vec<_> = all.iter().filter_map(|packet| packet.pcr).collect();
        let mut steps: Vec<_> = pcrs.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_unstable();
        assert_eq!(steps[steps.len() / 2], step, "{fps}");
    }
    // Between pictures a second apart nine references have none of their own, and the tenth is the
    // picture's.
    let tags = Base { fps: (1, 1), gop: 2, ..BASE }.video();
    let all = packets(&run(&tags, Options::default()));
    let pcrs: Vec<_> = all.iter().filter_map(|packet| packet.pcr).collect();
    assert!(pcrs.windows(2).all(|pair| pair[1] - pair[0] == 9000));
}

#[test]
fn t_10_while_pictures_are_far_apart_the_clock_keeps_up_with_audio() {
    let tags = Base { fps: (1, 1), gop: 2, ..BASE }.both();
    let (mut clock, mut far) = (0, 0);
    for packet in packets(&run(&tags, Options::default())) {
        clock = packet.pcr.unwrap_or(clock);
        if packet.pid == AUDIO && packet.unit_start {
            let [_, _, _, _, _, _, _, _, _, b0, b1, b2, b3, b4, ..] = packet.payload[..] else {
                panic!("a PES header has a PTS")
            };
            let pts = u64::from(b0 >> 1 & 7) << 30
                | u64::from(b1) << 22
                | u64::from(b2 >> 1) << 15
                | u64::from(b3) << 7
                | u64::from(b4 >> 1);
            far = far.max(pts - clock);
        }
    }
    // 700 ms ahead of the clock as everything is, 400 ms behind which the clock follows, and an
    // interval.
    assert!(far <= 108_000, "{far}");
}

#[test]
fn t_08_y_05_a_track_that_joins_in_time_leaves_the_clock_as_it_is() {
    let mut tags: Vec<_> =
        BASE.both().into_iter().filter(|tag| support::is_video(tag) || tag.millis > 7300).collect();
    let at = tags.iter().position(|tag| !support::is_video(tag)).unwrap();
    tags.insert(at, audio_header(7300, 44_100));
    let output = run(&tags, Options::default());
    assert_eq!(output.discontinuities(), [2]);
    assert!(packets(&output).iter().all(|packet| !packet.discontinuity));
}

#[test]
fn t_08_y_05_video_that_joins_behind_the_clock_begins_a_timeline_of_its_own() {
    // What is written is 700 ms ahead of the clock: that much later, video is still in time.
    for (late, marked) in [(600, false), (900, true)] {
        let video = BASE.video().into_iter().filter(|tag| tag.millis >= 7400);
        let header = [video_header(7400, SPS)];
        let mut tags: Vec<_> = header
            .into_iter()
            .chain(video)
            .map(|tag| (tag.millis + late, tag))
            .chain(BASE.audio().into_iter().map(|tag| (tag.millis, tag)))
            .collect();
        tags.sort_by_key(|(arrival, tag)| (*arrival, !tag.is_header()));
        let tags: Vec<_> = tags.into_iter().map(|(_, tag)| tag).collect();
        let output = run(&tags, Options::default());
        let mut video = packets(&output).into_iter().filter(|packet| packet.pid == VIDEO);
        assert_eq!(video.next().unwrap().discontinuity, marked, "{late}");
        assert!(video.all(|packet| !packet.discontinuity));
    }
}

#[test]
fn t_16_dts_grows_on_every_stream_and_pts_is_never_before_it() {
    let mut tags = Base { composition: 80, ..BASE }.both();
    shift(&mut tags, 12_000, -700);
    let output = run(&tags, Options::default());
    for pid in [VIDEO, AUDIO] {
        let packets = output.stream(pid);
        assert!(packets.windows(2).all(|pair| pair[0].dts < pair[1].dts), "{pid:#x}");
        assert!(packets.iter().all(|pes| pes.dts <= pes.pts), "{pid:#x}");
    }
}

#[test]
fn t_11_r_35_random_access_is_said_of_key_frames_and_of_nothing_else_in_video() {
    let all = packets(&base());
    let starts: Vec<_> =
        all.iter().filter(|packet| packet.pid == VIDEO && packet.unit_start).collect();
    assert_eq!(starts.len(), 1000);
    for (n, packet) in starts.iter().enumerate() {
        assert_eq!(packet.random_access, n % 25 == 0, "picture {n}");
        assert!(!packet.random_access || packet.pcr.is_some(), "picture {n}");
    }
    assert!(all.iter().all(|packet| packet.unit_start || !packet.random_access));
}

#[test]
fn t_25_tables_are_repeated_where_the_host_wants_them() {
    let psi_interval = Some(TickSpan::from_millis(400));
    for tags in [BASE.both(), Base { fps: (1, 1), gop: 2, ..BASE }.video(), BASE.audio()] {
        let output = run(&tags, Options { psi_interval, ..Options::default() });
        let (mut clock, mut tables) = (0, Vec::new());
        for packet in packets(&output) {
            clock = packet.pcr.unwrap_or(clock);
            if packet.pid == PMT {
                tables.push(clock);
            }
        }
        // The clock is read before the tables, so a step of it may lie between.
        assert!(tables.windows(2).all(|pair| pair[1] - pair[0] <= 45_000), "{tables:?}");
        assert!(tables.len() >= 100);
    }
    // Ten pictures are 400 ms to the tick: no more of them go without tables, and no fewer.
    let options = Options { psi_interval, ..Options::default() };
    let (mut pictures, mut between) = (0, Vec::new());
    for packet in packets(&run(&BASE.video(), options)) {
        pictures += usize::from(packet.pid == VIDEO && packet.unit_start);
        if packet.pid == PMT {
            between.push(core::mem::take(&mut pictures));
        }
    }
    assert_eq!(between[1..12], [10; 11]);
}

#[test]
fn f_32_r_20_sequence_headers_that_repeat_are_not_written() {
    let mut tags = BASE.video();
    for n in 1..60 {
        tags.insert(n * 7, video_header(0, SPS));
    }
    assert_eq!(
        run(&tags, Options::default()).memory.bodies,
        run(&BASE.video(), Options::default()).memory.bodies
    );
}

#[test]
fn h_09_every_version_is_a_legal_successor_of_the_one_before() {
    let mut tags = BASE.both();
    for at in [3000, 9500, 17_000, 30_000] {
        shift(&mut tags, at, 60_000);
    }
    for count in [1, 2, 100] {
        let frag_count = hls_segmenter::config::FragCount::new(count).unwrap();
        let output = run(&tags, Options { frag_count, ..Options::default() });
        // Uris in the order of the first mention; each version is a stretch of it that only moves
        // forward.
        let mut seen: Vec<String> = Vec::new();
        let mut first = 0;
        for text in &output.memory.playlists {
            let uris: Vec<_> =
                text.lines().filter(|line| line.ends_with(".ts")).map(str::to_owned).collect();
            let sequence: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:"))
                .unwrap()
                .parse()
                .unwrap();
            assert!(sequence >= first && uris.len() <= count as usize);
            first = sequence;
            seen.truncate(seen.len().min(sequence + uris.len()));
            seen.extend(uris[seen.len() - sequence..].to_vec());
            assert_eq!(seen[sequence..], uris);
        }
        assert!(seen.len() >= 8);
    }
}

#[test]
fn f_04_r_59_tags_that_carry_no_media_leave_no_trace() {
    use hls_segmenter::flv::TagKind;
    let extra = |kind| support::OwnedTag {
        kind: TagKind::new(kind),
        millis: 999_999,
        data: vec![0, 2, 0, 1],
    };
    let tags = support::stream::before_key_frames(BASE.both(), |_| {
        [0, 1, 4, 15, 18, 20].map(extra).to_vec()
    });
    assert_eq!(run(&tags, Options::default()).memory.bodies, base().memory.bodies);
}
