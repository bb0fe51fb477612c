// A request of HTTP/1.1, as ranges of the bytes that it came in.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    head_bytes_max = 16 << 10,
    body_bytes_max = 128 << 10,
};

struct text {
    const char *bytes;
    size_t count;
};

struct request {
    struct text method, path, websocket_key;
    struct text body;
    bool keeps_alive, asks_for_upgrade, is_websocket_13;
};

// The number of bytes that the first request in `bytes` takes. 0 when it is incomplete; a negative HTTP status when it
// has to be rejected.
long request_parse(const char *bytes, size_t count, struct request *request);

bool text_equals(struct text text, const char *expected);
