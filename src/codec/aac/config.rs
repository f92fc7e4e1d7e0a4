//! The `AudioSpecificConfig`, body of every AAC sequence header (ISO/IEC 14496-3 §1.6.2, §4.4.1).
//!
//! ```text
//! plain          AOT 5 │ frequency index 4 │ channels 4 │ GASpecificConfig 3 …
//! + extension    … │ 0x2b7 11 │ 5 5 │ SBR 1 │ frequency index 4 │ 0x548 11 │ PS 1
//! hierarchical   5 or 29 5 │ frequency index 4 │ channels 4 │ extension's index 4 │ core AOT 5 │ GASpecificConfig 3 …
//!
//! AOT 31 is followed by 6 bits: AOT − 32.  Frequency index 15 is followed by 24 bits: the rate.
//! ```

use super::{AacError, ChannelLayout, CodecString};
use crate::codec::bits::Bits;

/// What an AAC decoder must know before the first frame.
///
/// Equality is of meaning: padding and the spelling (hierarchical, by extension, explicit "no SBR")
/// make no difference.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AudioSpecificConfig {
    /// Audio object type of the core, the one that ADTS speaks of: 1 Main, 2 LC, 3 SSR, 4 LTP.
    pub object_type: u8,
    /// Index of the core sample rate in the standard's table, 0 to 12; `None` for a rate that is
    /// not in it.
    pub frequency_index: Option<u8>,
    /// Core sample rate in Hz; never 0.
    pub core_sample_rate: u32,
    /// `channelConfiguration`, 0 to 15; 0 means that a program config element says which channels
    /// there are.
    pub channel_config: u8,
    /// That element, where the configuration holds it.
    pub channel_layout: Option<ChannelLayout>,
    /// Output sample rate in Hz where spectral band replication is signalled.
    pub sbr: Option<u32>,
    /// Whether parametric stereo is signalled: one coded channel, two heard.
    pub ps: bool,
    /// Samples of the core in one AAC frame: 1024, or 960 by `frameLengthFlag`.
    pub frame_len: u16,
    /// The bytes that it was read from.
    pub(super) spelling: Spelling,
}

/// The bytes of a configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spelling {
    bytes: [u8; Self::ROOM],
    len: u8,
}

impl Spelling {
    /// A program config element of eight channels without a comment has some 20 bytes.
    const ROOM: usize = 40;

    fn new(data: &[u8]) -> Self {
        let mut bytes = [0; Self::ROOM];
        bytes.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
        Self { bytes, len: data.len().min(Self::ROOM) as u8 }
    }
}

impl PartialEq for AudioSpecificConfig {
    fn eq(&self, other: &Self) -> bool {
        let meaning = |config: &Self| {
            let core = (config.object_type, config.frequency_index, config.core_sample_rate);
            let channels = (config.channel_config, config.channel_layout);
            (core, channels, config.sbr, config.ps, config.frame_len)
        };
        meaning(self) == meaning(other)
    }
}

impl Eq for AudioSpecificConfig {}

impl AudioSpecificConfig {
    /// Reads a configuration in any of its forms.
    ///
    /// Bits missing after the channel configuration (hierarchical: after the core's object type)
    /// count as 0. An extension is looked for where it belongs and, as decoders do, after a program
    /// config element.
    ///
    /// # Errors
    ///
    /// The data ends before that, or object type or sample rate is reserved or 0.
    pub fn parse(data: &[u8]) -> Result<Self, AacError> {
        let mut bits = Bits::new(data);
        let short = AacError::ConfigLen { len: data.len() };
        let signalled = bits.object_type().ok_or(short)?;
        let (mut frequency_index, core_sample_rate) = bits.frequency().ok_or(short)??;
        let channel_config = bits.take(4).ok_or(short)? as u8;
        let (mut object_type, mut sbr, mut ps) = (signalled, None, false);
        if matches!(signalled, SBR | PS) {
            sbr = Some(bits.frequency().ok_or(short)??.1);
            ps = signalled == PS;
            object_type = bits.object_type().ok_or(short)?;
        }
        if object_type == 0 {
            return Err(AacError::ObjectType(0));
        }
        frequency_index = frequency_index.or_else(|| index_of(core_sample_rate));
        let mut frame_len = 1024;
        let mut channel_layout = None;
        if matches!(object_type, 1..=4 | 6 | 7 | 17 | 19..=23) {
            frame_len = if bits.general_audio() { 960 } else { 1024 };
            // Its own length is not relied on: an extension is looked for from here on.
            if channel_config == 0 {
                channel_layout = ChannelLayout::take(&mut bits.clone());
            }
        }
        if sbr.is_none() {
            (sbr, ps) = bits.extension();
        }
        Ok(Self {
            object_type,
            frequency_index,
            core_sample_rate,
            channel_config,
            channel_layout,
            sbr,
            ps,
            frame_len,
            spelling: Spelling::new(data),
        })
    }

    /// Returns the bytes that the configuration was read from, at most 40 of them.
    pub fn as_bytes(&self) -> &[u8] {
        self.spelling.bytes.get(..usize::from(self.spelling.len)).unwrap_or_default()
    }

    /// Returns the sample rate of what is heard: with SBR the extension's, twice the core's.
    ///
    /// Time stamps advance by [`frame_len`](Self::frame_len) at the *core* rate. SBR that is not
    /// signalled is not known here.
    pub const fn sample_rate(&self) -> u32 {
        match self.sbr {
            Some(rate) => rate,
            None => self.core_sample_rate,
        }
    }

    /// Returns how many channels are heard, parametric stereo counted as two; `None` where only the
    /// frames say (`channel_config` 0 without a layout) or the configuration is reserved.
    pub const fn channels(&self) -> Option<u8> {
        match self.channel_config {
            0 => match &self.channel_layout {
                Some(layout) => Some(layout.channels()),
                None => None,
            },
            1 if self.ps => Some(2),
            config @ 1..=6 => Some(config),
            7 | 12 | 14 => Some(8),
            11 => Some(7),
            _ => None,
        }
    }

    /// Returns the codecs parameter: `mp4a.40.29` with PS, `mp4a.40.5` with SBR, else by the core's
    /// object type.
    pub const fn codec_string(&self) -> CodecString {
        CodecString::new(if self.ps {
            PS
        } else if self.sbr.is_some() {
            SBR
        } else {
            self.object_type
        })
    }
}

impl Bits<'_> {
    /// Takes `GetAudioObjectType`.
    fn object_type(&mut self) -> Option<u8> {
        let object_type = match self.take(5)? {
            31 => 32 + self.take(6)?,
            object_type => object_type,
        };
        Some(object_type as u8)
    }

    /// Takes a frequency index, and the rate where it is spelled out; returns the index and the
    /// rate in Hz.
    fn frequency(&mut self) -> Option<Result<(Option<u8>, u32), AacError>> {
        let index = self.take(4)? as u8;
        if index == EXPLICIT {
            return Some(match self.take(24)? {
                0 => Err(AacError::NoSampleRate),
                rate => Ok((None, rate)),
            });
        }
        let rate = RATES.get(usize::from(index)).ok_or(AacError::FrequencyIndex(index));
        Some(rate.map(|rate| (Some(index), *rate)))
    }

    /// Takes the start of `GASpecificConfig`; returns `frameLengthFlag`.
    fn general_audio(&mut self) -> bool {
        let frame_length_flag = self.flag();
        if self.flag() {
            self.take(14); // coreCoderDelay
        }
        self.flag(); // extensionFlag
        frame_length_flag
    }

    /// Looks for the SBR and PS extensions after the core's configuration.
    ///
    /// A program config element of unknown length may stand before them, so every bit is tried, but
    /// not for ever: the longest such element without a comment has under 64 bytes.
    fn extension(mut self) -> (Option<u32>, bool) {
        let end = self.at + 64 * 8;
        while self.at < end && self.data.len() * 8 - self.at >= 16 {
            let mut bits = self;
            if bits.take(11) == Some(SBR_SYNC) && bits.object_type() == Some(SBR) {
                return bits.sbr();
            }
            self.at += 1;
        }
        (None, false)
    }

    /// Takes what follows the SBR extension's object type.
    fn sbr(mut self) -> (Option<u32>, bool) {
        if !self.flag() {
            return (None, false);
        }
        let Some(Ok((_, rate))) = self.frequency() else {
            return (None, false);
        };
        let ps = self.take(11) == Some(PS_SYNC) && self.flag();
        (Some(rate), ps)
    }
}

/// Finds the index of a rate that was spelled out though the table has it.
fn index_of(rate: u32) -> Option<u8> {
    let index = RATES.iter().position(|known| *known == rate)?;
    u8::try_from(index).ok()
}

/// `samplingFrequencyIndex` 0 to 12, in Hz (table 1.18).
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];
/// The frequency index that says that the rate follows.
const EXPLICIT: u8 = 15;
const SBR: u8 = 5;
const PS: u8 = 29;
const SBR_SYNC: u32 = 0x2b7;
const PS_SYNC: u32 = 0x548;

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    const fn lc(frequency_index: u8, channel_config: u8) -> AudioSpecificConfig {
        AudioSpecificConfig {
            object_type: 2,
            frequency_index: Some(frequency_index),
            core_sample_rate: RATES[frequency_index as usize],
            channel_config,
            channel_layout: None,
            sbr: None,
            ps: false,
            frame_len: 1024,
            spelling: Spelling { bytes: [0; Spelling::ROOM], len: 0 },
        }
    }

    const fn he(channel_config: u8, ps: bool) -> AudioSpecificConfig {
        AudioSpecificConfig { sbr: Some(44_100), ps, ..lc(7, channel_config) }
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    const GOLDEN: &[(&str, AudioSpecificConfig)] = &[
        ("1210", lc(4, 2)),
        ("1190", lc(3, 2)),
        ("1208", lc(4, 1)),
        ("120856e500", lc(4, 1)),
        ("138856e500", lc(7, 1)),
        ("118856e500", lc(3, 1)),
        ("139056e5a0", he(2, false)),
        ("138856e5a54880", he(1, true)),
        ("138856e5a548", he(1, false)), // ends one bit before the PS flag
        ("2b920800", he(2, false)),     // hierarchical
        ("eb8a0800", he(1, true)),
    ];

    #[test]
    fn f_12a_golden_configurations() {
        for (data, want) in GOLDEN {
            assert_eq!(AudioSpecificConfig::parse(&hex(data)), Ok(*want), "{data}");
        }
    }

    #[test]
    fn f_50_padding_does_not_make_another_configuration() {
        for (data, want) in GOLDEN {
            // This one is cut inside its PS extension: padding completes the flag, as 0.
            let mut padded = hex(data);
            padded.resize(16, 0);
            assert_eq!(AudioSpecificConfig::parse(&padded), Ok(*want), "{data}");
        }
    }

    #[test]
    fn f_12_frame_length_flag_means_960_samples() {
        assert_eq!(
            AudioSpecificConfig::parse(&[0x12, 0x14]),
            Ok(AudioSpecificConfig { frame_len: 960, ..lc(4, 2) })
        );
    }

    #[test]
    fn f_12_a_rate_that_is_spelled_out_has_an_index_only_if_it_is_in_the_table() {
        for (rate, frequency_index) in [(44_100_u32, Some(4)), (44_056, None)] {
            // object type 2, frequency index 15, rate, 2 channels, flags
            let bits = 2_u64 << 35 | 15 << 31 | u64::from(rate) << 7 | 2 << 3;
            let data = bits.to_be_bytes();
            let config = AudioSpecificConfig::parse(&data[3..]).unwrap();
            assert_eq!(
                (config.core_sample_rate, config.frequency_index, config.channel_config),
                (rate, frequency_index, 2)
            );
        }
    }

    #[test]
    fn f_12_an_escaped_object_type_has_six_more_bits() {
        // escape, 32 + 10, 48 kHz, 2 channels
        let bits = 31_u32 << 27 | 10 << 21 | 3 << 17 | 2 << 13;
        let config = AudioSpecificConfig::parse(&bits.to_be_bytes()).unwrap();
        assert_eq!(
            (config.object_type, config.core_sample_rate, config.channel_config),
            (42, 48_000, 2)
        );
    }

    #[test]
    fn f_31_o_34_unusable_configurations_are_typed_errors() {
        for (data, want) in [
            (&[][..], AacError::ConfigLen { len: 0 }),
            (&[0x12], AacError::ConfigLen { len: 1 }),
            (&[0x2b, 0x92], AacError::ConfigLen { len: 2 }),
            (&[0x17, 0x80, 0, 0], AacError::ConfigLen { len: 4 }),
            (&[0x16, 0x90], AacError::FrequencyIndex(13)),
            (&[0x17, 0x80, 0, 0, 0x10], AacError::NoSampleRate),
            (&[0, 0], AacError::ObjectType(0)),
        ] {
            assert_eq!(AudioSpecificConfig::parse(data), Err(want), "{data:x?}");
        }
    }

    #[test]
    fn rates_channels_and_codecs_parameter_are_those_that_are_heard() {
        for (config, rate, channels, codec) in [
            (lc(4, 2), 44_100, Some(2), "mp4a.40.2"),
            (he(2, false), 44_100, Some(2), "mp4a.40.5"),
            (he(1, true), 44_100, Some(2), "mp4a.40.29"),
            (lc(3, 7), 48_000, Some(8), "mp4a.40.2"),
            (lc(3, 0), 48_000, None, "mp4a.40.2"),
        ] {
            assert_eq!((config.sample_rate(), config.channels()), (rate, channels), "{config:?}");
            assert_eq!(config.codec_string().to_string(), codec);
        }
    }

    #[test]
    fn r_55_any_configuration_ends() {
        for bits in (0..1_u32 << 24).step_by(61) {
            let [_, data @ ..] = bits.to_be_bytes();
            if let Ok(config) = AudioSpecificConfig::parse(&data) {
                assert!(config.core_sample_rate > 0 && config.object_type > 0);
            }
        }
        assert!(AudioSpecificConfig::parse(&[0x12; 1 << 16]).is_ok());
    }

    #[test]
    fn f_12_channels_are_those_of_table_1_19() {
        let want = [
            None,
            Some(1),
            Some(2),
            Some(3),
            Some(4),
            Some(5),
            Some(6),
            Some(8),
            None,
            None,
            None,
            Some(7),
            Some(8),
            None,
            Some(8),
            None,
        ];
        for (config, want) in (0..).zip(want) {
            assert_eq!(lc(4, config).channels(), want, "{config}");
        }
    }

    #[test]
    fn f_12_sbr_is_looked_for_in_512_places() {
        for (place, want) in
            [(0, Some(44_100)), (72, Some(44_100)), (511, Some(44_100)), (512, None)]
        {
            // Sync 0x2b7, object type 5, the flag, 44.1 kHz; after AAC-LC at 22.05 kHz and a
            // program config element.
            let sbr = [0x2b7_u128 << 10 | 5 << 5 | 1 << 4 | 4];
            let bits = 16 + place;
            let mut data = std::vec![0; bits / 8 + 5];
            data[..2].copy_from_slice(&[0x13, 0x80]);
            for bit in 0..21 {
                let value = (sbr[0] >> (20 - bit) & 1) as u8;
                data[(bits + bit) / 8] |= value << (7 - (bits + bit) % 8);
            }
            let config = AudioSpecificConfig::parse(&data).unwrap();
            assert_eq!(config.sbr, want, "{place}");
        }
    }
}
