/* What both elements have in common: their properties, and an engine that writes into a folder. */
#ifndef HLSSEG_OUTPUT_H
#define HLSSEG_OUTPUT_H

#include <gst/gst.h>

#include "folder.h"

typedef struct {
    GstElement *element; /* whose messages are sent */
    /* Properties, under the object lock. */
    gchar *location, *init_location, *playlist_location, *playlist_root;
    guint playlist_length, target_duration, part_duration;
    hlsseg_container container;
    gboolean keep_all, program_date_time, key_frame_requests;
    /* From start to stop, of the streaming thread. */
    gpointer memory;
    hlsseg_engine *engine;
    Folder folder;
    gboolean ended, key_frame_wanted;
} Output;

/* Installs the properties in a class. */
void output_install_properties(GObjectClass *class);

/* Sets and reads the property `id`, which is one of those that were installed. */
void output_set_property(Output *output, guint id, const GValue *value, GParamSpec *spec);
void output_get_property(Output *output, guint id, GValue *value, GParamSpec *spec);

/* Makes the engine; `adjust` changes its configuration. Where that fails, the element has said why. */
gboolean output_start(Output *output, void (*adjust)(const Output *output, hlsseg_config *config));

/* Leaves the list open, unless it has ended, and gives back what `output_start` took. */
void output_stop(Output *output);

/* Ends the list, or leaves it open. A second end does nothing. */
void output_finish(Output *output, hlsseg_end end);

/* Dates what is pushed next, where that is wanted. */
void output_tell_time(Output *output);

/* Tells what a call to the engine said. A failed file costs its segment, bad media itself: the stream goes on. */
GstFlowReturn output_told(Output *output, hlsseg_status status);

/* Asks the encoder on the other side of `pad` for a key frame where the segment that has begun should end. `running` is the
 * running time at which the frame at hand is decoded, `composition` how much later than that the last key frame is shown:
 * segments are measured in decoding time, and a key frame is asked for by the time it is shown. */
void output_request_key_frame(Output *output, GstPad *pad, GstClockTimeDiff running, GstClockTimeDiff composition);

/* Gives back the texts of the properties. */
void output_clear(Output *output);

#endif
