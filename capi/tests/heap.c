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

static int uri(void *user, const hlsseg_listed_segment *segment, char *dst, size_t len)
{
    (void)user, (void)segment, (void)len;
    memcpy(dst, "segment.ts", 10);
    return 10;
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    (void)user;
    return (int)hlsseg_playlist_m3u8(playlist, uri, NULL, text, sizeof text, NULL);
}

/* Makes a call and looks whether it allocates. */
#define WATCH(call) (within = true, status = (call), within = false, calls++, status)

int main(int argc, char **argv)
{
    const hlsseg_sink sink = {.size = sizeof sink, .open_segment = open_segment, .write_packets = write_packets,
                              .close_segment = close_segment, .update_playlist = update_playlist};
    void *memory = malloc(hlsseg_sizeof());
    hlsseg_status status;
    for (int n = 1; n < argc; n++) {
        size_t len, at;
        uint8_t *file = read_file(argv[n], &len);
        hlsseg_engine *engine;
        hlsseg_reader reader;
        hlsseg_step step = {.size = sizeof step};
        /* As tags, then as frames. */
        for (int door = 0; door < 2; door++) {
            as_frames host = {0};
            uint32_t answer;
            if (WATCH(hlsseg_init(memory, hlsseg_sizeof(), NULL, &engine)) || WATCH(hlsseg_reader_init(&reader)))
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
