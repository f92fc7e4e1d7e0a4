//! Picture size, frame rate and reordering from a sequence parameter set (ITU-T H.265 §7.3.2.2,
//! §E.2.1).
//!
//! Nothing is allocated, and the picture's size and reordering are found where the rest cannot be
//! read: only the frame rate stands near the end.

use super::ProfileTierLevel;
use crate::codec::nal::RbspBits;

/// What a sequence parameter set says about the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PictureInfo {
    /// Width of the picture within its conformance window in luma samples; never 0.
    pub width: u32,
    /// Height, likewise.
    pub height: u32,
    /// Frames per second as numerator and denominator, neither of them 0; `None` where the VUI has
    /// no timing.
    pub frame_rate: Option<(u32, u32)>,
    /// `sps_max_num_reorder_pics` of the highest sub-layer.
    pub reorder_frames: u32,
}

impl PictureInfo {
    /// Reads a sequence parameter set, a whole NAL unit with its header and emulation prevention
    /// bytes.
    ///
    /// Returns `None` where it ends before the size is known, or states none: the stream may still
    /// play.
    pub fn parse(sps_nal: &[u8]) -> Option<Self> {
        let mut bits = RbspBits::new(sps_nal.get(HEADER_LEN..)?);
        let max_sub_layers = skip_to_id(&mut bits)?;
        bits.exp_golomb()?;
        let (width, height) = picture_size(&mut bits)?;
        // Bit depths, and the length of picture order counts.
        bits.exp_golomb()?;
        bits.exp_golomb()?;
        let order_count_len = bits.exp_golomb()?.checked_add(4)?;
        let reorder_frames = reorder_frames(&mut bits, max_sub_layers)?;
        let frame_rate = frame_rate(&mut bits, order_count_len);
        Some(Self { width, height, frame_rate, reorder_frames })
    }
}

/// Reads profile, tier and level of a sequence parameter set; `None` if it is too short.
pub(super) fn profile(sps_nal: &[u8]) -> Option<ProfileTierLevel> {
    let mut bits = RbspBits::new(sps_nal.get(HEADER_LEN..)?);
    bits.skip(8)?;
    let mut bytes = [0; ProfileTierLevel::LEN];
    for byte in &mut bytes {
        *byte = u8::try_from(bits.bits(8)?).ok()?;
    }
    Some(ProfileTierLevel::new(bytes))
}

/// Reads up to `sps_seq_parameter_set_id`; returns `sps_max_sub_layers_minus1`.
pub(super) fn skip_to_id(bits: &mut RbspBits<'_>) -> Option<u32> {
    bits.skip(4)?;
    let max_sub_layers = bits.bits(3)?;
    bits.skip(1)?;
    bits.skip(8 * ProfileTierLevel::LEN)?;
    // Which sub-layers have a profile of 88 bits and a level of 8; eight pairs of flags in all.
    let mut present_len = 0;
    if max_sub_layers > 0 {
        for sub_layer in 0..8 {
            let (has_profile, has_level) = (bits.bit()?, bits.bit()?);
            if sub_layer < max_sub_layers {
                present_len += 88 * usize::from(has_profile) + 8 * usize::from(has_level);
            }
        }
    }
    bits.skip(present_len)?;
    Some(max_sub_layers)
}

/// Reads the size within the conformance window.
fn picture_size(bits: &mut RbspBits<'_>) -> Option<(u32, u32)> {
    let chroma_format = bits.exp_golomb()?;
    if chroma_format == 3 {
        bits.skip(1)?; // separate_colour_plane_flag
    }
    // SubWidthC and SubHeightC (table 6-1).
    let (unit_x, unit_y) = match chroma_format {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    };
    let (width, height) = (bits.exp_golomb()?, bits.exp_golomb()?);
    let (mut crop_x, mut crop_y) = (0_u32, 0_u32);
    if bits.bit()? {
        let (left, right) = (bits.exp_golomb()?, bits.exp_golomb()?);
        let (top, bottom) = (bits.exp_golomb()?, bits.exp_golomb()?);
        crop_x = left.checked_add(right)?.checked_mul(unit_x)?;
        crop_y = top.checked_add(bottom)?.checked_mul(unit_y)?;
    }
    let (width, height) = (width.checked_sub(crop_x)?, height.checked_sub(crop_y)?);
    (width > 0 && height > 0).then_some((width, height))
}

/// Reads `sps_max_num_reorder_pics` of the highest sub-layer.
fn reorder_frames(bits: &mut RbspBits<'_>, max_sub_layers: u32) -> Option<u32> {
    let is_told_of_each = bits.bit()?;
    let rounds = if is_told_of_each { max_sub_layers + 1 } else { 1 };
    let mut reorder = 0;
    for _ in 0..rounds {
        bits.exp_golomb()?;
        reorder = bits.exp_golomb()?;
        bits.exp_golomb()?;
    }
    Some(reorder)
}

/// Reads on to the timing of the VUI; `None` if there is none, or it cannot be reached.
fn frame_rate(bits: &mut RbspBits<'_>, order_count_len: u32) -> Option<(u32, u32)> {
    // Sizes and depths of coding and transform blocks.
    for _ in 0..6 {
        bits.exp_golomb()?;
    }
    if bits.bit()? && bits.bit()? {
        skip_scaling_lists(bits)?;
    }
    // Asymmetric partitions, sample adaptive offset, PCM.
    bits.skip(2)?;
    if bits.bit()? {
        bits.skip(8)?;
        bits.exp_golomb()?;
        bits.exp_golomb()?;
        bits.skip(1)?;
    }
    skip_reference_sets(bits)?;
    if bits.bit()? {
        for _ in 0..bounded(bits.exp_golomb()?, 32)? {
            bits.skip(order_count_len as usize + 1)?;
        }
    }
    bits.skip(2)?;
    if !bits.bit()? {
        return None;
    }
    timing(bits)
}

/// Reads the VUI up to its timing (§E.2.1).
fn timing(bits: &mut RbspBits<'_>) -> Option<(u32, u32)> {
    const EXTENDED_SAR: u32 = 255;
    if bits.bit()? && bits.bits(8)? == EXTENDED_SAR {
        bits.skip(32)?;
    }
    if bits.bit()? {
        bits.skip(1)?; // overscan_appropriate_flag
    }
    if bits.bit()? {
        bits.skip(4)?;
        if bits.bit()? {
            bits.skip(24)?; // colour description
        }
    }
    if bits.bit()? {
        bits.exp_golomb()?; // chroma location, top and bottom field
        bits.exp_golomb()?;
    }
    bits.skip(3)?;
    if bits.bit()? {
        for _ in 0..4 {
            bits.exp_golomb()?; // default display window
        }
    }
    if !bits.bit()? {
        return None;
    }
    let (units_in_tick, time_scale) = (bits.bits(32)?, bits.bits(32)?);
    let divisor = gcd(time_scale, units_in_tick);
    (time_scale > 0 && units_in_tick > 0)
        .then(|| (time_scale / divisor.max(1), units_in_tick / divisor.max(1)))
}

/// Passes `scaling_list_data` over (§7.3.4).
fn skip_scaling_lists(bits: &mut RbspBits<'_>) -> Option<()> {
    for size in 0..4 {
        let matrices = if size == 3 { 2 } else { 6 };
        for _ in 0..matrices {
            if !bits.bit()? {
                bits.exp_golomb()?; // taken from another list
                continue;
            }
            if size > 1 {
                bits.exp_golomb()?;
            }
            for _ in 0..64.min(1 << (4 + 2 * size)) {
                bits.exp_golomb()?;
            }
        }
    }
    Some(())
}

/// Passes the short-term reference picture sets over (§7.3.7).
fn skip_reference_sets(bits: &mut RbspBits<'_>) -> Option<()> {
    // NumDeltaPocs of the set before.
    let mut pictures = 0;
    for set in 0..bounded(bits.exp_golomb()?, 64)? {
        let is_predicted = set > 0 && bits.bit()?;
        if is_predicted {
            bits.skip(1)?; // delta_rps_sign
            bits.exp_golomb()?;
            let mut kept = 0;
            for _ in 0..=pictures {
                // used_by_curr_pic_flag; where it is 0, use_delta_flag says.
                let is_kept = bits.bit()? || bits.bit()?;
                kept += u32::from(is_kept);
            }
            pictures = bounded(kept, 64)?;
        } else {
            let (before, after) = (bits.exp_golomb()?, bits.exp_golomb()?);
            pictures = bounded(before, 16)? + bounded(after, 16)?;
            for _ in 0..pictures {
                bits.exp_golomb()?;
                bits.skip(1)?;
            }
        }
    }
    Some(())
}

/// Returns `value` if the standard allows as many.
const fn bounded(value: u32, most: u32) -> Option<u32> {
    if value <= most { Some(value) } else { None }
}

const fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

const HEADER_LEN: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    /// x265's: 320 × 180, 25 fps, B-frames in a pyramid.
    const X265: &[u8] = &[
        0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0c, 0x1f, 0x3e, 0x59, 0x59, 0x52, 0x93, 0x0b, 0xc0,
        0x5a, 0x02, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x32, 0x10,
    ];

    fn ue(value: u32) -> String {
        let bits = std::format!("{:b}", value + 1);
        std::format!("{}{bits}", "0".repeat(bits.len() - 1))
    }

    /// Makes a parameter set of these bits behind header, one sub-layer's profile, and id 0.
    fn sps(parts: &[String]) -> Vec<u8> {
        let mut bits = parts.concat().replace(' ', "");
        bits.push('1');
        while bits.len() % 8 != 0 {
            bits.push('0');
        }
        let mut unit = Vec::from([0x42, 1, 1]);
        let profile = [1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0x3c];
        let body =
            (0..bits.len()).step_by(8).map(|at| u8::from_str_radix(&bits[at..at + 8], 2).unwrap());
        for byte in profile.into_iter().chain(body) {
            if byte <= 3 && unit.ends_with(&[0, 0]) {
                unit.push(3);
            }
            unit.push(byte);
        }
        unit
    }

    #[test]
    fn hevc_11_size_rate_and_reordering_of_a_real_stream() {
        let want =
            PictureInfo { width: 320, height: 180, frame_rate: Some((25, 1)), reorder_frames: 2 };
        assert_eq!(PictureInfo::parse(X265), Some(want));
        assert_eq!(profile(X265).map(|profile| profile.level()), Some(60));
    }

    #[test]
    fn hevc_11_every_part_before_the_timing_is_passed_over() {
        // Id; 4:2:2, 1920 × 1088, cropped by four lines of two units; bit depths; order counts of 8
        // bits; reordering.
        let head = [ue(0), ue(2), ue(1920), ue(1088), "1".into(), ue(0), ue(0), ue(0), ue(8)];
        let depth = [ue(2), ue(2), ue(4), "1".into(), ue(4), ue(3), ue(0)];
        let blocks = [ue(0), ue(3), ue(0), ue(3), ue(0), ue(0)];
        let lists = (0..4).flat_map(|size| {
            let count = if size == 3 { 2 } else { 6 };
            (0..count).map(move |matrix| match (size, matrix) {
                (0, 1) => std::format!("1{}", ue(0).repeat(16)),
                (2, 0) => std::format!("1{}{}", ue(7), ue(0).repeat(64)),
                _ => std::format!("0{}", ue(0)),
            })
        });
        let lists: String = lists.collect();
        // Asymmetric partitions and offsets off; PCM on.
        let tools = std::format!("11{lists} 00 1 0111 0111 {}{}1", ue(0), ue(0));
        // Two sets: one of two pictures before and one behind, and one predicted from it, which
        // keeps the first of its four by a flag of its own.
        let first = std::format!("{}{}{}", ue(2), ue(1), std::format!("{}1", ue(0)).repeat(3));
        let second = std::format!("1 0 {} 01 1 00 1", ue(0));
        let sets = std::format!("{}{first}{second}", ue(2));
        // One long-term picture; no prediction over time, no smoothing.
        let long_term = std::format!("1 {} 10101010 1 00", ue(1));
        // Sample aspect ratio spelled out, overscan, colours, chroma location, fields, window.
        let sizes = std::format!("1 11111111 {:032b} 1 1 1 101 0 1 {:024b}", 1, 0x09_1009);
        let vui = std::format!("{sizes} 1 {}{} 000 1 {}", ue(1), ue(1), ue(0).repeat(4));
        let timing = std::format!("1 {:032b} {:032b} 0", 1001, 30_000);
        let rest = [tools, sets, long_term, "1".into(), vui, timing].concat();
        let parts = [&head[..], &depth, &blocks, &[rest]].concat();
        let want = PictureInfo {
            width: 1920,
            height: 1080,
            frame_rate: Some((30_000, 1001)),
            reorder_frames: 3,
        };
        assert_eq!(PictureInfo::parse(&sps(&parts)), Some(want));
    }

    #[test]
    fn hevc_11_no_cut_or_random_parameter_set_panics() {
        for len in 0..X265.len() {
            let _ = PictureInfo::parse(&X265[..len]);
        }
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        for _ in 0..100_000 {
            let mut sps = X265.to_vec();
            for _ in 0..random() % 8 {
                let at = random() % sps.len();
                sps[at] ^= 1 << (random() % 8);
            }
            if let Some(info) = PictureInfo::parse(&sps) {
                assert!(info.width > 0 && info.height > 0);
            }
        }
    }
}
