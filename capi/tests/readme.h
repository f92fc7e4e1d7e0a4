/* What the README's examples leave to their reader: storage, and where messages come from. Here there are none. */
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
static inline int store_init(uint64_t id, const uint8_t *data, size_t len) { return !id && !data && !len; }
static inline int store_part(uint64_t id, uint32_t index, const uint8_t *part, uint64_t len) { return !id && !index && !part && !len; }
static inline int publish(const char *text) { return !text; }
void stream(void);
void low_latency(void);
uint32_t answer_reload(const uint64_t *msn, const uint32_t *part);
int main(void) { return stream(), low_latency(), answer_reload(NULL, NULL) != 0; }
