/* hlssegflvsink: an FLV stream in, a folder of HLS out. */
#include <gst/base/gstadapter.h>
#include <gst/video/video-event.h>

#include "elements.h"
#include "folder.h"

GST_DEBUG_CATEGORY_STATIC(hlsseg_debug);
#define GST_CAT_DEFAULT hlsseg_debug

struct _HlssegFlvSink {
    GstBaseSink parent;
    /* Properties, under the object lock. */
    gchar *location, *playlist_location, *playlist_root;
    guint playlist_length, target_duration;
    gboolean keep_all, program_date_time, key_frame_requests;
    /* From start to stop, of the streaming thread. */
    gpointer memory;
    hlsseg_engine *engine;
    hlsseg_reader reader;
    GstAdapter *adapter;
    gsize needed; /* bytes that the next step needs */
    Folder folder;
    gboolean ended, key_frame_wanted;
    GstClockTime composition; /* of the last key frame */
};

G_DEFINE_FINAL_TYPE(HlssegFlvSink, hlsseg_flv_sink, GST_TYPE_BASE_SINK)

enum {
    PROP_LOCATION = 1,
    PROP_PLAYLIST_LOCATION,
    PROP_PLAYLIST_ROOT,
    PROP_PLAYLIST_LENGTH,
    PROP_TARGET_DURATION,
    PROP_KEEP_ALL,
    PROP_PROGRAM_DATE_TIME,
    PROP_KEY_FRAME_REQUESTS,
    PROP_COUNT,
};
static GParamSpec *properties[PROP_COUNT];

static GstStaticPadTemplate template = GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-flv"));

static void opened(gpointer host)
{
    HlssegFlvSink *self = host;
    self->key_frame_wanted = self->key_frame_requests;
}

/* Notes how far an H.264 key frame is shown after it is decoded. */
static void note_composition(HlssegFlvSink *self, const hlsseg_step *step)
{
    if (step->tag_kind == 9 && step->len > 5 && step->data[0] == 0x17 && step->data[1] == 1)
        self->composition = GST_READ_UINT24_BE(step->data + 2) * GST_MSECOND;
}

/* Asks the encoder for a key frame where the segment that has begun should end. Segments are measured in decoding time, and
 * a key frame is asked for by the time it is shown. What is decoded before the stream's time 0 has no running time. */
static void request_key_frame(HlssegFlvSink *self, GstClockTime running)
{
    if (!self->key_frame_wanted || !GST_CLOCK_TIME_IS_VALID(running))
        return;
    self->key_frame_wanted = FALSE;
    GstClockTime at = running + self->target_duration * GST_SECOND + self->composition;
    GstEvent *request = gst_video_event_new_upstream_force_key_unit(at, TRUE, 0);
    gst_pad_push_event(GST_BASE_SINK_PAD(self), request);
}

static void closed(gpointer host, const gchar *path, const hlsseg_segment *segment)
{
    HlssegFlvSink *self = host;
    GstClockTime duration = gst_util_uint64_scale((guint64)segment->duration_ticks, GST_SECOND, 90000);
    GstStructure *said = gst_structure_new("hls-segment-added", "location", G_TYPE_STRING, path, "duration", G_TYPE_UINT64, duration,
                                           "bytes", G_TYPE_UINT64, segment->bytes, "sequence", G_TYPE_UINT64, segment->sequence,
                                           "key-frames", G_TYPE_UINT, segment->key_frames, NULL);
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), said));
}

static void noticed(gpointer host, const hlsseg_notice *notice)
{
    gchar line[128];
    if (hlsseg_notice_text(notice, line, sizeof line, NULL) == HLSSEG_STATUS_OK)
        GST_INFO_OBJECT(host, "%s", line);
}

/* Tells what a call to the engine said. A failed file costs its segment, a bad tag itself: the stream goes on. */
static GstFlowReturn told(HlssegFlvSink *self, hlsseg_status status)
{
    gchar why[160] = "";
    switch (status) {
    case HLSSEG_STATUS_OK:
        return GST_FLOW_OK;
    case HLSSEG_STATUS_TAG:
    case HLSSEG_STATUS_CODEC:
        hlsseg_error_text(self->engine, why, sizeof why, NULL);
        GST_WARNING_OBJECT(self, "a tag was passed over: %s", why);
        return GST_FLOW_OK;
    case HLSSEG_STATUS_SINK:
        GST_ELEMENT_WARNING(self, RESOURCE, WRITE, (NULL), ("%s", GST_STR_NULL(self->folder.trouble)));
        return GST_FLOW_OK;
    default:
        GST_ELEMENT_ERROR(self, LIBRARY, FAILED, (NULL), ("%s", hlsseg_status_text((gint)status)));
        return GST_FLOW_ERROR;
    }
}

static GstFlowReturn take(HlssegFlvSink *self, const guint8 *data, gsize len, gsize *consumed)
{
    const hlsseg_sink sink = folder_sink(&self->folder);
    hlsseg_step step = {.size = sizeof step};
    GstFlowReturn flow = GST_FLOW_OK;
    while (flow == GST_FLOW_OK) {
        if (hlsseg_reader_step(&self->reader, data + *consumed, len - *consumed, &step) != HLSSEG_STATUS_OK) {
            gchar why[128] = "";
            hlsseg_reader_error_text(&self->reader, why, sizeof why, NULL);
            GST_ELEMENT_ERROR(self, STREAM, DEMUX, (NULL), ("%s", why));
            return GST_FLOW_ERROR;
        }
        if (step.kind == HLSSEG_STEP_KIND_NEED) {
            self->needed = step.at_least;
            return GST_FLOW_OK;
        }
        *consumed += step.consumed;
        if (step.kind != HLSSEG_STEP_KIND_TAG)
            continue;
        note_composition(self, &step);
        flow = told(self, hlsseg_push(self->engine, step.tag_kind, step.time_millis, step.data, step.len, &sink));
    }
    return flow;
}

static GstFlowReturn render(GstBaseSink *base, GstBuffer *buffer)
{
    HlssegFlvSink *self = HLSSEG_FLV_SINK(base);
    if (self->ended)
        return GST_FLOW_EOS;
    if (self->program_date_time)
        hlsseg_set_wall_time(self->engine, g_get_real_time() / 1000);
    gst_adapter_push(self->adapter, gst_buffer_ref(buffer));
    gsize len = gst_adapter_available(self->adapter), consumed = 0;
    if (len < self->needed)
        return GST_FLOW_OK;
    GstFlowReturn flow = take(self, gst_adapter_map(self->adapter, len), len, &consumed);
    gst_adapter_unmap(self->adapter);
    gst_adapter_flush(self->adapter, consumed);
    if (base->segment.format == GST_FORMAT_TIME)
        request_key_frame(self, gst_segment_to_running_time(&base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer)));
    return flow;
}

/* Ends the list, or leaves it open. */
static void finish(HlssegFlvSink *self, hlsseg_end end)
{
    const hlsseg_sink sink = folder_sink(&self->folder);
    if (self->ended)
        return;
    self->ended = TRUE;
    told(self, hlsseg_finish(self->engine, end, &sink));
}

static gboolean event(GstBaseSink *base, GstEvent *what)
{
    if (GST_EVENT_TYPE(what) == GST_EVENT_EOS)
        finish(HLSSEG_FLV_SINK(base), HLSSEG_END_LIST);
    return GST_BASE_SINK_CLASS(hlsseg_flv_sink_parent_class)->event(base, what);
}

static gboolean start(GstBaseSink *base)
{
    HlssegFlvSink *self = HLSSEG_FLV_SINK(base);
    hlsseg_config config = {.size = sizeof config};
    gchar why[128] = "";
    hlsseg_config_init(&config);
    GST_OBJECT_LOCK(self);
    config.frag_duration = self->target_duration;
    config.frag_count = self->playlist_length;
    /* flvmux moves what is decoded before time 0: the first key frame that was asked for seems a little early. */
    if (self->key_frame_requests)
        config.slack_millis = 100;
    self->folder = (Folder){.location = self->location,
                            .playlist_location = self->playlist_location,
                            .playlist_root = self->playlist_root,
                            .keep_all = self->keep_all,
                            .opened = opened,
                            .closed = closed,
                            .noticed = noticed,
                            .host = self};
    GST_OBJECT_UNLOCK(self);
    if (!self->location || !folder_names_segments(self->location)) {
        GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, (NULL), ("location needs one %%d to number segments by: %s", self->location));
        return FALSE;
    }
    if (hlsseg_config_check(&config, why, sizeof why, NULL) != HLSSEG_STATUS_OK) {
        GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, (NULL), ("%s", why));
        return FALSE;
    }
    self->memory = g_malloc(hlsseg_sizeof());
    hlsseg_init(self->memory, hlsseg_sizeof(), &config, &self->engine);
    hlsseg_reader_init(&self->reader);
    self->adapter = gst_adapter_new();
    self->needed = 0;
    self->ended = self->key_frame_wanted = FALSE;
    self->composition = 0;
    folder_begin(&self->folder);
    return TRUE;
}

static gboolean stop(GstBaseSink *base)
{
    HlssegFlvSink *self = HLSSEG_FLV_SINK(base);
    finish(self, HLSSEG_END_PAUSE);
    folder_end(&self->folder);
    g_clear_object(&self->adapter);
    g_clear_pointer(&self->memory, g_free);
    return TRUE;
}

static void set_text(gchar **field, const GValue *value)
{
    g_free(*field);
    *field = g_value_dup_string(value);
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    HlssegFlvSink *self = HLSSEG_FLV_SINK(object);
    /* The folder borrows the texts while it works. */
    if (self->memory) {
        GST_WARNING_OBJECT(self, "%s cannot be changed while the element works", spec->name);
        return;
    }
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_LOCATION: set_text(&self->location, value); break;
    case PROP_PLAYLIST_LOCATION: set_text(&self->playlist_location, value); break;
    case PROP_PLAYLIST_ROOT: set_text(&self->playlist_root, value); break;
    case PROP_PLAYLIST_LENGTH: self->playlist_length = g_value_get_uint(value); break;
    case PROP_TARGET_DURATION: self->target_duration = g_value_get_uint(value); break;
    case PROP_KEEP_ALL: self->keep_all = g_value_get_boolean(value); break;
    case PROP_PROGRAM_DATE_TIME: self->program_date_time = g_value_get_boolean(value); break;
    case PROP_KEY_FRAME_REQUESTS: self->key_frame_requests = g_value_get_boolean(value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    HlssegFlvSink *self = HLSSEG_FLV_SINK(object);
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_LOCATION: g_value_set_string(value, self->location); break;
    case PROP_PLAYLIST_LOCATION: g_value_set_string(value, self->playlist_location); break;
    case PROP_PLAYLIST_ROOT: g_value_set_string(value, self->playlist_root); break;
    case PROP_PLAYLIST_LENGTH: g_value_set_uint(value, self->playlist_length); break;
    case PROP_TARGET_DURATION: g_value_set_uint(value, self->target_duration); break;
    case PROP_KEEP_ALL: g_value_set_boolean(value, self->keep_all); break;
    case PROP_PROGRAM_DATE_TIME: g_value_set_boolean(value, self->program_date_time); break;
    case PROP_KEY_FRAME_REQUESTS: g_value_set_boolean(value, self->key_frame_requests); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void finalize(GObject *object)
{
    HlssegFlvSink *self = HLSSEG_FLV_SINK(object);
    g_free(self->location);
    g_free(self->playlist_location);
    g_free(self->playlist_root);
    G_OBJECT_CLASS(hlsseg_flv_sink_parent_class)->finalize(object);
}

static void hlsseg_flv_sink_init(HlssegFlvSink *self)
{
    gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
}

static void hlsseg_flv_sink_class_init(HlssegFlvSinkClass *class)
{
    GObjectClass *object = G_OBJECT_CLASS(class);
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    GstBaseSinkClass *base = GST_BASE_SINK_CLASS(class);
    const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
    GST_DEBUG_CATEGORY_INIT(hlsseg_debug, "hlsseg", 0, "HLS segmenter");
    object->set_property = set_property;
    object->get_property = get_property;
    object->finalize = finalize;
    base->start = start;
    base->stop = stop;
    base->render = render;
    base->event = event;
    properties[PROP_LOCATION] =
        g_param_spec_string("location", "Location", "Path of a segment, with one %d for its number", "segment%05d.ts", flags);
    properties[PROP_PLAYLIST_LOCATION] =
        g_param_spec_string("playlist-location", "Playlist location", "Path of the playlist", "playlist.m3u8", flags);
    properties[PROP_PLAYLIST_ROOT] =
        g_param_spec_string("playlist-root", "Playlist root", "What the URIs of segments begin with", NULL, flags);
    properties[PROP_PLAYLIST_LENGTH] =
        g_param_spec_uint("playlist-length", "Playlist length", "Segments in the playlist (FragCount)", 1, 100, 5, flags);
    properties[PROP_TARGET_DURATION] = g_param_spec_uint(
        "target-duration", "Target duration", "Duration that a segment should have, in seconds (FragDuration)", 1, 100, 5, flags);
    properties[PROP_KEEP_ALL] =
        g_param_spec_boolean("keep-all", "Keep all", "Delete no segment that has left the playlist", FALSE, flags);
    properties[PROP_PROGRAM_DATE_TIME] = g_param_spec_boolean(
        "program-date-time", "Program date time", "Date segments with EXT-X-PROGRAM-DATE-TIME from the system's clock", FALSE, flags);
    properties[PROP_KEY_FRAME_REQUESTS] =
        g_param_spec_boolean("send-keyframe-requests", "Send key frame requests",
                             "Ask the encoder for a key frame where a segment should end", TRUE, flags);
    g_object_class_install_properties(object, PROP_COUNT, properties);
    gst_element_class_add_static_pad_template(element, &template);
    gst_element_class_set_static_metadata(element, "HLS segmenter sink for FLV", "Sink/Muxer/Network",
                                          "Writes an FLV stream as MPEG-TS segments and an HLS playlist", "hls-segmenter contributors");
}
