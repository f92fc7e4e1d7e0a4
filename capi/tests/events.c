/* Prints all that the engine says of a stream, field by field: events FILE.flv VARIANT
 *
 * examples/events.rs prints the same from the Rust library; the outputs must be equal. The variants are the options and
 * the calls of a host that do most; see `script`. */
#include "support.h"

#define WALL INT64_C(1700000000000)

static uint8_t room[16 << 20];
static hlsseg_fragment_buffer fragments = {sizeof fragments, room, sizeof room, 0};

static struct {
    int calls, fail_every, has_parts;
    uint8_t token[HLSSEG_TOKEN_LEN];
    hlsseg_listed_segment listed[128];
    size_t count;
} host;

static int fails(void)
{
    host.calls++;
    return host.fail_every && host.calls % host.fail_every == 0 ? host.calls : 0;
}

static int open_segment(void *user, const hlsseg_segment_start *s)
{
    (void)user;
    printf("open %" PRIu64 " %" PRIu64 " %" PRId64 " %d:%" PRId64 " %d:%" PRId64 " %d %d\n", s->id, s->sequence,
           s->start_ticks, s->has_wall, s->wall_millis, s->has_program_date_time, s->program_date_time_millis,
           s->discontinuity, s->starts_with_idr);
    if (s->has_init)
        printf("open needs %" PRIu64 "\n", s->init);
    fragments.payload_len = 0; /* of a segment that was aborted */
    return fails();
}

/* Hashes media in pieces, one by one and gathered: both ways must agree with the copy. */
static void check_pieces(const hlsseg_pieces *begun, uint64_t copied)
{
    uint64_t hashes[2] = {FNV_START, FNV_START};
    uint8_t heads[188 * 8];
    hlsseg_piece list[16];
    hlsseg_pieces pieces = *begun; /* it is not in use */
    while (hlsseg_pieces_next(&pieces, list) == HLSSEG_STATUS_OK && list->len)
        hashes[0] = fnv(hashes[0], list->data, list->len);
    pieces = *begun;
    for (size_t count; hlsseg_pieces_gather(&pieces, list, 16, heads, sizeof heads, &count) == HLSSEG_STATUS_OK && count;)
        for (size_t n = 0; n < count; n++)
            hashes[1] = fnv(hashes[1], list[n].data, list[n].len);
    if (hashes[0] != copied || hashes[1] != copied)
        exit(4);
}

static int write_packets(void *user, const hlsseg_packets *packets, size_t len)
{
    (void)user;
    uint8_t *copy = malloc(len);
    hlsseg_pieces pieces;
    if (!copy || hlsseg_packets_len(packets) != len || hlsseg_packets_copy(packets, copy, len) ||
        hlsseg_pieces_init(&pieces, packets))
        exit(3);
    uint64_t hash = fnv(FNV_START, copy, len);
    free(copy);
    check_pieces(&pieces, hash);
    printf("run %zu %016" PRIx64 "\n", len, hash);
    return fails();
}

static int init_section(void *user, const hlsseg_init_section *s)
{
    (void)user;
    printf("init %" PRIu64 " %zu %016" PRIx64 "\n", s->id, s->len, fnv(FNV_START, s->data, s->len));
    return fails();
}

static int write_payload(void *user, const hlsseg_payload *payload, size_t len)
{
    (void)user;
    uint8_t *copy = malloc(len);
    hlsseg_pieces pieces;
    if (!copy || hlsseg_payload_len(payload) != len || hlsseg_payload_copy(payload, copy, len) ||
        hlsseg_pieces_init_payload(&pieces, payload) || hlsseg_fragment_write(&fragments, payload))
        exit(3);
    uint64_t hash = fnv(FNV_START, copy, len);
    free(copy);
    check_pieces(&pieces, hash);
    printf("payload %zu %016" PRIx64 "\n", len, hash);
    return fails();
}

static int close_fragment(void *user, const hlsseg_fragment_head *head, size_t len)
{
    (void)user;
    hlsseg_piece whole;
    uint8_t *copy = malloc(len), *padded = malloc(len + 100);
    size_t payload_len = fragments.payload_len;
    if (!copy || !padded || hlsseg_fragment_head_len(head) != len || hlsseg_fragment_payload_len(head) != payload_len ||
        hlsseg_fragment_head_copy(head, copy, len) || hlsseg_fragment_head_copy_padded(head, padded, len + 100) ||
        hlsseg_fragment_close(&fragments, head, &whole))
        exit(3);
    if (whole.len != len + payload_len || memcmp(whole.data, copy, len) || fragments.payload_len)
        exit(4);
    printf("fragment %zu %zu %016" PRIx64 " %016" PRIx64 "\n", len, payload_len, fnv(FNV_START, whole.data, whole.len),
           fnv(FNV_START, padded, len + 100));
    free(copy), free(padded);
    return fails();
}

static int close_part(void *user, const hlsseg_part *p)
{
    (void)user;
    printf("part %" PRIu64 " %" PRIu64 " %u %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %d\n", p->segment, p->sequence,
           p->index, p->start_ticks, p->duration_ticks, p->offset, p->bytes, p->independent);
    return fails();
}

static int close_segment(void *user, const hlsseg_segment *s)
{
    (void)user;
    static const char *const causes[] = {"other",         "key-frame",    "forced",       "audio-only",   "discontinuity",
                                         "config-change", "track-change", "target-limit", "requested", "end"};
    printf("close %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %u %" PRIu64 " %u %u %" PRId64 " %d:%" PRId64
           " %d:%" PRId64 " %d %d %s %d:%" PRIu64 "\n",
           s->id, s->sequence, s->start_ticks, s->duration_ticks, s->extinf_millis, s->bytes, s->frames, s->key_frames,
           s->longest_gop_ticks, s->has_wall, s->wall_millis, s->has_program_date_time, s->program_date_time_millis,
           s->discontinuity, s->starts_with_idr, causes[s->cause], s->has_init, s->init);
    return fails();
}

static int uri(void *user, const hlsseg_listed_segment *s, char *dst, size_t len)
{
    return snprintf(dst, len, "%s%" PRIu64 ".ts", (const char *)user, s->id);
}

static int init_uri(void *user, uint64_t id, char *dst, size_t len)
{
    (void)user;
    return snprintf(dst, len, "init-%" PRIu64 ".mp4", id);
}

static int part_uri(void *user, const hlsseg_next_part *p, char *dst, size_t len)
{
    (void)user;
    return snprintf(dst, len, "%" PRIu64 ".%u", p->segment, p->index);
}

/* Prints the playlist in a view. */
static void print_view(const hlsseg_playlist *playlist, hlsseg_view view)
{
    static char text[1 << 17];
    const hlsseg_uris uris = {sizeof uris, "c/", uri, init_uri, part_uri};
    size_t len;
    if (hlsseg_playlist_text(playlist, &uris, view, text, sizeof text, &len) || strlen(text) != len)
        exit(3);
    printf("view %d\n%s", (int)view, text);
}

/* Prints what a list with parts says of them. */
static void print_parts(const hlsseg_playlist *playlist)
{
    hlsseg_live_edge edge = {.size = sizeof edge};
    hlsseg_next_part next = {.size = sizeof next};
    hlsseg_listed_part part = {.size = sizeof part};
    uint64_t sequence;
    uint32_t last, answer;
    print_view(playlist, HLSSEG_VIEW_LOW_LATENCY);
    print_view(playlist, HLSSEG_VIEW_DELTA);
    if (hlsseg_playlist_live_edge(playlist, &edge))
        exit(3);
    printf("edge %" PRIu64 " %u %u %u %d\n", edge.sequence, edge.parts, edge.closed_parts, edge.advance_limit, edge.ended);
    if (hlsseg_last_part(&edge, &sequence, &last) == HLSSEG_STATUS_OK)
        printf("last %" PRIu64 " %u\n", sequence, last);
    if (hlsseg_playlist_next_part(playlist, &next) == HLSSEG_STATUS_OK)
        printf("next %" PRIu64 " %u\n", next.segment, next.index);
    for (size_t n = 0; hlsseg_playlist_part(playlist, n, &part) == HLSSEG_STATUS_OK; n++)
        printf("has %" PRIu64 " %u %" PRId64 " %d\n", part.segment, part.index, part.duration_ticks, part.independent);
    for (uint64_t ahead = 0; ahead < 4; ahead++)
        for (uint32_t n = 0; n < 9; n++) {
            sequence = edge.sequence + ahead - 1;
            if (hlsseg_reload(&edge, &sequence, n ? &n : NULL, &answer))
                exit(3);
            printf("%u%c", answer, n == 8 ? '\n' : ' ');
        }
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    (void)user;
    hlsseg_playlist_info info = {.size = sizeof info};
    size_t len;
    if (hlsseg_playlist_read(playlist, &info))
        exit(3);
    printf("playlist %" PRIu64 " %" PRIu64 " %zu %u %d %d\n", info.media_sequence, info.discontinuity_sequence, info.count,
           info.target_duration, info.ended, info.independent_segments);
    char prefix[] = "a/";
    hlsseg_status status = hlsseg_playlist_m3u8(playlist, uri, prefix, NULL, 0, &len);
    if (status == HLSSEG_STATUS_SHORT_BUFFER) {
        char *text = malloc(len + 1);
        if (!text || hlsseg_playlist_m3u8(playlist, uri, prefix, text, len, NULL) != HLSSEG_STATUS_SHORT_BUFFER ||
            hlsseg_playlist_m3u8(playlist, uri, prefix, text, len + 1, NULL))
            exit(3);
        printf("%s", text);
        free(text);
    } else {
        printf("%s\n", hlsseg_status_text((int)status));
    }
    print_view(playlist, HLSSEG_VIEW_PLAIN);
    if (host.has_parts)
        print_parts(playlist);
    for (size_t n = 0; n < info.count; n++) {
        hlsseg_listed_segment *s = &host.listed[n];
        s->size = sizeof *s;
        if (hlsseg_playlist_segment(playlist, n, s))
            exit(3);
        printf("listed %" PRIu64 " %" PRIu64 " %u %d:%" PRId64 " %d:%" PRId64 " %d %d %d:%" PRIu64 "\n", s->id, s->sequence,
               s->extinf_millis, s->has_wall, s->wall_millis, s->has_program_date_time, s->program_date_time_millis,
               s->discontinuity, s->gap, s->has_init, s->init);
    }
    host.count = info.count;
    if (hlsseg_playlist_token(playlist, host.token, sizeof host.token))
        exit(3);
    for (size_t n = 0; n < sizeof host.token; n++)
        printf("%02x", host.token[n]);
    puts("");
    return fails();
}

static void expire_segment(void *user, const hlsseg_expired_segment *s)
{
    (void)user;
    printf("expire %" PRIu64 " %" PRIu64 " %d:%" PRId64 " %" PRId64 " %d:%" PRIu64 "\n", s->id, s->sequence, s->has_wall,
           s->wall_millis, s->keep_for_millis, s->has_init, s->init);
}

static void abort_segment(void *user, const hlsseg_aborted_segment *s)
{
    (void)user;
    printf("abort %" PRIu64 " %" PRIu64 "\n", s->id, s->bytes);
}

static void snapshot(void *user, const hlsseg_snapshot *s)
{
    (void)user;
    size_t len = hlsseg_snapshot_len(s);
    uint8_t *copy = malloc(len);
    if (!copy || hlsseg_snapshot_copy(s, copy, len - 1) != HLSSEG_STATUS_SHORT_BUFFER || hlsseg_snapshot_copy(s, copy, len))
        exit(3);
    printf("snapshot %" PRId64 " %zu %016" PRIx64 "\n", hlsseg_snapshot_ticks(s), len, fnv(FNV_START, copy, len));
    free(copy);
}

static void track(void *user, const hlsseg_track *t)
{
    (void)user;
    printf("track %u %s %ux%u %u/%u %u %u %" PRIu64 " %" PRIu64 " %u\n", t->kind, t->codec, t->width, t->height,
           t->frame_rate_numerator, t->frame_rate_denominator, t->sample_rate, t->channels, t->frames, t->bytes,
           t->bytes_per_second);
}

static void notice(void *user, const hlsseg_notice *n)
{
    (void)user;
    printf("notice %s %" PRId64 " %" PRId64 " %" PRIu64 "\n", hlsseg_notice_name(n->kind), n->time_ticks, n->amount, n->count);
}

static void told(const char *what, hlsseg_engine *engine, hlsseg_status status)
{
    char text[160];
    int returned = 0;
    if (status == HLSSEG_STATUS_OK)
        return;
    if (hlsseg_error_text(engine, text, sizeof text, NULL) ||
        (hlsseg_sink_error(engine, &returned) == HLSSEG_STATUS_OK) != (status == HLSSEG_STATUS_SINK))
        exit(3);
    printf("%s: %s %d\n", what, text, returned);
}

/* Sets the options of a variant. */
static void choose(hlsseg_config *c, int variant)
{
    if (variant == 1) {
        c->frag_duration = 1, c->frag_count = 2, c->psi_interval_millis = 100, c->snapshot_interval_millis = 1000;
        c->target_duration = 3, c->window = HLSSEG_WINDOW_AT_LEAST_THREE_TARGETS, c->zero_based = 1, c->first_sequence = 7;
    } else if (variant == 2) {
        c->frag_duration = 2, c->key_frames = HLSSEG_KEY_FRAMES_IDR_OR_RECOVERY_POINT, c->drop_filler = 1;
        c->drop_mid_gop = 1, c->pcr_lead_millis = 500, c->slack_millis = 0, c->snapshot_interval_millis = 2000;
    } else if (variant == 3) {
        c->frag_duration = 1, host.fail_every = 53;
    } else if (variant > 3) {
        /* fMP4, parts in MPEG-TS, and both; at last with callbacks that fail. */
        c->frag_duration = 1, c->frag_count = 100, c->first_sequence = 5;
        c->container = variant == 5 ? HLSSEG_CONTAINER_TS : HLSSEG_CONTAINER_FMP4;
        if (variant > 4)
            c->target_duration = 2, c->part_millis = 400, c->part_gap_millis = variant == 5 ? 60 : 0;
        host.has_parts = variant > 4;
        host.fail_every = variant == 7 ? 211 : 0;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int variant = atoi(argv[2]);
    size_t len;
    uint8_t *file = read_file(argv[1], &len);
    hlsseg_config config = {.size = sizeof config};
    hlsseg_engine *engine;
    hlsseg_reader reader;
    hlsseg_step step = {.size = sizeof step};
    hlsseg_sink sink = {sizeof sink,    NULL,          open_segment, write_packets, close_segment, update_playlist,
                        expire_segment, abort_segment, snapshot,     track,         notice,
                        init_section,   write_payload, close_fragment, close_part};
    hlsseg_config_init(&config);
    choose(&config, variant);
    size_t size;
    if (hlsseg_sizeof_for(&config, &size))
        return 3;
    void *memory = malloc(size);
    if (hlsseg_init(memory, size, &config, &engine) || hlsseg_reader_init(&reader))
        return 3;
    uint32_t tags = 0;
    size_t at = 0;
    for (; hlsseg_reader_step(&reader, file + at, len - at, &step) == HLSSEG_STATUS_OK && step.consumed;
         at += step.consumed) {
        if (step.kind != HLSSEG_STEP_KIND_TAG)
            continue;
        tags++;
        if (variant > 0)
            hlsseg_set_wall_time(engine, WALL + step.time_millis);
        if (variant == 2 && tags % 97 == 0)
            hlsseg_request_switch(engine, tags % 2 ? HLSSEG_SWITCH_ONCE : HLSSEG_SWITCH_KEY_FRAME);
        /* Uploads fail after all; of some segments the word comes too late, or too early. */
        if (variant > 0 && tags % 130 == 0) {
            uint32_t answer;
            if (hlsseg_lost(engine, tags / 130 - 1, &answer))
                return 3;
            printf("lost %u\n", answer);
        }
        /* The encoder comes back and begins anew: to a new engine, or to the one that was paused. */
        if (tags == 200 && variant > 0 && variant != 3) {
            if (variant == 2)
                told("pause", engine, hlsseg_finish(engine, HLSSEG_END_PAUSE, &sink));
            else if ((!host.count && hlsseg_read_token(engine, host.token, sizeof host.token)) ||
                     hlsseg_resume(memory, size, &config, host.token, sizeof host.token, host.listed,
                                   host.count, &engine))
                return 3;
            hlsseg_reader_init(&reader);
            at = step.consumed = 0;
            continue;
        }
        /* A tag that cannot be read, in the middle of the stream. */
        if (tags % 60 == 0)
            told("bad", engine, hlsseg_push(engine, 9, step.time_millis, (const uint8_t *)"\x17", 1, &sink));
        told("push", engine, hlsseg_push(engine, step.tag_kind, step.time_millis, step.data, step.len, &sink));
    }
    told("finish", engine, hlsseg_finish(engine, HLSSEG_END_LIST, &sink));
    told("finish", engine, hlsseg_finish(engine, HLSSEG_END_LIST, &sink));
    for (uint32_t kind = HLSSEG_TRACK_KIND_VIDEO; kind <= HLSSEG_TRACK_KIND_AUDIO; kind++) {
        hlsseg_track stats = {.size = sizeof stats};
        if (hlsseg_read_track(engine, kind, &stats) == HLSSEG_STATUS_OK)
            track(NULL, &stats);
    }
    for (uint32_t kind = 1; kind <= HLSSEG_NOTICE_KINDS; kind++) {
        uint64_t count;
        if (hlsseg_notice_count(engine, kind, &count) == HLSSEG_STATUS_OK && count)
            printf("%s %" PRIu64 "\n", hlsseg_notice_name(kind), count);
    }
    uint8_t token[HLSSEG_TOKEN_LEN];
    if (hlsseg_read_token(engine, token, sizeof token))
        return 3;
    printf("token %016" PRIx64 "\n", fnv(FNV_START, token, sizeof token));
    static char text[1 << 16];
    const hlsseg_uris uris = {sizeof uris, "b/", uri, init_uri, NULL};
    if (hlsseg_vod_text(host.listed, host.count, variant == 1, &uris, text, sizeof text, NULL))
        return 3;
    printf("%s%u tags\n", text, tags);
    size_t vod;
    if (config.container == HLSSEG_CONTAINER_TS &&
        (hlsseg_vod_m3u8(host.listed, host.count, variant == 1, uri, "b/", NULL, 0, &vod) != HLSSEG_STATUS_SHORT_BUFFER ||
         vod != strlen(text)))
        return 3;
    free(memory), free(file);
    return 0;
}
