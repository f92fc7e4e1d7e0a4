/* The two elements of the plugin. */
#ifndef HLSSEG_ELEMENTS_H
#define HLSSEG_ELEMENTS_H

#include <gst/base/gstbasesink.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/* hlssegflvsink: takes video/x-flv, from flvmux or an RTMP source. */
#define HLSSEG_TYPE_FLV_SINK (hlsseg_flv_sink_get_type())
G_DECLARE_FINAL_TYPE(HlssegFlvSink, hlsseg_flv_sink, HLSSEG, FLV_SINK, GstBaseSink)

/* hlssegsink: takes H.264 and AAC on pads of their own, as hlssink2 does. */
#define HLSSEG_TYPE_SINK (hlsseg_sink_bin_get_type())
G_DECLARE_FINAL_TYPE(HlssegSinkBin, hlsseg_sink_bin, HLSSEG, SINK_BIN, GstBin)

G_END_DECLS

#endif
