import Auth

/// Whether the clock is synchronised.
enum ClockCheck {
    static func findings(_ state: ClockState) -> [Finding] {
        switch state {
        case .synchronised(let errorMax):
            [Finding(.clockOK, "synchronised, at most \(errorMax.components.seconds + 1) s off")]
        case .unsynchronised:
            [
                Finding(
                    .clockUnsynchronised,
                    "the kernel's clock is not synchronised; tokens have a leeway of "
                        + "\(Auth.Limits.leewayDefault.components.seconds) s",
                    fix: "timedatectl set-ntp true, or run chronyd (in a virtual machine, on the host's clock)")
            ]
        case .unknown: [Finding(.clockUnknown, "the kernel does not say whether the clock is synchronised")]
        }
    }
}

/// What the kernel says of its clock.
enum ClockState: Sendable, Equatable {
    /// Something disciplines it; the error is at most this.
    case synchronised(errorMax: Duration)
    /// Nothing does, or it has not for hours.
    case unsynchronised
    /// The call is not allowed here.
    case unknown
}
