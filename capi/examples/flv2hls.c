/* Cuts an FLV file or pipe into a folder of HLS: flv2hls INPUT|- OUT_DIR [FRAG_DURATION [FRAG_COUNT]]. C11 and nothing
 * but hls_segmenter. Segments and playlist are written under a temporary name and renamed when whole. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hls_segmenter.h"

typedef struct {
    const char *folder;
    FILE *file; /* the open segment */
    uint8_t *run; /* packets on their way, kept for the next run */
    size_t room, segments;
    char path[4096], temporary[4096];
} channel;

static void name(channel *c, const char *file)
{
    snprintf(c->path, sizeof c->path, "%s/%s", c->folder, file);
    snprintf(c->temporary, sizeof c->temporary, "%s/%s.tmp", c->folder, file);
}

static void name_segment(channel *c, uint64_t id)
{
    char file[32];
    snprintf(file, sizeof file, "%06" PRIu64 ".ts", id);
    name(c, file);
}

static int publish(channel *c)
{
    int failed = ferror(c->file) | fclose(c->file);
    c->file = NULL;
    return failed || rename(c->temporary, c->path) ? -1 : 0;
}

static int open_segment(void *user, const hlsseg_segment_start *start)
{
    channel *c = user;
    name_segment(c, start->id);
    c->file = fopen(c->temporary, "wb");
    return c->file ? 0 : errno;
}

static int write_packets(void *user, const hlsseg_packets *packets, size_t len)
{
    channel *c = user;
    if (len > c->room) {
        free(c->run);
        c->run = malloc(c->room = len);
    }
    if (!c->run || hlsseg_packets_copy(packets, c->run, c->room) != HLSSEG_STATUS_OK)
        return c->room = 0, ENOMEM;
    return fwrite(c->run, 1, len, c->file) == len ? 0 : EIO;
}

static int close_segment(void *user, const hlsseg_segment *segment)
{
    channel *c = user;
    printf("%06" PRIu64 ".ts %3u.%03u s %9" PRIu64 " bytes\n", segment->id, segment->extinf_millis / 1000,
           segment->extinf_millis % 1000, segment->bytes);
    c->segments++;
    return publish(c);
}

static void abort_segment(void *user, const hlsseg_aborted_segment *aborted)
{
    channel *c = user;
    name_segment(c, aborted->id);
    if (c->file)
        fclose(c->file);
    c->file = NULL;
    remove(c->temporary);
}

static int uri(void *user, const hlsseg_listed_segment *segment, char *dst, size_t len)
{
    (void)user;
    return snprintf(dst, len, "%06" PRIu64 ".ts", segment->id);
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    channel *c = user;
    char text[16 << 10]; /* 111 segments at the most, each with a name of 9 characters */
    size_t len;
    if (hlsseg_playlist_m3u8(playlist, uri, NULL, text, sizeof text, &len) != HLSSEG_STATUS_OK)
        return -1;
    name(c, "playlist.m3u8");
    c->file = fopen(c->temporary, "wb");
    return c->file && fwrite(text, 1, len, c->file) == len ? publish(c) : EIO;
}

static void notice(void *user, const hlsseg_notice *notice)
{
    (void)user;
    char line[128];
    if (hlsseg_notice_text(notice, line, sizeof line, NULL) == HLSSEG_STATUS_OK)
        fprintf(stderr, "notice: %s\n", line);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 5)
        return fprintf(stderr, "usage: %s INPUT|- OUT_DIR [FRAG_DURATION [FRAG_COUNT]]\n", argv[0]), 2;
    hlsseg_config config = {.size = sizeof config};
    hlsseg_config_init(&config);
    if (argc > 3)
        config.frag_duration = (uint32_t)strtoul(argv[3], NULL, 10);
    if (argc > 4)
        config.frag_count = (uint32_t)strtoul(argv[4], NULL, 10);
    char why[128];
    if (hlsseg_config_check(&config, why, sizeof why, NULL) != HLSSEG_STATUS_OK)
        return fprintf(stderr, "%s\n", why), 2;
    FILE *input = strcmp(argv[1], "-") ? fopen(argv[1], "rb") : stdin;
    size_t room = HLSSEG_MAX_TAG_LEN, len = 0, at = 0;
    uint8_t *buffer = malloc(room); /* touched as far as the largest tag of the stream goes */
    void *memory = malloc(hlsseg_sizeof());
    hlsseg_engine *engine;
    if (!input || !buffer || !memory || hlsseg_init(memory, hlsseg_sizeof(), &config, &engine) != HLSSEG_STATUS_OK)
        return fprintf(stderr, "%s: %s\n", argv[1], strerror(errno)), 3;

    channel c = {.folder = argv[2]};
    const hlsseg_sink sink = {sizeof sink, &c, open_segment, write_packets, close_segment, update_playlist,
                              .abort_segment = abort_segment, .notice = notice};
    hlsseg_reader reader;
    hlsseg_reader_init(&reader);
    hlsseg_step step = {.size = sizeof step};
    hlsseg_status status;
    while ((status = hlsseg_reader_step(&reader, buffer + at, len - at, &step)) == HLSSEG_STATUS_OK) {
        if (step.kind == HLSSEG_STEP_KIND_TAG) {
            status = hlsseg_push(engine, step.tag_kind, step.time_millis, step.data, step.len, &sink);
            if (status == HLSSEG_STATUS_SINK)
                break; /* a live server would go on: one segment was lost; or a tag was passed over, nothing more */
        } else if (step.kind == HLSSEG_STEP_KIND_NEED) {
            memmove(buffer, buffer + at, len -= at);
            at = 0;
            if ((len += fread(buffer + len, 1, step.at_least - len, input)) < step.at_least)
                break; /* the end of the input */
        }
        at += step.consumed;
    }
    hlsseg_status end = hlsseg_finish(engine, HLSSEG_END_LIST, &sink);
    if ((status = status ? status : end) != HLSSEG_STATUS_OK)
        fprintf(stderr, "%s: %s\n", argv[1], hlsseg_status_text(status));
    free(buffer), free(memory), free(c.run), fclose(input);
    return status == HLSSEG_STATUS_OK && c.segments ? 0 : 1;
}
