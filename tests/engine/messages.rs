//! What a person reads: every error and every name, word for word.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::{self, Display};

use hls_segmenter::codec::aac::AacError;
use hls_segmenter::codec::avc::AvcError;
use hls_segmenter::codec::mpeg_audio::MpegAudioError;
use hls_segmenter::config::{ConfigError, FragDuration, Options};
use hls_segmenter::flv::{AudioCodec, ReaderError, TagError, TagKind, VideoCodec};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::oss::ParameterError;
use hls_segmenter::time::{Secs, TickSpan};
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Cause, CodecError, Config, Error, ResumeError, ResumeToken};

/// Holds every message against its text, and against the house's style: lower case first, no full
/// stop.
fn assert_texts<T: Display>(table: &[(T, &str)]) {
    for (value, want) in table {
        assert_eq!(value.to_string(), *want);
        assert!(!want.ends_with('.'), "{want}");
    }
}

#[test]
fn errors_of_tags_and_readers_say_what_and_where() {
    assert_texts(&[
        (
            TagError::Truncated { field: "FourCC", left: 3 },
            "tag body ends inside FourCC, 3 bytes left",
        ),
        (TagError::NestedMultitrack, "multitrack packet inside a multitrack packet"),
        (TagError::MultitrackType(7), "unknown multitrack type 7"),
    ]);
    assert_texts(&[
        (ReaderError::Signature { at: 1 }, "not an FLV file: byte 1 of the signature is different"),
        (
            ReaderError::DataOffset(3),
            "file header says that tags begin at 3, which is not in 9..=65536",
        ),
    ]);
}

#[test]
fn errors_of_codecs_say_what_is_wrong() {
    assert_texts(&[
        (AvcError::RecordLen { len: 5 }, "decoder configuration record of 5 bytes is too short"),
        (AvcError::RecordVersion(2), "decoder configuration record has version 2, not 1"),
        (AvcError::LengthLen(3), "NAL unit lengths of 3 bytes do not exist"),
        (
            AvcError::Truncated { needed: 30, left: 4 },
            "sequence parameter set of 30 bytes is cut to 4",
        ),
        (
            AvcError::ParameterSetsTooLarge { len: 2000 },
            "parameter sets of 2000 bytes are too large",
        ),
        (
            AvcError::NoSequenceParameterSet,
            "decoder configuration record has no sequence parameter set",
        ),
    ]);
    assert_texts(&[
        (AacError::ConfigLen { len: 1 }, "audio specific config of 1 bytes is too short"),
        (AacError::FrequencyIndex(13), "sampling frequency index 13 is reserved"),
        (AacError::NoSampleRate, "sampling frequency is 0"),
        (AacError::ObjectType(42), "audio object type 42 cannot be carried"),
        (AacError::AdtsSampleRate(7000), "ADTS has no index for 7000 Hz"),
        (AacError::AdtsChannels(11), "ADTS has no room for channel configuration 11"),
        (AacError::AdtsFrameLen { len: 9000 }, "AAC frame of 9000 bytes is too long for ADTS"),
    ]);
    assert_texts(&[
        (
            MpegAudioError::Truncated { needed: 418, left: 4 },
            "MPEG audio frame of 418 bytes is cut to 4",
        ),
        (MpegAudioError::NoSync([0xff, 0x0f]), "no MPEG audio sync word in 0xff 0x0f"),
        (
            MpegAudioError::Reserved([0xff, 0xe8, 0, 0]),
            "reserved value in MPEG audio header 0xffe80000",
        ),
        (MpegAudioError::FreeFormat, "MPEG audio of free format"),
    ]);
}

/// What a host may fail with.
#[derive(Debug)]
struct Full(TagError);

impl Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("full")
    }
}

impl core::error::Error for Full {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn errors_of_the_engine_pass_on_those_below_and_their_sources() {
    let errors: [(Error<Full>, &str); 6] = [
        (TagError::NestedMultitrack.into(), "multitrack packet inside a multitrack packet"),
        (AvcError::LengthLen(3).into(), "NAL unit lengths of 3 bytes do not exist"),
        (AacError::NoSampleRate.into(), "sampling frequency is 0"),
        (MpegAudioError::FreeFormat.into(), "MPEG audio of free format"),
        (Error::Sink(Full(TagError::MultitrackType(9))), "sink: full < unknown multitrack type 9"),
        (Error::Finished, "the list has ended"),
    ];
    for (error, want) in errors {
        let mut chain = error.to_string();
        let mut below = error.source();
        while let Some(error) = below {
            chain = format!("{chain} < {error}");
            below = error.source();
        }
        assert_eq!(chain, want);
    }
    assert_eq!(
        CodecError::Aac(AacError::NoSampleRate).to_string(),
        AacError::NoSampleRate.to_string()
    );
    assert_texts(&[
        (ResumeError::Format, "not a resume token or a listed segment of this version"),
        (ResumeError::Damaged, "the resume token or the listed segment is damaged"),
        (ResumeError::Ended, "the list of the resume token has ended"),
        (
            ResumeError::Segments { sequence: 12 },
            "segment 12 of the stored playlist is missing or out of place",
        ),
    ]);
    assert_eq!(ResumeToken::from_bytes(&[0; 51]), Err(ResumeError::Format));
}

#[test]
fn errors_of_a_configuration_name_the_field_and_its_limits() {
    assert_texts(&[
        (ConfigError::FragDuration(0), "FragDuration is 0 s, not from 1 to 100"),
        (ConfigError::FragCount(101), "FragCount is 101, not from 1 to 100"),
        (
            ConfigError::DeclaredTarget {
                declared: Secs::new(2),
                frag_duration: FragDuration::DEFAULT,
            },
            "declared target duration of 2 s is shorter than FragDuration of 5 s",
        ),
        (
            ConfigError::IndependentSegments { contradicts: "mid_gop" },
            "independent_segments does not go with this mid_gop",
        ),
        (
            ConfigError::AnnouncedAudio(StreamType::AVC),
            "announced audio of stream type 0x1b cannot be carried",
        ),
    ]);
    let wild = Config::new(Options { jump_limit: TickSpan::ZERO, ..Options::default() });
    assert_eq!(wild.unwrap_err().to_string(), "jump_limit is 0 ms, not from 1000 to 3600000");
}

#[test]
fn o_03_o_04_o_05_o_06_o_07_o_09_o_11_errors_of_put_live_channel_have_the_codes_of_oss() {
    let invalid = "InvalidArgument";
    let table = [
        (ParameterError::NameEmpty, "InvalidChannelName", None, "ChannelName must not be empty."),
        (
            ParameterError::NameTooLong { len: 1024 },
            "InvalidChannelName",
            None,
            "The Length of channel name must be less than 64.",
        ),
        (
            ParameterError::NameEncoding,
            "InvalidChannelName",
            None,
            "The characters encoding must be utf-8.",
        ),
        (
            ParameterError::NameSlash,
            "InvalidChannelName",
            None,
            "ChannelName must not contain a slash.",
        ),
        (
            ParameterError::Description { len: 129 },
            invalid,
            Some("0044-00000001"),
            "Description has 129 bytes, more than 128",
        ),
        (
            ParameterError::Status,
            invalid,
            Some("0044-00000002"),
            "Status is neither enabled nor disabled",
        ),
        (
            ParameterError::SnapshotTwice,
            invalid,
            Some("0044-00000003"),
            "there is more than one Snapshot",
        ),
        (
            ParameterError::SnapshotUnsupported,
            invalid,
            Some("0044-00000004"),
            "snapshots are not supported here",
        ),
        (
            ParameterError::SnapshotInterval,
            invalid,
            Some("0044-00000005"),
            "Snapshot.Interval is no integer from 1 to 100",
        ),
        (
            ParameterError::SnapshotTopic,
            invalid,
            Some("0044-00000006"),
            "Snapshot.NotifyTopic is empty",
        ),
        (
            ParameterError::SnapshotRole,
            invalid,
            Some("0044-00000007"),
            "Snapshot.RoleName is empty",
        ),
        (
            ParameterError::SnapshotBucket,
            invalid,
            Some("0044-00000008"),
            "Snapshot.DestBucket is no bucket name",
        ),
        (ParameterError::Type, invalid, Some("0044-00000013"), "Target.Type is not HLS"),
        (
            ParameterError::FragDuration,
            invalid,
            Some("0044-00000014"),
            "FragDuration is no integer from 1 to 100",
        ),
        (
            ParameterError::FragDurationMissing,
            invalid,
            Some("0044-00000014"),
            "FragCount needs FragDuration beside it",
        ),
        (
            ParameterError::FragCount,
            invalid,
            Some("0044-00000015"),
            "FragCount is no integer from 1 to 100",
        ),
        (
            ParameterError::FragCountMissing,
            invalid,
            Some("0044-00000015"),
            "FragDuration needs FragCount beside it",
        ),
        (
            ParameterError::PlaylistNameSlash,
            invalid,
            Some("0044-00000016"),
            "PlaylistName has a slash in it",
        ),
        (
            ParameterError::PlaylistNameTooLong { len: 200 },
            invalid,
            Some("0044-00000017"),
            "PlaylistName has 200 bytes, more than 128",
        ),
        (
            ParameterError::PlaylistNameSuffix,
            invalid,
            Some("0044-00000018"),
            "PlaylistName does not end in .m3u8 behind at least one character",
        ),
    ];
    for (error, code, ec, text) in table {
        assert_eq!((error.code(), error.ec()), (code, ec), "{text}");
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn names_of_causes_and_notices_are_theirs_alone_and_fit_a_column() {
    let causes = [
        Cause::KeyFrame,
        Cause::Forced,
        Cause::AudioOnly,
        Cause::Discontinuity,
        Cause::ConfigChange,
        Cause::TrackChange,
        Cause::TargetLimit,
        Cause::Requested,
        Cause::End,
    ];
    let names: BTreeSet<_> = causes.map(Cause::name).into_iter().collect();
    assert_eq!(names.len(), causes.len());
    assert_eq!(format!("{:>14}|", Cause::ConfigChange), " config-change|");
    let kinds: BTreeSet<_> = NoticeKind::ALL.iter().map(|kind| kind.to_string()).collect();
    assert_eq!(kinds.len(), NoticeKind::ALL.len());
    let plain = |name: &String| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    assert!(kinds.iter().all(plain), "{kinds:?}");
    assert_eq!(format!("{:<13}|", NoticeKind::TargetGrew), "target-grew  |");
}

#[test]
fn codecs_have_the_names_of_their_standards() {
    let video =
        ["Sorenson H.263", "Screen video", "VP6", "VP6 with alpha", "Screen video 2", "H.264"];
    for (id, want) in (2..).zip(video) {
        assert_eq!(VideoCodec::from_legacy(id).to_string(), want);
    }
    assert_texts(&[
        (VideoCodec::HEVC, "H.265"),
        (VideoCodec::VVC, "H.266"),
        (VideoCodec::AV1, "AV1"),
        (VideoCodec::VP8, "VP8"),
        (VideoCodec::VP9, "VP9"),
        (VideoCodec::NONE, "none"),
    ]);
    let audio = [
        "PCM",
        "ADPCM",
        "MP3",
        "PCM",
        "Nellymoser",
        "Nellymoser",
        "Nellymoser",
        "G.711",
        "G.711",
        "codec 9",
        "AAC",
        "Speex",
    ];
    for (format, want) in (0..).zip(audio) {
        assert_eq!(AudioCodec::from_legacy(format).to_string(), want);
    }
    assert_texts(&[
        (AudioCodec::MP3_8K, "MP3 8 kHz"),
        (AudioCodec::OPUS, "Opus"),
        (AudioCodec::AC3, "AC-3"),
        (AudioCodec::EC3, "E-AC-3"),
        (AudioCodec::FLAC, "FLAC"),
        (AudioCodec::NONE, "none"),
    ]);
    assert_eq!(
        format!("{:?} {:?}", VideoCodec::AVC, AudioCodec::AAC),
        "VideoCodec(H.264) AudioCodec(AAC)"
    );
    let kinds = [8, 9, 15, 18, 22, 20].map(|byte| format!("{:?}", TagKind::new(byte)));
    assert_eq!(kinds, ["AUDIO", "VIDEO", "SCRIPT_AMF3", "SCRIPT", "AGGREGATE", "TagKind(20)"]);
}
