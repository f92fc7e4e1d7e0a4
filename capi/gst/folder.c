/* A folder of HLS: files are written under a temporary name, renamed when whole, and deleted when no player can ask for
 * them any more. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of most writes: small enough for thousands of channels, large enough that the calls do not count. */
#define STAGE (128 * 1024)

typedef struct {
    gint64 due; /* on the monotonic clock, in us */
    guint64 id;
} FolderExpired;

gboolean folder_names_segments(const gchar *location)
{
    guint integers = 0;
    for (const gchar *at = strchr(location, '%'); at; at = strchr(at, '%')) {
        at++;
        if (*at == '%') {
            at++;
            continue;
        }
        while (g_ascii_isdigit(*at))
            at++;
        if (*at != 'd' && *at != 'u' && *at != 'i')
            return FALSE;
        integers++;
    }
    return integers == 1;
}

static gchar *segment_path(const Folder *folder, guint64 id)
{
    /* `folder_names_segments` has checked the format. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return g_strdup_printf(folder->location, (gint)id);
#pragma GCC diagnostic pop
}

/* Keeps why a callback failed, and fails. */
static int trouble(Folder *folder, const gchar *path)
{
    int why = errno ? errno : EIO;
    g_free(folder->trouble);
    folder->trouble = g_strdup_printf("%s: %s", path, g_strerror(why));
    return why;
}

static int write_all(int file, const guint8 *bytes, gsize len)
{
    while (len > 0) {
        gssize written = write(file, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        bytes += written;
        len -= (gsize)written;
    }
    return 0;
}

static int flush(Folder *folder)
{
    int failed = write_all(folder->file, folder->staged->data, folder->staged->len);
    g_byte_array_set_size(folder->staged, 0);
    return failed;
}

static gchar *temporary(const gchar *path)
{
    return g_strconcat(path, ".tmp", NULL);
}

static int open_segment(void *user, const hlsseg_segment_start *start)
{
    Folder *folder = user;
    g_autofree gchar *path = segment_path(folder, start->id);
    g_autofree gchar *new = temporary(path);
    g_byte_array_set_size(folder->staged, 0);
    folder->file = g_open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (folder->file < 0)
        return trouble(folder, new);
    folder->opened(folder->host);
    return 0;
}

static int write_packets(void *user, const hlsseg_packets *packets, size_t len)
{
    Folder *folder = user;
    guint staged = folder->staged->len;
    if (staged > 0 && staged + len > STAGE) {
        if (flush(folder))
            return trouble(folder, "segment");
        staged = 0;
    }
    g_byte_array_set_size(folder->staged, staged + (guint)len);
    return (int)hlsseg_packets_copy(packets, folder->staged->data + staged, len);
}

static int close_segment(void *user, const hlsseg_segment *segment)
{
    Folder *folder = user;
    g_autofree gchar *path = segment_path(folder, segment->id);
    g_autofree gchar *new = temporary(path);
    int failed = flush(folder) | close(folder->file);
    folder->file = -1;
    if (failed || g_rename(new, path))
        return trouble(folder, path);
    folder->closed(folder->host, path, segment);
    return 0;
}

static void abort_segment(void *user, const hlsseg_aborted_segment *aborted)
{
    Folder *folder = user;
    g_autofree gchar *path = segment_path(folder, aborted->id);
    g_autofree gchar *new = temporary(path);
    if (folder->file >= 0)
        close(folder->file);
    folder->file = -1;
    g_unlink(new);
}

static int uri(void *user, const hlsseg_listed_segment *segment, char *dst, size_t len)
{
    Folder *folder = user;
    g_autofree gchar *path = segment_path(folder, segment->id);
    g_autofree gchar *name = g_path_get_basename(path);
    if (!folder->playlist_root)
        return g_snprintf(dst, len, "%s", name);
    return g_snprintf(dst, len, "%s/%s", folder->playlist_root, name);
}

static void delete_due(Folder *folder)
{
    FolderExpired *oldest;
    while ((oldest = g_queue_peek_head(&folder->expired)) && oldest->due <= g_get_monotonic_time()) {
        g_autofree gchar *path = segment_path(folder, oldest->id);
        g_unlink(path);
        g_free(g_queue_pop_head(&folder->expired));
    }
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    Folder *folder = user;
    GString *text = folder->text;
    size_t len;
    hlsseg_status status = hlsseg_playlist_m3u8(playlist, uri, folder, text->str, text->allocated_len, &len);
    if (status == HLSSEG_STATUS_SHORT_BUFFER) {
        g_string_set_size(text, len);
        status = hlsseg_playlist_m3u8(playlist, uri, folder, text->str, text->allocated_len, &len);
    }
    errno = EINVAL;
    if (status != HLSSEG_STATUS_OK)
        return trouble(folder, "a segment's URI");
    g_autofree gchar *new = temporary(folder->playlist_location);
    int file = g_open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        return trouble(folder, new);
    int failed = write_all(file, (const guint8 *)text->str, len);
    failed |= close(file);
    if (failed || g_rename(new, folder->playlist_location))
        return trouble(folder, folder->playlist_location);
    delete_due(folder);
    return 0;
}

static void expire_segment(void *user, const hlsseg_expired_segment *expired)
{
    Folder *folder = user;
    if (folder->keep_all)
        return;
    FolderExpired *new = g_new(FolderExpired, 1);
    new->due = g_get_monotonic_time() + expired->keep_for_millis * 1000;
    new->id = expired->id;
    g_queue_push_tail(&folder->expired, new);
}

static void notice(void *user, const hlsseg_notice *told)
{
    Folder *folder = user;
    folder->noticed(folder->host, told);
}

void folder_begin(Folder *folder)
{
    folder->file = -1;
    folder->staged = g_byte_array_sized_new(STAGE);
    folder->text = g_string_sized_new(1024);
    g_queue_init(&folder->expired);
    folder->trouble = NULL;
}

void folder_end(Folder *folder)
{
    g_byte_array_unref(folder->staged);
    g_string_free(folder->text, TRUE);
    g_queue_clear_full(&folder->expired, g_free);
    g_clear_pointer(&folder->trouble, g_free);
}

hlsseg_sink folder_sink(Folder *folder)
{
    return (hlsseg_sink){.size = sizeof(hlsseg_sink),
                         .user = folder,
                         .open_segment = open_segment,
                         .write_packets = write_packets,
                         .close_segment = close_segment,
                         .update_playlist = update_playlist,
                         .expire_segment = expire_segment,
                         .abort_segment = abort_segment,
                         .notice = notice};
}
