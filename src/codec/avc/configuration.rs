//! What sequence headers and parameter sets of H.264 say, in the words that all video codecs share.

use super::{AvcError, CodecString, DecoderConfigurationRecord};
use crate::codec::nal::ParameterSets;
use crate::codec::video::{PictureFormat, VideoCodecString, VideoCoding, VideoConfiguration};

/// Reads a decoder configuration record.
pub(crate) fn configuration(record: &[u8]) -> Result<VideoConfiguration, AvcError> {
    let record = DecoderConfigurationRecord::parse(record)?;
    let mut sets = ParameterSets::new(VideoCoding::Avc);
    for unit in record.sps().chain(record.pps()) {
        sets.update(unit).map_err(|full| AvcError::ParameterSetsTooLarge { len: full.len })?;
    }
    if sets.sps().next().is_none() {
        return Err(AvcError::NoSequenceParameterSet);
    }
    let (length_len, empty_entries) = (record.length_len(), record.empty_entries());
    Ok(VideoConfiguration { length_len, sets, empty_entries })
}

/// Reads a sequence parameter set; without feature `std` only what its first bytes say.
pub(crate) fn picture_format(sps: &[u8]) -> Option<PictureFormat> {
    let &[_, profile, compatibility, level] = sps.first_chunk()?;
    let format = PictureFormat {
        codec: VideoCodecString::Avc(CodecString::new(profile, compatibility, level)),
        dimensions: None,
        frame_rate: None,
        reorder_frames: None,
    };
    #[cfg(feature = "std")]
    if let Some(picture) = super::PictureInfo::parse(sps) {
        return Some(PictureFormat {
            dimensions: Some((picture.width, picture.height)),
            frame_rate: picture.frame_rate.map(|rate| (rate.num, rate.den)),
            reorder_frames: picture.reorder_frames,
            ..format
        });
    }
    Some(format)
}
