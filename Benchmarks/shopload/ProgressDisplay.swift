import Glibc
import LoadGenerator

/// Shows the progress of a run: a bar that is overwritten on a terminal, otherwise a line every few seconds.
struct ProgressDisplay {
    private let isQuiet: Bool
    private let isTerminal: Bool
    private var meter: ProgressMeter
    private var countdown = 0

    /// A display on standard error.
    init(isQuiet: Bool, meter: ProgressMeter) {
        self.isQuiet = isQuiet
        self.meter = meter
        isTerminal = isatty(2) != 0
    }

    /// Called twenty times a second.
    mutating func show(_ stage: String) {
        guard !isQuiet else { return }
        countdown -= 1
        guard countdown <= 0 else { return }
        countdown = isTerminal ? 10 : 100
        let progress = meter.look(stage: stage)
        let line = ProgressLine(progress, columnCount: isTerminal ? Self.columnCount : nil).text
        _ = FileBytes.write(Array((isTerminal ? "\r\u{1b}[K\(line)" : "\(line)\n").utf8), to: 2)
    }

    /// Clears the line.
    func end() {
        guard !isQuiet, isTerminal else { return }
        _ = FileBytes.write(Array("\r\u{1b}[K".utf8), to: 2)
    }

    /// The terminal's current width.
    private static var columnCount: Int {
        var size = winsize()
        // SAFETY: the call fills the local.
        guard unsafe ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
