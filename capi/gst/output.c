/* The engine of an element, and the properties that it is made with. */
#include "output.h"

#include <gst/video/video-event.h>

#include "elements.h"
#include "location.h"

enum {
    PROP_LOCATION = 1,
    PROP_PLAYLIST_LOCATION,
    PROP_PLAYLIST_ROOT,
    PROP_PLAYLIST_LENGTH,
    PROP_TARGET_DURATION,
    PROP_KEEP_ALL,
    PROP_PROGRAM_DATE_TIME,
    PROP_KEY_FRAME_REQUESTS,
    PROP_CONTAINER,
    PROP_PART_DURATION,
    PROP_INIT_LOCATION,
};

/* What `location` is unless it is set, by container. */
static const gchar *const default_location[] = {"segment%05d.ts", "segment%05d.m4s"};

static GType container_type(void)
{
    static const GEnumValue values[] = {{HLSSEG_CONTAINER_TS, "MPEG-TS, which every player takes", "ts"},
                                        {HLSSEG_CONTAINER_FMP4, "Fragmented MP4, which Apple's players want for H.265", "mp4"},
                                        {0, NULL, NULL}};
    static gsize type;
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("HlssegContainer", values));
    return type;
}

static void opened(gpointer host)
{
    Output *output = host;
    output->key_frame_wanted = output->key_frame_requests;
}

void output_request_key_frame(Output *output, GstPad *pad, GstClockTimeDiff running, GstClockTimeDiff composition)
{
    if (!output->key_frame_wanted || !pad)
        return;
    output->key_frame_wanted = FALSE;
    GstClockTimeDiff at = running + composition + (GstClockTimeDiff)(output->target_duration * GST_SECOND);
    if (at >= 0)
        gst_pad_push_event(pad, gst_video_event_new_upstream_force_key_unit((GstClockTime)at, TRUE, 0));
}

static void closed(gpointer host, const gchar *path, const hlsseg_segment *segment)
{
    GstElement *element = ((Output *)host)->element;
    GstClockTime duration = gst_util_uint64_scale((guint64)segment->duration_ticks, GST_SECOND, 90000);
    GstStructure *said = gst_structure_new("hls-segment-added", "location", G_TYPE_STRING, path, "duration", G_TYPE_UINT64, duration,
                                           "bytes", G_TYPE_UINT64, segment->bytes, "sequence", G_TYPE_UINT64, segment->sequence,
                                           "key-frames", G_TYPE_UINT, segment->key_frames, NULL);
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), said));
}

static void noticed(gpointer host, const hlsseg_notice *notice)
{
    gchar line[128];
    if (hlsseg_notice_text(notice, line, sizeof line, NULL) == HLSSEG_STATUS_OK)
        GST_INFO_OBJECT(((Output *)host)->element, "%s", line);
}

GstFlowReturn output_told(Output *output, hlsseg_status status)
{
    gchar why[160] = "";
    switch (status) {
    case HLSSEG_STATUS_OK:
        return GST_FLOW_OK;
    case HLSSEG_STATUS_TAG:
    case HLSSEG_STATUS_CODEC:
        hlsseg_error_text(output->engine, why, sizeof why, NULL);
        GST_WARNING_OBJECT(output->element, "media was passed over: %s", why);
        return GST_FLOW_OK;
    case HLSSEG_STATUS_SINK:
        GST_ELEMENT_WARNING(output->element, RESOURCE, WRITE, (NULL), ("%s", GST_STR_NULL(output->folder.trouble)));
        return GST_FLOW_OK;
    default:
        GST_ELEMENT_ERROR(output->element, LIBRARY, FAILED, (NULL), ("%s", hlsseg_status_text((gint)status)));
        return GST_FLOW_ERROR;
    }
}

void output_tell_time(Output *output)
{
    /* Players of Low-Latency HLS need dates. */
    if (output->program_date_time || output->part_duration)
        hlsseg_set_wall_time(output->engine, g_get_real_time() / 1000);
}

void output_finish(Output *output, hlsseg_end end)
{
    const hlsseg_sink sink = folder_sink(&output->folder);
    if (output->ended)
        return;
    output->ended = TRUE;
    output_told(output, hlsseg_finish(output->engine, end, &sink));
}

gboolean output_start(Output *output, void (*adjust)(const Output *output, hlsseg_config *config))
{
    hlsseg_config config = {.size = sizeof config};
    gchar why[128] = "";
    hlsseg_config_init(&config);
    GST_OBJECT_LOCK(output->element);
    config.frag_duration = output->target_duration;
    config.frag_count = output->playlist_length;
    config.container = output->container;
    config.part_millis = output->part_duration;
    if (output->part_duration) /* parts need one that is declared; key frames may come late */
        config.target_duration = 2 * output->target_duration;
    adjust(output, &config);
    const gchar *location = output->location;
    if (!g_strcmp0(location, default_location[HLSSEG_CONTAINER_TS]))
        location = default_location[output->container];
    output->folder = (Folder){.location = location,
                              .init_location = output->init_location,
                              .playlist_location = output->playlist_location,
                              .playlist_root = output->playlist_root,
                              .keep_all = output->keep_all,
                              .has_parts = output->part_duration > 0,
                              .opened = opened,
                              .closed = closed,
                              .noticed = noticed,
                              .host = output};
    GST_OBJECT_UNLOCK(output->element);
    if (!location || !location_is_numbered(location)) {
        GST_ELEMENT_ERROR(output->element, RESOURCE, SETTINGS, (NULL),
                          ("location needs one %%d to number segments by: %s", GST_STR_NULL(location)));
        return FALSE;
    }
    if (output->init_location && !location_is_numbered(output->init_location)) {
        GST_ELEMENT_ERROR(output->element, RESOURCE, SETTINGS, (NULL),
                          ("init-location needs one %%d to number initialization sections by: %s", output->init_location));
        return FALSE;
    }
    if (hlsseg_config_check(&config, why, sizeof why, NULL) != HLSSEG_STATUS_OK) {
        GST_ELEMENT_ERROR(output->element, RESOURCE, SETTINGS, (NULL), ("%s", why));
        return FALSE;
    }
    size_t size = 0;
    hlsseg_sizeof_for(&config, &size);
    output->memory = g_malloc(size);
    hlsseg_init(output->memory, size, &config, &output->engine);
    output->ended = output->key_frame_wanted = FALSE;
    folder_begin(&output->folder);
    return TRUE;
}

void output_stop(Output *output)
{
    if (!output->memory)
        return;
    output_finish(output, HLSSEG_END_PAUSE);
    folder_end(&output->folder);
    g_clear_pointer(&output->memory, g_free);
}

void output_clear(Output *output)
{
    g_free(output->location);
    g_free(output->init_location);
    g_free(output->playlist_location);
    g_free(output->playlist_root);
}

static void set_text(gchar **field, const GValue *value)
{
    g_free(*field);
    *field = g_value_dup_string(value);
}

void output_set_property(Output *output, guint id, const GValue *value, GParamSpec *spec)
{
    /* The folder borrows the texts while it works. */
    if (output->memory) {
        GST_WARNING_OBJECT(output->element, "%s cannot be changed while the element works", spec->name);
        return;
    }
    GST_OBJECT_LOCK(output->element);
    switch (id) {
    case PROP_LOCATION: set_text(&output->location, value); break;
    case PROP_INIT_LOCATION: set_text(&output->init_location, value); break;
    case PROP_CONTAINER: output->container = (hlsseg_container)g_value_get_enum(value); break;
    case PROP_PART_DURATION: output->part_duration = g_value_get_uint(value); break;
    case PROP_PLAYLIST_LOCATION: set_text(&output->playlist_location, value); break;
    case PROP_PLAYLIST_ROOT: set_text(&output->playlist_root, value); break;
    case PROP_PLAYLIST_LENGTH: output->playlist_length = g_value_get_uint(value); break;
    case PROP_TARGET_DURATION: output->target_duration = g_value_get_uint(value); break;
    case PROP_KEEP_ALL: output->keep_all = g_value_get_boolean(value); break;
    case PROP_PROGRAM_DATE_TIME: output->program_date_time = g_value_get_boolean(value); break;
    case PROP_KEY_FRAME_REQUESTS: output->key_frame_requests = g_value_get_boolean(value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(output->element, id, spec);
    }
    GST_OBJECT_UNLOCK(output->element);
}

void output_get_property(Output *output, guint id, GValue *value, GParamSpec *spec)
{
    GST_OBJECT_LOCK(output->element);
    switch (id) {
    case PROP_LOCATION: g_value_set_string(value, output->location); break;
    case PROP_INIT_LOCATION: g_value_set_string(value, output->init_location); break;
    case PROP_CONTAINER: g_value_set_enum(value, (gint)output->container); break;
    case PROP_PART_DURATION: g_value_set_uint(value, output->part_duration); break;
    case PROP_PLAYLIST_LOCATION: g_value_set_string(value, output->playlist_location); break;
    case PROP_PLAYLIST_ROOT: g_value_set_string(value, output->playlist_root); break;
    case PROP_PLAYLIST_LENGTH: g_value_set_uint(value, output->playlist_length); break;
    case PROP_TARGET_DURATION: g_value_set_uint(value, output->target_duration); break;
    case PROP_KEEP_ALL: g_value_set_boolean(value, output->keep_all); break;
    case PROP_PROGRAM_DATE_TIME: g_value_set_boolean(value, output->program_date_time); break;
    case PROP_KEY_FRAME_REQUESTS: g_value_set_boolean(value, output->key_frame_requests); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(output->element, id, spec);
    }
    GST_OBJECT_UNLOCK(output->element);
}

void output_install_properties(GObjectClass *class)
{
    const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
    g_object_class_install_property(
        class, PROP_LOCATION,
        g_param_spec_string("location", "Location",
                            "Path of a segment, with one %d for its number; unless it is set, that of fMP4 ends in .m4s",
                            default_location[HLSSEG_CONTAINER_TS], flags));
    g_object_class_install_property(
        class, PROP_PLAYLIST_LOCATION,
        g_param_spec_string("playlist-location", "Playlist location", "Path of the playlist", "playlist.m3u8", flags));
    g_object_class_install_property(
        class, PROP_PLAYLIST_ROOT,
        g_param_spec_string("playlist-root", "Playlist root", "What the URIs of segments begin with", NULL, flags));
    g_object_class_install_property(
        class, PROP_PLAYLIST_LENGTH,
        g_param_spec_uint("playlist-length", "Playlist length", "Segments in the playlist (FragCount)", 1, 100, 5, flags));
    g_object_class_install_property(class, PROP_TARGET_DURATION,
                                    g_param_spec_uint("target-duration", "Target duration",
                                                      "Duration that a segment should have, in seconds (FragDuration)", 1, 100, 5,
                                                      flags));
    g_object_class_install_property(
        class, PROP_KEEP_ALL, g_param_spec_boolean("keep-all", "Keep all", "Delete no segment that has left the playlist", FALSE, flags));
    g_object_class_install_property(class, PROP_PROGRAM_DATE_TIME,
                                    g_param_spec_boolean("program-date-time", "Program date time",
                                                         "Date segments with EXT-X-PROGRAM-DATE-TIME from the system's clock", FALSE,
                                                         flags));
    g_object_class_install_property(class, PROP_KEY_FRAME_REQUESTS,
                                    g_param_spec_boolean("send-keyframe-requests", "Send key frame requests",
                                                         "Ask the encoder for a key frame where a segment should end", TRUE, flags));
    g_object_class_install_property(class, PROP_CONTAINER,
                                    g_param_spec_enum("container", "Container", "What segments are made of", container_type(),
                                                      HLSSEG_CONTAINER_TS, flags));
    g_object_class_install_property(
        class, PROP_PART_DURATION,
        g_param_spec_uint("part-duration", "Part duration",
                          "Duration of the parts of Low-Latency HLS in milliseconds, from 100 on; 0 for no parts", 0, 5000, 0, flags));
    g_object_class_install_property(
        class, PROP_INIT_LOCATION,
        g_param_spec_string("init-location", "Initialization section location",
                            "Path of an initialization section, with one %d for its number; unless it is set, init-%06d.mp4 in the "
                            "folder of the segments",
                            NULL, flags));
}
