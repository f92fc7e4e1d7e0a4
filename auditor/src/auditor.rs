//! The sink that checks: how it is set up, what it found, and how calls reach it.

use hls_segmenter::config::{KeyFramePolicy, Options, Parts, WindowPolicy};
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::notice::Notice;
use hls_segmenter::playlist::{ListedSegment, Playlist};
use hls_segmenter::time::TickSpan;
use hls_segmenter::ts::{Pid, TsPackets};
use hls_segmenter::{
    AbortedSegment, ExpiredSegment, Part, ResumeToken, Segment, SegmentSink, SegmentStart,
    Snapshot, Track,
};

use super::es::ElementaryUnit;
use super::event::{Call, Event};
use super::judge::Judge;
use super::recorder::{Discard, copy_head, copy_packets, copy_payload, playlist_texts};
use super::token::Resumed;
use super::violation::Violation;

/// Wraps a sink, passes everything through unchanged, and judges all of it.
///
/// It never fails and never panics by itself: what it finds it keeps, as
/// [`violations`](Self::violations). Wrap the whole sink: beside another one in a tuple the auditor
/// does not see that one's errors, and takes the abort that follows for a mistake. What it knows it
/// has from the output alone, through parsers of its own.
///
/// ```
/// use hls_segmenter::{Config, End, Segmenter};
/// use hls_segmenter_auditor::{Auditor, Discard};
///
/// let mut auditor = Auditor::new(Discard).frag_count(3);
/// let mut segmenter = Segmenter::new(Config::default());
/// segmenter.finish(End::List, &mut auditor)?;
/// auditor.assert_clean();
/// # Ok::<(), hls_segmenter::Error<core::convert::Infallible>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Auditor<S = Discard> {
    inner: S,
    judge: Judge,
    /// What a call hands over, copied.
    bytes: Vec<u8>,
}

impl<S> Auditor<S> {
    /// Wraps a sink, for a list that begins with it.
    pub fn new(inner: S) -> Self {
        Self { inner, judge: Judge::new(), bytes: Vec::new() }
    }

    /// Wraps a sink, for an engine with these options.
    pub fn with_options(inner: S, options: &Options) -> Self {
        let auditor = Self::new(inner)
            .key_frames(options.key_frames)
            .jump_limit(options.jump_limit)
            .part_target(options.parts.map(Parts::target));
        match options.window {
            WindowPolicy::Exactly => auditor.frag_count(options.frag_count.get()),
            WindowPolicy::AtLeastThreeTargets => auditor,
        }
    }

    /// Holds playlists to so many segments; without this they may list any number.
    #[must_use]
    pub const fn frag_count(mut self, count: usize) -> Self {
        self.judge.history.frag_count = Some(count);
        self
    }

    /// Tells what a key frame is; [`KeyFramePolicy::Idr`] if not told. Under
    /// [`KeyFramePolicy::FrameType`] nothing in the output says where `random_access_indicator`
    /// belongs.
    #[must_use]
    pub const fn key_frames(mut self, policy: KeyFramePolicy) -> Self {
        self.judge.settings.key_frames = policy;
        self
    }

    /// Tells the longest step of time that is no break; 10 s if not told.
    #[must_use]
    pub const fn jump_limit(mut self, limit: TickSpan) -> Self {
        self.judge.jump_limit = limit;
        self
    }

    /// Tells the Part Target Duration, where parts are made.
    #[must_use]
    pub const fn part_target(mut self, target: Option<TickSpan>) -> Self {
        self.judge.parts.target = target;
        self
    }

    /// Allows two pictures, the fields of one frame, in a PES packet.
    #[must_use]
    pub const fn field_pairs(mut self, allowed: bool) -> Self {
        self.judge.settings.field_pairs = allowed;
        self
    }

    /// Leaves out what only a sound source can bring about, because the engine passes it on as it
    /// is: one picture in a tag, parameter sets without start codes in them, slices whose
    /// parameter sets exist, MPEG audio in whole frames, tracks that come while their time has not
    /// passed. For fuzzing.
    #[must_use]
    pub const fn any_input(mut self, allowed: bool) -> Self {
        self.judge.settings.any_input = allowed;
        self.judge.media.demux.let_late_frames_pass(allowed);
        self
    }

    /// Keeps the access units and audio frames of segments that were not aborted, for
    /// [`elementary`](Self::elementary).
    #[must_use]
    pub fn record(mut self, wanted: bool) -> Self {
        self.judge.units = wanted.then(Vec::new);
        self
    }

    /// Goes on with the list of an earlier engine, as
    /// [`Segmenter::resume`](hls_segmenter::Segmenter::resume) does with the same token and
    /// segments. An auditor that saw all of that list itself needs no telling.
    pub fn resume(&mut self, token: &ResumeToken, listed: &[ListedSegment]) {
        let Some(resumed) = Resumed::of(token) else {
            return;
        };
        self.judge.numbers.resume(&resumed);
        self.judge.history.resume(listed, resumed.discontinuity_sequence, resumed.target_secs);
        let pids = [Pid::PAT, Pid::PMT, Pid::VIDEO, Pid::AUDIO].map(Pid::get);
        self.judge.media.demux.expect_counters(pids.into_iter().zip(resumed.counters));
        // In fMP4 the number of the next fragment stands there.
        self.judge.sections.expect_fragment(u32::from_be_bytes(resumed.counters));
    }

    /// Tells that the engine took a segment for [lost](hls_segmenter::Segmenter::lost): the next
    /// version has EXT-X-GAP there, and no version has it anywhere else.
    pub fn lost(&mut self, id: u64) {
        self.judge.take(Call::Lost(id), true);
    }

    /// Judges a call that was recorded, or made up, as if it came through the sink; the inner sink
    /// does not see it.
    pub fn observe(&mut self, event: &Event) {
        let (call, ok) = event.call();
        self.judge.take(call, ok);
    }

    /// Returns what was found so far, in the order of the calls: the first thousand.
    pub fn violations(&self) -> &[Violation] {
        self.judge.findings.kept()
    }

    /// Returns how many violations there were, those beyond the first thousand too.
    pub const fn violation_count(&self) -> u64 {
        self.judge.findings.count()
    }

    /// Says whether nothing was found.
    pub const fn is_clean(&self) -> bool {
        self.violation_count() == 0
    }

    /// Ends a test where something was found.
    ///
    /// # Panics
    ///
    /// With the first violations, a line each, unless there are none.
    #[expect(clippy::panic, reason = "this is an assertion, for tests")]
    #[track_caller]
    pub fn assert_clean(&self) {
        if !self.is_clean() {
            let lines: String = self
                .violations()
                .iter()
                .take(20)
                .map(|violation| format!("\n  {violation}"))
                .collect();
            panic!("{} violations of the output contract:{lines}", self.violation_count());
        }
    }

    /// Returns what came out, each track in the order of its PES packets; nothing unless
    /// [`record`](Self::record)ed.
    pub fn elementary(&self) -> &[ElementaryUnit] {
        self.judge.units.as_deref().unwrap_or_default()
    }

    /// Returns the sink.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// Returns the sink, to change it.
    pub const fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Gives the sink back.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: SegmentSink> SegmentSink for Auditor<S> {
    type Error = S::Error;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), S::Error> {
        let result = self.inner.open_segment(start);
        self.judge.take(Call::Open(start), result.is_ok());
        result
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), S::Error> {
        copy_packets(&packets, &mut self.bytes);
        let result = self.inner.write_packets(packets);
        self.judge.take(Call::Packets(&self.bytes), result.is_ok());
        result
    }

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), S::Error> {
        let result = self.inner.init_section(init);
        let call = Call::Init { id: init.id(), bytes: init.as_bytes() };
        self.judge.take(call, result.is_ok());
        result
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), S::Error> {
        copy_payload(&payload, &mut self.bytes);
        let result = self.inner.write_payload(payload);
        self.judge.take(Call::Payload(&self.bytes), result.is_ok());
        result
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), S::Error> {
        copy_head(&head, &mut self.bytes);
        let (payload_len, sequence) = (head.payload_len(), head.sequence_number());
        let result = self.inner.close_fragment(head);
        let call = Call::Head { bytes: &self.bytes, payload_len, sequence };
        self.judge.take(call, result.is_ok());
        result
    }

    fn close_part(&mut self, part: &Part) -> Result<(), S::Error> {
        let result = self.inner.close_part(part);
        self.judge.take(Call::Part(part), result.is_ok());
        result
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), S::Error> {
        let result = self.inner.close_segment(segment);
        self.judge.take(Call::Close(segment), result.is_ok());
        result
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), S::Error> {
        let (text, live) = playlist_texts(playlist);
        let result = self.inner.update_playlist(playlist);
        let call = Call::Playlist { text: &text, live: live.as_deref(), ended: playlist.ended() };
        self.judge.take(call, result.is_ok());
        result
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.judge.take(Call::Expire(expired), true);
        self.inner.expire_segment(expired);
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.judge.take(Call::Abort(aborted), true);
        self.inner.abort_segment(aborted);
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        self.inner.snapshot(snapshot);
    }

    fn track(&mut self, track: &Track) {
        self.inner.track(track);
    }

    fn notice(&mut self, notice: &Notice) {
        self.inner.notice(notice);
    }
}
