/// The progress of a run in one line for a terminal or a log. Pure.
package struct ProgressLine: Equatable, Sendable {
    /// The line, without a line feed.
    package let text: String

    /// The line for `progress`. On a terminal of `columnCount` columns it ends with a bar, and the least important
    /// parts are left out if they do not fit: a line that wraps could not be overwritten. Nil means a log, which has no
    /// such limit.
    package init(_ progress: ProgressMeter.Progress, columnCount: Int? = nil) {
        let parts = Self.parts(progress) + (columnCount == nil ? [] : [Self.bar(progress.fraction)])
        // After the last column the cursor may already be on the next line.
        let width = columnCount.map { max(0, $0 - 1) } ?? .max
        var text = ""
        for part in parts {
            let longer = text.isEmpty ? part : "\(text)  \(part)"
            guard longer.count <= width else { break }
            text = longer
        }
        self.text = text
    }

    /// The parts, the most important first.
    private static func parts(_ progress: ProgressMeter.Progress) -> [String] {
        var parts = ["\(progress.elapsed.components.seconds) s \(progress.stage)"]
        for (count, name) in [
            (progress.faults, "FAULTS"), (progress.refused, "refused"), (UInt64(progress.givenUp), "given up"),
        ] where count > 0 {
            parts.append("\(NumberText.count(Int(clamping: count))) \(name)")
        }
        let open = NumberText.count(Int(clamping: progress.openStreams))
        let isOpen = progress.openStreams >= progress.streamCount
        parts.append(isOpen ? "\(open) streams" : "\(open) of \(NumberText.count(progress.streamCount)) streams")
        if let p99 = progress.p99 { parts.append("p99 \(NumberText.duration(p99))") }
        parts.append(NumberText.perSecond(progress.postsPerSecond, "posts"))
        parts.append(NumberText.perSecond(progress.deliveriesPerSecond, "deliveries"))
        if progress.backlog > 0 { parts.append("\(NumberText.count(Int(clamping: progress.backlog))) waiting") }
        if let p50 = progress.p50 { parts.append("p50 \(NumberText.duration(p50))") }
        return parts
    }

    private static func bar(_ fraction: Double) -> String {
        let filled = Int(min(max(fraction, 0), 1) * 20)
        return String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
    }
}
