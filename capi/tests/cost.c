/* Segments a file again and again into the same memory, to be counted from outside: cost FILE.flv PASSES
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

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    size_t len;
    uint8_t *file = read_file(argv[1], &len);
    void *room = malloc(hlsseg_sizeof());
    hlsseg_sink sink = {.size = sizeof sink, .open_segment = open_segment, .write_packets = write_packets,
                        .close_segment = close_segment, .update_playlist = update_playlist};
    for (int pass = atoi(argv[2]); pass > 0; pass--) {
        hlsseg_engine *engine;
        hlsseg_reader reader;
        hlsseg_step step = {.size = sizeof step};
        if (hlsseg_init(room, hlsseg_sizeof(), NULL, &engine) || hlsseg_reader_init(&reader))
            return 3;
        for (size_t at = 0; hlsseg_reader_step(&reader, file + at, len - at, &step) == HLSSEG_STATUS_OK && step.consumed;
             at += step.consumed)
            if (step.kind == HLSSEG_STEP_KIND_TAG &&
                hlsseg_push(engine, step.tag_kind, step.time_millis, step.data, step.len, &sink))
                return 3;
        if (hlsseg_finish(engine, HLSSEG_END_LIST, &sink))
            return 3;
    }
    printf("%zu\n", memory.packets);
    free(file), free(room), free(memory.segment);
    return 0;
}
