#define _GNU_SOURCE
#include "connections.h"

#include "shops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct connection *connections;
static uint32_t stream_count;
static int epoll;

int connections_open(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    // Pages that no descriptor has reached are not resident.
    size_t bytes = limit.rlim_cur * sizeof *connections;
    connections = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (connections == MAP_FAILED) return -1;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll;
}

struct connection *connection_at(int descriptor) { return &connections[descriptor]; }

uint32_t connection_stream_count(void) { return stream_count; }

bool connection_is_stream(const struct connection *connection) { return connection->kind >= connection_stream; }

static void watch(int descriptor, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    epoll_ctl(epoll, operation, descriptor, &event);
}

void connection_accepted(int descriptor) {
    connections[descriptor] = (struct connection){.kind = connection_http};
    watch(descriptor, EPOLL_CTL_ADD, EPOLLIN);
}

void connection_subscribe(int descriptor, struct text shop) {
    uint32_t number = shop_find_or_add(shop);
    connections[descriptor].place = shop_add_stream(number, (uint32_t)descriptor);
    connections[descriptor].kind = number + connection_stream;
    stream_count++;
}

static void free_waiting(struct connection *connection) {
    if (!connection->waiting) return;
    free(connection->waiting->input);
    free(connection->waiting->output);
    free(connection->waiting);
    connection->waiting = NULL;
}

void connection_close(int descriptor) {
    struct connection *connection = &connections[descriptor];
    if (connection->kind == connection_closed) return;
    if (connection_is_stream(connection)) {
        uint32_t place = connection->place;
        uint32_t moved = shop_remove_stream(connection->kind - connection_stream, place);
        connections[moved].place = place;
        stream_count--;
    }
    free_waiting(connection);
    connection->kind = connection_closed;
    close(descriptor);
}

struct waiting *connection_waiting(int descriptor) {
    struct connection *connection = &connections[descriptor];
    if (!connection->waiting) {
        connection->waiting = resized(NULL, sizeof *connection->waiting);
        *connection->waiting = (struct waiting){0};
    }
    return connection->waiting;
}

static bool has_output(const struct waiting *waiting) {
    return waiting && waiting->output_bytes > waiting->output_sent_bytes;
}

void connection_settle(int descriptor) {
    struct connection *connection = &connections[descriptor];
    struct waiting *waiting = connection->waiting;
    if (!waiting || waiting->input_bytes > 0 || waiting->skipped_bytes > 0 || has_output(waiting)) return;
    free_waiting(connection);
}

// Keeps bytes for later; false when too many wait.
static bool keep_output(int descriptor, const char *bytes, size_t count) {
    struct waiting *waiting = connection_waiting(descriptor);
    bool is_first = !has_output(waiting);
    if (waiting->output_bytes - waiting->output_sent_bytes + count > output_bytes_max) return false;
    if (waiting->output_bytes + count > waiting->output_capacity) {
        size_t rest = waiting->output_bytes - waiting->output_sent_bytes;
        if (rest > 0) memmove(waiting->output, waiting->output + waiting->output_sent_bytes, rest);
        waiting->output_bytes = rest;
        waiting->output_sent_bytes = 0;
        waiting->output_capacity = (rest + count) * 2;
        waiting->output = resized(waiting->output, waiting->output_capacity);
    }
    memcpy(waiting->output + waiting->output_bytes, bytes, count);
    waiting->output_bytes += count;
    if (is_first) watch(descriptor, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    return true;
}

bool connection_send(int descriptor, const char *bytes, size_t count) {
    size_t taken = 0;
    if (!has_output(connections[descriptor].waiting)) {
        ssize_t sent = send(descriptor, bytes, count, MSG_NOSIGNAL);
        if (sent == (ssize_t)count) return true;
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            connection_close(descriptor);
            return false;
        }
        taken = sent > 0 ? (size_t)sent : 0;
    }
    if (keep_output(descriptor, bytes + taken, count - taken)) return true;
    connection_close(descriptor);
    return false;
}

void connection_writable(int descriptor) {
    struct waiting *waiting = connections[descriptor].waiting;
    if (!has_output(waiting)) return;
    size_t rest = waiting->output_bytes - waiting->output_sent_bytes;
    ssize_t sent = send(descriptor, waiting->output + waiting->output_sent_bytes, rest, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        connection_close(descriptor);
        return;
    }
    if (sent > 0) waiting->output_sent_bytes += (size_t)sent;
    if (has_output(waiting)) return;
    if (waiting->closes_after_output) {
        connection_close(descriptor);
        return;
    }
    watch(descriptor, EPOLL_CTL_MOD, EPOLLIN);
    connection_settle(descriptor);
}

void connection_finish(int descriptor) {
    struct waiting *waiting = connections[descriptor].waiting;
    if (has_output(waiting)) {
        waiting->closes_after_output = true;
    } else {
        connection_close(descriptor);
    }
}
