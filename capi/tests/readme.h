/* What the README's example leaves to its reader: storage, and where messages come from. Here there are none. */
#include <stddef.h>
#include <stdint.h>

struct message {
    uint8_t type;
    uint32_t time;
    const uint8_t *body;
    size_t len;
};
static inline int next_message(struct message *m) { return m == 0; }
static inline int store(uint64_t id, const uint8_t *segment, size_t len) { return !id && !segment && !len; }
static inline int publish(const char *text) { return !text; }
void stream(void);
int main(void) { return stream(), 0; }
