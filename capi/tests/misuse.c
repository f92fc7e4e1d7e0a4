/* Calls that are wrong get a status, do nothing else, and leave the engine as it was: misuse FILE.flv */
#include <pthread.h>
#include <stdalign.h>

#include "expect.h"

static struct {
    hlsseg_engine *engine;
    hlsseg_sink *sink;
    int opened, closed, aborted, lists, refused;
} host;

/* All that nobody may do with an engine that is calling back. */
static void *intrude(void *unused)
{
    char text[160];
    uint8_t token[HLSSEG_TOKEN_LEN] = {0};
    uint64_t count;
    uint32_t answer = 99;
    int error;
    hlsseg_track track = {.size = sizeof track};
    EXPECT(hlsseg_push(host.engine, 8, 0, token, 2, host.sink), BUSY);
    EXPECT(hlsseg_push_video(host.engine, HLSSEG_VIDEO_CODING_AVC, 0, 0, HLSSEG_UNITS_ANNEX_B, token, 2, host.sink), BUSY);
    EXPECT(hlsseg_push_audio(host.engine, HLSSEG_AUDIO_CODING_AAC, 0, token, 2, host.sink), BUSY);
    EXPECT(hlsseg_configure(host.engine, HLSSEG_CONFIGURATION_AAC_CONFIG, token, 2, host.sink), BUSY);
    EXPECT(hlsseg_announce(host.engine, 1, 15), BUSY);
    EXPECT(hlsseg_lost(host.engine, 0, &answer), BUSY);
    HOLDS(answer == 99);
    EXPECT(hlsseg_finish(host.engine, HLSSEG_END_LIST, host.sink), BUSY);
    EXPECT(hlsseg_request_switch(host.engine, HLSSEG_SWITCH_ONCE), BUSY);
    EXPECT(hlsseg_set_wall_time(host.engine, 1), BUSY);
    EXPECT(hlsseg_error_text(host.engine, text, sizeof text, NULL), BUSY);
    EXPECT(hlsseg_sink_error(host.engine, &error), BUSY);
    EXPECT(hlsseg_read_track(host.engine, HLSSEG_TRACK_KIND_VIDEO, &track), BUSY);
    EXPECT(hlsseg_notice_count(host.engine, 1, &count), BUSY);
    EXPECT(hlsseg_read_token(host.engine, token, sizeof token), BUSY);
    host.refused++;
    return unused;
}

/* Tries it from the callback, and from another thread meanwhile. */
static void reenter(void)
{
    pthread_t other;
    intrude(NULL);
    HOLDS(!pthread_create(&other, NULL, intrude, NULL) && !pthread_join(other, NULL));
}

static int open_segment(void *user, const hlsseg_segment_start *start)
{
    (void)user;
    HOLDS(start->size == sizeof *start);
    host.opened++;
    reenter();
    return 0;
}

static int write_packets(void *user, const hlsseg_packets *packets, size_t len)
{
    (void)user;
    static int once;
    uint8_t *room = malloc(len), heads[188];
    hlsseg_pieces pieces, none = {0};
    hlsseg_piece list[4];
    size_t count = 9;
    EXPECT(hlsseg_packets_copy(packets, room, len), OK);
    if (!once++) {
        memset(room, 0xa5, len);
        EXPECT(hlsseg_packets_copy(packets, room, len - 1), SHORT_BUFFER);
        HOLDS(room[0] == 0xa5 && room[len - 1] == 0xa5);
        EXPECT(hlsseg_packets_copy(packets, NULL, 0), SHORT_BUFFER);
        EXPECT(hlsseg_packets_copy(packets, NULL, len), NULL);
        EXPECT(hlsseg_packets_copy(packets, room, SIZE_MAX), ARGUMENT);
        EXPECT(hlsseg_packets_copy(NULL, room, len), NULL);
        HOLDS(hlsseg_packets_len(NULL) == 0);
        EXPECT(hlsseg_pieces_next(&none, list), STATE);
        EXPECT(hlsseg_pieces_init(NULL, packets), NULL);
        EXPECT(hlsseg_pieces_init(&pieces, NULL), NULL);
        EXPECT(hlsseg_pieces_init((hlsseg_pieces *)(void *)((char *)&pieces + 1), packets), ALIGNMENT);
    }
    EXPECT(hlsseg_pieces_init(&pieces, packets), OK);
    EXPECT(hlsseg_pieces_gather(&pieces, list, 0, heads, sizeof heads, &count), SHORT_BUFFER);
    EXPECT(hlsseg_pieces_gather(&pieces, NULL, 1, heads, sizeof heads, &count), NULL);
    EXPECT(hlsseg_pieces_init(&pieces, packets), OK);
    if (hlsseg_pieces_gather(&pieces, list, 4, NULL, 0, &count) == HLSSEG_STATUS_SHORT_BUFFER) {
        /* Room for heads is all that was missing: nothing was lost. */
        HOLDS(count == 0);
        size_t sum = 0;
        while (hlsseg_pieces_gather(&pieces, list, 4, heads, sizeof heads, &count) == HLSSEG_STATUS_OK && count)
            for (size_t n = 0; n < count; n++)
                sum += list[n].len;
        HOLDS(sum == len);
    }
    EXPECT(hlsseg_pieces_next(&pieces, NULL), NULL);
    free(room);
    return 0;
}

static int close_segment(void *user, const hlsseg_segment *segment)
{
    (void)user;
    HOLDS(segment->size == sizeof *segment && segment->bytes % 188 == 0);
    host.closed++;
    reenter();
    return 0;
}

static void abort_segment(void *user, const hlsseg_aborted_segment *aborted)
{
    (void)user, (void)aborted;
    host.aborted++;
    reenter();
}

static int fail(void *user, const hlsseg_listed_segment *segment, char *dst, size_t len)
{
    (void)segment, (void)len;
    static char longest[5000];
    memset(longest, 'a', sizeof longest - 1);
    switch (*(int *)user) {
    case 0: return -1;
    case 1: return 0;
    case 2: return (memcpy(dst, "a\tb", 3), 3);
    case 3: return (memcpy(dst, "#a", 2), 2);
    case 4: return (memcpy(dst, "a\n#EXT-X-ENDLIST", 16), 16);
    case 5: return (memcpy(dst, "\xff", 1), 1);
    case 6: return snprintf(dst, len, "%s", longest);
    default: return (memcpy(dst, "a.ts", 4), 4);
    }
}

static int update_playlist(void *user, const hlsseg_playlist *playlist)
{
    (void)user;
    char text[64], *whole;
    int how;
    size_t len = 77;
    uint8_t token[HLSSEG_TOKEN_LEN];
    hlsseg_playlist_info info = {.size = sizeof info};
    hlsseg_listed_segment segment = {.size = sizeof segment};
    reenter();
    host.lists++;
    for (how = 0; how < 7; how++) {
        text[0] = 'x';
        EXPECT(hlsseg_playlist_m3u8(playlist, fail, &how, text, sizeof text, &len), URI);
        HOLDS(text[0] == 0 && len == 77);
    }
    EXPECT(hlsseg_playlist_m3u8(playlist, fail, &how, text, sizeof text, &len), SHORT_BUFFER);
    HOLDS(text[0] == 0 && len > sizeof text);
    EXPECT(hlsseg_playlist_m3u8(playlist, fail, &how, NULL, 5, &len), NULL);
    EXPECT(hlsseg_playlist_m3u8(playlist, NULL, &how, text, sizeof text, &len), NULL);
    EXPECT(hlsseg_playlist_m3u8(NULL, fail, &how, text, sizeof text, &len), NULL);
    whole = malloc(len + 1);
    EXPECT(hlsseg_playlist_m3u8(playlist, fail, &how, whole, len + 1, NULL), OK);
    HOLDS(strlen(whole) == len);
    free(whole);
    EXPECT(hlsseg_playlist_read(playlist, &info), OK);
    EXPECT(hlsseg_playlist_read(playlist, NULL), NULL);
    EXPECT(hlsseg_playlist_read(NULL, &info), NULL);
    EXPECT(hlsseg_playlist_segment(playlist, info.count, &segment), ABSENT);
    EXPECT(hlsseg_playlist_segment(playlist, SIZE_MAX, &segment), ABSENT);
    EXPECT(hlsseg_playlist_segment(playlist, 0, &segment), OK);
    segment.size = 1;
    EXPECT(hlsseg_playlist_segment(playlist, 0, &segment), SIZE);
    EXPECT(hlsseg_playlist_token(playlist, token, sizeof token - 1), SHORT_BUFFER);
    EXPECT(hlsseg_playlist_token(playlist, NULL, sizeof token), NULL);
    return 0;
}

static int never(void *user, const hlsseg_segment_start *start)
{
    (void)user, (void)start;
    return 42;
}

static void test_memory(void)
{
    alignas(16) char room[16 << 10];
    hlsseg_engine *engine = (hlsseg_engine *)(void *)room;
    hlsseg_config config = {.size = sizeof config};
    hlsseg_sink sink = {.size = sizeof sink};
    size_t need = hlsseg_sizeof();
    HOLDS(need <= sizeof room && hlsseg_alignof() <= 16);
    memset(room, 0, sizeof room);
    EXPECT(hlsseg_finish(NULL, HLSSEG_END_LIST, &sink), NULL);
    EXPECT(hlsseg_set_wall_time(engine, 0), STATE);
    EXPECT(hlsseg_set_wall_time(NULL, 0), NULL);
    EXPECT(hlsseg_set_wall_time((hlsseg_engine *)(void *)(room + 1), 0), ALIGNMENT);
    EXPECT(hlsseg_init(room, need - 1, NULL, &engine), MEMORY);
    HOLDS(engine == NULL && room[0] == 0);
    EXPECT(hlsseg_init(room + 1, need, NULL, &engine), ALIGNMENT);
    EXPECT(hlsseg_init(NULL, need, NULL, &engine), NULL);
    EXPECT(hlsseg_init(room, need, NULL, NULL), NULL);
    EXPECT(hlsseg_init(room, need, &config, &engine), CONFIG); /* all options 0 */
    EXPECT(hlsseg_init(room, need, NULL, &engine), OK);
    HOLDS((char *)engine == room);
    EXPECT(hlsseg_push(engine, 9, 0, NULL, 5, &sink), NULL);
    EXPECT(hlsseg_push(engine, 9, 0, (uint8_t *)room, SIZE_MAX, &sink), ARGUMENT);
    EXPECT(hlsseg_push(engine, 9, 0, NULL, 0, NULL), NULL);
    EXPECT(hlsseg_push(engine, 9, 0, NULL, 0, &sink), NULL); /* no callbacks */
    EXPECT(hlsseg_finish(engine, 2, &sink), ARGUMENT);
    EXPECT(hlsseg_request_switch(engine, 2), ARGUMENT);
}

/* Frames whose parameters are wrong change nothing: what follows is the beginning of a stream. */
static void test_frames(void)
{
    alignas(16) char room[16 << 10];
    char text[160];
    hlsseg_engine *engine;
    const uint8_t slice[] = {0, 0, 0, 1, 0x65, 0x88, 0x84}, config[] = {0x12, 0x08};
    const uint8_t sets[] = {0, 0, 0, 1, 0x67};
    hlsseg_sink sink = {.size = sizeof sink, .open_segment = open_segment, .write_packets = write_packets,
                        .close_segment = close_segment, .update_playlist = update_playlist};
    hlsseg_sink none = {.size = sizeof none};
    const uint32_t avc = HLSSEG_VIDEO_CODING_AVC, aac = HLSSEG_AUDIO_CODING_AAC, annex_b = HLSSEG_UNITS_ANNEX_B;
    const uint32_t aac_config = HLSSEG_CONFIGURATION_AAC_CONFIG;
    uint32_t answer = 99;
    memset(room, 0, sizeof room);
    engine = (hlsseg_engine *)(void *)room;
    EXPECT(hlsseg_push_video(engine, avc, 0, 0, annex_b, slice, sizeof slice, &sink), STATE);
    EXPECT(hlsseg_push_audio(engine, aac, 0, slice, 2, &sink), STATE);
    EXPECT(hlsseg_configure(engine, aac_config, config, sizeof config, &sink), STATE);
    EXPECT(hlsseg_announce(engine, 1, 15), STATE);
    EXPECT(hlsseg_lost(engine, 0, &answer), STATE);
    EXPECT(hlsseg_init(room, sizeof room, NULL, &engine), OK);
    EXPECT(hlsseg_push_video(NULL, avc, 0, 0, annex_b, slice, sizeof slice, &sink), NULL);
    EXPECT(hlsseg_push_video(engine, avc, 0, 0, annex_b, NULL, 1, &sink), NULL);
    EXPECT(hlsseg_push_video(engine, avc, 0, 0, annex_b, slice, SIZE_MAX, &sink), ARGUMENT);
    EXPECT(hlsseg_push_video(engine, avc, 0, 0, annex_b, slice, sizeof slice, NULL), NULL);
    EXPECT(hlsseg_push_video(engine, avc, 0, 0, annex_b, slice, sizeof slice, &none), NULL);
    EXPECT(hlsseg_push_video(engine, 0, 0, 0, annex_b, slice, sizeof slice, &sink), ARGUMENT);
    EXPECT(hlsseg_push_video(engine, 99, 0, 0, annex_b, slice, sizeof slice, &sink), ARGUMENT);
    EXPECT(hlsseg_push_video(engine, avc, 0, 0, 6, slice, sizeof slice, &sink), ARGUMENT);
    EXPECT(hlsseg_push_video(engine, avc, 0, 0, 5, slice, sizeof slice, &sink), ARGUMENT);
    EXPECT(hlsseg_push_audio(NULL, aac, 0, slice, 2, &sink), NULL);
    EXPECT(hlsseg_push_audio(engine, aac, 0, NULL, 2, &sink), NULL);
    EXPECT(hlsseg_push_audio(engine, 0, 0, slice, 2, &sink), ARGUMENT);
    EXPECT(hlsseg_push_audio(engine, 7, 0, slice, 2, &sink), ARGUMENT);
    EXPECT(hlsseg_push_audio(engine, aac, 0, slice, 2, NULL), NULL);
    EXPECT(hlsseg_configure(NULL, aac_config, config, sizeof config, &sink), NULL);
    EXPECT(hlsseg_configure(engine, aac_config, NULL, 2, &sink), NULL);
    EXPECT(hlsseg_configure(engine, 0, config, sizeof config, &sink), ARGUMENT);
    EXPECT(hlsseg_configure(engine, 10, config, sizeof config, &sink), ARGUMENT);
    EXPECT(hlsseg_configure(engine, aac_config, config, sizeof config, NULL), NULL);
    EXPECT(hlsseg_announce(NULL, 1, 15), NULL);
    EXPECT(hlsseg_lost(NULL, 0, &answer), NULL);
    EXPECT(hlsseg_lost(engine, 0, NULL), NULL);
    EXPECT(hlsseg_lost(engine, 0, (uint32_t *)(void *)(room + 1)), ALIGNMENT);
    HOLDS(answer == 99);
    EXPECT(hlsseg_error_text(engine, text, sizeof text, NULL), ABSENT);
    /* Nothing of a configuration that cannot be used is kept, and an error has its words. */
    EXPECT(hlsseg_configure(engine, HLSSEG_CONFIGURATION_AVC_RECORD, config, sizeof config, &sink), CODEC);
    EXPECT(hlsseg_error_text(engine, text, sizeof text, NULL), OK);
    HOLDS(strstr(text, "record"));
    EXPECT(hlsseg_configure(engine, HLSSEG_CONFIGURATION_HEVC_RECORD, config, sizeof config, &sink), CODEC);
    EXPECT(hlsseg_configure(engine, HLSSEG_CONFIGURATION_HEVC_PARAMETER_SETS, sets, sizeof sets, &sink), CODEC);
    EXPECT(hlsseg_configure(engine, aac_config, NULL, 0, &sink), CODEC);
    EXPECT(hlsseg_configure(engine, aac_config, config, sizeof config, &sink), OK);
    EXPECT(hlsseg_error_text(engine, text, sizeof text, NULL), ABSENT);
    EXPECT(hlsseg_lost(engine, 0, &answer), OK);
    HOLDS(answer == HLSSEG_LOST_ANSWER_UNLISTED);
    EXPECT(hlsseg_finish(engine, HLSSEG_END_LIST, &sink), OK);
    EXPECT(hlsseg_lost(engine, 0, &answer), OK);
    HOLDS(answer == HLSSEG_LOST_ANSWER_ENDED);
    EXPECT(hlsseg_push_video(engine, avc, 0, 0, annex_b, slice, sizeof slice, &sink), FINISHED);
    EXPECT(hlsseg_push_audio(engine, aac, 0, slice, 2, &sink), FINISHED);
    EXPECT(hlsseg_configure(engine, aac_config, config, sizeof config, &sink), FINISHED);
}

static void test_config(void)
{
    struct { hlsseg_config known; uint64_t unknown; } newer = {0};
    hlsseg_config config = {.size = sizeof config};
    char why[128];
    size_t len;
    EXPECT(hlsseg_config_init(NULL), NULL);
    config.size = 0;
    EXPECT(hlsseg_config_init(&config), SIZE);
    config.size = sizeof(size_t) - 1;
    EXPECT(hlsseg_config_init(&config), SIZE);
    config.size = 4097;
    EXPECT(hlsseg_config_init(&config), SIZE);
    config.size = sizeof config;
    EXPECT(hlsseg_config_init(&config), OK);
    EXPECT(hlsseg_config_check(&config, NULL, 0, NULL), OK);
    config.frag_count = 101;
    EXPECT(hlsseg_config_check(&config, why, sizeof why, &len), CONFIG);
    HOLDS(strcmp(why, "FragCount is 101, not from 1 to 100") == 0 && len == strlen(why));
    EXPECT(hlsseg_config_check(&config, why, 4, NULL), CONFIG);
    HOLDS(why[0] == 0);
    /* An older program: what its struct lacks has its default, and nothing is written behind it. */
    memset(&config, 0xee, sizeof config);
    config.size = offsetof(hlsseg_config, frag_count);
    EXPECT(hlsseg_config_init(&config), OK);
    HOLDS(config.size == offsetof(hlsseg_config, frag_count) && config.frag_duration == 5 && config.frag_count == 0xeeeeeeee);
    EXPECT(hlsseg_config_check(&config, why, sizeof why, NULL), OK);
    /* A newer program: fine while it asks for nothing that is not known here. */
    newer.known.size = sizeof newer;
    newer.unknown = 1;
    EXPECT(hlsseg_config_init(&newer.known), OK);
    HOLDS(newer.known.size == sizeof newer && newer.unknown == 0);
    EXPECT(hlsseg_config_check(&newer.known, why, sizeof why, NULL), OK);
    newer.unknown = 1;
    EXPECT(hlsseg_config_check(&newer.known, why, sizeof why, NULL), SIZE);
    config.size = sizeof config;
    for (int field = 0; field < 4; field++) {
        hlsseg_config_init(&config);
        uint32_t *values[] = {&config.window, &config.key_frames, &config.target_duration, NULL};
        if (values[field])
            *values[field] = 3; /* No window, no key frames of that number; a target shorter than FragDuration. */
        else
            config.reserved[3] = 1;
        EXPECT(hlsseg_config_check(&config, why, sizeof why, NULL), CONFIG);
    }
}

static void test_reader(void)
{
    hlsseg_reader reader = {0};
    hlsseg_step step = {.size = sizeof step};
    char why[128];
    uint8_t clean;
    uint64_t wrong;
    EXPECT(hlsseg_reader_step(&reader, NULL, 0, &step), STATE);
    EXPECT(hlsseg_reader_step(NULL, NULL, 0, &step), NULL);
    EXPECT(hlsseg_reader_init(NULL), NULL);
    EXPECT(hlsseg_reader_init((hlsseg_reader *)(void *)((char *)&reader + 4)), ALIGNMENT);
    EXPECT(hlsseg_reader_init(&reader), OK);
    EXPECT(hlsseg_reader_step(&reader, NULL, 9, &step), NULL);
    EXPECT(hlsseg_reader_step(&reader, NULL, 0, NULL), NULL);
    EXPECT(hlsseg_reader_error_text(&reader, why, sizeof why, NULL), ABSENT);
    EXPECT(hlsseg_reader_step(&reader, (const uint8_t *)"FLV", 3, &step), OK);
    HOLDS(step.kind == HLSSEG_STEP_KIND_NEED && step.at_least == 9 && step.consumed == 0);
    EXPECT(hlsseg_reader_step(&reader, (const uint8_t *)"FLX", 3, &step), FLV);
    EXPECT(hlsseg_reader_error_text(&reader, why, sizeof why, NULL), OK);
    HOLDS(strstr(why, "byte 2"));
    EXPECT(hlsseg_reader_error_text(&reader, why, 3, NULL), SHORT_BUFFER);
    EXPECT(hlsseg_reader_ends_cleanly(&reader, 0, &clean), OK);
    HOLDS(clean == 0);
    EXPECT(hlsseg_reader_step(&reader, (const uint8_t *)"FLV\x01\x05\0\0\0\x09", 9, &step), OK);
    HOLDS(step.kind == HLSSEG_STEP_KIND_HEADER && step.consumed == 9 && step.has_audio && step.has_video);
    for (size_t rest = 0; rest < 9; rest++) {
        EXPECT(hlsseg_reader_ends_cleanly(&reader, rest, &clean), OK);
        HOLDS(clean == (rest == 0 || rest == 4));
    }
    EXPECT(hlsseg_reader_ends_cleanly(&reader, 0, NULL), NULL);
    EXPECT(hlsseg_reader_counts(&reader, &wrong, NULL), NULL);
    step.size = 3;
    EXPECT(hlsseg_reader_step(&reader, NULL, 0, &step), SIZE);
}

static void test_live_channel(void)
{
    char long_name[66], long_description[130];
    memset(long_name, 'n', 65), long_name[65] = 0;
    memset(long_description, 'd', 129), long_description[129] = 0;
    hlsseg_live_channel_request sound = {.size = sizeof sound, .channel_name = "ch-1", .target_type = "HLS"};
    hlsseg_live_channel channel = {.size = sizeof channel};
    hlsseg_config config = {.size = sizeof config};
    hlsseg_config_init(&config);
    EXPECT(hlsseg_live_channel_check(&sound, &channel, &config), OK);
    HOLDS(channel.enabled == 1 && channel.frag_duration == 5 && channel.frag_count == 3 && !channel.snapshot_interval &&
          !strcmp(channel.playlist_name, "playlist.m3u8") && !channel.code[0]);
    hlsseg_live_channel_request full = sound;
    full.frag_duration = "7", full.frag_count = "9", full.status = "disabled", full.playlist_name = "x.m3u8";
    full.has_snapshot = 1, full.role_name = "role", full.dest_bucket = "bucket", full.notify_topic = "t", full.interval = "6";
    EXPECT(hlsseg_live_channel_check(&full, &channel, &config), OK);
    HOLDS(channel.enabled == 0 && channel.snapshot_interval == 6 && channel.playlist_name == full.playlist_name);
    HOLDS(config.frag_duration == 7 && config.frag_count == 9 && config.snapshot_interval_millis == 6000);
    config.target_duration = 6;
    EXPECT(hlsseg_live_channel_check(&full, &channel, &config), CONFIG);
    struct { const char **field, *value, *ec; } wrong[] = {
        {&full.channel_name, long_name, ""},
        {&full.channel_name, "a/b", ""},
        {&full.description, long_description, "0044-00000001"},
        {&full.status, "on", "0044-00000002"},
        {&full.interval, "101", "0044-00000005"},
        {&full.notify_topic, NULL, "0044-00000006"},
        {&full.target_type, "RTMP", "0044-00000013"},
        {&full.frag_duration, "0", "0044-00000014"},
        {&full.frag_count, NULL, "0044-00000015"},
        {&full.playlist_name, "x.m3u", "0044-00000018"},
    };
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        const char *right = *wrong[n].field;
        *wrong[n].field = wrong[n].value;
        EXPECT(hlsseg_live_channel_check(&full, &channel, NULL), PARAMETER);
        HOLDS(!strcmp(channel.ec, wrong[n].ec) && channel.code[0] && channel.message[0]);
        *wrong[n].field = right;
    }
    full.channel_name = NULL;
    EXPECT(hlsseg_live_channel_check(&full, &channel, NULL), NULL);
    full.channel_name = "c", full.description = "\xff";
    EXPECT(hlsseg_live_channel_check(&full, &channel, NULL), ARGUMENT);
    EXPECT(hlsseg_live_channel_check(NULL, &channel, NULL), NULL);
    EXPECT(hlsseg_live_channel_check(&sound, NULL, NULL), NULL);
}

static void test_resume(void)
{
    alignas(16) char room[16 << 10];
    hlsseg_engine *engine;
    uint8_t token[HLSSEG_TOKEN_LEN], odd[HLSSEG_TOKEN_LEN] = {9};
    struct { hlsseg_listed_segment known; uint64_t later; } list[3];
    char text[400];
    size_t len = sizeof room;
    memset(list, 0, sizeof list);
    EXPECT(hlsseg_init(room, len, NULL, &engine), OK);
    EXPECT(hlsseg_read_token(engine, token, sizeof token - 1), SHORT_BUFFER);
    EXPECT(hlsseg_read_token(engine, token, sizeof token), OK);
    EXPECT(hlsseg_resume(room, len, NULL, NULL, sizeof token, NULL, 0, &engine), NULL);
    EXPECT(hlsseg_resume(room, len, NULL, token, sizeof token - 1, NULL, 0, &engine), TOKEN);
    EXPECT(hlsseg_resume(room, len, NULL, odd, sizeof odd, NULL, 0, &engine), TOKEN);
    EXPECT(hlsseg_resume(room, len, NULL, token, sizeof token, NULL, 1, &engine), NULL);
    EXPECT(hlsseg_resume(room, len, NULL, token, sizeof token, &list[0].known, 1, &engine), SIZE);
    /* Longer elements, as a newer program has them: the array is walked by their size. */
    for (int n = 0; n < 3; n++)
        list[n].known.size = sizeof list[n], list[n].known.id = (uint64_t)n, list[n].known.extinf_millis = 1000;
    EXPECT(hlsseg_resume(room, len, NULL, token, sizeof token, &list[0].known, 3, &engine), SEGMENTS);
    int how = 7;
    EXPECT(hlsseg_vod_m3u8(&list[0].known, 3, 1, fail, &how, text, sizeof text, NULL), OK);
    HOLDS(strstr(text, "#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:1.000,\na.ts\n#EXTINF:1.000,\na.ts\n#EXTINF:1.000,\na.ts\n#EXT-X-E"));
    /* The element of an older program ends before `gap`. */
    hlsseg_listed_segment older;
    memset(&older, 0xee, sizeof older);
    memset(&older, 0, offsetof(hlsseg_listed_segment, reserved));
    older.size = offsetof(hlsseg_listed_segment, gap), older.extinf_millis = 1000;
    EXPECT(hlsseg_vod_m3u8(&older, 1, 0, fail, &how, text, sizeof text, NULL), OK);
    HOLDS(!strstr(text, "#EXT-X-GAP"));
    list[1].known.gap = 1;
    EXPECT(hlsseg_vod_m3u8(&list[0].known, 3, 0, fail, &how, text, sizeof text, NULL), OK);
    HOLDS(strstr(text, "a.ts\n#EXT-X-GAP\n#EXTINF:1.000,\na.ts\n#EXTINF:1.000,\na.ts\n"));
    list[1].later = 1;
    EXPECT(hlsseg_vod_m3u8(&list[0].known, 3, 1, fail, &how, text, sizeof text, NULL), SIZE);
    list[1].later = 0, list[2].known.size = sizeof list[2].known;
    EXPECT(hlsseg_vod_m3u8(&list[0].known, 3, 1, fail, &how, text, sizeof text, NULL), SIZE);
    EXPECT(hlsseg_resume(room, len, NULL, token, sizeof token, NULL, 0, &engine), OK);
}

/* Runs a stream whose every callback misuses the API, and a sink whose open fails. */
static void test_stream(const char *path)
{
    size_t len, at = 0;
    uint8_t *file = read_file(path, &len);
    alignas(16) char room[16 << 10];
    char text[160];
    hlsseg_sink sink = {.size = sizeof sink, .open_segment = open_segment, .write_packets = write_packets,
                        .close_segment = close_segment, .update_playlist = update_playlist, .abort_segment = abort_segment};
    hlsseg_sink failing = sink, older = sink;
    hlsseg_track track = {.size = sizeof track};
    hlsseg_reader reader;
    hlsseg_step step = {.size = sizeof step};
    int error = 0, sunk = 0, tags = 0;
    failing.open_segment = never;
    older.size = offsetof(hlsseg_sink, abort_segment);
    host.sink = &sink;
    EXPECT(hlsseg_init(room, sizeof room, NULL, &host.engine), OK);
    EXPECT(hlsseg_error_text(host.engine, text, sizeof text, NULL), ABSENT);
    EXPECT(hlsseg_read_track(host.engine, HLSSEG_TRACK_KIND_VIDEO, &track), ABSENT);
    EXPECT(hlsseg_read_track(host.engine, 3, &track), ARGUMENT);
    EXPECT(hlsseg_notice_count(host.engine, 0, NULL), ARGUMENT);
    EXPECT(hlsseg_push(host.engine, 9, 0, (const uint8_t *)"\x17", 1, &sink), TAG);
    EXPECT(hlsseg_error_text(host.engine, text, sizeof text, NULL), OK);
    HOLDS(strstr(text, "tag body ends inside"));
    EXPECT(hlsseg_sink_error(host.engine, &error), ABSENT);
    EXPECT(hlsseg_push(host.engine, 9, 0, (const uint8_t *)"\x17\0\0\0\0\x09", 6, &sink), CODEC);
    hlsseg_reader_init(&reader);
    while (hlsseg_reader_step(&reader, file + at, len - at, &step) == HLSSEG_STATUS_OK && step.consumed) {
        at += step.consumed;
        if (step.kind != HLSSEG_STEP_KIND_TAG)
            continue;
        const hlsseg_sink *lent = sunk ? tags % 2 ? &older : &sink : &failing;
        hlsseg_status status = hlsseg_push(host.engine, step.tag_kind, step.time_millis, step.data, step.len, lent);
        if (status == HLSSEG_STATUS_SINK) {
            EXPECT(hlsseg_sink_error(host.engine, &error), OK);
            EXPECT(hlsseg_error_text(host.engine, text, sizeof text, NULL), OK);
            HOLDS(error == 42 && !strcmp(text, "sink: 42"));
            sunk++;
        } else {
            HOLDS(status == HLSSEG_STATUS_OK);
        }
        tags++;
    }
    EXPECT(hlsseg_finish(host.engine, HLSSEG_END_LIST, &sink), OK);
    EXPECT(hlsseg_finish(host.engine, HLSSEG_END_LIST, &sink), FINISHED);
    EXPECT(hlsseg_push(host.engine, 9, 0, NULL, 0, &sink), FINISHED);
    HOLDS(sunk == 1 && host.aborted == 1 && host.closed == host.opened && host.closed > 0);
    HOLDS(host.lists == host.closed && host.refused > host.closed);
    EXPECT(hlsseg_read_track(host.engine, HLSSEG_TRACK_KIND_VIDEO, &track), OK);
    free(file);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    HOLDS(hlsseg_version_number() == HLSSEG_VERSION && !strcmp(hlsseg_version(), "0.1.0"));
    HOLDS(!strcmp(hlsseg_notice_name(99), "other"));
    test_memory();
    test_frames();
    test_config();
    test_reader();
    test_live_channel();
    test_resume();
    test_stream(argv[1]);
    printf("misuse: %d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
