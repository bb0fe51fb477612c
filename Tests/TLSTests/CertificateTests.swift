import Primitives
import TestCertificates
import Testing

@testable import TLS

@Suite struct CertificateTests {
    @Test func `a certificate says its names and its end`() throws {
        let certificate = try TestCertificate(["DNS:Shop.Example", "DNS:*.shop.example", "IP:10.0.0.1"])
        let context = try TLSServerContext.of([certificate])
        #expect(context.certificates.count == 1)
        #expect(context.certificates[0].names == ["shop.example", "*.shop.example"])
        #expect(context.certificates[0].expiresAt > 1_700_000_000)
    }

    @Test(arguments: [
        ("a.example", 0), ("A.EXAMPLE", 0), ("b.example", 1), ("x.b.example", 1), ("x.y.b.example", nil),
        ("c.example", nil), (".b.example", nil), ("example", nil), ("", nil),
    ])
    func `a server name selects its certificate`(name: String, index: Int?) {
        var names = CertificateNames()
        names.add(TLSCertificate(names: ["a.example"], expiresAt: 0), index: 0)
        names.add(TLSCertificate(names: ["b.example", "*.b.example", "a.example"], expiresAt: 0), index: 1)
        #expect(names.index(of: name) == index)
    }

    @Test func `a client gets the certificate of the name it asks for, or else the first`() throws {
        let certificates = try ["a.example", "b.example", "*.c.example"].map { try TestCertificate(["DNS:\($0)"]) }
        let context = try TLSServerContext.of(certificates)
        for (name, certificate) in zip(["a.example", "b.example", "x.c.example"], certificates) {
            var pair = try Pair(context, name: name, trusting: .file(certificate.certificatePath))
            try pair.settle()
            #expect(pair.client.isEstablished, "\(name)")
        }
        var unknown = try Pair(context, name: "d.example", trusting: .file(certificates[0].certificatePath))
        #expect(throws: TLSError.self) { try unknown.settle() }
    }

    @Test func `files that cannot be used are named`() throws {
        let certificate = try TestCertificate()
        let other = try TestCertificate()
        let locked = try TestCertificate(algorithm: .rsa, passphrase: "secret")
        func failure(_ certificatePath: String, _ keyPath: String) -> TLSConfigurationError? {
            do {
                _ = try TLSServerContext(
                    [TLSCertificateFiles(certificatePath: certificatePath, keyPath: keyPath)],
                    ticketKeys: TicketKeys(at: .init(nanoseconds: 0)))
                return nil
            } catch {
                return error
            }
        }
        let missing = failure("/nonexistent.pem", certificate.keyPath)
        #expect(missing?.part == .certificate && missing?.path == "/nonexistent.pem")
        #expect(missing?.reason == "No such file or directory")
        #expect(failure(certificate.certificatePath, "/nonexistent.pem")?.part == .key)
        #expect(failure(certificate.keyPath, certificate.keyPath)?.part == .certificate)
        #expect(failure(certificate.certificatePath, certificate.certificatePath)?.part == .key)
        #expect(failure(certificate.certificatePath, other.keyPath)?.part == .key)
        #expect(failure(locked.certificatePath, locked.keyPath)?.part == .key)
        #expect(failure(certificate.certificatePath, certificate.keyPath) == nil)
    }
}
