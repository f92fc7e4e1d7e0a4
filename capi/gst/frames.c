/* Frames of both pads, in the order in which they are decoded, into the engine. */
#include "codecs.h"
#include "elements.h"
#include "output.h"

struct _HlssegFramesPad {
    GstAggregatorPad parent;
    gboolean is_video;
    const Codec *codec; /* NULL before the caps */
    guint32 units;      /* of video, an hlsseg_units */
};

G_DEFINE_FINAL_TYPE(HlssegFramesPad, hlsseg_frames_pad, GST_TYPE_AGGREGATOR_PAD)

struct _HlssegFrames {
    GstAggregator parent;
    Output output;
    GstClockTimeDiff composition; /* of the last key frame */
    gboolean adts_untold;         /* audio comes as ADTS, whose configuration the engine needs first */
};

G_DEFINE_FINAL_TYPE(HlssegFrames, hlsseg_frames, GST_TYPE_AGGREGATOR)

GstStaticPadTemplate hlsseg_video_template =
    GST_STATIC_PAD_TEMPLATE("video", GST_PAD_SINK, GST_PAD_REQUEST,
                            GST_STATIC_CAPS("video/x-h264, stream-format = (string) { avc, avc3, byte-stream }, alignment = (string) au; "
                                            "video/x-h265, stream-format = (string) { hvc1, hev1, byte-stream }, alignment = (string) au; "
                                            "video/x-av1, stream-format = (string) obu-stream, alignment = (string) tu"));
GstStaticPadTemplate hlsseg_audio_template =
    GST_STATIC_PAD_TEMPLATE("audio", GST_PAD_SINK, GST_PAD_REQUEST,
                            GST_STATIC_CAPS("audio/mpeg, mpegversion = (int) { 2, 4 }, stream-format = (string) { raw, adts }; "
                                            "audio/mpeg, mpegversion = (int) 1, layer = (int) [ 1, 3 ]; "
                                            "audio/x-opus"));
/* Nothing comes out: an aggregator needs a pad that could. */
static GstStaticPadTemplate nothing = GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("application/x-hls"));

/* Returns ticks of 1/90000 s, rounded down. */
static gint64 ticks(GstClockTimeDiff running)
{
    if (running >= 0)
        return (gint64)gst_util_uint64_scale_int((guint64)running, 9, 100000);
    return -(gint64)gst_util_uint64_scale_int_ceil((guint64)-running, 9, 100000);
}

/* Finds the running time of a time stamp, which is negative before the segment; says whether there is one. */
static gboolean running_time(GstAggregatorPad *pad, GstClockTime stamp, GstClockTimeDiff *running)
{
    guint64 distance;
    gint sign = gst_segment_to_running_time_full(&pad->segment, GST_FORMAT_TIME, stamp, &distance);
    *running = sign < 0 ? -(GstClockTimeDiff)distance : (GstClockTimeDiff)distance;
    return sign != 0;
}

/* Returns when a buffer is decoded; one without times goes first, to be dropped. */
static GstClockTimeDiff decoded_at(GstAggregatorPad *pad, GstBuffer *buffer)
{
    GstClockTimeDiff running;
    return running_time(pad, GST_BUFFER_DTS_OR_PTS(buffer), &running) ? running : G_MININT64;
}

/* Returns the pad whose buffer is decoded first, a reference, or NULL where no pad has a buffer. */
static GstAggregatorPad *earliest(GstAggregator *aggregator, GstClockTimeDiff *at)
{
    GstAggregatorPad *first = NULL;
    GST_OBJECT_LOCK(aggregator);
    for (GList *each = GST_ELEMENT(aggregator)->sinkpads; each; each = each->next) {
        GstAggregatorPad *pad = each->data;
        g_autoptr(GstBuffer) buffer = gst_aggregator_pad_peek_buffer(pad);
        if (!buffer)
            continue;
        GstClockTimeDiff here = decoded_at(pad, buffer);
        if (!first || here < *at) {
            first = pad;
            *at = here;
        }
    }
    if (first)
        gst_object_ref(first);
    GST_OBJECT_UNLOCK(aggregator);
    return first;
}

/* A live stream waits no longer for the other pad than until the earliest frame is due. With parts a second longer: a track
 * that is so much later than the other breaks the timeline. */
static GstClockTime get_next_time(GstAggregator *aggregator)
{
    const GstClockTime more = HLSSEG_FRAMES(aggregator)->output.part_duration > 0 ? GST_SECOND : 0;
    GstClockTimeDiff at = 0;
    g_autoptr(GstAggregatorPad) pad = earliest(aggregator, &at);
    return pad ? (GstClockTime)MAX(at, 0) + more : GST_CLOCK_TIME_NONE;
}

static gboolean all_ended(GstAggregator *aggregator)
{
    gboolean ended = TRUE;
    GST_OBJECT_LOCK(aggregator);
    for (GList *each = GST_ELEMENT(aggregator)->sinkpads; each; each = each->next)
        ended = ended && gst_aggregator_pad_is_eos(each->data);
    GST_OBJECT_UNLOCK(aggregator);
    return ended;
}

static GstFlowReturn push(HlssegFrames *self, HlssegFramesPad *pad, GstBuffer *buffer, GstClockTimeDiff dts)
{
    const hlsseg_sink sink = folder_sink(&self->output.folder);
    GstClockTimeDiff pts;
    GstMapInfo map;
    hlsseg_status status;
    if (!running_time(&pad->parent, GST_BUFFER_PTS(buffer), &pts))
        pts = dts;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        GST_ELEMENT_ERROR(self, RESOURCE, READ, (NULL), ("a buffer cannot be read"));
        return GST_FLOW_ERROR;
    }
    if (pad->is_video) {
        if (!GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
            self->composition = pts - dts;
        status = hlsseg_push_video(self->output.engine, pad->codec->coding, ticks(dts), ticks(pts), pad->units, map.data, map.size, &sink);
    } else {
        status = hlsseg_push_audio(self->output.engine, pad->codec->coding, ticks(pts), map.data, map.size, &sink);
    }
    gst_buffer_unmap(buffer, &map);
    return output_told(&self->output, status);
}

/* In fMP4 a section says how audio is coded before the first segment opens, and ADTS says so in each frame: looks at the first
 * frame of audio, which waits while pictures are pushed. */
static void tell_adts(HlssegFrames *self)
{
    const hlsseg_sink sink = folder_sink(&self->output.folder);
    g_autoptr(GstPad) audio = gst_element_get_static_pad(GST_ELEMENT(self), "audio");
    g_autoptr(GstBuffer) buffer = audio ? gst_aggregator_pad_peek_buffer(GST_AGGREGATOR_PAD(audio)) : NULL;
    guint8 header[4] = {0};
    if (!buffer || gst_buffer_extract(buffer, 0, header, sizeof header) < sizeof header)
        return;
    self->adts_untold = FALSE;
    /* ISO/IEC 13818-7 6.2.1 and ISO/IEC 14496-3 1.6.2.1: profile, sampling frequency index, channel configuration. */
    guint object = (header[2] >> 6) + 1u, rate = header[2] >> 2 & 15u, channels = (header[2] & 1u) << 2 | header[3] >> 6;
    const guint8 config[] = {(guint8)(object << 3 | rate >> 1), (guint8)(rate << 7 | channels << 3)};
    if (header[0] == 0xff && channels > 0)
        output_told(&self->output, hlsseg_configure(self->output.engine, HLSSEG_CONFIGURATION_AAC_CONFIG, config, sizeof config, &sink));
}

/* Takes one buffer. */
static GstFlowReturn aggregate(GstAggregator *aggregator, gboolean timeout)
{
    HlssegFrames *self = HLSSEG_FRAMES(aggregator);
    GstClockTimeDiff dts = 0;
    g_autoptr(GstAggregatorPad) pad = earliest(aggregator, &dts);
    (void)timeout;
    if (!pad) {
        if (!all_ended(aggregator))
            return GST_AGGREGATOR_FLOW_NEED_DATA;
        output_finish(&self->output, HLSSEG_END_LIST);
        return GST_FLOW_EOS;
    }
    g_autoptr(GstBuffer) buffer = gst_aggregator_pad_pop_buffer(pad);
    if (!buffer || gst_buffer_get_size(buffer) == 0) /* flushed meanwhile, or a gap */
        return GST_FLOW_OK;
    if (dts == G_MININT64) {
        GST_WARNING_OBJECT(pad, "a buffer without times was dropped");
        return GST_FLOW_OK;
    }
    if (!HLSSEG_FRAMES_PAD(pad)->codec) {
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, (NULL), ("frames came before their caps"));
        return GST_FLOW_NOT_NEGOTIATED;
    }
    output_tell_time(&self->output);
    if (self->adts_untold)
        tell_adts(self);
    GstFlowReturn flow = push(self, HLSSEG_FRAMES_PAD(pad), buffer, dts);
    if (self->output.key_frame_wanted) {
        g_autoptr(GstPad) video = gst_element_get_static_pad(GST_ELEMENT(self), "video");
        output_request_key_frame(&self->output, video, dts, self->composition);
    }
    return flow;
}

/* Tells the engine what the frames do not say themselves. */
static gboolean configure(HlssegFrames *self, HlssegFramesPad *pad, GstBuffer *headers)
{
    const hlsseg_sink sink = folder_sink(&self->output.folder);
    const gsize at = pad->codec->length_at;
    GstFlowReturn flow = GST_FLOW_ERROR;
    GstMapInfo map;
    if (!gst_buffer_map(headers, &map, GST_MAP_READ))
        return FALSE;
    /* The record that comes with NAL units after their lengths says how long those are. */
    if (at == 0 || (map.size > at && (map.data[at] & 3) != 2)) {
        if (at > 0)
            pad->units = (map.data[at] & 3u) + 1;
        flow = output_told(&self->output, hlsseg_configure(self->output.engine, pad->codec->record, map.data, map.size, &sink));
    }
    gst_buffer_unmap(headers, &map);
    return flow == GST_FLOW_OK;
}

static gboolean set_caps(HlssegFrames *self, HlssegFramesPad *pad, const GstCaps *caps)
{
    const GstStructure *what = gst_caps_get_structure(caps, 0);
    const Codec *codec = codec_of(what);
    gboolean missing = FALSE;
    if (!codec || !(codec->containers & 1u << self->output.container)) {
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, (NULL), ("this container does not carry %" GST_PTR_FORMAT, caps));
        return FALSE;
    }
    pad->codec = codec;
    pad->units = codec->record == HLSSEG_CONFIGURATION_AV1_RECORD ? HLSSEG_UNITS_OBUS : HLSSEG_UNITS_ANNEX_B;
    if (!pad->is_video)
        self->adts_untold =
            self->output.container == HLSSEG_CONTAINER_FMP4 && !g_strcmp0(gst_structure_get_string(what, "stream-format"), "adts");
    /* So that the first segment lists the track: the caps of both pads come before the first frame. */
    hlsseg_announce(self->output.engine, pad->is_video, pad->is_video ? 0 : codec_stream_type(codec, what));
    g_autoptr(GstBuffer) headers = codec_headers(codec, caps, &missing);
    if (missing || (headers && !configure(self, pad, headers))) {
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, (NULL), ("codec_data is missing or cannot be used: %" GST_PTR_FORMAT, caps));
        return FALSE;
    }
    return TRUE;
}

/* Comes on the thread of `aggregate`, after the frames that came before the event. */
static gboolean sink_event(GstAggregator *aggregator, GstAggregatorPad *pad, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        HlssegFrames *self = HLSSEG_FRAMES(aggregator);
        GstCaps *caps;
        gst_event_parse_caps(event, &caps);
        if (!set_caps(self, HLSSEG_FRAMES_PAD(pad), caps)) {
            gst_event_unref(event);
            return FALSE;
        }
    }
    return GST_AGGREGATOR_CLASS(hlsseg_frames_parent_class)->sink_event(aggregator, pad, event);
}

static GstAggregatorPad *create_new_pad(GstAggregator *aggregator, GstPadTemplate *wanted, const gchar *name, const GstCaps *caps)
{
    const gchar *kind = GST_PAD_TEMPLATE_NAME_TEMPLATE(wanted);
    g_autoptr(GstPad) known = gst_element_get_static_pad(GST_ELEMENT(aggregator), kind);
    (void)name, (void)caps;
    if (known)
        return NULL;
    HlssegFramesPad *pad = g_object_new(HLSSEG_TYPE_FRAMES_PAD, "name", kind, "direction", GST_PAD_SINK, "template", wanted, NULL);
    pad->is_video = g_str_equal(kind, "video");
    return &pad->parent;
}

static gboolean negotiate(GstAggregator *aggregator)
{
    (void)aggregator;
    return TRUE;
}

static void adjust(const Output *output, hlsseg_config *config)
{
    (void)output;
    /* The first picture may be decoded before running time 0. */
    config->zero_based = 1;
}

static gboolean start(GstAggregator *aggregator)
{
    HlssegFrames *self = HLSSEG_FRAMES(aggregator);
    self->composition = 0;
    self->adts_untold = FALSE;
    return output_start(&self->output, adjust);
}

static gboolean stop(GstAggregator *aggregator)
{
    output_stop(&HLSSEG_FRAMES(aggregator)->output);
    return TRUE;
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    output_set_property(&HLSSEG_FRAMES(object)->output, id, value, spec);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    output_get_property(&HLSSEG_FRAMES(object)->output, id, value, spec);
}

static void finalize(GObject *object)
{
    output_clear(&HLSSEG_FRAMES(object)->output);
    G_OBJECT_CLASS(hlsseg_frames_parent_class)->finalize(object);
}

static void hlsseg_frames_pad_init(HlssegFramesPad *pad)
{
    (void)pad;
}

static void hlsseg_frames_pad_class_init(HlssegFramesPadClass *class)
{
    (void)class;
}

static void hlsseg_frames_init(HlssegFrames *self)
{
    self->output.element = GST_ELEMENT(self);
}

static void hlsseg_frames_class_init(HlssegFramesClass *class)
{
    GObjectClass *object = G_OBJECT_CLASS(class);
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    GstAggregatorClass *aggregator = GST_AGGREGATOR_CLASS(class);
    object->set_property = set_property;
    object->get_property = get_property;
    object->finalize = finalize;
    aggregator->start = start;
    aggregator->stop = stop;
    aggregator->aggregate = aggregate;
    aggregator->get_next_time = get_next_time;
    aggregator->sink_event = sink_event;
    aggregator->create_new_pad = create_new_pad;
    aggregator->negotiate = negotiate;
    output_install_properties(object);
    gst_element_class_add_static_pad_template_with_gtype(element, &hlsseg_video_template, HLSSEG_TYPE_FRAMES_PAD);
    gst_element_class_add_static_pad_template_with_gtype(element, &hlsseg_audio_template, HLSSEG_TYPE_FRAMES_PAD);
    gst_element_class_add_static_pad_template_with_gtype(element, &nothing, GST_TYPE_AGGREGATOR_PAD);
    gst_element_class_set_static_metadata(element, "HLS segmenter of frames", "Muxer/Network",
                                          "Writes frames as segments in MPEG-TS or fMP4 and an HLS playlist", "hls-segmenter contributors");
}
