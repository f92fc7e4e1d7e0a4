//! Ways to find a call in a recording and to alter its bytes.

use hls_segmenter::{Segment, SegmentStart};
use hls_segmenter_auditor::Event;

/// Bytes of a TS packet.
pub(crate) const LEN: usize = 188;

/// Index of the nth event that `is` so.
pub(crate) fn nth(events: &[Event], nth: usize, is: fn(&Event) -> bool) -> usize {
    let mut found = (0..events.len()).filter(|&at| is(&events[at]));
    found.nth(nth).unwrap()
}

pub(crate) fn is_open(event: &Event) -> bool {
    matches!(event, Event::Open(_))
}

pub(crate) fn is_close(event: &Event) -> bool {
    matches!(event, Event::Close(_))
}

pub(crate) fn is_playlist(event: &Event) -> bool {
    matches!(event, Event::Playlist { .. })
}

pub(crate) fn is_expire(event: &Event) -> bool {
    matches!(event, Event::Expire(_))
}

pub(crate) fn is_tables(event: &Event) -> bool {
    matches!(event, Event::Packets(bytes) if bytes[1] & 0x1f == 0 && bytes[2] == 0)
}

pub(crate) fn is_picture(event: &Event) -> bool {
    matches!(event, Event::Packets(bytes) if bytes[1..3] == [0x41, 0x00])
}

/// A picture over several TS packets.
pub(crate) fn is_video(event: &Event) -> bool {
    is_picture(event) && matches!(event, Event::Packets(bytes) if bytes.len() > 2 * LEN)
}

/// The same, with `random_access_indicator`.
pub(crate) fn is_key_frame(event: &Event) -> bool {
    is_video(event)
        && matches!(event, Event::Packets(bytes) if bytes[3] & 0x20 != 0 && bytes[5] & 0x40 != 0)
}

/// A picture with `discontinuity_indicator`.
pub(crate) fn is_marked(event: &Event) -> bool {
    is_video(event)
        && matches!(event, Event::Packets(bytes) if bytes[3] & 0x20 != 0 && bytes[5] & 0x80 != 0)
}

pub(crate) fn is_other_picture(event: &Event) -> bool {
    is_video(event) && !is_key_frame(event)
}

pub(crate) fn is_audio(event: &Event) -> bool {
    matches!(event, Event::Packets(bytes) if bytes[1..3] == [0x41, 0x01])
}

pub(crate) fn has_pcr(event: &Event) -> bool {
    matches!(event, Event::Packets(bytes) if bytes[3] & 0x20 != 0 && bytes[4] > 0 && bytes[5] & 0x10 != 0)
}

pub(crate) fn packets(events: &mut [Event], at: usize) -> &mut Vec<u8> {
    match &mut events[at] {
        Event::Packets(bytes) => bytes,
        other => panic!("{other:?} has no packets"),
    }
}

/// Changes the bytes of the nth run that `is` so.
pub(crate) fn change(
    events: &mut [Event],
    n: usize,
    is: fn(&Event) -> bool,
    spoil: impl FnOnce(&mut Vec<u8>),
) {
    let at = nth(events, n, is);
    spoil(packets(events, at));
}

/// Changes the text of the nth playlist.
pub(crate) fn change_text(events: &mut [Event], n: usize, from: &str, to: &str) {
    let at = nth(events, n, is_playlist);
    let Event::Playlist { text, .. } = &mut events[at] else { panic!("no playlist") };
    assert!(text.contains(from), "{text}");
    *text = text.replacen(from, to, 1);
}

/// Changes the nth segment as it is told when it opens and when it closes.
pub(crate) fn change_segment(
    events: &mut [Event],
    n: usize,
    open: impl FnOnce(&mut SegmentStart),
    close: impl FnOnce(&mut Segment),
) {
    let (at_open, at_close) = (nth(events, n, is_open), nth(events, n, is_close));
    if let Event::Open(start) = &mut events[at_open] {
        open(start);
    }
    if let Event::Close(segment) = &mut events[at_close] {
        close(segment);
    }
}

/// Offset of the PES header in the first packet of a run.
pub(crate) fn pes_at(bytes: &[u8]) -> usize {
    if bytes[3] & 0x20 != 0 { 5 + usize::from(bytes[4]) } else { 4 }
}

/// Offset of the elementary stream in the first packet of a run.
pub(crate) fn payload_at(bytes: &[u8]) -> usize {
    let pes = pes_at(bytes);
    pes + 9 + usize::from(bytes[pes + 8])
}

/// Puts a time into the five bytes of PTS or DTS, whose prefix stays.
pub(crate) fn put_time(field: &mut [u8], time: u64) {
    field[0] = field[0] & 0xf1 | ((time >> 29) as u8 & 0x0e);
    field[1] = (time >> 22) as u8;
    field[2] = (time >> 14) as u8 | 1;
    field[3] = (time >> 7) as u8;
    field[4] = (time << 1) as u8 | 1;
}

pub(crate) fn time(field: &[u8]) -> u64 {
    u64::from(field[0] >> 1 & 7) << 30
        | u64::from(field[1]) << 22
        | u64::from(field[2] >> 1) << 15
        | u64::from(field[3]) << 7
        | u64::from(field[4] >> 1)
}

/// Takes the PCR out of a packet; the room that it had is stuffing then.
pub(crate) fn silence(packet: &mut [u8]) {
    if packet[3] & 0x20 != 0 && packet[4] > 0 && packet[5] & 0x10 != 0 {
        packet[5] &= 0xef;
        packet[6..12].fill(0xff);
    }
}

/// The CRC of MPEG-2 sections, so that a table can be altered and stay intact.
pub(crate) fn seal(packet: &mut [u8]) {
    let end = 5 + 3 + usize::from(packet[7]) - 4;
    let mut crc = u32::MAX;
    for byte in &packet[5..end] {
        crc ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            crc = if crc >> 31 == 1 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 };
        }
    }
    packet[end..end + 4].copy_from_slice(&crc.to_be_bytes());
}
