//! The AAC frames of a tag as a transport stream carries them: each after an ADTS header.

use super::{
    Adts, AdtsFrames, AdtsHeader, AudioSpecificConfig, ChannelLayout, begins_with_program_config,
};

/// The frames of a tag, of which there may be several, and whose channel layout may have to go
/// before each.
#[derive(Clone, Debug)]
pub(crate) struct AacFrames<'a> {
    adts: Adts,
    layout: Option<ChannelLayout>,
    payloads: Payloads<'a>,
    max_len: usize,
}

/// A frame with what goes before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AacFrame<'a, 'l> {
    pub(crate) header: AdtsHeader,
    /// A program config element, or nothing.
    pub(crate) layout: &'l [u8],
    pub(crate) payload: &'a [u8],
}

/// How frames lie in a tag.
#[derive(Clone, Debug)]
enum Payloads<'a> {
    One(&'a [u8]),
    Adts(AdtsFrames<'a>),
    Done,
}

impl<'a> AacFrames<'a> {
    /// Takes the payload of a tag: ADTS frames, or else one frame. A layout is left out where a
    /// frame would have more than `max_len` bytes with it.
    pub(crate) fn new(
        payload: &'a [u8],
        config: &AudioSpecificConfig,
        adts: Adts,
        max_len: usize,
    ) -> Self {
        let payloads = AdtsFrames::new(payload).map_or(Payloads::One(payload), Payloads::Adts);
        let layout = config.channel_layout.filter(|_| config.channel_config == 0);
        Self { adts, layout, payloads, max_len }
    }

    /// Returns whether the frames stand in ADTS frames.
    pub(crate) const fn are_adts(&self) -> bool {
        matches!(self.payloads, Payloads::Adts(_))
    }

    /// Takes the next frame; `None` at the end, and for one that is too long for ADTS.
    pub(crate) fn next(&mut self) -> Option<AacFrame<'a, '_>> {
        let payload = match &mut self.payloads {
            Payloads::One(payload) => {
                let payload = *payload;
                self.payloads = Payloads::Done;
                payload
            }
            Payloads::Adts(frames) => frames.next()?,
            Payloads::Done => return None,
        };
        let layout = match &self.layout {
            Some(layout) if !begins_with_program_config(payload) => layout.as_slice(),
            _ => &[],
        };
        let fits = Adts::HEADER_LEN + layout.len() + payload.len() <= self.max_len;
        let layout = if fits { layout } else { &[] };
        let header = self.adts.padded_header(layout.len() + payload.len()).ok()?;
        Some(AacFrame { header, layout, payload })
    }
}

impl AacFrame<'_, '_> {
    /// Returns the length in bytes with everything that goes before the frame.
    pub(crate) const fn len(&self) -> usize {
        Adts::HEADER_LEN + self.layout.len() + self.payload.len()
    }
}
