// The shops, and the streams of each. A stream is known by its descriptor.
#pragma once

#include "request.h"

#include <stdint.h>

enum { shop_unknown = UINT32_MAX };

struct shop {
    char *name;
    uint32_t name_bytes, hash;
    // Descriptors, in no order.
    uint32_t *streams;
    uint32_t stream_count, stream_capacity;
};

// The number of the shop; `shop_unknown` when no stream was ever opened in it.
uint32_t shop_find(struct text name);

// The number of the shop, which is made when it is new.
uint32_t shop_find_or_add(struct text name);

struct shop *shop_at(uint32_t number);

// Adds a stream and returns its place among the shop's.
uint32_t shop_add_stream(uint32_t number, uint32_t stream);

// Removes the stream at a place. The last one takes the place and is returned; the removed one, when it was the last.
uint32_t shop_remove_stream(uint32_t number, uint32_t place);

// Memory that cannot be had ends the process: there is nothing to measure without it.
void *resized(void *memory, size_t bytes);
