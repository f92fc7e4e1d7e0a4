/* A folder of HLS: the sink of hls_segmenter that writes segments, initialization sections, parts and playlist as files. It
 * knows GLib, not GStreamer. */
#ifndef HLSSEG_FOLDER_H
#define HLSSEG_FOLDER_H

#include <glib.h>

#include "hls_segmenter.h"

/* What a host is told of a segment that is whole; `path` is lent for the call. */
typedef void (*FolderTell)(gpointer host, const gchar *path, const hlsseg_segment *segment);

typedef struct {
    const gchar *location;          /* path of a segment, with one %d in it */
    const gchar *init_location;     /* path of an initialization section, the same, or NULL: init-000000.mp4 beside the segments */
    const gchar *playlist_location; /* path of the playlist */
    const gchar *playlist_root;     /* what URIs begin with, or NULL */
    gboolean keep_all;              /* files that have left the playlist stay */
    gboolean has_parts;             /* parts are files too, and the playlist is that of Low-Latency HLS */
    void (*opened)(gpointer host); /* a segment has begun */
    FolderTell closed;
    void (*noticed)(gpointer host, const hlsseg_notice *notice);
    gpointer host;

    int file; /* the open segment, or -1 */
    GByteArray *staged;  /* packets that are not in the file yet */
    GByteArray *payload; /* what waits for the head of its fragment */
    GByteArray *part;    /* what is in the file and in no part yet */
    GArray *parts;       /* of FolderPart: those that are listed, and what was closed since */
    GString *text;
    GQueue expired; /* of FolderExpired, the one that goes first first */
    gchar *trouble; /* why the last callback failed */
} Folder;

/* Begins; the texts and functions above must have been set. */
void folder_begin(Folder *folder);

/* Gives back what `folder_begin` and the callbacks took; the texts stay. */
void folder_end(Folder *folder);

/* Returns the callbacks of this folder. */
hlsseg_sink folder_sink(Folder *folder);

#endif
