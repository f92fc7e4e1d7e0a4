/* fMP4 and parts, misused: wrong calls get a status and do nothing else: fragments FILE.flv */
#include <stdalign.h>

#include "expect.h"

static alignas(16) char memory[20 << 10];
static uint8_t room[16 << 20], copy[16 << 20];

/* What the host of a stream keeps; `fail` names the callback that fails next. */
static struct {
    hlsseg_engine *engine;
    hlsseg_sink *sink;
    hlsseg_fragment_buffer fragments;
    const char *fail;
    int sections, payloads, fragments_closed, parts, segments, aborted, lists;
    uint64_t bytes, of_parts;
} host;

static int fails(const char *callback)
{
    int now = host.fail && !strcmp(host.fail, callback);
    EXPECT(hlsseg_finish(host.engine, HLSSEG_END_LIST, host.sink), BUSY);
    if (now)
        host.fail = NULL;
    return now ? 42 : 0;
}

static int open_segment(void *user, const hlsseg_segment_start *start)
{
    (void)user;
    HOLDS(start->size == sizeof *start && start->has_init <= 1);
    host.fragments.payload_len = 0;
    host.bytes = host.of_parts = 0;
    return fails("open_segment");
}

static int write_packets(void *user, const hlsseg_packets *packets, size_t len)
{
    (void)user, (void)packets;
    host.bytes += len;
    return 0;
}

static int close_segment(void *user, const hlsseg_segment *segment)
{
    (void)user;
    HOLDS(segment->size == sizeof *segment && segment->bytes == host.bytes);
    HOLDS(host.of_parts == 0 || host.of_parts == host.bytes);
    host.segments++;
    return fails("close_segment");
}

static void abort_segment(void *user, const hlsseg_aborted_segment *aborted)
{
    (void)user, (void)aborted;
    host.aborted++;
}

static int init_section(void *user, const hlsseg_init_section *section)
{
    (void)user;
    HOLDS(section->size == sizeof *section && section->len > 100 && !memcmp(section->data + 4, "ftyp", 4));
    host.sections++;
    return fails("init_section");
}

static int write_payload(void *user, const hlsseg_payload *payload, size_t len)
{
    (void)user;
    hlsseg_pieces pieces;
    hlsseg_piece list[4];
    uint8_t heads[16];
    size_t count, sum = 0;
    hlsseg_fragment_buffer none = {.size = sizeof none}, tight = host.fragments, wrong = {.size = 3}, far = host.fragments;
    EXPECT(hlsseg_payload_copy(payload, room, len - 1), SHORT_BUFFER);
    EXPECT(hlsseg_payload_copy(payload, NULL, len), NULL);
    EXPECT(hlsseg_payload_copy(payload, room, SIZE_MAX), ARGUMENT);
    EXPECT(hlsseg_payload_copy(NULL, room, len), NULL);
    HOLDS(hlsseg_payload_len(payload) == len && hlsseg_payload_len(NULL) == 0);
    EXPECT(hlsseg_pieces_init_payload(NULL, payload), NULL);
    EXPECT(hlsseg_pieces_init_payload(&pieces, NULL), NULL);
    EXPECT(hlsseg_pieces_init_payload(&pieces, payload), OK);
    if (hlsseg_pieces_gather(&pieces, list, 4, NULL, 0, &count) == HLSSEG_STATUS_SHORT_BUFFER)
        HOLDS(count == 0); /* the length of the first NAL unit: room for it is all that was missing */
    else
        sum = list[0].len; /* frames of audio have no lengths before them */
    while (hlsseg_pieces_gather(&pieces, list, 4, heads, sizeof heads, &count) == HLSSEG_STATUS_OK && count)
        for (size_t n = 0; n < count; n++)
            sum += list[n].len;
    HOLDS(sum == len);
    EXPECT(hlsseg_fragment_write(NULL, payload), NULL);
    EXPECT(hlsseg_fragment_write(&host.fragments, NULL), NULL);
    EXPECT(hlsseg_fragment_write(&wrong, payload), SIZE);
    EXPECT(hlsseg_fragment_write(&none, payload), SHORT_BUFFER);
    none.len = 9;
    EXPECT(hlsseg_fragment_write(&none, payload), NULL);
    tight.len = hlsseg_fragment_overhead() + tight.payload_len + len - 1;
    EXPECT(hlsseg_fragment_write(&tight, payload), SHORT_BUFFER);
    HOLDS(tight.payload_len == host.fragments.payload_len);
    far.payload_len = SIZE_MAX;
    EXPECT(hlsseg_fragment_write(&far, payload), SHORT_BUFFER);
    tight.len++;
    EXPECT(hlsseg_fragment_write(&tight, payload), OK);
    HOLDS(tight.payload_len == host.fragments.payload_len + len);
    host.fragments.payload_len = tight.payload_len;
    host.payloads++;
    return fails("write_payload");
}

static int close_fragment(void *user, const hlsseg_fragment_head *head, size_t len)
{
    (void)user;
    hlsseg_piece whole = {copy, 7};
    hlsseg_fragment_buffer none = {.size = sizeof none};
    HOLDS(hlsseg_fragment_head_len(head) == len && hlsseg_fragment_head_len(NULL) == 0);
    HOLDS(hlsseg_fragment_payload_len(head) == host.fragments.payload_len && hlsseg_fragment_payload_len(NULL) == 0);
    memset(copy, 0xa5, len + 8);
    EXPECT(hlsseg_fragment_head_copy(head, copy, len - 1), SHORT_BUFFER);
    EXPECT(hlsseg_fragment_head_copy_padded(head, copy, len - 1), SHORT_BUFFER);
    EXPECT(hlsseg_fragment_head_copy_padded(head, copy, len + 7), SHORT_BUFFER);
    HOLDS(copy[0] == 0xa5 && copy[len + 6] == 0xa5);
    EXPECT(hlsseg_fragment_head_copy(NULL, copy, len), NULL);
    EXPECT(hlsseg_fragment_head_copy(head, NULL, len), NULL);
    EXPECT(hlsseg_fragment_head_copy_padded(head, copy, len + 8), OK);
    HOLDS(!memcmp(copy + 4, "moof", 4) && !memcmp(copy + len + 4, "mdat", 4));
    EXPECT(hlsseg_fragment_close(&host.fragments, NULL, &whole), NULL);
    EXPECT(hlsseg_fragment_close(&host.fragments, head, NULL), NULL);
    EXPECT(hlsseg_fragment_close(NULL, head, &whole), NULL);
    EXPECT(hlsseg_fragment_close(&none, head, &whole), SHORT_BUFFER);
    HOLDS(whole.data == NULL && whole.len == 0);
    size_t payload_len = host.fragments.payload_len;
    EXPECT(hlsseg_fragment_close(&host.fragments, head, &whole), OK);
    HOLDS(whole.len == len + payload_len && whole.data >= room && host.fragments.payload_len == 0);
    host.bytes += whole.len;
    host.fragments_closed++;
    return fails("close_fragment");
}

static int close_part(void *user, const hlsseg_part *part)
{
    (void)user;
    HOLDS(part->size == sizeof *part && part->offset == host.of_parts && part->duration_ticks > 0);
    host.of_parts += part->bytes;
    HOLDS(host.of_parts == host.bytes);
    host.parts++;
    return fails("close_part");
}

static int uri(void *user, const hlsseg_listed_segment *segment, char *dst, size_t len)
{
    (void)user;
    return snprintf(dst, len, "%" PRIu64, segment->id);
}

static int init_uri(void *user, uint64_t id, char *dst, size_t len)
{
    return user ? -1 : snprintf(dst, len, "init-%" PRIu64, id);
}

static int part_uri(void *user, const hlsseg_next_part *part, char *dst, size_t len)
{
    (void)user;
    HOLDS(part->size == sizeof *part);
    return snprintf(dst, len, "%" PRIu64 ".%u", part->segment, part->index);
}

/* What an engine without parts has not, and what is wrong with any. */
static void misread(const hlsseg_playlist *playlist, int has_parts)
{
    static char text[1 << 16];
    hlsseg_uris uris = {sizeof uris, NULL, uri, init_uri, part_uri}, none = uris, failing = uris, short_ones = uris;
    hlsseg_live_edge edge = {.size = sizeof edge};
    hlsseg_next_part next = {.size = sizeof next};
    hlsseg_listed_part part = {.size = sizeof part};
    hlsseg_playlist_info info = {.size = sizeof info};
    size_t len = 77;
    none.segment = NULL, failing.user = text, short_ones.size = offsetof(hlsseg_uris, part);
    EXPECT(hlsseg_playlist_text(NULL, &uris, HLSSEG_VIEW_PLAIN, text, sizeof text, &len), NULL);
    EXPECT(hlsseg_playlist_text(playlist, NULL, HLSSEG_VIEW_PLAIN, text, sizeof text, &len), NULL);
    EXPECT(hlsseg_playlist_text(playlist, &none, HLSSEG_VIEW_PLAIN, text, sizeof text, &len), NULL);
    EXPECT(hlsseg_playlist_text(playlist, &short_ones, HLSSEG_VIEW_LOW_LATENCY, text, sizeof text, &len), NULL);
    EXPECT(hlsseg_playlist_text(playlist, &short_ones, HLSSEG_VIEW_PLAIN, text, sizeof text, NULL), OK);
    EXPECT(hlsseg_playlist_text(playlist, &uris, HLSSEG_VIEW_PLAIN, text, 20, &len), SHORT_BUFFER);
    HOLDS(text[0] == 0 && len > 20);
    EXPECT(hlsseg_playlist_live_edge(NULL, &edge), NULL);
    EXPECT(hlsseg_playlist_part(playlist, 9999, &part), ABSENT);
    if (has_parts) {
        EXPECT(hlsseg_playlist_text(playlist, &uris, 3, text, sizeof text, &len), ARGUMENT);
        EXPECT(hlsseg_playlist_text(playlist, &uris, HLSSEG_VIEW_DELTA, text, sizeof text, &len), OK);
        EXPECT(hlsseg_playlist_live_edge(playlist, NULL), NULL);
        EXPECT(hlsseg_playlist_live_edge(playlist, &edge), OK);
        part.size = 3;
        EXPECT(hlsseg_playlist_part(playlist, 0, &part), SIZE);
        EXPECT(hlsseg_playlist_text(playlist, &failing, HLSSEG_VIEW_LOW_LATENCY, text, sizeof text, NULL), URI);
        EXPECT(hlsseg_playlist_read(playlist, &info), OK);
        if (info.count == 0)
            return; /* the parts of the first segment, and nothing that needs a section yet */
        EXPECT(hlsseg_playlist_m3u8(playlist, uri, NULL, text, sizeof text, NULL), URI); /* no EXT-X-MAP */
        EXPECT(hlsseg_playlist_text(playlist, &failing, HLSSEG_VIEW_PLAIN, text, sizeof text, NULL), URI);
        failing.init = NULL;
        EXPECT(hlsseg_playlist_text(playlist, &failing, HLSSEG_VIEW_PLAIN, text, sizeof text, NULL), URI);
    } else {
        EXPECT(hlsseg_playlist_text(playlist, &uris, HLSSEG_VIEW_LOW_LATENCY, text, sizeof text, &len), ABSENT);
        EXPECT(hlsseg_playlist_live_edge(playlist, &edge), ABSENT);
        EXPECT(hlsseg_playlist_next_part(playlist, &next), ABSENT);
        EXPECT(hlsseg_playlist_part(playlist, 0, &part), ABSENT);
    }
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    misread(playlist, user == NULL);
    host.lists++;
    return fails("update_playlist");
}

static hlsseg_sink all(void)
{
    return (hlsseg_sink){.size = sizeof(hlsseg_sink), .open_segment = open_segment, .write_packets = write_packets,
                         .close_segment = close_segment, .update_playlist = update_playlist, .abort_segment = abort_segment,
                         .init_section = init_section, .write_payload = write_payload, .close_fragment = close_fragment,
                         .close_part = close_part};
}

static hlsseg_config low_latency(uint32_t container, uint32_t part_millis)
{
    hlsseg_config config = {.size = sizeof config};
    hlsseg_config_init(&config);
    config.frag_duration = 1, config.target_duration = 2, config.container = container, config.part_millis = part_millis;
    return config;
}

/* Memory is as long as the engine that is asked for, and an object is taken for no other. */
static void test_memory(void)
{
    size_t sizes[4], len = 77;
    hlsseg_engine *engine;
    hlsseg_reader reader, *no_reader = (hlsseg_reader *)(void *)memory;
    hlsseg_step step = {.size = sizeof step};
    hlsseg_sink sink = all();
    for (uint32_t kind = 0; kind < 4; kind++) {
        hlsseg_config config = low_latency(kind & 1, kind & 2 ? 400 : 0);
        memset(memory, 0, sizeof memory);
        EXPECT(hlsseg_sizeof_for(&config, &sizes[kind]), OK);
        HOLDS(sizes[kind] <= sizeof memory);
        EXPECT(hlsseg_init(memory, sizes[kind] - 1, &config, &engine), MEMORY);
        HOLDS(engine == NULL && memory[0] == 0);
        EXPECT(hlsseg_set_wall_time((hlsseg_engine *)(void *)memory, 0), STATE);
        EXPECT(hlsseg_init(memory, sizes[kind], &config, &engine), OK);
        EXPECT(hlsseg_set_wall_time(engine, 0), OK);
        EXPECT(hlsseg_reader_step(no_reader, NULL, 0, &step), STATE);
        for (size_t n = sizes[kind]; n < sizeof memory; n++)
            if (memory[n])
                HOLDS(!"the engine is no longer than it says");
        /* Each engine needs its own callbacks, and no others. */
        struct { size_t at; int fmp4, ts, parts; } needed[] = {
            {offsetof(hlsseg_sink, write_packets), 0, 1, 0},  {offsetof(hlsseg_sink, init_section), 1, 0, 0},
            {offsetof(hlsseg_sink, write_payload), 1, 0, 0},  {offsetof(hlsseg_sink, close_fragment), 1, 0, 0},
            {offsetof(hlsseg_sink, close_part), 0, 0, 1},     {offsetof(hlsseg_sink, open_segment), 1, 1, 1},
        };
        for (size_t n = 0; n < sizeof needed / sizeof *needed; n++) {
            hlsseg_sink without = sink;
            int is_needed = (kind & 1 ? needed[n].fmp4 : needed[n].ts) || (kind & 2 && needed[n].parts);
            memset((char *)&without + needed[n].at, 0, sizeof without.open_segment);
            hlsseg_status said = hlsseg_push(engine, 8, 0, (const uint8_t *)"\xaf", 1, &without);
            HOLDS(said == (is_needed ? HLSSEG_STATUS_NULL : HLSSEG_STATUS_TAG));
        }
    }
    HOLDS(sizes[0] == hlsseg_sizeof() && sizes[0] < sizes[2] && sizes[2] < sizes[1] && sizes[1] < sizes[3]);
    EXPECT(hlsseg_sizeof_for(NULL, &len), OK);
    HOLDS(len == sizes[0]);
    EXPECT(hlsseg_sizeof_for(NULL, NULL), NULL);
    EXPECT(hlsseg_reader_init(&reader), OK);
    EXPECT(hlsseg_set_wall_time((hlsseg_engine *)(void *)&reader, 0), STATE);
    EXPECT(hlsseg_finish((hlsseg_engine *)(void *)&reader, HLSSEG_END_LIST, &sink), STATE);
}

static void test_config(void)
{
    struct { uint32_t container, part, gap, target, reserved; const char *why; } refused[] = {
        {2, 0, 0, 2, 0, "container has none of its values"},
        {0, 0, 30, 2, 0, "part_gap_millis has none of its values"},
        {1, 99, 0, 2, 0, "99 ms"},
        {1, 400, 71, 2, 0, "gap of 71 ms"},
        {1, 400, 0, 0, 0, "parts do not go with this"},
        {0, 0, 0, 0, 1, "reserved_2 has none of its values"},
    };
    char why[128];
    size_t len = 77;
    for (size_t n = 0; n < sizeof refused / sizeof *refused; n++) {
        hlsseg_config config = low_latency(refused[n].container, refused[n].part);
        config.part_gap_millis = refused[n].gap, config.target_duration = refused[n].target;
        config.reserved_2 = refused[n].reserved;
        EXPECT(hlsseg_config_check(&config, why, sizeof why, NULL), CONFIG);
        HOLDS(strstr(why, refused[n].why));
        EXPECT(hlsseg_sizeof_for(&config, &len), CONFIG);
        HOLDS(len == 77);
    }
    /* The struct of an older program ends before the container. */
    hlsseg_config older = low_latency(1, 400);
    older.size = offsetof(hlsseg_config, container);
    EXPECT(hlsseg_sizeof_for(&older, &len), OK);
    HOLDS(len == hlsseg_sizeof());
    /* A channel's parameters change neither container nor parts. */
    hlsseg_live_channel_request request = {.size = sizeof request, .channel_name = "c", .target_type = "HLS",
                                           .frag_duration = "2", .frag_count = "4"};
    hlsseg_live_channel channel = {.size = sizeof channel};
    hlsseg_config config = low_latency(1, 400);
    EXPECT(hlsseg_live_channel_check(&request, &channel, &config), OK);
    HOLDS(config.container == 1 && config.part_millis == 400 && config.part_gap_millis == 70 && config.frag_count == 4);
}

static void test_reload(void)
{
    hlsseg_live_edge edge = {sizeof edge, 10, 2, 4, 6, 0, {0}}, none = {.size = sizeof none}, wrong = {.size = 5};
    struct { int sequence, part; uint32_t want; } cases[] = {
        {-1, -1, HLSSEG_RELOAD_ANSWER_NOW}, {-1, 2, HLSSEG_RELOAD_ANSWER_BAD_REQUEST}, {9, -1, HLSSEG_RELOAD_ANSWER_NOW},
        {10, -1, HLSSEG_RELOAD_ANSWER_WAIT}, {10, 1, HLSSEG_RELOAD_ANSWER_NOW}, {10, 2, HLSSEG_RELOAD_ANSWER_WAIT},
        {10, 7, HLSSEG_RELOAD_ANSWER_WAIT}, {10, 8, HLSSEG_RELOAD_ANSWER_BAD_REQUEST}, {9, 4, HLSSEG_RELOAD_ANSWER_NOW},
        {12, -1, HLSSEG_RELOAD_ANSWER_BAD_REQUEST},
    };
    uint64_t sequence = 9;
    uint32_t part = 9, answer = 99;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        sequence = (uint64_t)cases[n].sequence, part = (uint32_t)cases[n].part;
        EXPECT(hlsseg_reload(&edge, cases[n].sequence < 0 ? NULL : &sequence, cases[n].part < 0 ? NULL : &part, &answer), OK);
        HOLDS(answer == cases[n].want);
    }
    edge.ended = 1, sequence = 99;
    EXPECT(hlsseg_reload(&edge, &sequence, NULL, &answer), OK);
    HOLDS(answer == HLSSEG_RELOAD_ANSWER_NOW);
    EXPECT(hlsseg_last_part(&edge, &sequence, &part), OK);
    HOLDS(sequence == 10 && part == 1);
    EXPECT(hlsseg_last_part(&none, &sequence, &part), ABSENT);
    EXPECT(hlsseg_last_part(&edge, NULL, &part), NULL);
    EXPECT(hlsseg_last_part(&edge, &sequence, NULL), NULL);
    EXPECT(hlsseg_reload(NULL, &sequence, &part, &answer), NULL);
    EXPECT(hlsseg_reload(&edge, &sequence, &part, NULL), NULL);
    EXPECT(hlsseg_reload(&wrong, &sequence, &part, &answer), SIZE);
    EXPECT(hlsseg_reload(&edge, (uint64_t *)(void *)(memory + 1), &part, &answer), ALIGNMENT);
}

/* A segment of fMP4 as a host stores it. */
static void test_vod(void)
{
    hlsseg_listed_segment list[2] = {{.size = sizeof *list, .id = 3, .extinf_millis = 1000, .init = 3, .has_init = 1},
                                     {.size = sizeof *list, .id = 4, .extinf_millis = 1000, .init = 3, .has_init = 1}};
    hlsseg_uris uris = {sizeof uris, NULL, uri, init_uri, NULL};
    char text[400];
    EXPECT(hlsseg_vod_text(list, 2, 1, &uris, text, sizeof text, NULL), OK);
    HOLDS(strstr(text, "#EXT-X-MAP:URI=\"init-3\"\n#EXTINF:1.000,\n3\n#EXTINF:1.000,\n4\n#EXT-X-ENDLIST\n"));
    EXPECT(hlsseg_vod_m3u8(list, 2, 1, uri, NULL, text, sizeof text, NULL), URI);
    uris.init = NULL;
    EXPECT(hlsseg_vod_text(list, 2, 1, &uris, text, sizeof text, NULL), URI);
    EXPECT(hlsseg_vod_text(list, 2, 1, NULL, text, sizeof text, NULL), NULL);
    list[1].size = 9;
    EXPECT(hlsseg_vod_text(list, 2, 1, &uris, text, sizeof text, NULL), SIZE);
}

/* Runs a stream whose callbacks misuse the API; each callback fails once, which costs a segment. */
static void test_stream(const char *path, uint32_t container, uint32_t part_millis)
{
    static const char *const names[] = {"init_section", "open_segment", "write_payload", "close_fragment",
                                        "close_part",   "close_segment"};
    size_t len, at = 0, named = 0;
    uint8_t *file = read_file(path, &len);
    hlsseg_config config = low_latency(container, part_millis);
    hlsseg_sink sink = all();
    hlsseg_reader reader;
    hlsseg_step step = {.size = sizeof step};
    int sunk = 0, error = 0, is_whole = container && part_millis;
    memset(&host, 0, sizeof host);
    sink.user = part_millis ? NULL : memory;
    host.sink = &sink;
    host.fragments = (hlsseg_fragment_buffer){sizeof host.fragments, room, sizeof room, 0};
    EXPECT(hlsseg_init(memory, sizeof memory, &config, &host.engine), OK);
    hlsseg_reader_init(&reader);
    while (hlsseg_reader_step(&reader, file + at, len - at, &step) == HLSSEG_STATUS_OK && step.consumed) {
        at += step.consumed;
        if (step.kind != HLSSEG_STEP_KIND_TAG)
            continue;
        if (is_whole && !host.fail && named < sizeof names / sizeof *names)
            host.fail = names[named++];
        hlsseg_set_wall_time(host.engine, 1700000000000 + step.time_millis);
        hlsseg_status status = hlsseg_push(host.engine, step.tag_kind, step.time_millis, step.data, step.len, &sink);
        if (status == HLSSEG_STATUS_SINK) {
            EXPECT(hlsseg_sink_error(host.engine, &error), OK);
            HOLDS(error == 42);
            sunk++;
        } else {
            HOLDS(status == HLSSEG_STATUS_OK);
        }
    }
    /* The last callback may fail at the end. */
    sunk += hlsseg_finish(host.engine, HLSSEG_END_LIST, &sink) == HLSSEG_STATUS_SINK;
    HOLDS(sunk == (int)named && host.aborted == sunk && host.segments > 0 && host.lists >= host.segments - 1);
    HOLDS(!container == !host.sections && !container == !host.payloads && !container == !host.fragments_closed);
    HOLDS(!part_millis == !host.parts);
    free(file);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    test_memory();
    test_config();
    test_reload();
    test_vod();
    test_stream(argv[1], HLSSEG_CONTAINER_FMP4, 400);
    HOLDS(host.aborted == 6);
    test_stream(argv[1], HLSSEG_CONTAINER_FMP4, 0);
    test_stream(argv[1], HLSSEG_CONTAINER_TS, 0);
    printf("fragments: %d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
