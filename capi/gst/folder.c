/* A folder of HLS: files are written under a temporary name, renamed when whole, and deleted when no player can ask for
 * them any more. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "location.h"

/* Bytes of most writes: small enough for thousands of channels, large enough that the calls do not count. */
#define STAGE (128 * 1024)

/* A file that is listed no more. */
typedef struct {
    gint64 due; /* on the monotonic clock, in us */
    gchar *path;
} FolderExpired;

typedef struct {
    guint64 segment;
    guint32 index;
} FolderPart;

static gchar *segment_path(const Folder *folder, guint64 id)
{
    return location_path(folder->location, id);
}

static gchar *init_path(const Folder *folder, guint64 id)
{
    return folder->init_location ? location_path(folder->init_location, id) : location_init_path(folder->location, id);
}

static gchar *part_path(const Folder *folder, guint64 segment, guint32 index)
{
    return location_part_path(folder->location, segment, index);
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

/* Writes what is of the open segment. */
static int put(Folder *folder, const guint8 *bytes, guint len)
{
    if (folder->has_parts)
        g_byte_array_append(folder->part, bytes, len);
    return write_all(folder->file, bytes, len);
}

static int flush(Folder *folder)
{
    int failed = put(folder, folder->staged->data, folder->staged->len);
    g_byte_array_set_size(folder->staged, 0);
    return failed;
}

static gchar *temporary(const gchar *path)
{
    return g_strconcat(path, ".tmp", NULL);
}

/* Writes a whole file in one step, so that nobody sees half of it. */
static int replace(Folder *folder, const gchar *path, const guint8 *bytes, gsize len)
{
    g_autofree gchar *new = temporary(path);
    int file = g_open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        return trouble(folder, new);
    int failed = write_all(file, bytes, len);
    failed |= close(file);
    return failed || g_rename(new, path) ? trouble(folder, path) : 0;
}

static int open_segment(void *user, const hlsseg_segment_start *start)
{
    Folder *folder = user;
    g_autofree gchar *path = segment_path(folder, start->id);
    g_autofree gchar *new = temporary(path);
    g_byte_array_set_size(folder->staged, 0);
    g_byte_array_set_size(folder->payload, 0);
    g_byte_array_set_size(folder->part, 0);
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

static int init_section(void *user, const hlsseg_init_section *section)
{
    Folder *folder = user;
    g_autofree gchar *path = init_path(folder, section->id);
    return replace(folder, path, section->data, section->len);
}

static int write_payload(void *user, const hlsseg_payload *payload, size_t len)
{
    Folder *folder = user;
    guint at = folder->payload->len;
    g_byte_array_set_size(folder->payload, at + (guint)len);
    return (int)hlsseg_payload_copy(payload, folder->payload->data + at, len);
}

static int close_fragment(void *user, const hlsseg_fragment_head *head, size_t len)
{
    Folder *folder = user;
    g_byte_array_set_size(folder->staged, (guint)len);
    hlsseg_status status = hlsseg_fragment_head_copy(head, folder->staged->data, len);
    if (status != HLSSEG_STATUS_OK)
        return (int)status;
    if (flush(folder) || put(folder, folder->payload->data, folder->payload->len))
        return trouble(folder, "segment");
    g_byte_array_set_size(folder->payload, 0);
    return 0;
}

static int close_part(void *user, const hlsseg_part *part)
{
    Folder *folder = user;
    g_autofree gchar *path = part_path(folder, part->segment, part->index);
    if (flush(folder))
        return trouble(folder, "segment");
    int failed = replace(folder, path, folder->part->data, folder->part->len);
    g_byte_array_set_size(folder->part, 0);
    g_array_append_val(folder->parts, ((FolderPart){part->segment, part->index}));
    return failed;
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
    /* A section that was for this segment first is for no other: the next one has its own. */
    g_autofree gchar *init = init_path(folder, aborted->id);
    g_unlink(init);
}

/* Writes the URI of a file, whose path this takes. */
static int relative(const Folder *folder, gchar *of, char *dst, size_t len)
{
    g_autofree gchar *path = of;
    g_autofree gchar *name = g_path_get_basename(path);
    if (!folder->playlist_root)
        return g_snprintf(dst, len, "%s", name);
    return g_snprintf(dst, len, "%s/%s", folder->playlist_root, name);
}

static int uri(void *user, const hlsseg_listed_segment *segment, char *dst, size_t len)
{
    return relative(user, segment_path(user, segment->id), dst, len);
}

static int init_uri(void *user, uint64_t id, char *dst, size_t len)
{
    return relative(user, init_path(user, id), dst, len);
}

static int part_uri(void *user, const hlsseg_next_part *part, char *dst, size_t len)
{
    return relative(user, part_path(user, part->segment, part->index), dst, len);
}

static gint by_due(gconstpointer one, gconstpointer other, gpointer unused)
{
    const FolderExpired *left = one, *right = other;
    (void)unused;
    return left->due < right->due ? -1 : left->due > right->due;
}

/* Has a file deleted when it has been kept for long enough; takes its path. */
static void leave(Folder *folder, gchar *path, gint64 keep_for_millis)
{
    FolderExpired *new = g_new(FolderExpired, 1);
    new->due = g_get_monotonic_time() + keep_for_millis * 1000;
    new->path = path;
    g_queue_insert_sorted(&folder->expired, new, by_due, NULL);
}

static void free_expired(gpointer expired)
{
    g_free(((FolderExpired *)expired)->path);
    g_free(expired);
}

static void delete_due(Folder *folder)
{
    FolderExpired *first;
    while ((first = g_queue_peek_head(&folder->expired)) && first->due <= g_get_monotonic_time()) {
        g_unlink(first->path);
        free_expired(g_queue_pop_head(&folder->expired));
    }
}

static gboolean is_among(const GArray *parts, const FolderPart *part)
{
    const FolderPart *each = (const FolderPart *)(const void *)parts->data, *end = each + parts->len;
    while (each < end && (each->segment != part->segment || each->index != part->index))
        each++;
    return each < end;
}

/* Takes the parts that are listed now. The others may go, three target durations later. */
static void take_parts(Folder *folder, const hlsseg_playlist *playlist)
{
    GArray *listed = g_array_new(FALSE, FALSE, sizeof(FolderPart));
    hlsseg_playlist_info info = {.size = sizeof info};
    hlsseg_listed_part part = {.size = sizeof part};
    hlsseg_playlist_read(playlist, &info);
    for (gsize nth = 0; hlsseg_playlist_part(playlist, nth, &part) == HLSSEG_STATUS_OK; nth++)
        g_array_append_val(listed, ((FolderPart){part.segment, part.index}));
    for (guint nth = 0; nth < folder->parts->len && !folder->keep_all; nth++) {
        const FolderPart *old = &g_array_index(folder->parts, FolderPart, nth);
        if (!is_among(listed, old))
            leave(folder, part_path(folder, old->segment, old->index), 3000 * (gint64)info.target_duration);
    }
    g_array_unref(folder->parts);
    folder->parts = listed;
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    Folder *folder = user;
    GString *text = folder->text;
    const hlsseg_uris uris = {sizeof uris, folder, uri, init_uri, part_uri};
    const hlsseg_view view = folder->has_parts ? HLSSEG_VIEW_LOW_LATENCY : HLSSEG_VIEW_PLAIN;
    size_t len;
    hlsseg_status status = hlsseg_playlist_text(playlist, &uris, view, text->str, text->allocated_len, &len);
    if (status == HLSSEG_STATUS_SHORT_BUFFER) {
        g_string_set_size(text, len);
        status = hlsseg_playlist_text(playlist, &uris, view, text->str, text->allocated_len, &len);
    }
    errno = EINVAL;
    if (status != HLSSEG_STATUS_OK)
        return trouble(folder, "a segment's URI");
    int failed = replace(folder, folder->playlist_location, (const guint8 *)text->str, len);
    if (failed)
        return failed;
    take_parts(folder, playlist);
    delete_due(folder);
    return 0;
}

static void expire_segment(void *user, const hlsseg_expired_segment *expired)
{
    Folder *folder = user;
    if (folder->keep_all)
        return;
    leave(folder, segment_path(folder, expired->id), expired->keep_for_millis);
    if (expired->has_init)
        leave(folder, init_path(folder, expired->init), expired->keep_for_millis);
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
    folder->payload = g_byte_array_new();
    folder->part = g_byte_array_new();
    folder->parts = g_array_new(FALSE, FALSE, sizeof(FolderPart));
    folder->text = g_string_sized_new(1024);
    g_queue_init(&folder->expired);
    folder->trouble = NULL;
}

void folder_end(Folder *folder)
{
    g_byte_array_unref(folder->staged);
    g_byte_array_unref(folder->payload);
    g_byte_array_unref(folder->part);
    g_array_unref(folder->parts);
    g_string_free(folder->text, TRUE);
    g_queue_clear_full(&folder->expired, free_expired);
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
                         .notice = notice,
                         .init_section = init_section,
                         .write_payload = write_payload,
                         .close_fragment = close_fragment,
                         .close_part = close_part};
}
