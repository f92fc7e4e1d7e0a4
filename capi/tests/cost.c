/* Segments a file of 20 s again and again, one stream, into the same memory: cost FILE.flv PASSES
 * To be counted from outside.
 *
 * examples/cost.rs does the same in Rust; tests/cost.sh compares their instructions. */
#include "support.h"

static struct {
    uint8_t *segment;
    size_t len, room, packets;
} memory;

static int open_segment(void *user, const hlsseg_segment_start *start)
{
    (void)user, (void)start;
    memory.len = 0;
    return 0;
}

static int write_packets(void *user, const hlsseg_packets *packets, size_t len)
{
    (void)user;
    memory.packets += len / 188;
    if (memory.room < memory.len + len) {
        memory.room = (memory.len + len) * 2;
        memory.segment = realloc(memory.segment, memory.room);
        if (!memory.segment)
            return 1;
    }
    memory.len += len;
    return (int)hlsseg_packets_copy(packets, memory.segment + memory.len - len, len);
}

static int close_segment(void *user, const hlsseg_segment *segment)
{
    (void)user, (void)segment;
    return 0;
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    (void)user;
    hlsseg_playlist_info info = {.size = sizeof info};
    return (int)hlsseg_playlist_read(playlist, &info);
}

/* Milliseconds of an input: one pass follows the other. */
#define SPAN 20000

typedef struct {
    const uint8_t *data;
    size_t len;
    uint32_t time_millis;
    uint8_t kind;
} tag;

/* Takes the file apart beforehand: a server has its messages from elsewhere. */
static tag *read_tags(const uint8_t *file, size_t len, size_t *count)
{
    hlsseg_reader reader;
    hlsseg_step step = {.size = sizeof step};
    tag *tags = malloc(len / 11 * sizeof *tags);
    *count = 0;
    if (!tags || hlsseg_reader_init(&reader))
        exit(3);
    for (size_t at = 0; hlsseg_reader_step(&reader, file + at, len - at, &step) == HLSSEG_STATUS_OK && step.consumed;
         at += step.consumed)
        if (step.kind == HLSSEG_STEP_KIND_TAG)
            tags[(*count)++] = (tag){step.data, step.len, step.time_millis, step.tag_kind};
    return tags;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    size_t len, count;
    uint8_t *file = read_file(argv[1], &len);
    tag *tags = read_tags(file, len, &count);
    void *room = malloc(hlsseg_sizeof());
    const hlsseg_sink sink = {.size = sizeof sink, .open_segment = open_segment, .write_packets = write_packets,
                              .close_segment = close_segment, .update_playlist = update_playlist};
    hlsseg_engine *engine;
    if (hlsseg_init(room, hlsseg_sizeof(), NULL, &engine))
        return 3;
    uint32_t passes = (uint32_t)atoi(argv[2]);
    for (uint32_t pass = 0; pass < passes; pass++)
        for (const tag *t = tags; t < tags + count; t++)
            if (hlsseg_push(engine, t->kind, t->time_millis + pass * SPAN, t->data, t->len, &sink))
                return 3;
    if (hlsseg_finish(engine, HLSSEG_END_LIST, &sink))
        return 3;
    printf("%zu %zu\n", memory.packets, count);
    free(file), free(tags), free(room), free(memory.segment);
    return 0;
}
