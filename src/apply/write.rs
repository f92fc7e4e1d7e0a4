//! How pictures and audio go into the open segment.

use super::Apply;
use crate::audio::GATHERED;
use crate::codec::nal::AnnexB;
use crate::demux::WithSets;
use crate::mux::fmp4::{FragmentHead, Payload};
use crate::mux::ts::TsPackets;
use crate::mux::{AudioFraming, AudioPes, Container, Headers, Muxer, Output, PictureUnit};
use crate::notice::{NoticeAmount, NoticeKind};
use crate::sample::{AudioBatch, AudioFrame, FrameHead, MAX_PES_AUDIO_LEN, PictureInput};
use crate::sink::SegmentSink;
use crate::snapshot::Snapshot;
use crate::time::Ticks;
use crate::timeline::{AudioTime, Origin, Repair, VideoTimes};

/// The open segment on its way to the sink.
pub(super) struct SegmentWriter<'a, S: ?Sized> {
    sink: &'a mut S,
    bytes: &'a mut u64,
}

impl<S: SegmentSink + ?Sized> Output for SegmentWriter<'_, S> {
    type Error = S::Error;

    #[inline(always)]
    fn packets(&mut self, packets: TsPackets<'_>) -> Result<(), S::Error> {
        self.sink.write_packets(packets)?;
        *self.bytes += packets.len() as u64;
        Ok(())
    }

    #[inline(always)]
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), S::Error> {
        self.sink.write_payload(payload)?;
        *self.bytes += payload.len() as u64;
        Ok(())
    }

    fn head(&mut self, head: FragmentHead<'_>) -> Result<(), S::Error> {
        self.sink.close_fragment(head)?;
        *self.bytes += head.len() as u64;
        Ok(())
    }
}

impl<C: Container, S: SegmentSink + ?Sized> Apply<'_, C, S> {
    /// Lets the container write into the open segment, if there is one.
    #[inline]
    pub(super) fn write(
        &mut self,
        write: impl FnOnce(&mut C::Muxer, &mut SegmentWriter<'_, S>) -> Result<(), S::Error>,
    ) {
        let Some(open) = self.channel.state.phase.open_mut() else {
            return;
        };
        let mut out = SegmentWriter { sink: self.sink, bytes: &mut open.bytes };
        let written = write(&mut self.channel.mux, &mut out);
        self.keep_segment(written);
    }

    /// Writes a picture into the open segment.
    #[inline(always)]
    pub(super) fn write_picture(&mut self, picture: &PictureInput<'_>, times: VideoTimes) {
        let channel = &mut *self.channel;
        let Some(open) = channel.state.phase.open_mut() else {
            // The segment was lost to a failed call: a key frame begins another.
            return;
        };
        let begins = !open.has_pictures();
        let is_access_point = picture.key_frame || picture.contents.random_access || begins;
        let with_sets =
            if is_access_point { channel.video.needs_sets(picture.unit) } else { WithSets::No };
        let access_unit = channel.video.annex_b(picture, with_sets);
        let unit = PictureUnit {
            dts: times.dts,
            pts: times.pts,
            access_unit: &access_unit,
            coding: picture.unit.coding(),
            slice_types: picture.contents.delimiter,
            key_frame: picture.key_frame,
            repeats_sets: C::Muxer::HEADERS == Headers::InInit
                && (picture.contents.parameter_sets || channel.video.has_carried())
                && channel.mux.repeats(channel.video.sets()),
            interval: channel.state.video.clock.interval(),
        };
        let mut out = SegmentWriter { sink: self.sink, bytes: &mut open.bytes };
        let written = channel.mux.picture(&mut out, &unit);
        if picture.key_frame && channel.snapshots.take(times.dts) {
            self.sink.snapshot(Snapshot {
                pts: times.pts,
                parameter_sets: match with_sets {
                    WithSets::Yes => &[],
                    WithSets::No => channel.video.parameter_sets(),
                },
                access_unit,
            });
        }
        open.add_picture(times.dts);
        if picture.key_frame {
            open.add_key_frame(times.dts);
        }
        let len = access_unit.len();
        channel.totals.video.meter.add(times.dts, 1, len);
        channel.video.drop_carried();
        self.keep_segment(written);
    }

    /// Writes further slices of the last picture, if that was written into the open segment.
    pub(super) fn write_rest_of_picture(&mut self, rest: &PictureInput<'_>) {
        let channel = &mut *self.channel;
        let Some(open) = channel.state.phase.open_mut().filter(|open| open.has_pictures()) else {
            return self.tally(NoticeKind::VideoBeforeKeyFrame, 1);
        };
        let access_unit = AnnexB::further_slices(rest.unit, channel.state.options.filler);
        let mut out = SegmentWriter { sink: self.sink, bytes: &mut open.bytes };
        let written = channel.mux.rest_of_picture(&mut out, &access_unit);
        channel.totals.video.meter.add_to_last(access_unit.len());
        self.keep_segment(written);
    }

    /// Tells what was wrong with the times of a picture.
    #[cold]
    pub(super) fn tell_video_times(&mut self, times: VideoTimes) {
        if times.wild {
            self.tally(NoticeKind::WildComposition, 1);
        }
        self.tell_repair(NoticeKind::VideoRepair, times.dts, times.repair);
    }

    /// Counts a repair; only the first one of its run is told.
    #[cold]
    fn tell_repair(&mut self, kind: NoticeKind, time: Ticks, repair: Repair) {
        match repair {
            Repair::None => {}
            Repair::First(by) => self.note(kind, time, NoticeAmount::Span(by)),
            Repair::Further(_) => self.channel.notices.count(kind),
        }
    }

    /// Returns whether a segment can take audio.
    pub(super) fn takes_audio(&self) -> bool {
        let state = &self.channel.state;
        state.phase.is_open() && !state.timeline.alignment.is_audio_early()
    }

    /// Places audio on the timeline, and gathers it for a PES packet of the open segment.
    #[inline(always)]
    pub(super) fn gather(&mut self, batch: &AudioBatch<'_>) {
        let placed = self.channel.state.audio.clock.place(batch);
        if placed.origin != Origin::Follows {
            self.tell_audio_time(&placed);
        }
        match batch.only_frame(placed) {
            Some(frame) => self.gather_frame(&frame),
            None => self.gather_each(batch, placed),
        }
        if let Some(last) = self.channel.mux.last_video() {
            self.flush_late_audio(last);
        }
    }

    #[inline(never)]
    fn gather_each(&mut self, batch: &AudioBatch<'_>, placed: AudioTime) {
        batch.for_each(placed, |frame| self.gather_frame(frame));
    }

    #[cold]
    fn tell_audio_time(&mut self, placed: &AudioTime) {
        match placed.origin {
            Origin::Follows | Origin::Tag => {}
            Origin::Reanchored(drift) => {
                self.note(NoticeKind::AudioReanchor, placed.pts, NoticeAmount::Span(drift));
            }
            Origin::Repaired(repair) => {
                self.tell_repair(NoticeKind::AudioRepair, placed.pts, repair);
            }
        }
    }

    #[inline(always)]
    fn gather_frame(&mut self, frame: &AudioFrame<'_>) {
        match C::Muxer::FRAMING {
            AudioFraming::Adts => self.gather_framed(frame),
            AudioFraming::Raw => self.gather_framed(&frame.without_head()),
        }
    }

    #[inline(always)]
    fn gather_framed(&mut self, frame: &AudioFrame<'_>) {
        if !self.channel.state.audio.gather.join(frame) {
            self.gather_apart(*frame);
        }
    }

    /// Returns a frame as the container takes it.
    #[inline(always)]
    fn framed<'f>(frame: &AudioFrame<'f>) -> AudioFrame<'f> {
        match C::Muxer::FRAMING {
            AudioFraming::Adts => *frame,
            AudioFraming::Raw => frame.without_head(),
        }
    }

    /// Writes what was gathered, and begins the next PES packet with a frame.
    #[inline(never)]
    fn gather_apart(&mut self, frame: AudioFrame<'_>) {
        self.flush_audio();
        let state = &mut self.channel.state;
        if state.phase.is_open() && !state.audio.gather.push(&frame) {
            self.write_alone(&frame);
        }
    }

    /// Writes a frame that is too large to be gathered with others.
    #[cold]
    fn write_alone(&mut self, frame: &AudioFrame<'_>) {
        let header = match &frame.head {
            FrameHead::Adts(header) => header.as_slice(),
            FrameHead::None | FrameHead::AdtsAndLayout(..) => &[],
        };
        let pes = AudioPes {
            pts: frame.pts,
            end: frame.end(),
            header,
            bytes: frame.payload,
            frames: &[frame.gathered()],
            video_is_silent: self.channel.state.timeline.video_is_silent(),
        };
        if let Some(open) = self.channel.state.phase.open_mut() {
            open.add_audio(frame.end(), 1);
            let meter = &mut self.channel.totals.audio.meter;
            meter.add(frame.pts, 1, frame.len());
        }
        self.write(|mux, out| mux.audio(out, &pes));
    }

    /// Holds audio while no segment can take it; what does not fit pushes the oldest out.
    pub(super) fn hold(&mut self, batch: &AudioBatch<'_>) {
        let state = &mut self.channel.state;
        let kind = if state.timeline.alignment.is_audio_early() {
            NoticeKind::AudioWrongTimeline
        } else {
            NoticeKind::AudioBeforeKeyFrame
        };
        let placed = state.audio.clock.place(batch);
        if batch.is_one_larger_than(MAX_PES_AUDIO_LEN) {
            state.audio.clock.detach();
            return self.tally(kind, 1);
        }
        batch.for_each(placed, |frame| {
            let frame = Self::framed(frame);
            let gather = &mut self.channel.state.audio.gather;
            let dropped = gather.make_room(frame.len());
            gather.push(&frame);
            self.tally(kind, dropped);
        });
    }

    /// Writes the audio that was gathered if its oldest frame has waited long enough at `now`.
    #[inline]
    pub(super) fn flush_late_audio(&mut self, now: Ticks) {
        if self.channel.state.audio.gather.span_to(now) >= GATHERED {
            self.flush_audio();
        }
    }

    /// Writes the audio that was gathered into the open segment.
    #[inline(never)]
    pub(super) fn flush_audio(&mut self) {
        let channel = &mut *self.channel;
        let state = &mut channel.state;
        let Some(first) = state.audio.gather.first_pts() else {
            return;
        };
        if state.timeline.alignment.is_audio_early() {
            return;
        }
        let Some(open) = state.phase.open_mut() else {
            return;
        };
        let video_is_silent = state.timeline.video_is_silent();
        let mut out = SegmentWriter { sink: self.sink, bytes: &mut open.bytes };
        let mut written = Ok(());
        let mut end = first;
        let (mut frames, mut len) = (0, 0);
        for packet in state.audio.gather.packets() {
            let pes = AudioPes {
                pts: packet.pts,
                end: packet.end,
                header: &[],
                bytes: packet.bytes,
                frames: packet.frames,
                video_is_silent,
            };
            written = channel.mux.audio(&mut out, &pes);
            end = packet.end;
            frames += packet.frames.len() as u32;
            len += packet.bytes.len();
            if written.is_err() {
                break;
            }
        }
        state.audio.gather.clear();
        open.add_audio(end, frames);
        channel.totals.audio.meter.add(first, u64::from(frames), len);
        self.keep_segment(written);
    }
}
