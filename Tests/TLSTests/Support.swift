import Primitives
import TestCertificates

@testable import TLS

/// The two ends of a connection, and the bytes between them.
struct Pair {
    let server: TLSConnection
    let client: TLSConnection
    var serverPlaintext: [UInt8] = []
    var clientPlaintext: [UInt8] = []

    init(_ context: TLSServerContext, name: String = "localhost", trusting trust: TLSClientContext.Trust) throws {
        server = try TLSConnection(server: context)
        client = try TLSConnection(client: try TLSClientContext(trusting: trust), serverName: name)
        try client.receive([UInt8]().span, into: &clientPlaintext)
    }

    /// Moves the client's output to the server, at most `step` bytes at a time. Whether there was any.
    mutating func moveToServer(step: Int = .max) throws -> Bool {
        try Self.move(from: client, to: server, &serverPlaintext, step: step)
    }

    mutating func moveToClient(step: Int = .max) throws -> Bool {
        try Self.move(from: server, to: client, &clientPlaintext, step: step)
    }

    /// Moves all output until both ends have none.
    mutating func settle(step: Int = .max) throws {
        while true {
            let toServer = try moveToServer(step: step)
            let toClient = try moveToClient(step: step)
            if !toServer, !toClient { return }
        }
    }

    private static func move(
        from source: TLSConnection, to target: TLSConnection, _ plaintext: inout [UInt8], step: Int
    ) throws -> Bool {
        guard let output = source.takeOutput() else { return false }
        var rest = output[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(step))
            rest = rest.dropFirst(part.count)
            try target.receive(part.span, into: &plaintext)
        }
        _ = source.outputSent()
        return true
    }
}

extension TLSServerContext {
    /// A context with certificates of tests.
    static func of(_ certificates: [TestCertificate]) throws -> TLSServerContext {
        try TLSServerContext(
            certificates.map { TLSCertificateFiles(certificatePath: $0.certificatePath, keyPath: $0.keyPath) },
            ticketKeys: TicketKeys(at: .init(nanoseconds: 0)))
    }
}
