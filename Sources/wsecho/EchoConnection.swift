import HTTP
import Primitives
import WebSocket

/// One connection of the echo server: an upgrade request, then messages that are sent back unchanged.
///
/// A value without I/O: bytes in, bytes out in `output`. It reads nothing while output is in flight, so a client that
/// does not read cannot make it buffer more.
struct EchoConnection {
    enum Step {
        /// Continue to read.
        case open
        /// Send `output`, then end the connection.
        case closeAfterOutput
    }

    private enum Phase {
        case request(RequestParser, RequestHead?)
        case stream(FrameDecoder)
    }

    private var phase = Phase.request(RequestParser(), nil)
    private var message: [UInt8] = []
    private var messageKind = MessageKind.text
    private var writer = ResponseWriter()
    private let messageByteCountMax: Int
    /// The bytes that wait to be sent.
    var output: [UInt8] = []
    /// Whether the connection ends once `output` is sent.
    private(set) var isEnding = false

    init(messageByteCountMax: Int) {
        self.messageByteCountMax = messageByteCountMax
    }

    /// Handles received bytes.
    mutating func received(_ bytes: inout MutableSpan<UInt8>, at now: Timestamp) {
        var offset = 0
        if case .request(var parser, var head) = phase {
            let isUpgraded = request(bytes.span, &offset, &parser, &head, now)
            guard isUpgraded else {
                if !isEnding { phase = .request(parser, head) }
                return
            }
            phase = .stream(FrameDecoder(endpoint: .server, messageByteCountMax: messageByteCountMax))
        }
        guard case .stream(var decoder) = phase else { return }
        do {
            while !isEnding, let event = try decoder.nextEvent(in: &bytes, at: &offset) {
                handle(event, bytes.span)
            }
        } catch {
            close(error.closeCode)
        }
        phase = .stream(decoder)
    }

    /// Reads the upgrade request; returns true once the 101 response is in `output`.
    private mutating func request(
        _ bytes: Span<UInt8>, _ offset: inout Int, _ parser: inout RequestParser, _ head: inout RequestHead?,
        _ now: Timestamp
    ) -> Bool {
        do {
            while true {
                switch try parser.next(bytes, consumed: &offset) {
                case .needMore: return false
                case .head(let newHead): head = newHead
                case .body: break
                case .end:
                    guard let head else { return false }
                    return upgrade(head, now)
                }
            }
        } catch {
            writer.append(error.status, context: .closing, at: now, to: &output)
            isEnding = true
            return false
        }
    }

    private mutating func upgrade(_ head: RequestHead, _ now: Timestamp) -> Bool {
        do {
            let accepted = try ServerHandshake().accept(
                method: head.method, fields: head.fields, isHTTP11: head.version == .http11)
            accepted.appendResponse(to: &output)
            return true
        } catch {
            let fields = FieldLines(error.responseFields)
            writer.append(error.status, fields: fields, context: .closing, at: now, to: &output)
            isEnding = true
            return false
        }
    }

    private mutating func handle(_ event: FrameEvent, _ bytes: Span<UInt8>) {
        switch event {
        case .messageBegan(let kind):
            messageKind = kind
            message.removeAll(keepingCapacity: message.capacity <= 64 << 10)
        case .payload(let range):
            message.append(contentsOf: bytes.extracting(range))
        case .messageEnded:
            let whole = message
            FrameEncoder.append(opcode: messageKind.opcode, payload: whole.span, to: &output)
        case .ping(let payload):
            FrameEncoder.appendPong(answering: payload, from: bytes, to: &output)
        case .pong:
            break
        case .close(let code, reason: _):
            close(code)
        }
    }

    /// Sends a close frame; nothing that the client sends is handled any more (RFC 6455, section 7.1).
    private mutating func close(_ code: CloseCode?) {
        FrameEncoder.appendClose(code: code, to: &output)
        isEnding = true
    }
}
