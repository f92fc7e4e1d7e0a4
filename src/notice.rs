//! What the engine noticed, repaired or dropped: typed, counted, reported once per run.

use core::fmt;

use crate::flv::{AudioCodec, VideoCodec};
use crate::time::{Secs, TickSpan, Ticks};

macro_rules! notice_kinds {
    ($($(#[doc = $doc:literal])* $kind:ident = $name:literal,)*) => {
        /// What was noticed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum NoticeKind {
            $($(#[doc = $doc])* $kind,)*
        }

        impl NoticeKind {
            /// Every kind, in the order of their counters.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Returns the name as a report has it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

notice_kinds! {
    /// A tag of a type that carries neither audio, video nor data was passed over.
    UnknownTag = "unknown-tag",
    /// A tag with the Filter bit, encrypted, was passed over (FLV 10.1 E.4.1).
    EncryptedTag = "encrypted-tag",
    /// A tag could not be read and was passed over; the error went to the caller.
    BadTag = "bad-tag",
    /// A video frame or header of a codec other than H.264 and H.265 was dropped.
    UnsupportedVideo = "unsupported-video",
    /// An audio frame or header of a codec other than AAC and MP3 was dropped.
    UnsupportedAudio = "unsupported-audio",
    /// A packet of an unknown kind within a known codec was passed over.
    UnknownPacket = "unknown-packet",
    /// A track other than the default one of a multitrack message was passed over (Enhanced RTMP).
    OtherTrack = "other-track",
    /// Video came before its parameter sets were there whole, and was dropped.
    VideoBeforeHeader = "video-before-header",
    /// Audio came before its sequence header and was dropped.
    AudioBeforeHeader = "audio-before-header",
    /// Video came before the first key frame and was dropped.
    VideoBeforeKeyFrame = "video-before-key-frame",
    /// Audio came too long before the first key frame and was dropped.
    AudioBeforeKeyFrame = "audio-before-key-frame",
    /// Audio of the old timeline, or of no timeline that fits, was dropped.
    AudioWrongTimeline = "audio-wrong-timeline",
    /// Audio of a track or configuration that joins at the next key frame was dropped.
    AudioNotJoined = "audio-not-joined",
    /// Audio that MPEG-TS cannot carry was dropped, or what is no frame in a tag of MP3.
    AudioNotCarried = "audio-not-carried",
    /// A NAL unit of length 0 was passed over.
    EmptyNalUnit = "empty-nal-unit",
    /// A NAL unit ran past the end of its tag and was dropped.
    TruncatedNalUnit = "truncated-nal-unit",
    /// NAL units stood after start codes where lengths belong.
    StartCodes = "start-codes",
    /// NAL units of a tag without picture found no room and were dropped.
    NoPicture = "no-picture",
    /// The tag said key frame and the picture is no IDR picture.
    KeyFlagWithoutIdr = "key-flag-without-idr",
    /// The picture is an IDR picture and the tag did not say key frame.
    IdrWithoutKeyFlag = "idr-without-key-flag",
    /// A composition offset below −500 ms was taken as 0.
    WildComposition = "wild-composition",
    /// A video DTS was moved to come after the one before it.
    VideoRepair = "video-repair",
    /// An audio PTS was moved to come after the one before it.
    AudioRepair = "audio-repair",
    /// The audio clock was set again to the tags' time.
    AudioReanchor = "audio-reanchor",
    /// An ADTS header within the FLV payload was taken off.
    AdtsInFlv = "adts-in-flv",
    /// The timeline broke.
    TimelineJump = "timeline-jump",
    /// Audio and video have unrelated clocks.
    UnrelatedClocks = "unrelated-clocks",
    /// An announced track did not come and left the program map table.
    TrackMissing = "track-missing",
    /// EXT-X-TARGETDURATION grew.
    TargetGrew = "target-grew",
    /// A segment outgrew the declared target duration.
    TargetViolated = "target-violated",
    /// The window is full: a segment left although less than three target durations stay.
    WindowFull = "window-full",
    /// A sink call failed; the open segment was aborted if there was one.
    SinkFailed = "sink-failed",
    /// A picture was dropped whose time was far from that of the one before it: the next picture
    /// did not agree with it, or was the first to show that the timeline had jumped.
    VideoWrongTimeline = "video-wrong-timeline",
    /// An end of sequence or of stream stood before the slices of its tag, where it would end the
    /// wrong picture, and was left out.
    MisplacedNalUnit = "misplaced-nal-unit",
    /// A track whose codec is no longer one that is carried left the program map table.
    TrackLeft = "track-left",
    /// Nothing that came can be carried: as long as an announced track is waited for, there was
    /// media, and all of it was of codecs that are not supported. Told once; a host may refuse the
    /// publisher on it.
    NothingCarried = "nothing-carried",
    /// A picture of H.265 was dropped that refers to pictures before the one that decoding begins
    /// with (RASL).
    LeadingPicture = "leading-picture",
    /// A list with parts has no dates, which players of Low-Latency HLS need: the host has not set
    /// the wall time.
    UndatedParts = "undated-parts",
    /// The list ended before its first segment was listed: no version of it is ever published, and
    /// none has EXT-X-ENDLIST.
    NothingListed = "nothing-listed",
}

impl NoticeKind {
    /// Returns whether a notice of the kind carries the codec of what was dropped, where it was
    /// dropped for its codec.
    pub(crate) const fn names_codec(self) -> bool {
        matches!(self, Self::UnsupportedVideo | Self::UnsupportedAudio | Self::AudioNotCarried)
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One notice. What comes with tag after tag is reported once per segment, a repair once per run;
/// all are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// What was noticed.
    pub kind: NoticeKind,
    /// Where, on the engine's timeline.
    pub time: Ticks,
    /// How much, where the kind has an amount.
    pub amount: NoticeAmount,
    /// How often this kind was counted so far, this one included.
    pub count: u64,
}

/// How much of what a notice is about, in the unit of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeAmount {
    /// The kind has no amount.
    None,
    /// By how much time was moved or stepped: a repair, a re-anchor, a jump.
    Span(TickSpan),
    /// The codec of audio that is not carried: [`NoticeKind::UnsupportedAudio`] and
    /// [`NoticeKind::AudioNotCarried`].
    AudioCodec(AudioCodec),
    /// The codec of video that is not carried: [`NoticeKind::UnsupportedVideo`].
    VideoCodec(VideoCodec),
    /// The target duration that a segment needs: [`NoticeKind::TargetGrew`] and
    /// [`NoticeKind::TargetViolated`].
    Target(Secs),
}

/// Counters of every kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoticeCounts([u64; NoticeKind::ALL.len()]);

impl NoticeCounts {
    pub(crate) const fn new() -> Self {
        Self([0; NoticeKind::ALL.len()])
    }

    pub(crate) fn add(&mut self, kind: NoticeKind) -> u64 {
        let Some(count) = self.0.get_mut(kind as usize) else {
            return 0;
        };
        *count = count.saturating_add(1);
        *count
    }

    pub(crate) fn get(&self, kind: NoticeKind) -> u64 {
        self.0.get(kind as usize).copied().unwrap_or(0)
    }
}

/// Counts notices, and remembers which were reported since the open segment began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notices {
    counts: NoticeCounts,
    /// One bit for each kind, in the order of [`NoticeKind::ALL`].
    reported: u64,
}

impl Notices {
    pub(crate) const fn new() -> Self {
        Self { counts: NoticeCounts::new(), reported: 0 }
    }

    pub(crate) const fn counts(&self) -> NoticeCounts {
        self.counts
    }

    /// Counts something that is not reported.
    #[cold]
    pub(crate) fn count(&mut self, kind: NoticeKind) {
        self.counts.add(kind);
    }

    /// Counts something that is reported every time.
    #[cold]
    pub(crate) fn note(&mut self, kind: NoticeKind, time: Ticks, amount: NoticeAmount) -> Notice {
        Notice { kind, time, amount, count: self.counts.add(kind) }
    }

    /// Counts something that comes with tag after tag: only the first in a segment is reported.
    #[cold]
    pub(crate) fn tally(
        &mut self,
        kind: NoticeKind,
        time: Ticks,
        amount: NoticeAmount,
    ) -> Option<Notice> {
        let notice = self.note(kind, time, amount);
        let bit = 1 << kind as u32;
        let is_first = self.reported & bit == 0;
        self.reported |= bit;
        is_first.then_some(notice)
    }

    /// Notes that a segment begins.
    pub(crate) const fn begin_segment(&mut self) {
        self.reported = 0;
    }
}
