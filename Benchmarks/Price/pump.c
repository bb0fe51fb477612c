// Opens streams and posts messages with as little work of its own as possible, so that a server on the other processor
// is at its limit before it. One thread around epoll; pump.py gives it commands and reads the results.
//
// usage: pump PORT FILE
//   FILE has a line `SHOP TOKEN` for each stream. Commands, a line each on the standard input:
//   open COUNT OPENING PACE               opens COUNT more streams, at most OPENING at a time and PACE a second (0: as
//                                         fast as they go)
//   post SECONDS CONNECTIONS BYTES TOKEN  posts messages to the shops of the open streams in turn: each connection has
//                                         one request in flight
//   Each is answered by a line of JSON. The end of the input ends the process, and with it all streams.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    events_max = 512,
    receive_bytes = 256 << 10,
    request_bytes_max = 20 << 10,
    answer_bytes_max = 40 << 10,
    // Connects between two looks at the sockets. Without a limit, a pump that is behind its pace connects for seconds
    // before it sends the first head, and the server closes connections that send none in time.
    connect_burst_max = 64,
    // Streams of one source address. The kernel first tries every other port of its range, 14,116 by default. After
    // the last of these, a connect takes tens of times as long.
    streams_per_address_max = 10000,
    // How long the last deliveries may take.
    drain_milliseconds = 2000,
};

enum phase { phase_closed, phase_connecting, phase_upgrading, phase_open, phase_posting };

struct connection {
    enum phase phase;
    // The number of the stream, or of the posting connection.
    uint32_t number;
    // What is left of the payload of a frame; the header of the next one, as far as it has come.
    uint64_t payload_left;
    uint8_t header[10], header_bytes, opcode;
};

struct poster {
    int descriptor;
    uint32_t next_shop;
    size_t answer_bytes;
    char *answer;
};

static struct connection *connections;
static char **lines;
static uint32_t line_count, opened_count, opening_count, failed_count;
static struct poster *posters;
static uint32_t poster_count, busy_poster_count;
static char **requests;
static uint64_t answered_count, refused_count, delivered_count;
static bool is_posting;
// Of the first stream that failed or message that was refused.
static char reason[64];
static int epoll;
static struct sockaddr_in server = {.sin_family = AF_INET};
static char buffer[receive_bytes];

static void stop(const char *why) {
    fprintf(stderr, "pump: %s\n", why);
    exit(1);
}

// After a call that set errno.
static void fail(const char *call) {
    fprintf(stderr, "pump: %s: %s\n", call, strerror(errno));
    exit(1);
}

static void *allocated(size_t count, size_t bytes) {
    void *memory = calloc(count, bytes);
    if (!memory) fail("memory");
    return memory;
}

static double seconds_of(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void watch(int descriptor, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    if (epoll_ctl(epoll, operation, descriptor, &event) != 0) fail("epoll_ctl");
}

// Requests and control frames are shorter than a socket's buffer.
static void send_all(int descriptor, const char *bytes, size_t count) {
    if (send(descriptor, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) fail("send");
}

// Keeps the status line of an answer, or another reason, if it is the first.
static void keep_reason(const char *text, size_t count) {
    if (reason[0]) return;
    for (size_t index = 0; index < count && index < sizeof reason - 1; index++) {
        if (text[index] < ' ' || strchr("\"\\", text[index])) break;
        reason[index] = text[index];
    }
}

static int connect_to_server(enum phase phase, uint32_t number) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    if (descriptor < 0) fail("socket");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number / streams_per_address_max);
    setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (bind(descriptor, (struct sockaddr *)&source, sizeof source) != 0) fail("bind");
    if (connect(descriptor, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS) fail("connect");
    connections[descriptor] = (struct connection){.phase = phase, .number = number};
    watch(descriptor, EPOLL_CTL_ADD, EPOLLOUT);
    return descriptor;
}

static void ended(int descriptor) {
    static const char *const texts[] = {"", "while it connected", "while it was upgraded", "while it was open", ""};
    struct connection *connection = &connections[descriptor];
    if (connection->phase == phase_posting) stop("the server ended a posting connection");
    if (connection->phase == phase_open) {
        opened_count--;
    } else {
        opening_count--;
    }
    failed_count++;
    keep_reason(texts[connection->phase], strlen(texts[connection->phase]));
    connection->phase = phase_closed;
    close(descriptor);
}

// MARK: - Streams

static void connected(int descriptor) {
    struct connection *connection = &connections[descriptor];
    char request[2048], *line = lines[connection->number], *space = strchr(line, ' ');
    int count = snprintf(
        request, sizeof request,
        "GET /api/v1/shops/%.*s/messages/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Authorization: Bearer %s\r\n\r\n",
        (int)(space - line), line, space + 1);
    watch(descriptor, EPOLL_CTL_MOD, EPOLLIN);
    connection->phase = phase_upgrading;
    if (send(descriptor, request, (size_t)count, MSG_NOSIGNAL) != count) ended(descriptor);
}

static void pong(int descriptor, const char *payload, size_t count) {
    char frame[2 + 4 + 125] = {(char)0x8a, (char)(0x80 | count)};
    memcpy(frame + 6, payload, count);
    send_all(descriptor, frame, 6 + count);
}

// Counts the messages in the bytes of an open stream.
static void count_frames(int descriptor, const char *bytes, size_t count) {
    struct connection *stream = &connections[descriptor];
    size_t offset = 0;
    while (offset < count || (stream->payload_left == 0 && stream->opcode != 0)) {
        if (stream->payload_left > 0 || stream->opcode != 0) {
            size_t step = count - offset < stream->payload_left ? count - offset : (size_t)stream->payload_left;
            // A ping of this server is whole, as it is short and the only one.
            if (stream->opcode == 9 && step == stream->payload_left) pong(descriptor, bytes + offset, step);
            offset += step;
            stream->payload_left -= step;
            if (stream->payload_left > 0) return;
            if (stream->opcode == 1) delivered_count++;
            stream->opcode = 0;
            continue;
        }
        stream->header[stream->header_bytes++] = (uint8_t)bytes[offset++];
        uint8_t kind = stream->header_bytes > 1 ? stream->header[1] : 0;
        uint8_t length_bytes = kind == 127 ? 8 : kind == 126 ? 2 : 0;
        if (stream->header_bytes < 2 + length_bytes) continue;
        stream->payload_left = length_bytes == 0 ? kind : 0;
        for (int index = 0; index < length_bytes; index++) {
            stream->payload_left = stream->payload_left << 8 | stream->header[2 + index];
        }
        stream->opcode = stream->header[0] & 0x0f;
        stream->header_bytes = 0;
    }
}

static void stream_received(int descriptor, size_t count) {
    struct connection *stream = &connections[descriptor];
    if (stream->phase == phase_open) {
        count_frames(descriptor, buffer, count);
        return;
    }
    const char *end = memmem(buffer, count, "\r\n\r\n", 4);
    if (!end || memcmp(buffer, "HTTP/1.1 101", 12) != 0) {
        keep_reason(buffer, count);
        ended(descriptor);
        return;
    }
    stream->phase = phase_open;
    opening_count--;
    opened_count++;
    size_t head_bytes = (size_t)(end + 4 - buffer);
    count_frames(descriptor, buffer + head_bytes, count - head_bytes);
}

// MARK: - Posting

static void post(struct poster *poster) {
    const char *request = requests[poster->next_shop];
    poster->next_shop = (poster->next_shop + poster_count) % opened_count;
    send_all(poster->descriptor, request, strlen(request));
}

static void answer_received(struct poster *poster, size_t count) {
    if (poster->answer_bytes + count > answer_bytes_max) stop("an answer is too long");
    memcpy(poster->answer + poster->answer_bytes, buffer, count);
    poster->answer_bytes += count;
    poster->answer[poster->answer_bytes] = 0;
    const char *end = strstr(poster->answer, "\r\n\r\n");
    const char *length = end ? strcasestr(poster->answer, "\r\ncontent-length:") : NULL;
    if (!length || poster->answer + poster->answer_bytes < end + 4 + atol(length + 17)) return;
    if (memcmp(poster->answer, "HTTP/1.1 201", 12) == 0) {
        answered_count++;
    } else {
        refused_count++;
        keep_reason(poster->answer, poster->answer_bytes);
    }
    poster->answer_bytes = 0;
    if (is_posting) {
        post(poster);
    } else {
        busy_poster_count--;
    }
}

// MARK: - The loop

static void turn(int milliseconds) {
    struct epoll_event events[events_max];
    int ready = epoll_wait(epoll, events, events_max, milliseconds);
    for (int index = 0; index < ready; index++) {
        int descriptor = events[index].data.fd;
        struct connection *connection = &connections[descriptor];
        if (connection->phase == phase_closed) continue;
        if (connection->phase == phase_connecting) {
            if (events[index].events & (EPOLLERR | EPOLLHUP)) {
                ended(descriptor);
            } else {
                connected(descriptor);
            }
            continue;
        }
        if (events[index].events & EPOLLOUT) continue;
        ssize_t received = recv(descriptor, buffer, sizeof buffer, 0);
        if (received < 0 && errno == EAGAIN) continue;
        if (received <= 0) {
            ended(descriptor);
        } else if (connection->phase == phase_posting) {
            answer_received(&posters[connection->number], (size_t)received);
        } else {
            stream_received(descriptor, (size_t)received);
        }
    }
}

struct span {
    double wall, processor;
};

static struct span now(void) {
    return (struct span){seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
}

static void open_streams(uint32_t count, uint32_t opening_max, double pace) {
    static uint32_t begun_count;
    uint32_t first = begun_count, failed_before = failed_count;
    if (count > line_count - first) count = line_count - first;
    struct span start = now();
    while (begun_count - first < count || opening_count > 0) {
        double due = pace > 0 ? (seconds_of(CLOCK_MONOTONIC) - start.wall) * pace + 1 : count;
        for (int burst = 0; burst < connect_burst_max; burst++) {
            if (begun_count - first == count || opening_count >= opening_max || begun_count - first >= due) break;
            opening_count++;
            connect_to_server(phase_connecting, begun_count++);
        }
        turn(begun_count - first < count && opening_count < opening_max ? 1 : 100);
        if (seconds_of(CLOCK_MONOTONIC) - start.wall > 300) stop("streams do not open");
    }
    struct span end = now();
    printf(
        "{\"opened\":%u,\"failed\":%u,\"reason\":\"%s\",\"seconds\":%.6f,\"processorSeconds\":%.6f}\n",
        opened_count, failed_count - failed_before, reason, end.wall - start.wall, end.processor - start.processor);
}

static void make_requests(uint32_t text_bytes, const char *token) {
    char *text = allocated(1, text_bytes + 1);
    memset(text, 'x', text_bytes);
    requests = allocated(opened_count, sizeof *requests);
    for (uint32_t number = 0; number < opened_count; number++) {
        int shop_bytes = (int)strcspn(lines[number], " ");
        char body[request_bytes_max];
        int count = snprintf(
            body, sizeof body, "{\"shop_id\":\"%.*s\",\"message\":\"%s\"}", shop_bytes, lines[number], text);
        int made = asprintf(
            &requests[number],
            "POST /api/v1/shops/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
            token, count, body);
        if (made < 0) fail("memory");
    }
    free(text);
}

static void open_posters(uint32_t count) {
    posters = allocated(count, sizeof *posters);
    poster_count = count;
    for (uint32_t number = 0; number < count; number++) {
        struct poster *poster = &posters[number];
        poster->answer = allocated(1, answer_bytes_max + 1);
        poster->next_shop = number % opened_count;
        poster->descriptor = connect_to_server(phase_posting, number);
        // The handshake with a listener of loopback ends at once.
        watch(poster->descriptor, EPOLL_CTL_MOD, EPOLLIN);
    }
}

static void post_messages(double seconds, uint32_t count, uint32_t text_bytes, const char *token) {
    if (opened_count == 0 || count == 0 || text_bytes > request_bytes_max / 2) stop("nothing to post to");
    if (!requests) make_requests(text_bytes, token);
    if (!posters) open_posters(count);
    answered_count = refused_count = delivered_count = 0;
    is_posting = true;
    busy_poster_count = poster_count;
    struct span start = now();
    for (uint32_t number = 0; number < poster_count; number++) post(&posters[number]);
    while (seconds_of(CLOCK_MONOTONIC) - start.wall < seconds) turn(100);
    is_posting = false;
    double end = seconds_of(CLOCK_MONOTONIC) + drain_milliseconds / 1e3;
    while (busy_poster_count > 0 && seconds_of(CLOCK_MONOTONIC) < end) turn(100);
    // The last answer ends what is measured. The last deliveries may still be on their way.
    struct span last = now();
    while (delivered_count < answered_count && seconds_of(CLOCK_MONOTONIC) < end) turn(100);
    printf(
        "{\"answered\":%lu,\"refused\":%lu,\"delivered\":%lu,\"reason\":\"%s\",\"seconds\":%.6f,"
        "\"processorSeconds\":%.6f}\n",
        answered_count, refused_count, delivered_count, reason, last.wall - start.wall,
        last.processor - start.processor);
}

static void read_lines(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    char *line = NULL;
    size_t capacity = 0, line_capacity = 0;
    for (ssize_t count; (count = getline(&line, &capacity, file)) > 0;) {
        if (line_count == line_capacity) {
            line_capacity = line_capacity * 2 + 1024;
            lines = realloc(lines, line_capacity * sizeof *lines);
            if (!lines) fail("memory");
        }
        line[strcspn(line, "\n")] = 0;
        if (!strchr(line, ' ')) stop("a line has no token");
        lines[line_count++] = strdup(line);
    }
    free(line);
    fclose(file);
}

// Answers pings until a command comes. False at the end of the input.
static bool read_command(char *line, int capacity) {
    watch(STDIN_FILENO, EPOLL_CTL_MOD, EPOLLIN);
    for (;;) {
        fd_set input;
        struct timeval zero = {0};
        FD_ZERO(&input);
        FD_SET(STDIN_FILENO, &input);
        if (select(STDIN_FILENO + 1, &input, NULL, NULL, &zero) > 0) break;
        turn(1000);
    }
    watch(STDIN_FILENO, EPOLL_CTL_MOD, 0);
    return fgets(line, capacity, stdin) != NULL;
}

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: pump PORT FILE\n", stderr);
        return 2;
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    connections = allocated(limit.rlim_max, sizeof *connections);
    server.sin_port = htons((uint16_t)atoi(arguments[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    read_lines(arguments[2]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    setvbuf(stdin, NULL, _IONBF, 0);
    watch(STDIN_FILENO, EPOLL_CTL_ADD, 0);
    char line[2048], token[1024];
    while (read_command(line, sizeof line)) {
        unsigned number, opening, text_bytes;
        double pace, seconds;
        if (sscanf(line, "open %u %u %lf", &number, &opening, &pace) == 3) {
            open_streams(number, opening, pace);
        } else if (sscanf(line, "post %lf %u %u %1023s", &seconds, &number, &text_bytes, token) == 4) {
            post_messages(seconds, number, text_bytes, token);
        } else {
            stop("no such command");
        }
        fflush(stdout);
    }
    return 0;
}
