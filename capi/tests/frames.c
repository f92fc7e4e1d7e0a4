/* The same media as tags and as frames gives the same bytes: frames FILE.flv */
#include "as_frames.h"

/* What came out: a hash of all bytes of segments, the last playlist, and how much there was. */
typedef struct {
    uint64_t segments, len;
    char text[1 << 16];
    size_t lists, gaps;
} output;

static int open_segment(void *user, const hlsseg_segment_start *start)
{
    output *out = user;
    out->segments = fnv(out->segments, (const uint8_t *)&start->start_ticks, sizeof start->start_ticks);
    return 0;
}

static int write_packets(void *user, const hlsseg_packets *packets, size_t len)
{
    output *out = user;
    uint8_t *copy = malloc(len);
    if (!copy || hlsseg_packets_copy(packets, copy, len))
        exit(3);
    out->segments = fnv(out->segments, copy, len);
    out->len += len;
    free(copy);
    return 0;
}

static int close_segment(void *user, const hlsseg_segment *segment)
{
    return user == NULL || segment == NULL;
}

static int uri(void *user, const hlsseg_listed_segment *segment, char *dst, size_t len)
{
    ((output *)user)->gaps += segment->gap;
    return snprintf(dst, len, "%" PRIu64 ".ts", segment->id);
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    output *out = user;
    out->lists++;
    out->gaps = 0;
    return (int)hlsseg_playlist_m3u8(playlist, uri, out, out->text, sizeof out->text, NULL);
}

/* The ways of media into the engine. */
typedef enum { TAGS, LENGTHS, START_CODES } door;

/* What MP3 leaves to be said: no header tells before the first frame that there will be audio. */
static int has_mp3(const uint8_t *file, size_t len)
{
    hlsseg_reader reader;
    hlsseg_step step = {.size = sizeof step};
    hlsseg_reader_init(&reader);
    for (size_t at = 0; hlsseg_reader_step(&reader, file + at, len - at, &step) == HLSSEG_STATUS_OK && step.consumed;
         at += step.consumed)
        if (step.kind == HLSSEG_STEP_KIND_TAG && step.tag_kind == 8 && step.len && step.data[0] >> 4 == 2)
            return 1;
    return 0;
}

/* Segments the audio and video of a file. When it has been listed, segment `lost` is lost. */
static output run(const uint8_t *file, size_t len, door through, uint64_t lost)
{
    output out = {.segments = FNV_START};
    hlsseg_sink sink = {.size = sizeof sink, .user = &out, .open_segment = open_segment, .write_packets = write_packets,
                        .close_segment = close_segment, .update_playlist = update_playlist};
    hlsseg_config config = {.size = sizeof config};
    hlsseg_engine *engine;
    hlsseg_reader reader;
    hlsseg_step step = {.size = sizeof step};
    as_frames host = {.start_codes = through == START_CODES, .room = malloc(5 * len)};
    void *memory = malloc(hlsseg_sizeof());
    uint32_t answer = 99;
    hlsseg_config_init(&config);
    config.frag_duration = 1, config.frag_count = 100, config.key_frames = HLSSEG_KEY_FRAMES_IDR_OR_RECOVERY_POINT;
    if (!host.room || hlsseg_init(memory, hlsseg_sizeof(), &config, &engine) || hlsseg_reader_init(&reader))
        exit(3);
    if (has_mp3(file, len) && hlsseg_announce(engine, 1, 3))
        exit(3);
    for (size_t at = 0; hlsseg_reader_step(&reader, file + at, len - at, &step) == HLSSEG_STATUS_OK && step.consumed;
         at += step.consumed) {
        hlsseg_status status = HLSSEG_STATUS_OK;
        if (step.kind != HLSSEG_STEP_KIND_TAG || step.tag_kind == 18)
            continue;
        if (through == TAGS)
            status = hlsseg_push(engine, step.tag_kind, step.time_millis, step.data, step.len, &sink);
        else
            status = push_as_frame(&host, engine, &step, &sink);
        if (status != HLSSEG_STATUS_OK) {
            printf("%s\n", hlsseg_status_text((int)status));
            exit(4);
        }
        if (lost < UINT64_MAX && out.lists == 1 && answer == 99 &&
            (hlsseg_lost(engine, lost, &answer) || answer != HLSSEG_LOST_ANSWER_LISTED))
            exit(5);
    }
    if (hlsseg_finish(engine, HLSSEG_END_LIST, &sink))
        exit(3);
    free(host.room), free(memory);
    return out;
}

static int failed;

static void holds(int claim, const char *what)
{
    failed += !claim;
    if (!claim)
        printf("FAIL %s\n", what);
}

int main(int argc, char **argv)
{
    static output tags, frames;
    if (argc != 2)
        return 2;
    size_t len;
    uint8_t *file = read_file(argv[1], &len);
    tags = run(file, len, TAGS, UINT64_MAX);
    holds(tags.len > 10000 && tags.lists > 1 && strstr(tags.text, "#EXT-X-ENDLIST"), "there is a stream");
    holds(!strstr(tags.text, "#EXT-X-GAP") && tags.gaps == 0, "nothing is lost");
    holds(!strstr(tags.text, "#EXT-X-DISCONTINUITY\n"), "the first segment has all tracks");
    for (door through = LENGTHS; through <= START_CODES; through++) {
        frames = run(file, len, through, UINT64_MAX);
        holds(frames.segments == tags.segments && frames.len == tags.len, "frames give the segments that tags give");
        holds(!strcmp(frames.text, tags.text), "frames give the playlist that tags give");
    }
    frames = run(file, len, LENGTHS, 0);
    holds(frames.segments == tags.segments, "a lost segment changes no other");
    const char *gap = strstr(frames.text, "#EXT-X-GAP\n"), *first = strstr(frames.text, "\n0.ts\n");
    holds(gap && first && gap < first && frames.gaps == 1, "the lost segment is a gap");
    free(file);
    return failed != 0;
}
