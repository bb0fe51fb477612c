import Primitives
import Reactor
import TLS

/// The certificates and their expiry.
enum CertificateCheck {
    /// Judges a certificate that was loaded.
    static func finding(_ certificate: TLSCertificate, path: String, at now: Timestamp) -> Finding {
        let name = certificate.names.isEmpty ? path : certificate.names.joined(separator: ", ")
        let seconds = certificate.expiresAt - now.microsecondsSinceEpoch / 1_000_000
        let renew = "renew it and write the new files over \(path) and its key"
        if seconds <= 0 {
            return Finding(.certificateExpired, "\(name): expired on \(date(certificate))", fix: renew)
        }
        let text = "\(name): expires on \(date(certificate)), in \(seconds / 86_400) days"
        if seconds < DoctorLimits.certificateSecondsMin { return Finding(.certificateExpiresSoon, text, fix: renew) }
        return Finding(.certificateOK, text)
    }

    /// `2030-01-31`.
    private static func date(_ certificate: TLSCertificate) -> String {
        // The last second of the year 9999.
        let seconds = min(max(0, certificate.expiresAt), 253_402_300_799)
        return String(Timestamp(microsecondsSinceEpoch: seconds * 1_000_000).rfc3339.prefix(10))
    }

    /// Loads each pair of files by itself. Blocks.
    static func findings(_ configuration: ServerConfiguration, at now: Timestamp) -> [Finding] {
        guard let tls = configuration.tls else { return absent(configuration) }
        let files: [TLSCertificateFiles]
        do throws(ConfigurationError) {
            files = try tls.files()
        } catch {
            return [Finding(.certificateInvalid, error.description, fix: "set \(error.name)")]
        }
        return files.map { pair in
            do throws(TLSConfigurationError) {
                let context = try TLSServerContext(
                    [pair], ticketKeys: TicketKeys(at: MonotonicInstant(nanoseconds: 0)))
                return finding(context.certificates[0], path: pair.certificatePath, at: now)
            } catch {
                let error = tls.error(error)
                return Finding(.certificateInvalid, error.description, fix: "set \(error.name), or repair the file")
            }
        }
    }

    private static func absent(_ configuration: ServerConfiguration) -> [Finding] {
        guard !configuration.listen.isLoopback else { return [] }
        return [
            Finding(
                .tlsAbsent, "\(configuration.listen) is reachable without TLS: a proxy must end it",
                fix: "SHOPSTREAM_TLS_CERTIFICATE and SHOPSTREAM_TLS_KEY, or a proxy with TLS")
        ]
    }
}
