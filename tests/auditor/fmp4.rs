//! The Auditor on fMP4: captures are clean, and each fault is told under its rule.

use hls_segmenter::{Config, End, Segmenter};
use hls_segmenter_auditor::{Auditor, Discard, Event, Recorder, Rule};

use super::support::stream::{BASE, OTHER_SPS, video_header};
use super::support::{Base, OwnedTag, captures, policy_for, read_flv};
use super::tamper::{change_text, is_close, is_expire, is_open, is_playlist, nth};
use super::{capture, judge, short, tells};

/// A fault, the stream it is put into, and the rule that must tell it.
struct Fault {
    name: &'static str,
    rule: Rule,
    stream: Stream,
    spoil: fn(&mut Vec<Event>),
}

/// What a recording is of: segments of 1 s, a window of 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// H.264 and AAC.
    Plain,
    /// With two slices in each picture.
    Slices,
    Hevc,
    /// AV1 and Opus.
    Av1,
    /// Another picture size from 3 s on.
    Resized,
}

fn tags(stream: Stream) -> Vec<OwnedTag> {
    match stream {
        Stream::Plain => capture("nobframes"),
        Stream::Slices => capture("slices"),
        Stream::Hevc => {
            let path = format!("{}/../testdata/h265/open_gop.flv", env!("CARGO_MANIFEST_DIR"));
            read_flv(&std::fs::read(path).unwrap())
        }
        Stream::Av1 => {
            let path = format!("{}/../testdata/av1/opus.flv", env!("CARGO_MANIFEST_DIR"));
            read_flv(&std::fs::read(path).unwrap())
        }
        Stream::Resized => {
            let mut tags = Base { millis: 6000, ..BASE }.both();
            let key = |tag: &OwnedTag| tag.is_key_picture() && tag.millis == 3000;
            let at = tags.iter().position(key).unwrap();
            tags.insert(at, video_header(3000, OTHER_SPS));
            tags
        }
    }
}

fn events(stream: Stream) -> Vec<Event> {
    let mut recorder = Recorder::new(Discard);
    let mut segmenter = Segmenter::fmp4(Config::new(short()).unwrap());
    for tag in tags(stream) {
        segmenter.push(tag.borrow(), &mut recorder).unwrap();
    }
    segmenter.finish(End::List, &mut recorder).unwrap();
    recorder.into_parts().1
}

fn is_init(event: &Event) -> bool {
    matches!(event, Event::Init { .. })
}

fn is_payload(event: &Event) -> bool {
    matches!(event, Event::Payload(_))
}

fn is_head(event: &Event) -> bool {
    matches!(event, Event::Head { .. })
}

/// A temporal unit of AV1 that begins with a sequence header of 13 bytes.
fn is_av1_key(event: &Event) -> bool {
    matches!(event, Event::Payload(bytes) if bytes.starts_with(&[0x0a, 0x0b]))
}

/// A frame of AV1, and nothing else, whose size has two bytes.
fn is_frame_alone(event: &Event) -> bool {
    matches!(event, Event::Payload(bytes) if matches!(bytes[..], [0x32, 0x80..=0xff, 1..=0x7e, ..]))
}

/// The first byte of the nth temporal unit that begins with this one.
fn first_byte(events: &mut [Event], first: u8, n: usize) -> &mut u8 {
    let mut found = events.iter_mut().filter_map(|event| match event {
        Event::Payload(bytes) => bytes.first_mut().filter(|byte| **byte == first),
        _ => None,
    });
    found.nth(n).unwrap()
}

/// A picture with one NAL unit, which others need no key frame for.
fn is_other_picture(event: &Event) -> bool {
    matches!(event, Event::Payload(bytes) if bytes.len() > 8 && matches!(bytes[4], 0x41 | 0x61))
}

fn bytes(event: &mut Event) -> &mut Vec<u8> {
    match event {
        Event::Init { bytes, .. } | Event::Payload(bytes) | Event::Head { bytes, .. } => bytes,
        other => panic!("{other:?} has no bytes"),
    }
}

/// Where the content of the nth box of a type begins.
fn content(bytes: &[u8], kind: &[u8; 4], nth: usize) -> usize {
    let mut found = bytes.windows(4).enumerate().filter(|(_, bytes)| bytes == kind);
    found.nth(nth).unwrap().0 + 4
}

/// Changes a byte in the content of a box of the nth event that `is` so.
fn poke(
    events: &mut [Event],
    (n, is): (usize, fn(&Event) -> bool),
    (kind, box_nth): (&[u8; 4], usize),
    at: usize,
    change: fn(u8) -> u8,
) {
    let event = nth(events, n, is);
    let bytes = bytes(&mut events[event]);
    let place = content(bytes, kind, box_nth) + at;
    bytes[place] = change(bytes[place]);
}

/// The same in the first section.
fn poke_init(
    events: &mut [Event],
    kind: &[u8; 4],
    box_nth: usize,
    at: usize,
    change: fn(u8) -> u8,
) {
    poke(events, (0, is_init), (kind, box_nth), at, change);
}

/// The same in the second head.
fn poke_head(events: &mut [Event], kind: &[u8; 4], at: usize, change: fn(u8) -> u8) {
    poke(events, (1, is_head), (kind, 0), at, change);
}

fn change_payload(events: &mut [Event], spoil: impl FnOnce(&mut Vec<u8>)) {
    let at = nth(events, 5, is_other_picture);
    spoil(bytes(&mut events[at]));
}

/// Replaces the first of these bytes of the nth event that `is` so.
fn replace(events: &mut [Event], (n, is): (usize, fn(&Event) -> bool), from: &[u8], to: &[u8]) {
    let event = nth(events, n, is);
    let bytes = bytes(&mut events[event]);
    let at = bytes.windows(from.len()).position(|bytes| bytes == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
}

const FIRST: (usize, fn(&Event) -> bool) = (0, is_init);

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    // The section.
    Fault { name: "no brand is compatible with iso6", rule: Rule::Init, stream: Stream::Plain, spoil: |events| {
        replace(events, FIRST, b"iso6\0\0\0\0iso6", b"mp41\0\0\0\0mp41");
    } },
    Fault { name: "a box of moov is of another type", rule: Rule::Init, stream: Stream::Plain, spoil: |events| {
        replace(events, FIRST, b"trak", b"trax");
    } },
    Fault { name: "moov stands before ftyp", rule: Rule::Init, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 0, is_init);
        let bytes = bytes(&mut events[at]);
        let moov = content(bytes, b"moov", 0) - 8;
        bytes.rotate_left(moov);
    } },
    Fault { name: "a section is cut off", rule: Rule::Init, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 0, is_init);
        bytes(&mut events[at]).pop();
    } },
    Fault { name: "mvhd has a duration", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"mvhd", 0, 19, |_| 1) },
    Fault { name: "tkhd has a duration", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"tkhd", 0, 23, |_| 1) },
    Fault { name: "mdhd has a duration", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"mdhd", 0, 19, |_| 1) },
    Fault { name: "two tracks have one id", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"tkhd", 1, 15, |_| 1) },
    Fault { name: "a track is not enabled", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"tkhd", 0, 3, |_| 2) },
    Fault { name: "tkhd and sample entry have another width", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"tkhd", 0, 77, |width| width + 1) },
    Fault { name: "audio has no volume", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"tkhd", 1, 36, |_| 0) },
    Fault { name: "trex is of another track", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"trex", 0, 7, |_| 9) },
    Fault { name: "a table has samples", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"stts", 0, 7, |_| 1) },
    Fault { name: "media is in another file", rule: Rule::Init, stream: Stream::Plain, spoil: |events| poke_init(events, b"url ", 0, 3, |_| 0) },
    Fault { name: "video counts in milliseconds", rule: Rule::Timescale, stream: Stream::Plain, spoil: |events| replace(events, FIRST, &[0, 1, 0x5f, 0x90, 0, 0, 0, 0, 0x55], &[0, 0, 3, 0xe8]) },
    Fault { name: "audio does not count in samples", rule: Rule::Timescale, stream: Stream::Plain, spoil: |events| poke_init(events, b"mdhd", 1, 15, |byte| byte ^ 1) },
    Fault { name: "mp4a says another rate", rule: Rule::Timescale, stream: Stream::Plain, spoil: |events| poke_init(events, b"mp4a", 0, 24, |byte| byte ^ 1) },
    Fault { name: "esds is of MP3", rule: Rule::Esds, stream: Stream::Plain, spoil: |events| poke_init(events, b"esds", 0, 11, |_| 0x6b) },
    Fault { name: "esds has a reserved sampling frequency", rule: Rule::Esds, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 0, is_init);
        let bytes = bytes(&mut events[at]);
        let config = content(bytes, b"esds", 0) + 26;
        bytes[config..config + 2].copy_from_slice(&[0x16, 0x90]);
    } },
    Fault { name: "a descriptor of esds is too long", rule: Rule::Esds, stream: Stream::Plain, spoil: |events| poke_init(events, b"esds", 0, 5, |len| len + 1) },
    Fault { name: "avcC is of another version", rule: Rule::AvcRecord, stream: Stream::Plain, spoil: |events| poke_init(events, b"avcC", 0, 0, |_| 2) },
    Fault { name: "avcC says another profile than its SPS", rule: Rule::AvcRecord, stream: Stream::Plain, spoil: |events| poke_init(events, b"avcC", 0, 1, |profile| profile ^ 1) },
    Fault { name: "avcC has lengths of 2 bytes", rule: Rule::AvcRecord, stream: Stream::Plain, spoil: |events| poke_init(events, b"avcC", 0, 4, |_| 0xfd) },
    Fault { name: "avcC counts no SPS", rule: Rule::AvcRecord, stream: Stream::Plain, spoil: |events| poke_init(events, b"avcC", 0, 5, |_| 0xe0) },
    Fault { name: "an array of hvcC is not complete", rule: Rule::HevcRecord, stream: Stream::Hevc, spoil: |events| poke_init(events, b"hvcC", 0, 23, |kind| kind & 0x7f) },
    Fault { name: "hvcC has no VPS", rule: Rule::HevcRecord, stream: Stream::Hevc, spoil: |events| poke_init(events, b"hvcC", 0, 23, |_| 0xa3) },
    Fault { name: "hvcC says another level than its SPS", rule: Rule::HevcRecord, stream: Stream::Hevc, spoil: |events| poke_init(events, b"hvcC", 0, 12, |level| level + 3) },
    Fault { name: "hvcC counts an array more", rule: Rule::HevcRecord, stream: Stream::Hevc, spoil: |events| poke_init(events, b"hvcC", 0, 22, |count| count + 1) },
    Fault { name: "av1C is of another version", rule: Rule::Av1Record, stream: Stream::Av1, spoil: |events| poke_init(events, b"av1C", 0, 0, |_| 0x82) },
    Fault { name: "av1C says another level than its sequence header", rule: Rule::Av1Record, stream: Stream::Av1, spoil: |events| poke_init(events, b"av1C", 0, 1, |level| level + 1) },
    Fault { name: "av1C has no sequence header", rule: Rule::Av1Record, stream: Stream::Av1, spoil: |events| poke_init(events, b"av1C", 0, 4, |_| 0x2a) },
    Fault { name: "av1C says twelve bits of low depth", rule: Rule::Av1Record, stream: Stream::Av1, spoil: |events| poke_init(events, b"av1C", 0, 2, |format| format | 0x20) },
    // Heads.
    Fault { name: "offsets do not count from moof", rule: Rule::Fragment, stream: Stream::Plain, spoil: |events| poke_head(events, b"tfhd", 1, |_| 0) },
    Fault { name: "tfdt is of version 0", rule: Rule::Fragment, stream: Stream::Plain, spoil: |events| poke_head(events, b"tfdt", 0, |_| 0) },
    Fault { name: "traf is of a track that moov has not", rule: Rule::Fragment, stream: Stream::Plain, spoil: |events| poke_head(events, b"tfhd", 7, |_| 7) },
    Fault { name: "traf comes twice for a track", rule: Rule::Fragment, stream: Stream::Plain, spoil: |events| poke_head(events, b"tfhd", 7, |_| 2) },
    Fault { name: "tfdt stands behind trun", rule: Rule::Fragment, stream: Stream::Plain, spoil: |events| replace(events, (1, is_head), b"tfdt", b"free") },
    Fault { name: "a run says nothing of where it lies", rule: Rule::Fragment, stream: Stream::Plain, spoil: |events| poke_head(events, b"trun", 3, |flags| flags & 0xfe) },
    Fault { name: "mdat is shorter than its payload", rule: Rule::Fragment, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 1, is_head);
        let bytes = bytes(&mut events[at]);
        let len = bytes.len();
        bytes[len - 5] ^= 1;
    } },
    Fault { name: "a head ends behind moof", rule: Rule::Fragment, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 1, is_head);
        let bytes = bytes(&mut events[at]);
        bytes.truncate(bytes.len() - 8);
    } },
    Fault { name: "a fragment has the number of the one before it", rule: Rule::FragmentNumber, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 1, is_head);
        let Event::Head { bytes, sequence, .. } = &mut events[at] else { unreachable!() };
        *sequence -= 1;
        let number = content(bytes, b"mfhd", 0) + 7;
        bytes[number] -= 1;
    } },
    Fault { name: "a head tells another number", rule: Rule::Facts, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 1, is_head);
        let Event::Head { sequence, .. } = &mut events[at] else { unreachable!() };
        *sequence += 1;
    } },
    Fault { name: "a head tells another length", rule: Rule::Facts, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 1, is_head);
        let Event::Head { payload_len, .. } = &mut events[at] else { unreachable!() };
        *payload_len += 1;
    } },
    Fault { name: "a run begins a byte too late", rule: Rule::Runs, stream: Stream::Plain, spoil: |events| poke_head(events, b"trun", 11, |byte| byte + 1) },
    Fault { name: "a run begins within the head", rule: Rule::Runs, stream: Stream::Plain, spoil: |events| {
        poke_head(events, b"trun", 10, |_| 0);
        poke_head(events, b"trun", 11, |_| 8);
    } },
    Fault { name: "a sample is a byte longer", rule: Rule::Runs, stream: Stream::Plain, spoil: |events| {
        // Behind count, data_offset, first_sample_flags and the first duration.
        poke_head(events, b"trun", 23, |byte| byte.wrapping_add(1));
    } },
    Fault { name: "a sample has flags of its own making", rule: Rule::Runs, stream: Stream::Plain, spoil: |events| poke_head(events, b"trun", 12, |_| 3) },
    Fault { name: "composition offsets have no sign", rule: Rule::Timescale, stream: Stream::Plain, spoil: |events| poke_head(events, b"trun", 0, |_| 0) },
    Fault { name: "a key frame is no sync sample", rule: Rule::Sync, stream: Stream::Plain, spoil: |events| {
        replace(events, (1, is_head), &[2, 0, 0, 0], &[1, 1, 0, 0]);
    } },
    Fault { name: "every picture is a sync sample", rule: Rule::Sync, stream: Stream::Plain, spoil: |events| {
        replace(events, (1, is_head), &[1, 1, 0, 0], &[2, 0, 0, 0]);
    } },
    Fault { name: "every picture of H.265 is a sync sample", rule: Rule::Sync, stream: Stream::Hevc, spoil: |events| {
        replace(events, (1, is_head), &[1, 1, 0, 0], &[2, 0, 0, 0]);
    } },
    Fault { name: "tfdt is a tick too late", rule: Rule::DecodeTime, stream: Stream::Plain, spoil: |events| poke_head(events, b"tfdt", 11, |byte| byte ^ 1) },
    Fault { name: "tfdt is a second too early", rule: Rule::DecodeTime, stream: Stream::Plain, spoil: |events| poke_head(events, b"tfdt", 9, |byte| byte - 1) },
    Fault { name: "the last picture of a segment lasts longer", rule: Rule::Durations, stream: Stream::Plain, spoil: |events| {
        let close = nth(events, 1, is_close);
        let head = events[..close].iter().rposition(is_head).unwrap();
        let bytes = bytes(&mut events[head]);
        // The last sample of the last run of the first traf.
        let second = content(bytes, b"tfhd", 1) - 16;
        bytes[second - 9] ^= 0x40;
    } },
    // Samples.
    Fault { name: "a NAL unit is longer than its sample", rule: Rule::NalUnits, stream: Stream::Plain, spoil: |events| change_payload(events, |bytes| bytes[2] += 0x10) },
    Fault { name: "bytes are left behind the last NAL unit", rule: Rule::NalUnits, stream: Stream::Plain, spoil: |events| change_payload(events, |bytes| bytes[3] ^= 1) },
    Fault { name: "a sample has a delimiter", rule: Rule::NalUnits, stream: Stream::Plain, spoil: |events| change_payload(events, |bytes| bytes[4] = 9) },
    Fault { name: "a sample has an SPS", rule: Rule::NalUnits, stream: Stream::Plain, spoil: |events| change_payload(events, |bytes| bytes[4] = 0x67) },
    Fault { name: "a slice needs a PPS that the sample entry has not", rule: Rule::NalUnits, stream: Stream::Plain, spoil: |events| change_payload(events, |bytes| bytes[5] = 0x99) },
    Fault { name: "a sample of H.265 has a delimiter", rule: Rule::NalUnits, stream: Stream::Hevc, spoil: |events| {
        let at = nth(events, 5, |event| matches!(event, Event::Payload(bytes) if bytes[4..6] == [2, 1]));
        bytes(&mut events[at])[4] = 0x46;
    } },
    Fault { name: "a RASL picture lacks what it refers to", rule: Rule::LeadingPicture, stream: Stream::Hevc, spoil: |events| {
        let at = nth(events, 1, is_payload);
        let payload = bytes(&mut events[at]);
        assert_eq!(payload[4..6], [2, 1]);
        payload[4] = 0x12;
    } },
    Fault { name: "two pictures are in a sample", rule: Rule::OnePicture, stream: Stream::Slices, spoil: |events| {
        let is_sliced: fn(&Event) -> bool = |event| matches!(event, Event::Payload(bytes) if bytes.len() > 8 && bytes[4] & 0x1f == 1);
        let at = nth(events, 5, is_sliced);
        let payload = bytes(&mut events[at]);
        let second = 4 + u32::from_be_bytes(payload[..4].try_into().unwrap()) as usize;
        payload[second + 5] |= 0x80;
    } },
    Fault { name: "a temporal unit has padding", rule: Rule::NalUnits, stream: Stream::Av1, spoil: |events| *first_byte(events, 0x32, 5) = 0x7a },
    Fault { name: "a unit is longer than its sample", rule: Rule::NalUnits, stream: Stream::Av1, spoil: |events| {
        let at = nth(events, 0, is_frame_alone);
        bytes(&mut events[at])[2] += 1;
    } },
    Fault { name: "a sequence header is another than that of av1C", rule: Rule::NalUnits, stream: Stream::Av1, spoil: |events| {
        let at = nth(events, 1, is_av1_key);
        bytes(&mut events[at])[12] ^= 0x10;
    } },
    Fault { name: "a key frame has no sequence header", rule: Rule::Sync, stream: Stream::Av1, spoil: |events| *first_byte(events, 0x0a, 1) = 0x2a },
    Fault { name: "a key frame is none", rule: Rule::Sync, stream: Stream::Av1, spoil: |events| {
        let at = nth(events, 1, is_av1_key);
        let bytes = bytes(&mut events[at]);
        let frame = 13 + bytes[13..].iter().position(|&byte| byte == 0x10).unwrap();
        bytes[frame] = 0x30;
    } },
    Fault { name: "a temporal unit shows nothing", rule: Rule::OnePicture, stream: Stream::Av1, spoil: |events| *first_byte(events, 0x1a, 0) = 0x2a },
    // Calls.
    Fault { name: "a head comes before its payload", rule: Rule::FragmentOrder, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 1, is_head);
        let head = events.remove(at);
        let first = nth(events, 1, is_open) + 1;
        events.insert(first, head);
    } },
    Fault { name: "payload is left when a segment closes", rule: Rule::FragmentOrder, stream: Stream::Plain, spoil: |events| {
        let close = nth(events, 1, is_close);
        let head = events[..close].iter().rposition(is_head).unwrap();
        events.remove(head);
    } },
    Fault { name: "payload comes between two segments", rule: Rule::FragmentOrder, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 1, is_open);
        events.swap(at, at + 1);
    } },
    Fault { name: "packets come in a segment of fMP4", rule: Rule::Order, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 5, is_payload);
        events[at] = Event::Packets(vec![0x47; 188]);
    } },
    Fault { name: "a section comes while a segment is open", rule: Rule::Order, stream: Stream::Plain, spoil: |events| {
        let (init, open) = (nth(events, 0, is_init), nth(events, 0, is_open));
        events.swap(init, open);
    } },
    Fault { name: "a section is not of the segment that follows it", rule: Rule::Order, stream: Stream::Resized, spoil: |events| {
        let at = nth(events, 1, is_init);
        let Event::Init { id, .. } = &mut events[at] else { unreachable!() };
        *id += 1;
    } },
    Fault { name: "a section that failed is not followed by an abort", rule: Rule::Abort, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 0, is_init);
        events[at] = Event::Failed(Box::new(events[at].clone()));
    } },
    // Playlists and expiry.
    Fault { name: "a section was not handed over", rule: Rule::Map, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 0, is_init);
        events.remove(at);
    } },
    Fault { name: "a section comes twice", rule: Rule::Map, stream: Stream::Resized, spoil: |events| {
        let at = nth(events, 1, is_init);
        let Event::Init { id, .. } = &mut events[at] else { unreachable!() };
        *id = 0;
    } },
    Fault { name: "EXT-X-MAP is missing", rule: Rule::Map, stream: Stream::Plain, spoil: |events| change_text(events, 1, "#EXT-X-MAP:URI=\"0.mp4\"\n", "") },
    Fault { name: "EXT-X-MAP comes twice", rule: Rule::Map, stream: Stream::Plain, spoil: |events| {
        change_text(events, 1, "#EXT-X-MAP:URI=\"0.mp4\"\n", "#EXT-X-MAP:URI=\"0.mp4\"\n#EXT-X-MAP:URI=\"0.mp4\"\n");
    } },
    Fault { name: "EXT-X-MAP names another section", rule: Rule::Map, stream: Stream::Plain, spoil: |events| change_text(events, 1, "\"0.mp4\"", "\"1.mp4\"") },
    Fault { name: "EXT-X-MAP stands in version 3", rule: Rule::Map, stream: Stream::Plain, spoil: |events| change_text(events, 1, "VERSION:6", "VERSION:3") },
    Fault { name: "EXT-X-MAP changes without a break", rule: Rule::Map, stream: Stream::Resized, spoil: |events| {
        let at = (0..events.len()).find(|&at| matches!(&events[at], Event::Playlist { text, .. } if text.contains("#EXT-X-DISCONTINUITY\n#EXT-X-MAP")));
        let Event::Playlist { text, .. } = &mut events[at.unwrap()] else { unreachable!() };
        *text = text.replace("#EXT-X-DISCONTINUITY\n", "");
    } },
    Fault { name: "a section changes without a break", rule: Rule::Reconfigured, stream: Stream::Resized, spoil: |events| {
        for event in events.iter_mut() {
            match event {
                Event::Open(start) => start.discontinuity = false,
                Event::Close(segment) => segment.discontinuity = false,
                _ => {}
            }
        }
    } },
    Fault { name: "a section does not expire with its last segment", rule: Rule::SectionExpiry, stream: Stream::Resized, spoil: |events| {
        let at = (0..events.len()).find(|&at| matches!(&events[at], Event::Expire(expired) if expired.init.is_some()));
        let Event::Expire(expired) = &mut events[at.unwrap()] else { unreachable!() };
        expired.init = None;
    } },
    Fault { name: "a section expires while segments need it", rule: Rule::SectionExpiry, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 0, is_expire);
        let Event::Expire(expired) = &mut events[at] else { unreachable!() };
        expired.init = Some(0);
    } },
    Fault { name: "a playlist names a section that has expired", rule: Rule::Map, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 0, is_expire);
        let Event::Expire(expired) = &mut events[at] else { unreachable!() };
        expired.init = Some(0);
    } },
    Fault { name: "a segment needs another section than it said", rule: Rule::Facts, stream: Stream::Plain, spoil: |events| {
        let at = nth(events, 1, is_close);
        let Event::Close(segment) = &mut events[at] else { unreachable!() };
        segment.init = Some(1);
    } },
];

/// Puts every fault in that a rule of these must tell.
fn assert_told(rules: &[Rule]) {
    let mut missed = Vec::new();
    let faults = FAULTS.iter().filter(|fault| rules.contains(&fault.rule));
    for Fault { name, rule, stream, spoil } in faults {
        let mut events = events(*stream);
        let before = events.clone();
        spoil(&mut events);
        assert_ne!(events, before, "{name}");
        let auditor = judge(&events);
        if !tells(&auditor, *rule) {
            missed.push(format!("{name}: {} is not among {:#?}", rule.id(), auditor.violations()));
        }
    }
    assert_eq!(missed, Vec::<String>::new());
    let without = rules.iter().filter(|rule| FAULTS.iter().all(|fault| fault.rule != **rule));
    assert_eq!(without.map(|rule| rule.id()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn v_01_the_streams_of_fmp4_that_faults_are_put_into_are_clean_themselves() {
    for stream in [Stream::Plain, Stream::Slices, Stream::Hevc, Stream::Resized] {
        let events = events(stream);
        assert!(events.iter().any(is_playlist) && events.iter().any(is_expire), "{stream:?}");
        judge(&events).assert_clean();
    }
}

#[test]
fn v_01_every_capture_comes_out_clean_in_fmp4() {
    for (name, bytes) in captures() {
        let options = hls_segmenter::Options { key_frames: policy_for(&name), ..short() };
        let mut auditor = Auditor::with_options(Recorder::new(Discard), &options);
        let mut segmenter = Segmenter::fmp4(Config::new(options).unwrap());
        for tag in read_flv(&bytes) {
            segmenter.push(tag.borrow(), &mut auditor).unwrap();
        }
        segmenter.finish(End::List, &mut auditor).unwrap();
        assert_eq!(auditor.violations(), [], "{name}");
        let (_, events) = auditor.into_inner().into_parts();
        let mut replay = Auditor::with_options(Discard, &options);
        events.iter().for_each(|event| replay.observe(event));
        assert_eq!(replay.violations(), [], "replay of {name}");
    }
}

#[test]
fn mp4_1_faults_of_a_section_are_told() {
    assert_told(&[Rule::Init]);
}

#[test]
fn mp4_2_faults_of_a_fragment_are_told() {
    assert_told(&[Rule::Fragment]);
}

#[test]
fn mp4_3_faults_of_numbers_are_told() {
    assert_told(&[Rule::FragmentNumber]);
}

#[test]
fn mp4_4_faults_of_runs_are_told() {
    assert_told(&[Rule::Runs]);
}

#[test]
fn mp4_5_faults_of_units_of_time_are_told() {
    assert_told(&[Rule::Timescale]);
}

#[test]
fn mp4_6_faults_of_samples_are_told() {
    assert_told(&[Rule::NalUnits]);
}

#[test]
fn mp4_7_mp4_8_mp4_18_faults_of_records_are_told() {
    assert_told(&[Rule::HevcRecord, Rule::Esds, Rule::AvcRecord]);
}

#[test]
fn mp4_10_mp4_17_faults_of_playlists_and_of_expiry_are_told() {
    assert_told(&[Rule::Map, Rule::SectionExpiry]);
}

#[test]
fn mp4_11_faults_of_sync_samples_are_told() {
    assert_told(&[Rule::Sync]);
}

#[test]
fn mp4_14_mp4_16_faults_of_times_are_told() {
    assert_told(&[Rule::DecodeTime, Rule::Durations]);
}

#[test]
fn mp4_15_faults_in_the_order_of_payload_and_heads_are_told() {
    assert_told(&[Rule::FragmentOrder]);
}

#[test]
fn rules_of_both_containers_are_kept_in_fmp4() {
    assert_told(&[
        Rule::Order,
        Rule::Abort,
        Rule::Facts,
        Rule::Reconfigured,
        Rule::LeadingPicture,
        Rule::OnePicture,
    ]);
}
