/* C API of hls_segmenter, an embeddable HLS segmenter: FLV tags, RTMP messages or coded frames in, segments in MPEG-TS or
 * fMP4 and sliding-window playlists out, to callbacks. Made by cbindgen (capi/header.sh); do not edit.
 *
 * How it is used
 *
 *   1. Make an engine in memory of your own:      hlsseg_config_init, hlsseg_sizeof_for, hlsseg_init
 *   2. Push every tag or message, as it came:     hlsseg_push, with an hlsseg_sink lent to the call;
 *      or frames, where there are no tags:        hlsseg_configure, hlsseg_push_video, hlsseg_push_audio
 *   3. The sink is called back: a segment opens, takes runs of TS packets (hlsseg_packets_copy), and closes; the
 *      playlist that names it follows (hlsseg_playlist_m3u8).
 *      In fMP4 it takes an initialization section (hlsseg_init_section), payload (hlsseg_payload_copy), and the head that
 *      goes before the payload of a fragment (hlsseg_fragment_head_copy); hlsseg_fragment_write and hlsseg_fragment_close
 *      put fragments together. The playlist is hlsseg_playlist_text, with the parts of Low-Latency HLS where there are any;
 *      hlsseg_reload answers requests for the next version.
 *   4. Finish the stream, for good or until the encoder comes back:      hlsseg_finish
 *
 * FLV files are taken apart by hlsseg_reader_step. capi/examples/flv2hls.c does all of it in 150 lines.
 *
 * Rules
 *
 *   Memory     The library keeps no memory of its own and returns none to free. Engine, reader and pieces live where the
 *              caller puts them; what a function is given it has copied, or is done with, when it returns. Nothing is
 *              allocated per tag, segment or playlist. (Reading a changed H.264 parameter set that has scaling lists, a
 *              picture order cycle or HRD parameters allocates up to a few KiB for the time of the call.)
 *   Pointers   A pointer is NULL, where that is allowed, or points to what the parameter says, aligned as its type is.
 *              NULL and wrong alignment are told by a status; any other wrong pointer is undefined behaviour, as in C.
 *   Lifetime   What a callback is given by pointer is gone when the callback returns; copy what is to be kept.
 *   Threads    There is no global state. An object may be used on any thread, by one call at a time; a second call
 *              meanwhile, from a callback or another thread, returns HLSSEG_STATUS_BUSY and does nothing.
 *   Errors     Functions that can fail return an hlsseg_status; output parameters are set only as their function says.
 *              No panic comes out of the library: a bug of its own is HLSSEG_STATUS_INTERNAL, and the object is out of
 *              use. (That needs a library that was built with unwinding, as the Makefile builds it.)
 *   Structs    begin with their size, so that programs and libraries of different versions go together. Whoever makes a
 *              struct sets it to sizeof the struct. The library takes what a shorter, older struct lacks as its default
 *              (0, NULL, or as hlsseg_config_init has it), and fills no more of one than there is. It accepts a longer,
 *              newer one while all that it does not know of it is zero. Set a struct that is input to zero before you
 *              fill it, or use hlsseg_config_init. Structs only ever grow at their end.
 *   Enums      Fields and parameters that hold a value of an enum are of type uint32_t: later versions may add values.
 *   Time       Ticks are 1/90000 s on the engine's timeline, which never wraps; the rest is in ms.
 *   Texts      are UTF-8 and end in NUL; lengths of texts do not count it.
 */


#ifndef HLS_SEGMENTER_H
#define HLS_SEGMENTER_H

#include <stddef.h>
#include <stdint.h>

/**
 * The slack is half the interval of frames, at least 1 ms and at most 50 ms.
 */
#define HLSSEG_SLACK_HALF_FRAME UINT32_MAX

/**
 * Kinds of notices that this header names: they are numbered from 1 to this.
 */
#define HLSSEG_NOTICE_KINDS 39

/**
 * Length of a resume token in bytes.
 */
#define HLSSEG_TOKEN_LEN 51

/**
 * Most bytes that a reader ever asks for at a time: the largest tag there is.
 */
#define HLSSEG_MAX_TAG_LEN 16777230

/**
 * Version of this header: major times 1000000, minor times 1000, and patch.
 */
#define HLSSEG_VERSION 1000

/**
 * What a function returns: `HLSSEG_STATUS_OK`, which is 0, or why it did not do what was asked.
 * Later versions may add values: take an unknown one as a failure.
 */
typedef enum hlsseg_status {
    /**
     * It was done.
     */
    HLSSEG_STATUS_OK = 0,
    /**
     * A pointer is NULL that must not be, or a callback that must be there is not. Nothing was
     * done.
     */
    HLSSEG_STATUS_NULL = 1,
    /**
     * The `size` of a struct is less than its first field or more than 4096, or a struct that is
     * longer than this library knows has something in it that it does not know. Nothing was
     * done.
     */
    HLSSEG_STATUS_SIZE = 2,
    /**
     * A pointer or the memory for an object is not aligned. Nothing was done.
     */
    HLSSEG_STATUS_ALIGNMENT = 3,
    /**
     * The memory for an object is too short. Nothing was done.
     */
    HLSSEG_STATUS_MEMORY = 4,
    /**
     * A number is none of those that the parameter may have. Nothing was done.
     */
    HLSSEG_STATUS_ARGUMENT = 5,
    /**
     * Options are out of range or contradict each other: `hlsseg_config_check` says which. Nothing
     * was done.
     */
    HLSSEG_STATUS_CONFIG = 6,
    /**
     * A parameter of PutLiveChannel is beyond its limits. Nothing was done.
     */
    HLSSEG_STATUS_PARAMETER = 7,
    /**
     * There is no object at the pointer: it was not initialised. Nothing was done.
     */
    HLSSEG_STATUS_STATE = 8,
    /**
     * The object is in use by another call: by the one whose callback made this call, or on
     * another thread. Nothing was done.
     */
    HLSSEG_STATUS_BUSY = 9,
    /**
     * The buffer is too short; the length that is needed was returned. Nothing was copied.
     */
    HLSSEG_STATUS_SHORT_BUFFER = 10,
    /**
     * A segment's URI could not be written: the callback failed, or it is empty, longer than 4095
     * bytes, no UTF-8, begins with `#`, or has a blank, a control character or a double quote
     * in it.
     */
    HLSSEG_STATUS_URI = 11,
    /**
     * The bytes are no FLV file. The reader stays where it is.
     */
    HLSSEG_STATUS_FLV = 12,
    /**
     * The bytes are no resume token of this version. Nothing was done.
     */
    HLSSEG_STATUS_TOKEN = 13,
    /**
     * The segments are not those of the token's playlist: one is missing or out of place. Nothing
     * was done.
     */
    HLSSEG_STATUS_SEGMENTS = 14,
    /**
     * The tag's own headers cannot be read; it was passed over and the stream goes on.
     */
    HLSSEG_STATUS_TAG = 15,
    /**
     * The codec's headers in a tag, frame or configuration cannot be read or used; it was passed
     * over and the stream goes on.
     */
    HLSSEG_STATUS_CODEC = 16,
    /**
     * A callback failed; `hlsseg_sink_error` tells what it returned. What that costs stands with
     * `hlsseg_sink`. The stream goes on.
     */
    HLSSEG_STATUS_SINK = 17,
    /**
     * The list was ended before: nothing may follow EXT-X-ENDLIST.
     */
    HLSSEG_STATUS_FINISHED = 18,
    /**
     * There is no such thing: the track has not been seen, the playlist lists fewer segments.
     */
    HLSSEG_STATUS_ABSENT = 19,
    /**
     * A bug of this library, caught. The object cannot be used any more: initialise it again.
     */
    HLSSEG_STATUS_INTERNAL = 20,
} hlsseg_status;

/**
 * Which segments the playlist lists.
 */
typedef enum hlsseg_window {
    /**
     * The newest `frag_count` segments, no more.
     */
    HLSSEG_WINDOW_EXACTLY = 0,
    /**
     * `frag_count` segments and as many more as keep three target durations listed (RFC 8216
     * section 6.2.2), up to 111.
     */
    HLSSEG_WINDOW_AT_LEAST_THREE_TARGETS = 1,
} hlsseg_window;

/**
 * What a segment may start at.
 */
typedef enum hlsseg_key_frames {
    /**
     * An IDR picture, whatever the tag's FrameType says.
     */
    HLSSEG_KEY_FRAMES_IDR = 0,
    /**
     * An IDR picture or a picture with a recovery point SEI: open GOPs and intra refresh.
     */
    HLSSEG_KEY_FRAMES_IDR_OR_RECOVERY_POINT = 1,
    /**
     * A picture whose tag has FrameType 1, whatever is in it.
     */
    HLSSEG_KEY_FRAMES_FRAME_TYPE = 2,
} hlsseg_key_frames;

/**
 * Why a segment ended. Later versions may add values.
 */
typedef enum hlsseg_cause {
    /**
     * A reason that this version of the C API does not name.
     */
    HLSSEG_CAUSE_OTHER = 0,
    /**
     * A key frame came at FragDuration or later.
     */
    HLSSEG_CAUSE_KEY_FRAME = 1,
    /**
     * No key frame came within max(2 x FragDuration, 60 s).
     */
    HLSSEG_CAUSE_FORCED = 2,
    /**
     * A stream without video reached FragDuration.
     */
    HLSSEG_CAUSE_AUDIO_ONLY = 3,
    /**
     * The timeline broke.
     */
    HLSSEG_CAUSE_DISCONTINUITY = 4,
    /**
     * A codec's configuration changed.
     */
    HLSSEG_CAUSE_CONFIG_CHANGE = 5,
    /**
     * A track joined or left.
     */
    HLSSEG_CAUSE_TRACK_CHANGE = 6,
    /**
     * It would have outgrown the declared target duration.
     */
    HLSSEG_CAUSE_TARGET_LIMIT = 7,
    /**
     * `hlsseg_request_switch` asked for it.
     */
    HLSSEG_CAUSE_REQUESTED = 8,
    /**
     * The stream ended.
     */
    HLSSEG_CAUSE_END = 9,
} hlsseg_cause;

/**
 * Which track is meant.
 */
typedef enum hlsseg_track_kind {
    /**
     * Video.
     */
    HLSSEG_TRACK_KIND_VIDEO = 1,
    /**
     * Audio.
     */
    HLSSEG_TRACK_KIND_AUDIO = 2,
} hlsseg_track_kind;

/**
 * What was noticed. Later versions may add values.
 */
typedef enum hlsseg_notice_kind {
    /**
     * Something that this version of the C API does not name.
     */
    HLSSEG_NOTICE_KIND_OTHER = 0,
    /**
     * A tag of a type that carries neither audio, video nor data was passed over.
     */
    HLSSEG_NOTICE_KIND_UNKNOWN_TAG = 1,
    /**
     * A tag with the Filter bit, encrypted, was passed over (FLV 10.1 E.4.1).
     */
    HLSSEG_NOTICE_KIND_ENCRYPTED_TAG = 2,
    /**
     * A tag could not be read and was passed over; the error went to the caller.
     */
    HLSSEG_NOTICE_KIND_BAD_TAG = 3,
    /**
     * A video frame or header of a codec other than H.264 and H.265 was dropped.
     */
    HLSSEG_NOTICE_KIND_UNSUPPORTED_VIDEO = 4,
    /**
     * An audio frame or header of a codec other than AAC and MP3 was dropped.
     */
    HLSSEG_NOTICE_KIND_UNSUPPORTED_AUDIO = 5,
    /**
     * A packet of an unknown kind within a known codec was passed over.
     */
    HLSSEG_NOTICE_KIND_UNKNOWN_PACKET = 6,
    /**
     * A track other than the default one of a multitrack message was passed over (Enhanced RTMP).
     */
    HLSSEG_NOTICE_KIND_OTHER_TRACK = 7,
    /**
     * Video came before its parameter sets were there whole, and was dropped.
     */
    HLSSEG_NOTICE_KIND_VIDEO_BEFORE_HEADER = 8,
    /**
     * Audio came before its sequence header and was dropped.
     */
    HLSSEG_NOTICE_KIND_AUDIO_BEFORE_HEADER = 9,
    /**
     * Video came before the first key frame and was dropped.
     */
    HLSSEG_NOTICE_KIND_VIDEO_BEFORE_KEY_FRAME = 10,
    /**
     * Audio came too long before the first key frame and was dropped.
     */
    HLSSEG_NOTICE_KIND_AUDIO_BEFORE_KEY_FRAME = 11,
    /**
     * Audio of the old timeline, or of no timeline that fits, was dropped.
     */
    HLSSEG_NOTICE_KIND_AUDIO_WRONG_TIMELINE = 12,
    /**
     * Audio of a track or configuration that joins at the next key frame was dropped.
     */
    HLSSEG_NOTICE_KIND_AUDIO_NOT_JOINED = 13,
    /**
     * Audio that MPEG-TS cannot carry was dropped, or what is no frame in a tag of MP3.
     */
    HLSSEG_NOTICE_KIND_AUDIO_NOT_CARRIED = 14,
    /**
     * A NAL unit of length 0 was passed over.
     */
    HLSSEG_NOTICE_KIND_EMPTY_NAL_UNIT = 15,
    /**
     * A NAL unit ran past the end of its tag and was dropped.
     */
    HLSSEG_NOTICE_KIND_TRUNCATED_NAL_UNIT = 16,
    /**
     * NAL units stood behind start codes where lengths belong.
     */
    HLSSEG_NOTICE_KIND_START_CODES = 17,
    /**
     * NAL units of a tag without picture found no room and were dropped.
     */
    HLSSEG_NOTICE_KIND_NO_PICTURE = 18,
    /**
     * The tag said key frame and the picture is no IDR picture.
     */
    HLSSEG_NOTICE_KIND_KEY_FLAG_WITHOUT_IDR = 19,
    /**
     * The picture is an IDR picture and the tag did not say key frame.
     */
    HLSSEG_NOTICE_KIND_IDR_WITHOUT_KEY_FLAG = 20,
    /**
     * A composition offset below −500 ms was taken as 0.
     */
    HLSSEG_NOTICE_KIND_WILD_COMPOSITION = 21,
    /**
     * A video DTS was moved to come after the one before it.
     */
    HLSSEG_NOTICE_KIND_VIDEO_REPAIR = 22,
    /**
     * An audio PTS was moved to come after the one before it.
     */
    HLSSEG_NOTICE_KIND_AUDIO_REPAIR = 23,
    /**
     * The audio clock was set anew to the tags' time.
     */
    HLSSEG_NOTICE_KIND_AUDIO_REANCHOR = 24,
    /**
     * An ADTS header within the FLV payload was taken off.
     */
    HLSSEG_NOTICE_KIND_ADTS_IN_FLV = 25,
    /**
     * The timeline broke.
     */
    HLSSEG_NOTICE_KIND_TIMELINE_JUMP = 26,
    /**
     * Audio and video have unrelated clocks.
     */
    HLSSEG_NOTICE_KIND_UNRELATED_CLOCKS = 27,
    /**
     * An announced track did not come and left the program map table.
     */
    HLSSEG_NOTICE_KIND_TRACK_MISSING = 28,
    /**
     * EXT-X-TARGETDURATION grew.
     */
    HLSSEG_NOTICE_KIND_TARGET_GREW = 29,
    /**
     * A segment outgrew the declared target duration.
     */
    HLSSEG_NOTICE_KIND_TARGET_VIOLATED = 30,
    /**
     * The window is full: a segment left although less than three target durations stay.
     */
    HLSSEG_NOTICE_KIND_WINDOW_FULL = 31,
    /**
     * A sink call failed; the open segment was aborted if there was one.
     */
    HLSSEG_NOTICE_KIND_SINK_FAILED = 32,
    /**
     * A picture was dropped whose time was far from that of the one before it: the next picture
     * did not agree with it, or was the first to show that the timeline had jumped.
     */
    HLSSEG_NOTICE_KIND_VIDEO_WRONG_TIMELINE = 33,
    /**
     * An end of sequence or of stream stood before the slices of its tag, where it would end the
     * wrong picture, and was left out.
     */
    HLSSEG_NOTICE_KIND_MISPLACED_NAL_UNIT = 34,
    /**
     * A track whose codec is no longer one that is carried left the program map table.
     */
    HLSSEG_NOTICE_KIND_TRACK_LEFT = 35,
    /**
     * Nothing that came can be carried: as long as an announced track is waited for, there was
     * media, and all of it was of codecs that are not supported. Told once.
     */
    HLSSEG_NOTICE_KIND_NOTHING_CARRIED = 36,
    /**
     * A picture of H.265 was dropped that refers to pictures before the one that decoding begins
     * with (RASL).
     */
    HLSSEG_NOTICE_KIND_LEADING_PICTURE = 37,
    /**
     * A list with parts has no dates, which players of Low-Latency HLS need.
     */
    HLSSEG_NOTICE_KIND_UNDATED_PARTS = 38,
    /**
     * The list ended before its first segment was listed: no version of it is ever published, and
     * none has EXT-X-ENDLIST.
     */
    HLSSEG_NOTICE_KIND_NOTHING_LISTED = 39,
} hlsseg_notice_kind;

/**
 * Where a requested switch may fall.
 */
typedef enum hlsseg_switch {
    /**
     * The next key frame, whatever the age of the segment.
     */
    HLSSEG_SWITCH_KEY_FRAME = 0,
    /**
     * The next frame, key frame or not.
     */
    HLSSEG_SWITCH_ONCE = 1,
} hlsseg_switch;

/**
 * How a stream ends.
 */
typedef enum hlsseg_end {
    /**
     * For good: the playlist gets EXT-X-ENDLIST.
     */
    HLSSEG_END_LIST = 0,
    /**
     * Until the encoder comes back: the next tag begins a publication after EXT-X-DISCONTINUITY.
     */
    HLSSEG_END_PAUSE = 1,
} hlsseg_end;

/**
 * What became of the word that a segment is lost. Later versions may add values.
 */
typedef enum hlsseg_lost_answer {
    /**
     * The segment is listed: from the next version of the playlist on it is a gap.
     */
    HLSSEG_LOST_ANSWER_LISTED = 0,
    /**
     * The segment is open, and nothing has changed. A callback gives such a segment up by failing.
     */
    HLSSEG_LOST_ANSWER_OPEN = 1,
    /**
     * The segment is not listed, and nothing has changed: it has left the list, was aborted, or
     * never was.
     */
    HLSSEG_LOST_ANSWER_UNLISTED = 2,
    /**
     * The list has ended, and nothing has changed: no version follows EXT-X-ENDLIST.
     */
    HLSSEG_LOST_ANSWER_ENDED = 3,
} hlsseg_lost_answer;

/**
 * What a step of a reader found. Later versions may add values.
 */
typedef enum hlsseg_step_kind {
    /**
     * Not yet: the buffer must hold `at_least` bytes before the next step can say more.
     */
    HLSSEG_STEP_KIND_NEED = 0,
    /**
     * The file header, once, before everything else.
     */
    HLSSEG_STEP_KIND_HEADER = 1,
    /**
     * A tag: `tag_kind`, `time_millis`, `data` and `len` are what `hlsseg_push` takes.
     */
    HLSSEG_STEP_KIND_TAG = 2,
} hlsseg_step_kind;

/**
 * How a picture is coded. Later versions may add values.
 */
typedef enum hlsseg_video_coding {
    /**
     * H.264.
     */
    HLSSEG_VIDEO_CODING_AVC = 1,
    /**
     * H.265.
     */
    HLSSEG_VIDEO_CODING_HEVC = 2,
    /**
     * AV1: a temporal unit. Only in fMP4.
     */
    HLSSEG_VIDEO_CODING_AV1 = 3,
} hlsseg_video_coding;

/**
 * How audio frames are coded. Later versions may add values.
 */
typedef enum hlsseg_audio_coding {
    /**
     * AAC: one raw data block as the AudioSpecificConfig describes it, or ADTS frames, which need
     * no configuration.
     */
    HLSSEG_AUDIO_CODING_AAC = 1,
    /**
     * MPEG-1 and MPEG-2 audio, MP3 and its lower layers: whole frames. Only in MPEG-TS.
     */
    HLSSEG_AUDIO_CODING_MPEG = 2,
    /**
     * Opus: one packet. Only in fMP4.
     */
    HLSSEG_AUDIO_CODING_OPUS = 3,
    /**
     * FLAC: one frame. Only in fMP4.
     */
    HLSSEG_AUDIO_CODING_FLAC = 4,
    /**
     * AC-3: one syncframe.
     */
    HLSSEG_AUDIO_CODING_AC3 = 5,
    /**
     * E-AC-3: one syncframe. Only in fMP4.
     */
    HLSSEG_AUDIO_CODING_EC3 = 6,
} hlsseg_audio_coding;

/**
 * How the NAL units of a picture are separated. Later versions may add values.
 */
typedef enum hlsseg_units {
    /**
     * Each follows a start code (ITU-T H.264 and H.265 Annex B).
     */
    HLSSEG_UNITS_ANNEX_B = 0,
    /**
     * Each follows its length in one byte.
     */
    HLSSEG_UNITS_LENGTH1 = 1,
    /**
     * Each follows its length in two bytes, big-endian.
     */
    HLSSEG_UNITS_LENGTH2 = 2,
    /**
     * Each says its size: open bitstream units (AV1 5.2). Units of AV1 do so whatever is told here.
     */
    HLSSEG_UNITS_OBUS = 3,
    /**
     * Each follows its length in four bytes, big-endian, as nearly every MP4 file has it.
     */
    HLSSEG_UNITS_LENGTH4 = 4,
} hlsseg_units;

/**
 * What a configuration is. Later versions may add values.
 */
typedef enum hlsseg_configuration {
    /**
     * A decoder configuration record of H.264 (`avcC`, ISO/IEC 14496-15 5.3.3.1).
     */
    HLSSEG_CONFIGURATION_AVC_RECORD = 1,
    /**
     * A decoder configuration record of H.265 (`hvcC`, ISO/IEC 14496-15 8.3.3.1).
     */
    HLSSEG_CONFIGURATION_HEVC_RECORD = 2,
    /**
     * Parameter sets of H.264 alone, each after a start code.
     */
    HLSSEG_CONFIGURATION_AVC_PARAMETER_SETS = 3,
    /**
     * Parameter sets of H.265 alone, each after a start code.
     */
    HLSSEG_CONFIGURATION_HEVC_PARAMETER_SETS = 4,
    /**
     * An AudioSpecificConfig of AAC (ISO/IEC 14496-3 1.6.2.1).
     */
    HLSSEG_CONFIGURATION_AAC_CONFIG = 5,
    /**
     * The identification header of Opus (RFC 7845 5.1); an empty one stands for stereo.
     */
    HLSSEG_CONFIGURATION_OPUS_HEADER = 6,
    /**
     * The description of a FLAC stream (RFC 9639 8.2), 34 bytes, or as a file has it.
     */
    HLSSEG_CONFIGURATION_FLAC_STREAM_INFO = 7,
    /**
     * A configuration record of AV1 (`av1C`, AV1 in ISOBMFF 2.3).
     */
    HLSSEG_CONFIGURATION_AV1_RECORD = 8,
    /**
     * A sequence header of AV1 alone.
     */
    HLSSEG_CONFIGURATION_AV1_SEQUENCE_HEADER = 9,
} hlsseg_configuration;

/**
 * What segments are made of.
 */
typedef enum hlsseg_container {
    /**
     * MPEG-2 transport stream, which every player takes. Media goes to `write_packets`.
     */
    HLSSEG_CONTAINER_TS = 0,
    /**
     * Fragmented MP4 (CMAF). Media goes to `write_payload`, and what stands before it to
     * `init_section` and `close_fragment`.
     */
    HLSSEG_CONTAINER_FMP4 = 1,
} hlsseg_container;

/**
 * What a playlist shows. Later versions may add values.
 */
typedef enum hlsseg_view {
    /**
     * Segments, for all players.
     */
    HLSSEG_VIEW_PLAIN = 0,
    /**
     * Low-Latency HLS: segments and parts, EXT-X-SERVER-CONTROL and EXT-X-PRELOAD-HINT.
     */
    HLSSEG_VIEW_LOW_LATENCY = 1,
    /**
     * The delta update that answers `_HLS_skip=YES`: the same, where segments further from the end
     * than six target durations are counted by EXT-X-SKIP. A list that has ended is always whole.
     */
    HLSSEG_VIEW_DELTA = 2,
} hlsseg_view;

/**
 * How a request for a playlist is answered.
 */
typedef enum hlsseg_reload_answer {
    /**
     * With the list as it is, whole.
     */
    HLSSEG_RELOAD_ANSWER_NOW = 0,
    /**
     * With a later version, as soon as it answers `HLSSEG_RELOAD_ANSWER_NOW`; after three target
     * durations with 503 Service Unavailable.
     */
    HLSSEG_RELOAD_ANSWER_WAIT = 1,
    /**
     * With 400 Bad Request.
     */
    HLSSEG_RELOAD_ANSWER_BAD_REQUEST = 2,
} hlsseg_reload_answer;

/**
 * Turns the tags or frames of one stream into segments and playlists. It lives in memory of the
 * caller, is used by one call at a time on any thread, and needs no clean-up: when it is done
 * with, the memory is simply the caller's again.
 */
typedef struct hlsseg_engine hlsseg_engine;

/**
 * The head of a fragment: what goes before its payload. It is lent to `close_fragment` and gone
 * when that returns.
 */
typedef struct hlsseg_fragment_head hlsseg_fragment_head;

/**
 * A run of whole TS packets, one access unit as a rule, that is laid out and not yet written
 * anywhere. It is lent to `write_packets` and gone when that returns.
 */
typedef struct hlsseg_packets hlsseg_packets;

/**
 * Payload of the fragment at hand: one picture, or audio frames that follow each other, not copied
 * yet. It is lent to `write_payload` and gone when that returns.
 */
typedef struct hlsseg_payload hlsseg_payload;

/**
 * A version of the playlist. It is lent to `update_playlist` and gone when that returns.
 */
typedef struct hlsseg_playlist hlsseg_playlist;

/**
 * A key frame with everything a decoder needs. It is lent to the callback `snapshot` and gone when
 * that returns.
 */
typedef struct hlsseg_snapshot hlsseg_snapshot;

/**
 * What an engine is to do. Fill it with `hlsseg_config_init`, then change what should be
 * different; the defaults are what OSS LiveChannel does. The library copies it.
 */
typedef struct hlsseg_config {
    /**
     * `sizeof(hlsseg_config)`.
     */
    size_t size;
    /**
     * FragDuration: the duration a segment should have, in seconds from 1 to 100; 5.
     */
    uint32_t frag_duration;
    /**
     * FragCount: segments in the playlist, from 1 to 100; 3.
     */
    uint32_t frag_count;
    /**
     * EXT-X-TARGETDURATION: 0 for the longest segment so far, which may grow; or so many seconds
     * for ever, at least `frag_duration`, and a segment that would outgrow them is switched
     * without a key frame; 0.
     */
    uint32_t target_duration;
    /**
     * Which segments are listed, an `hlsseg_window`; `HLSSEG_WINDOW_EXACTLY`.
     */
    uint32_t window;
    /**
     * What a segment may start at, an `hlsseg_key_frames`; `HLSSEG_KEY_FRAMES_IDR`.
     */
    uint32_t key_frames;
    /**
     * How much younger than FragDuration a segment may be when a key frame ends it, in ms up to
     * 100; `HLSSEG_SLACK_HALF_FRAME`.
     */
    uint32_t slack_millis;
    /**
     * The longest forward step of tag time that is still a hole and not a break, in ms from 1000
     * to 3600000; 10000.
     */
    uint32_t jump_limit_millis;
    /**
     * Repeats PAT and PMT so often within a segment, in ms from 20; 0 for only at its start; 0.
     */
    uint32_t psi_interval_millis;
    /**
     * How far PTS and DTS run ahead of the PCR, in ms from 500 to 1000; 700.
     */
    uint32_t pcr_lead_millis;
    /**
     * How long an announced track is waited for, in ms of media time up to 60000; 1000.
     */
    uint32_t track_wait_millis;
    /**
     * How long audio waits for pictures after a sequence header of video, in ms of media time up
     * to 60000; 5000.
     */
    uint32_t picture_wait_millis;
    /**
     * Shortest time between two snapshots, in ms from 1000 to 100000; 0 for no snapshots; 0.
     */
    uint32_t snapshot_interval_millis;
    /**
     * Not 0: a segment is switched at max(2 x FragDuration, 60 s) without a key frame; 1.
     */
    uint8_t forced_switch;
    /**
     * Not 0: video between a break and the next key frame is dropped and counted; 0: it opens the
     * new segment, after parameter sets; 0.
     */
    uint8_t drop_mid_gop;
    /**
     * Not 0: playlists carry EXT-X-INDEPENDENT-SEGMENTS; only with options under which every
     * segment starts with an IDR picture; 0.
     */
    uint8_t independent_segments;
    /**
     * Not 0: the first media tag of a stream is time 0, for all tracks together; 0: tag times are
     * kept; 0.
     */
    uint8_t zero_based;
    /**
     * Not 0: a track whose clock has nothing to do with the lead track's is moved once to where
     * that is; 0: it is dropped and counted; 0.
     */
    uint8_t align_unrelated_clocks;
    /**
     * Not 0: filler data NAL units are dropped; 0.
     */
    uint8_t drop_filler;
    /**
     * Not 0: video is waited for before audio alone begins; 0.
     */
    uint8_t announced_video;
    /**
     * Not 0: a stream without video gives no output; 0.
     */
    uint8_t require_video;
    /**
     * Audio of this MPEG-TS stream type is listed from the first segment on, and waited for: 0x0f
     * for AAC, 0x03 for MP3 from 32 kHz on, 0x04 for MP3 below; 0 for what the metadata
     * announces; 0.
     */
    uint8_t announced_audio;
    /**
     * EXT-X-VERSION: 6, with EXT-X-TARGETDURATION rounded to the nearest second, or 3, with it
     * rounded up; 6.
     */
    uint8_t playlist_version;
    /**
     * Not 0: the first date is the host's, and each later one grows by EXTINF; 0: dates follow the
     * host's clock, each segment by at most 2 % of its duration; 0.
     */
    uint8_t media_dates;
    /**
     * Reserved: 0.
     */
    uint8_t reserved[5];
    /**
     * Media sequence number of the first segment, below 2^63; 0.
     */
    uint64_t first_sequence;
    /**
     * What segments are made of, an `hlsseg_container`; `HLSSEG_CONTAINER_TS`.
     */
    uint32_t container;
    /**
     * Cuts segments into the parts of Low-Latency HLS: a part ends before the first frame that is
     * so much behind its beginning, in ms from 100 to 5000. Only with a `target_duration` that is
     * not 0. 0 for no parts; 0.
     */
    uint32_t part_millis;
    /**
     * The longest distance of two frames that is no hole where there are parts, in ms from 1 to
     * 15/85 of `part_millis`; a larger one breaks the timeline. PART-TARGET is the sum of both,
     * for ever. 0 for 15/85; 0.
     */
    uint32_t part_gap_millis;
    /**
     * Reserved: 0.
     */
    uint32_t reserved_2;
} hlsseg_config;

/**
 * A segment as the playlist lists it. A host that wants to resume after a restart stores these
 * beside the token.
 */
typedef struct hlsseg_listed_segment {
    /**
     * `sizeof(hlsseg_listed_segment)`; in an array the same for all.
     */
    size_t size;
    /**
     * Number of the attempt, as in `hlsseg_segment_start`.
     */
    uint64_t id;
    /**
     * Media sequence number.
     */
    uint64_t sequence;
    /**
     * Calendar time when the segment was opened, in ms since 1970 UTC. 0 unless `has_wall`.
     */
    int64_t wall_millis;
    /**
     * EXT-X-PROGRAM-DATE-TIME, in ms since 1970 UTC. 0 unless `has_program_date_time`.
     */
    int64_t program_date_time_millis;
    /**
     * EXTINF in ms.
     */
    uint32_t extinf_millis;
    /**
     * Not 0: the host told the time.
     */
    uint8_t has_wall;
    /**
     * Not 0: the segment has an EXT-X-PROGRAM-DATE-TIME.
     */
    uint8_t has_program_date_time;
    /**
     * Not 0: EXT-X-DISCONTINUITY precedes the segment.
     */
    uint8_t discontinuity;
    /**
     * Reserved: 0. Structs of programs that do not know `gap` end in padding here, whatever is in
     * it.
     */
    uint8_t reserved;
    /**
     * Not 0: EXT-X-GAP, the segment was lost after it had been closed (`hlsseg_lost`), and players
     * do not ask for it.
     */
    uint8_t gap;
    /**
     * EXT-X-MAP: id of the initialization section that the segment needs. 0 unless `has_init`.
     */
    uint64_t init;
    /**
     * Not 0: the segment needs an initialization section, as all in fMP4 do.
     */
    uint8_t has_init;
} hlsseg_listed_segment;

/**
 * A segment that has just been opened. Lent to `open_segment` for the time of the callback; read
 * only fields that lie within its `size`.
 */
typedef struct hlsseg_segment_start {
    /**
     * Length of the struct as the library fills it.
     */
    size_t size;
    /**
     * Number of the attempt, never used again: fit to name storage by.
     */
    uint64_t id;
    /**
     * Media sequence number that the segment gets if its close succeeds; an aborted segment's
     * goes to the next.
     */
    uint64_t sequence;
    /**
     * First DTS of the lead track on the engine's timeline, in 1/90000 s.
     */
    int64_t start_ticks;
    /**
     * Calendar time when the segment was opened, in ms since 1970 UTC; unique, later than the one
     * before. 0 unless `has_wall`.
     */
    int64_t wall_millis;
    /**
     * Calendar time of the segment's first frame, in ms since 1970 UTC: what
     * EXT-X-PROGRAM-DATE-TIME will say. 0 unless `has_program_date_time`.
     */
    int64_t program_date_time_millis;
    /**
     * Not 0: the host told the time (`hlsseg_set_wall_time`).
     */
    uint8_t has_wall;
    /**
     * Not 0: the segment has an EXT-X-PROGRAM-DATE-TIME.
     */
    uint8_t has_program_date_time;
    /**
     * Not 0: EXT-X-DISCONTINUITY precedes the segment.
     */
    uint8_t discontinuity;
    /**
     * Not 0: the first picture is an IDR picture; in a stream without video, 1.
     */
    uint8_t starts_with_idr;
    /**
     * Id of the initialization section that the segment needs, as in `hlsseg_init_section`. 0
     * unless `has_init`.
     */
    uint64_t init;
    /**
     * Not 0: the segment needs an initialization section, as all in fMP4 do.
     */
    uint8_t has_init;
} hlsseg_segment_start;

/**
 * A finished segment. Lent to `close_segment` for the time of the callback; read only fields that
 * lie within its `size`.
 */
typedef struct hlsseg_segment {
    /**
     * Length of the struct as the library fills it.
     */
    size_t size;
    /**
     * Number of the attempt, as in `hlsseg_segment_start`.
     */
    uint64_t id;
    /**
     * Media sequence number.
     */
    uint64_t sequence;
    /**
     * First DTS of the lead track on the engine's timeline, in 1/90000 s.
     */
    int64_t start_ticks;
    /**
     * Exact duration in 1/90000 s: to the first DTS of the next segment, or to the end of the
     * last frame.
     */
    int64_t duration_ticks;
    /**
     * Length in bytes; in MPEG-TS a multiple of 188.
     */
    uint64_t bytes;
    /**
     * Longest distance between two key frames, or from the last one to the end, in 1/90000 s; all
     * of it in a stream without video.
     */
    int64_t longest_gop_ticks;
    /**
     * Calendar time when the segment was opened, in ms since 1970 UTC. 0 unless `has_wall`.
     */
    int64_t wall_millis;
    /**
     * Calendar time of the first frame, in ms since 1970 UTC. 0 unless `has_program_date_time`.
     */
    int64_t program_date_time_millis;
    /**
     * Duration as the playlist prints it, in ms: rounded, the error carried to the next segment.
     */
    uint32_t extinf_millis;
    /**
     * Frames of the lead track.
     */
    uint32_t frames;
    /**
     * Key frames among them.
     */
    uint32_t key_frames;
    /**
     * Why it ended, an `hlsseg_cause`.
     */
    uint32_t cause;
    /**
     * Not 0: the host told the time.
     */
    uint8_t has_wall;
    /**
     * Not 0: the segment has an EXT-X-PROGRAM-DATE-TIME.
     */
    uint8_t has_program_date_time;
    /**
     * Not 0: EXT-X-DISCONTINUITY precedes the segment.
     */
    uint8_t discontinuity;
    /**
     * Not 0: the first picture is an IDR picture; in a stream without video, 1.
     */
    uint8_t starts_with_idr;
    /**
     * Id of the initialization section that the segment needs, as in `hlsseg_init_section`. 0
     * unless `has_init`.
     */
    uint64_t init;
    /**
     * Not 0: the segment needs an initialization section, as all in fMP4 do.
     */
    uint8_t has_init;
} hlsseg_segment;

/**
 * A segment that has left the playlist. Lent to `expire_segment` for the time of the callback.
 */
typedef struct hlsseg_expired_segment {
    /**
     * Length of the struct as the library fills it.
     */
    size_t size;
    /**
     * Number of the attempt, as in `hlsseg_segment_start`.
     */
    uint64_t id;
    /**
     * Media sequence number.
     */
    uint64_t sequence;
    /**
     * Calendar time when the segment was opened, in ms since 1970 UTC. 0 unless `has_wall`.
     */
    int64_t wall_millis;
    /**
     * How long it must stay available, in ms: its duration and that of the longest playlist it
     * was in (RFC 8216 section 6.2.2).
     */
    int64_t keep_for_millis;
    /**
     * Not 0: the host told the time.
     */
    uint8_t has_wall;
    /**
     * Id of the initialization section that no listed or later segment needs: it must stay as long
     * as this segment. 0 unless `has_init`.
     */
    uint64_t init;
    /**
     * Not 0: there is such a section.
     */
    uint8_t has_init;
} hlsseg_expired_segment;

/**
 * A segment that was opened and will never be listed. Lent to `abort_segment` for the time of the
 * callback. An initialization section of the same id is needed no more.
 */
typedef struct hlsseg_aborted_segment {
    /**
     * Length of the struct as the library fills it.
     */
    size_t size;
    /**
     * Number of the attempt, as in `hlsseg_segment_start`.
     */
    uint64_t id;
    /**
     * Bytes that the sink took of it.
     */
    uint64_t bytes;
} hlsseg_aborted_segment;

/**
 * A track. Lent to the callback `track` for its time, on first sight and whenever it changes; or
 * filled by `hlsseg_read_track`, with what went through.
 */
typedef struct hlsseg_track {
    /**
     * Length of the struct: the library's in the callback, the caller's for `hlsseg_read_track`.
     */
    size_t size;
    /**
     * Which track it is, an `hlsseg_track_kind`.
     */
    uint32_t kind;
    /**
     * Video: width of the picture in pixels; 0 where it is not known.
     */
    uint32_t width;
    /**
     * Video: height of the picture in pixels; 0 where it is not known.
     */
    uint32_t height;
    /**
     * Video: frames per `frame_rate_denominator` seconds; 0 where it is not known.
     */
    uint32_t frame_rate_numerator;
    /**
     * Video: see `frame_rate_numerator`.
     */
    uint32_t frame_rate_denominator;
    /**
     * Audio: samples per second as heard.
     */
    uint32_t sample_rate;
    /**
     * Audio: channels as heard; 0 where only the coded frames tell.
     */
    uint32_t channels;
    /**
     * Bytes of the elementary stream per second of media, over the last two seconds or so; 0
     * before that, and in the callback.
     */
    uint32_t bytes_per_second;
    /**
     * Access units or audio frames written; 0 in the callback.
     */
    uint64_t frames;
    /**
     * Bytes of the elementary stream written; 0 in the callback.
     */
    uint64_t bytes;
    /**
     * Codecs parameter of RFC 6381, ended by NUL: `avc1.64001F`, `hvc1.1.6.L93.90`,
     * `mp4a.40.2`.
     */
    char codec[32];
} hlsseg_track;

/**
 * One notice. What comes with tag after tag is told once per segment, a repair once per run; all
 * are counted. Lent to the callback `notice` for its time.
 */
typedef struct hlsseg_notice {
    /**
     * Length of the struct as the library fills it.
     */
    size_t size;
    /**
     * What was noticed, an `hlsseg_notice_kind`.
     */
    uint32_t kind;
    /**
     * Reserved: 0.
     */
    uint32_t reserved;
    /**
     * Where, on the engine's timeline, in 1/90000 s.
     */
    int64_t time_ticks;
    /**
     * How much: 1/90000 s of a repair, a step or a re-anchor, seconds of a new target; the codec
     * of what is not carried, a FourCC as a big-endian number or a legacy number below 16; else 0.
     */
    int64_t amount;
    /**
     * How often this kind was counted so far, this one included.
     */
    uint64_t count;
} hlsseg_notice;

/**
 * An initialization section, whole: what EXT-X-MAP names. Lent to `init_section` for the time of
 * the callback. Every segment from the one that has its id on needs it, up to the next section.
 */
typedef struct hlsseg_init_section {
    /**
     * Length of the struct as the library fills it.
     */
    size_t size;
    /**
     * Id of the first segment that needs it: no other section ever has the same.
     */
    uint64_t id;
    /**
     * The section.
     */
    const uint8_t *data;
    /**
     * Its length in bytes.
     */
    size_t len;
} hlsseg_init_section;

/**
 * A part of a segment that is complete. The parts of a segment, one behind the other, are the
 * segment. Lent to `close_part` for the time of the callback.
 */
typedef struct hlsseg_part {
    /**
     * Length of the struct as the library fills it.
     */
    size_t size;
    /**
     * Id of its segment, as in `hlsseg_segment_start`.
     */
    uint64_t segment;
    /**
     * Media sequence number of its segment.
     */
    uint64_t sequence;
    /**
     * First DTS of the lead track, in 1/90000 s.
     */
    int64_t start_ticks;
    /**
     * Exact duration in 1/90000 s: never more than the Part Target Duration.
     */
    int64_t duration_ticks;
    /**
     * Bytes of the segment before it.
     */
    uint64_t offset;
    /**
     * Length in bytes.
     */
    uint64_t bytes;
    /**
     * Number within the segment, from 0 on.
     */
    uint32_t index;
    /**
     * Not 0: decoding can begin in it.
     */
    uint8_t independent;
    /**
     * Reserved: 0.
     */
    uint8_t reserved[3];
} hlsseg_part;

/**
 * Takes segments and playlists: callbacks of the caller, lent to a call of `hlsseg_push` or
 * `hlsseg_finish`, and not to be changed before it returns. They are called on the thread of that
 * call, before it returns, in this order:
 *
 *     stream  = *segment [ update_playlist ]                      ; the last has EXT-X-ENDLIST
 *     segment = open_segment 1*media
 *               ( close_segment update_playlist *expire_segment   ; listed from here on
 *               / abort_segment )                                 ; after a failure: never listed
 *     media   = write_packets                                     ; MPEG-TS
 *             / 1*write_payload close_fragment                    ; fMP4
 *
 * In fMP4 `init_section` comes before the `open_segment` of a segment that needs another section.
 * With parts, `*( 1*media close_part update_playlist ) 1*media close_part` stands for `1*media`.
 *
 * `snapshot`, `track` and `notice` come anywhere. A playlist never names a segment whose
 * `close_segment` failed, and a segment is closed before the playlist that names it: enough for
 * write-then-rename, a multipart upload, or memory.
 *
 * `open_segment`, `close_segment` and `update_playlist` must be there; for MPEG-TS
 * `write_packets`, for fMP4 `init_section`, `write_payload` and `close_fragment`; with parts
 * `close_part`. The others may be NULL. They return 0, or any other number when they failed: that
 * ends the segment they belong to, and the call returns `HLSSEG_STATUS_SINK`. After a failure of
 * any of them but `update_playlist` follows `abort_segment`, the media sequence number goes to the
 * next segment, and that one opens at the next key frame behind EXT-X-DISCONTINUITY. A failed
 * `update_playlist` costs nothing: the next version has it all.
 *
 * A callback must return: no `longjmp`, no C++ exception out of it. What it is given by pointer is
 * gone when it returns. Of this library it may call what is said to be for that callback, and
 * anything with another object; a call with the engine that is calling back gets
 * `HLSSEG_STATUS_BUSY`.
 */
typedef struct hlsseg_sink {
    /**
     * `sizeof(hlsseg_sink)`.
     */
    size_t size;
    /**
     * The caller's own, handed to every callback; the library does not look at it.
     */
    void *user;
    /**
     * Begins a segment.
     */
    int (*open_segment)(void *user,
                        const struct hlsseg_segment_start *start);
    /**
     * MPEG-TS: takes a run of whole TS packets of `len` bytes for the open segment:
     * `hlsseg_packets_copy` copies it, `hlsseg_pieces_init` shows it in pieces.
     */
    int (*write_packets)(void *user,
                         const struct hlsseg_packets *packets,
                         size_t len);
    /**
     * Completes the open segment: once this returns 0 it must be obtainable whole.
     */
    int (*close_segment)(void *user,
                         const struct hlsseg_segment *segment);
    /**
     * Publishes a version of the playlist: `hlsseg_playlist_m3u8` writes it as text.
     */
    int (*update_playlist)(void *user,
                           const struct hlsseg_playlist *playlist);
    /**
     * Tells that a segment has left the playlist and how long it must stay available; may be
     * NULL.
     */
    void (*expire_segment)(void *user,
                           const struct hlsseg_expired_segment *expired);
    /**
     * Drops the open segment, or one that failed to open or to close; may be NULL.
     */
    void (*abort_segment)(void *user,
                          const struct hlsseg_aborted_segment *aborted);
    /**
     * Takes a key frame for a picture of the stream, at the pace of `snapshot_interval_millis`;
     * may be NULL.
     */
    void (*snapshot)(void *user,
                     const struct hlsseg_snapshot *snapshot);
    /**
     * Tells what a track is, on first sight and whenever that changes; may be NULL.
     */
    void (*track)(void *user,
                  const struct hlsseg_track *track);
    /**
     * Tells what the engine noticed, repaired or dropped; may be NULL.
     */
    void (*notice)(void *user,
                   const struct hlsseg_notice *notice);
    /**
     * fMP4: takes an initialization section, before the first segment that needs it opens. Once
     * this returns 0 it must be obtainable.
     */
    int (*init_section)(void *user,
                        const struct hlsseg_init_section *section);
    /**
     * fMP4: takes payload of `len` bytes for the fragment that is next in the open segment:
     * `hlsseg_payload_copy` copies it, `hlsseg_pieces_init_payload` shows it in pieces,
     * `hlsseg_fragment_write` puts fragments together.
     */
    int (*write_payload)(void *user,
                         const struct hlsseg_payload *payload,
                         size_t len);
    /**
     * fMP4: takes the head of a fragment, `len` bytes, which goes before the payload that came
     * since the last head: `hlsseg_fragment_head_copy` copies it, `hlsseg_fragment_close`
     * completes the fragment.
     */
    int (*close_fragment)(void *user,
                          const struct hlsseg_fragment_head *head,
                          size_t len);
    /**
     * Parts: completes a part of the open segment, all that came of the segment since the last
     * part. Once this returns 0 it must be obtainable whole, and for three target durations after
     * it has left the list.
     */
    int (*close_part)(void *user,
                      const struct hlsseg_part *part);
} hlsseg_sink;

/**
 * Memory of the caller in which fragments are put together: room for a head, and payload behind
 * it, which is copied once. Set `size`, `memory` and `len`, and the rest to 0. To forget payload
 * whose segment was aborted, set `payload_len` to 0.
 *
 *     | room for a head | payload | payload | ...              hlsseg_fragment_write
 *     |    | moof, mdat | payload | payload |                  hlsseg_fragment_close
 */
typedef struct hlsseg_fragment_buffer {
    /**
     * `sizeof(hlsseg_fragment_buffer)`.
     */
    size_t size;
    /**
     * The memory, which may be another one as long as `payload_len` is 0.
     */
    uint8_t *memory;
    /**
     * Its length in bytes: `hlsseg_fragment_overhead()` and as many as the payload of a fragment
     * may have.
     */
    size_t len;
    /**
     * Bytes of payload that wait for their head.
     */
    size_t payload_len;
} hlsseg_fragment_buffer;

/**
 * A stretch of bytes. On POSIX systems it is laid out as `struct iovec`, so that an array of them
 * goes to `writev` as it is. Frozen: it has no size field and will never grow.
 */
typedef struct hlsseg_piece {
    /**
     * First byte.
     */
    const uint8_t *data;
    /**
     * Bytes; never 0.
     */
    size_t len;
} hlsseg_piece;

/**
 * A PutLiveChannel request: the channel's name from the URL, percent-decoded, and the texts of the
 * body's elements, each ended by NUL; NULL where an element is absent. All of it stays the
 * caller's.
 */
typedef struct hlsseg_live_channel_request {
    /**
     * `sizeof(hlsseg_live_channel_request)`.
     */
    size_t size;
    /**
     * ChannelName: 1 to 64 bytes of UTF-8 without slash or backslash.
     */
    const char *channel_name;
    /**
     * `Description`: at most 128 bytes.
     */
    const char *description;
    /**
     * `Status`: `enabled` or `disabled`.
     */
    const char *status;
    /**
     * `Target.Type`: `HLS`.
     */
    const char *target_type;
    /**
     * `Target.FragDuration`: 1 to 100 s.
     */
    const char *frag_duration;
    /**
     * `Target.FragCount`: 1 to 100.
     */
    const char *frag_count;
    /**
     * `Target.PlaylistName`: 6 to 128 bytes without slash, ending in `.m3u8`.
     */
    const char *playlist_name;
    /**
     * Not 0: there is a `Snapshot`, and the four below are its elements.
     */
    size_t has_snapshot;
    /**
     * `Snapshot.RoleName`.
     */
    const char *role_name;
    /**
     * `Snapshot.DestBucket`.
     */
    const char *dest_bucket;
    /**
     * `Snapshot.NotifyTopic`.
     */
    const char *notify_topic;
    /**
     * `Snapshot.Interval`: 1 to 100 s.
     */
    const char *interval;
} hlsseg_live_channel_request;

/**
 * What a PutLiveChannel request comes to: its values, or why it is refused.
 */
typedef struct hlsseg_live_channel {
    /**
     * `sizeof(hlsseg_live_channel)`.
     */
    size_t size;
    /**
     * The request's playlist name, or `playlist.m3u8` where it has none: a text that lives as
     * long as the request's, or as the program.
     */
    const char *playlist_name;
    /**
     * FragDuration in seconds; 5 by default.
     */
    uint32_t frag_duration;
    /**
     * FragCount; 3 by default.
     */
    uint32_t frag_count;
    /**
     * Seconds from 1 to 100 between two snapshots; 0 without them.
     */
    uint32_t snapshot_interval;
    /**
     * 1 where the channel may be pushed to, 0 where it is disabled.
     */
    uint32_t enabled;
    /**
     * Where it is refused: the `Code` of the error response, ended by NUL.
     */
    char code[32];
    /**
     * Where it is refused: the `EC` of the error response, ended by NUL; empty where OSS
     * documents none.
     */
    char ec[32];
    /**
     * Where it is refused: why, in English, ended by NUL.
     */
    char message[128];
} hlsseg_live_channel;

/**
 * Where a list with parts ends: kept beside its text, it answers blocking requests. It is a plain
 * value, which may be copied, stored and read by any number of threads at a time.
 */
typedef struct hlsseg_live_edge {
    /**
     * `sizeof(hlsseg_live_edge)`.
     */
    size_t size;
    /**
     * Media sequence number of the segment that is not whole yet.
     */
    uint64_t sequence;
    /**
     * Parts of it that are listed.
     */
    uint32_t parts;
    /**
     * Parts of the segment before it, as far as they are listed.
     */
    uint32_t closed_parts;
    /**
     * Parts by which a request may be ahead.
     */
    uint32_t advance_limit;
    /**
     * Not 0: the list is complete, and every request is answered at once.
     */
    uint8_t ended;
    /**
     * Reserved: 0.
     */
    uint8_t reserved[3];
} hlsseg_live_edge;

/**
 * A part as a playlist lists it.
 */
typedef struct hlsseg_listed_part {
    /**
     * `sizeof(hlsseg_listed_part)`.
     */
    size_t size;
    /**
     * Id of its segment, as in `hlsseg_segment_start`.
     */
    uint64_t segment;
    /**
     * Duration in 1/90000 s.
     */
    int64_t duration_ticks;
    /**
     * Number within the segment, from 0 on.
     */
    uint32_t index;
    /**
     * Not 0: INDEPENDENT=YES, decoding can begin in it.
     */
    uint8_t independent;
    /**
     * Reserved: 0.
     */
    uint8_t reserved[3];
} hlsseg_listed_part;

/**
 * Which part is meant: one that is listed, or the one that comes next.
 */
typedef struct hlsseg_next_part {
    /**
     * `sizeof(hlsseg_next_part)`.
     */
    size_t size;
    /**
     * Id of its segment, as in `hlsseg_segment_start`.
     */
    uint64_t segment;
    /**
     * Number within the segment, from 0 on.
     */
    uint32_t index;
    /**
     * Reserved: 0.
     */
    uint32_t reserved;
} hlsseg_next_part;

/**
 * Reads a run or payload in pieces without copying it: heads of packets or lengths of NAL units,
 * and media where it lies. Kept by the caller, made by `hlsseg_pieces_init` or
 * `hlsseg_pieces_init_payload`; gone with what it reads.
 */
typedef struct hlsseg_pieces {
    /**
     * The library's.
     */
    uint64_t opaque[128];
} hlsseg_pieces;

/**
 * What a version of the playlist says of itself.
 */
typedef struct hlsseg_playlist_info {
    /**
     * `sizeof(hlsseg_playlist_info)`.
     */
    size_t size;
    /**
     * EXT-X-MEDIA-SEQUENCE: the number of the first listed segment.
     */
    uint64_t media_sequence;
    /**
     * EXT-X-DISCONTINUITY-SEQUENCE.
     */
    uint64_t discontinuity_sequence;
    /**
     * Segments that are listed.
     */
    size_t count;
    /**
     * EXT-X-TARGETDURATION in seconds.
     */
    uint32_t target_duration;
    /**
     * Not 0: the list is complete, with EXT-X-ENDLIST.
     */
    uint8_t ended;
    /**
     * Not 0: EXT-X-INDEPENDENT-SEGMENTS is carried.
     */
    uint8_t independent_segments;
} hlsseg_playlist_info;

/**
 * Writes the URI of a segment, relative to the playlist, into `dst`, which has room for `len`
 * bytes, a NUL included, and returns its length as `snprintf` does, so that `return snprintf(dst,
 * len, "%llu.ts", ...)` is a whole callback; or a negative number when it failed. `segment` and
 * `dst` are lent for the time of the callback, `user` is what the caller gave. It is UTF-8 without
 * blanks, control characters and double quotes, and does not begin with `#`.
 */
typedef int (*hlsseg_uri)(void *user,
                          const struct hlsseg_listed_segment *segment,
                          char *dst,
                          size_t len);

/**
 * Writes the URI of the initialization section of this `id`, as `hlsseg_uri` does that of a
 * segment.
 */
typedef int (*hlsseg_init_uri)(void *user,
                               uint64_t id,
                               char *dst,
                               size_t len);

/**
 * Writes the URI of a part, one that is listed or the next one, as `hlsseg_uri` does that of a
 * segment.
 */
typedef int (*hlsseg_part_uri)(void *user,
                               const struct hlsseg_next_part *part,
                               char *dst,
                               size_t len);

/**
 * What writes the URIs of a playlist.
 */
typedef struct hlsseg_uris {
    /**
     * `sizeof(hlsseg_uris)`.
     */
    size_t size;
    /**
     * The caller's own, handed to every callback; the library does not look at it.
     */
    void *user;
    /**
     * Segments.
     */
    hlsseg_uri segment;
    /**
     * Initialization sections; may be NULL where no segment is fMP4.
     */
    hlsseg_init_uri init;
    /**
     * Parts; may be NULL where none are asked for.
     */
    hlsseg_part_uri part;
} hlsseg_uris;

/**
 * Takes an FLV file or stream apart, one tag at a time, out of a buffer that the caller keeps. It
 * is memory of the caller, made by `hlsseg_reader_init`, used by one call at a time on any thread,
 * and needs no clean-up.
 */
typedef struct hlsseg_reader {
    /**
     * The library's.
     */
    uint64_t opaque[16];
} hlsseg_reader;

/**
 * What a step of a reader found.
 */
typedef struct hlsseg_step {
    /**
     * `sizeof(hlsseg_step)`.
     */
    size_t size;
    /**
     * Bytes to drop from the front of the buffer before the next step; 0 for
     * `HLSSEG_STEP_KIND_NEED`.
     */
    size_t consumed;
    /**
     * Bytes that the buffer must hold, those already there included; 0 unless
     * `HLSSEG_STEP_KIND_NEED`.
     */
    size_t at_least;
    /**
     * Body of the tag: it lies in the caller's buffer.
     */
    const uint8_t *data;
    /**
     * Its length in bytes.
     */
    size_t len;
    /**
     * What was found, an `hlsseg_step_kind`.
     */
    uint32_t kind;
    /**
     * Time of the tag in ms.
     */
    uint32_t time_millis;
    /**
     * Kind of the tag: 8 audio, 9 video, 18 script data.
     */
    uint8_t tag_kind;
    /**
     * Version in the file header.
     */
    uint8_t version;
    /**
     * Not 0: the file header says that there is audio. A hint, often wrong.
     */
    uint8_t has_audio;
    /**
     * Not 0: the file header says that there is video. A hint, often wrong.
     */
    uint8_t has_video;
} hlsseg_step;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Fills `config` with the defaults. Its `size` must have been set.
 *
 * Threads: any. Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_config_init(struct hlsseg_config *config);

/**
 * Checks `config` and, where it is refused, writes why into `dst`: a text and a NUL, which fit
 * into 128 bytes. `dst` stays the caller's and may be NULL with `len` 0; `text_len` gets the
 * length of the text without its NUL and may be NULL.
 *
 * Threads: any. Errors: `HLSSEG_STATUS_CONFIG` when it is refused, `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`. A `dst` that is too short gets an empty text.
 */
enum hlsseg_status hlsseg_config_check(const struct hlsseg_config *config,
                                       char *dst,
                                       size_t len,
                                       size_t *text_len);

/**
 * Returns how many bytes of memory an engine for MPEG-TS without parts needs: some 12 KiB.
 * `hlsseg_sizeof_for` tells it for any configuration. A host asks at run time, since another
 * version of the library may need another number. Threads: any.
 */
size_t hlsseg_sizeof(void);

/**
 * Sets `len` to how many bytes of memory an engine with this `config` needs, which depends on
 * `container` and on whether there are parts: some 16 KiB at most. NULL is the default one.
 *
 * Threads: any. Errors: `HLSSEG_STATUS_CONFIG` when the configuration is refused,
 * `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_sizeof_for(const struct hlsseg_config *config,
                                     size_t *len);

/**
 * Returns the alignment in bytes that an engine needs; `malloc` gives as much. Threads: any.
 */
size_t hlsseg_alignof(void);

/**
 * Makes an engine for a new list in `len` bytes of memory at `memory`, as many as
 * `hlsseg_sizeof_for` says at least, which without `container` and parts is `hlsseg_sizeof()`, and
 * aligned to `hlsseg_alignof()`; what was there is overwritten. `config` is copied; NULL is the
 * default one. `engine` gets the engine, or NULL.
 *
 * The memory stays the caller's: it must not be moved, written to or freed while the engine is
 * used. Nothing is to be done with an engine before its memory is freed.
 *
 * Threads: any. Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_MEMORY`,
 * `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_CONFIG`, for which `hlsseg_config_check` has the reason.
 */
enum hlsseg_status hlsseg_init(void *memory,
                               size_t len,
                               const struct hlsseg_config *config,
                               struct hlsseg_engine **engine);

/**
 * Makes an engine, as `hlsseg_init` does, that goes on with the list of an earlier one: numbers,
 * counters and target duration continue, and its first segment comes behind EXT-X-DISCONTINUITY.
 *
 * `token` is the stored token of `token_len` bytes, `HLSSEG_TOKEN_LEN`; `listed` are the `count`
 * segments of the playlist that the token came with, oldest first. Both are copied and stay the
 * caller's. Where `config` lists fewer, the excess leaves with the first new segment.
 *
 * Threads: any. Errors: those of `hlsseg_init`, `HLSSEG_STATUS_TOKEN`, also for a token
 * that is damaged or whose list has ended, `HLSSEG_STATUS_SEGMENTS`.
 */
enum hlsseg_status hlsseg_resume(void *memory,
                                 size_t len,
                                 const struct hlsseg_config *config,
                                 const uint8_t *token,
                                 size_t token_len,
                                 const struct hlsseg_listed_segment *listed,
                                 size_t count,
                                 struct hlsseg_engine **engine);

/**
 * Hands one FLV tag or RTMP message to the engine, in the order of arrival, audio, video and
 * script alike. `kind` is the tag type or message type id: 8 audio, 9 video, 15 and 18 script
 * data, 22 aggregate; `time_millis` its time in ms, any epoch, wrapping; `data` its body of `len`
 * bytes, which stays the caller's and is not kept. Whatever it leads to has gone to the `sink`
 * when this returns.
 *
 * Threads: any, one call with this engine at a time. Errors, after all of which the next tag may
 * be pushed: `HLSSEG_STATUS_TAG` and `HLSSEG_STATUS_CODEC`, the tag was passed over;
 * `HLSSEG_STATUS_SINK`, a callback failed; `HLSSEG_STATUS_FINISHED`, the list was ended;
 * `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`,
 * `HLSSEG_STATUS_BUSY`, nothing was done.
 */
enum hlsseg_status hlsseg_push(struct hlsseg_engine *engine,
                               uint8_t kind,
                               uint32_t time_millis,
                               const uint8_t *data,
                               size_t len,
                               const struct hlsseg_sink *sink);

/**
 * Ends the stream, `end` an `hlsseg_end`: what waits is written, the open segment is closed and
 * listed. All of it has gone to the `sink` when this returns. After `HLSSEG_END_PAUSE` the engine
 * may be pushed to again.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_SINK` when a callback
 * failed, the end stands nevertheless; `HLSSEG_STATUS_FINISHED` after `HLSSEG_END_LIST`;
 * `HLSSEG_STATUS_ARGUMENT`, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`,
 * `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`, nothing was done.
 */
enum hlsseg_status hlsseg_finish(struct hlsseg_engine *engine,
                                 uint32_t end,
                                 const struct hlsseg_sink *sink);

/**
 * Tells the calendar time at which the next tag or frame arrived, in ms since 1970 UTC. It names
 * segments and dates the playlist; a stream that is never told has no EXT-X-PROGRAM-DATE-TIME.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_set_wall_time(struct hlsseg_engine *engine,
                                        int64_t unix_millis);

/**
 * Says what tracks will come. `video` is not 0 where there is video; `audio` is the MPEG-TS stream
 * type of audio, as for `announced_audio` of the configuration, or 0 where there is none. The
 * first segment lists audio that is announced, and audio alone waits for video that is, both for
 * as long as `track_wait_millis` of the configuration says. Once a segment has begun this does
 * nothing; audio that cannot be carried is not listed.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_announce(struct hlsseg_engine *engine,
                                   uint8_t video,
                                   uint8_t audio);

/**
 * Asks for a switch regardless of FragDuration, `at` an `hlsseg_switch`. Where playlists promise
 * independent segments, a switch at once falls on the next key frame too.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ARGUMENT`,
 * `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_request_switch(struct hlsseg_engine *engine,
                                         uint32_t at);

/**
 * Tells that the segment `id` is lost, which `close_segment` had accepted: its upload has failed
 * after all. It keeps its place in the list, and from the next version on it has EXT-X-GAP, so
 * that players do not ask for it; that version comes with the next segment or with the end of the
 * list. `answer` gets an `hlsseg_lost_answer`. No callback is called.
 *
 * A host that can wait answers for the upload in `close_segment` instead: then no version ever
 * names a segment that is not there. A host that resumes from segments which it stored before this
 * call sets `gap` of the lost ones itself.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`, nothing was done.
 */
enum hlsseg_status hlsseg_lost(struct hlsseg_engine *engine,
                               uint64_t id,
                               uint32_t *answer);

/**
 * Fills `track`, whose `size` must have been set, with what has gone through of a track: the
 * values of GetLiveChannelStat. `kind` is an `hlsseg_track_kind`.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ABSENT` while the
 * track has not been seen, `HLSSEG_STATUS_ARGUMENT`, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_read_track(struct hlsseg_engine *engine,
                                     uint32_t kind,
                                     struct hlsseg_track *track);

/**
 * Sets `count` to how often something was noticed so far. `kind` is an `hlsseg_notice_kind`, from
 * 1 to `HLSSEG_NOTICE_KINDS`.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ARGUMENT`,
 * `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_notice_count(struct hlsseg_engine *engine,
                                       uint32_t kind,
                                       uint64_t *count);

/**
 * Writes what a later engine needs in addition to the listed segments to go on with this list:
 * `HLSSEG_TOKEN_LEN` bytes into `dst`, which stays the caller's. `hlsseg_playlist_token` gives the
 * one that belongs to a version of the playlist.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_SHORT_BUFFER`,
 * `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_read_token(struct hlsseg_engine *engine,
                                     uint8_t *dst,
                                     size_t len);

/**
 * Writes why the last call of this engine that takes a sink failed, as a text and a NUL, into
 * `dst`, which stays the caller's; 160 bytes are enough. `text_len` gets the length without the
 * NUL and may be NULL.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ABSENT` when it did
 * not fail, `HLSSEG_STATUS_SHORT_BUFFER` (`dst` gets an empty text), `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_error_text(struct hlsseg_engine *engine,
                                     char *dst,
                                     size_t len,
                                     size_t *text_len);

/**
 * Sets `error` to what the callback returned that failed the last call of this engine that takes a
 * sink.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ABSENT` when no
 * callback failed it, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`,
 * `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_sink_error(struct hlsseg_engine *engine,
                                     int *error);

/**
 * Returns the length of a head in bytes; 0 where `head` is NULL. It is what `close_fragment` was
 * called with. Only within that callback, on its thread.
 */
size_t hlsseg_fragment_head_len(const struct hlsseg_fragment_head *head);

/**
 * Returns how many bytes of payload belong to the fragment, all that came since the last head; 0
 * where `head` is NULL. Only within `close_fragment`, on its thread.
 */
size_t hlsseg_fragment_payload_len(const struct hlsseg_fragment_head *head);

/**
 * Copies a head to the front of `dst`, which has room for `len` bytes and stays the caller's.
 *
 * Only within `close_fragment`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when `len` is
 * less than the length of the head (nothing was written), `HLSSEG_STATUS_NULL`.
 */
enum hlsseg_status hlsseg_fragment_head_copy(const struct hlsseg_fragment_head *head,
                                             uint8_t *dst,
                                             size_t len);

/**
 * Fills `dst`, all its `len` bytes, with a head and a `free` box before the payload: for a sink
 * that writes payload at once, behind room that it has left. `dst` stays the caller's.
 *
 * Only within `close_fragment`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when `len` is
 * neither the length of the head nor from 8 bytes to 16 MiB more (nothing was written),
 * `HLSSEG_STATUS_NULL`.
 */
enum hlsseg_status hlsseg_fragment_head_copy_padded(const struct hlsseg_fragment_head *head,
                                                    uint8_t *dst,
                                                    size_t len);

/**
 * Returns how many bytes a fragment takes at the most beside its payload. A host asks at run time,
 * since another version of the library may need another number. Threads: any.
 */
size_t hlsseg_fragment_overhead(void);

/**
 * Copies payload behind what is in the buffer, where it waits for its head.
 *
 * Only within `write_payload`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when the memory
 * is too short (nothing was written), `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
 * `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_fragment_write(struct hlsseg_fragment_buffer *buffer,
                                         const struct hlsseg_payload *payload);

/**
 * Puts the head before the payload: `fragment` gets the place and length of the whole fragment,
 * which stays in the buffer until the next write. What is written next belongs to another.
 *
 * Only within `close_fragment`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when the
 * memory has no room for any fragment, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
 * `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_fragment_close(struct hlsseg_fragment_buffer *buffer,
                                         const struct hlsseg_fragment_head *head,
                                         struct hlsseg_piece *fragment);

/**
 * Hands one picture to the engine, in decoding order: all NAL units of an access unit, or of one
 * of its slices. `coding` is an `hlsseg_video_coding`; `units`, an `hlsseg_units`, tells how the
 * NAL units in `data` are separated, whose `len` bytes stay the caller's and are not kept.
 * `dts_ticks` and `pts_ticks` tell when the picture is decoded and when it is shown, in 1/90000 s,
 * on one clock with audio. They do not wrap: `hlsseg_ticks_near` unrolls times of 33 bits. A host
 * that knows PTS alone gives it twice. Whatever the picture leads to has gone to the `sink` when
 * this returns.
 *
 * A publication comes as tags, by `hlsseg_push`, or as frames, not as both: their clocks are not
 * the same.
 *
 * Threads: any, one call with this engine at a time. Errors, after all of which the next frame may
 * be pushed: `HLSSEG_STATUS_CODEC`, the picture was passed over; `HLSSEG_STATUS_SINK`, a callback
 * failed; `HLSSEG_STATUS_FINISHED`, the list was ended; `HLSSEG_STATUS_ARGUMENT`,
 * `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`,
 * `HLSSEG_STATUS_BUSY`, nothing was done.
 */
enum hlsseg_status hlsseg_push_video(struct hlsseg_engine *engine,
                                     uint32_t coding,
                                     int64_t dts_ticks,
                                     int64_t pts_ticks,
                                     uint32_t units,
                                     const uint8_t *data,
                                     size_t len,
                                     const struct hlsseg_sink *sink);

/**
 * Hands one audio frame or several to the engine, in the order of time. `coding` is an
 * `hlsseg_audio_coding`; `data` are the frames, `len` bytes that stay the caller's and are not
 * kept; `pts_ticks` tells when the first one is heard, in 1/90000 s, as for `hlsseg_push_video`.
 * Whatever the frames lead to has gone to the `sink` when this returns.
 *
 * Threads: any, one call with this engine at a time. Errors: as for `hlsseg_push_video`.
 */
enum hlsseg_status hlsseg_push_audio(struct hlsseg_engine *engine,
                                     uint32_t coding,
                                     int64_t pts_ticks,
                                     const uint8_t *data,
                                     size_t len,
                                     const struct hlsseg_sink *sink);

/**
 * Tells how the frames are coded that come from now on, where they do not say so themselves.
 * `kind` is an `hlsseg_configuration`, `data` its `len` bytes, which stay the caller's and are
 * copied. Parameter sets take effect at the next key frame. The callback `track` of the `sink` is
 * told of the track.
 *
 * Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_CODEC`, the
 * configuration cannot be used and was passed over; else as for `hlsseg_push_video`.
 */
enum hlsseg_status hlsseg_configure(struct hlsseg_engine *engine,
                                    uint32_t kind,
                                    const uint8_t *data,
                                    size_t len,
                                    const struct hlsseg_sink *sink);

/**
 * Returns the time nearest to `last_ticks` whose low 33 bits are those of `wire`: unrolls PTS and
 * DTS of a transport stream, in 1/90000 s, where `last_ticks` is the time before. Threads: any.
 */
int64_t hlsseg_ticks_near(int64_t last_ticks,
                          uint64_t wire);

/**
 * Checks the parameters of a PutLiveChannel request in the order of the request, fills `channel`,
 * whose `size` must have been set, and puts FragDuration, FragCount and the snapshot's interval
 * into `config`, which may be NULL.
 *
 * `channel_name` is the one text that must not be NULL. Threads: any. Errors:
 * `HLSSEG_STATUS_PARAMETER` when a parameter is beyond its limits: `code`, `ec` and `message` of
 * `channel` say which, and `config` is left alone; `HLSSEG_STATUS_CONFIG` when the rest of
 * `config` contradicts the channel's values; `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
 * `HLSSEG_STATUS_ALIGNMENT`; `HLSSEG_STATUS_ARGUMENT` when a text other than the name is no UTF-8.
 */
enum hlsseg_status hlsseg_live_channel_check(const struct hlsseg_live_channel_request *request,
                                             struct hlsseg_live_channel *channel,
                                             struct hlsseg_config *config);

/**
 * Fills `edge`, whose `size` must have been set, with where this version of the list ends.
 *
 * Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_ABSENT` without parts,
 * `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_playlist_live_edge(const struct hlsseg_playlist *playlist,
                                             struct hlsseg_live_edge *edge);

/**
 * Says how to answer a request for the playlist: `sequence` points to the value of the directive
 * `_HLS_msn` and `part` to that of `_HLS_part`, each NULL where the request has none. `answer`
 * gets an `hlsseg_reload_answer`. All of it stays the caller's.
 *
 * Threads: any. Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_reload(const struct hlsseg_live_edge *edge,
                                 const uint64_t *sequence,
                                 const uint32_t *part,
                                 uint32_t *answer);

/**
 * Sets `sequence` and `part` to media sequence number and part of the newest part: LAST-MSN and
 * LAST-PART of the EXT-X-RENDITION-REPORT that other renditions carry of this one.
 *
 * Threads: any. Errors: `HLSSEG_STATUS_ABSENT` where no part is listed, `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_last_part(const struct hlsseg_live_edge *edge,
                                    uint64_t *sequence,
                                    uint32_t *part);

/**
 * Writes a notice as a line for a log, `timeline-jump at 12.345 s: 3600.000 s (1)`, and a NUL into
 * `dst`, which stays the caller's; 128 bytes are enough. `text_len` gets the length without the
 * NUL and may be NULL.
 *
 * `notice` is what the callback got, or a copy of it. Threads: any. Errors: `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_SHORT_BUFFER`.
 */
enum hlsseg_status hlsseg_notice_text(const struct hlsseg_notice *notice,
                                      char *dst,
                                      size_t len,
                                      size_t *text_len);

/**
 * Returns the name of a kind, `timeline-jump`, as a text that is never NULL and lives as long as
 * the program. Any number may be given. Threads: any.
 */
const char *hlsseg_notice_name(uint32_t number);

/**
 * Returns the length of a run in bytes: a multiple of 188, never 0; 0 where `packets` is NULL. It
 * is what `write_packets` was called with. Only within that callback, on its thread.
 */
size_t hlsseg_packets_len(const struct hlsseg_packets *packets);

/**
 * Copies a run to the front of `dst`, which has room for `len` bytes and stays the caller's. This
 * is the one copy that a media byte goes through.
 *
 * Only within `write_packets`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when `len` is
 * less than the length of the run (nothing was written), `HLSSEG_STATUS_NULL`.
 */
enum hlsseg_status hlsseg_packets_copy(const struct hlsseg_packets *packets,
                                       uint8_t *dst,
                                       size_t len);

/**
 * Fills `part`, whose `size` must have been set, with the `nth` listed part; 0 is the oldest.
 *
 * Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_ABSENT` when fewer are
 * listed, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_playlist_part(const struct hlsseg_playlist *playlist,
                                        size_t nth,
                                        struct hlsseg_listed_part *part);

/**
 * Fills `part`, whose `size` must have been set, with the part that comes next, which
 * EXT-X-PRELOAD-HINT names: it may be asked for before it is there. Where the segment ends before
 * it, it never comes: a host answers with 404 then.
 *
 * Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_ABSENT` without parts, and
 * where the list has ended, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_playlist_next_part(const struct hlsseg_playlist *playlist,
                                             struct hlsseg_next_part *part);

/**
 * Returns the length of payload in bytes, never 0; 0 where `payload` is NULL. It is what
 * `write_payload` was called with. Only within that callback, on its thread.
 */
size_t hlsseg_payload_len(const struct hlsseg_payload *payload);

/**
 * Copies payload to the front of `dst`, which has room for `len` bytes and stays the caller's.
 * This is the one copy that a media byte goes through.
 *
 * Only within `write_payload`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when `len` is
 * less than the length of the payload (nothing was written), `HLSSEG_STATUS_NULL`.
 */
enum hlsseg_status hlsseg_payload_copy(const struct hlsseg_payload *payload,
                                       uint8_t *dst,
                                       size_t len);

/**
 * Begins to read a run in pieces. `pieces` is memory of the caller, which may lie on its stack and
 * needs no clean-up.
 *
 * Only within `write_packets`, on its thread. Errors: `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_pieces_init(struct hlsseg_pieces *pieces,
                                      const struct hlsseg_packets *packets);

/**
 * Begins to read payload in pieces, as `hlsseg_pieces_init` does a run.
 *
 * Only within `write_payload`, on its thread. Errors: `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_pieces_init_payload(struct hlsseg_pieces *pieces,
                                              const struct hlsseg_payload *payload);

/**
 * Shows the next piece: `piece` gets its place and length, and NULL and 0 behind the last one. The
 * bytes may be read until the next call with these `pieces`, and only within the callback that the
 * media was lent to.
 *
 * Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`.
 */
enum hlsseg_status hlsseg_pieces_next(struct hlsseg_pieces *pieces,
                                      struct hlsseg_piece *piece);

/**
 * Gathers as many pieces as there is room for, for a vectored write: up to `max` into `list`, and
 * the heads and lengths among them, which are not kept anywhere else, into `heads`, 188 bytes each
 * at most and 4 as a rule. `count` gets how many pieces there are now; 0 at the end. Call it again
 * and again until then.
 *
 * `list` and `heads` stay the caller's; the pieces may be read while `heads` is left alone, and
 * only within the callback that the media was lent to. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when
 * not even one piece found room, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`,
 * `HLSSEG_STATUS_STATE`.
 */
enum hlsseg_status hlsseg_pieces_gather(struct hlsseg_pieces *pieces,
                                        struct hlsseg_piece *list,
                                        size_t max,
                                        uint8_t *heads,
                                        size_t heads_len,
                                        size_t *count);

/**
 * Fills `info`, whose `size` must have been set.
 *
 * Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_playlist_read(const struct hlsseg_playlist *playlist,
                                        struct hlsseg_playlist_info *info);

/**
 * Fills `segment`, whose `size` must have been set, with the `nth` listed segment; 0 is the
 * oldest.
 *
 * Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_ABSENT` when fewer are
 * listed, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_playlist_segment(const struct hlsseg_playlist *playlist,
                                           size_t nth,
                                           struct hlsseg_listed_segment *segment);

/**
 * Writes the resume token of this version of the list, `HLSSEG_TOKEN_LEN` bytes, into `dst`, which
 * stays the caller's. Together with the listed segments it lets `hlsseg_resume` go on after a
 * restart.
 *
 * Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER`,
 * `HLSSEG_STATUS_NULL`.
 */
enum hlsseg_status hlsseg_playlist_token(const struct hlsseg_playlist *playlist,
                                         uint8_t *dst,
                                         size_t len);

/**
 * Writes the playlist of segments in MPEG-TS as text and a NUL into `dst`, which has room for
 * `len` bytes and stays the caller's. `text_len` gets the length of the text without its NUL and
 * may be NULL. `uri` is called once per listed segment, with `user`. For fMP4 and for parts there
 * is `hlsseg_playlist_text`.
 *
 * To learn how much room is needed, call it with `dst` NULL and `len` 0: it returns
 * `HLSSEG_STATUS_SHORT_BUFFER` and sets `text_len`. A kilobyte and 100 bytes and the URI for every
 * segment are always enough.
 *
 * Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when the text
 * does not fit (`dst` gets an empty one), `HLSSEG_STATUS_URI` when a URI could not be written, and
 * for fMP4, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_playlist_m3u8(const struct hlsseg_playlist *playlist,
                                        hlsseg_uri uri,
                                        void *user,
                                        char *dst,
                                        size_t len,
                                        size_t *text_len);

/**
 * Writes the playlist as text and a NUL into `dst`, as `hlsseg_playlist_m3u8` does, for any
 * container: EXT-X-MAP stands before the first segment of fMP4 and wherever another section
 * begins. `view` is an `hlsseg_view`. `uris`, `dst` and `text_len` stay the caller's.
 *
 * For parts, 150 bytes and the URI for each are enough in addition; no more than 128 are listed.
 *
 * Only within `update_playlist`, on its thread. Errors: those of `hlsseg_playlist_m3u8`, among
 * them `HLSSEG_STATUS_URI` where sections are listed and `init` of `uris` is NULL,
 * `HLSSEG_STATUS_NULL` also where parts are asked for and `part` is, `HLSSEG_STATUS_ABSENT` where
 * parts are asked for and the engine has none, `HLSSEG_STATUS_ARGUMENT`, `HLSSEG_STATUS_SIZE`.
 */
enum hlsseg_status hlsseg_playlist_text(const struct hlsseg_playlist *playlist,
                                        const struct hlsseg_uris *uris,
                                        uint32_t view,
                                        char *dst,
                                        size_t len,
                                        size_t *text_len);

/**
 * Writes a complete playlist over any `count` segments in MPEG-TS, with EXT-X-ENDLIST, oldest
 * first, as text and a NUL into `dst`: the VOD playlists of PostVodPlaylist and GetVodPlaylist.
 * `typed` not 0 adds EXT-X-PLAYLIST-TYPE:VOD. `segments`, `dst` and `text_len` are as for
 * `hlsseg_playlist_m3u8` and stay the caller's; of a segment, `id`, `extinf_millis`, the date,
 * `discontinuity` and `gap` are looked at. For fMP4 there is `hlsseg_vod_text`.
 *
 * Threads: any. Errors: as for `hlsseg_playlist_m3u8`, and `HLSSEG_STATUS_SIZE` when the sizes are
 * not in order.
 */
enum hlsseg_status hlsseg_vod_m3u8(const struct hlsseg_listed_segment *segments,
                                   size_t count,
                                   uint8_t typed,
                                   hlsseg_uri uri,
                                   void *user,
                                   char *dst,
                                   size_t len,
                                   size_t *text_len);

/**
 * Writes a complete playlist, as `hlsseg_vod_m3u8` does, of segments of any container: `init` of
 * segments is looked at too. `uris` stays the caller's.
 *
 * Threads: any. Errors: as for `hlsseg_vod_m3u8`, `HLSSEG_STATUS_URI` also where a segment needs
 * an initialization section and `init` of `uris` is NULL.
 */
enum hlsseg_status hlsseg_vod_text(const struct hlsseg_listed_segment *segments,
                                   size_t count,
                                   uint8_t typed,
                                   const struct hlsseg_uris *uris,
                                   char *dst,
                                   size_t len,
                                   size_t *text_len);

/**
 * Makes a reader at the start of a file, in `reader`, which is memory of the caller.
 *
 * Threads: any. Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`.
 */
enum hlsseg_status hlsseg_reader_init(struct hlsseg_reader *reader);

/**
 * Reads the next header or tag from the front of `input`, `len` bytes that stay the caller's, and
 * fills `step`, whose `size` must have been set. The caller keeps the bytes not yet consumed at
 * the front of a buffer and repeats: step; drop `consumed` bytes from the front; on
 * `HLSSEG_STEP_KIND_NEED` append until there are `at_least` bytes.
 *
 * A tag is handed out as soon as its body is there. `PreviousTagSize` and `StreamID` are counted
 * where they are wrong, and nothing hangs on them.
 *
 * Threads: any, one call with this reader at a time. Errors: `HLSSEG_STATUS_FLV` when the input
 * does not begin as an FLV file does; `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_reader_step(struct hlsseg_reader *reader,
                                      const uint8_t *input,
                                      size_t len,
                                      struct hlsseg_step *step);

/**
 * Writes why the input is no FLV file, as a text and a NUL, into `dst`, which stays the caller's;
 * 128 bytes are enough. `text_len` gets the length without the NUL and may be NULL.
 *
 * Threads: any, one call with this reader at a time. Errors: `HLSSEG_STATUS_ABSENT` when no step
 * failed, `HLSSEG_STATUS_SHORT_BUFFER` (`dst` gets an empty text), `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_reader_error_text(struct hlsseg_reader *reader,
                                            char *dst,
                                            size_t len,
                                            size_t *text_len);

/**
 * Tells whether a file may end here, with `rest_len` bytes left that were not consumed: sets
 * `clean` to 1 between two tags, with or without `PreviousTagSize`, to 0 within a tag.
 *
 * Threads: any, one call with this reader at a time. Errors: `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_reader_ends_cleanly(struct hlsseg_reader *reader,
                                              size_t rest_len,
                                              uint8_t *clean);

/**
 * Sets `wrong_previous` to how many tags had a `PreviousTagSize` before them that was not the size
 * of the tag before, and `nonzero_stream_id` to how many had a `StreamID` that was not 0.
 *
 * Threads: any, one call with this reader at a time. Errors: `HLSSEG_STATUS_NULL`,
 * `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
 */
enum hlsseg_status hlsseg_reader_counts(struct hlsseg_reader *reader,
                                        uint64_t *wrong_previous,
                                        uint64_t *nonzero_stream_id);

/**
 * Returns the presentation time of a key frame on the engine's timeline, in 1/90000 s; 0 where
 * `snapshot` is NULL. Only within the callback `snapshot`, on its thread.
 */
int64_t hlsseg_snapshot_ticks(const struct hlsseg_snapshot *snapshot);

/**
 * Returns the length of a key frame in bytes, its parameter sets included; 0 where `snapshot` is
 * NULL. Only within the callback `snapshot`, on its thread.
 */
size_t hlsseg_snapshot_len(const struct hlsseg_snapshot *snapshot);

/**
 * Copies a key frame, an H.264 Annex B byte stream that begins with its parameter sets, to the
 * front of `dst`, which has room for `len` bytes and stays the caller's.
 *
 * Only within the callback `snapshot`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when it
 * does not fit (nothing was written), `HLSSEG_STATUS_NULL`.
 */
enum hlsseg_status hlsseg_snapshot_copy(const struct hlsseg_snapshot *snapshot,
                                        uint8_t *dst,
                                        size_t len);

/**
 * Returns what a status means, in English, as a text that is never NULL and lives as long as the
 * program. Any number may be given. May be called on any thread at any time.
 *
 * What went wrong with a tag in particular is told by `hlsseg_error_text`.
 */
const char *hlsseg_status_text(int32_t status);

/**
 * Returns the version of the library that is linked, as `0.1.0`; the text lives as long as the
 * program. May be called on any thread at any time.
 */
const char *hlsseg_version(void);

/**
 * Returns the version of the library that is linked, as a number that can be compared with
 * `HLSSEG_VERSION`: major times 1000000, minor times 1000, and patch. May be called on any thread
 * at any time.
 */
uint32_t hlsseg_version_number(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HLS_SEGMENTER_H */
