#include "shops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shop *shops;
static uint32_t shop_count, shop_capacity;
// Open addressing, at most half full; a power of two. An entry is the number of a shop and 1; 0 is free.
static uint32_t *table;
static uint32_t table_count;

void *resized(void *memory, size_t bytes) {
    memory = realloc(memory, bytes);
    if (memory) return memory;
    fputs("floor: out of memory\n", stderr);
    exit(1);
}

// FNV-1a.
static uint32_t hash_of(struct text name) {
    uint32_t hash = 2166136261u;
    for (size_t index = 0; index < name.count; index++) hash = (hash ^ (unsigned char)name.bytes[index]) * 16777619u;
    return hash;
}

static void grow_table(void) {
    table_count = table_count == 0 ? 1024 : table_count * 2;
    table = resized(table, table_count * sizeof *table);
    memset(table, 0, table_count * sizeof *table);
    for (uint32_t number = 0; number < shop_count; number++) {
        uint32_t slot = shops[number].hash & (table_count - 1);
        while (table[slot] != 0) slot = (slot + 1) & (table_count - 1);
        table[slot] = number + 1;
    }
}

static uint32_t find(struct text name, uint32_t hash) {
    if (table_count == 0) return shop_unknown;
    for (uint32_t slot = hash & (table_count - 1); table[slot] != 0; slot = (slot + 1) & (table_count - 1)) {
        const struct shop *shop = &shops[table[slot] - 1];
        bool is_same = shop->hash == hash && shop->name_bytes == name.count;
        if (is_same && memcmp(shop->name, name.bytes, name.count) == 0) return table[slot] - 1;
    }
    return shop_unknown;
}

uint32_t shop_find(struct text name) { return find(name, hash_of(name)); }

uint32_t shop_find_or_add(struct text name) {
    uint32_t hash = hash_of(name), found = find(name, hash);
    if (found != shop_unknown) return found;
    if (shop_count == shop_capacity) {
        shop_capacity = shop_capacity == 0 ? 512 : shop_capacity * 2;
        shops = resized(shops, shop_capacity * sizeof *shops);
    }
    struct shop *shop = &shops[shop_count++];
    *shop = (struct shop){.name = resized(NULL, name.count), .name_bytes = (uint32_t)name.count, .hash = hash};
    memcpy(shop->name, name.bytes, name.count);
    if (shop_count * 2 > table_count) {
        grow_table();
    } else {
        uint32_t slot = hash & (table_count - 1);
        while (table[slot] != 0) slot = (slot + 1) & (table_count - 1);
        table[slot] = shop_count;
    }
    return shop_count - 1;
}

struct shop *shop_at(uint32_t number) { return &shops[number]; }

uint32_t shop_add_stream(uint32_t number, uint32_t stream) {
    struct shop *shop = &shops[number];
    if (shop->stream_count == shop->stream_capacity) {
        shop->stream_capacity = shop->stream_capacity == 0 ? 4 : shop->stream_capacity * 2;
        shop->streams = resized(shop->streams, shop->stream_capacity * sizeof *shop->streams);
    }
    shop->streams[shop->stream_count] = stream;
    return shop->stream_count++;
}

uint32_t shop_remove_stream(uint32_t number, uint32_t place) {
    struct shop *shop = &shops[number];
    uint32_t last = shop->streams[--shop->stream_count];
    shop->streams[place] = last;
    return last;
}
