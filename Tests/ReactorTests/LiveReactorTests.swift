import Glibc
import Primitives
import Synchronization
import Testing

@testable import Reactor

/// The reactor over real sockets on loopback, on each driver of the system.
@Suite(.timeLimit(.minutes(5))) struct LiveReactorTests {
    typealias Mode = EchoMode

    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { EchoMode.pattern($0) }
    }

    /// Writes on one thread and reads on this one, so that neither side's buffers can block the other.
    private static func echo(_ client: LiveClient, _ bytes: [UInt8]) throws -> [UInt8] {
        let writer = ReactorThread(name: "writer") {
            try? client.write(bytes)
            client.end()
        }
        defer { writer.join() }
        return try client.read(exactly: bytes.count + 1)
    }

    @Test(
        arguments: systemDrivers,
        [
            Mode(), Mode(isMultishot: true), Mode(usesTrySend: true), Mode(isMultishot: true, usesTrySend: true),
        ])
    func `a megabyte comes back as it was sent`(driver: any SystemDriver.Type, mode: Mode) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver, modes: [mode])
            let bytes = Self.pattern(1 << 20)
            let client = try LiveClient(port: live.port)
            let isSame = try Self.echo(client, bytes) == bytes
            #expect(isSame)
            client.close()
            await live.until { $0.connectionCount == 0 }
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers, [false, true])
    func `ten megabytes reach a slow reader, by sends that wait or by short sends`(
        driver: any SystemDriver.Type, usesTrySend: Bool
    ) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let byteCount = 10_000_000
            let live = try LiveReactors(driver, modes: [Mode(usesTrySend: usesTrySend, sourceByteCount: byteCount)])
            let client = try LiveClient(port: live.port, receiveBufferByteCount: 4_096)
            var received: [UInt8] = []
            while received.count <= byteCount {
                let part = try client.read(byteCountMax: 16_384)
                if part.isEmpty { break }
                received += part
            }
            let isSame = received == Self.pattern(byteCount)
            #expect(isSame)
            client.close()
            let shortSendCount = await live.on { $0.handler.shortSendCount }
            #expect(usesTrySend == (shortSendCount > 0))
            #expect(await live.on { $0.sends.isEmpty })
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `the send of a connection that is closed midway ends and its bytes are freed`(driver: any SystemDriver.Type)
        async throws
    {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver, modes: [Mode(sourceByteCount: 10_000_000)])
            let client = try LiveClient(port: live.port, receiveBufferByteCount: 4_096)
            _ = try client.read(exactly: 1_000)
            await live.on { reactor in for connection in reactor.connections { reactor.close(connection) } }
            await live.until { $0.connectionCount == 0 && $0.sends.isEmpty }
            client.close()
            let second = try LiveClient(port: live.port, receiveBufferByteCount: 4_096)
            _ = try second.read(exactly: 1_000)
            // With unread bytes the close of the peer is a reset.
            second.close()
            await live.until { $0.connectionCount == 0 && $0.sends.isEmpty }
            _ = await live.stop()
        }
        try await body(driver)
    }

    @Test(
        arguments: systemDrivers,
        [Mode(isTransferred: true), Mode(isMultishot: true, usesTrySend: true, isTransferred: true)])
    func `connections are transferred between reactors and lose nothing`(driver: any SystemDriver.Type, mode: Mode)
        async throws
    {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver, count: 2, modes: [mode])
            let target = live.reactors[1]
            await live.on { $0.handler.other = target }
            let bytes = Self.pattern(300_000)
            for _ in 0..<20 {
                let client = try LiveClient(port: live.port)
                let isSame = try Self.echo(client, bytes) == bytes
                #expect(isSame)
                client.close()
            }
            #expect(await live.on(1) { $0.handler.receivedTransferCount } == 20)
            await live.until(0) { $0.connectionCount == 0 }
            await live.until(1) { $0.connectionCount == 0 }
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `a transfer fails when the other table is full`(driver: any SystemDriver.Type) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            var limits = ReactorLimits.live
            limits.descriptorCountMax = 4
            limits.descriptorReserveCount = 1
            let source = try LiveReactors(driver, modes: [Mode(isTransferred: true)])
            let target = try LiveReactors(driver, modes: [Mode(isMultishot: true)], limits: limits)
            let full = target.reactors[0]
            await source.on { $0.handler.other = full }
            var clients: [LiveClient] = []
            for _ in 0..<6 {
                let client = try LiveClient(port: source.port)
                try client.write([1, 2, 3])
                #expect(try client.read(exactly: 3) == [1, 2, 3])
                clients.append(client)
            }
            #expect(await target.on { $0.handler.receivedTransferCount } == 4)
            #expect(await source.on { $0.handler.failedTransferCount } == 2)
            for client in clients {
                try client.write([4])
                #expect(try client.read(exactly: 1) == [4])
                client.close()
            }
            #expect(await source.stop() == [])
            #expect(await target.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers, [Mode(), Mode(isMultishot: true)])
    func `a close ends an armed receive, and the slot's next connection has another generation`(
        driver: any SystemDriver.Type, mode: Mode
    ) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            var limits = ReactorLimits.live
            limits.descriptorCountMax = 4
            limits.descriptorReserveCount = 1
            let live = try LiveReactors(driver, modes: [mode], limits: limits)
            var seen: Set<ConnectionID> = []
            for _ in 0..<8 {
                let client = try LiveClient(port: live.port)
                try client.write([7])
                #expect(try client.read(exactly: 1) == [7])
                let connections = await live.on { reactor in
                    let connections = reactor.connections
                    for connection in connections { reactor.close(connection) }
                    return connections
                }
                #expect(try client.read().isEmpty, "the peer sees the end")
                client.close()
                await live.until { $0.connectionCount == 0 }
                seen.formUnion(connections)
            }
            #expect(seen.count == 8)
            #expect(Set(seen.map(\.slot)).count < 8)
            _ = await live.stop()
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `a full table makes clients wait, and none is dropped`(driver: any SystemDriver.Type) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            var limits = ReactorLimits.live
            limits.descriptorCountMax = 6
            limits.descriptorReserveCount = 3
            let live = try LiveReactors(driver, modes: [Mode(isMultishot: true)], limits: limits)
            var clients: [LiveClient] = []
            for number in 0..<12 {
                let client = try LiveClient(port: live.port)
                try client.write([UInt8(number)])
                clients.append(client)
            }
            for (number, client) in clients.enumerated() {
                #expect(try client.read(exactly: 1) == [UInt8(number)])
                client.close()
            }
            await live.until { $0.connectionCount == 0 }
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `the address of a peer is reported`(driver: any SystemDriver.Type) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver)
            let client = try LiveClient(port: live.port, from: 0x7f00_0009)
            try client.write([1])
            #expect(try client.read(exactly: 1) == [1])
            client.close()
            #expect(await live.on { $0.handler.addresses } == [PeerAddress(ipv4: 0x7f00_0009)])
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `an IPv4 peer of an IPv6 listener is reported as IPv4`(driver: any SystemDriver.Type) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver, host: "[::]")
            let client = try LiveClient(port: live.port)
            try client.write([1])
            #expect(try client.read(exactly: 1) == [1])
            client.close()
            #expect(await live.on { $0.handler.addresses } == [PeerAddress(ipv4: 0x7f00_0001)])
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `a reactor that stopped accepting serves its connections and refuses new ones`(driver: any SystemDriver.Type)
        async throws
    {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver)
            let client = try LiveClient(port: live.port)
            try client.write([1])
            #expect(try client.read(exactly: 1) == [1])
            await live.on { $0.stopAccepting() }
            await live.until { $0.listeners[.main].descriptor < 0 }
            #expect(throws: LiveError.self) { try LiveClient(port: live.port) }
            try client.write([2])
            #expect(try client.read(exactly: 1) == [2])
            client.close()
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }
}
