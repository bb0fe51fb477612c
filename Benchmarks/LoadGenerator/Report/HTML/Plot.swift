/// A plot as data: axes, lines and what is marked. `svg` draws it.
struct Plot {
    /// A point; a nil `y` interrupts the line.
    struct Point: Equatable {
        let x: Double
        let y: Double?
    }

    /// How a line looks. Lines differ in stroke as well as in colour.
    enum Style: String {
        /// The figure that the plot is about.
        case main
        /// The one that it is compared with, dashed.
        case second
        /// A third, dotted.
        case third
        /// A broad, pale line for what was meant to be, on which the others lie.
        case wanted
    }

    /// A line and its name in the legend.
    struct Line {
        let name: String
        let style: Style
        let points: [Point]
    }

    /// A stretch of the horizontal axis that stands out.
    struct Band {
        let range: ClosedRange<Double>
        let label: String
    }

    let title: String
    /// What is shown, in a sentence below the title.
    let note: String
    /// The horizontal axis for about so many ticks.
    let horizontal: (_ tickCount: Int) -> PlotAxis
    let vertical: PlotAxis
    let lines: [Line]
    var band: Band?

    /// Whether any line has a point.
    var isEmpty: Bool { lines.allSatisfy { line in line.points.allSatisfy { $0.y == nil } } }
}
