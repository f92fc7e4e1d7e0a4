/* Which codecs there are, by their caps. */
#include "codecs.h"

#include <gst/pbutils/codec-utils.h>

enum {
    IN_TS = 1 << HLSSEG_CONTAINER_TS,
    IN_FMP4 = 1 << HLSSEG_CONTAINER_FMP4,
};

static const Codec codecs[] = {
    {"video/x-h264", 0, HLSSEG_VIDEO_CODING_AVC, HLSSEG_CONFIGURATION_AVC_RECORD, 4, IN_TS | IN_FMP4},
    {"video/x-h265", 0, HLSSEG_VIDEO_CODING_HEVC, HLSSEG_CONFIGURATION_HEVC_RECORD, 21, IN_TS | IN_FMP4},
    {"video/x-av1", 0, HLSSEG_VIDEO_CODING_AV1, HLSSEG_CONFIGURATION_AV1_RECORD, 0, IN_FMP4},
    {"audio/mpeg", 0, HLSSEG_AUDIO_CODING_AAC, HLSSEG_CONFIGURATION_AAC_CONFIG, 0, IN_TS | IN_FMP4},
    {"audio/mpeg", 1, HLSSEG_AUDIO_CODING_MPEG, 0, 0, IN_TS},
    {"audio/x-opus", 0, HLSSEG_AUDIO_CODING_OPUS, HLSSEG_CONFIGURATION_OPUS_HEADER, 0, IN_FMP4},
};

const Codec *codec_of(const GstStructure *caps)
{
    gint version = 0;
    gst_structure_get_int(caps, "mpegversion", &version);
    for (guint nth = 0; nth < G_N_ELEMENTS(codecs); nth++)
        if (gst_structure_has_name(caps, codecs[nth].name) && codecs[nth].mpegversion == (version == 1))
            return &codecs[nth];
    return NULL;
}

guint8 codec_stream_type(const Codec *codec, const GstStructure *caps)
{
    gint rate = 44100;
    gst_structure_get_int(caps, "rate", &rate);
    switch (codec->record) {
    case HLSSEG_CONFIGURATION_AAC_CONFIG: return 0x0f;
    case HLSSEG_CONFIGURATION_OPUS_HEADER: return 0;
    default: return rate < 32000 ? 0x04 : 0x03;
    }
}

/* Returns the identification header of Opus: the caps have it, or say what is in it. */
static GstBuffer *opus_header(const GstCaps *caps)
{
    const GValue *headers = gst_structure_get_value(gst_caps_get_structure(caps, 0), "streamheader");
    if (headers && GST_VALUE_HOLDS_ARRAY(headers) && gst_value_array_get_size(headers) > 0) {
        const GValue *first = gst_value_array_get_value(headers, 0);
        if (GST_VALUE_HOLDS_BUFFER(first))
            return gst_buffer_ref(gst_value_get_buffer(first));
    }
    guint32 rate;
    guint8 channels, family, streams, coupled, mapping[256];
    if (!gst_codec_utils_opus_parse_caps((GstCaps *)caps, &rate, &channels, &family, &streams, &coupled, mapping))
        return NULL;
    return gst_codec_utils_opus_create_header(rate, channels, family, streams, coupled, mapping, 0, 0);
}

GstBuffer *codec_headers(const Codec *codec, const GstCaps *caps, gboolean *missing)
{
    const GstStructure *what = gst_caps_get_structure(caps, 0);
    const gchar *format = gst_structure_get_string(what, "stream-format");
    GstBuffer *data = NULL;
    *missing = FALSE;
    if (!codec->record || !g_strcmp0(format, "byte-stream") || !g_strcmp0(format, "adts"))
        return NULL;
    if (codec->record == HLSSEG_CONFIGURATION_OPUS_HEADER)
        data = opus_header(caps);
    else
        gst_structure_get(what, "codec_data", GST_TYPE_BUFFER, &data, NULL);
    /* Key frames of AV1 have their sequence header. */
    *missing = !data && codec->record != HLSSEG_CONFIGURATION_AV1_RECORD;
    return data;
}
