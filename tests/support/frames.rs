//! The second door: tags turned into frames, as a host without tags would have them.

use hls_segmenter::codec::avc;
use hls_segmenter::codec::hevc;
use hls_segmenter::codec::video::VideoCoding;
use hls_segmenter::config::{End, Options};
use hls_segmenter::flv::{
    AudioCodec, AudioPacket, AudioTag, TagKind, VideoCodec, VideoPacket, VideoTag,
};
use hls_segmenter::frame::{AudioCoding, Configuration, Frame, LengthLen, Units};
use hls_segmenter::time::{FlvTime, TickSpan, Ticks};
use hls_segmenter::{Config, Container, Segmenter, Ts};

use super::{Memory, Output, OwnedTag, auditor};

/// How NAL units are handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    Lengths,
    StartCodes,
}

/// Puts length-prefixed NAL units behind start codes.
pub fn annex_b(mut data: &[u8], len: LengthLen) -> Vec<u8> {
    let mut stream = Vec::new();
    while data.len() >= len.get() {
        let (head, rest) = data.split_at(len.get());
        let unit_len = head.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        let (unit, rest) = rest.split_at(unit_len.min(rest.len()));
        stream.extend([0, 0, 0, 1]);
        stream.extend(unit);
        data = rest;
    }
    stream
}

fn length_len(coding: VideoCoding, record: &[u8]) -> Option<LengthLen> {
    let len = match coding {
        VideoCoding::Avc => avc::DecoderConfigurationRecord::parse(record).ok()?.length_len(),
        VideoCoding::Hevc => hevc::DecoderConfigurationRecord::parse(record).ok()?.length_len(),
        _ => return Some(LengthLen::Four),
    };
    [LengthLen::One, LengthLen::Two, LengthLen::Four].into_iter().find(|known| known.get() == len)
}

/// Feeds the media of `tags` through the second door.
pub fn run_frames(tags: &[OwnedTag], options: Options, how: As) -> Output {
    run_frames_in::<Ts>(tags, options, how)
}

/// The same, in a container.
pub fn run_frames_in<C: Container>(tags: &[OwnedTag], options: Options, how: As) -> Output {
    let mut segmenter = Segmenter::<C>::with_container(Config::new(options).unwrap());
    let mut auditor = auditor(&options).any_input(true);
    let mut video: Option<(VideoCoding, LengthLen)> = None;
    let (mut last, mut unrolled) = (FlvTime::from_millis(0), 0);
    for tag in tags {
        // A host without tags has a clock that does not wrap.
        let now = tag.borrow().time;
        unrolled += i64::from(now.since(last));
        last = now;
        let time = Ticks::new(0) + TickSpan::from_millis(unrolled);
        if tag.kind == TagKind::VIDEO {
            let Ok(tag) = VideoTag::parse(&tag.data) else { continue };
            let coding = match tag.codec {
                VideoCodec::AVC => VideoCoding::Avc,
                VideoCodec::HEVC => VideoCoding::Hevc,
                VideoCodec::AV1 => VideoCoding::Av1,
                _ => continue,
            };
            match tag.packet {
                VideoPacket::SequenceHeader(record) => {
                    let len = length_len(coding, record);
                    let configuration = Configuration::Video(coding, record);
                    if segmenter.configure(configuration, &mut auditor).is_ok() {
                        video = len.map(|len| (coding, len));
                    }
                }
                VideoPacket::AccessUnit { composition, data } => {
                    let Some((_, len)) = video.filter(|(known, _)| *known == coding) else {
                        continue;
                    };
                    let stream = annex_b(data, len);
                    let units = match how {
                        _ if coding == VideoCoding::Av1 => Units::Obus(data),
                        As::Lengths => Units::LengthPrefixed(len, data),
                        As::StartCodes => Units::AnnexB(&stream),
                    };
                    let pts = time + composition;
                    let frame = Frame::Video { coding, dts: time, pts, units };
                    let _ = segmenter.push_frame(frame, &mut auditor);
                }
                _ => {}
            }
        } else if tag.kind == TagKind::AUDIO {
            let Ok(tag) = AudioTag::parse(&tag.data) else { continue };
            let coding = match tag.codec {
                AudioCodec::AAC => AudioCoding::Aac,
                AudioCodec::MP3 => AudioCoding::Mpeg,
                AudioCodec::OPUS => AudioCoding::Opus,
                _ => continue,
            };
            match tag.packet {
                AudioPacket::SequenceHeader(config) if coding == AudioCoding::Aac => {
                    let _ = segmenter.configure(Configuration::Aac(config), &mut auditor);
                }
                AudioPacket::SequenceHeader(head) if coding == AudioCoding::Opus => {
                    let _ = segmenter.configure(Configuration::Opus(head), &mut auditor);
                }
                AudioPacket::Frame(data) => {
                    let frame = Frame::Audio { coding, pts: time, data };
                    let _ = segmenter.push_frame(frame, &mut auditor);
                }
                _ => {}
            }
        }
    }
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    let memory: Memory = auditor.into_inner();
    Output { memory, stats: segmenter.stats() }
}
