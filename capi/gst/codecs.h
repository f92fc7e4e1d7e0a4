/* Which codecs there are, by their caps. */
#ifndef HLSSEG_CODECS_H
#define HLSSEG_CODECS_H

#include <gst/gst.h>

#include "hls_segmenter.h"

typedef struct {
    const gchar *name; /* of the caps */
    gint mpegversion;  /* of caps that have one; 0 for any other number than 1 */
    guint32 coding;    /* hlsseg_video_coding or hlsseg_audio_coding */
    guint32 record;    /* the hlsseg_configuration of what codec_data brings; 0 where the stream has all it needs */
    gsize length_at;   /* of video: the byte of the record that says how long the lengths of NAL units are; 0 without any */
    guint containers;  /* bits 1 << hlsseg_container */
} Codec;

/* Finds the codec of fixed caps; NULL where it is none of those of the pads. */
const Codec *codec_of(const GstStructure *caps);

/* Returns the MPEG-TS stream type of audio, for hlsseg_announce; 0 where it has none. */
guint8 codec_stream_type(const Codec *codec, const GstStructure *caps);

/* Returns what the frames of these caps do not say themselves: a record, an AudioSpecificConfig, a header of Opus. NULL where
 * there is nothing; `missing` is set where there should be. The caller drops the buffer. */
GstBuffer *codec_headers(const Codec *codec, const GstCaps *caps, gboolean *missing);

#endif
