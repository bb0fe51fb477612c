// The body of a create.
#pragma once

#include "request.h"

struct create {
    // The characters between the quotes, with their escapes: a message is passed on as it was written.
    struct text shop_id, message;
};

// Reads the object in one pass; false when it is no JSON, or lacks one of the two.
bool create_parse(struct text body, struct create *create);
