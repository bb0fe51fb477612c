import Glibc
import LoadGenerator

/// Shows how a run goes: a bar that is written over on a terminal, otherwise a line every few seconds.
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
        let line = text(meter.look(stage: stage))
        _ = FileBytes.write(Array((isTerminal ? "\r\u{1b}[K\(line)" : "\(line)\n").utf8), to: 2)
    }

    /// Leaves the line.
    func end() {
        guard !isQuiet, isTerminal else { return }
        _ = FileBytes.write(Array("\r\u{1b}[K".utf8), to: 2)
    }

    private func text(_ progress: ProgressMeter.Progress) -> String {
        var parts = ["\(progress.elapsed.components.seconds) s \(progress.stage)"]
        if isTerminal {
            let filled = Int(progress.fraction * 20)
            parts.append(String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled))
        }
        parts.append("\(progress.openStreams)/\(progress.streamCount) streams")
        if progress.givenUp > 0 { parts.append("\(progress.givenUp) given up") }
        parts.append("\(Int(progress.postsPerSecond.rounded())) posts/s")
        parts.append("\(Int(progress.deliveriesPerSecond.rounded())) deliveries/s")
        if let p50 = progress.p50, let p99 = progress.p99 {
            parts.append("p50 \(Self.milliseconds(p50)) p99 \(Self.milliseconds(p99)) ms")
        }
        if progress.backlog > 0 { parts.append("\(progress.backlog) waiting") }
        if progress.refused > 0 { parts.append("\(progress.refused) refused") }
        if progress.faults > 0 { parts.append("\(progress.faults) FAULTS") }
        return parts.joined(separator: "  ")
    }

    private static func milliseconds(_ nanoseconds: UInt64) -> String {
        String((Double(nanoseconds) / 1e4).rounded() / 100)
    }
}
