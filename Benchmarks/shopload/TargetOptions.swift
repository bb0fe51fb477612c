import ArgumentParser
import Glibc
import LoadGenerator
import Primitives
import Reactor

/// The server, and the protocol to use with it.
struct TargetOptions: ParsableArguments {
    @Option(help: "The server: http://HOST:PORT, or https:// for TLS; an IP address or localhost.")
    var url = "http://127.0.0.1:8080"
    @Flag(help: "Aim at another machine. Only at one that is yours, and that can bear it.")
    var allowRemote = false
    @Option(help: "A file of authorities (PEM) to verify the server by; without it, none on loopback.")
    var tlsCa: String?
    @Option(help: "The secret that tokens are signed with (AUTH_JWT_SECRET).")
    var secret: String?
    @Option(help: "A file of tokens instead, `user,token` a line; read again when it is replaced, with --reconnect.")
    var tokens: String?
    @Option(name: .customLong("protocol"), help: "The subprotocol that streams ask for, such as shopstream.v2.")
    var subprotocol: String?
    @Option(help: "The path of a shop's stream, with {shop} in the place of the shop.")
    var streamPath: String?
    @Option(help: "The path that messages are posted to.")
    var postPath: String?
    @Option(help: "The path of a list of a shop's messages.")
    var listPath: String?

    /// The server; rejects other machines.
    func target() throws -> TargetURL {
        let target = try parsed()
        guard target.address.host.isLoopback || allowRemote else {
            throw ValidationError("--url '\(url)' is another machine: say --allow-remote if it is yours to load")
        }
        return target
    }

    private func parsed() throws -> TargetURL {
        do throws(LoadConfigurationError) {
            return try TargetURL(url)
        } catch {
            throw ValidationError("--url \(error)")
        }
    }

    /// The process that listens there, when it is on this machine; nil when none is visible.
    func listeningProcess() throws -> Int32? {
        let address = try parsed().address
        return address.host.isLoopback ? ProcessTree.listener(onPort: address.port) : nil
    }

    private func tlsSettings(_ target: TargetURL) throws -> TLSSettings? {
        guard target.isSecure else {
            guard tlsCa == nil else { throw ValidationError("--tls-ca needs an https:// URL") }
            return nil
        }
        if let tlsCa, FileBytes.read(tlsCa) == nil { throw ValidationError("--tls-ca \(tlsCa) cannot be read") }
        do throws(LoadConfigurationError) {
            return try TLSSettings(target: target, authoritiesPath: tlsCa)
        } catch {
            throw ValidationError("--tls-ca \(error)")
        }
    }

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
        plan.tokenPath = tokens
        if let streamPath { plan.paths.stream = streamPath }
        if let postPath { plan.paths.post = postPath }
        if let listPath { plan.paths.list = listPath }
        for path in [plan.paths.stream, plan.paths.post, plan.paths.list] {
            guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw ValidationError("'\(path)' is no path")
            }
        }
        let target = try target()
        plan.tls = try tlsSettings(target)
        // On loopback every address of 127.0.0.0/8 is ours, and each has its own ports.
        if target.address.host.isIPv4, target.address.host.isLoopback { plan.sourceAddress = 0x7f01_0001 }
    }
}
