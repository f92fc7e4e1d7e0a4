//! What sequence headers and parameter sets of H.265 say, in the words that all video codecs share.

use super::sps::profile;
use super::{DecoderConfigurationRecord, HevcError, PictureInfo};
use crate::codec::nal::ParameterSets;
use crate::codec::video::{PictureFormat, VideoCodecString, VideoCoding, VideoConfiguration};

/// Reads a decoder configuration record. Encoders put messages of their own there, x265 2.3 kB of
/// its options: those that say nothing of the pictures are left out.
pub(crate) fn configuration(record: &[u8]) -> Result<VideoConfiguration, HevcError> {
    let record = DecoderConfigurationRecord::parse(record)?;
    let mut sets = ParameterSets::new(VideoCoding::Hevc);
    let mut units = record.units();
    for unit in units.by_ref() {
        sets.update(unit).map_err(|full| HevcError::ParameterSetsTooLarge { len: full.len })?;
    }
    if sets.sps().next().is_none() {
        return Err(HevcError::NoSequenceParameterSet);
    }
    let (length_len, empty_entries) = (record.length_len(), units.empty_entries());
    Ok(VideoConfiguration { length_len, sets, empty_entries })
}

/// Reads a sequence parameter set.
pub(crate) fn picture_format(sps: &[u8]) -> Option<PictureFormat> {
    let codec = VideoCodecString::Hevc(profile(sps)?.codec_string());
    let picture = PictureInfo::parse(sps);
    Some(PictureFormat {
        codec,
        dimensions: picture.map(|picture| (picture.width, picture.height)),
        frame_rate: picture.and_then(|picture| picture.frame_rate),
        reorder_frames: picture.map(|picture| picture.reorder_frames),
    })
}
