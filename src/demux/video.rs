//! Video tags: sequence headers, access units, and the NAL units that wait for the picture that
//! they belong to.

use crate::codec::nal::{AccessUnit, AnnexB, Change, Contents, Packing, ParameterSets};
use crate::codec::video::{VideoCoding, VideoConfiguration};
use crate::config::{Filler, KeyFramePolicy, Options};
use crate::flv::{FrameType, Tag, VideoPacket, VideoTag};
use crate::notice::NoticeKind;
use crate::sample::{PictureInput, PictureTiming};
use crate::time::{TickSpan, Ticks};
use crate::timeline::Unroller;
use crate::track::{Track, VideoTrack};

use super::carry::Carry;
use super::{Findings, ReadError};

/// What a video tag brings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum VideoReading<'a> {
    /// Nothing that goes on.
    Nothing,
    /// The first sequence header.
    Header {
        /// Duration of a frame, where it is stated.
        stated_interval: Option<TickSpan>,
    },
    Picture(PictureInput<'a>),
}

/// How the video track is coded.
#[derive(Clone, Debug)]
pub(crate) struct VideoDemux {
    packing: Packing,
    reorder_frames: u32,
    key_frames: KeyFramePolicy,
    filler: Filler,
    /// Parameter sets in force; empty until the first sequence header.
    sets: ParameterSets,
    /// Those of a sequence header that takes effect at the next key frame.
    next_sets: Option<ParameterSets>,
    /// Digest of the last sequence header: one that comes again changes nothing.
    header_digest: u64,
    /// NAL units that wait for the picture that they belong to.
    carry: Carry,
}

impl VideoDemux {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            packing: Packing::new(VideoCoding::default(), 4),
            reorder_frames: 0,
            key_frames: options.key_frames,
            filler: options.filler,
            sets: ParameterSets::new(VideoCoding::default()),
            next_sets: None,
            header_digest: 0,
            carry: Carry::new(),
        }
    }

    /// Returns whether a sequence header has come.
    pub(crate) const fn is_configured(&self) -> bool {
        !self.sets.is_empty()
    }

    /// Returns how the pictures are coded.
    pub(crate) const fn coding(&self) -> VideoCoding {
        self.sets.coding()
    }

    /// Reads what nearly every video tag is, one slice of a picture that is no key frame, with
    /// nothing odd about it; `None` for any other tag.
    #[inline(always)]
    pub(crate) fn read_plain_picture<'a>(
        &self,
        tag: &Tag<'a>,
        unroller: &mut Unroller,
    ) -> Option<PictureInput<'a>> {
        let picture = VideoTag::inter_picture(tag.data)?;
        if VideoCoding::of(picture.codec) != Some(self.coding()) {
            return None;
        }
        let (unit, contents) = AccessUnit::lone_slice(picture.data, self.packing)?;
        if contents.random_access || !self.carry.is_empty() || !self.sets.are_complete() {
            return None;
        }
        Some(self.picture(unroller.unroll(tag.time), picture.composition, unit, contents))
    }

    /// Reads a video tag.
    pub(crate) fn read<'a>(
        &mut self,
        tag: Tag<'a>,
        unroller: &mut Unroller,
        findings: &mut Findings,
    ) -> Result<VideoReading<'a>, ReadError> {
        let video = VideoTag::parse(tag.data)?;
        if video.skipped_tracks > 0 {
            findings.add(NoticeKind::OtherTrack);
        }
        match (video.packet, VideoCoding::of(video.codec)) {
            (VideoPacket::AccessUnit { .. }, Some(_)) if !self.is_configured() => {
                findings.add(NoticeKind::VideoBeforeHeader);
            }
            (VideoPacket::AccessUnit { composition, data }, Some(_)) => {
                let (unit, contents) = AccessUnit::new(data, self.packing);
                note_contents(&contents, findings);
                if contents.slice {
                    let tag = unroller.unroll(tag.time);
                    let key_frame = self.is_key_frame(video.frame, unit, &contents, findings);
                    let picture = self.picture(tag, composition, unit, contents);
                    let picture = PictureInput { key_frame, ..picture };
                    return Ok(VideoReading::Picture(self.with_parameter_sets(picture, findings)));
                }
                findings.add_times(NoticeKind::NoPicture, self.carry.keep(unit, self.filler));
            }
            (VideoPacket::SequenceHeader(record), Some(coding)) => {
                return self.configure(coding, record, findings);
            }
            (VideoPacket::AccessUnit { .. } | VideoPacket::SequenceHeader(_), None) => {
                findings.add(NoticeKind::UnsupportedVideo);
            }
            (VideoPacket::Ignored(_), _) => findings.add(NoticeKind::UnknownPacket),
            _ => {}
        }
        Ok(VideoReading::Nothing)
    }

    /// Puts a picture together that is no key frame and brings no parameter sets.
    #[inline(always)]
    fn picture<'a>(
        &self,
        tag: Ticks,
        composition: TickSpan,
        unit: AccessUnit<'a>,
        contents: Contents,
    ) -> PictureInput<'a> {
        let reorder_frames = self.reorder_frames;
        PictureInput {
            timing: PictureTiming { tag, composition, reorder_frames, stated_interval: None },
            unit,
            contents,
            key_frame: false,
            reconfigured: false,
            decodable: true,
        }
    }

    /// Takes the parameter sets that come with a picture, and completes what depends on them.
    fn with_parameter_sets<'a>(
        &mut self,
        mut picture: PictureInput<'a>,
        findings: &mut Findings,
    ) -> PictureInput<'a> {
        let PictureInput { unit, contents, key_frame, .. } = picture;
        let header_waits = key_frame && self.next_sets.is_some();
        if contents.parameter_sets || !self.carry.is_empty() || header_waits {
            let changed = self.take_parameter_sets(unit, key_frame);
            if changed {
                picture.timing.stated_interval = self.describe(findings);
                picture.timing.reorder_frames = self.reorder_frames;
            }
            picture.reconfigured = changed && key_frame;
        }
        picture.decodable = self.sets.are_complete();
        picture
    }

    /// Returns whether a segment may begin with the picture, and notes where the tag contradicts
    /// what is in it.
    #[inline]
    fn is_key_frame(
        &self,
        frame: FrameType,
        unit: AccessUnit<'_>,
        contents: &Contents,
        findings: &mut Findings,
    ) -> bool {
        let flag = frame == FrameType::KEY || frame == FrameType::GENERATED_KEY;
        match (flag, contents.random_access) {
            (true, false) => findings.add(NoticeKind::KeyFlagWithoutIdr),
            (false, true) => findings.add(NoticeKind::IdrWithoutKeyFlag),
            _ => {}
        }
        match self.key_frames {
            KeyFramePolicy::Idr => contents.random_access,
            KeyFramePolicy::IdrOrRecoveryPoint => {
                contents.random_access
                    || unit.has_recovery_point()
                    || self.carried_unit().has_recovery_point()
            }
            KeyFramePolicy::FrameType => flag,
        }
    }

    /// Puts parameter sets in force that came with this picture, or have waited for a key frame.
    /// Returns whether there is a sequence parameter set among them that was not in force
    /// before.
    #[cold]
    fn take_parameter_sets(&mut self, unit: AccessUnit<'_>, key_frame: bool) -> bool {
        let mut changed = false;
        if key_frame && let Some(sets) = self.next_sets.take() {
            self.sets = sets;
            changed = true;
        }
        let carried = AccessUnit::of_byte_stream(self.carry.bytes(), self.sets.coding());
        for nal_unit in carried.nal_units().chain(unit.nal_units()) {
            changed |= self.sets.update(nal_unit) == Ok(Change::NewSequence);
        }
        changed
    }

    #[cold]
    fn configure<'a>(
        &mut self,
        coding: VideoCoding,
        record: &[u8],
        findings: &mut Findings,
    ) -> Result<VideoReading<'a>, ReadError> {
        let VideoConfiguration { length_len, sets, empty_entries } =
            coding.configuration(record)?;
        findings.add_times(NoticeKind::EmptyNalUnit, usize::from(empty_entries));
        // Lengths change with the header; pictures change with the next key frame.
        self.packing = Packing::new(coding, length_len);
        let digest = sets.digest();
        let mut reading = VideoReading::Nothing;
        if !self.is_configured() {
            self.sets = sets;
            let stated_interval = self.describe(findings);
            reading = VideoReading::Header { stated_interval };
        } else if digest == self.sets.digest() {
            self.next_sets = None;
        } else if digest != self.header_digest {
            self.next_sets = Some(sets);
        }
        self.header_digest = digest;
        Ok(reading)
    }

    /// Reads what the first sequence parameter set says of the pictures, and reports it if that is
    /// new. Returns the duration of a frame, where it is stated.
    #[cold]
    fn describe(&mut self, findings: &mut Findings) -> Option<TickSpan> {
        let format = self.coding().picture_format(self.sets.sps().next()?)?;
        if format.dimensions.is_some() {
            self.reorder_frames = format.reorder_frames.unwrap_or(0);
        }
        let track = VideoTrack {
            codec: format.codec,
            width: format.dimensions.map(|(width, _)| width),
            height: format.dimensions.map(|(_, height)| height),
            frame_rate: format.frame_rate,
        };
        findings.track = Some(Track::Video(track));
        let (frames, seconds) = format.frame_rate?;
        Some(TickSpan::from_secs(i64::from(seconds)) / i64::from(frames))
    }

    fn carried_unit(&self) -> AccessUnit<'_> {
        AccessUnit::of_byte_stream(self.carry.bytes(), self.coding())
    }

    /// Forgets the NAL units that waited: their picture was written or dropped.
    #[inline]
    pub(crate) const fn drop_carried(&mut self) {
        self.carry.clear();
    }

    /// Returns the parameter sets in force as an Annex B byte stream.
    pub(crate) fn parameter_sets(&self) -> &[u8] {
        self.sets.annex_b()
    }

    /// Puts the picture together with what has to stand before it. Parameter sets that it brings
    /// itself stay where they are; `with_sets` says that the others go before it.
    #[inline(always)]
    pub(crate) fn annex_b<'a>(
        &'a self,
        picture: &PictureInput<'a>,
        with_sets: WithSets,
    ) -> AnnexB<'a> {
        let sets = match with_sets {
            WithSets::Yes => self.sets.annex_b(),
            WithSets::No => &[],
        };
        let (unit, contents) = (picture.unit, &picture.contents);
        AnnexB::new(sets, self.carry.bytes(), unit, contents, self.filler)
    }

    /// Returns whether parameter sets must go before a picture at which decoding may begin: not if
    /// it brings all of them before its first slice.
    #[cold]
    pub(crate) fn needs_sets(&self, unit: AccessUnit<'_>) -> WithSets {
        let coding = self.coding();
        let units = self.carried_unit().nal_units().chain(unit.nal_units());
        let in_band = units.take_while(|unit| !coding.kind(unit).is_slice());
        if self.sets.all_among(in_band) { WithSets::No } else { WithSets::Yes }
    }
}

/// Whether the parameter sets in force go before a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithSets {
    Yes,
    No,
}

/// Notes what was odd about the NAL units.
#[inline]
fn note_contents(contents: &Contents, findings: &mut Findings) {
    if contents.empty > 0 {
        findings.add_times(NoticeKind::EmptyNalUnit, contents.empty);
    }
    if contents.truncated {
        findings.add(NoticeKind::TruncatedNalUnit);
    }
    if contents.start_codes {
        findings.add(NoticeKind::StartCodes);
    }
}
