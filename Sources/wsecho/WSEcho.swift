import ArgumentParser
import Glibc
import Primitives
import Reactor
import TLS

/// An echo server on the project's reactor and WebSocket modules, for conformance suites.
@main
struct WSEcho: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wsecho", abstract: "Echoes WebSocket messages, for conformance suites.")

    @Option(help: "Where to listen: HOST:PORT.")
    var listen = "127.0.0.1:9001"

    @Option(help: "The longest message in bytes.")
    var maxMessageBytes = 64 << 20

    @Option(help: "The file of a certificate (PEM): speaks TLS, with --tls-key.")
    var tlsCertificate: String?

    @Option(help: "The file of its key (PEM).")
    var tlsKey: String?

    @Option(help: "How it does its I/O: uring or epoll.")
    var driver = Driver.uring

    enum Driver: String, ExpressibleByArgument, CaseIterable {
        case uring
        case epoll
    }

    func run() throws {
        switch driver {
        case .uring: try serve(on: UringDriver.self)
        case .epoll: try serve(on: EpollDriver.self)
        }
    }

    private func serve<IO: SystemDriver>(on _: IO.Type) throws {
        guard let address = ListenAddress(listen) else {
            throw ValidationError("--listen '\(listen)': HOST:PORT is expected, such as 127.0.0.1:9001")
        }
        let context = try tlsContext()
        // The driver belongs to the thread that creates it: this one.
        let (descriptors, port) = try Listeners.open(address, count: 1)
        var limits = ReactorLimits()
        limits.descriptorCountMax = 1_024
        let driver: IO
        do throws(DriverError) {
            driver = try IO(limits: limits)
        } catch {
            StandardError.write(Array("wsecho: \(error)\n".utf8))
            throw ExitCode(error.exitStatus)
        }
        let reactor = EchoHandler<IO>.EchoReactor(driver: driver, limits: limits)
        reactor.attach(EchoHandler<IO>(reactor: reactor, messageByteCountMax: maxMessageBytes, context: context))
        reactor.startAccepting(descriptors[0], isIPv6: address.isIPv6)
        print("listening on \(address.host):\(port)")
        fflush(nil)
        reactor.run()
    }

    private func tlsContext() throws -> TLSServerContext? {
        switch (tlsCertificate, tlsKey) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            let files = TLSCertificateFiles(certificatePath: certificate, keyPath: key)
            return try TLSServerContext([files], ticketKeys: TicketKeys(at: MonotonicInstant(nanoseconds: 0)))
        case (_?, nil), (nil, _?):
            throw ValidationError("--tls-certificate and --tls-key go together")
        }
    }
}
