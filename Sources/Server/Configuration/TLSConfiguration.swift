import FoundationEssentials
import TLS

/// The files of the certificates.
public struct TLSConfiguration: Sendable {
    /// The certificate for clients that name no server, or one that no other certificate has; nil: the directory's
    /// first.
    var main: TLSCertificateFiles?
    /// A directory with further pairs `NAME.crt`, `NAME.key`.
    var directoryPath: String?

    /// Nil without any of the settings.
    init?(_ reader: ConfigurationReader) throws(ConfigurationError) {
        let certificate = reader.text("SHOPSTREAM_TLS_CERTIFICATE")
        let key = reader.text("SHOPSTREAM_TLS_KEY")
        directoryPath = reader.text("SHOPSTREAM_TLS_DIRECTORY")
        switch (certificate, key) {
        case (let certificate?, let key?):
            main = TLSCertificateFiles(certificatePath: certificate, keyPath: key)
        case (nil, nil):
            if directoryPath == nil { return nil }
        case (_?, nil):
            throw ConfigurationError(
                name: "SHOPSTREAM_TLS_KEY", value: nil, allowed: "the key of SHOPSTREAM_TLS_CERTIFICATE")
        case (nil, _?):
            throw ConfigurationError(
                name: "SHOPSTREAM_TLS_CERTIFICATE", value: nil, allowed: "the certificate of SHOPSTREAM_TLS_KEY")
        }
    }

    /// The pairs of files as they are now, the first one for clients that name no server. Reading a directory may block.
    func files() throws(ConfigurationError) -> [TLSCertificateFiles] {
        var files: [TLSCertificateFiles] = []
        if let main { files.append(main) }
        guard let directoryPath else { return files }
        let names = try Self.names(in: directoryPath)
        let keys = Set(names.filter { $0.hasSuffix(".key") })
        for name in names.sorted() where name.hasSuffix(".crt") && !name.hasPrefix(".") {
            let stem = String(name.dropLast(4))
            guard keys.contains("\(stem).key") else {
                throw ConfigurationError(
                    name: "SHOPSTREAM_TLS_DIRECTORY", value: directoryPath, allowed: "\(name) has no \(stem).key")
            }
            files.append(
                TLSCertificateFiles(
                    certificatePath: "\(directoryPath)/\(name)", keyPath: "\(directoryPath)/\(stem).key"))
        }
        guard !files.isEmpty else {
            throw ConfigurationError(
                name: "SHOPSTREAM_TLS_DIRECTORY", value: directoryPath, allowed: "it has no pair NAME.crt, NAME.key")
        }
        return files
    }

    private static func names(in path: String) throws(ConfigurationError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw ConfigurationError(
                name: "SHOPSTREAM_TLS_DIRECTORY", value: path, allowed: "a directory that can be read")
        }
    }

    /// The error of the setting that names the file.
    func error(_ error: TLSConfigurationError) -> ConfigurationError {
        let isMain = main?.certificatePath == error.path || main?.keyPath == error.path
        let name =
            switch error.part {
            case _ where !isMain: "SHOPSTREAM_TLS_DIRECTORY"
            case .certificate: "SHOPSTREAM_TLS_CERTIFICATE"
            case .key: "SHOPSTREAM_TLS_KEY"
            }
        return ConfigurationError(name: name, value: error.path, allowed: error.reason)
    }
}
