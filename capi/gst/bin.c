/* hlssegsink: H.264 and AAC on pads of their own, through flvmux into hlssegflvsink. It stands where hlssink2 stands. */
#include "elements.h"

struct _HlssegSinkBin {
    GstBin parent;
    GstElement *mux, *sink;
};

G_DEFINE_FINAL_TYPE(HlssegSinkBin, hlsseg_sink_bin, GST_TYPE_BIN)

static GstStaticPadTemplate video = GST_STATIC_PAD_TEMPLATE("video", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("video/x-h264"));
static GstStaticPadTemplate audio =
    GST_STATIC_PAD_TEMPLATE("audio", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("audio/mpeg, mpegversion = (int) { 2, 4 }"));

/* The properties of hlssegflvsink that are this bin's too. */
static const gchar *const lent[] = {"location",        "playlist-location", "playlist-root",     "playlist-length",
                                    "target-duration", "keep-all",          "program-date-time", "send-keyframe-requests"};

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    HlssegSinkBin *self = HLSSEG_SINK_BIN(object);
    (void)id;
    if (self->sink)
        g_object_set_property(G_OBJECT(self->sink), spec->name, value);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    HlssegSinkBin *self = HLSSEG_SINK_BIN(object);
    (void)id;
    if (self->sink)
        g_object_get_property(G_OBJECT(self->sink), spec->name, value);
}

/* Puts a parser, which turns byte streams into what FLV carries, before a pad of the muxer, and shows its input. */
static GstPad *request_pad(GstElement *element, GstPadTemplate *wanted, const gchar *name, const GstCaps *caps)
{
    HlssegSinkBin *self = HLSSEG_SINK_BIN(element);
    const gchar *kind = GST_PAD_TEMPLATE_NAME_TEMPLATE(wanted);
    gboolean is_video = g_str_equal(kind, "video");
    g_autoptr(GstPad) known = gst_element_get_static_pad(element, kind);
    (void)name, (void)caps;
    if (known || !self->mux)
        return NULL;
    GstElement *parser = gst_element_factory_make(is_video ? "h264parse" : "aacparse", NULL);
    if (!parser) {
        GST_ELEMENT_ERROR(self, CORE, MISSING_PLUGIN, (NULL), ("h264parse and aacparse are needed"));
        return NULL;
    }
    gst_bin_add(GST_BIN(self), parser);
    if (!gst_element_link_pads(parser, "src", self->mux, kind)) {
        gst_bin_remove(GST_BIN(self), parser);
        return NULL;
    }
    gst_element_sync_state_with_parent(parser);
    g_autoptr(GstPad) input = gst_element_get_static_pad(parser, "sink");
    GstPad *pad = gst_ghost_pad_new_from_template(kind, input, wanted);
    gst_pad_set_active(pad, TRUE);
    gst_element_add_pad(element, pad);
    return pad;
}

static void release_pad(GstElement *element, GstPad *pad)
{
    HlssegSinkBin *self = HLSSEG_SINK_BIN(element);
    g_autoptr(GstPad) input = gst_ghost_pad_get_target(GST_GHOST_PAD(pad));
    g_autoptr(GstElement) parser = input ? gst_pad_get_parent_element(input) : NULL;
    if (parser) { /* else the bin is on its way out, and its children have gone before */
        g_autoptr(GstPad) output = gst_element_get_static_pad(parser, "src");
        g_autoptr(GstPad) muxed = gst_pad_get_peer(output);
        if (muxed)
            gst_element_release_request_pad(self->mux, muxed);
        gst_element_set_state(parser, GST_STATE_NULL);
        gst_bin_remove(GST_BIN(self), parser);
    }
    gst_element_remove_pad(element, pad);
}

static void hlsseg_sink_bin_init(HlssegSinkBin *self)
{
    self->mux = gst_element_factory_make("flvmux", NULL);
    self->sink = g_object_new(HLSSEG_TYPE_FLV_SINK, NULL);
    if (!self->mux) {
        gst_clear_object(&self->sink);
        return; /* flvmux is missing: no pads are to be had */
    }
    g_object_set(self->mux, "streamable", TRUE, NULL);
    gst_bin_add_many(GST_BIN(self), self->mux, self->sink, NULL);
    gst_element_link(self->mux, self->sink);
}

static void hlsseg_sink_bin_class_init(HlssegSinkBinClass *class)
{
    GObjectClass *object = G_OBJECT_CLASS(class);
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    GObjectClass *of_sink = g_type_class_ref(HLSSEG_TYPE_FLV_SINK);
    object->set_property = set_property;
    object->get_property = get_property;
    for (guint nth = 0; nth < G_N_ELEMENTS(lent); nth++)
        g_object_class_install_property(object, nth + 1, g_param_spec_override(lent[nth], g_object_class_find_property(of_sink, lent[nth])));
    g_type_class_unref(of_sink);
    element->request_new_pad = request_pad;
    element->release_pad = release_pad;
    gst_element_class_add_static_pad_template(element, &video);
    gst_element_class_add_static_pad_template(element, &audio);
    gst_element_class_set_static_metadata(element, "HLS segmenter sink", "Sink/Muxer/Network",
                                          "Writes H.264 and AAC as MPEG-TS segments and an HLS playlist", "hls-segmenter contributors");
}

static gboolean plugin_init(GstPlugin *plugin)
{
    return gst_element_register(plugin, "hlssegflvsink", GST_RANK_NONE, HLSSEG_TYPE_FLV_SINK) &&
           gst_element_register(plugin, "hlssegsink", GST_RANK_NONE, HLSSEG_TYPE_SINK);
}

#define PACKAGE "hls_segmenter"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, hlsseg, "HLS segmenter", plugin_init, "0.1.0", "MIT/X11", "hls_segmenter",
                  "hls_segmenter")
