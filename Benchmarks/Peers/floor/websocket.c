#include "websocket.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

enum { key_bytes = 24, mask_bytes = 4 };

bool websocket_accept(struct text key, char answer[accept_bytes + 1]) {
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char joined[key_bytes + sizeof suffix - 1], digest[SHA_DIGEST_LENGTH];
    if (key.count != key_bytes) return false;
    memcpy(joined, key.bytes, key_bytes);
    memcpy(joined + key_bytes, suffix, sizeof suffix - 1);
    SHA1(joined, sizeof joined, digest);
    EVP_EncodeBlock((unsigned char *)answer, digest, sizeof digest);
    return true;
}

char *frame_header_before(char *end, enum opcode opcode, size_t payload_bytes) {
    int length_bytes = payload_bytes < 126 ? 0 : payload_bytes < 65536 ? 2 : 8;
    char *start = end - 2 - length_bytes;
    start[0] = (char)(0x80 | opcode);
    start[1] = (char)(length_bytes == 0 ? payload_bytes : length_bytes == 2 ? 126 : 127);
    for (int index = 0; index < length_bytes; index++) {
        start[2 + index] = (char)(payload_bytes >> 8 * (length_bytes - 1 - index));
    }
    return start;
}

long client_frame_parse(char *bytes, size_t count, struct client_frame *frame) {
    if (count < 2) return 0;
    unsigned char first = (unsigned char)bytes[0], second = (unsigned char)bytes[1];
    bool is_control = (first & 0x08) != 0;
    // A client masks its frames, reserved bits mean nothing here, and control frames are short and whole.
    if (!(second & 0x80) || (first & 0x70)) return -1;
    if (is_control && (!(first & 0x80) || (second & 0x7f) > control_payload_bytes_max)) return -1;
    size_t length_bytes = (second & 0x7f) == 127 ? 8 : (second & 0x7f) == 126 ? 2 : 0;
    size_t header_bytes = 2 + length_bytes + mask_bytes;
    if (count < header_bytes) return 0;
    frame->opcode = first & 0x0f;
    frame->payload_bytes = length_bytes == 0 ? second & 0x7f : 0;
    for (size_t index = 0; index < length_bytes; index++) {
        frame->payload_bytes = frame->payload_bytes << 8 | (unsigned char)bytes[2 + index];
    }
    if (!is_control) return (long)header_bytes;
    if (count < header_bytes + frame->payload_bytes) return 0;
    char *payload = bytes + header_bytes;
    const char *mask = payload - mask_bytes;
    for (size_t index = 0; index < frame->payload_bytes; index++) payload[index] ^= mask[index % mask_bytes];
    frame->payload = payload;
    return (long)(header_bytes + frame->payload_bytes);
}
