//! Rules of AAC in ADTS (ISO/IEC 14496-3 §1.A.2.2), of MPEG audio (ISO/IEC 11172-3 §2.4.2.3) and of
//! AC-3 (ETSI TS 102 366 §4.3.2) in PES packets.

use hls_segmenter::time::TickSpan;

use super::super::ts::{AC3, ADTS, Boundary, Pes};
use super::super::violation::{Findings, Rule};

/// Longest media time in one PES packet (ISO/IEC 13818-1 §2.7.4).
const MOST: TickSpan = TickSpan::from_millis(700);

/// State of the audio track within a timeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Audio {
    /// What must not change in an ADTS header: profile, rate, channels and all before them.
    fixed: Option<[u8; 3]>,
}

/// A frame of a PES packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Without its ADTS header.
    pub(super) bytes: &'a [u8],
    samples: u32,
    rate: u32,
}

impl Frame<'_> {
    /// Returns the duration of `count` such frames, to the nearest tick.
    pub(super) fn span(&self, count: usize) -> TickSpan {
        let ticks = count as u64 * u64::from(self.samples) * 90_000;
        let rate = u64::from(self.rate.max(1));
        TickSpan::new(((ticks + rate / 2) / rate).cast_signed())
    }
}

impl Audio {
    pub(super) fn begin_segment(&mut self, boundary: Boundary) {
        if boundary != Boundary::Continuous {
            self.fixed = None;
        }
    }

    /// Takes a PES packet apart into its frames; says whether these are all of it.
    pub(super) fn take<'a>(
        &mut self,
        pes: &'a Pes,
        any_input: bool,
        findings: &mut Findings,
    ) -> (Vec<Frame<'a>>, bool) {
        let (mut frames, mut rest) = (Vec::new(), pes.payload.as_slice());
        while !rest.is_empty() {
            let split = match pes.stream_type {
                ADTS => self.split_adts(rest, findings),
                AC3 => split_ac3(rest),
                _ => split_mpeg(rest),
            };
            let Some((frame, after)) = split else { break };
            frames.push(frame);
            rest = after;
        }
        // What is no frame in a tag of MPEG audio is passed on with the frame before it.
        let raw = pes.stream_type != ADTS && any_input;
        findings.expect(
            raw || rest.is_empty() && !frames.is_empty(),
            Rule::AudioFrames,
            format_args!("{} bytes behind {} frames", rest.len(), frames.len()),
        );
        let exact = rest.is_empty();
        if let Some(frame) = frames.first() {
            let span = frame.span(frames.len());
            let few = frames.len() == 1 || span <= MOST;
            findings.expect(
                few,
                Rule::Aggregate,
                format_args!("{} ms of audio in a PES packet", span.round_millis()),
            );
        }
        (frames, exact)
    }

    fn split_adts<'a>(
        &mut self,
        bytes: &'a [u8],
        findings: &mut Findings,
    ) -> Option<(Frame<'a>, &'a [u8])> {
        let (&[b0, b1, b2, b3, b4, b5, b6], rest) = bytes.split_first_chunk()?;
        if b0 != 0xff || b1 & 0xf6 != 0xf0 {
            findings.add(Rule::Adts, format_args!("no ADTS header begins with {b0:02x} {b1:02x}"));
            return None;
        }
        findings.expect(b1 & 1 == 1, Rule::Adts, format_args!("protection_absent is 0"));
        let len = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        let body = len
            .checked_sub(7)
            .filter(|&body| body > 0)
            .and_then(|body| rest.split_at_checked(body));
        let Some((frame, rest)) = body else {
            findings
                .add(Rule::Adts, format_args!("frame_length is {len} of {} bytes", bytes.len()));
            return None;
        };
        let full = b5 & 0x1f == 0x1f && b6 == 0xfc;
        findings.expect(
            full,
            Rule::Adts,
            format_args!("buffer_fullness is not 0x7ff, or several raw data blocks"),
        );
        let fixed = [b1, b2, b3 & 0xf0];
        let same = self.fixed.replace(fixed).is_none_or(|before| before == fixed);
        findings.expect(
            same,
            Rule::Reconfigured,
            format_args!("ADTS headers changed without a discontinuity"),
        );
        let rate = match b2 >> 2 & 0x0f {
            0 => 96_000,
            1 => 88_200,
            2 => 64_000,
            3 => 48_000,
            4 => 44_100,
            5 => 32_000,
            6 => 24_000,
            7 => 22_050,
            8 => 16_000,
            9 => 12_000,
            10 => 11_025,
            11 => 8_000,
            12 => 7_350,
            index => {
                findings.add(Rule::Adts, format_args!("sampling_frequency_index is {index}"));
                return None;
            }
        };
        Some((Frame { bytes: frame, samples: 1024, rate }, rest))
    }
}

/// Splits a frame of MPEG-1 or MPEG-2 audio off; one of free format takes all there is.
fn split_mpeg(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let &[b0, b1, b2, _] = bytes.first_chunk()?;
    if b0 != 0xff || b1 & 0xe0 != 0xe0 {
        return None;
    }
    let low_rate = match b1 >> 3 & 3 {
        3 => false,
        2 => true,
        _ => return None,
    };
    let rate = match b2 >> 2 & 3 {
        0 => 44_100,
        1 => 48_000,
        2 => 32_000,
        _ => return None,
    } >> u32::from(low_rate);
    let layer = 4 - u32::from(b1 >> 1 & 3);
    let samples = match (layer, low_rate) {
        (1, _) => 384,
        (3, true) => 576,
        (2 | 3, _) => 1152,
        _ => return None,
    };
    let kilobits = bitrate(usize::from(b2 >> 4), layer, low_rate)?;
    // Layer I counts slots of 4 bytes.
    let slot = if layer == 1 { 4 } else { 1 };
    let padding = u32::from(b2 >> 1 & 1);
    let len = (samples / 8 / slot * kilobits * 1000 / rate + padding) * slot;
    let (frame, rest) =
        if kilobits == 0 { (bytes, &[][..]) } else { bytes.split_at_checked(len as usize)? };
    Some((Frame { bytes: frame, samples, rate }, rest))
}

/// Splits a syncframe of AC-3 off.
fn split_ac3(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let &[0x0b, 0x77, _, _, code, ..] = bytes else {
        return None;
    };
    let kilobits =
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
    let kilobits: u32 = *kilobits.get(usize::from(code >> 1 & 0x1f))?;
    // 1536 samples; words of two bytes, of which 44.1 kHz has one more in every other frame.
    let (rate, words) = match code >> 6 {
        0 => (48_000, kilobits * 2),
        1 => (44_100, kilobits * 96_000 / 44_100 + u32::from(code & 1)),
        2 => (32_000, kilobits * 3),
        _ => return None,
    };
    let (frame, rest) = bytes.split_at_checked(2 * words as usize)?;
    Some((Frame { bytes: frame, samples: 1536, rate }, rest))
}

/// Returns kbit/s of a `bitrate_index`: 0 for free format, `None` for the forbidden one.
fn bitrate(index: usize, layer: u32, low_rate: bool) -> Option<u32> {
    const ONE: [[u32; 15]; 3] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ];
    const LOW: [[u32; 15]; 2] = [
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let layer = (layer as usize).checked_sub(1)?;
    let row = if low_rate { LOW.get(layer.min(1)) } else { ONE.get(layer) };
    row?.get(index).copied()
}

#[cfg(test)]
mod tests {
    use hls_segmenter::time::WireTime;

    use super::*;

    fn pes(stream_type: u8, payload: &[u8]) -> Pes {
        let (pts, dts) = (WireTime::new(0), WireTime::new(0));
        Pes {
            index: 2,
            pid: 0x101,
            stream_type,
            first: true,
            random_access: false,
            aligned: true,
            pts,
            dts,
            payload: payload.to_vec(),
        }
    }

    #[test]
    fn t_21a_a_chain_of_golden_headers_is_taken_apart() {
        let mut payload = std::vec![0xff, 0xf1, 0x50, 0x40, 0x0d, 0x7f, 0xfc]; // LC 44.1 kHz mono, 100 bytes
        payload.resize(107, 0x21);
        let pes = pes(ADTS, &payload.repeat(3));
        let mut findings = Findings::default();
        let (frames, _) = Audio::default().take(&pes, false, &mut findings);
        assert_eq!(findings.kept(), []);
        assert_eq!(
            (frames.len(), frames[2].bytes, frames[0].span(3)),
            (3, &payload[7..], TickSpan::new(6269))
        );
    }

    #[test]
    fn t_21_t_22_every_way_to_spoil_a_header_is_told() {
        let mut payload = std::vec![0xff, 0xf1, 0x50, 0x40, 0x01, 0x3f, 0xfc, 0x21, 0x22];
        payload.extend_from_within(..);
        for (at, byte, want) in [
            (9, 0xfe, Rule::Adts),          // syncword of the second frame
            (1, 0xf0, Rule::Adts),          // with a CRC that is not there
            (2, 0x7c, Rule::Adts),          // reserved sampling_frequency_index
            (11, 0x90, Rule::Reconfigured), // another profile in the second frame
            (13, 0x02, Rule::Adts),         // longer than what is left
            (6, 0xfd, Rule::Adts),          // two raw data blocks
        ] {
            let mut payload = payload.clone();
            payload[at] = byte;
            let mut findings = Findings::default();
            Audio::default().take(&pes(ADTS, &payload), false, &mut findings);
            assert!(findings.kept().iter().any(|violation| violation.rule == want), "byte {at}");
        }
    }

    #[test]
    fn t_15_more_than_700_ms_in_a_pes_packet_is_told() {
        let mut frame = std::vec![0xff, 0xf1, 0x50, 0x40, 0x0d, 0x7f, 0xfc]; // 23.2 ms
        frame.resize(107, 0x21);
        for (count, want) in [(30, 0), (31, 1)] {
            let mut findings = Findings::default();
            Audio::default().take(&pes(ADTS, &frame.repeat(count)), false, &mut findings);
            assert_eq!(findings.count(), want, "{count} frames");
        }
    }

    #[test]
    fn f_44_mpeg_audio_is_split_by_its_headers() {
        let mut payload = std::vec![0xff, 0xfb, 0x50, 0xc0]; // MPEG-1 layer III, 64 kbit/s, 44.1 kHz
        payload.resize(208, 0x11);
        let twice = payload.repeat(2);
        let pes = pes(0x03, &twice);
        let mut findings = Findings::default();
        let (frames, _) = Audio::default().take(&pes, false, &mut findings);
        assert_eq!((frames.len(), frames[1].bytes.len(), findings.count()), (2, 208, 0));
        assert_eq!(frames[0].span(1), TickSpan::new(2351));
    }

    #[test]
    fn r_02_the_span_of_frames_is_rounded_once() {
        let frame = Frame { bytes: &[], samples: 1024, rate: 44_100 };
        // 2089.8 and 20897.96 ticks
        assert_eq!(frame.span(1), TickSpan::new(2090));
        assert_eq!(frame.span(10), TickSpan::new(20_898));
    }

    #[test]
    fn t_22_what_is_no_frame_is_told_but_for_mpeg_audio_of_any_input() {
        let mpeg = [&[0xff, 0xfb, 0x50, 0xc0][..], &[0; 204]].concat();
        let adts = [0xff, 0xf1, 0x50, 0x40, 0x01, 0x1f, 0xfc, 0x21];
        for (stream_type, frame, any_input, told) in [
            (ADTS, &adts[..], false, true),
            (ADTS, &adts, true, true),
            (0x03, &mpeg, false, true),
            (0x03, &mpeg, true, false),
        ] {
            let mut findings = Findings::default();
            let pes = pes(stream_type, &[frame, &[1, 2, 3]].concat());
            let (frames, exact) = Audio::default().take(&pes, any_input, &mut findings);
            assert_eq!((frames.len(), exact), (1, false), "{stream_type}");
            let mut rules = findings.kept().iter().map(|violation| violation.rule);
            let is_told = rules.any(|rule| rule == Rule::AudioFrames);
            assert_eq!(is_told, told, "{stream_type}, any input: {any_input}");
        }
    }

    #[test]
    fn t_21_an_adts_frame_has_a_body() {
        let mut findings = Findings::default();
        let header = [0xff, 0xf1, 0x50, 0x40, 0x00, 0xff, 0xfc];
        let pes = pes(ADTS, &header);
        let (frames, _) = Audio::default().take(&pes, false, &mut findings);
        assert!(frames.is_empty());
        assert_eq!(findings.kept()[0].rule, Rule::Adts);
    }

    #[test]
    fn f_44_every_header_of_mpeg_audio_is_read_as_the_engine_reads_it() {
        use hls_segmenter::codec::mpeg_audio::{FrameHeader, MpegAudioError, Version};
        let mut bytes = std::vec![0; 8192];
        for bits in 0..1_u32 << 16 {
            // Sync, version, layer, protection; bit rate, sample rate, padding; no mode.
            let [b1, b2] = (bits as u16).to_be_bytes();
            for b0 in [0xff, 0xfe] {
                bytes[..4].copy_from_slice(&[b0, b1, b2, 0]);
                let got = split_mpeg(&bytes).map(|(frame, rest)| {
                    assert_eq!(frame.bytes.len() + rest.len(), bytes.len());
                    (frame.bytes.len(), frame.samples, frame.rate)
                });
                let want = match FrameHeader::parse(&bytes) {
                    Ok(header) if header.version != Version::Mpeg25 => {
                        Some((header.frame_len, header.samples, header.sample_rate))
                    }
                    // Of free format is all there is, if the rest of the header is right.
                    Err(MpegAudioError::FreeFormat) if got.is_some() => {
                        assert_eq!(got.map(|(len, ..)| len), Some(bytes.len()));
                        continue;
                    }
                    _ => None,
                };
                assert_eq!(got, want, "{b0:02x} {b1:02x} {b2:02x}");
            }
        }
    }
}
