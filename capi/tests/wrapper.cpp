// The C++ wrapper: what a sink throws comes out of the call, errors have their words, and engines can be moved.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "hls_segmenter.hpp"

namespace {

int passed, failed;

void holds(bool claim, const char *what)
{
    (claim ? passed : failed)++;
    if (!claim)
        std::printf("FAIL %s\n", what);
}

// Throws at its `nth` call.
class throwing final : public hlsseg::sink {
public:
    int nth = -1, aborted = 0, closed = 0;

    void open_segment(const hlsseg_segment_start &) override { count(); }
    void write_packets(const hlsseg_packets *packets, std::size_t len) override
    {
        bytes.resize(bytes.size() + len);
        hlsseg::check(hlsseg_packets_copy(packets, bytes.data() + bytes.size() - len, len));
        count();
    }
    void close_segment(const hlsseg_segment &) override { count(), closed++; }
    void update_playlist(const hlsseg_playlist *playlist) override
    {
        const auto id = [](const auto &segment) { return std::to_string(segment.id); };
        hlsseg_live_edge edge = {};
        edge.size = sizeof edge;
        if (hlsseg_playlist_live_edge(playlist, &edge) != HLSSEG_STATUS_OK)
            text = hlsseg::m3u8(playlist, id);
        else
            text = hlsseg::playlist_text(
                playlist, HLSSEG_VIEW_LOW_LATENCY, id, [](std::uint64_t init) { return "i" + std::to_string(init); },
                [](const auto &part) { return std::to_string(part.segment) + "." + std::to_string(part.index); });
        count();
    }
    void abort_segment(const hlsseg_aborted_segment &) noexcept override { aborted++; }
    void init_section(const hlsseg_init_section &section) override
    {
        bytes.insert(bytes.end(), section.data, section.data + section.len);
        count();
    }
    void write_payload(const hlsseg_payload *payload, std::size_t len) override
    {
        waiting.resize(waiting.size() + len);
        hlsseg::check(hlsseg_payload_copy(payload, waiting.data() + waiting.size() - len, len));
        count();
    }
    void close_fragment(const hlsseg_fragment_head *head, std::size_t len) override
    {
        bytes.resize(bytes.size() + len);
        hlsseg::check(hlsseg_fragment_head_copy(head, bytes.data() + bytes.size() - len, len));
        bytes.insert(bytes.end(), waiting.begin(), waiting.end());
        waiting.clear();
        count();
    }
    void close_part(const hlsseg_part &) override { parts++, count(); }

    int parts = 0;
    std::vector<std::uint8_t> waiting;
    std::string text;
    std::vector<std::uint8_t> bytes;

private:
    void count()
    {
        if (nth-- == 0)
            throw std::range_error("mine");
    }
};

// Pushes a tag of H.264 or AAC, or the frame that is in it; no media, nothing.
void push_one(const hlsseg_step &tag, bool as_frame, hlsseg::segmenter &segmenter, hlsseg::sink &sink)
{
    const std::uint8_t *body = tag.data;
    const std::int64_t ticks = std::int64_t{90} * tag.time_millis;
    if (tag.tag_kind == 18)
        return;
    if (!as_frame)
        segmenter.push(tag.tag_kind, tag.time_millis, body, tag.len, sink);
    else if (tag.tag_kind == 8 && body[1] == 0)
        segmenter.configure(HLSSEG_CONFIGURATION_AAC_CONFIG, body + 2, tag.len - 2, sink);
    else if (tag.tag_kind == 8)
        segmenter.push_audio(HLSSEG_AUDIO_CODING_AAC, ticks, body + 2, tag.len - 2, sink);
    else if (body[1] == 0)
        segmenter.configure(HLSSEG_CONFIGURATION_AVC_RECORD, body + 5, tag.len - 5, sink);
    else if (body[1] == 1) {
        const std::int64_t composition = body[2] << 16 | body[3] << 8 | body[4]; // never negative here
        segmenter.push_video(HLSSEG_VIDEO_CODING_AVC, ticks, ticks + 90 * composition, HLSSEG_UNITS_LENGTH4, body + 5, tag.len - 5,
                             sink);
    }
}

// Pushes a whole file and returns how many exceptions came out.
int push(const std::vector<char> &file, hlsseg::segmenter &segmenter, throwing &sink, bool as_frames = false)
{
    hlsseg_reader reader;
    hlsseg::check(hlsseg_reader_init(&reader));
    hlsseg_step step = {};
    step.size = sizeof step;
    int thrown = 0;
    for (std::size_t at = 0;; at += step.consumed) {
        const auto *rest = reinterpret_cast<const std::uint8_t *>(file.data()) + at;
        hlsseg::check(hlsseg_reader_step(&reader, rest, file.size() - at, &step));
        if (step.kind == HLSSEG_STEP_KIND_NEED)
            return thrown;
        if (step.kind != HLSSEG_STEP_KIND_TAG)
            continue;
        try {
            push_one(step, as_frames, segmenter, sink);
        } catch (const std::range_error &) {
            thrown++;
        }
    }
}

hlsseg_status status_of(hlsseg::segmenter &segmenter, const std::vector<std::uint8_t> &tag, std::string &what)
{
    throwing sink;
    try {
        segmenter.push(9, 0, tag.data(), tag.size(), sink);
        return HLSSEG_STATUS_OK;
    } catch (const hlsseg::error &error) {
        what = error.what();
        return error.status;
    }
}

} // namespace

int main(int argc, char **argv)
try {
    if (argc != 2)
        return 2;
    std::ifstream input(argv[1], std::ios::binary);
    const std::vector<char> file{std::istreambuf_iterator<char>(input), {}};
    for (const int nth : {-1, 0, 1, 2, 20, 100, 200}) {
        hlsseg::segmenter segmenter;
        throwing sink;
        sink.nth = nth;
        const int thrown = push(file, segmenter, sink);
        holds(thrown == (nth >= 0), "an exception comes out of the push that made the call, once");
        holds(sink.aborted <= 1 && sink.closed > 0, "it costs one segment at the most");
        segmenter.finish(HLSSEG_END_LIST, sink);
        holds(sink.text.find("#EXT-X-ENDLIST") != std::string::npos, "the playlist is text");
    }
    auto low_latency = hlsseg::config();
    low_latency.frag_duration = 1, low_latency.target_duration = 2, low_latency.part_millis = 400;
    low_latency.container = HLSSEG_CONTAINER_FMP4;
    for (const int nth : {-1, 0, 1, 2, 20, 100, 200}) {
        hlsseg::segmenter segmenter(low_latency);
        throwing sink;
        sink.nth = nth;
        const int thrown = push(file, segmenter, sink);
        holds(thrown == (nth >= 0) && sink.aborted <= 1 && sink.closed > 0 && sink.parts > 2 * sink.closed, "so do those of fMP4");
        segmenter.finish(HLSSEG_END_LIST, sink);
        holds(sink.bytes.size() > 10000 && sink.waiting.empty() && sink.text.find("#EXT-X-MAP:URI=\"i") != std::string::npos &&
                  sink.text.find("#EXT-X-PART:DURATION=0.4") != std::string::npos,
              "sections and parts are listed");
    }
    throwing tags, frames;
    hlsseg::segmenter of_tags, of_frames;
    push(file, of_tags, tags);
    push(file, of_frames, frames, true);
    holds(of_frames.lost(0) == HLSSEG_LOST_ANSWER_LISTED, "a segment is told to be lost");
    of_tags.finish(HLSSEG_END_LIST, tags);
    of_frames.finish(HLSSEG_END_LIST, frames);
    holds(!tags.bytes.empty() && tags.bytes == frames.bytes, "frames give the bytes that tags give");
    const auto gap = frames.text.find("#EXT-X-GAP\n");
    holds(gap != std::string::npos && tags.text == std::string(frames.text).erase(gap, 11), "the lost segment is a gap");
    hlsseg::segmenter first, second = std::move(first);
    std::string what;
    holds(status_of(second, {0x17}, what) == HLSSEG_STATUS_TAG && what.find("tag body ends") == 0, "a tag's error has its words");
    holds(status_of(second, {0x17, 0, 0, 0, 0, 9}, what) == HLSSEG_STATUS_CODEC && what.find("record") != std::string::npos,
          "a codec's error has its words");
    holds(status_of(first, {0x17}, what) == HLSSEG_STATUS_NULL, "an engine that was moved away is told");
    try {
        second.configure(HLSSEG_CONFIGURATION_HEVC_RECORD, frames.bytes.data(), 1, frames);
        holds(false, "a wrong record throws");
    } catch (const hlsseg::error &error) {
        holds(error.status == HLSSEG_STATUS_CODEC && std::string(error.what()).find("record") != std::string::npos, "it has its words");
    }
    auto config = hlsseg::config();
    config.frag_count = 0;
    try {
        hlsseg::segmenter refused(config);
        holds(false, "a wrong configuration throws");
    } catch (const hlsseg::error &error) {
        holds(error.status == HLSSEG_STATUS_CONFIG && std::string(error.what()).find("FragCount") == 0, "it has its words");
    }
    std::printf("wrapper: %d passed, %d failed\n", passed, failed);
    return failed || !passed;
} catch (const std::exception &error) {
    std::printf("FAIL %s\n", error.what());
    return 1;
}
