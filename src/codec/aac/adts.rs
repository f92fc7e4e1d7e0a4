//! The ADTS header that precedes each AAC frame in a transport stream (ISO/IEC 14496-3 §1.A.2.2).
//!
//! ```text
//! 0xfff 12 │ ID 1 │ layer 2 │ protection_absent 1 │ profile 2 │ frequency index 4 │ private 1 │ channels 3 │ 0 4
//! frame_length 13 │ buffer_fullness 11 │ number_of_raw_data_blocks 2
//! ```

use super::{AacError, AudioSpecificConfig};

/// ADTS headers of one configuration: everything but the length is worked out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adts {
    /// A header with its length field 0, read as a big-endian number, and a byte of 0 after it.
    template: u64,
}

impl Adts {
    /// Bytes of a header.
    pub const HEADER_LEN: usize = 7;
    /// Most bytes of an AAC frame, so that the 13 bits hold it and its header.
    pub const MAX_PAYLOAD_LEN: usize = 0x1fff - Self::HEADER_LEN;

    /// Works out the headers of a configuration: MPEG-4, no CRC, one AAC frame each, variable rate.
    ///
    /// With `channel_config` 0 each frame must begin with the channel layout itself: the caller
    /// owes a check by [`begins_with_program_config`](super::begins_with_program_config).
    ///
    /// # Errors
    ///
    /// ADTS cannot spell the configuration: it has two bits for object types 1 to 4, no room for a
    /// rate that is not in the table, three bits for the channels, and none for the samples of a
    /// frame.
    pub fn new(config: &AudioSpecificConfig) -> Result<Self, AacError> {
        let profile = match config.object_type {
            object_type @ 1..=4 => object_type - 1,
            other => return Err(AacError::ObjectType(other)),
        };
        let index =
            config.frequency_index.ok_or(AacError::AdtsSampleRate(config.core_sample_rate))?;
        if index > MAX_FREQUENCY_INDEX {
            return Err(AacError::FrequencyIndex(index));
        }
        if config.frame_len != 1024 {
            return Err(AacError::AdtsSamples(config.frame_len));
        }
        let channels = config.channel_config;
        if channels > 7 {
            return Err(AacError::AdtsChannels(channels));
        }
        let [b2, b3] =
            (u16::from(profile) << 14 | u16::from(index) << 10 | u16::from(channels) << 6)
                .to_be_bytes();
        // buffer_fullness 0x7ff: variable rate.
        Ok(Self { template: u64::from_be_bytes([0xff, 0xf1, b2, b3, 0x00, 0x1f, 0xfc, 0]) })
    }

    /// Returns the header of an AAC frame of `payload_len` bytes.
    ///
    /// # Errors
    ///
    /// The frame is longer than [`MAX_PAYLOAD_LEN`](Self::MAX_PAYLOAD_LEN).
    pub const fn header(&self, payload_len: usize) -> Result<[u8; Self::HEADER_LEN], AacError> {
        match self.padded_header(payload_len) {
            Ok(AdtsHeader([header @ .., _])) => Ok(header),
            Err(error) => Err(error),
        }
    }

    /// Does the same with a byte of padding.
    #[inline]
    pub(crate) const fn padded_header(&self, payload_len: usize) -> Result<AdtsHeader, AacError> {
        if payload_len > Self::MAX_PAYLOAD_LEN {
            return Err(AacError::AdtsFrameLen { len: payload_len });
        }
        let frame_len = (payload_len + Self::HEADER_LEN) as u64;
        Ok(AdtsHeader((self.template | frame_len << 21).to_be_bytes()))
    }
}

/// An ADTS header and a byte of padding, which the frame is laid over: eight bytes are written as
/// one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdtsHeader([u8; Adts::HEADER_LEN + 1]);

impl AdtsHeader {
    /// Returns the header without its padding.
    pub(crate) const fn as_slice(&self) -> &[u8] {
        let Self([header @ .., _]) = self;
        header
    }

    /// Writes the header to the front of `room`, and maybe the byte after it; returns the rest of
    /// `room`.
    #[inline(always)]
    pub(crate) fn write<'r>(&self, room: &'r mut [u8]) -> &'r mut [u8] {
        match room.first_chunk_mut() {
            Some(room) => *room = self.0,
            None => room.iter_mut().zip(self.as_slice()).for_each(|(to, byte)| *to = *byte),
        }
        room.get_mut(Adts::HEADER_LEN..).unwrap_or_default()
    }
}

/// The AAC frames in ADTS frames that follow each other, as some encoders put them into FLV.
#[derive(Clone, Debug)]
pub struct AdtsFrames<'a> {
    rest: &'a [u8],
}

impl<'a> AdtsFrames<'a> {
    /// Takes `payload` if it is ADTS frames and nothing else: each header is valid, their lengths
    /// are that of the payload together, and each holds one AAC frame.
    pub fn new(payload: &'a [u8]) -> Option<Self> {
        let mut frames = Self { rest: payload };
        while frames.next().is_some() {}
        let is_whole = frames.rest.is_empty() && !payload.is_empty();
        is_whole.then_some(Self { rest: payload })
    }

    /// Returns what the first header says: a configuration without SBR, of which ADTS says nothing.
    pub fn config(&self) -> Option<AudioSpecificConfig> {
        // audioObjectType, samplingFrequencyIndex, channelConfiguration: 16 bits with three flags.
        let &[_, _, b2, b3, ..] = self.rest else {
            return None;
        };
        let [profile, index, channels] = [b2 >> 6, b2 >> 2 & 0x0f, (b2 & 1) << 2 | b3 >> 6];
        let [high, low] =
            (u16::from(profile + 1) << 11 | u16::from(index) << 7 | u16::from(channels) << 3)
                .to_be_bytes();
        AudioSpecificConfig::parse(&[high, low]).ok()
    }
}

impl<'a> Iterator for AdtsFrames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let &[b0, b1, b2, b3, b4, b5, b6, ..] = self.rest else {
            return None;
        };
        let sync_and_layer = b0 == 0xff && b1 & 0xf6 == 0xf0;
        let frequency_index = b2 >> 2 & 0x0f;
        let frame_len = usize::from(b3 & 0x03) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        let blocks_beyond_first = b6 & 0x03;
        if !sync_and_layer || frequency_index > MAX_FREQUENCY_INDEX || blocks_beyond_first != 0 {
            return None;
        }
        let has_crc = b1 & 0x01 == 0;
        let header_len = if has_crc { Adts::HEADER_LEN + 2 } else { Adts::HEADER_LEN };
        let (frame, rest) = self.rest.split_at_checked(frame_len)?;
        let payload = frame.get(header_len..)?;
        self.rest = rest;
        Some(payload)
    }
}

const MAX_FREQUENCY_INDEX: u8 = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn adts(config: &[u8]) -> Adts {
        Adts::new(&AudioSpecificConfig::parse(config).unwrap()).unwrap()
    }

    #[test]
    fn t_21a_golden_headers() {
        for (config, len, want) in [
            ([0x12, 0x08], 100, [0xff, 0xf1, 0x50, 0x40, 0x0d, 0x7f, 0xfc]),
            ([0x11, 0x90], 371, [0xff, 0xf1, 0x4c, 0x80, 0x2f, 0x5f, 0xfc]),
            ([0x13, 0x90], 8184, [0xff, 0xf1, 0x5c, 0x83, 0xff, 0xff, 0xfc]),
        ] {
            assert_eq!(adts(&config).header(len), Ok(want), "{config:x?}");
        }
    }

    #[test]
    fn t_21_a_frame_over_8184_bytes_is_a_typed_error() {
        assert_eq!(adts(&[0x12, 0x10]).header(8185), Err(AacError::AdtsFrameLen { len: 8185 }));
        assert_eq!(
            adts(&[0x12, 0x10]).header(usize::MAX),
            Err(AacError::AdtsFrameLen { len: usize::MAX })
        );
    }

    #[test]
    fn t_21_what_adts_cannot_spell_is_refused_once() {
        let config = AudioSpecificConfig::parse(&[0x12, 0x10]).unwrap();
        for (config, want) in [
            (AudioSpecificConfig { object_type: 5, ..config }, AacError::ObjectType(5)),
            (AudioSpecificConfig { object_type: 0, ..config }, AacError::ObjectType(0)),
            (
                AudioSpecificConfig { frequency_index: Some(13), ..config },
                AacError::FrequencyIndex(13),
            ),
            (
                AudioSpecificConfig { frequency_index: None, core_sample_rate: 44_056, ..config },
                AacError::AdtsSampleRate(44_056),
            ),
            (AudioSpecificConfig { channel_config: 8, ..config }, AacError::AdtsChannels(8)),
        ] {
            assert_eq!(Adts::new(&config), Err(want));
        }
    }

    /// The only AAC frame in ADTS.
    fn strip_adts(payload: &[u8]) -> Option<&[u8]> {
        let mut frames = AdtsFrames::new(payload)?;
        frames.next().filter(|_| frames.next().is_none())
    }

    #[test]
    fn f_10_adts_frames_that_follow_each_other_are_told_apart_and_say_how_they_are_coded() {
        let adts = adts(&[0x12, 0x08]);
        let mut chain = Vec::new();
        for len in [3_usize, 0, 5] {
            chain.extend(adts.header(len).unwrap());
            chain.extend(core::iter::repeat_n(len as u8, len));
        }
        let frames = AdtsFrames::new(&chain).unwrap();
        let config = frames.config().unwrap();
        assert_eq!(Ok(config), AudioSpecificConfig::parse(&[0x12, 0x08]));
        let payloads: Vec<_> = frames.collect();
        assert_eq!(payloads, [&[3, 3, 3][..], &[], &[5; 5]]);
        assert!(AdtsFrames::new(&chain[..chain.len() - 1]).is_none());
        assert!(AdtsFrames::new(&[]).is_none());
    }

    #[test]
    fn f_10_an_adts_frame_inside_flv_is_stripped() {
        for len in [0, 1, 100, 2047, 8184] {
            let frame: Vec<u8> = (0..len).map(|byte| byte as u8).collect();
            let framed = [&adts(&[0x12, 0x10]).header(len).unwrap()[..], &frame].concat();
            assert_eq!(strip_adts(&framed), Some(&frame[..]), "{len}");
        }
        let with_crc = [0xff, 0xf0, 0x50, 0x80, 0x01, 0x7f, 0xfc, 0xab, 0xcd, 1, 2];
        assert_eq!(strip_adts(&with_crc), Some(&[1, 2][..]));
    }

    #[test]
    fn f_10_what_only_looks_like_adts_is_left_alone() {
        let frame = [&adts(&[0x12, 0x10]).header(3).unwrap()[..], &[1, 2, 3]].concat();
        assert!(strip_adts(&frame).is_some());
        assert_eq!(strip_adts(&frame[..9]), None, "shorter than it says");
        assert_eq!(strip_adts(&[&frame[..], &[4]].concat()), None, "longer than it says");
        for (at, byte, why) in [
            (0, 0xfe, "sync word"),
            (1, 0xf3, "layer"),
            (2, 0x74, "frequency index 13"),
            (6, 0xfd, "two AAC frames"),
        ] {
            let mut odd = frame.clone();
            odd[at] = byte;
            assert_eq!(strip_adts(&odd), None, "{why}");
        }
        assert_eq!(strip_adts(&[0xff, 0xf1, 0x50]), None);
    }

    #[test]
    fn f_10_the_last_sample_rate_there_is_may_be_stripped_too() {
        // sampling_frequency_index 12 and 13; eight bytes.
        for (b2, stripped) in [(0x70, true), (0x74, false)] {
            let framed = [0xff, 0xf1, b2, 0x40, 0x01, 0x1f, 0xfc, 0x21];
            assert_eq!(strip_adts(&framed).is_some(), stripped, "{b2:#x}");
        }
    }
}
