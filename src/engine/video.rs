//! The video track: sequence headers, access units, and where segments begin.

#[cfg(feature = "std")]
use crate::codec::avc::PictureInfo;
use crate::codec::avc::{
    AccessUnit, AvcError, Change, CodecString, Contents, DecoderConfigurationRecord, NalUnitType,
    ParameterSets, START_CODE,
};
use crate::error::Error;
use crate::flv::{Tag, VideoCodec, VideoPacket, VideoTag};
use crate::notice::NoticeKind;
use crate::sink::SegmentSink;
use crate::time::Ticks;
use crate::timeline::VideoClock;
use crate::track::{Meter, Track, VideoTrack};

use super::Segmenter;

/// Bytes of NAL units that wait for the picture they belong to. A tag without picture brings a few SEI messages or
/// parameter sets, 20 to 100 bytes in what real encoders send.
const CARRY_CAPACITY: usize = 512;

/// State of the video track.
#[derive(Clone, Debug)]
pub(super) struct Video {
    /// What the track is, or was in the last publication.
    pub(super) track: Option<VideoTrack>,
    /// A sequence header has come in this publication.
    known: bool,
    pub(super) length_len: usize,
    /// Parameter sets in force.
    pub(super) sets: ParameterSets,
    /// Those of a sequence header that takes effect at the next key frame.
    next_sets: Option<ParameterSets>,
    /// Tells the contents of the last sequence header from those of another.
    header_digest: u64,
    pub(super) reorder: Option<u32>,
    carry: [u8; CARRY_CAPACITY],
    carry_len: usize,
    pub(super) clock: VideoClock,
    /// DTS of the last picture written.
    pub(super) last: Option<Ticks>,
    /// A picture of this publication has begun a segment, lost or not.
    pub(super) joined: bool,
    pub(super) meter: Meter,
    /// The program is to list video before its sequence header has come.
    pub(super) announced: bool,
}

impl Video {
    pub(super) const fn new(announced: bool) -> Self {
        Self {
            track: None,
            known: false,
            length_len: 4,
            sets: ParameterSets::EMPTY,
            next_sets: None,
            header_digest: 0,
            reorder: None,
            carry: [0; CARRY_CAPACITY],
            carry_len: 0,
            clock: VideoClock::new(),
            last: None,
            joined: false,
            meter: Meter::new(),
            announced,
        }
    }

    /// Forgets everything but what the track was and what went through of it.
    pub(super) const fn restart(&mut self, announced: bool) {
        let (track, meter) = (self.track, self.meter);
        *self = Self::new(announced);
        (self.track, self.meter) = (track, meter);
    }

    /// Says whether a sequence header has come.
    pub(super) const fn is_known(&self) -> bool {
        self.known
    }

    pub(super) fn carried(&self) -> &[u8] {
        self.carry.get(..self.carry_len).unwrap_or_default()
    }

    /// Keeps a NAL unit for the next picture; says whether there was room.
    pub(super) fn carry(&mut self, nal_unit: &[u8]) -> bool {
        let len = START_CODE.len() + nal_unit.len();
        let room = self
            .carry
            .get_mut(self.carry_len..)
            .and_then(|room| room.get_mut(..len));
        let Some((head, body)) = room.map(|room| room.split_at_mut(START_CODE.len())) else {
            return false;
        };
        head.copy_from_slice(&START_CODE);
        body.copy_from_slice(nal_unit);
        self.carry_len += len;
        true
    }

    pub(super) const fn drop_carried(&mut self) {
        self.carry_len = 0;
    }

    /// Notes that a picture was written, and all that waited for it.
    #[inline]
    pub(super) fn wrote(&mut self, dts: Ticks, len: usize) {
        self.meter.add(dts, 1, len);
        self.drop_carried();
        self.last = Some(dts);
    }

    /// Says whether a picture that brings nothing but a slice is all there is to write: its NAL units have lengths of 4
    /// bytes, nothing waits for it, and the parameter sets are there.
    #[inline]
    pub(super) fn is_settled(&self) -> bool {
        self.length_len == 4 && self.carry_len == 0 && self.sets.are_complete()
    }

    /// Says whether there are parameter sets to [take](Self::take_parameter_sets).
    #[inline]
    pub(super) const fn brings_parameter_sets(&self, contents: &Contents, key_frame: bool) -> bool {
        contents.parameter_sets || self.carry_len > 0 || key_frame && self.next_sets.is_some()
    }

    /// Puts parameter sets in force that came with this picture, or have waited for a key frame. Says whether there is
    /// a sequence parameter set among them that was not in force before.
    #[cold]
    pub(super) fn take_parameter_sets(
        &mut self,
        unit: AccessUnit<'_>,
        contents: &Contents,
        key_frame: bool,
    ) -> bool {
        let mut changed = false;
        if key_frame && let Some(sets) = &self.next_sets {
            (self.sets, self.next_sets, changed) = (*sets, None, true);
        }
        if contents.parameter_sets || self.carry_len > 0 {
            let carried = self.carry.get(..self.carry_len).unwrap_or_default();
            let carried = AccessUnit::of_byte_stream(carried).nal_units();
            for nal_unit in carried.chain(unit.nal_units()) {
                let new = self.sets.update(nal_unit) == Ok(Change::New);
                changed |= new && NalUnitType::of(nal_unit) == NalUnitType::SPS;
            }
        }
        changed
    }

    /// Reads what the first sequence parameter set says of the pictures.
    fn describe(&mut self) -> Option<VideoTrack> {
        let sps = self.sets.sps().next()?;
        let &[_, profile, compatibility, level] = sps.first_chunk()?;
        let track = VideoTrack {
            codec: CodecString::new(profile, compatibility, level),
            width: None,
            height: None,
            frame_rate: None,
        };
        #[cfg(feature = "std")]
        if let Some(picture) = PictureInfo::parse(sps) {
            self.reorder = picture.reorder_frames;
            if let Some(rate) = picture.frame_rate {
                let ticks = 90_000 * i64::from(rate.den) / i64::from(rate.num);
                self.clock
                    .expect_interval(crate::time::TickSpan::new(ticks));
            }
            return Some(VideoTrack {
                width: Some(picture.width),
                height: Some(picture.height),
                frame_rate: picture.frame_rate.map(|rate| (rate.num, rate.den)),
                ..track
            });
        }
        Some(track)
    }
}

impl Segmenter {
    pub(super) fn push_video<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), Error<S::Error>> {
        let video = VideoTag::parse(tag.data)?;
        if video.skipped_tracks > 0 {
            self.tally(sink, NoticeKind::OtherTrack);
        }
        let media = matches!(
            video.packet,
            VideoPacket::SequenceHeader(_) | VideoPacket::AccessUnit { .. }
        );
        if media && video.codec != VideoCodec::AVC {
            self.tally(sink, NoticeKind::UnsupportedVideo);
            return Ok(());
        }
        match video.packet {
            VideoPacket::SequenceHeader(record) => self.configure_video(record, sink),
            VideoPacket::AccessUnit { composition, data } => {
                let result = self.access_unit(tag, video.frame, composition, data, sink, trouble);
                result.map_err(Error::Sink)
            }
            VideoPacket::Ignored(_) => {
                self.tally(sink, NoticeKind::UnknownPacket);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    #[cold]
    fn configure_video<S: SegmentSink>(
        &mut self,
        record: &[u8],
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        let record = DecoderConfigurationRecord::parse(record)?;
        for _ in 0..record.empty_entries() {
            self.tally(sink, NoticeKind::EmptyNalUnit);
        }
        let mut sets = ParameterSets::EMPTY;
        for unit in record.sps().chain(record.pps()) {
            sets.update(unit)?;
        }
        if sets.sps().next().is_none() {
            return Err(AvcError::NoSequenceParameterSet.into());
        }
        // Lengths change with the header; pictures change with the next key frame.
        self.video.length_len = record.length_len();
        let digest = sets.digest();
        if !self.video.is_known() {
            self.video.sets = sets;
            self.video.known = true;
            self.announce_video(sink);
        } else if digest == self.video.sets.digest() {
            self.video.next_sets = None;
        } else if digest != self.video.header_digest {
            self.video.next_sets = Some(sets);
        }
        self.video.header_digest = digest;
        Ok(())
    }

    #[cold]
    pub(super) fn announce_video<S: SegmentSink>(&mut self, sink: &mut S) {
        if let Some(track) = self.video.describe()
            && self.video.track != Some(track)
        {
            self.video.track = Some(track);
            sink.track(&Track::Video(track));
        }
    }
}
