package import Auth
package import Primitives

// A user's streams over all shops and reactors: attempts to open one, and the quota slots of open ones.

extension UserLimits {
    /// The outcome of requesting a quota slot.
    package enum SlotDecision: Hashable, Sendable {
        case reserved(ReservedSlot)
        /// Reserved in place of the user's oldest stream, which must be closed with 4409.
        case replaced(oldest: StreamTicket, by: ReservedSlot)
        /// The user has as many streams as allowed.
        case refused
    }

    /// Whether attempts are limited. If not, they need not be counted.
    package var areAttemptsLimited: Bool { streamSettings.attemptsPerMinuteMax > 0 }

    /// The number of users that hold a quota slot.
    package var streamingUserCount: Int { quota.userCount }
    /// The number of users whose streams are ordered.
    package var orderedUserCount: Int { order.userCount }

    /// The number of quota slots that a user holds.
    package func streamCount(of userID: UserID) -> Int { quota.streamCount(of: userID) }

    /// Counts an attempt of a user to open a stream.
    package mutating func attempt(by user: User, at now: MonotonicInstant) -> AttemptLimiter<User>.Decision {
        areAttemptsLimited ? attempts.attempt(user, now: now) : .allowed
    }

    /// Requests a quota slot for a stream whose shop the shard `shopOwner` owns. A slot must be released once.
    package mutating func reserveSlot(for userID: UserID, shopOwner: Int) -> SlotDecision {
        let replaces = streamSettings.replacesOldest
        if let slot = quota.reserve(userID) {
            let ticket = replaces ? order.append(slot, counter: shardIndex, shard: shopOwner) : nil
            return .reserved(ReservedSlot(slot: slot, counter: UInt16(shardIndex), ticket: ticket))
        }
        let slot = StreamQuota.Slot(of: userID)
        guard replaces, let oldest = order.removeOldest(of: slot) else { return .refused }
        let ticket = order.append(slot, counter: shardIndex, shard: shopOwner)
        return .replaced(oldest: oldest, by: ReservedSlot(slot: slot, counter: UInt16(shardIndex), ticket: ticket))
    }

    /// Releases the slot of a stream that ended or was not opened. A replaced stream holds no slot.
    package mutating func release(_ reserved: ReservedSlot) {
        if let ticket = reserved.ticket, !order.remove(ticket, of: reserved.slot) { return }
        quota.release(reserved.slot)
    }

    /// Whether a newer stream replaced this one.
    package func isReplaced(_ reserved: ReservedSlot) -> Bool {
        guard let ticket = reserved.ticket else { return false }
        return !order.contains(ticket, of: reserved.slot)
    }
}
