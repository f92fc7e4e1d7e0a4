/* Tags turned into frames, as a host without tags would have them. */
#ifndef AS_FRAMES_H
#define AS_FRAMES_H

#include "support.h"

/* What a host without tags knows of its stream. */
typedef struct {
    uint32_t coding; /* of video, an hlsseg_video_coding; 0 before its configuration */
    uint32_t units;  /* how NAL units come, an hlsseg_units other than HLSSEG_UNITS_ANNEX_B */
    int start_codes; /* not 0: they are handed in after start codes instead */
    int64_t last;    /* time of the last tag in ticks, which does not wrap */
    uint8_t *room;   /* where start codes are put in */
} as_frames;

/* What is in a tag that is audio or video. */
typedef struct {
    uint32_t coding;
    int is_configuration;
    int32_t composition_millis;
    const uint8_t *data;
    size_t len;
} media;

static int32_t int24(const uint8_t *at)
{
    return (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8) / 256;
}

/* Reads a video tag of H.264, or an enhanced one of H.265; others have no coding. */
static media read_video(const uint8_t *data, size_t len)
{
    media m = {0};
    if (len > 5 && (data[0] & 0x8f) == 7 && data[1] < 2)
        m = (media){HLSSEG_VIDEO_CODING_AVC, data[1] == 0, int24(data + 2), data + 5, len - 5};
    else if (len > 8 && data[0] >> 7 && !memcmp(data + 1, "hvc1", 4)) {
        size_t head = (data[0] & 15) == 1 ? 8 : 5;
        if ((data[0] & 15) == 0 || (data[0] & 15) == 1 || (data[0] & 15) == 3)
            m = (media){HLSSEG_VIDEO_CODING_HEVC, (data[0] & 15) == 0, head == 8 ? int24(data + 5) : 0, data + head, len - head};
    }
    return m;
}

/* Reads an audio tag of AAC or MP3. */
static media read_audio(const uint8_t *data, size_t len)
{
    media m = {0};
    if (len > 2 && data[0] >> 4 == 10 && data[1] < 2)
        m = (media){HLSSEG_AUDIO_CODING_AAC, data[1] == 0, 0, data + 2, len - 2};
    else if (len > 1 && data[0] >> 4 == 2)
        m = (media){HLSSEG_AUDIO_CODING_MPEG, 0, 0, data + 1, len - 1};
    return m;
}

/* Puts start codes before NAL units; returns how long that is. Room for 4 bytes more per unit is the caller's care. */
static size_t to_start_codes(uint8_t *to, uint32_t units, const uint8_t *data, size_t len)
{
    size_t made = 0;
    while (len > units) {
        size_t unit = 0;
        for (uint32_t n = 0; n < units; n++)
            unit = unit << 8 | data[n];
        data += units, len -= units;
        unit = unit < len ? unit : len;
        memcpy(to + made, "\0\0\0\1", 4), memcpy(to + made + 4, data, unit);
        made += 4 + unit, data += unit, len -= unit;
    }
    return made;
}

/* Hands in what a tag brings, through the functions for frames. Times go through 33 bits, as a transport stream has them. */
static hlsseg_status push_as_frame(as_frames *host, hlsseg_engine *engine, const hlsseg_step *tag, const hlsseg_sink *sink)
{
    int64_t dts = hlsseg_ticks_near(host->last, (uint64_t)tag->time_millis * 90);
    if (tag->tag_kind == 9) {
        media m = read_video(tag->data, tag->len);
        if (!m.coding)
            return HLSSEG_STATUS_OK;
        host->last = dts;
        if (m.is_configuration) {
            host->coding = m.coding;
            host->units = (m.data[m.coding == HLSSEG_VIDEO_CODING_AVC ? 4 : 21] & 3u) + 1;
            return hlsseg_configure(engine, m.coding == HLSSEG_VIDEO_CODING_AVC ? HLSSEG_CONFIGURATION_AVC_RECORD
                                                                               : HLSSEG_CONFIGURATION_HEVC_RECORD,
                                    m.data, m.len, sink);
        }
        if (m.coding != host->coding)
            return HLSSEG_STATUS_OK;
        if (host->start_codes)
            m.len = to_start_codes(host->room, host->units, m.data, m.len), m.data = host->room;
        return hlsseg_push_video(engine, m.coding, dts, dts + m.composition_millis * 90,
                                 host->start_codes ? (uint32_t)HLSSEG_UNITS_ANNEX_B : host->units, m.data, m.len, sink);
    }
    media m = {0};
    if (tag->tag_kind == 8)
        m = read_audio(tag->data, tag->len);
    if (!m.coding)
        return HLSSEG_STATUS_OK;
    host->last = dts;
    if (m.is_configuration)
        return hlsseg_configure(engine, HLSSEG_CONFIGURATION_AAC_CONFIG, m.data, m.len, sink);
    return hlsseg_push_audio(engine, m.coding, dts, m.data, m.len, sink);
}

#endif
