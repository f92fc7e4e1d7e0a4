/* Counts what is allocated within calls of the library: heap FILE.flv...; the linker wraps the allocator's functions. */
#include <stdbool.h>

#include "as_frames.h"

static volatile bool within; /* a call of the library */
static size_t allocated, calls;

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *old, size_t len);
int __real_posix_memalign(void **to, size_t alignment, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *old, size_t len);
int __wrap_posix_memalign(void **to, size_t alignment, size_t len);

void *__wrap_malloc(size_t len)
{
    allocated += within;
    return __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    allocated += within;
    return __real_calloc(count, len);
}

void *__wrap_realloc(void *old, size_t len)
{
    allocated += within;
    return __real_realloc(old, len);
}

int __wrap_posix_memalign(void **to, size_t alignment, size_t len)
{
    allocated += within;
    return __real_posix_memalign(to, alignment, len);
}

static uint8_t room[8 << 20];
static char text[1 << 16];

static int open_segment(void *user, const hlsseg_segment_start *start)
{
    return user != NULL || start == NULL;
}

static int write_packets(void *user, const hlsseg_packets *packets, size_t len)
{
    (void)user, (void)len;
    return (int)hlsseg_packets_copy(packets, room, sizeof room);
}

static int close_segment(void *user, const hlsseg_segment *segment)
{
    return user != NULL || segment == NULL;
}

static int init_section(void *user, const hlsseg_init_section *section)
{
    return user != NULL || section == NULL;
}

static hlsseg_fragment_buffer fragments = {sizeof fragments, room, sizeof room, 0};

static int write_payload(void *user, const hlsseg_payload *payload, size_t len)
{
    (void)user, (void)len;
    return (int)hlsseg_fragment_write(&fragments, payload);
}

static int close_fragment(void *user, const hlsseg_fragment_head *head, size_t len)
{
    hlsseg_piece whole;
    (void)user, (void)len;
    return (int)hlsseg_fragment_close(&fragments, head, &whole);
}

static int close_part(void *user, const hlsseg_part *part)
{
    return user != NULL || part == NULL;
}

static int init_uri(void *user, uint64_t id, char *dst, size_t len)
{
    (void)user, (void)id, (void)len;
    memcpy(dst, "init.mp4", 8);
    return 8;
}

static int part_uri(void *user, const hlsseg_next_part *part, char *dst, size_t len)
{
    (void)user, (void)part, (void)len;
    memcpy(dst, "part.m4s", 8);
    return 8;
}

static int uri(void *user, const hlsseg_listed_segment *segment, char *dst, size_t len)
{
    (void)user, (void)segment, (void)len;
    memcpy(dst, "segment.ts", 10);
    return 10;
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    const hlsseg_uris uris = {sizeof uris, NULL, uri, init_uri, part_uri};
    hlsseg_live_edge edge = {.size = sizeof edge};
    uint32_t answer;
    (void)user;
    if (hlsseg_playlist_live_edge(playlist, &edge) == HLSSEG_STATUS_OK &&
        (hlsseg_reload(&edge, &edge.sequence, NULL, &answer) ||
         hlsseg_playlist_text(playlist, &uris, HLSSEG_VIEW_DELTA, text, sizeof text, NULL)))
        return 1;
    return (int)hlsseg_playlist_text(playlist, &uris, HLSSEG_VIEW_PLAIN, text, sizeof text, NULL);
}

/* Makes a call and looks whether it allocates. */
#define WATCH(call) (within = true, status = (call), within = false, calls++, status)

int main(int argc, char **argv)
{
    const hlsseg_sink sink = {.size = sizeof sink, .open_segment = open_segment, .write_packets = write_packets,
                              .close_segment = close_segment, .update_playlist = update_playlist,
                              .init_section = init_section, .write_payload = write_payload,
                              .close_fragment = close_fragment, .close_part = close_part};
    hlsseg_config config = {.size = sizeof config};
    void *memory = malloc(20 << 10);
    hlsseg_status status;
    for (int n = 1; n < argc; n++) {
        size_t len, at;
        uint8_t *file = read_file(argv[n], &len);
        hlsseg_engine *engine;
        hlsseg_reader reader;
        hlsseg_step step = {.size = sizeof step};
        /* As tags, then as frames; in MPEG-TS, in fMP4, and both with parts. */
        for (uint32_t way = 0; way < 8; way++) {
            as_frames host = {0};
            uint32_t answer, door = way & 1;
            if (WATCH(hlsseg_config_init(&config)))
                return 3;
            config.target_duration = 6, config.container = way >> 1 & 1, config.part_millis = way & 4 ? 500 : 0;
            if (WATCH(hlsseg_init(memory, 20 << 10, &config, &engine)) || WATCH(hlsseg_reader_init(&reader)))
                return 3;
            for (at = 0; WATCH(hlsseg_reader_step(&reader, file + at, len - at, &step)) == HLSSEG_STATUS_OK && step.consumed;
                 at += step.consumed)
                if (step.kind == HLSSEG_STEP_KIND_TAG &&
                    WATCH(door ? push_as_frame(&host, engine, &step, &sink)
                               : hlsseg_push(engine, step.tag_kind, step.time_millis, step.data, step.len, &sink)))
                    return 3;
            if (WATCH(hlsseg_lost(engine, 0, &answer)) || WATCH(hlsseg_finish(engine, HLSSEG_END_LIST, &sink)))
                return 3;
        }
        free(file);
    }
    /* That the allocator is wrapped at all. */
    size_t before = allocated;
    within = true;
    void *volatile one = malloc(1);
    within = false;
    free(one), free(memory);
    printf("%zu allocations in %zu calls\n", before, calls);
    return before != 0 || calls < 1000 || allocated != before + 1;
}
