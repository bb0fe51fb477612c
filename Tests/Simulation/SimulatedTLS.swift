import Logging
import TLS
import TestCertificates

@testable import Server

/// The certificate of all simulated servers. Its key makes signatures of one length, so that the bytes of a handshake
/// are as many in each run, and a seed repeats.
enum SimulatedTLS {
    private static let certificate: TestCertificate = {
        do { return try TestCertificate() } catch { preconditionFailure("a certificate can be made: \(error)") }
    }()

    /// What the shards use.
    static let certificates: ServerCertificates = {
        let environment = [
            "SHOPSTREAM_TLS_CERTIFICATE": certificate.certificatePath, "SHOPSTREAM_TLS_KEY": certificate.keyPath,
        ]
        let log = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        do {
            guard let tls = try ServerConfiguration(environment: environment).tls else {
                preconditionFailure("the settings name a certificate")
            }
            return try ServerCertificates(tls, log: log)
        } catch {
            preconditionFailure("the certificate can be used: \(error)")
        }
    }()

    private static let clientContext: TLSClientContext = {
        do {
            return try TLSClientContext(trusting: .file(certificate.certificatePath))
        } catch {
            preconditionFailure("the certificate can be trusted: \(error)")
        }
    }()

    /// A client's end.
    static func client() -> TLSConnection {
        do throws(TLSError) {
            return try TLSConnection(client: clientContext, serverName: "localhost")
        } catch {
            preconditionFailure("a session can be made: \(error)")
        }
    }
}
