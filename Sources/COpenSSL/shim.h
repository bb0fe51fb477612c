// libssl and libcrypto of OpenSSL 3, and what Swift cannot import of it: macros that join other macros, and literals that stay.
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
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum {
    SHIM_PKEY_PUBLIC_KEY = EVP_PKEY_PUBLIC_KEY,
};

// An OSSL_PARAM_BLD keeps the pointers to names and texts that it is given: these stay where they are.
static const char *const SHIM_PARAM_RSA_N = OSSL_PKEY_PARAM_RSA_N;
static const char *const SHIM_PARAM_RSA_E = OSSL_PKEY_PARAM_RSA_E;
static const char *const SHIM_PARAM_GROUP_NAME = OSSL_PKEY_PARAM_GROUP_NAME;
static const char *const SHIM_PARAM_PUB_KEY = OSSL_PKEY_PARAM_PUB_KEY;
static const char *const SHIM_GROUP_P256 = "P-256";
static const char *const SHIM_MAC_PARAM_KEY = OSSL_MAC_PARAM_KEY;
static const char *const SHIM_MAC_PARAM_DIGEST = OSSL_MAC_PARAM_DIGEST;

enum {
    SHIM_BIO_RETRY_READ = BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY,
    SHIM_BIO_RETRY = BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY,
};

// Swift imports no macro that calls another.
static const uint64_t SHIM_SSL_OP_NO_RENEGOTIATION = SSL_OP_NO_RENEGOTIATION;
static const uint64_t SHIM_SSL_OP_NO_COMPRESSION = SSL_OP_NO_COMPRESSION;
static const uint64_t SHIM_SSL_OP_CIPHER_SERVER_PREFERENCE = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const uint64_t SHIM_SSL_OP_PRIORITIZE_CHACHA = SSL_OP_PRIORITIZE_CHACHA;
static const uint64_t SHIM_SSL_OP_IGNORE_UNEXPECTED_EOF = SSL_OP_IGNORE_UNEXPECTED_EOF;

// Macros over SSL_CTX_ctrl and its like.
static inline long shim_ssl_ctx_set_min_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}
static inline long shim_ssl_ctx_set_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_mode(context, mode); }
static inline long shim_ssl_ctx_set_session_cache_mode(SSL_CTX *context, long mode) {
    return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline long shim_ssl_ctx_set_groups(SSL_CTX *context, const char *groups) {
    return SSL_CTX_set1_groups_list(context, groups);
}
static inline long shim_ssl_ctx_set_server_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    return SSL_CTX_set_tlsext_servername_callback(context, callback);
}
static inline long shim_ssl_set_server_name(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name);
}
static inline long shim_ssl_set_message_argument(SSL *session, void *argument) {
    return SSL_set_msg_callback_arg(session, argument);
}

// The members of a STACK_OF are static inline functions with generated names.
static inline int shim_general_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline const GENERAL_NAME *shim_general_name(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}
// The text of a DNS name; NULL for any other kind of name.
static inline const ASN1_STRING *shim_dns_name(const GENERAL_NAME *name) {
    return name->type == GEN_DNS ? name->d.dNSName : NULL;
}

#endif
