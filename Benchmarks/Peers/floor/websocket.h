// What a WebSocket server (RFC 6455) needs of the protocol.
#pragma once

#include "request.h"

#include <stdint.h>

enum {
    accept_bytes = 28,
    frame_header_bytes_max = 10,
    control_payload_bytes_max = 125,
};

enum opcode { opcode_text = 1, opcode_close = 8, opcode_ping = 9, opcode_pong = 10 };

// A client's frame, as far as it has come.
struct client_frame {
    enum opcode opcode;
    uint64_t payload_bytes;
    // Of a control frame only: unmasked, in the receive buffer.
    const char *payload;
};

// Writes the answer to a `Sec-WebSocket-Key`; false when it is no key.
bool websocket_accept(struct text key, char answer[accept_bytes + 1]);

// Writes the header of a server's frame so that it ends at `end`, and returns where it begins.
char *frame_header_before(char *end, enum opcode opcode, size_t payload_bytes);

// The number of bytes of the first frame in `bytes`: of a control frame all, of a data frame the header alone. 0 when
// they are incomplete, negative when the client violates the protocol.
long client_frame_parse(char *bytes, size_t count, struct client_frame *frame);
