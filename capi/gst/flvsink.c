/* hlssegflvsink: an FLV stream in, a folder of HLS out. */
#include <gst/base/gstadapter.h>

#include "elements.h"
#include "output.h"

struct _HlssegFlvSink {
    GstBaseSink parent;
    Output output;
    /* From start to stop, of the streaming thread. */
    hlsseg_reader reader;
    GstAdapter *adapter;
    gsize needed; /* bytes that the next step needs */
    GstClockTimeDiff composition; /* of the last key frame */
};

G_DEFINE_FINAL_TYPE(HlssegFlvSink, hlsseg_flv_sink, GST_TYPE_BASE_SINK)

static GstStaticPadTemplate template = GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-flv"));

/* Notes how far an H.264 key frame is shown after it is decoded. */
static void note_composition(HlssegFlvSink *self, const hlsseg_step *step)
{
    if (step->tag_kind == 9 && step->len > 5 && step->data[0] == 0x17 && step->data[1] == 1)
        self->composition = GST_READ_UINT24_BE(step->data + 2) * GST_MSECOND;
}

static GstFlowReturn take(HlssegFlvSink *self, const guint8 *data, gsize len, gsize *consumed)
{
    const hlsseg_sink sink = folder_sink(&self->output.folder);
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
        hlsseg_status status = hlsseg_push(self->output.engine, step.tag_kind, step.time_millis, step.data, step.len, &sink);
        flow = output_told(&self->output, status);
    }
    return flow;
}

static GstFlowReturn render(GstBaseSink *base, GstBuffer *buffer)
{
    HlssegFlvSink *self = HLSSEG_FLV_SINK(base);
    if (self->output.ended)
        return GST_FLOW_EOS;
    output_tell_time(&self->output);
    gst_adapter_push(self->adapter, gst_buffer_ref(buffer));
    gsize len = gst_adapter_available(self->adapter), consumed = 0;
    if (len < self->needed)
        return GST_FLOW_OK;
    GstFlowReturn flow = take(self, gst_adapter_map(self->adapter, len), len, &consumed);
    gst_adapter_unmap(self->adapter);
    gst_adapter_flush(self->adapter, consumed);
    if (base->segment.format == GST_FORMAT_TIME) {
        GstClockTime running = gst_segment_to_running_time(&base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
        /* What is decoded before the stream's time 0 has no running time. */
        if (GST_CLOCK_TIME_IS_VALID(running))
            output_request_key_frame(&self->output, GST_BASE_SINK_PAD(self), (GstClockTimeDiff)running, self->composition);
    }
    return flow;
}

static gboolean event(GstBaseSink *base, GstEvent *what)
{
    if (GST_EVENT_TYPE(what) == GST_EVENT_EOS)
        output_finish(&HLSSEG_FLV_SINK(base)->output, HLSSEG_END_LIST);
    return GST_BASE_SINK_CLASS(hlsseg_flv_sink_parent_class)->event(base, what);
}

static void adjust(const Output *output, hlsseg_config *config)
{
    /* flvmux moves what is decoded before time 0: the first key frame that was asked for seems a little early. */
    if (output->key_frame_requests)
        config->slack_millis = 100;
}

static gboolean start(GstBaseSink *base)
{
    HlssegFlvSink *self = HLSSEG_FLV_SINK(base);
    if (!output_start(&self->output, adjust))
        return FALSE;
    hlsseg_reader_init(&self->reader);
    self->adapter = gst_adapter_new();
    self->needed = 0;
    self->composition = 0;
    return TRUE;
}

static gboolean stop(GstBaseSink *base)
{
    HlssegFlvSink *self = HLSSEG_FLV_SINK(base);
    output_stop(&self->output);
    g_clear_object(&self->adapter);
    return TRUE;
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    output_set_property(&HLSSEG_FLV_SINK(object)->output, id, value, spec);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    output_get_property(&HLSSEG_FLV_SINK(object)->output, id, value, spec);
}

static void finalize(GObject *object)
{
    output_clear(&HLSSEG_FLV_SINK(object)->output);
    G_OBJECT_CLASS(hlsseg_flv_sink_parent_class)->finalize(object);
}

static void hlsseg_flv_sink_init(HlssegFlvSink *self)
{
    self->output.element = GST_ELEMENT(self);
    gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
}

static void hlsseg_flv_sink_class_init(HlssegFlvSinkClass *class)
{
    GObjectClass *object = G_OBJECT_CLASS(class);
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    GstBaseSinkClass *base = GST_BASE_SINK_CLASS(class);
    object->set_property = set_property;
    object->get_property = get_property;
    object->finalize = finalize;
    base->start = start;
    base->stop = stop;
    base->render = render;
    base->event = event;
    output_install_properties(object);
    gst_element_class_add_static_pad_template(element, &template);
    gst_element_class_set_static_metadata(element, "HLS segmenter sink for FLV", "Sink/Muxer/Network",
                                          "Writes an FLV stream as segments in MPEG-TS or fMP4 and an HLS playlist", "hls-segmenter contributors");
}
