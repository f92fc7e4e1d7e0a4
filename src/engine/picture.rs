//! Pictures: which segment they belong to, what goes before them, and how they are written.

use crate::codec::avc::{AccessUnit, AnnexB, Contents, Filler, NalUnitType};
use crate::config::{KeyFramePolicy, MidGop};
use crate::flv::{FrameType, Tag};
use crate::notice::NoticeKind;
use crate::rules::Decision;
use crate::segment::Cause;
use crate::sink::SegmentSink;
use crate::snapshot::Snapshot;
use crate::time::{TickSpan, Ticks};
use crate::timeline::{Step, VideoTimes};

use super::lifecycle::{Cut, First, Seam, keep_first};
use super::output::Picture;
use super::{Segmenter, SwitchAt};

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

impl Segmenter {
    pub(super) fn access_unit<S: SegmentSink>(
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
            // Audio that was ahead may be where video is now; all other that waits is behind.
            let ahead = self.audio.is_ahead();
            let held = self.audio.queue.first_pts().filter(|_| ahead);
            if !held.is_some_and(|pts| self.timeline.adopt_audio(pts)) {
                self.drop_held(sink, NoticeKind::AudioAstray);
                self.audio.clock.restart();
            }
            self.audio.forget_clock_aside();
        }
        let forced_open =
            matches!(step, Step::Jump(_)) && self.muxed && self.config.mid_gop == MidGop::Keep;
        let changed = self.video.brings_parameter_sets(&contents, key_frame)
            && self.video.take_parameter_sets(unit, &contents, key_frame);
        if changed {
            self.announce_video(sink);
        }
        if !self.video.sets.are_complete() {
            self.tally(sink, NoticeKind::VideoBeforeHeader);
            self.video.drop_carried();
            return Ok(());
        }
        let incoming = Incoming {
            unit,
            contents,
            tag: time,
            composition,
            key_frame,
            reconfigured: changed && key_frame,
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
            let superfluous = match NalUnitType::of(nal_unit) {
                NalUnitType::DELIMITER => true,
                NalUnitType::FILLER => self.config.filler == Filler::Drop,
                _ => false,
            };
            if !superfluous && !self.video.carry(nal_unit) {
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
            KeyFramePolicy::IdrOrRecoveryPoint => {
                let carried = AccessUnit::of_byte_stream(self.video.carried());
                contents.idr || unit.has_recovery_point() || carried.has_recovery_point()
            }
            KeyFramePolicy::FrameType => flag,
        }
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
                self.video.drop_carried();
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
            if let Some((cause, seam)) = self.switch_at_picture(&incoming, times.dts, joins) {
                let at = times.dts;
                may_begin |= self.switch(sink, trouble, Cut { at, cause, seam });
            }
        }
        if !self.segments.is_open() {
            if !may_begin {
                // The segment was lost to a failed call: the next key frame begins another.
                return Ok(());
            }
            let idr = incoming.contents.idr;
            self.begin(sink, times.dts, First::Picture { idr })?;
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

    /// Returns why a switch comes before this picture, and how the new segment joins on.
    #[inline]
    fn switch_at_picture(
        &mut self,
        incoming: &Incoming<'_>,
        dts: Ticks,
        joins: bool,
    ) -> Option<(Cause, Seam)> {
        let age = dts - self.segments.open_since()?;
        if joins {
            return Some((Cause::TrackChange, Seam::Broken));
        }
        if incoming.reconfigured {
            return Some((Cause::ConfigChange, Seam::Broken));
        }
        if incoming.key_frame
            && let Some(cause) = self.audio_waits_to_join()
        {
            return Some((cause, Seam::Broken));
        }
        if age <= TickSpan::ZERO {
            // Video that comes back may be before a segment that audio began meanwhile: that has no end there.
            return None;
        }
        if self.requested == Some(SwitchAt::Once) || self.requested.is_some() && incoming.key_frame
        {
            return Some((Cause::Requested, Seam::Whole));
        }
        if self.rule.breaks_target(age) {
            return Some((Cause::Discontinuity, Seam::Broken));
        }
        match self
            .rule
            .video(age, incoming.key_frame, self.video.clock.interval())
        {
            Decision::Switch(cause) => Some((cause, Seam::Whole)),
            Decision::Stay => None,
        }
    }

    fn write_picture<S: SegmentSink>(
        &mut self,
        incoming: &Incoming<'_>,
        times: VideoTimes,
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
        let begins = segments.last_picture().is_none();
        // In-band sets stay where they are; sets in force that are not among them go before.
        let in_band = || {
            AccessUnit::of_byte_stream(video.carried())
                .nal_units()
                .chain(incoming.unit.nal_units())
                .take_while(|unit| !NalUnitType::of(unit).is_slice())
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
            dts: times.dts,
            pts: times.pts,
            access_unit: &access_unit,
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
        video.wrote(times.dts, access_unit.len());
        segments.wrote_picture(times.dts, incoming.key_frame);
        self.survive(sink, written)
    }
}
