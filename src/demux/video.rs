//! Video tags: sequence headers, access units, and the NAL units that wait for the picture that
//! they belong to.

use crate::codec::nal::{AccessUnit, AnnexB, Change, Contents, Packing, ParameterSets};
use crate::codec::video::{VideoCoding, VideoConfiguration};
use crate::config::{Filler, KeyFramePolicy, Options};
use crate::flv::{Tag, VideoPacket, VideoTag};
use crate::mux::Headers;
use crate::notice::{NoticeAmount, NoticeKind};
use crate::sample::{PictureInput, PictureTiming};
use crate::time::{TickSpan, Ticks};
use crate::timeline::Unroller;
use crate::track::{Track, VideoTrack};

use super::carry::Carry;
use super::found::{FoundUnit, KeyClaim};
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
    headers: Headers,
}

impl VideoDemux {
    pub(crate) fn new(options: &Options, headers: Headers) -> Self {
        Self {
            packing: Packing::new(VideoCoding::default(), 4),
            reorder_frames: 0,
            key_frames: options.key_frames,
            filler: options.filler,
            sets: ParameterSets::new(VideoCoding::default()),
            next_sets: None,
            header_digest: 0,
            carry: Carry::new(),
            headers,
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
        if VideoCoding::of(picture.codec) != Some(self.packing.coding()) {
            return None;
        }
        let (unit, contents) = AccessUnit::plain_slice(picture.data, self.packing)?;
        if !self.carry.is_empty() || !self.sets.are_complete() {
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
        match (video.packet, VideoCoding::of(video.codec)) {
            (VideoPacket::AccessUnit { .. }, Some(_)) if !self.is_configured() => {
                findings.add(NoticeKind::VideoBeforeHeader);
            }
            (VideoPacket::AccessUnit { .. }, Some(coding)) if coding != self.packing.coding() => {
                findings.add(NoticeKind::VideoBeforeHeader);
                return Ok(VideoReading::NotCarried);
            }
            (VideoPacket::AccessUnit { composition, data }, Some(_)) => {
                let (unit, contents) = AccessUnit::new(data, self.packing);
                let found = FoundUnit { unit, contents, composition, claim: video.frame.into() };
                return Ok(self.take(found, time, findings));
            }
            (VideoPacket::SequenceHeader(record), Some(coding)) => {
                return Ok(self.configure(coding.configuration(record)?, findings));
            }
            (VideoPacket::AccessUnit { .. } | VideoPacket::SequenceHeader(_), None) => {
                let codec = NoticeAmount::VideoCodec(video.codec);
                findings.add_codec(NoticeKind::UnsupportedVideo, codec);
                return Ok(VideoReading::NotCarried);
            }
            (VideoPacket::Ignored(_), _) => findings.add(NoticeKind::UnknownPacket),
            _ => {}
        }
        Ok(VideoReading::Nothing)
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

    /// Notes that pictures are coded otherwise from now on: what was kept of those before is of no
    /// use, and a header that has come before is no repetition.
    #[cold]
    const fn leave_coding(&mut self) {
        self.sets.suspend();
        self.carry.clear();
        self.header_digest = 0;
    }

    /// Takes how the pictures that come are coded, where no header says so.
    pub(super) fn expect(&mut self, coding: VideoCoding) {
        if coding != self.packing.coding() {
            self.leave_coding();
            self.packing = Packing::new(coding, 4);
            self.next_sets = Some(ParameterSets::new(coding));
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
        if self.is_recoded() {
            return changed;
        }
        let carried = AccessUnit::of_byte_stream(self.carry.bytes(), self.sets.coding());
        for nal_unit in carried.nal_units().chain(unit.nal_units()) {
            changed |= match self.sets.update(nal_unit) {
                Ok(Change::NewSequence) => true,
                // It has its place in an initialization section, and that is another one now.
                Ok(Change::New) => self.headers == Headers::InInit,
                Ok(Change::NewMessage | Change::Same) | Err(_) => false,
            };
        }
        changed
    }

    #[cold]
    pub(super) fn configure<'a>(
        &mut self,
        configuration: VideoConfiguration,
        findings: &mut Findings,
    ) -> VideoReading<'a> {
        let VideoConfiguration { length_len, sets, empty_entries } = configuration;
        let coding = sets.coding();
        findings.add_times(NoticeKind::EmptyNalUnit, usize::from(empty_entries));
        if coding != self.packing.coding() {
            self.leave_coding();
        }
        // Lengths change with the header; pictures change with the next key frame.
        self.packing = Packing::new(coding, length_len);
        let digest = sets.digest();
        let mut reading = VideoReading::Nothing;
        if !self.is_configured() {
            self.sets = sets;
            let stated_interval = self.describe(findings);
            reading = VideoReading::Header { stated_interval };
        } else if digest == self.sets.digest() {
            self.sets = sets;
            self.next_sets = None;
        } else if digest != self.header_digest {
            self.next_sets = Some(sets);
        }
        self.header_digest = digest;
        reading
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

    /// Returns whether NAL units wait for the next picture.
    #[inline]
    pub(crate) fn has_carried(&self) -> bool {
        !self.carry.bytes().is_empty()
    }

    fn carried_unit(&self) -> AccessUnit<'_> {
        AccessUnit::of_byte_stream(self.carry.bytes(), self.packing.coding())
    }

    /// Returns whether pictures are coded otherwise since the last header, and no key frame has
    /// come to begin with.
    #[inline]
    fn is_recoded(&self) -> bool {
        self.packing.coding() != self.sets.coding()
    }

    /// Forgets the NAL units that waited: their picture was written or dropped.
    #[inline]
    pub(crate) const fn drop_carried(&mut self) {
        self.carry.clear();
    }

    /// Returns the parameter sets in force.
    pub(crate) const fn sets(&self) -> &ParameterSets {
        &self.sets
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
