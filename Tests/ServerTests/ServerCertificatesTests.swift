import Glibc
import Logging
import TLS
import TestCertificates
import Testing

@testable import Server

@Suite struct ServerCertificatesTests {
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func configuration(_ environment: [String: String]) throws -> TLSConfiguration {
        try #require(try ServerConfiguration(environment: environment).tls)
    }

    private static func environment(_ certificate: TestCertificate) -> [String: String] {
        ["SHOPSTREAM_TLS_CERTIFICATE": certificate.certificatePath, "SHOPSTREAM_TLS_KEY": certificate.keyPath]
    }

    /// Replaces the files of a certificate by those of another one, as a renewal does.
    private static func replace(_ certificate: TestCertificate, by other: TestCertificate) {
        // SAFETY: the calls keep no pointer to the paths.
        unsafe rename(other.certificatePath, certificate.certificatePath)
        unsafe rename(other.keyPath, certificate.keyPath)
    }

    private func names(_ certificates: ServerCertificates) -> [[String]] {
        certificates.current.certificates.map(\.names)
    }

    @Test func `changed files are loaded at the next look, and unchanged ones are not`() throws {
        let certificate = try TestCertificate(["DNS:old.example"])
        let certificates = try ServerCertificates(try Self.configuration(Self.environment(certificate)), log: log)
        let first = certificates.current
        certificates.timePassed()
        #expect(certificates.current === first && certificates.statistics.changeCount == 0)
        Self.replace(certificate, by: try TestCertificate(["DNS:new.example"]))
        certificates.timePassed()
        #expect(names(certificates) == [["new.example"]])
        #expect(certificates.statistics.changeCount == 1)
        #expect(certificates.statistics.expiries.map(\.name) == ["new.example"])
        #expect(certificates.current.ticketKeys === first.ticketKeys, "sessions resume over the change")
    }

    @Test func `files that do not fit together change nothing, and count once`() throws {
        let certificate = try TestCertificate(["DNS:old.example"])
        let certificates = try ServerCertificates(try Self.configuration(Self.environment(certificate)), log: log)
        let other = try TestCertificate(["DNS:new.example"])
        // SAFETY: as above. A renewal replaces one file after the other.
        unsafe rename(other.certificatePath, certificate.certificatePath)
        for _ in 0..<3 { certificates.timePassed() }
        #expect(names(certificates) == [["old.example"]])
        #expect(certificates.statistics.failureCount == 1)
        unsafe rename(other.keyPath, certificate.keyPath)
        certificates.timePassed()
        #expect(names(certificates) == [["new.example"]])
    }

    @Test func `a reload loads files whether or not they have changed`() throws {
        let certificate = try TestCertificate()
        let certificates = try ServerCertificates(try Self.configuration(Self.environment(certificate)), log: log)
        certificates.reload()
        #expect(certificates.statistics.changeCount == 1)
    }

    @Test func `a directory adds its pairs in the order of their names, and keeps its last good state`() throws {
        let main = try TestCertificate(["DNS:main.example"])
        let folder = try TestCertificate()
        let pairs = try ["b", "a"].map { ($0, try TestCertificate(["DNS:\($0).example"])) }
        func path(_ name: String) -> String { "\(folder.folder)/\(name)" }
        // SAFETY: as above.
        for (name, pair) in pairs {
            unsafe rename(pair.certificatePath, path("\(name).crt"))
            unsafe rename(pair.keyPath, path("\(name).key"))
        }
        defer { for name in ["a", "b"] { for end in ["crt", "key"] { unsafe unlink(path("\(name).\(end)")) } } }
        var environment = ["SHOPSTREAM_TLS_DIRECTORY": folder.folder]
        let alone = try ServerCertificates(try Self.configuration(environment), log: log)
        #expect(names(alone) == [["a.example"], ["b.example"]])
        environment.merge(Self.environment(main)) { $1 }
        let certificates = try ServerCertificates(try Self.configuration(environment), log: log)
        #expect(names(certificates) == [["main.example"], ["a.example"], ["b.example"]])
        unsafe unlink(path("a.key"))
        for _ in 0..<2 { certificates.timePassed() }
        #expect(names(certificates).count == 3 && certificates.statistics.failureCount == 1)
    }

    @Test func `the setting of a file that cannot be used is named`() throws {
        let certificate = try TestCertificate()
        let other = try TestCertificate()
        func refusedName(_ environment: [String: String]) throws -> String? {
            do throws(ConfigurationError) {
                guard let tls = try ServerConfiguration(environment: environment).tls else { return nil }
                _ = try ServerCertificates(tls, log: log)
                return nil
            } catch {
                return error.name
            }
        }
        var environment = Self.environment(certificate)
        #expect(try refusedName(environment) == nil)
        environment["SHOPSTREAM_TLS_KEY"] = other.keyPath
        #expect(try refusedName(environment) == "SHOPSTREAM_TLS_KEY")
        environment["SHOPSTREAM_TLS_CERTIFICATE"] = "/nonexistent"
        #expect(try refusedName(environment) == "SHOPSTREAM_TLS_CERTIFICATE")
        #expect(try refusedName(["SHOPSTREAM_TLS_DIRECTORY": "/nonexistent"]) == "SHOPSTREAM_TLS_DIRECTORY")
        #expect(try refusedName(["SHOPSTREAM_TLS_DIRECTORY": "/usr/include"]) == "SHOPSTREAM_TLS_DIRECTORY")
        #expect(try refusedName(["SHOPSTREAM_TLS_KEY": certificate.keyPath]) == "SHOPSTREAM_TLS_CERTIFICATE")
        #expect(
            try refusedName(["SHOPSTREAM_TLS_CERTIFICATE": certificate.certificatePath]) == "SHOPSTREAM_TLS_KEY")
    }

    @Test func `a plain listener needs TLS beside it, an address of its own, and loopback in production`() throws {
        func refusedName(_ environment: [String: String]) -> String? {
            do throws(ConfigurationError) {
                _ = try ServerConfiguration(environment: environment)
                return nil
            } catch {
                return error.name
            }
        }
        let name = "SHOPSTREAM_LISTEN_PLAIN"
        #expect(refusedName([name: "127.0.0.1:8081"]) == name)
        var environment = [
            name: "0.0.0.0:8081", "SHOPSTREAM_TLS_CERTIFICATE": "c", "SHOPSTREAM_TLS_KEY": "k",
            "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example",
        ]
        #expect(refusedName(environment) == nil)
        environment["SHOPSTREAM_MODE"] = "production"
        #expect(refusedName(environment) == name)
        environment[name] = "[::1]:8081"
        #expect(refusedName(environment) == nil)
        environment["SHOPSTREAM_METRICS_LISTEN"] = "[::1]:8081"
        #expect(refusedName(environment) == "SHOPSTREAM_METRICS_LISTEN")
        environment["SHOPSTREAM_METRICS_LISTEN"] = nil
        environment["SHOPSTREAM_LISTEN"] = "[::]:8081"
        #expect(refusedName(environment) == name)
    }
}
