/// A metric of `/metrics`. `Metric.all` has the one declaration of each: its name, help, type and value.
struct Metric: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram
        /// A name of the first design whose ending fits neither a counter nor a gauge. Another name says the same.
        case untyped
    }

    /// What a metric shows.
    enum Value {
        case number(Double)
        /// A sample for each value of one label.
        case labelled(String, [(String, Double)])
        /// A sample for each pair of values of two labels.
        case table((String, String), [(String, String, Double)])
        case histogram(Histogram)
    }

    let name: String
    let kind: Kind
    let help: String
    /// The value of these figures; nil leaves the metric out.
    let value: @Sendable (ServerFigures) -> Value?

    /// A number that only grows.
    static func counter(
        _ name: String, _ help: String, _ value: @escaping @Sendable (ServerFigures) -> Double?
    ) -> Metric {
        Metric(name: name, kind: .counter, help: help) { value($0).map(Value.number) }
    }

    /// Numbers that only grow, by the values of a label.
    static func counter(
        _ name: String, _ help: String, by label: String,
        _ rows: @escaping @Sendable (ServerFigures) -> [(String, Double)]?
    ) -> Metric {
        Metric(name: name, kind: .counter, help: help) { rows($0).map { .labelled(label, $0) } }
    }

    /// Numbers that only grow, by the values of two labels.
    static func counter(
        _ name: String, _ help: String, by labels: (String, String),
        _ rows: @escaping @Sendable (ServerFigures) -> [(String, String, Double)]
    ) -> Metric {
        Metric(name: name, kind: .counter, help: help) { .table(labels, rows($0)) }
    }

    /// A number that grows and shrinks.
    static func gauge(
        _ name: String, _ help: String, _ value: @escaping @Sendable (ServerFigures) -> Double?
    ) -> Metric {
        Metric(name: name, kind: .gauge, help: help) { value($0).map(Value.number) }
    }

    /// Numbers that grow and shrink, by the values of a label.
    static func gauge(
        _ name: String, _ help: String, by label: String,
        _ rows: @escaping @Sendable (ServerFigures) -> [(String, Double)]?
    ) -> Metric {
        Metric(name: name, kind: .gauge, help: help) { rows($0).map { .labelled(label, $0) } }
    }

    /// A number under a name that does not fit its type.
    static func untyped(
        _ name: String, _ help: String, _ value: @escaping @Sendable (ServerFigures) -> Double?
    ) -> Metric {
        Metric(name: name, kind: .untyped, help: help) { value($0).map(Value.number) }
    }

    /// Numbers under such a name, by the values of a label.
    static func untyped(
        _ name: String, _ help: String, by label: String,
        _ rows: @escaping @Sendable (ServerFigures) -> [(String, Double)]?
    ) -> Metric {
        Metric(name: name, kind: .untyped, help: help) { rows($0).map { .labelled(label, $0) } }
    }

    /// Counts by bounds.
    static func histogram(
        _ name: String, _ help: String, _ value: @escaping @Sendable (ServerFigures) -> Histogram?
    ) -> Metric {
        Metric(name: name, kind: .histogram, help: help) { value($0).map(Value.histogram) }
    }
}

extension Metric {
    /// All metrics with these figures, in Prometheus' text format.
    static func text(_ figures: ServerFigures) -> String {
        var text = PrometheusText()
        for metric in all {
            guard let value = metric.value(figures) else { continue }
            text.family(metric.name, metric.kind.rawValue, metric.help)
            switch value {
            case .number(let number): text.sample(metric.name, [], number)
            case .labelled(let label, let rows):
                for (value, number) in rows.sorted(by: { $0.0 < $1.0 }) {
                    text.sample(metric.name, [(label, value)], number)
                }
            case .table(let labels, let rows):
                for (first, second, number) in rows {
                    text.sample(metric.name, [(labels.0, first), (labels.1, second)], number)
                }
            case .histogram(let histogram): text.samples(of: histogram, metric.name)
            }
        }
        return text.text
    }
}
