//! From a reading to a plan, and on to the sink: the same for tags, tracks and frames.

use crate::apply::{Apply, Channel};
use crate::cut::{PictureFate, Quiet, decide_audio, decide_picture};
use crate::demux::{AudioReading, Findings, ReadError, VideoReading};
use crate::error::Error;
use crate::mux::Container;
use crate::notice::NoticeKind;
use crate::sample::{AudioBatch, PictureInput};
use crate::sink::SegmentSink;
use crate::time::FlvTime;

/// An engine with a sink lent to it, for what was read in one call.
pub(super) struct Take<'a, C: Container, S: SegmentSink + ?Sized> {
    pub(super) channel: &'a mut Channel<C>,
    /// What the tag or frame was found to be.
    pub(super) findings: &'a mut Findings,
    pub(super) sink: &'a mut S,
}

impl<C: Container, S: SegmentSink + ?Sized> Take<'_, C, S> {
    fn apply(&mut self) -> Apply<'_, C, S> {
        Apply::new(self.channel, self.sink)
    }

    /// Takes what was read of video in a tag of this time.
    pub(super) fn video_at(
        &mut self,
        time: FlvTime,
        reading: &Result<VideoReading<'_>, ReadError>,
    ) -> Result<(), Error<S::Error>> {
        let result = self.video(reading);
        if let Ok(VideoReading::NotCarried) = reading {
            self.tell_nothing_carried(time);
        }
        result
    }

    /// Takes what was read of audio in a tag of this time.
    pub(super) fn audio_at(
        &mut self,
        time: FlvTime,
        reading: Result<AudioReading<'_>, ReadError>,
    ) -> Result<(), Error<S::Error>> {
        let is_carried =
            !matches!(reading, Ok(AudioReading::NotCarried | AudioReading::Refused(_)));
        let result = self.audio(reading);
        if !is_carried {
            self.tell_nothing_carried(time);
        }
        result
    }

    /// Takes what was read of video.
    pub(super) fn video(
        &mut self,
        reading: &Result<VideoReading<'_>, ReadError>,
    ) -> Result<(), Error<S::Error>> {
        let now = self.channel.state.now;
        if let Ok(VideoReading::Picture(picture)) = reading {
            self.channel.state.now = picture.timing.tag;
        }
        self.tell_findings();
        self.channel.state.now = now;
        match reading {
            Ok(VideoReading::Picture(picture)) => {
                let state = &mut self.channel.state;
                let stream_type = picture.unit.coding().stream_type();
                if picture.decodable && state.video.track.stream_type() != Some(stream_type) {
                    state.video.track.recode(stream_type);
                    state.quiet = Quiet::NEVER;
                }
                self.picture(picture).map_err(Error::Sink)
            }
            Ok(VideoReading::Nothing) => Ok(()),
            Ok(VideoReading::NotCarried) => {
                self.channel.state.video_is_not_carried();
                Ok(())
            }
            Ok(VideoReading::Header { stated_interval }) => {
                let stream_type = self.channel.video.coding().stream_type();
                self.channel.state.meet_video(stream_type, *stated_interval);
                Ok(())
            }
            Err(error) => self.pass_over(*error),
        }
    }

    /// Judges a picture, decides on it, and works out until when nothing more can happen.
    fn picture(&mut self, picture: &PictureInput<'_>) -> Result<(), S::Error> {
        let verdict = self.channel.state.timeline.judge_video(picture.timing.tag, picture.kind());
        let plan = decide_picture(&self.channel.state, verdict, picture);
        if plan.fate == PictureFate::Written {
            self.channel.state.video.take(&picture.contents);
        }
        let mut apply = self.apply();
        apply.picture(&plan, picture);
        let result = apply.result();
        self.channel.state.quiet = Quiet::after(&self.channel.state);
        result
    }

    /// Takes what was read of audio.
    pub(super) fn audio(
        &mut self,
        reading: Result<AudioReading<'_>, ReadError>,
    ) -> Result<(), Error<S::Error>> {
        self.tell_findings();
        match reading {
            Ok(AudioReading::Batch(batch)) => {
                self.channel.state.audio.track.stay();
                self.batch(batch).map_err(Error::Sink)
            }
            Ok(AudioReading::Described { format, batch }) => {
                self.apply().audio_format(format);
                self.batch(batch).map_err(Error::Sink)
            }
            Ok(AudioReading::Nothing) => Ok(()),
            Ok(AudioReading::NotCarried) => {
                self.channel.state.audio_is_not_carried();
                Ok(())
            }
            Ok(AudioReading::Refused(error)) => {
                self.channel.state.refuse_audio();
                self.pass_over(error)
            }
            Ok(AudioReading::Header(format)) => {
                self.apply().audio_format(format);
                Ok(())
            }
            Ok(AudioReading::Empty) => {
                self.channel.state.audio.clock.skip();
                Ok(())
            }
            Err(error) => self.pass_over(error),
        }
    }

    /// Tells, once, that all media so far is of codecs that are not carried.
    #[cold]
    fn tell_nothing_carried(&mut self, time: FlvTime) {
        if self.channel.state.nothing_is_carried(time) {
            self.apply().tally(NoticeKind::NothingCarried, 1);
        }
    }

    /// Judges audio frames, decides on them, and works out until when nothing more can happen.
    fn batch(&mut self, mut batch: AudioBatch<'_>) -> Result<(), S::Error> {
        let judged = self.channel.state.timeline.judge_audio(batch.time);
        batch.time = judged.time;
        let plan = decide_audio(&self.channel.state, &judged, &batch);
        let mut apply = self.apply();
        apply.audio(&plan, &judged, &batch);
        let result = apply.result();
        self.channel.state.quiet = Quiet::after(&self.channel.state);
        result
    }

    /// Tells the sink what reading the tag has brought to light.
    #[inline(never)]
    fn tell_findings(&mut self) {
        if !self.findings.is_empty() {
            let findings = self.findings.take();
            self.apply().findings(&findings);
        }
    }

    /// Counts a tag that was passed over, and returns why.
    #[cold]
    pub(super) fn pass_over(&mut self, error: ReadError) -> Result<(), Error<S::Error>> {
        self.apply().tally(NoticeKind::BadTag, 1);
        Err(error.into())
    }
}
