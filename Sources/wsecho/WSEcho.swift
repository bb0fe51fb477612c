import ArgumentParser
import Glibc
import Reactor

/// An echo server on the project's reactor and WebSocket modules, for conformance suites.
@main
struct WSEcho: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wsecho", abstract: "Echoes WebSocket messages, for conformance suites.")

    @Option(help: "Where to listen: HOST:PORT.")
    var listen = "127.0.0.1:9001"

    @Option(help: "The longest message in bytes.")
    var maxMessageBytes = 64 << 20

    func run() throws {
        guard let address = ListenAddress(listen) else {
            throw ValidationError("--listen '\(listen)': HOST:PORT is expected, such as 127.0.0.1:9001")
        }
        // The ring belongs to the thread that creates it: this one.
        let (descriptors, port) = try Listeners.open(address, count: 1)
        var limits = ReactorLimits()
        limits.descriptorCountMax = 1_024
        let driver: UringDriver
        do {
            driver = try UringDriver(limits: limits)
        } catch {
            StandardError.write(Array("wsecho: \(error)\n".utf8))
            throw ExitCode(error.exitStatus)
        }
        let reactor = EchoHandler.EchoReactor(driver: driver, limits: limits)
        reactor.attach(EchoHandler(reactor: reactor, messageByteCountMax: maxMessageBytes))
        reactor.startAccepting(descriptors[0], isIPv6: address.isIPv6)
        print("listening on \(address.host):\(port)")
        fflush(nil)
        reactor.run()
    }
}
