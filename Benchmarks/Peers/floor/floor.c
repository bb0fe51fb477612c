// A server that does the least that a correct server of the contract can do: parse, one frame, `send()` to each, 201.
// One thread around epoll. See ../README.md for what it leaves out.
#define _GNU_SOURCE
#include "connections.h"
#include "json.h"
#include "shops.h"
#include "websocket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    events_max = 512,
    accepts_max = 64,
    // A whole request fits, whatever came before it.
    receive_bytes = 2 * (head_bytes_max + body_bytes_max),
    // A message, and what the server adds.
    message_bytes_max = body_bytes_max + 1024,
    answer_bytes_max = message_bytes_max + 1024,
};

static char receive_buffer[receive_bytes];
// The answers to the requests that came together.
static char answers[4 * answer_bytes_max];
static size_t answers_bytes;

// MARK: - Answers

static char *put(char *to, struct text text) { return (char *)memcpy(to, text.bytes, text.count) + text.count; }

// Of a literal, whose length the compiler knows.
#define TEXT(literal) ((struct text){literal, sizeof literal - 1})

// Writes the last digits of a number, so many of them, before `end`.
static void put_digits(char *end, uint64_t value, int count, unsigned base) {
    for (; count > 0; count--, value /= base) *--end = "0123456789abcdef"[value % base];
}

// Appends an answer whose body is that of three parts.
static void append_answer(struct text status, struct text start, struct text middle, struct text rest) {
    size_t body_bytes = start.count + middle.count + rest.count;
    int digits = 1;
    for (size_t left = body_bytes; left >= 10; left /= 10) digits++;
    char *end = answers + answers_bytes;
    end = put(put(end, TEXT("HTTP/1.1 ")), status);
    end = put(end, TEXT("\r\nContent-Type: application/json\r\nContent-Length: ")) + digits;
    put_digits(end, body_bytes, digits, 10);
    end = put(put(put(put(end, TEXT("\r\n\r\n")), start), middle), rest);
    answers_bytes = (size_t)(end - answers);
}

static void append_refusal(struct text status) {
    append_answer(status, TEXT("{\"message\":\""), status, TEXT("\",\"code\":\"refused\"}"));
}

// False when the connection was closed.
static bool flush_answers(int descriptor) {
    size_t count = answers_bytes;
    answers_bytes = 0;
    return count == 0 || connection_send(descriptor, answers, count);
}

// MARK: - Messages

// A counter in the shape of a UUID.
static char *put_identifier(char *to) {
    static uint64_t last;
    char *end = put(to, TEXT("00000000-0000-4000-8000-000000000000"));
    put_digits(end, ++last, 12, 16);
    return end;
}

// The time of day. Its text up to the seconds is made once a second.
static char *put_time(char *to) {
    static time_t second = -1;
    static char text[] = "2000-01-01T00:00:00.";
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second) {
        struct tm parts;
        second = now.tv_sec;
        gmtime_r(&second, &parts);
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &parts);
    }
    char *end = put(to, TEXT(text)) + 6;
    put_digits(end, (uint64_t)now.tv_nsec / 1000, 6, 10);
    return put(end, TEXT("Z"));
}

// Sends the message to each stream of its shop, and appends the answer to the request.
static void create_message(const struct create *create) {
    static char buffer[frame_header_bytes_max + message_bytes_max];
    char *message = buffer + frame_header_bytes_max, *end = message;
    end = put_identifier(put(end, TEXT("{\"id\":\"")));
    end = put(put(end, TEXT("\",\"shop_id\":\"")), create->shop_id);
    end = put(put(end, TEXT("\",\"user_id\":\"floor\",\"message\":\"")), create->message);
    end = put_time(put(end, TEXT("\",\"created_at\":\"")));
    end = put(end, TEXT("\",\"updated_at\":null,\"is_edited\":false,\"parent_id\":null}"));
    struct text text = {message, (size_t)(end - message)};
    char *frame = frame_header_before(message, opcode_text, text.count);
    uint32_t number = shop_find(create->shop_id);
    if (number != shop_unknown) {
        const struct shop *shop = shop_at(number);
        // Backwards: a stream that is closed here leaves its place to the last one.
        for (uint32_t place = shop->stream_count; place-- > 0;) {
            connection_send((int)shop->streams[place], frame, (size_t)(end - frame));
        }
    }
    append_answer(
        TEXT("201 Created"), TEXT("{\"status\":201,\"message\":\"Message created\",\"data\":"), text, TEXT("}"));
}

// MARK: - Requests

// The shop of a stream's path; empty when it is another path.
static struct text shop_of_stream(struct text path) {
    static const char start[] = "/api/v1/shops/", end[] = "/messages/stream";
    const size_t start_bytes = sizeof start - 1, end_bytes = sizeof end - 1;
    const char *query = memchr(path.bytes, '?', path.count);
    if (query) path.count = (size_t)(query - path.bytes);
    struct text shop = {path.bytes + start_bytes, path.count - start_bytes - end_bytes};
    bool is_stream = path.count > start_bytes + end_bytes && memcmp(path.bytes, start, start_bytes) == 0 &&
                     memcmp(path.bytes + path.count - end_bytes, end, end_bytes) == 0 &&
                     !memchr(shop.bytes, '/', shop.count) && !memchr(shop.bytes, '%', shop.count);
    return is_stream ? shop : (struct text){path.bytes, 0};
}

// Opens the stream, or appends a refusal.
static void open_stream(int descriptor, const struct request *request, struct text shop) {
    char accept[accept_bytes + 1];
    if (!request->asks_for_upgrade || !websocket_accept(request->websocket_key, accept)) {
        append_refusal(TEXT("400 Bad Request"));
    } else if (!request->is_websocket_13) {
        append_refusal(TEXT("426 Upgrade Required"));
    } else {
        char *end = put(
            answers + answers_bytes,
            TEXT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: "));
        end = put(put(end, (struct text){accept, accept_bytes}), TEXT("\r\n\r\n"));
        answers_bytes = (size_t)(end - answers);
        if (flush_answers(descriptor)) connection_subscribe(descriptor, shop);
    }
}

static void append_health(void) {
    char count[] = "0000000000";
    put_digits(count + sizeof count - 1, connection_stream_count(), sizeof count - 1, 10);
    const char *digits = count + strspn(count, "0");
    if (!*digits) digits--;
    append_answer(
        TEXT("200 OK"), TEXT("{\"status\":\"healthy\",\"active_connections\":"),
        (struct text){digits, strlen(digits)}, TEXT("}"));
}

static struct text rejection(long status) {
    switch (status) {
        case 413: return TEXT("413 Content Too Large");
        case 431: return TEXT("431 Request Header Fields Too Large");
        case 501: return TEXT("501 Not Implemented");
        default: return TEXT("400 Bad Request");
    }
}

// Takes a request from the bytes and handles it. Returns its length; 0 when it is incomplete, or negative when the
// connection has ended.
static long take_request(int descriptor, const char *bytes, size_t count) {
    struct request request;
    struct create create;
    long used = request_parse(bytes, count, &request);
    if (used == 0) return 0;
    if (used < 0) {
        append_refusal(rejection(-used));
        request.keeps_alive = false;
    } else if (text_equals(request.method, "POST") && text_equals(request.path, "/api/v1/shops/messages")) {
        if (create_parse(request.body, &create) && !memchr(create.shop_id.bytes, '\\', create.shop_id.count)) {
            create_message(&create);
        } else {
            append_refusal(TEXT("400 Bad Request"));
        }
    } else if (!text_equals(request.method, "GET")) {
        append_refusal(TEXT("405 Method Not Allowed"));
    } else if (shop_of_stream(request.path).count > 0) {
        open_stream(descriptor, &request, shop_of_stream(request.path));
    } else if (text_equals(request.path, "/healthz") || text_equals(request.path, "/api/v1/health/websocket")) {
        append_health();
    } else {
        append_refusal(TEXT("404 Not Found"));
    }
    bool has_room = sizeof answers - answers_bytes >= answer_bytes_max;
    if ((!request.keeps_alive || !has_room) && !flush_answers(descriptor)) return -1;
    if (request.keeps_alive) return connection_at(descriptor)->kind == connection_closed ? -1 : used;
    connection_finish(descriptor);
    return -1;
}

// MARK: - Frames

static void close_stream(int descriptor, const char *payload, size_t payload_bytes) {
    char buffer[frame_header_bytes_max + control_payload_bytes_max], *start = buffer + frame_header_bytes_max;
    memcpy(start, payload, payload_bytes);
    char *frame = frame_header_before(start, opcode_close, payload_bytes);
    if (connection_send(descriptor, frame, (size_t)(start + payload_bytes - frame))) connection_finish(descriptor);
}

// Like `take_request`, for a frame of a stream's client.
static long take_frame(int descriptor, char *bytes, size_t count) {
    struct waiting *waiting = connection_at(descriptor)->waiting;
    if (waiting && waiting->skipped_bytes > 0) {
        size_t dropped = count < waiting->skipped_bytes ? count : (size_t)waiting->skipped_bytes;
        waiting->skipped_bytes -= dropped;
        return (long)dropped;
    }
    struct client_frame frame;
    long used = client_frame_parse(bytes, count, &frame);
    if (used < 0) {
        close_stream(descriptor, "\x03\xea", 2);  // 1002
        return -1;
    }
    if (used == 0) return 0;
    if (frame.opcode == opcode_close) {
        close_stream(descriptor, frame.payload, (size_t)frame.payload_bytes);
        return -1;
    }
    if (frame.opcode == opcode_ping) {
        // The mask was before the payload: room enough for the header.
        char *pong = frame_header_before((char *)frame.payload, opcode_pong, (size_t)frame.payload_bytes);
        size_t pong_bytes = (size_t)(frame.payload - pong) + (size_t)frame.payload_bytes;
        return connection_send(descriptor, pong, pong_bytes) ? used : -1;
    }
    if (frame.opcode < opcode_close && frame.payload_bytes > 0) {
        connection_waiting(descriptor)->skipped_bytes = frame.payload_bytes;
    }
    return used;
}

// MARK: - The loop

static void keep_input(int descriptor, const char *bytes, size_t count) {
    struct waiting *waiting = count > 0 ? connection_waiting(descriptor) : connection_at(descriptor)->waiting;
    if (!waiting) return;
    if (count > 0) waiting->input = resized(waiting->input, count);
    if (count > 0) memcpy(waiting->input, bytes, count);
    waiting->input_bytes = count;
    connection_settle(descriptor);
}

static void readable(int descriptor) {
    const struct connection *connection = connection_at(descriptor);
    size_t count = connection->waiting ? connection->waiting->input_bytes : 0, offset = 0;
    if (count > 0) memcpy(receive_buffer, connection->waiting->input, count);
    ssize_t received = recv(descriptor, receive_buffer + count, sizeof receive_buffer - count, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0 || (connection->waiting && connection->waiting->closes_after_output)) {
        if (received <= 0) connection_close(descriptor);
        return;
    }
    count += (size_t)received;
    while (offset < count) {
        char *bytes = receive_buffer + offset;
        long used = connection_is_stream(connection) ? take_frame(descriptor, bytes, count - offset)
                                                     : take_request(descriptor, bytes, count - offset);
        if (used < 0) return;
        if (used == 0) break;
        offset += (size_t)used;
    }
    if (flush_answers(descriptor)) keep_input(descriptor, receive_buffer + offset, count - offset);
}

static void accept_waiting(int listener) {
    for (int number = 0; number < accepts_max; number++) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            connection_accepted(descriptor);
        } else if (errno == EMFILE || errno == ENFILE) {
            fputs("floor: no descriptors are left\n", stderr);
            exit(1);
        } else {
            return;
        }
    }
}

// Listens on `HOST:PORT` of loopback and prints the address; -1 when that fails.
static int listening(const char *address) {
    struct sockaddr_in name = {.sin_family = AF_INET};
    const char *colon = strrchr(address, ':');
    char host[INET_ADDRSTRLEN] = "";
    if (!colon || (size_t)(colon - address) >= sizeof host) return -1;
    memcpy(host, address, (size_t)(colon - address));
    name.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, host, &name.sin_addr) != 1 || ntohl(name.sin_addr.s_addr) >> 24 != 127) return -1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    socklen_t length = sizeof name;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    // Connections inherit it.
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&name, length) != 0 || listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, (struct sockaddr *)&name, &length) != 0)
        return -1;
    printf("listening on %s:%d\n", host, ntohs(name.sin_port));
    fflush(stdout);
    return listener;
}

int main(int count, char **arguments) {
    const char *address = count == 3 && strcmp(arguments[1], "-listen") == 0 ? arguments[2] : NULL;
    if (!address) {
        fputs("usage: floor -listen 127.0.0.1:PORT    of loopback only; port 0 picks one\n", stderr);
        return 2;
    }
    int epoll = connections_open(), listener = listening(address);
    struct epoll_event added = {.events = EPOLLIN, .data.fd = listener}, events[events_max];
    if (epoll < 0 || listener < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &added) != 0) {
        perror("floor");
        return 1;
    }
    // libcrypto loads its algorithms at the first use: not with the first stream.
    char accept[accept_bytes + 1];
    websocket_accept(TEXT("AAAAAAAAAAAAAAAAAAAAAA=="), accept);
    for (;;) {
        int ready = epoll_wait(epoll, events, events_max, -1);
        for (int index = 0; index < ready; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor == listener) {
                accept_waiting(listener);
                continue;
            }
            // What closed a connection earlier in this turn left its events behind.
            if (connection_at(descriptor)->kind == connection_closed) continue;
            if (events[index].events & EPOLLOUT) connection_writable(descriptor);
            if (connection_at(descriptor)->kind == connection_closed) continue;
            if (events[index].events & ~(uint32_t)EPOLLOUT) readable(descriptor);
        }
    }
}
