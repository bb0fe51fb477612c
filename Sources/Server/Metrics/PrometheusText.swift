/// Writes metrics in Prometheus' text format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    /// Begins a family.
    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    /// One sample.
    mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",") + "}"
        }
        let isWhole = value == value.rounded() && abs(value) < 1e15
        text += isWhole ? " \(Int64(value))\n" : " \(value)\n"
    }

    /// The samples of a histogram.
    mutating func samples(of histogram: Histogram, _ name: String) {
        var total: UInt64 = 0
        for (index, bound) in histogram.bounds.enumerated() {
            total += histogram.counts[index]
            sample("\(name)_bucket", [("le", "\(bound)")], Double(total))
        }
        total += histogram.counts[histogram.bounds.count]
        sample("\(name)_bucket", [("le", "+Inf")], Double(total))
        sample("\(name)_sum", [], histogram.sum)
        sample("\(name)_count", [], Double(total))
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
