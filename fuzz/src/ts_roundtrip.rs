//! Our packets, read back by a demultiplexer that was not written here, give the elementary bytes
//! and times that went in.

use std::convert::Infallible;

use arbitrary::Unstructured;
use hls_segmenter::config::Filler;
use hls_segmenter::config::FragDuration;
use hls_segmenter::flv::TagKind;
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::{TickSpan, WireTime};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Options, Segment, SegmentSink, SegmentStart, Segmenter};
use hls_segmenter_auditor::Auditor;
use mpeg2ts::pes::{PesPacketReader, ReadPesPacket};
use mpeg2ts::ts::TsPacketReader;

use crate::ledger::Ledger;
use crate::script::{OwnedTag, PPS, SPS, video_header};

/// A frame that went in.
struct Sent {
    millis: u32,
    /// ms.
    composition: i64,
    key: bool,
    /// Annex B without delimiter and parameter sets, or an AAC frame with its ADTS header.
    bytes: Vec<u8>,
}

/// A PES packet that came out.
struct Got {
    video: bool,
    pts: WireTime,
    dts: WireTime,
    bytes: Vec<u8>,
}

/// Reads a well-formed stream, with any sizes and intervals, out of `data`.
pub fn check(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let _ = round(&mut u);
}

fn round(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let [frag, psi, lead, start, flags]: [u8; 5] = u.arbitrary()?;
    let options = Options {
        frag_duration: FragDuration::new(1 + u32::from(frag) % 10).expect("in range"),
        psi_interval: (psi > 0).then(|| TickSpan::from_millis(20 + i64::from(psi) * 4)),
        pcr_lead: TickSpan::from_millis(500 + i64::from(lead) * 500 / 255),
        filler: if flags & 1 == 1 { Filler::Drop } else { Filler::Keep },
        ..Options::default()
    };
    let config = Config::new(options).expect("in range");
    // Near the wrap of tag time, near that of the wire, or at 0.
    let start = match start % 4 {
        0 => 0,
        1 => u32::MAX - u32::from(start) * 16,
        2 => 95_443_717 - u32::from(start) * 16,
        _ => u32::from(start) << 20,
    };
    let with_audio = flags & 2 == 0;
    let (tags, video, audio) = stream(u, start, with_audio)?;

    let mut segmenter = Segmenter::new(config);
    let mut sink = Auditor::with_options(Ledger::new(config, Segments::default()), &options);
    for tag in &tags {
        segmenter.push(tag.borrow(), &mut sink).expect("a well-formed stream");
    }
    segmenter.finish(End::List, &mut sink).expect("a well-formed stream");
    sink.assert_clean();
    let repaired = segmenter.stats().count(NoticeKind::VideoRepair) > 0;
    let bodies = sink.into_inner().inner.bodies;
    let got: Vec<_> = bodies.iter().flat_map(|body| demultiplex(body)).collect();
    let lead = options.pcr_lead;
    check_video(&got, &video, lead, repaired);
    check_audio(&got, &audio, lead);
    Ok(())
}

/// Makes tags, and the frames that must come out of them.
fn stream(
    u: &mut Unstructured<'_>,
    start: u32,
    with_audio: bool,
) -> arbitrary::Result<(Vec<OwnedTag>, Vec<Sent>, Vec<Sent>)> {
    let (mut video, mut audio) = (Vec::new(), Vec::new());
    let tag = |kind, millis, data| OwnedTag { kind, millis, data };
    let mut tags = vec![tag(TagKind::VIDEO, start, video_header(0))];
    if with_audio {
        // AAC-LC, 44.1 kHz, stereo.
        tags.push(tag(TagKind::AUDIO, start, vec![0xaf, 0, 0x12, 0x10]));
    }
    let (mut millis, mut audio_frames) = (start, 0_u64);
    while !u.is_empty() && tags.len() < 600 {
        let [step, composition, units, gop]: [u8; 4] = u.arbitrary()?;
        if !video.is_empty() {
            millis = millis.wrapping_add(1 + u32::from(step) % 200);
        }
        let key = video.is_empty() || gop % 4 == 0;
        let (mut body, mut bytes) = (Vec::new(), Vec::new());
        for n in 0..=units % 3 {
            let len = usize::from(u.arbitrary::<u16>()?) % 2500;
            let header = if n > 0 && units & 4 == 4 {
                0x06
            } else if key {
                0x65
            } else {
                0x41
            };
            // Only the first slice begins with the first macroblock: they are one picture.
            let unit: Vec<u8> = [header, if n == 0 { 0x9a } else { 0x5a }]
                .into_iter()
                .chain((0..len).map(|n| (n % 251) as u8 | 4))
                .collect();
            body.extend((unit.len() as u32).to_be_bytes());
            body.extend(&unit);
            bytes.extend([0, 0, 0, 1]);
            bytes.extend(&unit);
        }
        let composition = i64::from(composition % 8) * 40;
        let [.., c0, c1, c2] = composition.to_be_bytes();
        let head = [if key { 0x17 } else { 0x27 }, 1, c0, c1, c2];
        tags.push(tag(TagKind::VIDEO, millis, [&head[..], &body].concat()));
        video.push(Sent { millis, composition, key, bytes });
        // Audio catches up with video.
        while with_audio && audio_frames * 1024 / 441 * 10 <= u64::from(millis.wrapping_sub(start))
        {
            let len = 1 + usize::from(u.arbitrary::<u16>()?) % 8184;
            let len = if len % 8 == 0 { len } else { 1 + len % 700 };
            let payload: Vec<u8> =
                (0..len).map(|n| (n as u8 ^ audio_frames as u8) & 0x7f).collect();
            let at = start.wrapping_add((audio_frames * 102_400 / 4410) as u32);
            tags.push(tag(TagKind::AUDIO, at, [&[0xaf, 1][..], &payload].concat()));
            let full = (len + 7) as u16;
            let adts = [
                0xff,
                0xf1,
                0x50,
                0x80 | (full >> 11) as u8,
                (full >> 3) as u8,
                (full as u8) << 5 | 0x1f,
                0xfc,
            ];
            audio.push(Sent {
                millis: at,
                composition: 0,
                key: false,
                bytes: [&adts[..], &payload].concat(),
            });
            audio_frames += 1;
        }
    }
    // Stable: headers, and video at equal times, stay first.
    tags.sort_by_key(|tag| tag.millis.wrapping_sub(start));
    Ok((tags, video, audio))
}

fn check_video(got: &[Got], sent: &[Sent], lead: TickSpan, repaired: bool) {
    let got: Vec<_> = got.iter().filter(|pes| pes.video).collect();
    assert_eq!(got.len(), sent.len(), "every picture arrives once");
    let sets = [&[0, 0, 0, 1][..], SPS[0], &[0, 0, 0, 1], PPS].concat();
    let mut last: Option<WireTime> = None;
    for (pes, frame) in got.iter().zip(sent) {
        let rest = pes.bytes.strip_prefix(b"\0\0\0\x01\x09\xf0").expect("a delimiter leads");
        let unit = rest.strip_prefix(&sets[..]);
        assert!(unit.is_some() || !frame.key, "parameter sets stand before a key frame");
        assert!(unit.unwrap_or(rest) == frame.bytes, "a picture is not what was sent");

        let wire = |millis: i64| {
            let ticks = TickSpan::from_millis(i64::from(frame.millis) + millis) + lead;
            // Tag time wraps, the wire goes on: only distances below 2^32 ms are compared.
            WireTime::new(ticks.get().cast_unsigned())
        };
        let unrolled = |time: WireTime, want: WireTime| {
            let off = time.since(want);
            let wrap = WireTime::new((1_u64 << 32) * 90).since(WireTime::new(0));
            if off == wrap { TickSpan::ZERO } else { off }
        };
        let late = unrolled(pes.pts, wire(frame.composition));
        assert!(late == TickSpan::ZERO || repaired, "PTS is {late:?} late");
        let dts = unrolled(pes.dts, wire(0));
        assert!(
            repaired || (TickSpan::from_millis(-500)..=TickSpan::ZERO).contains(&dts),
            "DTS is {dts:?} late"
        );
        assert!(pes.pts.since(pes.dts) >= TickSpan::ZERO, "PTS before DTS");
        assert!(last.is_none_or(|last| pes.dts.since(last) > TickSpan::ZERO), "DTS does not grow");
        last = Some(pes.dts);
    }
}

fn check_audio(got: &[Got], sent: &[Sent], lead: TickSpan) {
    let mut frames = sent.iter();
    for pes in got.iter().filter(|pes| !pes.video) {
        let mut rest = &pes.bytes[..];
        let mut first = true;
        while !rest.is_empty() {
            let frame = frames.next().expect("more audio arrives than was sent");
            rest = rest.strip_prefix(&frame.bytes[..]).expect("an AAC frame is not what was sent");
            if core::mem::take(&mut first) {
                let wrap = (1_u64 << 32) * 90;
                let want = WireTime::new(
                    (TickSpan::from_millis(i64::from(frame.millis)) + lead).get().cast_unsigned(),
                );
                let wrapped = WireTime::new(want.get() + wrap);
                let off = pes.pts.since(want).abs().min(pes.pts.since(wrapped).abs());
                // Tags are rounded down to a millisecond; the sample clock is exact.
                assert!(off <= TickSpan::new(180), "audio is {off:?} off its tag");
            }
        }
    }
    assert_eq!(frames.count(), 0, "audio frames are missing");
}

fn demultiplex(body: &[u8]) -> Vec<Got> {
    let mut reader = PesPacketReader::new(TsPacketReader::new(body));
    let mut packets = Vec::new();
    while let Some(packet) = reader.read_pes_packet().expect("mpeg2ts refuses our packets") {
        let wire = |time: mpeg2ts::time::Timestamp| WireTime::new(time.as_u64());
        let pts = wire(packet.header.pts.expect("every PES packet has a PTS"));
        packets.push(Got {
            video: packet.header.stream_id.is_video(),
            pts,
            dts: packet.header.dts.map_or(pts, wire),
            bytes: packet.data,
        });
    }
    packets
}

/// A sink that keeps the bytes of every segment.
#[derive(Debug, Default)]
struct Segments {
    open: Vec<u8>,
    bodies: Vec<Vec<u8>>,
}

impl SegmentSink for Segments {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        self.open.clear();
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Infallible> {
        packets.for_each_piece(|piece| self.open.extend_from_slice(piece));
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        self.bodies.push(self.open.clone());
        Ok(())
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}
