/// The kernel's release.
enum KernelCheck {
    /// Judges `uname -r`.
    static func findings(release: String?) -> [Finding] {
        guard let release else { return [Finding(.factUnknown, "the kernel's release cannot be read")] }
        let parts = release.split { $0 == "." || $0 == "-" || $0 == "+" }.prefix(2).compactMap { Int($0) }
        guard parts.count == 2 else {
            return [Finding(.factUnknown, "the kernel's release \(release) is not understood")]
        }
        let version = (parts[0], parts[1])
        guard version >= (6, 7) else {
            return [
                Finding(
                    .kernelTooOld, "Linux \(release) lacks what the server needs of io_uring",
                    fix: "use Linux 6.7 or newer; 6.12 or newer is better")
            ]
        }
        let ok = Finding(.kernelOK, "Linux \(release)")
        guard version < (6, 12) else { return [ok] }
        return [
            ok,
            Finding(
                .timeSlicesMissing, "before Linux 6.12 a commit may wait milliseconds for a busy reactor's processor",
                fix: "use Linux 6.12 or newer"),
        ]
    }
}
