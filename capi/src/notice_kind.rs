//! The kinds of notices, by the numbers of the C API.

use core::ffi::{CStr, c_char};

use hls_segmenter::notice::NoticeKind;

use crate::border::Result;
use crate::status::hlsseg_status;

/// What was noticed. Later versions may add values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_notice_kind {
    /// Something that this version of the C API does not name.
    Other = 0,
    /// A tag of a type that carries neither audio, video nor data was passed over.
    UnknownTag = 1,
    /// A tag with the Filter bit, encrypted, was passed over (FLV 10.1 E.4.1).
    EncryptedTag = 2,
    /// A tag could not be read and was passed over; the error went to the caller.
    BadTag = 3,
    /// A video frame or header of a codec other than H.264 and H.265 was dropped.
    UnsupportedVideo = 4,
    /// An audio frame or header of a codec other than AAC and MP3 was dropped.
    UnsupportedAudio = 5,
    /// A packet of an unknown kind within a known codec was passed over.
    UnknownPacket = 6,
    /// A track other than the default one of a multitrack message was passed over (Enhanced RTMP).
    OtherTrack = 7,
    /// Video came before its parameter sets were there whole, and was dropped.
    VideoBeforeHeader = 8,
    /// Audio came before its sequence header and was dropped.
    AudioBeforeHeader = 9,
    /// Video came before the first key frame and was dropped.
    VideoBeforeKeyFrame = 10,
    /// Audio came too long before the first key frame and was dropped.
    AudioBeforeKeyFrame = 11,
    /// Audio of the old timeline, or of no timeline that fits, was dropped.
    AudioWrongTimeline = 12,
    /// Audio of a track or configuration that joins at the next key frame was dropped.
    AudioNotJoined = 13,
    /// Audio that MPEG-TS cannot carry was dropped, or what is no frame in a tag of MP3.
    AudioNotCarried = 14,
    /// A NAL unit of length 0 was passed over.
    EmptyNalUnit = 15,
    /// A NAL unit ran past the end of its tag and was dropped.
    TruncatedNalUnit = 16,
    /// NAL units stood behind start codes where lengths belong.
    StartCodes = 17,
    /// NAL units of a tag without picture found no room and were dropped.
    NoPicture = 18,
    /// The tag said key frame and the picture is no IDR picture.
    KeyFlagWithoutIdr = 19,
    /// The picture is an IDR picture and the tag did not say key frame.
    IdrWithoutKeyFlag = 20,
    /// A composition offset below −500 ms was taken as 0.
    WildComposition = 21,
    /// A video DTS was moved to come after the one before it.
    VideoRepair = 22,
    /// An audio PTS was moved to come after the one before it.
    AudioRepair = 23,
    /// The audio clock was set anew to the tags' time.
    AudioReanchor = 24,
    /// An ADTS header within the FLV payload was taken off.
    AdtsInFlv = 25,
    /// The timeline broke.
    TimelineJump = 26,
    /// Audio and video have unrelated clocks.
    UnrelatedClocks = 27,
    /// An announced track did not come and left the program map table.
    TrackMissing = 28,
    /// EXT-X-TARGETDURATION grew.
    TargetGrew = 29,
    /// A segment outgrew the declared target duration.
    TargetViolated = 30,
    /// The window is full: a segment left although less than three target durations stay.
    WindowFull = 31,
    /// A sink call failed; the open segment was aborted if there was one.
    SinkFailed = 32,
    /// A picture was dropped whose time was far from that of the one before it: the next picture
    /// did not agree with it, or was the first to show that the timeline had jumped.
    VideoWrongTimeline = 33,
    /// An end of sequence or of stream stood before the slices of its tag, where it would end the
    /// wrong picture, and was left out.
    MisplacedNalUnit = 34,
    /// A track whose codec is no longer one that is carried left the program map table.
    TrackLeft = 35,
    /// Nothing that came can be carried: as long as an announced track is waited for, there was
    /// media, and all of it was of codecs that are not supported. Told once.
    NothingCarried = 36,
    /// A picture of H.265 was dropped that refers to pictures before the one that decoding begins
    /// with (RASL).
    LeadingPicture = 37,
    /// A list with parts has no dates, which players of Low-Latency HLS need.
    UndatedParts = 38,
    /// The list ended before its first segment was listed: no version of it is ever published, and
    /// none has EXT-X-ENDLIST.
    NothingListed = 39,
}

/// Kinds of notices that this header names: they are numbered from 1 to this.
pub const HLSSEG_NOTICE_KINDS: u32 = 39;

/// Every kind, as the library and as the C API calls it, and its name in a report, in the order of
/// the numbers.
pub(crate) const KINDS: [(NoticeKind, hlsseg_notice_kind, &CStr); HLSSEG_NOTICE_KINDS as usize] = [
    (NoticeKind::UnknownTag, hlsseg_notice_kind::UnknownTag, c"unknown-tag"),
    (NoticeKind::EncryptedTag, hlsseg_notice_kind::EncryptedTag, c"encrypted-tag"),
    (NoticeKind::BadTag, hlsseg_notice_kind::BadTag, c"bad-tag"),
    (NoticeKind::UnsupportedVideo, hlsseg_notice_kind::UnsupportedVideo, c"unsupported-video"),
    (NoticeKind::UnsupportedAudio, hlsseg_notice_kind::UnsupportedAudio, c"unsupported-audio"),
    (NoticeKind::UnknownPacket, hlsseg_notice_kind::UnknownPacket, c"unknown-packet"),
    (NoticeKind::OtherTrack, hlsseg_notice_kind::OtherTrack, c"other-track"),
    (NoticeKind::VideoBeforeHeader, hlsseg_notice_kind::VideoBeforeHeader, c"video-before-header"),
    (NoticeKind::AudioBeforeHeader, hlsseg_notice_kind::AudioBeforeHeader, c"audio-before-header"),
    (
        NoticeKind::VideoBeforeKeyFrame,
        hlsseg_notice_kind::VideoBeforeKeyFrame,
        c"video-before-key-frame",
    ),
    (
        NoticeKind::AudioBeforeKeyFrame,
        hlsseg_notice_kind::AudioBeforeKeyFrame,
        c"audio-before-key-frame",
    ),
    (
        NoticeKind::AudioWrongTimeline,
        hlsseg_notice_kind::AudioWrongTimeline,
        c"audio-wrong-timeline",
    ),
    (NoticeKind::AudioNotJoined, hlsseg_notice_kind::AudioNotJoined, c"audio-not-joined"),
    (NoticeKind::AudioNotCarried, hlsseg_notice_kind::AudioNotCarried, c"audio-not-carried"),
    (NoticeKind::EmptyNalUnit, hlsseg_notice_kind::EmptyNalUnit, c"empty-nal-unit"),
    (NoticeKind::TruncatedNalUnit, hlsseg_notice_kind::TruncatedNalUnit, c"truncated-nal-unit"),
    (NoticeKind::StartCodes, hlsseg_notice_kind::StartCodes, c"start-codes"),
    (NoticeKind::NoPicture, hlsseg_notice_kind::NoPicture, c"no-picture"),
    (NoticeKind::KeyFlagWithoutIdr, hlsseg_notice_kind::KeyFlagWithoutIdr, c"key-flag-without-idr"),
    (NoticeKind::IdrWithoutKeyFlag, hlsseg_notice_kind::IdrWithoutKeyFlag, c"idr-without-key-flag"),
    (NoticeKind::WildComposition, hlsseg_notice_kind::WildComposition, c"wild-composition"),
    (NoticeKind::VideoRepair, hlsseg_notice_kind::VideoRepair, c"video-repair"),
    (NoticeKind::AudioRepair, hlsseg_notice_kind::AudioRepair, c"audio-repair"),
    (NoticeKind::AudioReanchor, hlsseg_notice_kind::AudioReanchor, c"audio-reanchor"),
    (NoticeKind::AdtsInFlv, hlsseg_notice_kind::AdtsInFlv, c"adts-in-flv"),
    (NoticeKind::TimelineJump, hlsseg_notice_kind::TimelineJump, c"timeline-jump"),
    (NoticeKind::UnrelatedClocks, hlsseg_notice_kind::UnrelatedClocks, c"unrelated-clocks"),
    (NoticeKind::TrackMissing, hlsseg_notice_kind::TrackMissing, c"track-missing"),
    (NoticeKind::TargetGrew, hlsseg_notice_kind::TargetGrew, c"target-grew"),
    (NoticeKind::TargetViolated, hlsseg_notice_kind::TargetViolated, c"target-violated"),
    (NoticeKind::WindowFull, hlsseg_notice_kind::WindowFull, c"window-full"),
    (NoticeKind::SinkFailed, hlsseg_notice_kind::SinkFailed, c"sink-failed"),
    (
        NoticeKind::VideoWrongTimeline,
        hlsseg_notice_kind::VideoWrongTimeline,
        c"video-wrong-timeline",
    ),
    (NoticeKind::MisplacedNalUnit, hlsseg_notice_kind::MisplacedNalUnit, c"misplaced-nal-unit"),
    (NoticeKind::TrackLeft, hlsseg_notice_kind::TrackLeft, c"track-left"),
    (NoticeKind::NothingCarried, hlsseg_notice_kind::NothingCarried, c"nothing-carried"),
    (NoticeKind::LeadingPicture, hlsseg_notice_kind::LeadingPicture, c"leading-picture"),
    (NoticeKind::UndatedParts, hlsseg_notice_kind::UndatedParts, c"undated-parts"),
    (NoticeKind::NothingListed, hlsseg_notice_kind::NothingListed, c"nothing-listed"),
];

/// Looks up a kind by its number.
pub(crate) fn kind(
    number: u32,
) -> Option<&'static (NoticeKind, hlsseg_notice_kind, &'static CStr)> {
    KINDS.get(usize::try_from(number).ok()?.checked_sub(1)?)
}

/// Finds the library's kind by the number of the C API.
pub(crate) fn notice_kind(number: u32) -> Result<NoticeKind> {
    kind(number).map_or(Err(hlsseg_status::Argument), |&(kind, ..)| Ok(kind))
}

/// Returns the name of a kind, `timeline-jump`, as a text that is never NULL and lives as long as
/// the program. Any number may be given. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_notice_name(number: u32) -> *const c_char {
    kind(number).map_or(c"other", |(_, _, name)| name).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_library_has_its_number_and_name() {
        let kinds = KINDS.map(|(kind, ..)| kind);
        assert_eq!(kinds.as_slice(), NoticeKind::ALL);
        for (nth, (kind, number, name)) in KINDS.iter().enumerate() {
            assert_eq!(*number as usize, nth + 1);
            assert_eq!(name.to_str(), Ok(kind.name()));
            assert_eq!(format!("{kind:?}"), format!("{number:?}"));
            assert_eq!(notice_kind(*number as u32), Ok(*kind));
        }
        for none in [0, HLSSEG_NOTICE_KINDS + 1, u32::MAX] {
            assert_eq!(notice_kind(none), Err(hlsseg_status::Argument));
        }
    }
}
