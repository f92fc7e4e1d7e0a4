/* hlssegsink: video and audio on pads of their own. It stands where hlssink2 stands. */
#include "elements.h"

GST_DEBUG_CATEGORY(hlsseg_debug);

struct _HlssegSinkBin {
    GstBin parent;
    /* The second takes nothing but the end of the stream: it makes the bin a sink. */
    GstElement *frames, *end;
};

G_DEFINE_FINAL_TYPE(HlssegSinkBin, hlsseg_sink_bin, GST_TYPE_BIN)

/* The properties of the element within that are this bin's too. */
static const gchar *const lent[] = {"location",        "playlist-location", "playlist-root",     "playlist-length",
                                    "target-duration", "keep-all",          "program-date-time", "send-keyframe-requests",
                                    "container",       "part-duration",     "init-location"};

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    (void)id;
    g_object_set_property(G_OBJECT(HLSSEG_SINK_BIN(object)->frames), spec->name, value);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    (void)id;
    g_object_get_property(G_OBJECT(HLSSEG_SINK_BIN(object)->frames), spec->name, value);
}

static GstPad *request_pad(GstElement *element, GstPadTemplate *wanted, const gchar *name, const GstCaps *caps)
{
    HlssegSinkBin *self = HLSSEG_SINK_BIN(element);
    const gchar *kind = GST_PAD_TEMPLATE_NAME_TEMPLATE(wanted);
    (void)name, (void)caps;
    g_autoptr(GstPad) input = gst_element_request_pad_simple(self->frames, kind);
    if (!input)
        return NULL;
    GstPad *pad = gst_ghost_pad_new_from_template(kind, input, wanted);
    gst_pad_set_active(pad, TRUE);
    gst_element_add_pad(element, pad);
    return pad;
}

static void release_pad(GstElement *element, GstPad *pad)
{
    g_autoptr(GstPad) input = gst_ghost_pad_get_target(GST_GHOST_PAD(pad));
    g_autoptr(GstElement) frames = input ? gst_pad_get_parent_element(input) : NULL;
    if (frames) /* else the bin is on its way out, and its children have gone before */
        gst_element_release_request_pad(frames, input);
    gst_element_remove_pad(element, pad);
}

static void hlsseg_sink_bin_init(HlssegSinkBin *self)
{
    self->frames = g_object_new(HLSSEG_TYPE_FRAMES, NULL);
    self->end = gst_element_factory_make("fakesink", NULL);
    g_object_set(self->end, "sync", FALSE, "async", FALSE, NULL);
    gst_bin_add_many(GST_BIN(self), self->frames, self->end, NULL);
    gst_element_link(self->frames, self->end);
}

static void hlsseg_sink_bin_class_init(HlssegSinkBinClass *class)
{
    GObjectClass *object = G_OBJECT_CLASS(class);
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    GObjectClass *of_frames = g_type_class_ref(HLSSEG_TYPE_FRAMES);
    object->set_property = set_property;
    object->get_property = get_property;
    for (guint nth = 0; nth < G_N_ELEMENTS(lent); nth++)
        g_object_class_install_property(object, nth + 1, g_param_spec_override(lent[nth], g_object_class_find_property(of_frames, lent[nth])));
    g_type_class_unref(of_frames);
    element->request_new_pad = request_pad;
    element->release_pad = release_pad;
    gst_element_class_add_static_pad_template(element, &hlsseg_video_template);
    gst_element_class_add_static_pad_template(element, &hlsseg_audio_template);
    gst_element_class_set_static_metadata(element, "HLS segmenter sink", "Sink/Muxer/Network",
                                          "Writes H.264, H.265 or AV1 and AAC, MP3 or Opus as segments in MPEG-TS or fMP4 and an HLS playlist",
                                          "hls-segmenter contributors");
}

static gboolean plugin_init(GstPlugin *plugin)
{
    GST_DEBUG_CATEGORY_INIT(hlsseg_debug, "hlsseg", 0, "HLS segmenter");
    return gst_element_register(plugin, "hlssegflvsink", GST_RANK_NONE, HLSSEG_TYPE_FLV_SINK) &&
           gst_element_register(plugin, "hlssegsink", GST_RANK_NONE, HLSSEG_TYPE_SINK);
}

#define PACKAGE "hls_segmenter"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, hlsseg, "HLS segmenter", plugin_init, "0.1.0", "MIT/X11", "hls_segmenter",
                  "hls_segmenter")
