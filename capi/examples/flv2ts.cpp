// Cuts an FLV file into MPEG-TS segments in memory and prints the playlist: flv2ts INPUT [FRAG_DURATION]
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "hls_segmenter.hpp"

namespace {

// Keeps every segment that was closed, by its id.
class memory final : public hlsseg::sink {
public:
    std::map<std::uint64_t, std::vector<std::uint8_t>> segments;
    std::string playlist;

    void open_segment(const hlsseg_segment_start &) override { open_.clear(); }

    void write_packets(const hlsseg_packets *packets, std::size_t len) override
    {
        const std::size_t end = open_.size();
        open_.resize(end + len);
        hlsseg::check(hlsseg_packets_copy(packets, open_.data() + end, len)); // the one copy there is
    }

    void close_segment(const hlsseg_segment &segment) override { segments[segment.id] = open_; }

    void update_playlist(const hlsseg_playlist *version) override
    {
        playlist = hlsseg::m3u8(version, [](const auto &segment) { return std::to_string(segment.id) + ".ts"; });
    }

private:
    std::vector<std::uint8_t> open_;
};

} // namespace

int main(int argc, char **argv)
try {
    if (argc < 2)
        return std::fprintf(stderr, "usage: %s INPUT [FRAG_DURATION]\n", argv[0]), 2;
    std::ifstream input(argv[1], std::ios::binary);
    const std::vector<char> file{std::istreambuf_iterator<char>(input), {}};
    auto config = hlsseg::config();
    config.frag_count = 100;
    if (argc > 2)
        config.frag_duration = static_cast<std::uint32_t>(std::atoi(argv[2]));

    hlsseg::segmenter made(config), segmenter = std::move(made);
    memory sink;
    hlsseg_reader reader;
    hlsseg::check(hlsseg_reader_init(&reader));
    hlsseg_step step = {};
    step.size = sizeof step;
    for (std::size_t at = 0;; at += step.consumed) {
        const auto *rest = reinterpret_cast<const std::uint8_t *>(file.data()) + at;
        hlsseg::check(hlsseg_reader_step(&reader, rest, file.size() - at, &step));
        if (step.kind == HLSSEG_STEP_KIND_TAG)
            segmenter.push(step.tag_kind, step.time_millis, step.data, step.len, sink);
        else if (step.kind == HLSSEG_STEP_KIND_NEED)
            break;
    }
    segmenter.finish(HLSSEG_END_LIST, sink);
    for (const auto &[id, segment] : sink.segments)
        std::printf("%llu.ts %zu bytes\n", static_cast<unsigned long long>(id), segment.size());
    std::fputs(sink.playlist.c_str(), stdout);
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
