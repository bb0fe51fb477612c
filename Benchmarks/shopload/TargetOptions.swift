import ArgumentParser
import Glibc
import LoadGenerator
import Primitives
import Reactor

/// The server, and the protocol to use with it.
struct TargetOptions: ParsableArguments {
    @Option(help: "The server: http://HOST:PORT, an IP address or localhost.")
    var url = "http://127.0.0.1:8080"
    @Flag(help: "Aim at another machine. Only at one that is yours, and that can bear it.")
    var allowRemote = false
    @Option(help: "The secret that tokens are signed with (AUTH_JWT_SECRET).")
    var secret: String?
    @Option(help: "A file of tokens instead, `user,token` a line.")
    var tokens: String?
    @Option(name: .customLong("protocol"), help: "The subprotocol that streams ask for, such as shopstream.v2.")
    var subprotocol: String?
    @Option(help: "The path of a shop's stream, with {shop} in the place of the shop.")
    var streamPath: String?
    @Option(help: "The path that messages are posted to.")
    var postPath: String?
    @Option(help: "The path of a list of a shop's messages.")
    var listPath: String?

    private func parts() throws -> (host: PeerAddress, port: UInt16, authority: String) {
        guard url.hasPrefix("http://") else {
            throw ValidationError("--url '\(url)': http://HOST:PORT is expected")
        }
        let authority = String(url.dropFirst("http://".count).prefix { $0 != "/" })
        let text = authority.contains(":") ? authority : authority + ":80"
        guard let address = ListenAddress(text), !text.hasPrefix("*"), !text.hasPrefix(":"),
            let host = PeerAddress(address.host.filter { $0 != "[" && $0 != "]" }), address.port > 0
        else { throw ValidationError("--url '\(url)': http://HOST:PORT with an IP address or localhost is expected") }
        return (host, address.port, authority)
    }

    /// The address to connect to; rejects other machines.
    func address() throws -> SocketAddress {
        let (host, port, _) = try parts()
        let isLoopback =
            host.isIPv4 ? (host.low >> 24) & 0xff == 127 : host.high == 0 && host.low == 1
        guard isLoopback || allowRemote else {
            throw ValidationError("--url '\(url)' is another machine: say --allow-remote if it is yours to load")
        }
        return SocketAddress(host, port: port)
    }

    /// The process that listens there, when it is on this machine; nil when none is visible.
    func listeningProcess() throws -> Int32? {
        let (host, port, _) = try parts()
        let isLoopback = host.isIPv4 ? (host.low >> 24) & 0xff == 127 : host.high == 0 && host.low == 1
        return isLoopback ? ProcessTree.listener(onPort: port) : nil
    }

    func authority() throws -> String { try parts().authority }

    func tokenSource() throws -> TokenSource {
        if let tokens {
            guard let text = FileBytes.text(tokens) else { throw ValidationError("--tokens \(tokens) cannot be read") }
            return try TokenSource(fileText: text)
        }
        // SAFETY: no code changes the environment.
        let variable = unsafe getenv("AUTH_JWT_SECRET").map { unsafe String(cString: $0) }
        guard let secret = secret ?? variable else { return .none }
        // A day is longer than the longest run. Whole hours, so that workers create the same tokens.
        let expiresAt = (Int64(time(nil)) / 3_600 + 26) * 3_600
        return TokenSource(secret: Array(secret.utf8), expiresAt: expiresAt)
    }

    func apply(to plan: inout RunPlan) throws {
        plan.subprotocol = subprotocol
        if let streamPath { plan.paths.stream = streamPath }
        if let postPath { plan.paths.post = postPath }
        if let listPath { plan.paths.list = listPath }
        for path in [plan.paths.stream, plan.paths.post, plan.paths.list] {
            guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw ValidationError("'\(path)' is no path")
            }
        }
        let (host, _, _) = try parts()
        // On loopback every address of 127.0.0.0/8 is ours, and each has its own ports.
        if host.isIPv4, (host.low >> 24) & 0xff == 127 { plan.sourceAddress = 0x7f01_0001 }
    }
}
