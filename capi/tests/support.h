/* What the C test programs share: a file read whole, its tags one by one, and a hash. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hls_segmenter.h"

/* Reads a file; the caller frees it. Ends the program when it cannot. */
static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        perror(path);
        exit(2);
    }
    *len = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*len ? *len : 1);
    if (!bytes || fread(bytes, 1, *len, file) != *len)
        exit(2);
    fclose(file);
    return bytes;
}

/* FNV-1a, to be begun with FNV_START. */
#define FNV_START UINT64_C(0xcbf29ce484222325)
static inline uint64_t fnv(uint64_t hash, const uint8_t *bytes, size_t len)
{
    for (size_t n = 0; n < len; n++)
        hash = (hash ^ bytes[n]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
