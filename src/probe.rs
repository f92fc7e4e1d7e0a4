//! A look at the beginning of a publication: which tracks there are, before the first segment
//! opens.
//!
//! A segment lists its tracks when it opens, and a track that comes later costs a discontinuity.
//! Many encoders send the first key frame before the header of their audio, and metadata that says
//! too little: then the first GOP would have no sound.
//!
//! ```text
//!   V header, key frame at 0.00 s │ A header at 0.01 s       held until 0.01 s: both are listed
//!   V header, key frame at 0.00 s │ pictures alone           held until 0.50 s: video is listed
//! ```
//!
//! In MPEG-TS it is enough to announce what was found. An initialization section of fMP4 has the
//! configuration of audio itself: there the tag that has it is let through before all others.

use alloc::vec::Vec;

use crate::codec::video::{CarriedVideo, VideoCoding};
use crate::config::TimelineBase;
use crate::demux::{AudioReading, Findings, KnownAudio, read_audio};
use crate::flv::{Aggregate, AudioCodec, FileHeader, Tag, TagKind, VideoCodec, VideoTag};
use crate::mux::{Container, Headers, Muxer, Ts};
use crate::stream_type::StreamType;
use crate::time::{FlvTime, TickSpan};
use crate::timeline::Unroller;
use crate::track::Announced;

/// Holds the first tags of a publication until both tracks have shown what they are, and lets all
/// tags through in order from then on.
///
/// What it holds is bounded, in media time and in bytes. A stream that never has a second track
/// begins so much later: only its beginning, since nothing is held any more once one tag was let
/// through.
///
/// ```
/// use hls_segmenter::probe::Probe;
/// # use hls_segmenter::{Error, SegmentSink, Segmenter, flv::Tag};
///
/// # fn message<S: SegmentSink>(
/// #     probe: &mut Probe, segmenter: &mut Segmenter, sink: &mut S, tag: Tag<'_>,
/// # ) -> Result<(), Error<S::Error>> {
/// let released = probe.push(tag);
/// if let Some(tracks) = released.found() {
///     segmenter.announce(&tracks);
/// }
/// for tag in released {
///     segmenter.push(tag, sink)?; // or go on with the next tag
/// }
/// # Ok(())
/// # }
/// ```
///
/// At the end of the publication, [`finish`](Self::finish) lets through what is held. An engine of
/// another container than MPEG-TS has a probe [for it](Self::for_container).
#[derive(Clone, Debug)]
pub struct Probe {
    phase: Phase,
    container: Contained,
    /// Media time that is held at most.
    span: TickSpan,
    /// Bytes that are held at most.
    len: usize,
    video: Sight<()>,
    audio: Sight<StreamType>,
    first: Option<FlvTime>,
    held: Vec<Held>,
    /// Bodies of the held tags, one behind the other.
    bodies: Vec<u8>,
    /// Place of the tag that has shown what audio is, of all that were looked at.
    audio_shown_by: Option<usize>,
}

/// What a container has, and where it has the configurations of tracks.
#[derive(Clone, Copy, Debug)]
struct Contained {
    video: CarriedVideo,
    audio: &'static [AudioCodec],
    headers: Headers,
}

impl Contained {
    const fn of<C: Container>() -> Self {
        Self { video: C::Muxer::VIDEO, audio: C::Muxer::AUDIO, headers: C::Muxer::HEADERS }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Looking,
    Passing,
}

/// What is known of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight<T> {
    Unseen,
    /// It is there, and this is what it is.
    Shown(T),
    /// It cannot be carried, or a file says that there is none.
    Nothing,
}

/// A tag that is held.
#[derive(Clone, Copy, Debug)]
struct Held {
    kind: TagKind,
    time: FlvTime,
    len: usize,
}

impl Probe {
    /// Holds 500 ms of media and 1 MiB at the most: 16 Mbit/s.
    pub const fn new() -> Self {
        Self::with_limits(TickSpan::from_millis(500), 1 << 20)
    }

    /// Holds so much media time and so many bytes at the most. Each tag counts 32 bytes besides its
    /// body.
    pub const fn with_limits(span: TickSpan, len: usize) -> Self {
        Self {
            phase: Phase::Looking,
            container: Contained::of::<Ts>(),
            span,
            len,
            video: Sight::Unseen,
            audio: Sight::Unseen,
            first: None,
            held: Vec::new(),
            bodies: Vec::new(),
            audio_shown_by: None,
        }
    }

    /// Looks for what this container carries, before the first tag.
    ///
    /// ```
    /// use hls_segmenter::Fmp4;
    /// use hls_segmenter::probe::Probe;
    ///
    /// let probe = Probe::new().for_container::<Fmp4>();
    /// ```
    #[must_use]
    pub fn for_container<C: Container>(self) -> Self {
        Self { container: Contained::of::<C>(), ..self }
    }

    /// Takes what the header of an FLV file says: a track that it does not have is not waited for.
    pub fn expect(&mut self, header: &FileHeader) {
        if !header.has_video && self.video == Sight::Unseen {
            self.video = Sight::Nothing;
        }
        if !header.has_audio && self.audio == Sight::Unseen {
            self.audio = Sight::Nothing;
        }
    }

    /// Takes one tag or message, and lets through what need not be held: nothing, all that was held
    /// and this one, or this one alone.
    pub fn push<'a>(&'a mut self, tag: Tag<'a>) -> Released<'a> {
        if self.phase == Phase::Passing {
            // What was let through by the call before is needed no more.
            self.held = Vec::new();
            self.bodies = Vec::new();
            return Released { last: Some(tag), ..Released::default() };
        }
        self.look(tag);
        self.note_place();
        let both = self.video != Sight::Unseen && self.audio != Sight::Unseen;
        let first = *self.first.get_or_insert(tag.time);
        let is_late = TickSpan::from_millis(tag.time.since(first).into()) > self.span;
        let len = self.bodies.len() + tag.data.len() + (self.held.len() + 1) * HELD_LEN;
        if both || is_late || len > self.len {
            return self.release(Some(tag));
        }
        self.held.push(Held { kind: tag.kind, time: tag.time, len: tag.data.len() });
        self.bodies.extend_from_slice(tag.data);
        Released::default()
    }

    /// Lets through what is held, at the end of the publication; what comes later is held no more.
    pub fn finish(&mut self) -> Released<'_> {
        match self.phase {
            Phase::Looking => self.release(None),
            Phase::Passing => Released::default(),
        }
    }

    fn release<'a>(&'a mut self, last: Option<Tag<'a>>) -> Released<'a> {
        self.phase = Phase::Passing;
        let audio = match self.audio {
            Sight::Shown(stream_type) => Some(stream_type),
            Sight::Unseen | Sight::Nothing => None,
        };
        let mut released = Released {
            found: Some(Announced { video: self.video == Sight::Shown(()), audio }),
            first: None,
            held: &self.held,
            bodies: &self.bodies,
            passed_over: None,
            last,
        };
        if let (Headers::InInit, Some(place)) = (self.container.headers, self.audio_shown_by) {
            released.put_first(place);
        }
        released
    }

    /// Remembers the tag that was looked at, if it was the one to show what audio is.
    fn note_place(&mut self) {
        if matches!(self.audio, Sight::Shown(_)) {
            self.audio_shown_by.get_or_insert(self.held.len());
        }
    }

    /// Notes what a tag shows of its track.
    fn look(&mut self, tag: Tag<'_>) {
        match tag.kind {
            TagKind::VIDEO => self.look_at_video(tag),
            TagKind::AUDIO => self.look_at_audio(tag),
            TagKind::AGGREGATE => {
                for part in Aggregate::new(tag.time, tag.data) {
                    match part.kind {
                        TagKind::VIDEO => self.look_at_video(part),
                        TagKind::AUDIO => self.look_at_audio(part),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn look_at_video(&mut self, tag: Tag<'_>) {
        let Ok(video) = VideoTag::parse(tag.data) else {
            return;
        };
        let coding = VideoCoding::of(video.codec);
        if coding.is_some_and(|coding| self.container.video.contains(coding)) {
            self.video = Sight::Shown(());
        } else if self.video == Sight::Unseen && video.codec != VideoCodec::NONE {
            self.video = Sight::Nothing;
        }
    }

    fn look_at_audio(&mut self, tag: Tag<'_>) {
        let mut unroller = Unroller::new(TimelineBase::AsReceived);
        let known = KnownAudio { format: None, carried: self.container.audio };
        match read_audio(tag, known, &mut unroller, &mut Findings::new()) {
            Ok(AudioReading::Header(format) | AudioReading::Described { format, .. }) => {
                self.audio = Sight::Shown(format.stream_type());
            }
            Ok(AudioReading::NotCarried | AudioReading::Refused(_))
                if self.audio == Sight::Unseen =>
            {
                self.audio = Sight::Nothing;
            }
            // Frames without a header say nothing yet.
            _ => {}
        }
    }
}

impl Default for Probe {
    fn default() -> Self {
        Self::new()
    }
}

/// The tags that a call lets through, in order: an iterator. What is not taken from it is lost.
#[derive(Clone, Debug, Default)]
#[must_use = "tags that are not taken are lost"]
pub struct Released<'a> {
    found: Option<Announced>,
    /// Comes before all others.
    first: Option<Tag<'a>>,
    held: &'a [Held],
    /// Bodies of what is left of `held`.
    bodies: &'a [u8],
    /// How many of `held` are left when one has come first that is not to come again.
    passed_over: Option<usize>,
    last: Option<Tag<'a>>,
}

impl Released<'_> {
    /// Returns what was found, once: when the first tags are let through, and before the engine
    /// takes them.
    pub const fn found(&self) -> Option<Announced> {
        self.found
    }
}

impl<'a> Released<'a> {
    /// Has the tag at this place come before all others.
    fn put_first(&mut self, place: usize) {
        if place == self.held.len() {
            self.first = self.last.take();
            return;
        }
        let mut rest = Self { held: self.held, bodies: self.bodies, ..Self::default() };
        self.first = rest.nth(place);
        self.passed_over = Some(self.held.len() - place);
    }

    /// Takes the next of those that were held.
    fn next_held(&mut self) -> Option<Tag<'a>> {
        let (held, rest) = self.held.split_first()?;
        let (data, later) = self.bodies.split_at_checked(held.len)?;
        (self.held, self.bodies) = (rest, later);
        Some(Tag { kind: held.kind, time: held.time, data })
    }
}

impl<'a> Iterator for Released<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.passed_over == Some(self.held.len()) {
            let _came_first = self.next_held();
        }
        self.next_held().or_else(|| self.last.take())
    }
}

/// Bytes that a held tag counts besides its body.
const HELD_LEN: usize = 32;

const _: () = assert!(size_of::<Held>() <= HELD_LEN);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    const AVC_HEADER: &[u8] = &[0x17, 0, 0, 0, 0, 1];
    const PICTURE: &[u8] = &[0x27, 1, 0, 0, 0, 0, 0, 0, 2, 0x41, 0x9a];
    const AAC_HEADER: &[u8] = &[0xaf, 0, 0x12, 0x10];
    const AAC_FRAME: &[u8] = &[0xaf, 1, 0x21, 0x10];
    const MP3_FRAME: &[u8] = &[0x2f, 0xff, 0xfb, 0x90, 0x00];

    fn tag(kind: TagKind, millis: u32, data: &[u8]) -> Tag<'_> {
        Tag { kind, time: FlvTime::from_millis(millis), data }
    }

    fn video(millis: u32, data: &[u8]) -> Tag<'_> {
        tag(TagKind::VIDEO, millis, data)
    }

    fn audio(millis: u32, data: &[u8]) -> Tag<'_> {
        tag(TagKind::AUDIO, millis, data)
    }

    /// Pushes tags until some are let through; returns how many were pushed, and what was found.
    fn push(probe: &mut Probe, tags: &[Tag<'_>]) -> (usize, Option<Announced>) {
        for (nth, &tag) in tags.iter().enumerate() {
            let released = probe.push(tag);
            if let Some(found) = released.found() {
                let got: Vec<_> =
                    released.map(|tag| (tag.kind, tag.time, tag.data.to_vec())).collect();
                let want = tags[..=nth].iter().map(|tag| (tag.kind, tag.time, tag.data.to_vec()));
                assert_eq!(got, want.collect::<Vec<_>>(), "all, in order");
                return (nth + 1, Some(found));
            }
            assert_eq!(released.count(), 0, "nothing is let through before all is");
        }
        (tags.len(), None)
    }

    const fn found(video: bool, audio: Option<StreamType>) -> Option<Announced> {
        Some(Announced { video, audio })
    }

    #[test]
    fn y_05_tags_are_held_until_both_tracks_have_shown_what_they_are() {
        let aac = Some(StreamType::AAC_ADTS);
        let start = [video(0, AVC_HEADER), video(0, PICTURE)];
        for (rest, count, want) in [
            (&[audio(10, AAC_FRAME), audio(20, AAC_HEADER), audio(30, AAC_FRAME)][..], 4, aac),
            (&[audio(10, &[0xaf, 1, 0xff, 0xf1, 0x50, 0x80, 1, 0x1f, 0xfc, 0x21])], 3, aac),
            (&[audio(10, MP3_FRAME)], 3, Some(StreamType::MPEG1_AUDIO)),
            (&[audio(10, &[0x2f, 0xff, 0xf3, 0x90, 0])], 3, Some(StreamType::MPEG2_AUDIO)),
            // Nellymoser, MP3 at 8 kHz, a configuration that is refused: nothing to wait for.
            (&[audio(10, &[0x6f, 1, 2, 3])], 3, None),
            (&[audio(10, &[0xef, 0xff, 0xe3, 0x18, 0])], 3, None),
            // An empty tag and one that is cut say nothing.
            (&[audio(10, &[]), audio(20, &[0xaf]), audio(510, &[])], 5, None),
        ] {
            let tags: Vec<_> = start.iter().chain(rest).copied().collect();
            let got = push(&mut Probe::new(), &tags);
            assert_eq!(got, (count, found(true, want)), "{rest:?}");
        }
        let unsupported = [video(0, &[0x12, 0, 0]), audio(0, AAC_HEADER)];
        assert_eq!(push(&mut Probe::new(), &unsupported), (2, found(false, aac)));
    }

    #[test]
    fn mp4_9_a_section_of_fmp4_has_audio_that_comes_behind_the_first_key_frame() {
        let opus = &[0x90, b'O', b'p', b'u', b's'];
        let ac3 = &[0x91, b'a', b'c', b'-', b'3', 0x0b, 0x77, 0, 0, 0x14, 0x40, 0x2f, 0x84];
        let av1 = &[0x91, b'a', b'v', b'0', b'1', 0x12, 0];
        let start = [video(0, AVC_HEADER), video(0, av1)];
        for header in [AAC_HEADER, opus, ac3] {
            for rest in [&[audio(9, header)][..], &[audio(9, &[0xaf, 1, 7]), audio(9, header)]] {
                let tags: Vec<_> = start.iter().chain(rest).copied().collect();
                let mut probe = Probe::new().for_container::<crate::Fmp4>();
                let (last, before) = tags.split_last().unwrap();
                assert!(before.iter().all(|&tag| probe.push(tag).count() == 0));
                let released: Vec<_> = probe.push(*last).collect();
                assert_eq!(released[0], *last, "{header:x?}");
                assert_eq!(released[1..], *before, "{header:x?}");
            }
        }
        // Audio that came first, or among others, is where it was but for that.
        let mut probe = Probe::new().for_container::<crate::Fmp4>();
        let tags = [audio(0, AAC_FRAME), audio(0, AAC_HEADER), audio(0, &[]), video(0, av1)];
        assert!(tags[..3].iter().all(|&tag| probe.push(tag).count() == 0));
        let released: Vec<_> = probe.push(tags[3]).collect();
        assert_eq!(released, [tags[1], tags[0], tags[2], tags[3]]);
    }

    #[test]
    fn y_05_nothing_is_held_for_longer_than_the_limits() {
        // Times wrap, and step back.
        for begin in [0, u32::MAX - 100, 5_000] {
            let at = |millis| begin.wrapping_add(millis);
            let tags: Vec<_> = [0, 100, 500, 501].map(|ms| video(at(ms), PICTURE)).into();
            assert_eq!(push(&mut Probe::new(), &tags), (4, found(true, None)));
        }
        let back: Vec<_> = (0..9).map(|n| video(9_000 - n * 1_000, PICTURE)).collect();
        assert_eq!(push(&mut Probe::new(), &back), (9, None));
        let body = vec![0x27; 1000];
        let large: Vec<_> = (0..9).map(|n| video(n, &body)).collect();
        let limits = |len| Probe::with_limits(TickSpan::from_secs(60), len);
        assert_eq!(push(&mut limits(5 * 1032), &large), (6, found(true, None)));
        let empty: Vec<_> = (0..9).map(|n| tag(TagKind::SCRIPT, n, &[])).collect();
        assert_eq!(push(&mut limits(160), &empty), (6, found(false, None)));
        assert_eq!(push(&mut limits(0), &empty), (1, found(false, None)));
    }

    #[test]
    fn y_05_a_file_that_says_it_has_one_track_is_not_held() {
        let header = |bytes: &[u8; 9]| {
            let mut reader = crate::flv::Reader::new();
            match reader.step(&[bytes, &[0; 4][..]].concat()) {
                Ok(crate::flv::Step::Header { header, .. }) => header,
                other => panic!("{other:?}"),
            }
        };
        let mut probe = Probe::new();
        probe.expect(&header(b"FLV\x01\x01\0\0\0\x09"));
        assert_eq!(push(&mut probe, &[video(0, AVC_HEADER)]), (1, found(true, None)));
        let mut probe = Probe::new();
        probe.expect(&header(b"FLV\x01\x05\0\0\0\x09"));
        assert_eq!(push(&mut probe, &[video(0, AVC_HEADER)]), (1, None));
        // Flags are often wrong: audio that is there is found all the same.
        let mut probe = Probe::new();
        probe.expect(&header(b"FLV\x01\x01\0\0\0\x09"));
        let tags = [audio(0, AAC_HEADER), video(0, AVC_HEADER)];
        assert_eq!(push(&mut probe, &tags), (2, found(true, Some(StreamType::AAC_ADTS))));
    }

    #[test]
    fn f_03_y_05_the_tags_of_an_aggregate_are_looked_at() {
        let part = |kind: u8, body: &[u8]| {
            let head = [kind, 0, 0, body.len() as u8, 0, 0, 0, 0, 0, 0, 0];
            [&head[..], body, &[0, 0, 0, 0]].concat()
        };
        let message = [part(9, AVC_HEADER), part(8, AAC_HEADER)].concat();
        let aggregate = tag(TagKind::AGGREGATE, 0, &message);
        let got = push(&mut Probe::new(), &[aggregate]);
        assert_eq!(got, (1, found(true, Some(StreamType::AAC_ADTS))));
    }

    #[test]
    fn what_is_held_at_the_end_is_let_through_and_nothing_is_held_after_that() {
        let mut probe = Probe::new();
        let tags = [video(0, AVC_HEADER), video(0, PICTURE)];
        assert_eq!(push(&mut probe, &tags), (2, None));
        let released = probe.finish();
        assert_eq!(released.found(), found(true, None));
        assert_eq!(released.collect::<Vec<_>>(), tags);
        let released = probe.push(tags[1]);
        assert_eq!(released.found(), None);
        assert_eq!(released.collect::<Vec<_>>(), tags[1..]);
        assert_eq!(probe.finish().count(), 0);
        assert_eq!((probe.held.capacity(), probe.bodies.capacity()), (0, 0), "no memory stays");
    }
}
