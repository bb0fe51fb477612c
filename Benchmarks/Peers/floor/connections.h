// The connections, in a table by their descriptors. One that neither sends nor waits takes 16 bytes.
#pragma once

#include "request.h"

#include <stdint.h>

enum {
    // What may wait for a client that does not read; above it the connection is closed.
    output_bytes_max = 4 << 20,
};

// What is incomplete of a connection, allocated only while something is.
struct waiting {
    // The beginning of a request or frame.
    char *input;
    size_t input_bytes;
    // The rest of a data frame, which is read and dropped.
    uint64_t skipped_bytes;
    // What the socket did not take.
    char *output;
    size_t output_bytes, output_sent_bytes, output_capacity;
    bool closes_after_output;
};

struct connection {
    struct waiting *waiting;
    // `connection_closed`, `connection_http`, or the number of a stream's shop and `connection_stream`.
    uint32_t kind;
    // Of a stream, in its shop.
    uint32_t place;
};

enum { connection_closed = 0, connection_http = 1, connection_stream = 2 };

// Makes the table, for as many descriptors as the process may have, and the epoll instance, which is returned.
int connections_open(void);

struct connection *connection_at(int descriptor);
uint32_t connection_stream_count(void);
bool connection_is_stream(const struct connection *connection);

void connection_accepted(int descriptor);
void connection_subscribe(int descriptor, struct text shop);
void connection_close(int descriptor);

// The connection's waiting part, made when there is none.
struct waiting *connection_waiting(int descriptor);
// Frees the waiting part when nothing waits.
void connection_settle(int descriptor);

// Sends, and keeps what the socket does not take. False when the connection was closed instead.
bool connection_send(int descriptor, const char *bytes, size_t count);
// The socket takes more.
void connection_writable(int descriptor);
// Closes once all was sent.
void connection_finish(int descriptor);
