// What Swift cannot import of libpq: nothing but the field codes, which are characters there.
#ifndef SHOPSTREAM_CLIBPQ_H
#define SHOPSTREAM_CLIBPQ_H

#include <libpq-fe.h>
#include <postgres_ext.h>

enum {
    SHIM_DIAG_SQLSTATE = PG_DIAG_SQLSTATE,
    SHIM_DIAG_PRIMARY = PG_DIAG_MESSAGE_PRIMARY,
};

#endif
