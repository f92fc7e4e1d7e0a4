/* Reads a capture into a static buffer and lets the Rust core segment it. Nothing here or there uses the heap. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

typedef void (*on_segment)(void *context, uint64_t number, size_t bytes);
int64_t segment_flv(const uint8_t *data, size_t len, on_segment told, void *context);

static uint8_t capture[1 << 20];

static void told(void *context, uint64_t number, size_t bytes)
{
    *(size_t *)context += bytes;
    printf("segment %llu: %zu bytes\n", (unsigned long long)number, bytes);
}

int main(int argc, char **argv)
{
    int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0) {
        fprintf(stderr, "usage: %s FILE.flv\n", argv[0]);
        return 2;
    }
    size_t len = 0, total = 0;
    ssize_t got;
    while (len < sizeof capture && (got = read(file, capture + len, sizeof capture - len)) > 0)
        len += (size_t)got;
    int64_t segments = segment_flv(capture, len, told, &total);
    printf("%lld segments, %zu bytes\n", (long long)segments, total);
    return segments > 0 && total > 0 ? 0 : 1;
}
