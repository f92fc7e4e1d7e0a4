//! Picture size, frame rate and reordering from a sequence parameter set (ITU-T H.264 §7.3.2.1.1,
//! §E.1.1).
//!
//! The only place that uses `h264-reader` (0.9). Its source was read for what a hostile parameter
//! set can do:
//!
//! - it panics on an empty NAL unit, so it is given none;
//! - Exp-Golomb codes end at 31 leading zeros and the picture at 139 264 macroblocks, so no
//!   arithmetic overflows;
//! - it allocates for a scaling matrix (once, under 600 bytes), for the picture order cycle (at
//!   most 255 × 4 bytes), for HRD parameters (twice at most 32 × 12 bytes), for an error's text
//!   and, once in the life of the process, for a byte searcher: a few kilobytes in all, whatever
//!   the stream says, and freed on return;
//! - it refuses pictures larger than their level allows, which encoders do produce, so it is shown
//!   no level.

use h264_reader::nal::sps::SeqParameterSet;
use h264_reader::nal::{Nal, RefNal};

/// What a sequence parameter set says about the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PictureInfo {
    /// Width of the cropped picture in luma samples; never 0.
    pub width: u32,
    /// Height of the cropped frame in luma samples, both fields together; never 0.
    pub height: u32,
    /// Frames per second; `None` where the VUI has no timing.
    pub frame_rate: Option<FrameRate>,
    /// `max_num_reorder_frames`; `None` where the VUI does not limit it.
    pub reorder_frames: Option<u32>,
}

impl PictureInfo {
    /// Reads a sequence parameter set, a whole NAL unit with its header byte and emulation
    /// prevention bytes.
    ///
    /// Returns `None` for another kind of NAL unit and for one that breaks the standard: the stream
    /// may still play, only its picture size stays unknown.
    pub fn parse(sps_nal: &[u8]) -> Option<Self> {
        let [header, profile, compatibility, _level, rest @ ..] = strip_trailing_zeros(sps_nal)
        else {
            return None;
        };
        if header & 0x9f != SPS_HEADER || rest.is_empty() {
            return None;
        }
        let head = [*header, *profile, *compatibility, UNKNOWN_LEVEL];
        let nal = RefNal::new(&head, core::slice::from_ref(&rest), true);
        let sps = SeqParameterSet::from_bits(nal.rbsp_bits()).ok()?;
        let (width, height) = sps.pixel_dimensions().ok()?;
        if width == 0 || height == 0 {
            return None;
        }
        let vui = sps.vui_parameters.as_ref();
        let timing = vui.and_then(|vui| vui.timing_info.as_ref());
        let restrictions = vui.and_then(|vui| vui.bitstream_restrictions.as_ref());
        Some(Self {
            width,
            height,
            frame_rate: timing.and_then(|timing| {
                FrameRate::from_ticks(timing.time_scale, timing.num_units_in_tick)
            }),
            reorder_frames: restrictions.map(|restrictions| restrictions.max_num_reorder_frames),
        })
    }
}

/// Frames per second, as a fraction in lowest terms; neither part is 0. Exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRate {
    /// Frames in [`den`](Self::den) seconds.
    pub num: u32,
    /// Seconds.
    pub den: u32,
}

impl FrameRate {
    /// Returns frames per second as a float, for display.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// Takes VUI timing, whose tick is half a frame (§E.2.1).
    fn from_ticks(time_scale: u32, num_units_in_tick: u32) -> Option<Self> {
        if time_scale == 0 || num_units_in_tick == 0 {
            return None;
        }
        let (num, den) = (u64::from(time_scale), u64::from(num_units_in_tick) * 2);
        let divisor = gcd(num, den);
        Some(Self {
            num: u32::try_from(num / divisor).ok()?,
            den: u32::try_from(den / divisor).ok()?,
        })
    }
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Drops `trailing_zero_8bits` that some writers leave on (Annex B), which the parser would take
/// for data.
const fn strip_trailing_zeros(mut nal: &[u8]) -> &[u8] {
    while let [head @ .., 0] = nal {
        nal = head;
    }
    nal
}

/// `forbidden_zero_bit` 0 and `nal_unit_type` 7.
const SPS_HEADER: u8 = 7;
/// A `level_idc` that no table has, so that no level limit is applied; not 0, which could forge a
/// start code.
const UNKNOWN_LEVEL: u8 = 0xff;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const FULL_HD: &str = "674d4028eca03c0113f2e022000007d20001d4c01e30632c";

    /// Sequence parameter sets of x264, and what they say.
    const GOLDEN: &[(&str, PictureInfo)] = &[
        // 1080 lines cropped from 1088, B-frames
        (FULL_HD, info(1920, 1080, 30_000, 1001, 2)),
        // Baseline, both sides cropped, emulation prevention bytes
        ("6742c01ed900d83de6f011000003000100000300320f162e48", info(854, 480, 25, 1, 0)),
        // interlaced, with HRD parameters
        (
            "6764001eacd940b424d8088000000300800000193020007a12000f427261807c50a658",
            info(720, 576, 25, 1, 2),
        ),
        // High 4:4:4: chroma is not subsampled
        ("67f4000d919b28283f6022000003000200000300601e28532c", info(320, 240, 24, 1, 2)),
    ];

    const fn info(width: u32, height: u32, num: u32, den: u32, reorder: u32) -> PictureInfo {
        PictureInfo {
            width,
            height,
            frame_rate: Some(FrameRate { num, den }),
            reorder_frames: Some(reorder),
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn f_34_size_frame_rate_and_reordering_of_real_streams() {
        for (sps, want) in GOLDEN {
            assert_eq!(PictureInfo::parse(&hex(sps)), Some(*want), "{sps}");
        }
    }

    #[test]
    fn the_level_does_not_limit_the_picture() {
        let mut sps = hex(FULL_HD);
        sps[3] = 10; // level 1: QCIF
        assert_eq!(PictureInfo::parse(&sps), PictureInfo::parse(&hex(FULL_HD)));
        assert!(PictureInfo::parse(&sps).is_some());
    }

    #[test]
    fn f_49_trailing_zeros_are_no_data() {
        let sps = [hex(FULL_HD), Vec::from([0, 0, 0])].concat();
        assert_eq!(PictureInfo::parse(&sps), PictureInfo::parse(&hex(FULL_HD)));
    }

    #[test]
    fn f_37_no_cut_or_foreign_nal_unit_panics() {
        let sps = hex(FULL_HD);
        for len in 0..sps.len() {
            assert_eq!(PictureInfo::parse(&sps[..len]), None, "{len}");
        }
        for bytes in
            [&[0; 9][..], &[0x67; 4], &[0x68, 0xee, 0x3c, 0x80, 1], &[0xe7, 0x64, 0, 0x1f, 1]]
        {
            assert_eq!(PictureInfo::parse(bytes), None, "{bytes:x?}");
        }
    }

    #[test]
    fn r_55_random_parameter_sets_do_not_panic() {
        let seeds: Vec<_> = GOLDEN.iter().map(|(sps, _)| hex(sps)).collect();
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        for round in 0..200_000 {
            let mut sps = seeds[round % seeds.len()].clone();
            if round % 3 == 0 {
                sps.truncate(1);
                sps.extend((0..random() % 80).map(|_| random() as u8));
            }
            for _ in 0..random() % 6 {
                let (at, bit) = (random() % sps.len(), random() % 8);
                sps[at] ^= 1 << bit;
            }
            if let Some(info) = PictureInfo::parse(&sps) {
                assert!(info.width > 0 && info.height > 0);
            }
        }
    }

    #[test]
    fn a_frame_rate_is_in_lowest_terms() {
        assert_eq!(FrameRate::from_ticks(60_000, 1001), Some(FrameRate { num: 30_000, den: 1001 }));
        assert_eq!(FrameRate::from_ticks(180_000, 1800), Some(FrameRate { num: 50, den: 1 }));
        assert_eq!(FrameRate::from_ticks(1, u32::MAX), None);
        assert_eq!(FrameRate::from_ticks(0, 1), None);
        assert_eq!(FrameRate::from_ticks(1, 0), None);
    }

    #[test]
    fn another_kind_of_nal_unit_is_no_sequence_parameter_set() {
        let good: Vec<u8> = (0..FULL_HD.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&FULL_HD[at..at + 2], 16).unwrap())
            .collect();
        assert!(PictureInfo::parse(&good).is_some());
        for header in [0x68, 0xe7] {
            let mut other = good.clone();
            other[0] = header;
            assert_eq!(PictureInfo::parse(&other), None, "{header:#x}");
        }
        assert_eq!(PictureInfo::parse(&good[..4]), None);
    }

    #[test]
    fn a_frame_rate_is_shown_as_a_fraction_of_a_second() {
        for (num, den, want) in [(25, 1, 25.0), (30_000, 1001, 29.97), (1, 2, 0.5)] {
            let rate = FrameRate { num, den };
            assert!((rate.as_f64() - want).abs() < 0.001, "{rate:?}");
        }
    }

    #[test]
    fn a_picture_that_is_cropped_to_nothing_is_none() {
        // ue(v) of 3 and 4 is 00100 and 00101; a unit of cropping is two samples, and a macroblock
        // has sixteen.
        for (left, right, top, bottom, is_some) in
            [(3, 4, 3, 4, true), (4, 4, 3, 4, false), (3, 4, 4, 4, false), (4, 4, 4, 4, false)]
        {
            let crop = |count| std::format!("00{:03b}", count + 1);
            let crops: std::string::String = [left, right, top, bottom].map(crop).concat();
            // Ids 0, order count type 2, one reference; one macroblock, no fields; cropped; no VUI;
            // stop bit.
            let bits = std::format!("11011010011111{crops}01");
            let mut sps = Vec::from([0x67, 66, 0, 30]);
            let padded = std::format!("{bits:0<40}");
            for at in (0..40).step_by(8) {
                sps.push(u8::from_str_radix(&padded[at..at + 8], 2).unwrap());
            }
            let parsed = PictureInfo::parse(&sps);
            assert_eq!(parsed.is_some(), is_some, "{left} {right} {top} {bottom}");
        }
    }
}
