//! Video tags: sequence headers, access units, and the NAL units that wait for the picture that
//! they belong to.

use crate::codec::nal::{AccessUnit, AnnexB, Contents, ParameterSets};
use crate::codec::video::{CarriedVideo, VideoCoding, VideoConfiguration};
use crate::config::{Filler, KeyFramePolicy, Options};
use crate::flv::{Tag, VideoCodec, VideoPacket, VideoTag};
use crate::mux::Muxer;
use crate::notice::{NoticeAmount, NoticeKind};
use crate::sample::{PictureInput, PictureTiming};
use crate::time::{TickSpan, Ticks};
use crate::timeline::Unroller;
use crate::track::{Track, VideoTrack};

use super::carry::Carry;
use super::found::{FoundUnit, KeyClaim};
use super::headers::{Arrival, VideoHeaders};
use super::{Findings, ReadError};

/// What a video tag brings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum VideoReading<'a> {
    /// Nothing that goes on.
    Nothing,
    /// Media of a codec that is not carried.
    NotCarried,
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
    headers: VideoHeaders,
    reorder_frames: u32,
    key_frames: KeyFramePolicy,
    filler: Filler,
    /// NAL units that wait for the picture that they belong to.
    carry: Carry,
    /// How pictures may be coded in the container.
    carried: CarriedVideo,
}

impl VideoDemux {
    pub(crate) fn new<M: Muxer>(options: &Options) -> Self {
        Self {
            headers: VideoHeaders::new(M::HEADERS),
            reorder_frames: 0,
            key_frames: options.key_frames,
            filler: options.filler,
            carry: Carry::new(),
            carried: M::VIDEO,
        }
    }

    /// Returns how the pictures are coded.
    pub(crate) const fn coding(&self) -> VideoCoding {
        self.sets().coding()
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
        if VideoCoding::of(picture.codec) != Some(self.headers.packing().coding()) {
            return None;
        }
        let (unit, contents) = AccessUnit::plain_slice(picture.data, self.headers.packing())?;
        if !self.carry.is_empty() || !self.sets().are_complete() {
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
        self.read_parsed(video, || unroller.unroll(tag.time), findings)
    }

    /// Reads a video tag that was taken apart.
    pub(crate) fn read_parsed<'a>(
        &mut self,
        video: VideoTag<'a>,
        time: impl FnOnce() -> Ticks,
        findings: &mut Findings,
    ) -> Result<VideoReading<'a>, ReadError> {
        match (video.packet, VideoCoding::of(video.codec).filter(|coding| self.carries(*coding))) {
            (VideoPacket::AccessUnit { .. }, Some(_)) if !self.headers.are_there() => {
                findings.add(NoticeKind::VideoBeforeHeader);
            }
            (VideoPacket::AccessUnit { .. }, Some(coding))
                if coding != self.headers.packing().coding() =>
            {
                findings.add(NoticeKind::VideoBeforeHeader);
                return Ok(VideoReading::NotCarried);
            }
            (VideoPacket::AccessUnit { composition, data }, Some(_)) => {
                let (unit, contents) = AccessUnit::new(data, self.headers.packing());
                let found = FoundUnit { unit, contents, composition, claim: video.frame.into() };
                return Ok(self.take(found, time, findings));
            }
            (VideoPacket::SequenceHeader(record), Some(coding)) => {
                return Ok(self.configure(coding.configuration(record)?, findings));
            }
            (VideoPacket::AccessUnit { .. } | VideoPacket::SequenceHeader(_), None) => {
                return Ok(Self::refuse(video.codec, findings));
            }
            (VideoPacket::Ignored(_), _) => findings.add(NoticeKind::UnknownPacket),
            _ => {}
        }
        Ok(VideoReading::Nothing)
    }

    /// Returns whether the container carries pictures that are coded so.
    pub(super) fn carries(&self, coding: VideoCoding) -> bool {
        self.carried.contains(coding)
    }

    /// Notes that a codec is not carried.
    #[cold]
    pub(super) fn refuse<'a>(codec: VideoCodec, findings: &mut Findings) -> VideoReading<'a> {
        findings.add_codec(NoticeKind::UnsupportedVideo, NoticeAmount::VideoCodec(codec));
        VideoReading::NotCarried
    }

    /// Takes an access unit. One without a picture has no time: its NAL units wait for a picture.
    pub(super) fn take<'a>(
        &mut self,
        found: FoundUnit<'a>,
        time: impl FnOnce() -> Ticks,
        findings: &mut Findings,
    ) -> VideoReading<'a> {
        found.note_oddities(findings);
        let FoundUnit { unit, contents, composition, claim } = found;
        if !contents.slice {
            findings.add_times(NoticeKind::NoPicture, self.carry.keep(unit, self.filler));
            return VideoReading::Nothing;
        }
        let key_frame = self.is_key_frame(claim, unit, &contents, findings);
        let picture = self.picture(time(), composition, unit, contents);
        let picture = PictureInput { key_frame, ..picture };
        VideoReading::Picture(self.with_parameter_sets(picture, findings))
    }

    /// Takes how the pictures that come are coded, where no header says so.
    pub(super) fn expect(&mut self, coding: VideoCoding) {
        self.drop_other_coding(coding);
        self.headers.expect(coding);
    }

    /// Forgets NAL units of another coding than this.
    fn drop_other_coding(&mut self, coding: VideoCoding) {
        if coding != self.headers.packing().coding() {
            self.carry.clear();
        }
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
        let header_waits = key_frame && self.headers.wait();
        if contents.parameter_sets || !self.carry.is_empty() || header_waits {
            let begun = key_frame && self.headers.begin_at_key_frame();
            let changed = self.headers.take_in_band(self.carry.bytes(), unit.nal_units()) || begun;
            if changed {
                picture.timing.stated_interval = self.describe(findings);
                picture.timing.reorder_frames = self.reorder_frames;
            }
            picture.reconfigured = changed && key_frame;
        }
        picture.decodable = self.sets().are_complete();
        picture
    }

    /// Returns whether a segment may begin with the picture, and notes where the claim contradicts
    /// what is in it.
    #[inline]
    fn is_key_frame(
        &self,
        claim: KeyClaim,
        unit: AccessUnit<'_>,
        contents: &Contents,
        findings: &mut Findings,
    ) -> bool {
        match (claim, contents.random_access) {
            (KeyClaim::Key, false) => findings.add(NoticeKind::KeyFlagWithoutIdr),
            (KeyClaim::Other, true) => findings.add(NoticeKind::IdrWithoutKeyFlag),
            _ => {}
        }
        match self.key_frames {
            KeyFramePolicy::Idr => contents.random_access,
            KeyFramePolicy::IdrOrRecoveryPoint => {
                contents.random_access
                    || unit.has_recovery_point()
                    || self.carried_unit().has_recovery_point()
            }
            KeyFramePolicy::FrameType => match claim {
                KeyClaim::Key => true,
                KeyClaim::Other => false,
                KeyClaim::None => contents.random_access,
            },
        }
    }

    #[cold]
    pub(super) fn configure<'a>(
        &mut self,
        configuration: VideoConfiguration,
        findings: &mut Findings,
    ) -> VideoReading<'a> {
        findings.add_times(NoticeKind::EmptyNalUnit, usize::from(configuration.empty_entries));
        self.drop_other_coding(configuration.sets.coding());
        match self.headers.take(configuration) {
            Arrival::First => VideoReading::Header { stated_interval: self.describe(findings) },
            Arrival::Further => VideoReading::Nothing,
        }
    }

    /// Reads what the first sequence parameter set says of the pictures, and reports it if that is
    /// new. Returns the duration of a frame, where it is stated.
    #[cold]
    fn describe(&mut self, findings: &mut Findings) -> Option<TickSpan> {
        let format = self.headers.picture_format()?;
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

    /// Returns whether NAL units wait for the next picture.
    #[inline]
    pub(crate) fn has_carried(&self) -> bool {
        !self.carry.bytes().is_empty()
    }

    fn carried_unit(&self) -> AccessUnit<'_> {
        AccessUnit::of_byte_stream(self.carry.bytes(), self.headers.packing().coding())
    }

    /// Forgets the NAL units that waited: their picture was written or dropped.
    #[inline]
    pub(crate) const fn drop_carried(&mut self) {
        self.carry.clear();
    }

    /// Returns the parameter sets in force.
    pub(crate) const fn sets(&self) -> &ParameterSets {
        self.headers.sets()
    }

    /// Returns the parameter sets in force as a byte stream.
    pub(crate) fn parameter_sets(&self) -> &[u8] {
        self.sets().byte_stream()
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
            WithSets::Yes => self.sets().byte_stream(),
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
        if self.sets().all_among(in_band) { WithSets::No } else { WithSets::Yes }
    }
}

/// Whether the parameter sets in force go before a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithSets {
    Yes,
    No,
}
