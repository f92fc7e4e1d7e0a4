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
    void write_packets(const hlsseg_packets *, std::size_t) override { count(); }
    void close_segment(const hlsseg_segment &) override { count(), closed++; }
    void update_playlist(const hlsseg_playlist *playlist) override
    {
        text = hlsseg::m3u8(playlist, [](const auto &segment) { return std::to_string(segment.id); });
        count();
    }
    void abort_segment(const hlsseg_aborted_segment &) noexcept override { aborted++; }

    std::string text;

private:
    void count()
    {
        if (nth-- == 0)
            throw std::range_error("mine");
    }
};

// Pushes a whole file and returns how many exceptions came out.
int push(const std::vector<char> &file, hlsseg::segmenter &segmenter, throwing &sink)
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
            segmenter.push(step.tag_kind, step.time_millis, step.data, step.len, sink);
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
    hlsseg::segmenter first, second = std::move(first);
    std::string what;
    holds(status_of(second, {0x17}, what) == HLSSEG_STATUS_TAG && what.find("tag body ends") == 0, "a tag's error has its words");
    holds(status_of(second, {0x17, 0, 0, 0, 0, 9}, what) == HLSSEG_STATUS_CODEC && what.find("record") != std::string::npos,
          "a codec's error has its words");
    holds(status_of(first, {0x17}, what) == HLSSEG_STATUS_NULL, "an engine that was moved away is told");
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
