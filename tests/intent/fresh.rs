//! After a pause or a resume a publication comes out as a new engine would have made it, whatever
//! came before.
//!
//! One field that is forgotten in a reset is enough for a difference.

use hls_segmenter::SwitchAt;
use hls_segmenter::config::{MidGop, Options, UnrelatedClocks};
use hls_segmenter::notice::{Notice, NoticeKind};
use hls_segmenter::ts::StreamType;

use crate::session::{
    Call, Session, aac_16_ms, amount_of, between, frag, header_16_ms, merged, metadata, moved,
};
use crate::support::stream::{
    BASE, OTHER_SPS, SPS, audio, audio_header, mp3, picture, shift, video_header, video_tag,
};
use crate::support::{Base, Output, OwnedTag, captures, is_video, read_flv};

fn video(secs: i64) -> Vec<OwnedTag> {
    Base { millis: secs * 1000, ..BASE }.video()
}

fn both(secs: i64) -> Vec<OwnedTag> {
    merged(&[&video(secs), &aac_16_ms(0, secs * 1000)])
}

fn far_audio(tags: Vec<OwnedTag>) -> Vec<OwnedTag> {
    let moved = |mut tag: OwnedTag| {
        if !is_video(&tag) && !tag.is_header() {
            tag.millis += 900_000_000;
        }
        tag
    };
    tags.into_iter().map(moved).collect()
}

/// Publications that leave something in an engine.
fn first() -> Vec<(&'static str, Vec<OwnedTag>)> {
    let message: &[u8] = &[6, 5, 3, 0x77, 0x77, 0x77, 0x80];
    let empty = OwnedTag { data: vec![0xaf, 1], ..audio(3_000, 1) };
    let mut silent = both(3);
    silent.extend(between(&aac_16_ms(0, 14_000), 3_000, 14_000));
    let mut jump = both(4);
    shift(&mut jump, 2_480, 60_000);
    let early = Base { composition: -120, millis: 3_000, ..BASE };
    let slow = Base { fps: (5, 1), millis: 3_000, ..BASE };
    let mut large = both(3);
    shift(&mut large, i64::MIN, 4_294_960_000);
    let mut equal = both(3);
    equal.extend([picture(2_960, false, 0, 50), picture(2_960, false, 0, 50)]);
    let mut back = both(3);
    back.extend((0..8).map(|n| audio(2_500 + n * 20, 90)));
    let mut short = video_header(0, SPS);
    short.data[9] = 0xfd;
    let shorten = |tag: &OwnedTag| {
        let mut data = tag.data[..5].to_vec();
        data.extend(&tag.data[7..]);
        OwnedTag { data, ..tag.clone() }
    };
    let short_pictures: Vec<_> = between(&video(3), 0, 3_000).iter().map(shorten).collect();
    let plus = |extra: Vec<OwnedTag>| [both(3), extra].concat();
    vec![
        ("clean", both(3)),
        ("audio alone", aac_16_ms(0, 3_000)),
        ("video alone", video(3)),
        ("no key frame", {
            let pictures = (0..100).map(|n| picture(n * 40, false, 0, 50));
            [video_header(0, SPS)].into_iter().chain(pictures).collect()
        }),
        ("audio before video", [vec![video_header(0, SPS)], aac_16_ms(0, 200)].concat()),
        ("a wait for announced video", {
            [vec![metadata(&[("videocodecid", 7.0)])], aac_16_ms(0, 500)].concat()
        }),
        ("announced audio", [vec![metadata(&[("audiocodecid", 10.0)])], video(3)].concat()),
        ("metadata at the end", plus(vec![metadata(&[("audiocodecid", 2.0)])])),
        ("a far clock of audio", far_audio(both(3))),
        ("early audio", plus(vec![audio(90_000, 90), audio(90_020, 90)])),
        ("a message that waits", plus(vec![video_tag(3_000, false, 0, &[message])])),
        ("a size that waits", plus(vec![video_header(3_000, OTHER_SPS)])),
        ("a format that waits", plus(vec![audio_header(3_000, 44_100), audio(3_000, 90)])),
        ("early audio of another format", {
            plus(vec![audio(90_000, 90), audio_header(90_020, 44_100), audio(90_020, 90)])
        }),
        ("an empty frame", plus(vec![empty])),
        ("video that is silent", silent),
        ("a jump", jump),
        ("audio that jumps alone while video is silent", {
            let mut tags = both(3);
            tags.extend(between(&aac_16_ms(0, 14_000), 3_000, 14_000));
            tags.extend(between(&aac_16_ms(0, 93_000), 90_000, 93_000));
            tags
        }),
        ("early DTS", early.both()),
        ("slow pictures", slow.both()),
        ("times near the wrap", large),
        ("pictures of equal times", equal),
        ("audio that goes back", back),
        ("short lengths", [vec![short], short_pictures].concat()),
        ("mp3", (0..115).map(|n| mp3(n * 11_520 / 441, 1)).collect()),
        ("mp3 in long tags", (0..10).map(|n| mp3(n * 400 * 11_520 / 4410, 10)).collect()),
    ]
}

/// Publications that show what is left.
fn second() -> Vec<(&'static str, Vec<OwnedTag>)> {
    let mut jump = both(4);
    shift(&mut jump, 2_480, 60_000);
    let mut changing = both(4);
    let at = changing.iter().position(|tag| tag.millis == 2_200).unwrap();
    changing.insert(at, video_header(2_200, OTHER_SPS));
    let mut late_key = both(4);
    late_key.retain(|tag| tag.is_header() || tag.millis >= 480);
    let pyramid = captures().into_iter().find(|(name, _)| name == "bframes");
    vec![
        ("both", both(4)),
        ("both, a little later", moved(&both(3), 3_010)),
        ("audio alone", aac_16_ms(0, 4_000)),
        ("audio alone, a little later", moved(&aac_16_ms(0, 4_000), 3_010)),
        ("video alone", video(4)),
        ("audio of 44.1 kHz", Base { millis: 4_000, ..BASE }.both()),
        ("audio that comes later", {
            let audio = moved(&between(&aac_16_ms(0, 3_000), 0, 3_000), 510);
            merged(&[&video(4), &[header_16_ms(0)], &audio])
        }),
        ("announced audio", [vec![metadata(&[("audiocodecid", 10.0)])], video(6)].concat()),
        ("announced video", {
            [vec![metadata(&[("videocodecid", 7.0)])], aac_16_ms(0, 4_000)].concat()
        }),
        ("a jump", jump),
        ("a change of size", changing),
        ("a key frame that comes late", late_key),
        ("a far clock of audio", far_audio(both(4))),
        ("mp3", (0..150).map(|n| mp3(n * 11_520 / 441, 1)).collect()),
        ("a capture with a pyramid", read_flv(&pyramid.unwrap().1)),
    ]
}

/// Those that are tried under all options.
const SHOWN_BY_ALL: [&str; 5] = [
    "both",
    "audio that comes later",
    "announced audio",
    "announced video",
    "a far clock of audio",
];

/// Start, duration, why it ended, frames, key frames, longest group of pictures and whether an IDR
/// picture begins it.
type Cut = (i64, i64, &'static str, u32, u32, i64, bool);

/// What a publication came out as, without what belongs to the list: numbers, counters, EXTINF and
/// discontinuities.
#[derive(Debug, PartialEq)]
struct Shape {
    cuts: Vec<Cut>,
    packets: Vec<(usize, u16, u64, u64, Vec<u8>)>,
    notices: Vec<(NoticeKind, i64, i64)>,
}

fn shape(output: &Output, segments: usize, notices: usize) -> Shape {
    let cut = |s: &hls_segmenter::Segment| {
        (
            s.start.get(),
            s.duration.get(),
            s.cause.name(),
            s.frames,
            s.key_frames,
            s.longest_gop.get(),
            s.starts_with_idr,
        )
    };
    let mut pes = output.demux();
    pes.retain(|pes| pes.segment >= segments);
    // The demultiplexer gives the last packets of a segment in any order.
    pes.sort_by_key(|pes| (pes.segment, pes.pid));
    let notice = output.memory.notices[notices..].iter();
    Shape {
        cuts: output.memory.segments[segments..].iter().map(cut).collect(),
        packets: pes
            .into_iter()
            .map(|pes| (pes.segment - segments, pes.pid, pes.pts, pes.dts, pes.data))
            .collect(),
        notices: notice
            // Targets belong to the list.
            .filter(|notice| notice.kind != NoticeKind::TargetGrew)
            .map(|notice| (notice.kind, notice.time.get(), amount_of(notice)))
            .collect(),
    }
}

fn alone(options: Options, tags: &[OwnedTag]) -> Shape {
    let mut session = Session::new(options);
    session.push(tags);
    shape(&session.end(), 0, 0)
}

fn all_options() -> Vec<Options> {
    let usual = frag(2);
    vec![
        usual,
        Options {
            unrelated_clocks: UnrelatedClocks::AlignToLead,
            mid_gop: MidGop::DropUntilKey,
            ..usual
        },
        Options { announced_audio: Some(StreamType::AAC_ADTS), announced_video: true, ..usual },
    ]
}

#[test]
fn x7_after_a_pause_a_publication_comes_out_as_from_a_new_engine() {
    for (nth, options) in all_options().into_iter().enumerate() {
        for (name, tags) in second() {
            if nth > 0 && !SHOWN_BY_ALL.contains(&name) {
                continue;
            }
            let want = alone(options, &tags);
            for (before, first) in first() {
                for request in [None, Some(SwitchAt::KeyFrame), Some(SwitchAt::Once)] {
                    if request.is_some() && name != "both" && name != "audio alone" {
                        continue;
                    }
                    let mut session = Session::new(options);
                    session.push(&first);
                    if let Some(at) = request {
                        session.request(at);
                    }
                    session.pause();
                    let (segments, notices) = lens(&session);
                    session.push(&tags);
                    let output = session.end();
                    let got = shape(&output, segments, notices);
                    let earlier = &output.memory.notices[..notices];
                    assert_same(&got, &want, earlier, &format!("{name} after {before}"));
                }
            }
        }
    }
}

#[test]
fn r_46_after_a_resume_a_publication_comes_out_as_from_a_new_engine() {
    for (nth, options) in all_options().into_iter().enumerate() {
        for (name, tags) in second() {
            if nth > 0 && !SHOWN_BY_ALL.contains(&name) {
                continue;
            }
            let want = alone(options, &tags);
            // Nothing but a token is handed over: every fourth is enough.
            for (before, first) in first().into_iter().step_by(4) {
                let mut session = Session::new(options);
                session.push(&first);
                session.pause();
                if session.memory().token.is_none() {
                    continue;
                }
                let mut resumed = session.resumed();
                resumed.push(&tags);
                let got = shape(&resumed.end(), 0, 0);
                assert_same(&got, &want, &[], &format!("{name} after {before}"));
            }
        }
    }
}

#[test]
fn x7_after_a_lost_segment_and_a_pause_a_publication_comes_out_as_from_a_new_engine() {
    let options = frag(2);
    for (name, tags) in second() {
        let want = alone(options, &tags);
        for call in [Call::Open, Call::Write, Call::Close] {
            let mut session = Session::new(options);
            let first = both(8);
            let at = first.iter().position(|tag| tag.millis >= 3_400).unwrap();
            session.push(&first[..at]);
            let rest = session.push_until_fails(&first[at..], call).to_vec();
            let rest = &rest[..rest.len().min(10)];
            session.push(rest);
            session.pause();
            let (segments, notices) = lens(&session);
            session.push(&tags);
            let output = session.end();
            let got = shape(&output, segments, notices);
            let earlier = &output.memory.notices[..notices];
            assert_same(&got, &want, earlier, &format!("{name} after {call:?}"));
        }
    }
}

fn lens(session: &Session) -> (usize, usize) {
    let memory = session.memory();
    (memory.segments.len(), memory.notices.len())
}

/// What is reported once in a segment is not reported again before the next segment begins, be
/// there a pause between: kinds that came `before` are left out.
fn assert_same(got: &Shape, want: &Shape, before: &[Notice], what: &str) {
    assert_eq!(got.cuts, want.cuts, "{what}");
    let new = |notices: &[(NoticeKind, i64, i64)]| {
        let mut notices = notices.to_vec();
        notices.retain(|notice| before.iter().all(|before| before.kind != notice.0));
        notices
    };
    assert_eq!(new(&got.notices), new(&want.notices), "{what}");
    assert!(got.packets.len() == want.packets.len(), "{what}");
    for (got, want) in got.packets.iter().zip(&want.packets) {
        assert_eq!(got, want, "{what}");
    }
}
