/// All settings, in the order of the table in Sources/Server/README.md.
///
/// To add one: a row here; the same row in Sources/Server/README.md, which `SettingTests` compares and prints when it
/// differs; a property of `ServerConfiguration`; and the line that reads it in `ConfigurationReader.swift`, without a
/// default there when the row has a `.value`. The reader traps on a name that has no row. One with `.reloadable` also
/// needs the line in `Shard.change` or `ShopstreamServer.reloadSettings` that applies it. The variable, the key of the
/// configuration file and `NAME_FILE` of a secret follow from the row.
extension Setting {
    static let all: [Setting] = [
        Setting(
            "SHOPSTREAM_CONFIG", flag: "--config", is: [.notInFile], .none,
            "file of settings, read at start and on SIGHUP: see [Configuration file](#configuration-file)"),
        Setting(
            "SHOPSTREAM_MODE", .value("development"),
            """
            `development` or `production`. Production requires an origin list, and a secret of at least 32 bytes where \
            a secret is used; it refuses `SHOPSTREAM_DEMO`
            """),
        Setting(
            "SHOPSTREAM_LISTEN", flag: "--listen", .value("127.0.0.1:8080"),
            "IP address and port of the public listener"),
        Setting(
            "SHOPSTREAM_TLS_CERTIFICATE", .none,
            """
            file of the certificate and its chain (PEM), the server's own first. The public listener then speaks TLS \
            only. The files are read again on SIGHUP, and within 5 s when they changed; open connections go on. See \
            [TLS](#tls)
            """),
        Setting("SHOPSTREAM_TLS_KEY", .none, "file of the certificate's key (PEM), without a passphrase"),
        Setting(
            "SHOPSTREAM_TLS_DIRECTORY", .none,
            """
            directory with further certificates: pairs `NAME.crt`, `NAME.key`. A client gets the one that has the \
            server name it asks for, or else that of `SHOPSTREAM_TLS_CERTIFICATE`, or else the first by file name
            """),
        Setting(
            "SHOPSTREAM_LISTEN_PLAIN", .none,
            """
            IP address and port of a second public listener, without TLS. Production mode allows loopback addresses \
            only
            """),
        Setting(
            "SHOPSTREAM_METRICS_LISTEN", .none,
            """
            IP address and port of a separate listener for `/metrics`, `/healthz` and `/readyz`. The public listener \
            then answers `/metrics` with 404. Every client that reaches the address can read the metrics
            """),
        Setting(
            "SHOPSTREAM_ADMIN_SECRET", is: [.secret, .reloadable], .none,
            """
            enables the live view, whose requests carry it as their token: 16 to 256 visible characters of ASCII. \
            Without it the server has no `/admin`. See [Live view](#live-view)
            """),
        Setting(
            "SHOPSTREAM_STORE", flag: "--store", is: [.secretURI], .value("sqlite:shopstream.sqlite"),
            "`sqlite:PATH`; `postgres://USER@HOST/NAME`, see [PostgreSQL](#postgresql); or `memory:`, for benchmarks"),
        Setting(
            "SHOPSTREAM_POSTGRES_CONNECTIONS", .computed("two per reactor"),
            """
            connections of the node to PostgreSQL, the same number for each reactor and at least one. The node takes \
            at most half of the database's `max_connections`, unless one per reactor needs more. One more connection \
            listens for changes. A reactor with several connections keeps one in three, at least one, for reads
            """),
        Setting(
            "SHOPSTREAM_POSTGRES_SHARED", .value("false"),
            """
            several nodes use the same database, and each notifies the others of its messages. This costs throughput: \
            see [Several nodes](#several-nodes)
            """),
        Setting(
            "SHOPSTREAM_REACTORS", flag: "--reactors", .computed("one per core"),
            "reactor threads, each with its own ring"),
        Setting(
            "SHOPSTREAM_DRIVER", .value("auto"),
            """
            how reactors do their I/O: `uring`, `epoll`, or `auto` for io_uring where the kernel has and allows it, else \
            epoll. See [Drivers](#drivers)
            """),
        Setting(
            "SHOPSTREAM_MEMBERS", flag: "--members", .none,
            "file with lines of `shop_id,user_id,role`, read at start and on SIGHUP"),
        Setting(
            "SHOPSTREAM_LOG_LEVEL", flag: "--log-level", is: [.reloadable], .value("info"),
            """
            `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`. The log goes to standard error, one \
            line per event
            """),
        Setting(
            "SHOPSTREAM_LOG_FORMAT", is: [.reloadable], .computed("`text` on a terminal, else `json`"),
            "`json`, `logfmt` or `text`. On a terminal text has colours"),
        Setting(
            "OTEL_EXPORTER_OTLP_ENDPOINT", .none,
            "URL of a collector, such as `http://127.0.0.1:4318`, to which traces are exported. See [Traces](#traces)"),
        Setting(
            "OTEL_EXPORTER_OTLP_HEADERS", is: [.secret], .none,
            """
            fields of the requests to the collector, such as `authorization=Bearer%20TOKEN`: `NAME=VALUE`, separated \
            by commas, the values percent-encoded
            """),
        Setting("OTEL_SERVICE_NAME", .value("shopstream"), "the name under which the collector shows the traces"),
        Setting(
            "OTEL_TRACES_SAMPLER_ARG", .value("0.01"),
            """
            the part of the traces that is recorded, from 0 to 1, of those that begin at the server \
            (`parentbased_traceidratio`)
            """),
        Setting(
            "SHOPSTREAM_TAKEOVER", flag: "--takeover", .value("false"),
            """
            start although another server listens on the address or uses the store, and replace it: see \
            [Upgrades](#upgrades)
            """),
        Setting(
            "SHOPSTREAM_DRAIN_DELAY_SECONDS", is: [.reloadable], .value("0"),
            """
            seconds for which the server goes on to serve after SIGTERM while `/readyz` answers 503: time for a load \
            balancer to notice. 15 is usual behind one. See [Stop](#signals)
            """),
        Setting(
            "SHOPSTREAM_DRAIN_WINDOW_SECONDS", is: [.reloadable], .value("5"),
            """
            seconds over which streams then end, with 1012, so that their clients do not reconnect all at once. 0: all \
            at once, with 1001
            """),
        Setting("SHOPSTREAM_PIN_REACTORS", .value("false"), "bind each reactor to a processor"),
        Setting(
            "SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR", .computed("`RLIMIT_NOFILE`"),
            """
            connections of one reactor. The last 32 are closed after their response, so that probes still get through. \
            128 are reserved for streams that move between reactors
            """),
        Setting(
            "SHOPSTREAM_IMAGES", .computed("`FILE-images` beside the SQLite file, else `shopstream-images`"),
            "directory of uploaded images. The server does not start when it cannot write there"),
        Setting("SHOPSTREAM_PUBLIC_URL", .none, "prefix of the paths in image URLs, such as `https://chat.example`"),
        Setting(
            "SHOPSTREAM_IMAGE_URLS", .value("members"),
            """
            `members`: an image needs a member's token. `signed`: image URLs in responses and frames are absolute and \
            need no token for a day, as image widgets send none; requires `SHOPSTREAM_PUBLIC_URL`. The key is the file \
            `.signing-key` in the image directory
            """),
        Setting(
            "SHOPSTREAM_ORPHAN_IMAGE_SECONDS", .value("86400"),
            "seconds after which the server removes an image that no message refers to"),
        Setting(
            "SHOPSTREAM_LIST_MAX_MESSAGES", is: [.reloadable], .value("10000"),
            "messages in one list. `has_more` says that there are more"),
        Setting("SHOPSTREAM_MAX_TEXT_BYTES", is: [.reloadable], .value("16384"), "bytes of a message's text"),
        Setting(
            "SHOPSTREAM_DEMO", flag: "--demo", .value("false"),
            "enables the demo shop, its page and an unauthenticated token endpoint. Do not use in production"),
        Setting(
            "SHOPSTREAM_KEEP_ALIVE_SECONDS", is: [.reloadable], .value("75"),
            """
            seconds that a connection may be idle between requests, 5 to 3600. Behind a proxy that keeps connections, \
            longer than the proxy does. A reload applies it to new connections
            """),
        Setting(
            "SHOPSTREAM_MAX_CONNECTIONS_PER_ADDRESS", is: [.reloadable], .value("0"),
            """
            connections of one client address over all reactors, requests and streams together. 0: no limit. Trusted \
            proxies have no limit
            """),
        Setting(
            "SHOPSTREAM_MAX_READS_PER_USER", is: [.reloadable], .value("8"),
            """
            lists, pages and images of one user in flight, over all reactors; the next one gets 429. 0: no limit, also \
            in the next four rows
            """),
        Setting(
            "SHOPSTREAM_MAX_UPLOADS_PER_USER", is: [.reloadable], .value("2"), "uploads of one user in flight"),
        Setting(
            "SHOPSTREAM_WRITES_PER_SECOND", is: [.reloadable], .value("20"),
            "messages that one user may create, edit and delete per second, on average"),
        Setting(
            "SHOPSTREAM_WRITES_BURST", is: [.reloadable], .value("60"),
            "messages that one user may create, edit and delete at once after a pause. Refused requests do not count"),
        Setting(
            "SHOPSTREAM_UPLOAD_BYTES_PER_HOUR", is: [.reloadable], .value("104857600"),
            "bytes of images that one user may store within an hour. A byte may count for five minutes longer"),
        Setting(
            "SHOPSTREAM_TRUSTED_PROXIES", is: [.list, .reloadable], .none,
            """
            proxies whose `X-Forwarded-For` gives the client's address: addresses and networks (CIDR), separated by \
            commas. The server reads the field from the right, past trusted proxies. Limits per address count IPv6 by \
            /64
            """),
        Setting(
            "SHOPSTREAM_ROUTE_PREFIXES", is: [.list], .value("/api/v1"),
            """
            comma-separated. Every client route is served under each prefix; probes, metrics, the description and the \
            demo page have no prefix. An image's URL has the prefix of its upload
            """),
        Setting(
            "SHOPSTREAM_AUTHOR_KEY", .value("username"),
            "key of the author's name in messages: `username` or `author_username`. See `WEBSOCKET_INCLUDE_USERNAME`"),
        Setting(
            "SHOPSTREAM_UPDATED_AT_ON_CREATE", .value("null"),
            "`updated_at` of a message that was never edited: `null`, or `created` for its creation time"),
        Setting(
            "AUTH_JWT_SECRET", is: [.secret, .reloadable], .none,
            "secret for HS256; at least 32 bytes in production. See [Secrets](#secrets)"),
        Setting(
            "AUTH_JWKS_FILE", .none,
            """
            file of keys (JWKS) for RS256, ES256 and EdDSA; with a secret or without. The server reads it again every \
            15 s, and at most every 10 s when a token names an unknown key. All reactors change to the new keys \
            together, for new requests; an open stream ends with its token. Production mode also requires \
            `AUTH_JWT_ISSUER` and `AUTH_JWT_AUDIENCE`
            """),
        Setting(
            "AUTH_JWKS_URL", .none,
            """
            URL of the issuer's keys (JWKS), instead of a file: `https`, or `http` on this machine. The server fetches \
            them again when `max-age` of the answer's `Cache-Control` is over, after 15 s at least and a day at most; \
            after 45 s without it; and at most every 10 s when a token names an unknown key. See \
            [Keys of the issuer](#keys-of-the-issuer)
            """),
        Setting("AUTH_JWT_ISSUER", .none, "a token's `iss` must equal it, when set"),
        Setting("AUTH_JWT_AUDIENCE", .none, "a token's `aud` must contain it, when set"),
        Setting("WEBSOCKET_ENABLED", .value("true"), "`false` removes the stream and leaves REST"),
        Setting(
            "WEBSOCKET_ALLOWED_ORIGINS", is: [.list, .reloadable], .none,
            """
            comma-separated list of serialised origins (`https://app.example`, `capacitor://localhost`, `null`), \
            compared without a default port. Empty allows all origins, in development only
            """),
        Setting(
            "WEBSOCKET_PING_PERIOD_SECONDS", .value("54"),
            "seconds between two pings of a stream; at most 0.4 % less, as a reactor sends its pings in rounds"),
        Setting(
            "WEBSOCKET_PONG_WAIT_SECONDS", .value("60"),
            "seconds without a pong after which the server closes a stream"),
        Setting("WEBSOCKET_WRITE_WAIT_SECONDS", .value("10"), "seconds that a write may take"),
        Setting(
            "WEBSOCKET_MAX_CONNECTIONS_PER_USER", is: [.reloadable], .value("5"),
            "streams of one user, over all shops"),
        Setting(
            "WEBSOCKET_OVER_LIMIT", is: [.reloadable], .value("refuse"),
            """
            what a user's stream over that limit does: `refuse` answers it with 429, `replace` closes the user's \
            oldest stream with 4409
            """),
        Setting(
            "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE", is: [.reloadable], .value("10"),
            """
            attempts of one user to open a stream. Attempts without a valid token count by address, with ten times \
            this limit (255 at most). 0: no limit
            """),
        Setting(
            "WEBSOCKET_MAX_MESSAGE_BYTES", is: [.reloadable], .value("524288"),
            "bytes of a WebSocket message from a client. A larger one closes the stream with 1009"),
        Setting(
            "WEBSOCKET_SEND_BUFFER_MESSAGES", .value("256"),
            "messages that may be pending for a slow client. One more closes the stream with 4408"),
        Setting(
            "WEBSOCKET_INCLUDE_USERNAME", .value("false"),
            "adds the author's name to messages, under the key `SHOPSTREAM_AUTHOR_KEY`"),
        Setting(
            "WEBSOCKET_READ_BUFFER_SIZE", .value("1024"),
            """
            accepted for earlier deployments. Receive buffers are shared by all connections of a reactor and hold at \
            least 4,096 bytes
            """),
        Setting(
            "WEBSOCKET_WRITE_BUFFER_SIZE", .value("1024"),
            "accepted for earlier deployments, without effect: there is no write buffer"),
    ]
}
