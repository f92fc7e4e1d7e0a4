//! The initialization section: which tracks there are and how they are coded, without any sample
//! (ISO/IEC 14496-12 §8.2 to §8.5, §8.8.1 to §8.8.3; RFC 8216 §3.3).
//!
//! ```text
//!   ftyp │ moov: mvhd │ trak 1, video: tkhd, mdia │ trak 2, audio │ mvex: trex, trex
//! ```

use super::boxes::BoxBuffer;
use super::head::{AUDIO_TRACK, VIDEO_TRACK};
use crate::codec::audio::{AudioFormat, SampledFormat};
use crate::codec::nal::ParameterSets;
use crate::mux::Streams;

/// An initialization section, whole: what EXT-X-MAP names. Every segment from the one that has its
/// id on needs it, up to the next one.
#[derive(Clone, Copy, Debug)]
pub struct Init<'a> {
    id: u64,
    bytes: &'a [u8],
}

impl<'a> Init<'a> {
    pub(super) const fn new(id: u64, bytes: &'a [u8]) -> Self {
        Self { id, bytes }
    }

    /// Returns the id of the first segment that needs it, see
    /// [`SegmentStart::id`](crate::SegmentStart::id): no other section ever has the same.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Returns the section.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// The initialization section that segments need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InForce {
    /// Id of the segment that it came before; none until that is known.
    pub(super) id: Option<u64>,
    /// Tells sections apart.
    pub(super) digest: u64,
    /// Tells its parameter sets apart.
    pub(super) sets_digest: u64,
}

/// An initialization section in an inline buffer: 1 KiB of parameter sets and what is around them.
pub(super) type InitBuffer = BoxBuffer<2304>;

/// Composes the section of these streams.
pub(super) fn compose(streams: &Streams<'_>) -> InitBuffer {
    let mut out = InitBuffer::new();
    let video = streams.program.video.map(|_| streams.sets);
    let audio = streams.audio.filter(|_| streams.program.audio.is_some());
    out.nest(b"ftyp", |ftyp| {
        ftyp.put(b"iso6\0\0\0\0iso6cmfc");
        if let Some(sets) = video {
            ftyp.put(sets.coding().sample_entry().0);
        }
    });
    out.nest(b"moov", |moov| {
        moov.nest_full(b"mvhd", 0, |mvhd| {
            mvhd.put_words(&[0, 0, VIDEO_TIMESCALE, 0, 0x0001_0000, 0x0100_0000, 0, 0]);
            mvhd.put_words(&MATRIX);
            mvhd.put_words(&[0; 6]);
            mvhd.put_words(&[AUDIO_TRACK + 1]);
        });
        if let Some(sets) = video {
            video_track(moov, sets);
        }
        if let Some(format) = audio {
            audio_track(moov, format);
        }
        moov.nest(b"mvex", |mvex| {
            for track in video.map(|_| VIDEO_TRACK).into_iter().chain(audio.map(|_| AUDIO_TRACK)) {
                mvex.nest_full(b"trex", 0, |trex| trex.put_words(&[track, 1, 0, 0, 0]));
            }
        });
    });
    debug_assert!(out.is_whole());
    out
}

fn video_track(moov: &mut InitBuffer, sets: &ParameterSets) {
    let format = sets.sps().next().and_then(|sps| sets.coding().picture_format(sps));
    let size = format.and_then(|format| format.dimensions).unwrap_or_default();
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    let (width, height) = (side(size.0), side(size.1));
    moov.nest(b"trak", |trak| {
        track_header(trak, VIDEO_TRACK, 0, (width, height));
        trak.nest(b"mdia", |mdia| {
            media_header(mdia, VIDEO_TIMESCALE, *b"vide");
            mdia.nest(b"minf", |minf| {
                minf.nest_full(b"vmhd", 1, |vmhd| vmhd.put_words(&[0, 0]));
                data_information(minf);
                minf.nest(b"stbl", |stbl| {
                    let (entry, record) = sets.coding().sample_entry();
                    stbl.nest_full(b"stsd", 0, |stsd| {
                        stsd.put_words(&[1]);
                        stsd.nest(entry, |entry| {
                            // Six bytes of 0, the data reference, and sixteen bytes of 0.
                            entry.put_words(&[0, 1, 0, 0, 0, 0]);
                            entry.put(&width.to_be_bytes());
                            entry.put(&height.to_be_bytes());
                            // 72 pixels an inch, a frame in each sample, and no name.
                            entry.put_words(&[0x0048_0000, 0x0048_0000, 0]);
                            entry.put(&[0, 1]);
                            entry.put(&[0; 32]);
                            entry.put_words(&[0x0018_ffff]);
                            entry.nest(record, |record| {
                                let put = &mut |bytes: &[u8]| record.put(bytes);
                                sets.coding().write_record(sets, put);
                            });
                        });
                    });
                    empty_tables(stbl);
                });
            });
        });
    });
}

fn audio_track(moov: &mut InitBuffer, format: &AudioFormat) {
    moov.nest(b"trak", |trak| {
        track_header(trak, AUDIO_TRACK, 0x0100, (0, 0));
        trak.nest(b"mdia", |mdia| {
            media_header(mdia, format.coded_rate(), *b"soun");
            mdia.nest(b"minf", |minf| {
                minf.nest_full(b"smhd", 0, |smhd| smhd.put_words(&[0]));
                data_information(minf);
                minf.nest(b"stbl", |stbl| {
                    stbl.nest_full(b"stsd", 0, |stsd| {
                        stsd.put_words(&[1]);
                        match format {
                            AudioFormat::Sampled(format) => {
                                stsd.nest(format.sample_entry().0, |entry| sampled(entry, format));
                            }
                            _ => stsd.nest(b"mp4a", |entry| mp4a(entry, format)),
                        }
                    });
                    empty_tables(stbl);
                });
            });
        });
    });
}

/// The sample entry of AAC (§12.2.3, ISO/IEC 14496-14 §5.6).
fn mp4a(entry: &mut InitBuffer, format: &AudioFormat) {
    let AudioFormat::Aac { config, .. } = format else {
        return;
    };
    let channels = format.channels().unwrap_or(2);
    let rate = u16::try_from(format.coded_rate()).unwrap_or(0);
    entry.put_words(&[0, 1, 0, 0, u32::from(channels) << 16 | 16, 0, u32::from(rate) << 16]);
    entry.nest_full(b"esds", 0, |esds| {
        let config = config.as_bytes();
        let config_len = config.len() as u8;
        // ES_Descriptor, DecoderConfigDescriptor, DecoderSpecificInfo, SLConfigDescriptor
        // (ISO/IEC 14496-1 §7.2.6): none is as long as 128 bytes.
        esds.put(&[3, 23 + config_len, 0, AUDIO_TRACK as u8, 0]);
        esds.put(&[4, 15 + config_len, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        esds.put(&[5, config_len]);
        esds.put(config);
        esds.put(&[6, 1, 2]);
    });
}

/// The sample entry of Opus, FLAC, AC-3 or E-AC-3: what all have, and a box of the codec's own.
fn sampled(entry: &mut InitBuffer, format: &SampledFormat) {
    let rate = u16::try_from(format.sample_rate).unwrap_or(0);
    let sound = u32::from(format.channels) << 16 | u32::from(format.sample_bits);
    entry.put_words(&[0, 1, 0, 0, sound, 0, u32::from(rate) << 16]);
    entry.nest(format.sample_entry().1, |record| record.put(format.record()));
}

fn track_header(trak: &mut InitBuffer, track: u32, volume: u16, (width, height): (u16, u16)) {
    // Enabled, and part of the presentation.
    trak.nest_full(b"tkhd", 3, |tkhd| {
        tkhd.put_words(&[0, 0, track, 0, 0, 0, 0, 0, u32::from(volume) << 16]);
        tkhd.put_words(&MATRIX);
        tkhd.put_words(&[u32::from(width) << 16, u32::from(height) << 16]);
    });
}

fn media_header(mdia: &mut InitBuffer, timescale: u32, handler: [u8; 4]) {
    mdia.nest_full(b"mdhd", 0, |mdhd| mdhd.put_words(&[0, 0, timescale, 0, UNDETERMINED]));
    mdia.nest_full(b"hdlr", 0, |hdlr| {
        hdlr.put_words(&[0]);
        hdlr.put(&handler);
        hdlr.put_words(&[0, 0, 0]);
        hdlr.put(&[0]);
    });
}

/// Samples lie in the same file.
fn data_information(minf: &mut InitBuffer) {
    minf.nest(b"dinf", |dinf| {
        dinf.nest_full(b"dref", 0, |dref| {
            dref.put_words(&[1]);
            dref.nest_full(b"url ", 1, |_| {});
        });
    });
}

/// There are no samples but those of fragments.
fn empty_tables(stbl: &mut InitBuffer) {
    for kind in [b"stts", b"stsc", b"stco"] {
        stbl.nest_full(kind, 0, |table| table.put_words(&[0]));
    }
    stbl.nest_full(b"stsz", 0, |stsz| stsz.put_words(&[0, 0]));
}

/// Video counts in ticks.
const VIDEO_TIMESCALE: u32 = 90_000;

/// The language `und`, in three times five bits, and two bytes of 0.
const UNDETERMINED: u32 = 0x55c4_0000;

/// No transformation (§8.2.2.2).
const MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];
