/* What the programs share that misuse the API: calls, and the status that each must give. */
#ifndef EXPECT_H
#define EXPECT_H

#include "support.h"

static int passed, failed;

static void expect(const char *file, int line, const char *what, hlsseg_status got, hlsseg_status want)
{
    int good = got == want;
    passed += good;
    failed += !good;
    if (!good)
        printf("FAIL %s:%d: %s is \"%s\", not \"%s\"\n", file, line, what, hlsseg_status_text((int)got),
               hlsseg_status_text((int)want));
}
#define EXPECT(call, want) expect(__FILE__, __LINE__, #call, (call), HLSSEG_STATUS_##want)
#define HOLDS(claim) \
    expect(__FILE__, __LINE__, #claim, (claim) ? HLSSEG_STATUS_OK : HLSSEG_STATUS_INTERNAL, HLSSEG_STATUS_OK)

#endif
