#include "json.h"

#include <string.h>

enum { nesting_max = 32 };

struct scanner {
    const unsigned char *next, *end;
};

static bool scan_value(struct scanner *scanner, int nesting);

static void skip_space(struct scanner *scanner) {
    while (scanner->next < scanner->end) {
        switch (*scanner->next) {
            case ' ': case '\t': case '\n': case '\r': scanner->next++; break;
            default: return;
        }
    }
}

static bool take(struct scanner *scanner, char character) {
    skip_space(scanner);
    if (scanner->next == scanner->end || *scanner->next != (unsigned char)character) return false;
    scanner->next++;
    return true;
}

static bool is_hexadecimal(unsigned char byte) {
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

// `next` is after a backslash.
static bool scan_escape(struct scanner *scanner) {
    if (scanner->next == scanner->end) return false;
    unsigned char kind = *scanner->next++;
    if (kind != 'u') return kind != 0 && strchr("\"\\/bfnrt", kind) != NULL;
    if (scanner->end - scanner->next < 4) return false;
    for (int digit = 0; digit < 4; digit++) {
        if (!is_hexadecimal(*scanner->next++)) return false;
    }
    return true;
}

static bool scan_string(struct scanner *scanner, struct text *text) {
    if (!take(scanner, '"')) return false;
    const unsigned char *start = scanner->next;
    while (scanner->next < scanner->end) {
        unsigned char byte = *scanner->next++;
        if (byte == '"') {
            *text = (struct text){(const char *)start, (size_t)(scanner->next - 1 - start)};
            return true;
        }
        if (byte < 0x20 || (byte == '\\' && !scan_escape(scanner))) return false;
    }
    return false;
}

static bool scan_digits(struct scanner *scanner) {
    const unsigned char *start = scanner->next;
    while (scanner->next < scanner->end && *scanner->next >= '0' && *scanner->next <= '9') scanner->next++;
    return scanner->next > start;
}

static bool scan_number(struct scanner *scanner) {
    if (*scanner->next == '-') scanner->next++;
    const unsigned char *start = scanner->next;
    if (!scan_digits(scanner) || (*start == '0' && scanner->next - start > 1)) return false;
    if (scanner->next < scanner->end && *scanner->next == '.') {
        scanner->next++;
        if (!scan_digits(scanner)) return false;
    }
    if (scanner->next < scanner->end && (*scanner->next | 0x20) == 'e') {
        scanner->next++;
        if (scanner->next < scanner->end && (*scanner->next == '+' || *scanner->next == '-')) scanner->next++;
        return scan_digits(scanner);
    }
    return true;
}

static bool scan_word(struct scanner *scanner, const char *word) {
    size_t count = strlen(word);
    if ((size_t)(scanner->end - scanner->next) < count || memcmp(scanner->next, word, count) != 0) return false;
    scanner->next += count;
    return true;
}

// The members of an object or the elements of an array; `next` is after the opening bracket.
static bool scan_members(struct scanner *scanner, bool is_object, int nesting) {
    char closing = is_object ? '}' : ']';
    struct text key;
    if (nesting > nesting_max) return false;
    if (take(scanner, closing)) return true;
    do {
        if (is_object && !(scan_string(scanner, &key) && take(scanner, ':'))) return false;
        if (!scan_value(scanner, nesting)) return false;
    } while (take(scanner, ','));
    return take(scanner, closing);
}

static bool scan_value(struct scanner *scanner, int nesting) {
    struct text text;
    skip_space(scanner);
    if (scanner->next == scanner->end) return false;
    switch (*scanner->next) {
        case '"': return scan_string(scanner, &text);
        case '{': scanner->next++; return scan_members(scanner, true, nesting + 1);
        case '[': scanner->next++; return scan_members(scanner, false, nesting + 1);
        case 't': return scan_word(scanner, "true");
        case 'f': return scan_word(scanner, "false");
        case 'n': return scan_word(scanner, "null");
        default: return scan_number(scanner);
    }
}

bool create_parse(struct text body, struct create *create) {
    struct scanner scanner = {(const unsigned char *)body.bytes, (const unsigned char *)body.bytes + body.count};
    *create = (struct create){0};
    if (!take(&scanner, '{')) return false;
    do {
        struct text key;
        if (!scan_string(&scanner, &key) || !take(&scanner, ':')) return false;
        bool is_read = text_equals(key, "shop_id")   ? scan_string(&scanner, &create->shop_id)
                       : text_equals(key, "message") ? scan_string(&scanner, &create->message)
                                                     : scan_value(&scanner, 0);
        if (!is_read) return false;
    } while (take(&scanner, ','));
    if (!take(&scanner, '}')) return false;
    skip_space(&scanner);
    return scanner.next == scanner.end && create->shop_id.count > 0 && create->message.count > 0;
}
