//! Faults, one to a recording, and the rule that must tell each.

use hls_segmenter::Cause;
use hls_segmenter::time::{Millis, TickSpan, WallTime};
use hls_segmenter_auditor::{Event, Rule};

use super::tamper::*;

/// A fault, the stream it is put into, and the rule that must tell it.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) rule: Rule,
    pub(crate) stream: (&'static str, bool),
    pub(crate) spoil: fn(&mut Vec<Event>),
}

const PLAIN: (&str, bool) = ("nobframes", false);
const JUMP: (&str, bool) = ("nobframes", true);
const REORDERED: (&str, bool) = ("slices", false);
const AUDIO_ONLY: (&str, bool) = ("audio_only", false);

#[rustfmt::skip]
pub(crate) const FAULTS: &[Fault] = &[
    // Calls.
    Fault { name: "close and playlist are swapped", rule: Rule::Order, stream: PLAIN, spoil: |events| {
        let at = nth(events, 1, is_close);
        events.swap(at, at + 1);
    } },
    Fault { name: "a segment closes without having opened", rule: Rule::Order, stream: PLAIN, spoil: |events| {
        let at = nth(events, 1, is_open);
        events.remove(at);
    } },
    Fault { name: "packets come between two segments", rule: Rule::Order, stream: PLAIN, spoil: |events| {
        let at = nth(events, 1, is_open);
        events.swap(at, at + 1);
    } },
    Fault { name: "a segment opens while one is open", rule: Rule::Order, stream: PLAIN, spoil: |events| {
        let at = nth(events, 1, is_close);
        events.remove(at);
    } },
    Fault { name: "no playlist follows a segment", rule: Rule::Order, stream: PLAIN, spoil: |events| {
        let at = nth(events, 0, is_playlist);
        events.remove(at);
    } },
    Fault { name: "a segment opens behind EXT-X-ENDLIST", rule: Rule::End, stream: PLAIN, spoil: |events| {
        let open = events[nth(events, 1, is_open)].clone();
        events.push(open);
    } },
    Fault { name: "a playlist comes behind EXT-X-ENDLIST", rule: Rule::End, stream: PLAIN, spoil: |events| {
        let last = events.iter().rposition(is_playlist).unwrap();
        events.push(events[last].clone());
    } },
    Fault { name: "a failed call is not followed by an abort", rule: Rule::Abort, stream: PLAIN, spoil: |events| {
        let at = nth(events, 3, is_video);
        events[at] = Event::Failed(Box::new(events[at].clone()));
    } },
    // Numbers.
    Fault { name: "a media sequence number is skipped", rule: Rule::Sequence, stream: PLAIN, spoil: |events| {
        change_segment(events, 2, |start| start.sequence += 1, |segment| segment.sequence += 1);
    } },
    Fault { name: "an id is used again", rule: Rule::Id, stream: PLAIN, spoil: |events| {
        change_segment(events, 2, |start| start.id -= 1, |segment| segment.id -= 1);
    } },
    Fault { name: "two segments have one wall time", rule: Rule::Wall, stream: PLAIN, spoil: |events| {
        let mut wall = None;
        change_segment(events, 1, |start| wall = start.wall, |_| {});
        change_segment(events, 2, |start| start.wall = wall, |segment| segment.wall = wall);
    } },
    Fault { name: "a break is not told", rule: Rule::DiscontinuityMissing, stream: JUMP, spoil: |events| {
        let tagged = |event: &Event| matches!(event, Event::Open(start) if start.discontinuity);
        let at = events[..events.iter().position(tagged).unwrap()].iter().filter(|event| is_open(event)).count();
        change_segment(events, at, |start| start.discontinuity = false, |segment| segment.discontinuity = false);
    } },
    Fault { name: "a break is told where none is", rule: Rule::DiscontinuitySpurious, stream: PLAIN, spoil: |events| {
        change_segment(events, 2, |start| start.discontinuity = true, |segment| segment.discontinuity = true);
    } },
    Fault { name: "the first segment tells a break", rule: Rule::FirstUntagged, stream: PLAIN, spoil: |events| {
        change_segment(events, 0, |start| start.discontinuity = true, |segment| segment.discontinuity = true);
    } },
    // What is told of a segment.
    Fault { name: "bytes are one packet off", rule: Rule::Facts, stream: PLAIN, spoil: |events| {
        change_segment(events, 1, |_| {}, |segment| segment.bytes += 188);
    } },
    Fault { name: "a frame too many is counted", rule: Rule::Facts, stream: AUDIO_ONLY, spoil: |events| {
        change_segment(events, 1, |_| {}, |segment| segment.frames += 1);
    } },
    Fault { name: "starts_with_idr is false and should not be", rule: Rule::Facts, stream: PLAIN, spoil: |events| {
        change_segment(events, 1, |start| start.starts_with_idr = false, |segment| segment.starts_with_idr = false);
    } },
    Fault { name: "longest_gop is half of what it was", rule: Rule::Facts, stream: PLAIN, spoil: |events| {
        change_segment(events, 1, |_| {}, |segment| segment.longest_gop = TickSpan::new(segment.longest_gop.get() / 2));
    } },
    Fault { name: "a segment has only tables", rule: Rule::Empty, stream: PLAIN, spoil: |events| {
        let (open, close) = (nth(events, 1, is_open), nth(events, 1, is_close));
        events.drain(open + 2..close);
    } },
    Fault { name: "a duration is a tick short", rule: Rule::Duration, stream: PLAIN, spoil: |events| {
        change_segment(events, 1, |_| {}, |segment| segment.duration = segment.duration - TickSpan::TICK);
    } },
    Fault { name: "the last duration leaves its last frame out", rule: Rule::Duration, stream: PLAIN, spoil: |events| {
        let last = events.iter().filter(|event| is_close(event)).count() - 1;
        change_segment(events, last, |_| {}, |segment| segment.duration = segment.duration - TickSpan::from_millis(39));
    } },
    Fault { name: "an EXTINF is not rounded but cut off", rule: Rule::Extinf, stream: AUDIO_ONLY, spoil: |events| {
        change_segment(events, 1, |_| {}, |segment| segment.extinf = Millis::new(segment.extinf.millis() - 1));
    } },
    Fault { name: "the start is not the first DTS", rule: Rule::Lead, stream: PLAIN, spoil: |events| {
        change_segment(events, 1, |start| start.start = start.start + TickSpan::TICK, |segment| segment.start = segment.start + TickSpan::TICK);
    } },
    // Playlists.
    Fault { name: "a playlist has another EXTINF", rule: Rule::Extinf, stream: PLAIN, spoil: |events| {
        change_text(events, 1, "#EXTINF:1.", "#EXTINF:0.");
    } },
    Fault { name: "the target shrinks", rule: Rule::TargetChange, stream: PLAIN, spoil: |events| {
        let at = nth(events, 1, is_playlist);
        for event in &mut events[..=at] {
            if let Event::Playlist { text, .. } = event {
                *text = text.replace("DURATION:", "DURATION:1");
            }
        }
    } },
    Fault { name: "the target is below a segment", rule: Rule::Target, stream: AUDIO_ONLY, spoil: |events| {
        change_text(events, 0, "VERSION:6", "VERSION:3");
    } },
    Fault { name: "EXT-X-MEDIA-SEQUENCE stays when a segment leaves", rule: Rule::MediaSequence, stream: PLAIN, spoil: |events| {
        change_text(events, 2, "MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:0");
    } },
    Fault { name: "EXT-X-DISCONTINUITY-SEQUENCE stays when a tag leaves", rule: Rule::DiscontinuitySequence, stream: JUMP, spoil: |events| {
        let left = |event: &Event| matches!(event, Event::Playlist { text, .. } if text.contains("DISCONTINUITY-SEQUENCE:1"));
        let at = events[..events.iter().position(left).unwrap()].iter().filter(|event| is_playlist(event)).count();
        change_text(events, at, "DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:0");
    } },
    Fault { name: "EXT-X-DISCONTINUITY is missing", rule: Rule::DiscontinuityMissing, stream: JUMP, spoil: |events| {
        let tagged = |event: &Event| matches!(event, Event::Playlist { text, .. } if text.contains("DISCONTINUITY\n"));
        let at = events[..events.iter().position(tagged).unwrap()].iter().filter(|event| is_playlist(event)).count();
        change_text(events, at, "#EXT-X-DISCONTINUITY\n", "");
    } },
    Fault { name: "EXT-X-DISCONTINUITY is too much", rule: Rule::DiscontinuitySpurious, stream: PLAIN, spoil: |events| {
        change_text(events, 1, "1.ts", "1.ts\n#EXT-X-DISCONTINUITY");
        change_text(events, 1, "\n#EXT-X-DISCONTINUITY\n", "\n");
        change_text(events, 1, "#EXT-X-PROGRAM", "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM");
    } },
    Fault { name: "EXT-X-GAP stands where nothing was lost", rule: Rule::Gap, stream: PLAIN, spoil: |events| {
        change_text(events, 1, "#EXTINF:", "#EXT-X-GAP\n#EXTINF:");
    } },
    Fault { name: "a lost segment is listed as if it were there", rule: Rule::Gap, stream: PLAIN, spoil: |events| {
        let at = nth(events, 1, is_close);
        events.insert(at, Event::Lost(0));
    } },
    Fault { name: "EXT-X-VERSION is 4", rule: Rule::Version, stream: PLAIN, spoil: |events| change_text(events, 0, "VERSION:6", "VERSION:4") },
    Fault { name: "EXT-X-VERSION changes", rule: Rule::Version, stream: PLAIN, spoil: |events| change_text(events, 1, "VERSION:6", "VERSION:3") },
    Fault { name: "an EXTINF has no comma", rule: Rule::Syntax, stream: PLAIN, spoil: |events| change_text(events, 0, ",\n", "\n") },
    Fault { name: "a segment that is not closed is named", rule: Rule::Unclosed, stream: PLAIN, spoil: |events| change_text(events, 1, "1.ts", "2.ts") },
    Fault { name: "a segment leaves from the middle", rule: Rule::Successor, stream: PLAIN, spoil: |events| {
        change_text(events, 1, "0.ts", "7.ts");
    } },
    Fault { name: "more segments are listed than told", rule: Rule::Window, stream: PLAIN, spoil: |events| {
        change_text(events, 2, "2.ts\n", "2.ts\n#EXTINF:1.000,\n3.ts\n");
    } },
    Fault { name: "EXT-X-ENDLIST comes and the stream goes on", rule: Rule::EndList, stream: PLAIN, spoil: |events| {
        change_text(events, 1, "1.ts\n", "1.ts\n#EXT-X-ENDLIST\n");
    } },
    Fault { name: "EXT-X-ENDLIST is missing at the end", rule: Rule::EndList, stream: PLAIN, spoil: |events| {
        let last = events.iter().filter(|event| is_playlist(event)).count() - 1;
        change_text(events, last, "#EXT-X-ENDLIST\n", "");
    } },
    Fault { name: "a date is a second off", rule: Rule::ProgramDateTime, stream: PLAIN, spoil: |events| {
        let later = |date: Option<WallTime>| date.map(|date| date.offset(1000));
        change_segment(events, 1, |start| start.program_date_time = later(start.program_date_time), |segment| segment.program_date_time = later(segment.program_date_time));
    } },
    Fault { name: "dates jump without a break", rule: Rule::ProgramDateTime, stream: PLAIN, spoil: |events| {
        change_segment(events, 1, |start| start.program_date_time = None, |segment| segment.program_date_time = None);
        let at = nth(events, 1, is_playlist);
        let Event::Playlist { text, .. } = &mut events[at] else { panic!("no playlist") };
        let from = text.rfind("#EXT-X-PROGRAM").unwrap();
        let to = from + text[from..].find('\n').unwrap() + 1;
        text.replace_range(from..to, "");
    } },
    Fault { name: "a promise of independent segments comes late", rule: Rule::Independent, stream: PLAIN, spoil: |events| {
        change_text(events, 1, "#EXT-X-VERSION:6\n", "#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    } },
    Fault { name: "a segment that left does not expire", rule: Rule::Expiry, stream: PLAIN, spoil: |events| {
        let at = nth(events, 0, is_expire);
        events.remove(at);
    } },
    Fault { name: "a segment expires while the next one is open", rule: Rule::Order, stream: PLAIN, spoil: |events| {
        let at = nth(events, 0, is_expire);
        events.swap(at, at + 1);
    } },
    Fault { name: "no segment that left expires", rule: Rule::Expiry, stream: PLAIN, spoil: |events| {
        events.retain(|event| !is_expire(event));
    } },
    Fault { name: "a segment expires too early", rule: Rule::Expiry, stream: PLAIN, spoil: |events| {
        let at = nth(events, 0, is_expire);
        if let Event::Expire(expired) = &mut events[at] {
            expired.keep_for = expired.keep_for - TickSpan::from_millis(1);
        }
    } },
    Fault { name: "a segment expires too late", rule: Rule::Expiry, stream: PLAIN, spoil: |events| {
        let at = nth(events, 0, is_expire);
        if let Event::Expire(expired) = &mut events[at] {
            expired.keep_for += TickSpan::from_millis(1);
        }
    } },
    Fault { name: "a segment expires under another number", rule: Rule::Expiry, stream: PLAIN, spoil: |events| {
        let at = nth(events, 0, is_expire);
        if let Event::Expire(expired) = &mut events[at] {
            expired.sequence += 1;
        }
    } },
    Fault { name: "a segment expires with another wall time", rule: Rule::Expiry, stream: PLAIN, spoil: |events| {
        let at = nth(events, 0, is_expire);
        if let Event::Expire(expired) = &mut events[at] {
            expired.wall = expired.wall.map(|wall| wall.offset(1));
        }
    } },
    // Packets.
    Fault { name: "a packet is lost", rule: Rule::Continuity, stream: PLAIN, spoil: |events| {
        change(events, 5, is_video, |bytes| drop(bytes.drain(LEN..2 * LEN)));
    } },
    Fault { name: "a packet is repeated", rule: Rule::Continuity, stream: PLAIN, spoil: |events| {
        change(events, 5, is_video, |bytes| {
            let packet = bytes[LEN..2 * LEN].to_vec();
            bytes.splice(LEN..LEN, packet);
        });
    } },
    Fault { name: "two packets are swapped", rule: Rule::Continuity, stream: PLAIN, spoil: |events| {
        change(events, 5, is_video, |bytes| bytes[LEN..].rotate_left(LEN));
    } },
    Fault { name: "the PMT's counter begins anew", rule: Rule::Continuity, stream: PLAIN, spoil: |events| {
        change(events, 2, is_tables, |bytes| bytes[LEN + 3] &= 0xf0);
    } },
    Fault { name: "a sync byte is wrong", rule: Rule::Packet, stream: PLAIN, spoil: |events| change(events, 5, is_video, |bytes| bytes[LEN] = 0x46) },
    Fault { name: "a packet is in error", rule: Rule::Packet, stream: PLAIN, spoil: |events| change(events, 5, is_video, |bytes| bytes[LEN + 1] |= 0x80) },
    Fault { name: "a run is a byte short", rule: Rule::Packet, stream: PLAIN, spoil: |events| change(events, 5, is_video, |bytes| bytes.truncate(bytes.len() - 1)) },
    Fault { name: "a PID is in no table", rule: Rule::UnknownPid, stream: PLAIN, spoil: |events| {
        change(events, 5, is_audio, |bytes| bytes.chunks_mut(LEN).for_each(|packet| packet[2] = 0x02));
    } },
    Fault { name: "stuffing is of zeros", rule: Rule::AdaptationField, stream: PLAIN, spoil: |events| {
        let stuffed = |event: &Event| matches!(event, Event::Packets(bytes) if is_audio(event) && bytes[bytes.len() - LEN + 3] & 0x20 != 0 && bytes[bytes.len() - LEN + 4] > 1);
        change(events, 0, stuffed, |bytes| { let at = bytes.len() - LEN + 6; bytes[at] = 0 });
    } },
    // Tables.
    Fault { name: "the PAT is missing", rule: Rule::TablesFirst, stream: PLAIN, spoil: |events| change(events, 1, is_tables, |bytes| drop(bytes.drain(..LEN))) },
    Fault { name: "the PMT stands where the PAT should", rule: Rule::TablesFirst, stream: PLAIN, spoil: |events| {
        change(events, 1, is_tables, |bytes| bytes.copy_within(LEN..2 * LEN, 0));
    } },
    Fault { name: "the PAT stands where the PMT should", rule: Rule::TablesFirst, stream: PLAIN, spoil: |events| {
        change(events, 1, is_tables, |bytes| bytes.copy_within(..LEN, LEN));
    } },
    Fault { name: "a third table is another PMT", rule: Rule::SectionVersion, stream: PLAIN, spoil: |events| {
        change(events, 0, is_tables, |bytes| {
            let mut pmt = bytes[LEN..2 * LEN].to_vec();
            pmt[10] += 2;
            pmt[22] = 0x03;
            seal(&mut pmt);
            bytes.extend(pmt);
        });
    } },
    Fault { name: "a CRC is wrong", rule: Rule::SectionCrc, stream: PLAIN, spoil: |events| change(events, 1, is_tables, |bytes| bytes[LEN + 30] ^= 1) },
    Fault { name: "a section is followed by zeros", rule: Rule::SectionFill, stream: PLAIN, spoil: |events| change(events, 1, is_tables, |bytes| bytes[LEN - 1] = 0) },
    Fault { name: "a version changes alone", rule: Rule::SectionVersion, stream: PLAIN, spoil: |events| {
        change(events, 1, is_tables, |bytes| {
            bytes[LEN + 10] += 2;
            seal(&mut bytes[LEN..]);
        });
    } },
    Fault { name: "the PAT has a network instead of a program", rule: Rule::Section, stream: PLAIN, spoil: |events| {
        change(events, 1, is_tables, |bytes| {
            bytes[14] = 0;
            seal(bytes);
        });
    } },
    Fault { name: "the PMT lists private data", rule: Rule::StreamType, stream: PLAIN, spoil: |events| {
        change(events, 0, is_tables, |bytes| {
            bytes[LEN + 22] = 0x06;
            seal(&mut bytes[LEN..]);
        });
    } },
    Fault { name: "the PMT changes without a break", rule: Rule::SectionVersion, stream: PLAIN, spoil: |events| {
        change(events, 1, is_tables, |bytes| {
            bytes[LEN + 10] += 2;
            bytes[LEN + 22] = 0x03;
            seal(&mut bytes[LEN..]);
        });
    } },
    Fault { name: "audio comes before video in a segment", rule: Rule::LeadFirst, stream: PLAIN, spoil: |events| {
        let tables = nth(events, 1, is_tables);
        let audio = tables + events[tables..].iter().position(is_audio).unwrap();
        let audio = events.remove(audio);
        events.insert(tables + 1, audio);
    } },
    // Clocks.
    Fault { name: "PCRs are missing for more than 100 ms", rule: Rule::PcrInterval, stream: PLAIN, spoil: |events| {
        let from = nth(events, 1, is_key_frame) + 1;
        for event in &mut events[from..from + 5] {
            if let Event::Packets(bytes) = event {
                bytes.chunks_mut(LEN).for_each(silence);
            }
        }
    } },
    Fault { name: "a PCR is behind its DTS", rule: Rule::PcrOrder, stream: PLAIN, spoil: |events| change(events, 1, is_key_frame, |bytes| bytes[6] ^= 0x40) },
    Fault { name: "a PCR goes back", rule: Rule::PcrOrder, stream: AUDIO_ONLY, spoil: |events| {
        change(events, 9, has_pcr, |bytes| bytes[6..9].fill(0));
    } },
    Fault { name: "a new timeline is not marked", rule: Rule::DiscontinuityIndicator, stream: JUMP, spoil: |events| {
        change(events, 0, is_marked, |bytes| bytes[5] &= 0x7f);
    } },
    Fault { name: "a new timeline is marked where none is", rule: Rule::DiscontinuityIndicator, stream: PLAIN, spoil: |events| {
        change(events, 1, is_key_frame, |bytes| bytes[5] |= 0x80);
    } },
    Fault { name: "a new timeline behind a close that failed is not marked", rule: Rule::DiscontinuityIndicator, stream: JUMP, spoil: |events| {
        let breaks = |event: &Event| matches!(event, Event::Close(segment) if segment.cause == Cause::Discontinuity);
        let at = nth(events, 0, breaks);
        events[at] = Event::Failed(Box::new(events[at].clone()));
        change(events, 0, is_marked, |bytes| bytes[5] &= 0x7f);
    } },
    Fault { name: "an old frame stands behind a jump", rule: Rule::Stray, stream: JUMP, spoil: |events| {
        let old = events[nth(events, 2, is_audio)].clone();
        let tagged = |event: &Event| matches!(event, Event::Open(start) if start.discontinuity);
        let at = events.iter().position(tagged).unwrap();
        events.insert(at + 3, old);
    } },
    // PES headers.
    Fault { name: "a DTS repeats", rule: Rule::TimeOrder, stream: PLAIN, spoil: |events| {
        let at = nth(events, 4, is_picture);
        let bytes = packets(events, at);
        let last = time(&bytes[pes_at(bytes) + 9..]);
        change(events, 5, is_picture, |bytes| { let at = pes_at(bytes) + 9; put_time(&mut bytes[at..], last) });
    } },
    Fault { name: "an audio PTS goes back", rule: Rule::TimeOrder, stream: PLAIN, spoil: |events| {
        let at = nth(events, 4, is_audio);
        let bytes = packets(events, at);
        let last = time(&bytes[pes_at(bytes) + 9..]);
        change(events, 5, is_audio, |bytes| { let at = pes_at(bytes) + 9; put_time(&mut bytes[at..], last - 1) });
    } },
    Fault { name: "a PTS is before its DTS", rule: Rule::TimeOrder, stream: REORDERED, spoil: |events| {
        let reordered = |event: &Event| is_video(event) && matches!(event, Event::Packets(bytes) if bytes[pes_at(bytes) + 7] == 0xc0);
        change(events, 3, reordered, |bytes| {
            let at = pes_at(bytes) + 9;
            let dts = time(&bytes[at + 5..]);
            put_time(&mut bytes[at..], dts - 1);
        });
    } },
    Fault { name: "a DTS is coded that equals its PTS", rule: Rule::PesTimes, stream: REORDERED, spoil: |events| {
        let reordered = |event: &Event| is_video(event) && matches!(event, Event::Packets(bytes) if bytes[pes_at(bytes) + 7] == 0xc0);
        change(events, 3, reordered, |bytes| {
            let at = pes_at(bytes) + 9;
            let dts = time(&bytes[at + 5..]);
            put_time(&mut bytes[at..], dts);
        });
    } },
    Fault { name: "a marker bit is 0", rule: Rule::PesTimes, stream: PLAIN, spoil: |events| change(events, 5, is_audio, |bytes| { let at = pes_at(bytes) + 9; bytes[at] &= 0xfe }) },
    Fault { name: "a PES length is one too many", rule: Rule::PesHeader, stream: PLAIN, spoil: |events| change(events, 5, is_audio, |bytes| { let at = pes_at(bytes) + 5; bytes[at] ^= 1 }) },
    Fault { name: "audio has the stream_id of video", rule: Rule::PesHeader, stream: PLAIN, spoil: |events| change(events, 5, is_audio, |bytes| { let at = pes_at(bytes) + 3; bytes[at] = 0xe0 }) },
    // Elementary streams.
    Fault { name: "an IDR picture is not marked", rule: Rule::KeyFrame, stream: PLAIN, spoil: |events| change(events, 1, is_key_frame, |bytes| bytes[5] &= 0xbf) },
    Fault { name: "another picture is marked", rule: Rule::KeyFrame, stream: PLAIN, spoil: |events| {
        change(events, 1, is_key_frame, |bytes| {
            let at = bytes.windows(4).position(|code| code[..3] == [0, 0, 1] && code[3] & 0x1f == 5).unwrap();
            bytes[at + 3] = 0x61;
        });
    } },
    Fault { name: "random access is marked without a PCR", rule: Rule::RandomAccess, stream: PLAIN, spoil: |events| {
        change(events, 1, is_key_frame, |bytes| silence(&mut bytes[..LEN]));
    } },
    Fault { name: "a segment's first picture has no PCR", rule: Rule::LeadFirst, stream: PLAIN, spoil: |events| {
        change(events, 1, is_key_frame, |bytes| silence(&mut bytes[..LEN]));
    } },
    Fault { name: "the last segment has no PCR", rule: Rule::PcrInterval, stream: PLAIN, spoil: |events| {
        let opens = events.iter().filter(|event| is_open(event)).count();
        let last = nth(events, opens - 1, is_open);
        for event in &mut events[last..] {
            if let Event::Packets(bytes) = event {
                bytes.chunks_mut(LEN).for_each(silence);
            }
        }
    } },
    Fault { name: "a delimiter is missing", rule: Rule::Delimiter, stream: PLAIN, spoil: |events| {
        change(events, 5, is_video, |bytes| { let at = payload_at(bytes) + 4; bytes[at] = 0x0c });
    } },
    Fault { name: "a delimiter comes twice", rule: Rule::Delimiter, stream: PLAIN, spoil: |events| {
        change(events, 1, is_key_frame, |bytes| { let at = payload_at(bytes) + 6 + 4; bytes[at] = 0x09 });
    } },
    Fault { name: "an SPS is missing", rule: Rule::ParameterSets, stream: PLAIN, spoil: |events| {
        change(events, 1, is_key_frame, |bytes| { let at = payload_at(bytes) + 6 + 4; assert_eq!(bytes[at] & 0x1f, 7); bytes[at] = 0x0c });
    } },
    Fault { name: "two pictures share a PES packet", rule: Rule::OnePicture, stream: REORDERED, spoil: |events| {
        // The second slice says that it is the first.
        change(events, 3, is_other_picture, |bytes| {
            let codes = bytes.windows(4).enumerate().filter(|(_, code)| code[..3] == [0, 0, 1] && code[3] & 0x1f == 1);
            let at = codes.map(|(at, _)| at).nth(1).unwrap();
            bytes[at + 4] |= 0x80;
        });
    } },
    Fault { name: "an SPS changes without a break", rule: Rule::Reconfigured, stream: PLAIN, spoil: |events| {
        change(events, 1, is_key_frame, |bytes| { let at = payload_at(bytes) + 6 + 4; bytes[at + 3] ^= 1 });
    } },
    Fault { name: "an ADTS length is wrong", rule: Rule::Adts, stream: PLAIN, spoil: |events| change(events, 5, is_audio, |bytes| { let at = payload_at(bytes) + 5; bytes[at] ^= 0x20 }) },
    Fault { name: "audio that says it is aligned begins within a frame", rule: Rule::PesHeader, stream: PLAIN, spoil: |events| {
        change(events, 5, is_audio, |bytes| { let at = payload_at(bytes); bytes[at] = 0 });
    } },
    Fault { name: "an audio frame is split", rule: Rule::AudioFrames, stream: PLAIN, spoil: |events| {
        change(events, 5, is_audio, |bytes| {
            // The header of the first frame says that it ends four bytes before it does.
            let at = payload_at(bytes) + 5;
            bytes[at] ^= 0x80;
        });
    } },
    Fault { name: "audio changes its rate without a break", rule: Rule::Reconfigured, stream: AUDIO_ONLY, spoil: |events| {
        change(events, 5, is_audio, |bytes| { let at = payload_at(bytes) + 2; bytes[at] ^= 0x04 });
    } },
];
