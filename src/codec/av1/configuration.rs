//! What sequence headers of AV1 say, in the words that all video codecs share.

use super::{Av1Error, ConfigurationRecord, SequenceHeader};
use crate::codec::nal::ParameterSets;
use crate::codec::video::{PictureFormat, VideoCodecString, VideoCoding, VideoConfiguration};

/// Reads a configuration record.
pub(crate) fn configuration(record: &[u8]) -> Result<VideoConfiguration, Av1Error> {
    let record = ConfigurationRecord::parse(record)?;
    let mut sets = ParameterSets::new(VideoCoding::Av1);
    for unit in record.units() {
        sets.update(unit).map_err(|full| Av1Error::UnitsTooLarge { len: full.len })?;
    }
    if sets.sps().all(|header| SequenceHeader::parse(header).is_none()) {
        return Err(Av1Error::NoSequenceHeader);
    }
    Ok(VideoConfiguration { length_len: 0, sets, empty_entries: 0 })
}

/// Reads a sequence header. Frames are never reordered between decoding and showing them: what is
/// shown later is shown by a unit of its own.
pub(crate) fn picture_format(obu: &[u8]) -> Option<PictureFormat> {
    let header = SequenceHeader::parse(obu)?;
    Some(PictureFormat {
        codec: VideoCodecString::Av1(header.codec_string()),
        dimensions: Some((header.width, header.height)),
        frame_rate: header.frame_rate,
        reorder_frames: Some(0),
    })
}
