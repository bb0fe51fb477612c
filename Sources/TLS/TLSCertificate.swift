/// The files of a certificate and its key (PEM). The certificate's file has the chain, the leaf first.
public struct TLSCertificateFiles: Hashable, Sendable {
    /// The file of the chain.
    public let certificatePath: String
    /// The file of the key.
    public let keyPath: String

    /// A pair of files.
    public init(certificatePath: String, keyPath: String) {
        self.certificatePath = certificatePath
        self.keyPath = keyPath
    }
}

/// What a loaded certificate says of itself.
public struct TLSCertificate: Hashable, Sendable {
    /// The DNS names of its subject, in lower case, in the certificate's order (RFC 6125, section 6.4). One label of a
    /// name may be `*`.
    public let names: [String]
    /// The end of its validity, in seconds since 1970.
    public let expiresAt: Int64
}

/// Finds the certificate for a server name.
struct CertificateNames {
    private var indexes: [String: Int] = [:]

    /// Adds the names of the certificate at `index`. A name that an earlier certificate has stays with that one.
    mutating func add(_ certificate: TLSCertificate, index: Int) {
        for name in certificate.names where indexes[name] == nil { indexes[name] = index }
    }

    /// The certificate that has the name itself, or else a wildcard in place of the name's first label (RFC 6125,
    /// section 6.4.3). O(length).
    func index(of serverName: String) -> Int? {
        let name = serverName.lowercased()
        if let index = indexes[name] { return index }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return nil }
        return indexes["*" + name[dot...]]
    }
}
