#define _GNU_SOURCE
#include "request.h"

#include <string.h>
#include <strings.h>

bool text_equals(struct text text, const char *expected) {
    return text.count == strlen(expected) && memcmp(text.bytes, expected, text.count) == 0;
}

static bool names(struct text name, const char *field) {
    return name.count == strlen(field) && strncasecmp(name.bytes, field, name.count) == 0;
}

static struct text trimmed(struct text text) {
    while (text.count > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
        text.bytes++;
        text.count--;
    }
    while (text.count > 0 && (text.bytes[text.count - 1] == ' ' || text.bytes[text.count - 1] == '\t')) text.count--;
    return text;
}

// Whether a comma-separated list has this item.
static bool lists(struct text list, const char *item) {
    while (list.count > 0) {
        const char *comma = memchr(list.bytes, ',', list.count);
        size_t count = comma ? (size_t)(comma - list.bytes) : list.count;
        if (names(trimmed((struct text){list.bytes, count}), item)) return true;
        size_t step = comma ? count + 1 : count;
        list.bytes += step;
        list.count -= step;
    }
    return false;
}

// A decimal number; -1 when it is none, or above what a body may have.
static long number(struct text text) {
    long value = 0;
    if (text.count == 0) return -1;
    for (size_t index = 0; index < text.count; index++) {
        if (text.bytes[index] < '0' || text.bytes[index] > '9') return -1;
        value = value * 10 + (text.bytes[index] - '0');
        if (value > body_bytes_max) return -1;
    }
    return value;
}

static bool parse_request_line(struct text line, struct request *request) {
    const char *first = memchr(line.bytes, ' ', line.count);
    const char *last = memrchr(line.bytes, ' ', line.count);
    if (!first || first == last || first == line.bytes) return false;
    request->method = (struct text){line.bytes, (size_t)(first - line.bytes)};
    request->path = (struct text){first + 1, (size_t)(last - first - 1)};
    struct text version = {last + 1, (size_t)(line.bytes + line.count - last - 1)};
    request->keeps_alive = text_equals(version, "HTTP/1.1");
    return request->path.bytes[0] == '/' && (request->keeps_alive || text_equals(version, "HTTP/1.0"));
}

// Reads a field into the request; 0, or the negative status of a rejection.
static long parse_field(struct text line, struct request *request) {
    const char *colon = memchr(line.bytes, ':', line.count);
    if (!colon || colon == line.bytes) return -400;
    struct text name = {line.bytes, (size_t)(colon - line.bytes)};
    struct text value = trimmed((struct text){colon + 1, (size_t)(line.bytes + line.count - colon - 1)});
    switch (name.count) {
        case 7:
            if (names(name, "upgrade") && lists(value, "websocket")) request->asks_for_upgrade = true;
            break;
        case 10:
            if (names(name, "connection") && lists(value, "close")) request->keeps_alive = false;
            break;
        case 14:
            if (names(name, "content-length")) {
                long count = number(value);
                if (count < 0) return -413;
                request->body.count = (size_t)count;
            }
            break;
        case 17:
            if (names(name, "sec-websocket-key")) request->websocket_key = value;
            if (names(name, "transfer-encoding")) return -501;
            break;
        case 21:
            if (names(name, "sec-websocket-version")) request->is_websocket_13 = text_equals(value, "13");
            break;
        default: break;
    }
    return 0;
}

long request_parse(const char *bytes, size_t count, struct request *request) {
    const char *position = bytes, *end = bytes + count;
    *request = (struct request){0};
    for (;;) {
        const char *newline = memchr(position, '\n', (size_t)(end - position));
        if (!newline) return count > head_bytes_max ? -431 : 0;
        if (newline == position || newline[-1] != '\r') return -400;
        struct text line = {position, (size_t)(newline - 1 - position)};
        bool is_first = position == bytes;
        position = newline + 1;
        if (position - bytes > head_bytes_max) return -431;
        if (line.count == 0 && !is_first) break;
        if (is_first) {
            if (!parse_request_line(line, request)) return -400;
        } else {
            long status = parse_field(line, request);
            if (status < 0) return status;
        }
    }
    request->body.bytes = position;
    if ((size_t)(end - position) < request->body.count) return 0;
    return position - bytes + (long)request->body.count;
}
