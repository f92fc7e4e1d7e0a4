/* A folder of HLS: the sink of hls_segmenter that writes segments and playlist as files. It knows GLib, not GStreamer. */
#ifndef HLSSEG_FOLDER_H
#define HLSSEG_FOLDER_H

#include <glib.h>

#include "hls_segmenter.h"

/* What a host is told of a segment that is whole; `path` is lent for the call. */
typedef void (*FolderTell)(gpointer host, const gchar *path, const hlsseg_segment *segment);

typedef struct {
    gchar *location;          /* path of a segment, with one %d in it */
    gchar *playlist_location; /* path of the playlist */
    gchar *playlist_root;     /* what URIs begin with, or NULL */
    gboolean keep_all;        /* segments that have left the playlist stay */
    void (*opened)(gpointer host); /* a segment has begun */
    FolderTell closed;
    void (*noticed)(gpointer host, const hlsseg_notice *notice);
    gpointer host;

    int file; /* the open segment, or -1 */
    GByteArray *staged; /* packets that are not in the file yet */
    GString *text;
    GQueue expired; /* of FolderExpired, the oldest first */
    gchar *trouble; /* why the last callback failed */
} Folder;

/* Says whether `location` can name segments: it has one conversion of an integer in it, like %d or %05d. */
gboolean folder_names_segments(const gchar *location);

/* Begins; the texts and functions above must have been set. */
void folder_begin(Folder *folder);

/* Gives back what `folder_begin` and the callbacks took; the texts stay. */
void folder_end(Folder *folder);

/* Returns the callbacks of this folder. */
hlsseg_sink folder_sink(Folder *folder);

#endif
