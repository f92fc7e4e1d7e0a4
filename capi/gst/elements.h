/* The two elements of the plugin, and the one within the second. */
#ifndef HLSSEG_ELEMENTS_H
#define HLSSEG_ELEMENTS_H

#include <gst/base/gstaggregator.h>
#include <gst/base/gstbasesink.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/* hlssegflvsink: takes video/x-flv, from flvmux or an RTMP source. */
#define HLSSEG_TYPE_FLV_SINK (hlsseg_flv_sink_get_type())
G_DECLARE_FINAL_TYPE(HlssegFlvSink, hlsseg_flv_sink, HLSSEG, FLV_SINK, GstBaseSink)

/* hlssegsink: takes video and audio on pads of their own, as hlssink2 does. */
#define HLSSEG_TYPE_SINK (hlsseg_sink_bin_get_type())
G_DECLARE_FINAL_TYPE(HlssegSinkBin, hlsseg_sink_bin, HLSSEG, SINK_BIN, GstBin)

/* Within hlssegsink: takes the frames of both pads in the order of time, and gives nothing on. */
#define HLSSEG_TYPE_FRAMES (hlsseg_frames_get_type())
G_DECLARE_FINAL_TYPE(HlssegFrames, hlsseg_frames, HLSSEG, FRAMES, GstAggregator)

/* A pad of it. */
#define HLSSEG_TYPE_FRAMES_PAD (hlsseg_frames_pad_get_type())
G_DECLARE_FINAL_TYPE(HlssegFramesPad, hlsseg_frames_pad, HLSSEG, FRAMES_PAD, GstAggregatorPad)

/* The pads of both. */
extern GstStaticPadTemplate hlsseg_video_template, hlsseg_audio_template;

/* The category that all of the plugin logs to. */
GST_DEBUG_CATEGORY_EXTERN(hlsseg_debug);
#define GST_CAT_DEFAULT hlsseg_debug

G_END_DECLS

#endif
