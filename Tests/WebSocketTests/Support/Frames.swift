import Primitives

@testable import WebSocket

/// A frame built by hand, bit for bit and with none of the encoder's checks, so that broken ones can be built too.
struct RawFrame {
    var firstByte: UInt8
    var payload: [UInt8] = []
    var mask: [UInt8]?
    /// 1, 3 or 9 bytes of length; nil for the fewest.
    var lengthByteCount: Int?
    /// The length field, when it is not the payload's length.
    var claimedByteCount: UInt64?

    var bytes: [UInt8] {
        let count = claimedByteCount ?? UInt64(payload.count)
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        var bytes = [firstByte]
        switch lengthByteCount ?? (count < 126 ? 1 : count < 0x1_0000 ? 3 : 9) {
        case 1: bytes.append(maskBit | UInt8(count))
        case 3: bytes += [maskBit | 126, UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
        default: bytes += [maskBit | 127] + (0..<8).map { UInt8(truncatingIfNeeded: count >> UInt64(56 - 8 * $0)) }
        }
        guard let mask else { return bytes + payload }
        return bytes + mask + payload.indices.map { payload[$0] ^ mask[$0 % 4] }
    }

    static let testMask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    /// A frame as the peer of an endpoint in `endpoint` sends it.
    static func to(_ endpoint: Endpoint, _ firstByte: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
        RawFrame(firstByte: firstByte, payload: payload, mask: endpoint == .server ? testMask : nil).bytes
    }

    static func to(_ endpoint: Endpoint, _ firstByte: UInt8, _ text: String) -> [UInt8] {
        to(endpoint, firstByte, Array(text.utf8))
    }

    static func closePayload(_ code: UInt16, _ reason: [UInt8] = []) -> [UInt8] {
        [UInt8(code >> 8), UInt8(code & 0xFF)] + reason
    }
}

/// An event with its bytes, so that events are equal however the input was split.
enum Seen: Equatable, Sendable {
    case began(MessageKind)
    case payload([UInt8])
    case ended
    case ping([UInt8])
    case pong([UInt8])
    case close(UInt16?, [UInt8])
    case error(WebSocketError)

    static func text(_ text: String) -> [Seen] {
        [.began(.text)] + (text.isEmpty ? [] : [.payload(Array(text.utf8))]) + [.ended]
    }

    static func binary(_ bytes: [UInt8]) -> [Seen] {
        [.began(.binary)] + (bytes.isEmpty ? [] : [.payload(bytes)]) + [.ended]
    }
}

/// Feeds a decoder and records its events; consecutive payloads become one.
struct Recorder {
    var decoder: FrameDecoder
    var seen: [Seen] = []

    init(_ endpoint: Endpoint, messageByteCountMax: Int = 1 << 20) {
        decoder = FrameDecoder(endpoint: endpoint, messageByteCountMax: messageByteCountMax)
    }

    /// Gives the decoder one buffer; false when it threw.
    @discardableResult
    mutating func feed(_ bytes: some Sequence<UInt8>) -> Bool {
        var buffer = Array(bytes)
        var offset = 0
        while true {
            do {
                var span = buffer.mutableSpan
                guard let event = try decoder.nextEvent(in: &span, at: &offset) else {
                    precondition(offset == buffer.count, "the decoder left bytes unread")
                    return true
                }
                note(event, buffer)
            } catch {
                // A text is refused with its first invalid piece, so the payload before that depends on the pieces.
                if error == .textNotUTF8, case .payload = seen.last { seen.removeLast() }
                seen.append(.error(error))
                return false
            }
        }
    }

    private mutating func note(_ event: FrameEvent, _ buffer: [UInt8]) {
        switch event {
        case .messageBegan(let kind): seen.append(.began(kind))
        case .payload(let range):
            precondition(!range.isEmpty)
            if case .payload(var earlier) = seen.last {
                seen.removeLast()
                earlier += buffer[range]
                seen.append(.payload(earlier))
            } else {
                seen.append(.payload(Array(buffer[range])))
            }
        case .messageEnded: seen.append(.ended)
        case .ping(let payload): seen.append(.ping(payload.bytes(from: buffer.span)))
        case .pong(let payload): seen.append(.pong(payload.bytes(from: buffer.span)))
        case .close(let code, let reason): seen.append(.close(code?.rawValue, reason.bytes(from: buffer.span)))
        }
    }

    static func decode(
        _ pieces: [some Sequence<UInt8>], _ endpoint: Endpoint, messageByteCountMax: Int = 1 << 20
    ) -> [Seen] {
        var recorder = Recorder(endpoint, messageByteCountMax: messageByteCountMax)
        for piece in pieces where !recorder.feed(piece) { break }
        return recorder.seen
    }
}

/// The ways to cut some bytes into pieces that a test should try.
enum Splits {
    /// Whole, byte by byte, at every one place and, for short ones, at every two.
    static func all(of bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
        var splits: [[ArraySlice<UInt8>]] = [[bytes[...]], bytes.indices.map { bytes[$0...$0] }]
        for first in 0...bytes.count {
            splits.append([bytes[..<first], bytes[first...]])
            guard bytes.count <= 48 else { continue }
            for second in first...bytes.count {
                splits.append([bytes[..<first], bytes[first..<second], bytes[second...]])
            }
        }
        return splits
    }

    /// Pieces of random lengths, some of them empty.
    static func random(of bytes: [UInt8], using generator: inout SeededGenerator) -> [ArraySlice<UInt8>] {
        let lengthMax = [1, 3, 20, 200, 5000][generator.below(5)]
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(generator.below(lengthMax + 1))
            pieces.append(piece)
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
