import Auth
import Glibc
import Primitives
import Reactor
import TLS
import TestCertificates
import Testing

@testable import Server

/// Certificates, keys, files and listen addresses.
@Suite struct SettingsCheckTests {
    private static let strong = String(repeating: "s", count: 32)

    private static func configuration(_ environment: [String: String]) throws -> ServerConfiguration {
        try ServerConfiguration(environment: environment)
    }

    // MARK: - Certificates

    private static func certificateCode(secondsLeft: Int64) throws -> FindingCode {
        let made = try TestCertificate(["DNS:a.example"])
        let context = try TLSServerContext(
            [TLSCertificateFiles(certificatePath: made.certificatePath, keyPath: made.keyPath)],
            ticketKeys: TicketKeys(at: MonotonicInstant(nanoseconds: 0)))
        let certificate = context.certificates[0]
        let now = Timestamp(microsecondsSinceEpoch: (certificate.expiresAt - secondsLeft) * 1_000_000)
        let finding = CertificateCheck.finding(certificate, path: "c.pem", at: now)
        #expect(finding.text.contains("a.example"))
        return finding.code
    }

    @Test(
        arguments: [
            (14 * 86_400, FindingCode.certificateOK), (14 * 86_400 - 1, .certificateExpiresSoon),
            (1, .certificateExpiresSoon), (0, .certificateExpired), (-86_400, .certificateExpired),
        ] as [(Int64, FindingCode)])
    func `expiry is judged`(secondsLeft: Int64, code: FindingCode) throws {
        #expect(try Self.certificateCode(secondsLeft: secondsLeft) == code)
    }

    @Test func `a file that cannot be loaded names its setting`() throws {
        let certificate = try TestCertificate()
        let missing = try Self.configuration([
            "SHOPSTREAM_TLS_CERTIFICATE": certificate.certificatePath, "SHOPSTREAM_TLS_KEY": "/nowhere.pem",
        ])
        let finding = CertificateCheck.findings(missing, at: WallClock.now)[0]
        #expect(finding.code == .certificateInvalid && finding.fix?.contains("SHOPSTREAM_TLS_KEY") == true)
        let folder = try Self.configuration(["SHOPSTREAM_TLS_DIRECTORY": try TemporaryTree(["x/": ""]).root])
        #expect(CertificateCheck.findings(folder, at: WallClock.now).map(\.code) == [.certificateInvalid])
    }

    @Test func `each pair of a directory has a finding of its own`() throws {
        let tree = try TemporaryTree()
        let good = try TestCertificate(["DNS:good.example"])
        // SAFETY: the calls keep no pointer to the paths.
        unsafe symlink(good.certificatePath, "\(tree.root)/good.crt")
        unsafe symlink(good.keyPath, "\(tree.root)/good.key")
        try tree.write("bad.crt", "no certificate")
        try tree.write("bad.key", "no key")
        let configuration = try Self.configuration(["SHOPSTREAM_TLS_DIRECTORY": tree.root])
        let codes = CertificateCheck.findings(configuration, at: WallClock.now).map(\.code)
        #expect(codes == [.certificateInvalid, .certificateOK])
    }

    @Test func `a listener without TLS is noted where other machines reach it`() throws {
        let local = try Self.configuration([:])
        #expect(CertificateCheck.findings(local, at: WallClock.now).isEmpty)
        let open = try Self.configuration(["SHOPSTREAM_LISTEN": "0.0.0.0:8080"])
        #expect(CertificateCheck.findings(open, at: WallClock.now).map(\.code) == [.tlsAbsent])
    }

    // MARK: - Keys

    private static func keyCodes(
        _ auth: AuthConfiguration, mode: ServerConfiguration.Mode = .production, isDemo: Bool = false,
        keys: Result<[UInt8], AuthConfigurationError>? = nil
    ) -> [FindingCode] {
        KeyCheck.findings(auth, mode: mode, isDemo: isDemo, keys: keys).map(\.code)
    }

    private static func auth(secret: String? = nil, path: String? = nil) -> AuthConfiguration {
        var auth = AuthConfiguration()
        auth.secret = secret
        auth.keys = path.map(KeySource.file)
        return auth
    }

    private static let jwks = Array(
        """
        {"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"},
        {"kty":"oct","k":"AA"}]}
        """.utf8)

    @Test func `a secret must have 32 bytes in production mode`() {
        let short = Self.auth(secret: String(repeating: "s", count: 31))
        #expect(Self.keyCodes(short) == [.secretTooShort])
        #expect(Self.keyCodes(short, mode: .development) == [.secretShort])
        #expect(Self.keyCodes(Self.auth(secret: Self.strong)) == [.keysOK])
        let texts = KeyCheck.findings(short, mode: .production, isDemo: false, keys: nil).map(\.text)
        #expect(!texts.joined().contains("sss"), "a finding does not show the secret")
    }

    @Test func `keys from a source must be readable and usable`() {
        let auth = Self.auth(path: "k.json")
        #expect(Self.keyCodes(auth, keys: .success(Self.jwks)) == [.keysOK])
        #expect(Self.keyCodes(auth, keys: .success(Array("{}".utf8))) == [.keysInvalid])
        let unreadable = AuthConfigurationError.keySetUnreadable(path: "k.json", reason: "x")
        #expect(Self.keyCodes(auth, keys: .failure(unreadable)) == [.keysUnreadable])
        let both = Self.auth(secret: Self.strong, path: "k.json")
        #expect(Self.keyCodes(both, keys: .success(Self.jwks)) == [.keysOK, .keysOK])
    }

    @Test func `without a key, or a secret for the demo, no token can be verified or signed`() {
        #expect(Self.keyCodes(Self.auth()) == [.keysMissing])
        let demo = Self.keyCodes(
            Self.auth(path: "k.json"), mode: .development, isDemo: true, keys: .success(Self.jwks))
        #expect(demo == [.keysMissing])
    }

    @Test func `a file of keys is read`() async throws {
        let tree = try TemporaryTree(["k.json": String(decoding: Self.jwks, as: UTF8.self)])
        for (name, code) in [("k.json", FindingCode.keysOK), ("none.json", .keysUnreadable)] {
            let configuration = try Self.configuration(["AUTH_JWKS_FILE": "\(tree.root)/\(name)"])
            #expect(await KeyCheck.findings(configuration).map(\.code) == [code])
        }
    }

    // MARK: - Files

    private static func fileCodes(_ environment: [String: String]) throws -> [FindingCode] {
        FileCheck.findings(try configuration(environment)).map(\.code)
    }

    @Test func `the members file is parsed`() throws {
        let tree = try TemporaryTree(["good.csv": "s,u,admin\n", "bad.csv": "s,u,owner\n"])
        let images = ["SHOPSTREAM_IMAGES": "\(tree.root)/images"]
        func codes(_ name: String) throws -> [FindingCode] {
            try Self.fileCodes(images.merging(["SHOPSTREAM_MEMBERS": "\(tree.root)/\(name)"]) { $1 })
        }
        #expect(try codes("good.csv") == [.membersOK, .imagesOK])
        #expect(try codes("bad.csv") == [.membersInvalid, .imagesOK])
        #expect(try codes("none.csv") == [.membersInvalid, .imagesOK])
        #expect(try Self.fileCodes(images) == [.imagesOK])
    }

    @Test func `images need a directory, or a parent in which it can be made`() throws {
        let tree = try TemporaryTree(["file": "x", "folder/": ""])
        #expect(try Self.fileCodes(["SHOPSTREAM_IMAGES": "\(tree.root)/folder"]) == [.imagesOK])
        #expect(try Self.fileCodes(["SHOPSTREAM_IMAGES": "\(tree.root)/a/b"]) == [.imagesOK])
        #expect(try Self.fileCodes(["SHOPSTREAM_IMAGES": "\(tree.root)/file"]) == [.imagesUnwritable])
        #expect(try Self.fileCodes(["SHOPSTREAM_IMAGES": "\(tree.root)/file/b"]) == [.imagesUnwritable])
    }

    @Test func `the key of image URLs has 32 bytes`() throws {
        let tree = try TemporaryTree(["good/.signing-key": Self.strong, "bad/.signing-key": "short", "new/": ""])
        func codes(_ folder: String, _ kind: String) throws -> [FindingCode] {
            try Self.fileCodes([
                "SHOPSTREAM_IMAGES": "\(tree.root)/\(folder)", "SHOPSTREAM_IMAGE_URLS": kind,
                "SHOPSTREAM_PUBLIC_URL": "https://a.example",
            ])
        }
        #expect(try codes("good", "signed") == [.imagesOK])
        #expect(try codes("new", "signed") == [.imagesOK])
        #expect(try codes("bad", "signed") == [.signingKeyInvalid])
        #expect(try codes("bad", "members") == [.imagesOK])
    }

    // MARK: - Listen addresses

    @Test func `an address in use is a note, and one that fails a failure`() throws {
        let address = try #require(ListenAddress("127.0.0.1:80"))
        func finding(_ error: ListenError?) -> Finding { ListenCheck.finding(error, name: "NAME", address: address) }
        #expect(finding(nil).code == .listenFree)
        #expect(finding(.inUse(address)).code == .listenInUse)
        #expect(finding(.inUse(address)).severity == .note)
        for (errnoValue, fix) in [(EACCES, "CAP_NET_BIND_SERVICE"), (EADDRNOTAVAIL, "0.0.0.0:80"), (EMFILE, "NAME")] {
            let failed = finding(.failed(address, operation: "bind", errnoValue: errnoValue))
            #expect(failed.code == .listenFailed && failed.fix?.contains(fix) == true)
        }
    }

    @Test func `a listening socket is left alone`() throws {
        let address = try #require(ListenAddress("127.0.0.1:0"))
        let (descriptors, port) = try Listeners.open(address, count: 1)
        defer { for descriptor in descriptors { close(descriptor) } }
        let configuration = try Self.configuration(["SHOPSTREAM_LISTEN": "127.0.0.1:\(port)"])
        #expect(ListenCheck.findings(configuration).map(\.code) == [.listenInUse])
        let free = try Self.configuration(["SHOPSTREAM_LISTEN": "127.0.0.1:0"])
        #expect(ListenCheck.findings(free).map(\.code) == [.listenFree])
        let foreign = try Self.configuration(["SHOPSTREAM_LISTEN": "192.0.2.1:8080"])
        #expect(ListenCheck.findings(foreign).map(\.code) == [.listenFailed])
    }
}
