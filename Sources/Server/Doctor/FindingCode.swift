/// All findings by their stable codes, which scripts read. Each check has a code for every outcome.
public enum FindingCode: String, Sendable, CaseIterable {
    /// A file in /proc cannot be read, so a check was left out.
    case factUnknown = "fact_unknown"

    /// The kernel is new enough.
    case kernelOK = "kernel_ok"
    /// The kernel is older than 6.7.
    case kernelTooOld = "kernel_too_old"
    /// The kernel is older than 6.12, which has time slices for threads.
    case timeSlicesMissing = "time_slices_missing"

    /// A ring like a reactor's could be created.
    case ringOK = "io_uring_ok"
    /// The kernel has no io_uring.
    case ringMissing = "io_uring_missing"
    /// `kernel.io_uring_disabled` forbids io_uring.
    case ringDisabled = "io_uring_disabled"
    /// A seccomp profile forbids io_uring.
    case ringForbidden = "io_uring_forbidden"
    /// The kernel's io_uring lacks an operation or a flag that the server needs.
    case ringTooOld = "io_uring_too_old"
    /// A limit of memory or descriptors is too low for a ring.
    case ringLimit = "io_uring_limit"
    /// A ring could not be created for another reason.
    case ringFailed = "io_uring_failed"
    /// epoll is chosen.
    case epollChosen = "epoll_chosen"
    /// `SHOPSTREAM_DRIVER` requires io_uring, which cannot be used.
    case driverUnavailable = "driver_unavailable"

    /// `RLIMIT_NOFILE` allows the streams.
    case descriptorsOK = "descriptors_ok"
    /// `RLIMIT_NOFILE` or the limit per reactor is too low for the streams.
    case descriptorsTooFew = "descriptors_too_few"
    /// `fs.file-max` allows the streams.
    case fileMaxOK = "file_max_ok"
    /// `fs.file-max` is too low for the streams.
    case fileMaxTooLow = "file_max_too_low"

    /// The machine has memory for the streams.
    case memoryOK = "memory_ok"
    /// The streams take more than 80 % of the available memory.
    case memoryScarce = "memory_scarce"
    /// The streams need more than the available memory.
    case memoryTooSmall = "memory_too_small"
    /// The control group may use enough memory.
    case groupMemoryOK = "cgroup_memory_ok"
    /// The streams take more than 80 % of what the control group may still use.
    case groupMemoryScarce = "cgroup_memory_scarce"
    /// The streams need more than the control group may still use.
    case groupMemoryTooSmall = "cgroup_memory_too_small"
    /// `net.ipv4.tcp_mem` allows a message to all streams.
    case tcpMemoryOK = "tcp_memory_ok"
    /// A message to all streams puts TCP under memory pressure.
    case tcpMemoryLow = "tcp_memory_low"
    /// A message to all streams needs more than TCP may use.
    case tcpMemoryTooLow = "tcp_memory_too_low"

    /// `net.core.somaxconn` allows the listeners' queues.
    case acceptQueueOK = "accept_queue_ok"
    /// `net.core.somaxconn` is below 4,096, the length of the listeners' queues.
    case acceptQueueShort = "accept_queue_short"
    /// A proxy of this machine has ports enough.
    case portRangeOK = "port_range_ok"
    /// A proxy of this machine has fewer ports than streams.
    case portRangeSmall = "port_range_small"

    /// The clock is synchronised.
    case clockOK = "clock_ok"
    /// The clock is not synchronised.
    case clockUnsynchronised = "clock_unsynchronised"
    /// The kernel does not say whether the clock is synchronised.
    case clockUnknown = "clock_unknown"

    /// All settings are allowed.
    case settingsOK = "settings_ok"
    /// A setting is not allowed or unknown.
    case settingsInvalid = "settings_invalid"
    /// Every user of the machine may read a file with a secret.
    case secretReadable = "secret_readable"
    /// The mode is not `production`.
    case developmentMode = "development_mode"

    /// A listen address is free.
    case listenFree = "listen_free"
    /// A server, or another process, uses a listen address.
    case listenInUse = "listen_in_use"
    /// The server could not listen on an address.
    case listenFailed = "listen_failed"

    /// A certificate can be used.
    case certificateOK = "certificate_ok"
    /// A certificate expires within 14 days.
    case certificateExpiresSoon = "certificate_expires_soon"
    /// A certificate has expired.
    case certificateExpired = "certificate_expired"
    /// A certificate or its key cannot be loaded.
    case certificateInvalid = "certificate_invalid"
    /// The public listener is plain, on an address that other machines reach.
    case tlsAbsent = "tls_absent"

    /// Tokens can be verified.
    case keysOK = "keys_ok"
    /// Neither a secret nor a source of keys is set.
    case keysMissing = "keys_missing"
    /// The secret is too short for production mode, which is on.
    case secretTooShort = "secret_too_short"
    /// The secret is too short for production mode, which is off.
    case secretShort = "secret_short"
    /// The file or the URL of the keys cannot be read.
    case keysUnreadable = "keys_unreadable"
    /// The keys, or the claims that tokens must have, cannot be used.
    case keysInvalid = "keys_invalid"

    /// The members file can be used.
    case membersOK = "members_ok"
    /// The members file cannot be read, or a line is wrong.
    case membersInvalid = "members_invalid"
    /// Images can be written.
    case imagesOK = "images_ok"
    /// The directory of images cannot be written or created.
    case imagesUnwritable = "images_unwritable"
    /// The key that signs image URLs is damaged.
    case signingKeyInvalid = "signing_key_invalid"

    /// The store is ready.
    case storeOK = "store_ok"
    /// The server will create the SQLite file.
    case storeNew = "store_new"
    /// The store is in memory: messages are lost when the process ends.
    case storeInMemory = "store_in_memory"
    /// A running server holds the lock of the SQLite file.
    case storeInUse = "store_in_use"
    /// The SQLite file or its folder cannot be written.
    case storeUnwritable = "store_unwritable"
    /// The file is not a SQLite database, or is damaged.
    case storeCorrupt = "store_corrupt"
    /// PostgreSQL does not answer.
    case storeUnreachable = "store_unreachable"
    /// The database of PostgreSQL lacks steps of `shopstream migrate`.
    case storeNotMigrated = "store_not_migrated"
    /// A newer version migrated the database.
    case storeIncompatible = "store_incompatible"
    /// The database refuses queries, or the SQLite file cannot be opened.
    case storeFailed = "store_failed"
}

extension FindingCode {
    /// The severity and the subject.
    var row: (severity: FindingSeverity, subject: String) {
        switch self {
        case .factUnknown: (.note, "machine")
        case .kernelOK: (.ok, "kernel")
        case .kernelTooOld: (.warning, "kernel")
        case .timeSlicesMissing: (.note, "kernel")
        case .ringOK: (.ok, "io_uring")
        case .ringMissing, .ringDisabled, .ringForbidden, .ringTooOld: (.warning, "io_uring")
        case .ringLimit, .ringFailed: (.failure, "io_uring")
        case .epollChosen: (.note, "driver")
        case .driverUnavailable: (.failure, "driver")
        case .descriptorsOK: (.ok, "descriptors")
        case .descriptorsTooFew: (.failure, "descriptors")
        case .fileMaxOK: (.ok, "open files")
        case .fileMaxTooLow: (.failure, "open files")
        case .memoryOK: (.ok, "memory")
        case .memoryScarce: (.warning, "memory")
        case .memoryTooSmall: (.failure, "memory")
        case .groupMemoryOK: (.ok, "cgroup")
        case .groupMemoryScarce: (.warning, "cgroup")
        case .groupMemoryTooSmall: (.failure, "cgroup")
        case .tcpMemoryOK: (.ok, "TCP memory")
        case .tcpMemoryLow: (.warning, "TCP memory")
        case .tcpMemoryTooLow: (.failure, "TCP memory")
        case .acceptQueueOK: (.ok, "accept queue")
        case .acceptQueueShort: (.warning, "accept queue")
        case .portRangeOK: (.ok, "port range")
        case .portRangeSmall: (.note, "port range")
        case .clockOK: (.ok, "clock")
        case .clockUnsynchronised: (.warning, "clock")
        case .clockUnknown: (.note, "clock")
        case .settingsOK: (.ok, "settings")
        case .settingsInvalid: (.failure, "settings")
        case .secretReadable: (.warning, "settings")
        case .developmentMode: (.note, "settings")
        case .listenFree: (.ok, "listen")
        case .listenInUse: (.note, "listen")
        case .listenFailed: (.failure, "listen")
        case .certificateOK: (.ok, "certificate")
        case .certificateExpiresSoon: (.warning, "certificate")
        case .certificateExpired, .certificateInvalid: (.failure, "certificate")
        case .tlsAbsent: (.note, "certificate")
        case .keysOK: (.ok, "keys")
        case .secretShort: (.note, "keys")
        case .keysMissing, .secretTooShort, .keysUnreadable, .keysInvalid: (.failure, "keys")
        case .membersOK: (.ok, "members")
        case .membersInvalid: (.failure, "members")
        case .imagesOK: (.ok, "images")
        case .imagesUnwritable, .signingKeyInvalid: (.failure, "images")
        case .storeOK: (.ok, "store")
        case .storeNew, .storeInUse: (.note, "store")
        case .storeInMemory: (.warning, "store")
        case .storeUnwritable, .storeCorrupt, .storeUnreachable, .storeNotMigrated, .storeIncompatible, .storeFailed:
            (.failure, "store")
        }
    }
}
