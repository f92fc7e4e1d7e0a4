//! A sink that keeps account: whatever the engine says must agree with what it said before.

use std::collections::HashMap;

use bytes::Buf;
use hls_segmenter::config::WindowPolicy;
use hls_segmenter::notice::Notice;
use hls_segmenter::playlist::{ListedSegment, Playlist};
use hls_segmenter::time::TickSpan;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, Config, ExpiredSegment, ResumeToken, Segment, SegmentSink, SegmentStart,
    Snapshot, Track,
};

/// Where the stream stands in the grammar of [`SegmentSink`].
#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    Open {
        start: SegmentStart,
        bytes: u64,
    },
    /// A call failed: `abort_segment` must follow, with this id.
    MustAbort {
        id: u64,
        bytes: u64,
    },
    /// A segment was closed: `update_playlist` must follow.
    MustPublish,
    /// ENDLIST was published.
    Ended,
}

/// Checks order, numbers, durations, counters and playlists, and passes everything on.
#[derive(Debug)]
pub struct Ledger<S> {
    pub inner: S,
    pub closed: Vec<Segment>,
    pub token: Option<ResumeToken>,
    pub listed: Vec<ListedSegment>,
    pub expired: usize,
    pub failed: usize,
    state: State,
    config: Config,
    counters: HashMap<u16, u8>,
    /// Ids below this were used.
    next_id: u64,
    discontinuity_sequence: u64,
    target: u32,
    /// Exact durations less EXTINFs so far.
    owed: TickSpan,
    /// The next segment has to say that it does not follow.
    broken: bool,
    scratch: Vec<u8>,
}

impl<S> Ledger<S> {
    pub fn new(config: Config, inner: S) -> Self {
        Self {
            inner,
            closed: Vec::new(),
            token: None,
            listed: Vec::new(),
            expired: 0,
            failed: 0,
            state: State::Idle,
            config,
            counters: HashMap::new(),
            next_id: 0,
            discontinuity_sequence: 0,
            target: 0,
            owed: TickSpan::ZERO,
            broken: false,
            scratch: Vec::new(),
        }
    }

    /// Says whether ENDLIST was published.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Says that no segment is open.
    pub fn assert_idle(&self) {
        assert!(matches!(self.state, State::Idle | State::Ended), "{:?} at rest", self.state);
    }

    /// Says that no duty is left over between two calls.
    pub fn assert_dutiful(&self) {
        let dutiful = matches!(self.state, State::Idle | State::Open { .. } | State::Ended);
        assert!(dutiful, "{:?} after the call", self.state);
    }

    /// The host was killed: the open segment is lost, and another engine goes on from the last
    /// playlist.
    pub fn restart(&mut self) {
        self.state = State::Idle;
        self.counters.clear();
        self.broken = true;
        // A segment that was open when the host died may have its number again.
        self.next_id = self.closed.last().map_or(0, |segment| segment.id + 1);
    }

    fn fail<E>(&mut self, id: u64, bytes: u64) -> impl FnOnce(E) -> E {
        self.failed += 1;
        self.state = State::MustAbort { id, bytes };
        self.counters.clear();
        self.broken = true;
        |error| error
    }

    fn check_packets(&mut self, first: bool) {
        for (index, packet) in self.scratch.as_chunks::<188>().0.iter().enumerate() {
            assert_eq!(packet[0], 0x47);
            assert_eq!(packet[1] & 0x80, 0, "transport_error_indicator");
            let pid = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
            let (control, counter) = (packet[3] >> 4, packet[3] & 0x0f);
            assert!(matches!(control, 1..=3), "adaptation_field_control {control}");
            if first && index < 2 {
                assert_eq!(pid, [0, 0x1000][index], "PAT and PMT come first");
            }
            if control & 1 == 1 {
                let last = self.counters.insert(pid, counter);
                let follows = last.is_none_or(|last| (last + 1) & 0x0f == counter);
                assert!(follows, "counter of PID {pid:#x} goes from {last:?} to {counter}");
            } else {
                let last = *self.counters.entry(pid).or_insert(counter);
                assert_eq!(last, counter, "counter of PID {pid:#x} without payload");
            }
            if control & 2 == 2 {
                let len = packet[4];
                assert!(if control == 2 { len == 183 } else { len <= 182 }, "field of {len} bytes");
            }
        }
        assert!(self.scratch.len() >= if first { 376 } else { 188 });
    }

    fn check_playlist(&mut self, playlist: &Playlist<'_>) {
        let listed: Vec<_> = playlist.segments().collect();
        assert!(!listed.is_empty(), "an empty playlist was published");
        assert!(listed.len() <= Playlist::MAX_SEGMENTS);
        assert_eq!(playlist.media_sequence(), listed[0].sequence);
        let segments = &self.closed[self.closed.len().saturating_sub(listed.len())..];
        assert_eq!(segments.len(), listed.len(), "more is listed than was closed");
        for (segment, entry) in segments.iter().zip(&listed) {
            let from = |segment: &Segment| {
                (segment.id, segment.sequence, segment.extinf.millis(), segment.discontinuity)
            };
            assert_eq!(
                (entry.id, entry.sequence, entry.extinf.millis(), entry.discontinuity),
                from(segment)
            );
            let secs = playlist.version().target_for(entry.extinf).secs();
            assert!(secs <= playlist.target_duration().secs(), "EXTINF over the target duration");
        }
        if self.config.options().window == WindowPolicy::Exactly {
            let want = self.closed.len().min(self.config.options().frag_count.get());
            assert_eq!(listed.len(), want, "segments in the window");
        }
        assert!(playlist.target_duration().secs() >= self.target, "the target duration shrank");
        self.target = playlist.target_duration().secs();

        // RFC 8216 §6.2.2: what left with a tag is counted.
        let left = self.listed.iter().take_while(|entry| entry.sequence < listed[0].sequence);
        let tags = left.filter(|entry| entry.discontinuity).count() as u64;
        assert_eq!(
            playlist.discontinuity_sequence(),
            self.discontinuity_sequence + tags,
            "discontinuity sequence"
        );
        self.discontinuity_sequence = playlist.discontinuity_sequence();
        let text = playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id)).to_string();
        assert_eq!(text.matches("#EXTINF:").count(), listed.len());
        assert_eq!(text.ends_with("#EXT-X-ENDLIST\n"), playlist.ended());
        self.listed = listed;
        self.token = Some(playlist.resume_token());
    }
}

impl<S: SegmentSink> SegmentSink for Ledger<S> {
    type Error = S::Error;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), S::Error> {
        assert!(matches!(self.state, State::Idle), "opened while {:?}", self.state);
        assert!(start.id >= self.next_id, "id {} was used", start.id);
        self.next_id = start.id + 1;
        match self.closed.last() {
            // There is nothing that the first one could follow.
            None => {
                assert_eq!(start.sequence, self.config.options().first_sequence);
                self.broken = false;
            }
            Some(last) => {
                assert_eq!(start.sequence, last.sequence + 1, "sequence numbers are consecutive");
                if start.discontinuity {
                    self.broken = false;
                } else {
                    assert!(!self.broken, "a segment that does not follow says that it does");
                    assert_eq!(start.start, last.start + last.duration, "segments meet");
                }
            }
        }
        if let (Some(wall), Some(last)) =
            (start.wall, self.closed.last().and_then(|last| last.wall))
        {
            assert!(wall > last, "wall times are unique and grow");
        }
        self.state = State::Open { start: *start, bytes: 0 };
        self.inner.open_segment(start).map_err(|error| self.fail(start.id, 0)(error))
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), S::Error> {
        let State::Open { start, bytes } = self.state else {
            panic!("written while {:?}", self.state);
        };
        let len = packets.len();
        assert!(len > 0 && len.is_multiple_of(188), "a run of {len} bytes");
        self.scratch.clear();
        self.scratch.resize(len, 0xaa);
        assert_eq!(packets.copy_to_slice(&mut self.scratch), Ok(len));
        let mut rest = &self.scratch[..];
        packets.for_each_piece(|piece| {
            assert!(!piece.is_empty(), "an empty piece");
            let (front, later) = rest.split_at(piece.len());
            assert!(front == piece, "pieces differ from the copy");
            rest = later;
        });
        assert!(rest.is_empty(), "pieces are shorter than the copy");
        let mut buf = packets.into_buf();
        assert_eq!(buf.remaining(), len);
        assert!(buf.copy_to_bytes(len) == self.scratch, "the Buf differs from the copy");
        self.check_packets(bytes == 0);
        let written = bytes + len as u64;
        self.state = State::Open { start, bytes: written };
        self.inner.write_packets(packets).map_err(|error| self.fail(start.id, written)(error))
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), S::Error> {
        let State::Open { start, bytes } = self.state else {
            panic!("closed while {:?}", self.state);
        };
        assert!(bytes > 0, "a segment without packets");
        assert_eq!(segment.bytes, bytes);
        assert_eq!(
            (segment.id, segment.sequence, segment.start, segment.wall),
            (start.id, start.sequence, start.start, start.wall)
        );
        assert_eq!(
            (segment.discontinuity, segment.starts_with_idr, segment.program_date_time),
            (start.discontinuity, start.starts_with_idr, start.program_date_time)
        );
        assert!(segment.duration >= TickSpan::ZERO, "a duration of {:?}", segment.duration);
        assert!(segment.key_frames <= segment.frames);
        self.inner.close_segment(segment).map_err(|error| self.fail(start.id, bytes)(error))?;
        self.owed += segment.duration;
        self.owed = self.owed - segment.extinf.span();
        assert!(self.owed.abs() <= TickSpan::new(46), "EXTINFs drift by {:?}", self.owed);
        self.closed.push(*segment);
        self.state = State::MustPublish;
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), S::Error> {
        let last = matches!(self.state, State::Idle) && playlist.ended();
        assert!(
            last || matches!(self.state, State::MustPublish),
            "published while {:?}",
            self.state
        );
        self.check_playlist(&playlist);
        self.state = if playlist.ended() { State::Ended } else { State::Idle };
        self.inner.update_playlist(playlist).inspect_err(|_| self.failed += 1)
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        assert!(matches!(self.state, State::Idle | State::Ended), "expired while {:?}", self.state);
        let segment = &self.closed[self.expired];
        assert_eq!(
            (expired.id, expired.sequence),
            (segment.id, segment.sequence),
            "expired in order"
        );
        assert!(self.listed.iter().all(|entry| entry.id != expired.id), "expired and still listed");
        let longest = i64::from(segment.extinf.millis()) * 2;
        assert!(expired.keep_for >= TickSpan::from_millis(longest), "kept too short");
        self.expired += 1;
        self.inner.expire_segment(expired);
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        let State::MustAbort { id, bytes } = self.state else {
            panic!("aborted while {:?}", self.state);
        };
        assert_eq!(aborted.id, id);
        assert!(aborted.bytes <= bytes);
        self.state = State::Idle;
        self.inner.abort_segment(aborted);
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        let mut len = 0;
        snapshot.for_each_piece(|piece| len += piece.len());
        assert_eq!(len, snapshot.len());
        self.inner.snapshot(snapshot);
    }

    fn track(&mut self, track: &Track) {
        self.inner.track(track);
    }

    fn notice(&mut self, notice: &Notice) {
        assert!(notice.count > 0);
        self.inner.notice(notice);
    }
}

/// A sink that forgets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null;

impl SegmentSink for Null {
    type Error = std::convert::Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Self::Error> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Self::Error> {
        Ok(())
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), Self::Error> {
        Ok(())
    }
}
