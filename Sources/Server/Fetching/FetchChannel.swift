import Primitives
import TLS

/// Why a request has no answer, in one phrase.
struct FetchError: Error, Hashable, Sendable {
    let reason: String
}

/// A connection to the server of a URL, with TLS when the URL says so. For a thread that may wait: each call ends by
/// the deadline.
struct FetchChannel {
    private let socket: BlockingSocket
    private let tls: TLSConnection?
    private let deadline: ContinuousClock.Instant

    /// Connects, and completes the handshake of TLS: the server's certificate must be of an authority of the system,
    /// and name the host.
    init(_ url: FetchURL, deadline: ContinuousClock.Instant) throws(FetchError) {
        self.deadline = deadline
        do throws(BlockingSocket.Failure) {
            socket = try BlockingSocket(host: url.host, port: url.port, deadline: deadline)
        } catch {
            throw FetchError(reason: error.reason)
        }
        guard url.isSecure else {
            tls = nil
            return
        }
        let tls: TLSConnection
        do {
            tls = try TLSConnection(client: try TLSClientContext(trusting: .system), serverName: url.host)
        } catch {
            throw FetchError(reason: "\(error)")
        }
        self.tls = tls
        var plaintext: [UInt8] = []
        try open([], tls, into: &plaintext)
        while !tls.isEstablished {
            let bytes = try receiveBytes()
            guard !bytes.isEmpty else { throw FetchError(reason: "the server ended the handshake") }
            try open(bytes, tls, into: &plaintext)
        }
    }

    /// Sends bytes.
    func send(_ bytes: [UInt8]) throws(FetchError) {
        guard let tls else { return try sendBytes(bytes) }
        do throws(TLSError) {
            try tls.send(bytes.span)
        } catch {
            throw FetchError(reason: error.description)
        }
        try sendOutput(tls)
    }

    /// Receives some bytes; none at the end.
    func receive() throws(FetchError) -> [UInt8] {
        guard let tls else { return try receiveBytes() }
        var plaintext: [UInt8] = []
        while plaintext.isEmpty, !tls.hasPeerEnded {
            let bytes = try receiveBytes()
            guard !bytes.isEmpty else { break }
            try open(bytes, tls, into: &plaintext)
        }
        return plaintext
    }

    private func open(
        _ bytes: [UInt8], _ tls: TLSConnection, into plaintext: inout [UInt8]
    ) throws(FetchError) {
        do throws(TLSError) {
            try tls.receive(bytes.span, into: &plaintext)
        } catch {
            // The alert is for the server's log; that it arrives does not matter.
            try? sendOutput(tls)
            throw FetchError(reason: error.description)
        }
        try sendOutput(tls)
    }

    private func sendOutput(_ tls: TLSConnection) throws(FetchError) {
        guard let output = tls.takeOutput() else { return }
        try sendBytes(output)
        _ = tls.outputSent()
    }

    private func sendBytes(_ bytes: [UInt8]) throws(FetchError) {
        do throws(BlockingSocket.Failure) {
            try socket.send(bytes, deadline: deadline)
        } catch {
            throw FetchError(reason: error.reason)
        }
    }

    private func receiveBytes() throws(FetchError) -> [UInt8] {
        do throws(BlockingSocket.Failure) {
            return try socket.receive(deadline: deadline)
        } catch {
            throw FetchError(reason: error.reason)
        }
    }
}
