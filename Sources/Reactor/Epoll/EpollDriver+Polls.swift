import Glibc

// Polls of ordinary descriptors, which other libraries own and may close.

extension EpollDriver {
    /// A descriptor that is polled, or was.
    struct PolledDescriptor {
        /// The polls in flight.
        var reading: [CompletionTag] = []
        var writing: [CompletionTag] = []
        /// Whether the set has the descriptor, as far as is known: a close takes it out.
        var isWatched = false

        var wanted: EpollSet.Events {
            var events: EpollSet.Events = .once
            if !reading.isEmpty { events.formUnion(.readable) }
            if !writing.isEmpty { events.formUnion(.writable) }
            return events
        }
    }

    /// See `Driver`. A descriptor that epoll cannot watch, such as a file's, is always ready.
    public func pollDescriptor(_ descriptor: Int32, isForWriting: Bool, tag: CompletionTag) {
        var entry = polled[descriptor] ?? PolledDescriptor()
        if isForWriting { entry.writing.append(tag) } else { entry.reading.append(tag) }
        pollOwners[tag] = descriptor
        polled[descriptor] = entry
        watch(descriptor)
    }

    private func watch(_ descriptor: Int32) {
        guard let entry = polled[descriptor] else { return }
        let token = Self.token(.descriptor, UInt32(bitPattern: descriptor))
        var status: Int32 = ENOENT
        if entry.isWatched { status = set.change(descriptor, for: entry.wanted, token: token) }
        if status == ENOENT { status = set.add(descriptor, for: entry.wanted, token: token) }
        polled[descriptor]?.isWatched = status == 0
        switch status {
        case 0: break
        case EPERM: descriptorReady(descriptor, [.readable, .writable])
        default: end(descriptor, reading: true, writing: true, -status)
        }
    }

    /// Ends the polls that wait for these events; the others are watched for on.
    func descriptorReady(_ descriptor: Int32, _ events: EpollSet.Events) {
        let hasFailed = !events.isDisjoint(with: .failed)
        end(
            descriptor, reading: hasFailed || events.contains(.readable),
            writing: hasFailed || events.contains(.writable), Int32(bitPattern: events.rawValue))
        if let entry = polled[descriptor], !entry.reading.isEmpty || !entry.writing.isEmpty { watch(descriptor) }
    }

    private func end(_ descriptor: Int32, reading: Bool, writing: Bool, _ result: Int32) {
        guard let entry = polled[descriptor] else { return }
        for tag in (reading ? entry.reading : []) + (writing ? entry.writing : []) {
            pollOwners[tag] = nil
            post(tag, result)
        }
        if reading { polled[descriptor]?.reading = [] }
        if writing { polled[descriptor]?.writing = [] }
    }

    /// Cancels a poll. The caller may close the descriptor after this, so it is not kept in the set without another poll.
    func cancelPoll(_ tag: CompletionTag) -> Int32 {
        guard let descriptor = pollOwners.removeValue(forKey: tag) else { return 0 }
        polled[descriptor]?.reading.removeAll { $0 == tag }
        polled[descriptor]?.writing.removeAll { $0 == tag }
        if let entry = polled[descriptor], entry.reading.isEmpty, entry.writing.isEmpty {
            if entry.isWatched { set.remove(descriptor) }
            polled[descriptor] = nil
        }
        post(tag, -ECANCELED)
        return 1
    }
}
