// libcrypto of OpenSSL 3, and what Swift cannot import of it: macros that join other macros, and literals that stay.
#ifndef SHOPSTREAM_COPENSSL_H
#define SHOPSTREAM_COPENSSL_H

// Without the warnings about SHA1_* and SHA256_*. OpenSSL 3 deprecates them in favour of EVP, which keeps the state of
// a digest on the heap and looks up the algorithm by name; these keep it in a plain struct.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

enum {
    SHIM_PKEY_PUBLIC_KEY = EVP_PKEY_PUBLIC_KEY,
};

// An OSSL_PARAM_BLD keeps the pointers to names and texts that it is given: these stay where they are.
static const char *const SHIM_PARAM_RSA_N = OSSL_PKEY_PARAM_RSA_N;
static const char *const SHIM_PARAM_RSA_E = OSSL_PKEY_PARAM_RSA_E;
static const char *const SHIM_PARAM_GROUP_NAME = OSSL_PKEY_PARAM_GROUP_NAME;
static const char *const SHIM_PARAM_PUB_KEY = OSSL_PKEY_PARAM_PUB_KEY;
static const char *const SHIM_GROUP_P256 = "P-256";

#endif
