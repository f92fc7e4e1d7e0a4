//! The video track: sequence headers, access units, and where segments begin.

use crate::codec::avc::{
    AccessUnit, AnnexB, Change, Contents, DecoderConfigurationRecord, NalUnitType, ParameterSets,
    START_CODE,
};
use crate::config::{KeyFramePolicy, MidGop};
use crate::error::Error;
use crate::flv::{FrameType, Tag, VideoCodec, VideoPacket, VideoTag};
use crate::notice::NoticeKind;
use crate::rules::Decision;
use crate::segment::Cause;
use crate::sink::SegmentSink;
use crate::snapshot::Snapshot;
use crate::time::{TickSpan, Ticks};
use crate::timeline::{Step, VideoClock};
use crate::track::{Meter, Track, VideoTrack};

use super::mux::Picture;
use super::{Segmenter, SwitchAt, keep_first};

/// Bytes of NAL units that wait for the picture they belong to. A tag without picture brings a few SEI messages or
/// parameter sets, 20 to 100 bytes in what real encoders send.
const CARRY_CAPACITY: usize = 512;

/// State of the video track.
#[derive(Clone, Debug)]
pub(super) struct Video {
    pub(super) track: Option<VideoTrack>,
    length_len: usize,
    /// Parameter sets in force.
    sets: ParameterSets,
    /// Those of a sequence header that takes effect at the next key frame.
    next_sets: Option<ParameterSets>,
    /// Tells the contents of the last sequence header from those of another.
    header_digest: u64,
    reorder: Option<u32>,
    carry: [u8; CARRY_CAPACITY],
    carry_len: usize,
    pub(super) clock: VideoClock,
    /// DTS of the last picture written.
    pub(super) last: Option<Ticks>,
    pub(super) meter: Meter,
    /// The program is to list video before its sequence header has come.
    pub(super) announced: bool,
}

/// An access unit on its way into a segment.
struct Incoming<'a> {
    unit: AccessUnit<'a>,
    contents: Contents,
    tag: Ticks,
    composition: TickSpan,
    key_frame: bool,
    /// The picture has other sequence parameter sets than those before it.
    reconfigured: bool,
    /// A segment must begin here, key frame or not.
    forced_open: bool,
}

impl Video {
    pub(super) const fn new(announced: bool) -> Self {
        Self {
            track: None,
            length_len: 4,
            sets: ParameterSets::EMPTY,
            next_sets: None,
            header_digest: 0,
            reorder: None,
            carry: [0; CARRY_CAPACITY],
            carry_len: 0,
            clock: VideoClock::new(),
            last: None,
            meter: Meter::new(),
            announced,
        }
    }

    /// Says whether a sequence header has come.
    pub(super) const fn is_known(&self) -> bool {
        self.track.is_some()
    }

    /// Returns where the last picture written ends.
    pub(super) fn end(&self) -> Option<Ticks> {
        self.last.map(|last| last + self.clock.interval())
    }

    fn carried(&self) -> &[u8] {
        self.carry.get(..self.carry_len).unwrap_or_default()
    }

    /// Keeps a NAL unit for the next picture; says whether there was room.
    fn carry(&mut self, nal_unit: &[u8]) -> bool {
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

    /// Reads what the first sequence parameter set says of the pictures.
    fn describe(&mut self) -> Option<VideoTrack> {
        let sps = self.sets.sps().next()?;
        let &[_, profile, compatibility, level] = sps.first_chunk()?;
        let mut track = VideoTrack {
            codec: crate::codec::avc::CodecString::new(profile, compatibility, level),
            width: None,
            height: None,
            frame_rate: None,
        };
        #[cfg(feature = "std")]
        if let Some(picture) = crate::codec::avc::PictureInfo::parse(sps) {
            track.width = Some(picture.width);
            track.height = Some(picture.height);
            track.frame_rate = picture.frame_rate.map(|rate| (rate.num, rate.den));
            self.reorder = picture.reorder_frames;
            if let Some(rate) = picture.frame_rate {
                self.clock.expect_interval(TickSpan::new(
                    90_000 * i64::from(rate.den) / i64::from(rate.num),
                ));
            }
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
        // Lengths change with the header; pictures change with the next key frame.
        self.video.length_len = record.length_len();
        let digest = sets.digest();
        if !self.video.is_known() {
            self.video.sets = sets;
            self.announce_video(sink);
        } else if digest == self.video.sets.digest() {
            self.video.next_sets = None;
        } else if digest != self.video.header_digest {
            self.video.next_sets = Some(sets);
        }
        self.video.header_digest = digest;
        Ok(())
    }

    fn announce_video<S: SegmentSink>(&mut self, sink: &mut S) {
        let track = self.video.describe();
        if track.is_some() && track != self.video.track {
            self.video.track = track;
            if let Some(track) = track {
                sink.track(&Track::Video(track));
            }
        }
    }

    fn access_unit<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        frame: FrameType,
        composition: TickSpan,
        data: &[u8],
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), S::Error> {
        if !self.video.is_known() {
            self.tally(sink, NoticeKind::VideoBeforeHeader);
            return Ok(());
        }
        let (unit, contents) = AccessUnit::new(data, self.video.length_len);
        self.tally_contents(sink, &contents);
        if !contents.slice {
            self.carry_over(unit, sink);
            return Ok(());
        }
        let time = self.unroller.unroll(tag.time);
        self.now = time;
        let key_frame = self.is_key_frame(sink, frame, unit, &contents);
        let step = self.timeline.video(time);
        if let Step::Jump(by) = step {
            self.note(sink, NoticeKind::TimelineJump, time, by.get());
            self.break_timeline(sink, trouble);
            let held = self.audio.queue.first_pts();
            if !held.is_some_and(|pts| self.timeline.adopt_audio(pts)) {
                self.drop_held(sink, NoticeKind::AudioAstray);
                self.audio.clock.restart();
            }
            self.audio.ahead = false;
        }
        let forced_open =
            matches!(step, Step::Jump(_)) && self.muxed && self.config.mid_gop == MidGop::Keep;
        let reconfigured = self.take_parameter_sets(sink, unit, &contents, key_frame);
        let incoming = Incoming {
            unit,
            contents,
            tag: time,
            composition,
            key_frame,
            reconfigured,
            forced_open,
        };
        self.place_picture(incoming, sink, trouble)
    }

    /// Counts what was odd about the NAL units.
    fn tally_contents<S: SegmentSink>(&mut self, sink: &mut S, contents: &Contents) {
        for _ in 0..contents.empty {
            self.tally(sink, NoticeKind::EmptyNalUnit);
        }
        if contents.truncated {
            self.tally(sink, NoticeKind::TruncatedNalUnit);
        }
        if contents.start_codes {
            self.tally(sink, NoticeKind::StartCodes);
        }
    }

    /// Keeps the NAL units of a tag without picture for the next picture.
    fn carry_over<S: SegmentSink>(&mut self, unit: AccessUnit<'_>, sink: &mut S) {
        for nal_unit in unit.nal_units() {
            let delimiter = NalUnitType::of(nal_unit) == NalUnitType::DELIMITER;
            if !delimiter && !self.video.carry(nal_unit) {
                self.tally(sink, NoticeKind::NoPicture);
            }
        }
    }

    fn is_key_frame<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        frame: FrameType,
        unit: AccessUnit<'_>,
        contents: &Contents,
    ) -> bool {
        let flag = frame == FrameType::KEY || frame == FrameType::GENERATED_KEY;
        match (flag, contents.idr) {
            (true, false) => self.tally(sink, NoticeKind::KeyFlagWithoutIdr),
            (false, true) => self.tally(sink, NoticeKind::IdrWithoutKeyFlag),
            _ => {}
        }
        match self.config.key_frames {
            KeyFramePolicy::Idr => contents.idr,
            KeyFramePolicy::IdrOrRecoveryPoint => contents.idr || unit.has_recovery_point(),
            KeyFramePolicy::FrameType => flag,
        }
    }

    /// Puts parameter sets that came with this picture, or wait for a key frame, in force. Says whether the sequence
    /// parameter sets of a key frame differ from those before it.
    fn take_parameter_sets<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        unit: AccessUnit<'_>,
        contents: &Contents,
        key_frame: bool,
    ) -> bool {
        let mut changed = false;
        if key_frame
            && let Some(sets) = self.video.next_sets.take() {
                self.video.sets = sets;
                changed = true;
            }
        if contents.parameter_sets || self.video.carry_len > 0 {
            let Video {
                sets,
                carry,
                carry_len,
                ..
            } = &mut self.video;
            let carried = carry.get(..*carry_len).unwrap_or_default();
            for nal_unit in AccessUnit::of_byte_stream(carried)
                .nal_units()
                .chain(unit.nal_units())
            {
                let new = sets.update(nal_unit) == Ok(Change::New);
                changed |= new && NalUnitType::of(nal_unit) == NalUnitType::SPS;
            }
        }
        if changed {
            self.announce_video(sink);
        }
        changed && key_frame
    }

    /// Decides which segment a picture belongs to, and writes it.
    fn place_picture<S: SegmentSink>(
        &mut self,
        incoming: Incoming<'_>,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), S::Error> {
        let joins = self.segments.is_open() && self.mux.program().video.is_none();
        let mut may_begin = incoming.key_frame || incoming.forced_open;
        if joins || !self.segments.is_open() {
            may_begin = may_begin || self.patience_ends(incoming.tag);
            if !may_begin {
                self.tally(sink, NoticeKind::VideoBeforeKeyFrame);
                self.video.carry_len = 0;
                return Ok(());
            }
        }
        let times = self
            .video
            .clock
            .place(incoming.tag, incoming.composition, self.video.reorder);
        if times.wild {
            self.tally(sink, NoticeKind::WildComposition);
        }
        if let Some(by) = times.repaired {
            self.repaired(
                sink,
                NoticeKind::VideoRepair,
                times.dts,
                by,
                times.run_begins,
            );
        }
        if self.segments.is_open() {
            let flushed = self.flush_late_audio(sink, times.dts);
            keep_first(trouble, flushed);
            if let Some((cause, breaks)) = self.switch_at_picture(&incoming, times.dts, joins) {
                may_begin |= self.switch(sink, trouble, times.dts, cause, breaks);
            }
        }
        if !self.segments.is_open() {
            if !may_begin {
                // The segment was lost to a failed call: the next key frame begins another.
                return Ok(());
            }
            self.begin(sink, times.dts, incoming.contents.idr)?;
        }
        self.write_picture(&incoming, times, sink)
    }

    /// Says whether video without a key frame has been waited for long enough to take it as it is.
    fn patience_ends(&mut self, time: Ticks) -> bool {
        let since = *self.waiting_since.get_or_insert(time);
        self.rule
            .patience()
            .is_some_and(|patience| time - since >= patience)
    }

    /// Returns why a switch comes before this picture, and whether the new segment breaks with the old one.
    fn switch_at_picture(
        &mut self,
        incoming: &Incoming<'_>,
        dts: Ticks,
        joins: bool,
    ) -> Option<(Cause, bool)> {
        let age = dts - self.segments.open_since()?;
        if joins {
            return Some((Cause::TrackChange, true));
        }
        if incoming.reconfigured {
            return Some((Cause::ConfigChange, true));
        }
        if incoming.key_frame
            && let Some(cause) = self.audio_waits_to_join() {
                return Some((cause, true));
            }
        if self.requested == Some(SwitchAt::Once) || self.requested.is_some() && incoming.key_frame
        {
            return Some((Cause::Requested, false));
        }
        if self.rule.breaks_target(age) {
            return Some((Cause::Discontinuity, true));
        }
        match self
            .rule
            .video(age, incoming.key_frame, self.video.clock.interval())
        {
            Decision::Switch(cause) => Some((cause, false)),
            Decision::Stay => None,
        }
    }

    fn write_picture<S: SegmentSink>(
        &mut self,
        incoming: &Incoming<'_>,
        times: crate::timeline::VideoTimes,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let Self {
            video,
            mux,
            segments,
            snapshots,
            config,
            ..
        } = self;
        let begins = segments.open_since() == Some(times.dts);
        // In-band sets stay where they are; sets in force that are not among them go before.
        let in_band = || {
            AccessUnit::of_byte_stream(video.carried())
                .nal_units()
                .chain(incoming.unit.nal_units())
        };
        let needs_sets = (incoming.key_frame || incoming.contents.idr || begins)
            && !video.sets.all_among(in_band());
        let sets = if needs_sets {
            video.sets.annex_b()
        } else {
            &[]
        };
        let access_unit = AnnexB::new(
            sets,
            video.carried(),
            (incoming.unit, incoming.contents),
            config.filler,
        );
        let picture = Picture {
            times,
            access_unit,
            delimiter: incoming.contents.delimiter,
            key_frame: incoming.key_frame,
            interval: video.clock.interval(),
        };
        let Some(mut out) = segments.output(sink) else {
            return Ok(());
        };
        let written = mux.video(&mut out, &picture);
        if incoming.key_frame && snapshots.take(times.dts) {
            let parameter_sets = if needs_sets {
                &[]
            } else {
                video.sets.annex_b()
            };
            sink.snapshot(Snapshot {
                pts: times.pts,
                parameter_sets,
                access_unit,
            });
        }
        video.meter.add(times.dts, 1, access_unit.len());
        video.carry_len = 0;
        video.last = Some(times.dts);
        segments.count(times.dts, 1, incoming.key_frame);
        self.survive(sink, written)
    }
}
