import Primitives
import TestCertificates
import Testing

@testable import TLS

@Suite struct TLSConnectionTests {
    let certificate: TestCertificate
    let context: TLSServerContext
    let trust: TLSClientContext.Trust

    init() throws {
        certificate = try TestCertificate()
        context = try TLSServerContext.of([certificate])
        trust = .file(certificate.certificatePath)
    }

    @Test(arguments: TestCertificate.Algorithm.allCases)
    func `both ends agree with each kind of key, and data arrives in both directions`(
        algorithm: TestCertificate.Algorithm
    ) throws {
        let certificate = try TestCertificate(algorithm: algorithm)
        let context = try TLSServerContext.of([certificate])
        var pair = try Pair(context, trusting: .file(certificate.certificatePath))
        try pair.settle()
        #expect(pair.server.isEstablished && pair.client.isEstablished && !pair.server.isResumed)
        try pair.client.send(Array("to the server".utf8).span)
        try pair.server.send(Array("to the client".utf8).span)
        try pair.settle()
        #expect(pair.serverPlaintext == Array("to the server".utf8))
        #expect(pair.clientPlaintext == Array("to the client".utf8))
        #expect(pair.server.isIdle && pair.client.isIdle)
    }

    @Test(arguments: [1, 2, 5, 17, 1_000])
    func `bytes may arrive in pieces of any size`(step: Int) throws {
        var pair = try Pair(context, trusting: trust)
        try pair.settle(step: step)
        let data = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try pair.client.send(data.span)
        try pair.settle(step: step)
        #expect(pair.serverPlaintext == data)
    }

    @Test func `data behind the client's last handshake bytes is not lost`() throws {
        var pair = try Pair(context, trusting: trust)
        _ = try pair.moveToServer()
        _ = try pair.moveToClient()
        #expect(pair.client.isEstablished && !pair.server.isEstablished)
        try pair.client.send([1, 2, 3].span)
        _ = try pair.moveToServer()
        #expect(pair.server.isEstablished && pair.serverPlaintext == [1, 2, 3])
    }

    @Test func `one send is sealed into as few records as its bytes need`() throws {
        var pair = try Pair(context, trusting: trust)
        try pair.settle()
        var output: [UInt8] = []
        let data = [UInt8](repeating: 1, count: Limits.recordByteCountMax)
        try pair.server.seal(data.span, into: &output)
        #expect(output.count <= data.count + Limits.recordOverheadMax)
        #expect(pair.server.isIdle, "the caller sends it")
        try pair.client.receive(output.span, into: &pair.clientPlaintext)
        #expect(pair.clientPlaintext == data)
    }

    @Test func `each end tells the other of its end, and still receives`() throws {
        var pair = try Pair(context, trusting: trust)
        try pair.settle()
        pair.client.end()
        _ = try pair.moveToServer()
        #expect(pair.server.hasPeerEnded)
        try pair.server.send([9].span)
        pair.server.end()
        try pair.settle()
        #expect(pair.clientPlaintext == [9] && pair.client.hasPeerEnded)
        pair.server.end()
        #expect(pair.server.isIdle, "an end is said once")
    }

    @Test func `output is taken one array at a time, and the last end is reported to who awaits it`() throws {
        var pair = try Pair(context, trusting: trust)
        try pair.settle()
        try pair.server.send([1].span)
        pair.server.isAwaited = true
        let first = try #require(pair.server.takeOutput())
        try pair.server.send([2].span)
        #expect(pair.server.takeOutput() == nil)
        #expect(!pair.server.outputSent())
        let second = try #require(pair.server.takeOutput())
        #expect(pair.server.outputSent())
        #expect(!pair.server.isAwaited && pair.server.isIdle)
        try pair.client.receive((first + second).span, into: &pair.clientPlaintext)
        #expect(pair.clientPlaintext == [1, 2])
    }

    @Test func `bytes that are no TLS fail the session, with an alert`() throws {
        let server = try TLSConnection(server: context)
        var plaintext: [UInt8] = []
        #expect(throws: TLSError.self) {
            try server.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8).span, into: &plaintext)
        }
        #expect(server.hasFailed)
        try server.receive(Array("more".utf8).span, into: &plaintext)
        #expect(plaintext.isEmpty, "what follows is dropped")
        server.end()
    }

    @Test func `a changed byte of a record fails the session, and the other end hears of it`() throws {
        var pair = try Pair(context, trusting: trust)
        try pair.settle()
        try pair.client.send([1, 2, 3].span)
        var record = try #require(pair.client.takeOutput())
        record[record.count - 1] ^= 1
        #expect(throws: TLSError.self) { try pair.server.receive(record.span, into: &pair.serverPlaintext) }
        #expect(pair.serverPlaintext.isEmpty)
        let alert = try #require(pair.server.takeOutput())
        #expect(throws: TLSError.self) { try pair.client.receive(alert.span, into: &pair.clientPlaintext) }
    }

    @Test func `a handshake has a limit of bytes`() throws {
        let server = try TLSConnection(server: context)
        var plaintext: [UInt8] = []
        // A hello that claims 100,000 bytes, in records of 16,000.
        let record: [UInt8] = [22, 3, 1, 0x3e, 0x80]
        let hello: [UInt8] = [1, 1, 0x86, 0xa0, 3, 3]
        try server.receive((record + hello + [UInt8](repeating: 0, count: 15_994)).span, into: &plaintext)
        try server.receive((record + [UInt8](repeating: 0, count: 16_000)).span, into: &plaintext)
        #expect(throws: TLSError.handshakeTooLong) {
            try server.receive((record + [UInt8](repeating: 0, count: 16_000)).span, into: &plaintext)
        }
    }

    @Test func `a client refuses a server that it does not trust, or that has another name`() throws {
        let other = try TestCertificate()
        var untrusted = try Pair(context, trusting: .file(other.certificatePath))
        #expect(throws: TLSError.self) { try untrusted.settle() }
        var misnamed = try Pair(context, name: "example.com", trusting: trust)
        #expect(throws: TLSError.self) { try misnamed.settle() }
        var byAddress = try Pair(context, name: "127.0.0.1", trusting: trust)
        try byAddress.settle()
        #expect(byAddress.client.isEstablished)
        var byOtherAddress = try Pair(context, name: "127.0.0.2", trusting: trust)
        #expect(throws: TLSError.self) { try byOtherAddress.settle() }
        var careless = try Pair(context, name: "example.com", trusting: .anyone)
        try careless.settle()
        #expect(careless.client.isEstablished)
    }

    @Test func `a session goes on with its certificate when its context is gone`() throws {
        var context: TLSServerContext? = try TLSServerContext.of([certificate])
        var pair = try Pair(try #require(context), trusting: trust)
        context = nil
        try pair.settle()
        try pair.client.send([7].span)
        try pair.settle()
        #expect(pair.serverPlaintext == [7])
    }
}
