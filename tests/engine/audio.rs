//! Audio packets: which are carried, and what is told of the others.

use crate::support;
use crate::support::stream::{BASE, SPS, in_order, mp3, mp3_tags, video_header};
use crate::support::{AUDIO, Base, Output, OwnedTag, VIDEO, drive, is_video, listed, run};
use hls_segmenter::config::{FragDuration, TargetDuration};
use hls_segmenter::flv::TagKind;
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::Secs;
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Config, End, Options, Segmenter};

const SHORT: Base = Base { millis: 6000, ..BASE };

fn defaults(tags: &[OwnedTag]) -> Output {
    run(tags, Options::default())
}

fn tag(millis: i64, data: &[&[u8]]) -> OwnedTag {
    OwnedTag { kind: TagKind::AUDIO, millis, data: data.concat() }
}

#[test]
fn f_11_behind_an_empty_frame_audio_stays_where_its_tags_are() {
    let mut tags = SHORT.both();
    let frames: Vec<_> =
        (0..tags.len()).filter(|&at| !is_video(&tags[at]) && !tags[at].is_header()).collect();
    let empty = frames[100];
    tags[empty].data.truncate(2);
    let next = tags[frames[101]].millis;
    let output = defaults(&tags);
    assert_eq!(output.count(NoticeKind::AudioReanchor), 1);
    // The frame behind the hole begins a PES packet, at the time of its tag.
    let (pts, want) = (output.stream(AUDIO), 63_000 + next as u64 * 90);
    assert!(pts.iter().any(|pes| pes.pts == want), "{want}");
}

#[test]
fn f_17_tracks_beside_the_one_that_is_carried_are_counted() {
    // Enhanced, multitrack; many tracks of coded frames; AAC; then id, length and body of each.
    let several = |tag: &OwnedTag| {
        let body = &tag.data[2..];
        let len = (body.len() as u32).to_be_bytes();
        let track = |id: u8| [&[id][..], &len[1..], body].concat();
        self::tag(tag.millis, &[&[0x95, 0x11], b"mp4a", &track(0), &track(1)])
    };
    let tags = SHORT.both();
    let multi: Vec<_> = tags
        .iter()
        .map(|tag| if is_video(tag) || tag.is_header() { tag.clone() } else { several(tag) })
        .collect();
    let (want, got) = (defaults(&tags), defaults(&multi));
    assert_eq!(got.memory.bodies, want.memory.bodies);
    assert_eq!(want.count(NoticeKind::OtherTrack), 0);
    assert_eq!(got.count(NoticeKind::OtherTrack), want.stats.audio.unwrap().frames);
}

#[test]
fn f_15_f_18_a_header_of_mp3_is_nothing_and_an_unknown_packet_is_told() {
    for (data, unknown) in [
        // A sequence start, and a packet type that is reserved.
        (&[0x90, b'.', b'm', b'p', b'3'][..], 0),
        (&[0x96, b'.', b'm', b'p', b'3'], 1),
        (&[0x96, b'm', b'p', b'4', b'a'], 1),
    ] {
        let mut tags = SHORT.both();
        tags.insert(2, tag(0, &[data]));
        let output = defaults(&tags);
        assert_eq!(output.count(NoticeKind::UnknownPacket), unknown, "{data:x?}");
        assert_eq!(output.count(NoticeKind::UnsupportedAudio), 0, "{data:x?}");
        assert_eq!(output.count(NoticeKind::BadTag), 0, "{data:x?}");
    }
}

#[test]
fn aac_whose_channels_only_its_frames_tell_is_carried_where_they_do() {
    let mut tags = SHORT.both();
    let header = tags.iter_mut().find(|tag| tag.is_header() && !is_video(tag));
    // AAC-LC, 44.1 kHz, channel configuration 0.
    header.unwrap().data = vec![0xaf, 0, 0x12, 0x00];
    let mut frames = 0;
    for tag in &mut tags {
        if is_video(tag) || tag.is_header() {
            continue;
        }
        // The first element of every other frame is a program_config_element.
        tag.data[2] = if frames % 2 == 0 { 0xa0 } else { 0x21 };
        frames += 1;
    }
    let output = defaults(&tags);
    let carried = output.stats.audio.unwrap().frames;
    assert_eq!(carried, frames / 2 + frames % 2);
    assert_eq!(output.count(NoticeKind::AudioNotCarried), frames / 2);
}

#[test]
fn y_06_video_that_comes_soon_after_audio_is_there_from_the_beginning() {
    let mut tags = SHORT.audio();
    let video = SHORT.video();
    let at = tags.iter().position(|tag| tag.millis > 250).unwrap();
    let late = video[1..].iter().map(|tag| OwnedTag { millis: tag.millis + 250, ..tag.clone() });
    tags.splice(at..at, [video_header(250, SPS)].into_iter().chain(late.clone().take(1)));
    tags.extend(late.skip(1));
    tags[1..].sort_by_key(|tag| tag.millis);
    let output = defaults(&tags);
    assert_eq!(output.discontinuities(), []);
    assert_eq!(output.stream(VIDEO)[0].segment, 0);
    assert_eq!(output.stream(AUDIO)[0].segment, 0);
    assert_eq!(output.stream(AUDIO)[0].pts, 63_000);
}

#[test]
fn y_08_frames_that_fill_300_ms_to_the_tick_are_one_packet() {
    // MPEG-1 layer I at 32 kHz has 384 samples a frame: 1,080 ticks, of which twenty-five are 300 ms.
    let frame = [&[0xff, 0xff, 0x18, 0xc0][..], &[0; 44]].concat();
    let tags: Vec<_> = (0..175).map(|n| tag(n * 12, &[&[0x2f], &frame])).collect();
    assert_eq!(pts_steps(&tags), [27_000; 6]);
}

#[test]
fn f_10_a_frame_that_begins_as_adts_would_is_gathered_all_the_same() {
    let [plain, like_adts] = [0x21, 0xff].map(|first| {
        let mut tags = vec![tag(0, &[&[0xaf, 0, 0x11, 0x88]])];
        tags.extend((0..100).map(|n| tag(n * 64 / 3, &[&[0xaf, 1, first, 0, 0, 0, 0]])));
        pts_steps(&tags)
    });
    assert_eq!(plain, like_adts);
    let full = plain.iter().filter(|&&step| step == 26_880).count();
    assert!(full > 5, "{plain:?}");
}

/// From each PTS of audio to the next.
fn pts_steps(tags: &[OwnedTag]) -> Vec<u64> {
    let output = defaults(tags);
    let pts: Vec<_> = output.stream(AUDIO).iter().map(|pes| pes.pts).collect();
    pts.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Video for so long and MP3 that was announced, in the order of their times.
fn video_and_mp3(millis: i64, audio: impl Iterator<Item = OwnedTag>) -> Output {
    let video = Base { millis, ..BASE }.video();
    let tags = in_order(video.into_iter().chain(audio));
    let options = Options { announced_audio: Some(StreamType::MPEG1_AUDIO), ..Options::default() };
    run(&tags, options)
}

#[test]
fn t_13_t_15_an_mp3_tag_of_many_frames_is_more_than_one_pes_packet() {
    // A second and more in each tag; then all of it in one.
    for each in [40, 200] {
        let output = video_and_mp3(8_000, mp3_tags(200, each));
        let packets = output.stream(AUDIO);
        let sent: Vec<u8> = mp3_tags(200, each).flat_map(|tag| tag.data[1..].to_vec()).collect();
        let came: Vec<u8> = packets.iter().flat_map(|pes| pes.data.clone()).collect();
        assert!(came == sent, "{each}");
        assert_eq!(output.stats.audio.unwrap().frames, 200);
        let mut samples = 0;
        for pes in &packets {
            assert!(pes.data.len() <= 3570, "{each}: {}", pes.data.len());
            let exact = samples * 90_000 / 44_100;
            assert!((pes.pts - packets[0].pts).abs_diff(exact) <= 2, "{each}");
            samples += pes.data.len() as u64 / 417 * 1152;
        }
        assert_eq!(output.count(NoticeKind::AudioRepair), 0);
        assert_eq!(output.count(NoticeKind::AudioReanchor), 0);
    }
}

#[test]
fn y_08_the_frames_of_an_mp3_tag_are_gathered() {
    // 209 ms in each, and half a second of silence between them.
    let output = defaults(&[mp3(0, 8), mp3(709, 8)]);
    let packets = output.stream(AUDIO);
    let lens: Vec<_> = packets.iter().map(|pes| pes.data.len()).collect();
    assert_eq!(lens, [8 * 417; 2]);
}

#[test]
fn y_09_a_long_mp3_tag_is_no_silence_of_video() {
    // 12.5 s in one tag, which come while the first picture is shown: no clock reference overtakes
    // the others.
    let mut tag = mp3(20, 240);
    tag.data.extend_from_within(1..);
    let output = video_and_mp3(14_000, core::iter::once(tag));
    assert_eq!(output.stats.audio.unwrap().frames, 480);
    assert_eq!(output.extinf(), [5000, 5000, 4000]);
    assert_eq!(output.count(NoticeKind::TimelineJump), 0);
}

#[test]
fn f_41_mp3_tags_of_equal_times_follow_each_other() {
    let tags = [mp3(0, 40), mp3(0, 40), mp3(2090, 40)];
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [3135]);
    assert_eq!(output.discontinuities(), [0; 0]);
    assert_eq!(output.count(NoticeKind::AudioRepair), 0);
}

#[test]
fn y_07_mp3_behind_a_lost_tag_is_where_its_own_tag_says() {
    for each in [1, 4, 10, 40] {
        // The third tag is lost; of single frames a tenth of a second.
        let lost = if each == 1 { 2..6 } else { 2..3 };
        let tags: Vec<_> = mp3_tags(200, each).collect();
        let left = (0..).zip(&tags).filter(|(n, _)| !lost.contains(n));
        let output = video_and_mp3(8_000, left.map(|(_, tag)| tag.clone()));
        assert_eq!(output.count(NoticeKind::AudioReanchor), 1, "{each}");
        let back = 63_000 + 90 * tags[lost.end].millis as u64;
        let audio = output.stream(AUDIO);
        assert!(audio.iter().any(|pes| pes.pts == back), "{each}");
    }
}

#[test]
fn y_14_mp3_in_long_tags_keeps_a_declared_target_while_video_is_silent() {
    let video = Base { millis: 3_000, ..BASE }.video();
    let tags = in_order(video.into_iter().chain(mp3_tags(58 * 40, 40)));
    let options = Options {
        target_duration: TargetDuration::Declared(Secs::new(5)),
        announced_audio: Some(StreamType::MPEG1_AUDIO),
        ..Options::default()
    };
    let output = run(&tags, options);
    // Until silence is known the segment goes on.
    assert_eq!(output.count(NoticeKind::TargetViolated), 1);
    assert!(output.extinf()[1..].iter().all(|&millis| millis <= 5499));
    assert_eq!(output.discontinuities(), [1]);
}

#[test]
fn t_16_mp3_that_overlaps_the_tag_before_it_begins_behind_its_last_frame() {
    // Five seconds in a tag, and the next one a second after its beginning.
    let tags = [mp3(0, 200), mp3(1_000, 10)];
    let output = defaults(&tags);
    let pts: Vec<_> = output.stream(AUDIO).iter().map(|pes| pes.pts).collect();
    assert!(pts.is_sorted_by(|a, b| a < b), "{pts:?}");
}

#[test]
fn f_44_what_is_no_frame_goes_with_the_one_before_it_or_is_dropped_and_told() {
    let good = &mp3(0, 3).data[1..];
    for (junk, kept) in [(2, true), (3_000, true), (4_000, false), (100_000, false)] {
        let mut tag = mp3(0, 1);
        tag.data.extend(vec![0; junk]);
        tag.data.extend(good);
        let segmenter = Segmenter::new(Config::default());
        let auditor = support::auditor(&Options::default()).any_input(true);
        let (segmenter, auditor) = drive(segmenter, auditor, &[tag, mp3(104, 1)], End::List);
        auditor.assert_clean();
        let output = Output { memory: auditor.into_inner(), stats: segmenter.stats() };
        let came: usize = output.stream(AUDIO).iter().map(|pes| pes.data.len()).sum();
        assert_eq!(came, 5 * 417 + if kept { junk } else { 0 });
        assert_eq!(output.count(NoticeKind::AudioNotCarried), u64::from(!kept));
        assert_eq!(output.stats.audio.unwrap().frames, 5);
    }
}

#[test]
fn f_44_a_frame_of_another_stream_between_two_goes_with_the_one_before_it() {
    // 384 bytes, 128 kbit/s at 48 kHz.
    let other = [&[0xff, 0xfb, 0x94, 0xc0][..], &[7; 380]].concat();
    let mut tag = mp3(0, 1);
    tag.data.extend(other);
    tag.data.extend(&mp3(0, 2).data[1..]);
    let segmenter = Segmenter::new(Config::default());
    let auditor = support::auditor(&Options::default()).any_input(true);
    let (segmenter, auditor) = drive(segmenter, auditor, &[tag], End::List);
    auditor.assert_clean();
    let audio = segmenter.stats().audio.unwrap();
    assert_eq!((audio.frames, audio.bytes), (3, 3 * 417 + 384));
}

#[test]
fn f_44_a_frame_that_is_cut_goes_with_the_one_before_it() {
    let mut tag = mp3(0, 2);
    tag.data.truncate(1 + 417 + 200);
    let segmenter = Segmenter::new(Config::default());
    let auditor = support::auditor(&Options::default()).any_input(true);
    let (segmenter, auditor) = drive(segmenter, auditor, &[tag, mp3(26, 1)], End::List);
    auditor.assert_clean();
    let audio = segmenter.stats().audio.unwrap();
    assert_eq!((audio.frames, audio.bytes), (2, 417 + 200 + 417));
}

/// A syncframe of AC-3: 32 ms of mono at 48 kHz and 96 kbit/s.
fn ac3(millis: i64) -> OwnedTag {
    let mut data = b"\x91ac-3\x0b\x77\x48\x0d\x0c\x40\x2f\x84".to_vec();
    data.resize(5 + 384, (millis % 100) as u8);
    OwnedTag { kind: TagKind::AUDIO, millis, data }
}

#[test]
fn av1_4_ac_3_is_carried_in_mpeg_ts_and_e_ac_3_is_not() {
    let base = Base { millis: 6000, ..BASE };
    let frames = (0..187).map(|nth| ac3(nth * 32));
    let tags = in_order(base.video().into_iter().chain(frames));
    let options = Options { frag_duration: FragDuration::new(2).unwrap(), ..Options::default() };
    let output = run(&tags, options);
    // The first segment has no audio yet: its header comes behind the key frame.
    let pmt = &output.memory.bodies[1][188..376];
    let golden =
        b"\x02\xb0\x1d\0\x01\xc3\0\0\xe1\0\xf0\0\x1b\xe1\0\xf0\0\x81\xe1\x01\xf0\x06\x05\x04AC-3";
    assert_eq!(&pmt[5..5 + golden.len()], golden);
    let pes = output.stream(AUDIO);
    let bytes: Vec<u8> = pes.iter().flat_map(|pes| pes.data.clone()).collect();
    let sent: Vec<u8> =
        tags.iter().filter(|tag| !is_video(tag)).flat_map(|tag| tag.data[5..].to_vec()).collect();
    assert!(bytes.len() > 100 * 384 && sent.ends_with(&bytes));
    let of_ec3 = |tag: &OwnedTag| {
        let data = tag.data.clone();
        OwnedTag {
            data: if is_video(tag) { data } else { [b"\x91ec-3", &data[5..]].concat() },
            ..tag.clone()
        }
    };
    let output = run(&tags.iter().map(of_ec3).collect::<Vec<_>>(), options);
    assert!(output.stream(AUDIO).is_empty() && output.count(NoticeKind::UnsupportedAudio) > 0);
}

#[test]
fn av1_4_ac_3_alone_is_cut_by_whole_frames() {
    let tags: Vec<_> = (0..300).map(|nth| ac3(nth * 32)).collect();
    let options = Options { frag_duration: FragDuration::new(2).unwrap(), ..Options::default() };
    let output = run(&tags, options);
    assert_eq!(output.extinf()[..4], [2016, 2016, 2016, 2016]);
    assert_eq!(listed(&output, 0), [0x81]);
    // The largest frames are larger than what is gathered.
    let large = |nth: i64| {
        let mut data = b"\x91ac-3\x0b\x77\x48\x0d\xa5\x40\x2f\x84".to_vec();
        data.resize(5 + 3840, nth as u8);
        OwnedTag { kind: TagKind::AUDIO, millis: nth * 48, data }
    };
    let output = run(&(0..100).map(large).collect::<Vec<_>>(), options);
    let bytes: usize = output.stream(AUDIO).iter().map(|pes| pes.data.len()).sum();
    assert_eq!(bytes, 100 * 3840);
}
