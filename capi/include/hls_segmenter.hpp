// C++17 over hls_segmenter.h: an engine that owns its memory, sinks as classes, errors as exceptions. Header only.
//
// The rules of hls_segmenter.h hold. What a sink throws fails its call, and comes out of the push or finish that made it.
#ifndef HLS_SEGMENTER_HPP
#define HLS_SEGMENTER_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "hls_segmenter.h"

namespace hlsseg {

// A call that did not do what was asked.
class error : public std::runtime_error {
public:
    error(hlsseg_status why, const std::string &what) : std::runtime_error(what), status(why) {}
    const hlsseg_status status;
};

inline void check(hlsseg_status status)
{
    if (status != HLSSEG_STATUS_OK) throw error(status, hlsseg_status_text(status));
}

// Makes a configuration of defaults.
inline hlsseg_config config()
{
    hlsseg_config made = {};
    made.size = sizeof made;
    check(hlsseg_config_init(&made));
    return made;
}

// Runs a function that writes a text: once for its length, once for the text.
template <class Write> std::string text(Write &&write)
{
    std::size_t len = 0;
    const hlsseg_status status = write(nullptr, 0, &len);
    if (status != HLSSEG_STATUS_SHORT_BUFFER) throw error(status, hlsseg_status_text(status));
    std::string made(len + 1, '\0');
    check(write(made.data(), made.size(), &len));
    made.resize(len);
    return made;
}

// Returns the playlist as text; `uri` gives the URI of a segment and must not throw.
template <class Uri> std::string m3u8(const hlsseg_playlist *playlist, Uri uri)
{
    auto call = [](void *user, const hlsseg_listed_segment *segment, char *dst, std::size_t len) noexcept {
        const std::string made = (*static_cast<Uri *>(user))(*segment); // no exception may cross the C API
        return made.size() < len ? static_cast<int>(made.copy(dst, len)) : -1;
    };
    return text([&](char *dst, std::size_t len, std::size_t *needed) {
        return hlsseg_playlist_m3u8(playlist, +call, &uri, dst, len, needed);
    });
}

// Returns the playlist as text, for any container: `uri`, `init_uri` and `part_uri` give the URI of a segment, of an
// initialization section by its id, and of a part; none of them may throw.
template <class Uri, class InitUri, class PartUri>
std::string playlist_text(const hlsseg_playlist *playlist, hlsseg_view view, Uri uri, InitUri init_uri, PartUri part_uri)
{
    struct all { Uri segment; InitUri init; PartUri part; } made{uri, init_uri, part_uri};
    static const auto of = [](void *user) -> all & { return *static_cast<all *>(user); };
    static const auto put = [](const std::string &text, char *dst, std::size_t len) {
        return text.size() < len ? static_cast<int>(text.copy(dst, len)) : -1;
    };
    const hlsseg_uris uris = {
        sizeof uris, &made,
        [](void *u, const hlsseg_listed_segment *s, char *dst, std::size_t n) noexcept { return put(of(u).segment(*s), dst, n); },
        [](void *u, std::uint64_t id, char *dst, std::size_t n) noexcept { return put(of(u).init(id), dst, n); },
        [](void *u, const hlsseg_next_part *p, char *dst, std::size_t n) noexcept { return put(of(u).part(*p), dst, n); }};
    return text([&](char *dst, std::size_t len, std::size_t *needed) {
        return hlsseg_playlist_text(playlist, &uris, view, dst, len, needed);
    });
}

// Takes segments and playlists. What it throws fails the call.
class sink {
public:
    virtual ~sink() = default;
    virtual void open_segment(const hlsseg_segment_start &) = 0;
    virtual void write_packets(const hlsseg_packets *packets, std::size_t len) = 0;
    virtual void close_segment(const hlsseg_segment &) = 0;
    virtual void update_playlist(const hlsseg_playlist *playlist) = 0;
    virtual void expire_segment(const hlsseg_expired_segment &) noexcept {}
    virtual void abort_segment(const hlsseg_aborted_segment &) noexcept {}
    virtual void snapshot(const hlsseg_snapshot *) noexcept {}
    virtual void track(const hlsseg_track &) noexcept {}
    virtual void notice(const hlsseg_notice &) noexcept {}
    // fMP4, and parts: a sink for engines that have them overrides these.
    virtual void init_section(const hlsseg_init_section &) {}
    virtual void write_payload(const hlsseg_payload *, std::size_t) {}
    virtual void close_fragment(const hlsseg_fragment_head *, std::size_t) {}
    virtual void close_part(const hlsseg_part &) {}
};

// An engine that owns its memory. It can be moved, not copied.
class segmenter {
public:
    explicit segmenter(const hlsseg_config &config = hlsseg::config())
    {
        hlsseg_engine *made = nullptr;
        std::size_t len = 0;
        char why[128] = "";
        if (hlsseg_config_check(&config, why, sizeof why, nullptr) == HLSSEG_STATUS_CONFIG)
            throw error(HLSSEG_STATUS_CONFIG, why);
        check(hlsseg_sizeof_for(&config, &len));
        std::unique_ptr<void, deleter> memory(::operator new(len));
        check(hlsseg_init(memory.get(), len, &config, &made));
        engine_.reset(made); // where the memory begins
        memory.release();
    }

    // Hands over a tag. A tag that cannot be used throws too; the stream goes on with the next one.
    void push(std::uint8_t kind, std::uint32_t millis, const std::uint8_t *data, std::size_t len, sink &to)
    {
        call(to, [&](const hlsseg_sink *table) { return hlsseg_push(get(), kind, millis, data, len, table); });
    }
    // Hands over a picture, its times in ticks of 1/90000 s that do not wrap.
    void push_video(hlsseg_video_coding coding, std::int64_t dts, std::int64_t pts, hlsseg_units units, const std::uint8_t *data,
                    std::size_t len, sink &to)
    {
        call(to, [&](const hlsseg_sink *table) { return hlsseg_push_video(get(), coding, dts, pts, units, data, len, table); });
    }
    // Hands over audio frames.
    void push_audio(hlsseg_audio_coding coding, std::int64_t pts, const std::uint8_t *data, std::size_t len, sink &to)
    {
        call(to, [&](const hlsseg_sink *table) { return hlsseg_push_audio(get(), coding, pts, data, len, table); });
    }
    // Tells how the frames are coded that come from now on.
    void configure(hlsseg_configuration kind, const std::uint8_t *data, std::size_t len, sink &to)
    {
        call(to, [&](const hlsseg_sink *table) { return hlsseg_configure(get(), kind, data, len, table); });
    }
    // Tells that a closed segment is lost after all.
    hlsseg_lost_answer lost(std::uint64_t id)
    {
        std::uint32_t answer = 0;
        check(hlsseg_lost(get(), id, &answer));
        return static_cast<hlsseg_lost_answer>(answer);
    }
    void finish(hlsseg_end end, sink &to)
    {
        call(to, [&](const hlsseg_sink *table) { return hlsseg_finish(get(), end, table); });
    }
    // For all other functions of the C API.
    hlsseg_engine *get() const noexcept { return engine_.get(); }

private:
    struct deleter { void operator()(void *memory) const noexcept { ::operator delete(memory); } };
    struct lent { sink &to; std::exception_ptr thrown; };

    // Runs one method of the sink, and keeps what it throws: no exception may cross the C API.
    template <class Method> static int guard(void *user, Method &&method) noexcept
    {
        auto &lent_sink = *static_cast<lent *>(user);
        try {
            return method(lent_sink.to), 0;
        } catch (...) {
            return lent_sink.thrown = std::current_exception(), -1;
        }
    }
    template <class Call> void call(sink &lent_sink, Call &&make)
    {
        lent user{lent_sink, nullptr};
        const hlsseg_sink table = {
            sizeof table, &user,
            [](void *u, const hlsseg_segment_start *s) { return guard(u, [&](sink &to) { to.open_segment(*s); }); },
            [](void *u, const hlsseg_packets *p, std::size_t n) { return guard(u, [&](sink &to) { to.write_packets(p, n); }); },
            [](void *u, const hlsseg_segment *s) { return guard(u, [&](sink &to) { to.close_segment(*s); }); },
            [](void *u, const hlsseg_playlist *p) { return guard(u, [&](sink &to) { to.update_playlist(p); }); },
            [](void *u, const hlsseg_expired_segment *s) { static_cast<lent *>(u)->to.expire_segment(*s); },
            [](void *u, const hlsseg_aborted_segment *s) { static_cast<lent *>(u)->to.abort_segment(*s); },
            [](void *u, const hlsseg_snapshot *s) { static_cast<lent *>(u)->to.snapshot(s); },
            [](void *u, const hlsseg_track *t) { static_cast<lent *>(u)->to.track(*t); },
            [](void *u, const hlsseg_notice *n) { static_cast<lent *>(u)->to.notice(*n); },
            [](void *u, const hlsseg_init_section *s) { return guard(u, [&](sink &to) { to.init_section(*s); }); },
            [](void *u, const hlsseg_payload *p, std::size_t n) { return guard(u, [&](sink &to) { to.write_payload(p, n); }); },
            [](void *u, const hlsseg_fragment_head *h, std::size_t n) { return guard(u, [&](sink &to) { to.close_fragment(h, n); }); },
            [](void *u, const hlsseg_part *p) { return guard(u, [&](sink &to) { to.close_part(*p); }); }};
        const hlsseg_status status = make(&table);
        char why[160] = "";
        if (user.thrown)
            std::rethrow_exception(user.thrown);
        if (status == HLSSEG_STATUS_TAG || status == HLSSEG_STATUS_CODEC) {
            check(hlsseg_error_text(get(), why, sizeof why, nullptr));
            throw error(status, why);
        }
        check(status);
    }

    std::unique_ptr<hlsseg_engine, deleter> engine_;
};

} // namespace hlsseg

#endif
