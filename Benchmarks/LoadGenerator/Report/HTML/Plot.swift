/// A plot as data: axes, lines and marks. `svg` draws it.
struct Plot {
    /// A point; a nil `y` interrupts the line.
    struct Point: Equatable {
        let x: Double
        let y: Double?
    }

    /// The style of a line. Lines differ in stroke as well as in colour.
    enum Style: String {
        /// The main figure of the plot.
        case main
        /// The figure it is compared with, dashed.
        case second
        /// A third, dotted.
        case third
        /// A broad, pale line for the intended values, below the others.
        case wanted
    }

    /// A line and its name in the legend.
    struct Line {
        let name: String
        let style: Style
        let points: [Point]
    }

    /// A highlighted range of the horizontal axis.
    struct Band {
        let range: ClosedRange<Double>
        let label: String
    }

    let title: String
    /// A sentence below the title that describes the plot.
    let note: String
    /// Creates the horizontal axis with about `tickCount` ticks.
    let horizontal: (_ tickCount: Int) -> PlotAxis
    let vertical: PlotAxis
    let lines: [Line]
    var band: Band?

    /// Whether any line has a point.
    var isEmpty: Bool { lines.allSatisfy { line in line.points.allSatisfy { $0.y == nil } } }
}
