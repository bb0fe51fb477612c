/// All settings, in the order of README's table.
///
/// To add one: a row here; the same row in README.md, which `SettingTests` compares and prints when it differs; a
/// property of `ServerConfiguration`; and the line that reads it in `ConfigurationReader.swift`, without a default there
/// when the row has a `.value`. The reader traps on a name that has no row.
extension Setting {
    static let all: [Setting] = [
        Setting(
            "SHOPSTREAM_MODE", .value("development"),
            "or `production`: an origin list and a secret of 32 bytes are then required"),
        Setting("SHOPSTREAM_LISTEN", flag: "--listen", .value("127.0.0.1:8080"), "address and port"),
        Setting(
            "SHOPSTREAM_METRICS_LISTEN", .none,
            """
            address and port of a listener of their own for `/metrics`, `/healthz` and `/readyz`; `/metrics` is then 404 \
            on the public one. Every client that reaches the address may read it
            """),
        Setting(
            "SHOPSTREAM_STORE", flag: "--store", .value("sqlite:shopstream.sqlite"),
            "`sqlite:PATH`; `postgres://USER@HOST/NAME`, see below; or `memory:` for benchmarks"),
        Setting(
            "SHOPSTREAM_POSTGRES_CONNECTIONS", .computed("two a reactor"),
            """
            to PostgreSQL, of the node: as many for each reactor, one at least, and no more than half of its \
            `max_connections` unless that is needed for one each; one more listens. A reactor with several \
            keeps one in three, at least one, for reads
            """),
        Setting(
            "SHOPSTREAM_POSTGRES_SHARED", .value("false"),
            "several nodes share the database: each tells the others of its messages, at a cost (below)"),
        Setting("SHOPSTREAM_REACTORS", flag: "--reactors", .computed("one a core"), "threads, each with its ring"),
        Setting("SHOPSTREAM_MEMBERS", flag: "--members", .none, "file of `shop_id,user_id,role` lines, read at start"),
        Setting(
            "SHOPSTREAM_LOG_LEVEL", flag: "--log-level", .value("info"),
            "logs go to standard error, one line an event"),
        Setting(
            "SHOPSTREAM_TAKEOVER", flag: "--takeover", .value("false"),
            """
            start although another server listens on the address or uses the store, and follow it: see \
            [Upgrades](#upgrades)
            """),
        Setting("SHOPSTREAM_PIN_REACTORS", .value("false"), "bind each reactor to a processor"),
        Setting(
            "SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR", .computed("`RLIMIT_NOFILE`"),
            """
            connections of one reactor; the last 32 answer and end, so that probes get through, and 128 are \
            kept for streams on their way between reactors
            """),
        Setting(
            "SHOPSTREAM_IMAGES", .computed("beside the SQLite file, else `shopstream-images`"),
            "directory of uploaded images; the server does not start when it cannot write there"),
        Setting("SHOPSTREAM_PUBLIC_URL", .none, "stands before the paths of image URLs"),
        Setting(
            "SHOPSTREAM_IMAGE_URLS", .value("members"),
            """
            or `signed`: image URLs in answers and frames are absolute and need no token for a day, as image widgets \
            send none; requires `SHOPSTREAM_PUBLIC_URL`. The key is the file `.signing-key` among the images
            """),
        Setting(
            "SHOPSTREAM_ORPHAN_IMAGE_SECONDS", .value("86400"),
            "an image that no message names is removed after as long"),
        Setting("SHOPSTREAM_LIST_MAX_MESSAGES", .value("10000"), "of one list; `has_more` says that there are more"),
        Setting("SHOPSTREAM_MAX_TEXT_BYTES", .value("16384"), "of a message's text"),
        Setting(
            "SHOPSTREAM_DEMO", flag: "--demo", .value("false"),
            "a demo shop, its page and tokens for everybody who asks: never in public"),
        Setting(
            "SHOPSTREAM_MAX_CONNECTIONS_PER_ADDRESS", .value("0"),
            "requests and streams together, over all reactors; 0: no limit; trusted proxies have none"),
        Setting(
            "SHOPSTREAM_MAX_READS_PER_USER", .value("8"),
            """
            lists, pages and images of a user in flight, over all reactors; 429 beyond; 0: no limit, here and in the \
            next four
            """),
        Setting("SHOPSTREAM_MAX_UPLOADS_PER_USER", .value("2"), "uploads of a user in flight"),
        Setting(
            "SHOPSTREAM_WRITES_PER_SECOND", .value("20"),
            "messages that a user creates, edits and deletes, on average …"),
        Setting(
            "SHOPSTREAM_WRITES_BURST", .value("60"), "… and at once after a pause; refused requests do not count"),
        Setting(
            "SHOPSTREAM_UPLOAD_BYTES_PER_HOUR", .value("104857600"),
            "bytes of images that a user stores within an hour (a byte counts for up to five minutes more)"),
        Setting(
            "SHOPSTREAM_TRUSTED_PROXIES", .none,
            """
            proxies whose `X-Forwarded-For` gives the client's address: addresses and networks (CIDR), \
            separated by commas. It is read from the right past trusted ones. Limits by address count IPv6 \
            by /64
            """),
        Setting(
            "SHOPSTREAM_ROUTE_PREFIXES", .value("/api/v1"),
            """
            comma-separated; all routes but those of probes and tools are served under each. An image's URL \
            has the prefix of its upload
            """),
        Setting(
            "SHOPSTREAM_AUTHOR_KEY", .value("username"),
            "the key of the author's name in messages, or `author_username`; see `WEBSOCKET_INCLUDE_USERNAME`"),
        Setting(
            "SHOPSTREAM_UPDATED_AT_ON_CREATE", .value("null"),
            "`updated_at` of a message that was never edited: `null`, or `created` for the time of its creation"),
        Setting("AUTH_JWT_SECRET", .none, "for HS256; at least 32 bytes in production"),
        Setting(
            "AUTH_JWKS_FILE", .none,
            """
            keys for RS256, ES256, EdDSA; beside a secret or alone. Read again every 15 s, and at most every 10 s when a \
            token names an unknown key; the keys of all reactors change together, for new requests (an open stream \
            ends with its token). Production mode also requires `AUTH_JWT_ISSUER` and `AUTH_JWT_AUDIENCE`
            """),
        Setting(
            "AUTH_JWKS_URL", .none,
            "refused: the server fetches no keys; renew a file and name it by `AUTH_JWKS_FILE`"),
        Setting("AUTH_JWT_ISSUER", .none, "checked when set"),
        Setting("AUTH_JWT_AUDIENCE", .none, "checked when set"),
        Setting("WEBSOCKET_ENABLED", .value("true"), "`false` leaves REST alone"),
        Setting(
            "WEBSOCKET_ALLOWED_ORIGINS", .none,
            """
            comma-separated; any serialised origin (`https://app.example`, `capacitor://localhost`, `null`), \
            compared without a default port; empty allows all, in development only
            """),
        Setting("WEBSOCKET_PING_PERIOD_SECONDS", .value("54"), "a ping is sent as often"),
        Setting("WEBSOCKET_PONG_WAIT_SECONDS", .value("60"), "without a pong for as long a stream is closed"),
        Setting("WEBSOCKET_WRITE_WAIT_SECONDS", .value("10"), "how long a write may take"),
        Setting("WEBSOCKET_MAX_CONNECTIONS_PER_USER", .value("5"), "across shops"),
        Setting(
            "WEBSOCKET_OVER_LIMIT", .value("refuse"),
            "a user's stream over that limit is refused (429), or with `replace` ends the user's oldest one (4409)"),
        Setting(
            "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE", .value("10"),
            "of a user, and ten times as many (255 at most) without a valid token of an address; 0: no limit"),
        Setting("WEBSOCKET_MAX_MESSAGE_BYTES", .value("524288"), "of a peer's WebSocket message; 1009 beyond"),
        Setting("WEBSOCKET_SEND_BUFFER_MESSAGES", .value("256"), "that may wait for a slow client; 4408 beyond"),
        Setting("WEBSOCKET_INCLUDE_USERNAME", .value("false"), "adds `username` to messages"),
        Setting(
            "WEBSOCKET_READ_BUFFER_SIZE", .value("1024"),
            """
            of earlier deployments: receive buffers are shared and hold a page at least, and there is no \
            write buffer
            """),
        Setting(
            "WEBSOCKET_WRITE_BUFFER_SIZE", .value("1024"),
            """
            of earlier deployments: receive buffers are shared and hold a page at least, and there is no \
            write buffer
            """),
    ]
}
