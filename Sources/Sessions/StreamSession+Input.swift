internal import Primitives
package import WebSocket

// What a client sends on its stream. The server expects no messages: it checks and drops them, answers pings, and
// limits the rate of frames and bytes.

extension StreamSession {
    /// What the next bytes of a client brought.
    package enum Input: Hashable {
        /// All bytes were taken, or are to be dropped.
        case done
        /// The frames of the turn are used up. Keep the bytes from `turn.offset` on for the next turn.
        case held
        /// Send a pong with this payload.
        case ping(ControlPayload)
        /// The stream ended; perform the action. The rest of the bytes is to be dropped.
        case ended(Action)
    }

    /// Takes the client's bytes up to the next frame that needs an answer. Call it until it returns neither `ping`.
    ///
    /// Each frame has a price. When the client has no allowance for one, what follows it is dropped. So is all input of
    /// a client that the server no longer listens to. The bytes are unmasked in place. O(bytes).
    package mutating func nextInput(
        in bytes: inout MutableSpan<UInt8>, _ turn: inout InputTurn, _ waits: StreamWaits, at time: TurnTime
    ) -> Input {
        while isListening {
            guard turn.frameCount < Limits.clientFramesPerTurn || turn.offset == bytes.count else { return .held }
            let event: FrameEvent?
            let start = turn.offset
            let startCount = decoder.frameCount
            do throws(WebSocketError) {
                event = try decoder.nextEvent(in: &bytes, at: &turn.offset)
            } catch {
                turn.error = error
                return .ended(inputEnded(.protocolError, error.closeCode, waits, at: time))
            }
            guard pay(for: start, startCount, &turn, at: time.now) else {
                return .ended(inputEnded(.rateExceeded, Disconnect.rateExceeded.codes.first, waits, at: time))
            }
            switch event {
            case nil: return .done
            case .messageBegan, .payload, .messageEnded: break
            case .ping(let payload): return .ping(payload)
            case .pong: heartbeat.pongReceived()
            case .close(let code, reason: _): return .ended(inputEnded(.clientClosed, code, waits, at: time))
            }
        }
        return .done
    }

    /// Takes the price of the bytes and frames since `start` from the client's allowance; false when it is used up.
    private mutating func pay(
        for start: Int, _ startCount: UInt16, _ turn: inout InputTurn, at now: MonotonicInstant
    ) -> Bool {
        let byteCount = turn.offset - start
        turn.byteCount += byteCount
        let frameCount = Int(decoder.frameCount &- startCount)
        turn.frameCount += frameCount
        // A receive costs as much as a frame, even when it brings only a part of one.
        let priceCount = start == 0 ? max(1, frameCount) : frameCount
        return allowance.take(byteCount + priceCount * Limits.clientSendByteCost, at: now)
    }
}

/// How far the input of one client was handled in a turn.
package struct InputTurn {
    /// The first byte that was not handled.
    package fileprivate(set) var offset = 0
    /// Frames that have begun.
    fileprivate var frameCount = 0
    /// The bytes that were taken and paid for.
    package fileprivate(set) var byteCount = 0
    /// How the client broke the protocol; nil when it did not.
    package fileprivate(set) var error: WebSocketError?

    package init() {}
}

/// A token bucket of bytes: how much a client may still send.
struct ByteAllowance: Equatable {
    private var refilledAt: MonotonicInstant
    private var byteCount: Int32

    init(at now: MonotonicInstant) {
        byteCount = Int32(Limits.clientByteCountBurst)
        refilledAt = now
    }

    /// Takes bytes; false when there were not enough. Refills by the time that has passed. The debt is bounded: a peer
    /// that is being closed may continue to send.
    mutating func take(_ count: Int, at now: MonotonicInstant) -> Bool {
        let burst = Limits.clientByteCountBurst
        let milliseconds = Int(clamping: (now.nanoseconds - min(refilledAt.nanoseconds, now.nanoseconds)) / 1_000_000)
        if milliseconds > 0 {
            let refill = min(milliseconds, 60_000) * Limits.clientBytesPerSecond / 1_000
            byteCount = Int32(min(Int(byteCount) + refill, burst))
            refilledAt = now
        }
        byteCount = Int32(max(Int(byteCount) - count, -burst))
        return byteCount >= 0
    }
}
