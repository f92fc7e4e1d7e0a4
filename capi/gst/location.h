/* Paths of files from a location with one %d in it. */
#ifndef HLSSEG_LOCATION_H
#define HLSSEG_LOCATION_H

#include <glib.h>

/* Says whether `location` can name numbered files: it has one conversion of an integer in it, like %d or %05d. */
gboolean location_is_numbered(const gchar *location);

/* Returns the path of the file of this number; the caller frees it, as those of the other two. */
gchar *location_path(const gchar *location, guint64 id);

/* Returns the path of an initialization section in the folder of segments: init-000007.mp4. */
gchar *location_init_path(const gchar *location, guint64 id);

/* Returns the path of a part, that of its segment with the number of the part before the extension: 000007.3.m4s. */
gchar *location_part_path(const gchar *location, guint64 segment, guint32 index);

#endif
