extension Plot {
    /// The sizes at which a plot is drawn. The text in a drawing scales with it, so a narrow page gets a separate
    /// drawing.
    struct Size {
        let width: Double
        let height: Double
        let tickCount: Int
        let name: String

        static let wide = Size(width: 580, height: 270, tickCount: 8, name: "wide")
        static let narrow = Size(width: 340, height: 220, tickCount: 4, name: "narrow")
    }

    private struct Frame {
        let left = 62.0
        let right: Double
        let top = 12.0
        let bottom: Double
        let horizontal: PlotAxis
        let vertical: PlotAxis

        func x(_ value: Double) -> Double { left + horizontal.position(of: value) * (right - left) }
        func y(_ value: Double) -> Double { bottom - vertical.position(of: value) * (bottom - top) }
    }

    /// The plot with its title and legend, at both sizes.
    func html() -> String {
        var keys = lines.map { line in
            "<li><svg width=\"26\" height=\"10\" aria-hidden=\"true\">"
                + "<path class=\"line \(line.style.rawValue)\" d=\"M1 5H25\"/></svg>\(HTMLText.escaped(line.name))</li>"
        }
        if let band {
            keys.append(
                "<li><svg width=\"26\" height=\"10\" aria-hidden=\"true\"><path class=\"band\" d=\"M0 0H26V10H0z\"/>"
                    + "</svg>\(HTMLText.escaped(band.label))</li>")
        }
        return """
            <figure class="card">
            <figcaption><h3>\(HTMLText.escaped(title))</h3><p>\(HTMLText.escaped(note))</p></figcaption>
            <ul class="legend">\(keys.joined())</ul>
            \(svg(.wide))
            \(svg(.narrow))
            </figure>

            """
    }

    /// The drawing. O(points).
    func svg(_ size: Size) -> String {
        let frame = Frame(
            right: size.width - 24, bottom: size.height - 28, horizontal: horizontal(size.tickCount),
            vertical: vertical)
        let open =
            "<svg class=\"plot \(size.name)\" viewBox=\"0 0 \(Int(size.width)) \(Int(size.height))\" "
            + "role=\"img\" aria-label=\"\(HTMLText.escaped("\(title): \(note)"))\">"
        return open + bandSVG(frame) + verticalGrid(frame) + horizontalTicks(frame)
            + lines.map { lineSVG($0, frame) }.joined() + "</svg>"
    }

    private func bandSVG(_ frame: Frame) -> String {
        guard let band else { return "" }
        let start = frame.x(band.range.lowerBound)
        let end = frame.x(band.range.upperBound)
        return
            "<rect class=\"band\" x=\"\(number(start))\" y=\"\(number(frame.top))\" width=\"\(number(end - start))\" "
            + "height=\"\(number(frame.bottom - frame.top))\"/>"
    }

    private func verticalGrid(_ frame: Frame) -> String {
        vertical.ticks.map { tick in
            let y = number(frame.y(tick.value))
            let kind = tick.label.isEmpty ? "fine" : "grid"
            let line = "<path class=\"\(kind)\" d=\"M\(number(frame.left)) \(y)H\(number(frame.right))\"/>"
            if tick.label.isEmpty { return line }
            return line + "<text class=\"tick\" text-anchor=\"end\" x=\"\(number(frame.left - 8))\" "
                + "y=\"\(number(frame.y(tick.value) + 4))\">\(HTMLText.figure(tick.label))</text>"
        }.joined()
    }

    private func horizontalTicks(_ frame: Frame) -> String {
        frame.horizontal.ticks.map { tick in
            let x = frame.x(tick.value)
            let mark = "<path class=\"mark\" d=\"M\(number(x)) \(number(frame.bottom))v5\"/>"
            return mark + "<text class=\"tick\" text-anchor=\"middle\" x=\"\(number(x))\" "
                + "y=\"\(number(frame.bottom + 20))\">\(HTMLText.figure(tick.label))</text>"
        }.joined()
    }

    private func lineSVG(_ line: Line, _ frame: Frame) -> String {
        var path = ""
        var dots = ""
        var run = 0
        let points = line.points
        for (index, point) in points.enumerated() {
            guard let value = point.y else {
                run = 0
                continue
            }
            let x = number(frame.x(point.x))
            let y = number(frame.y(value))
            path += "\(run == 0 ? "M" : "L")\(x) \(y)"
            run += 1
            let endsHere = index + 1 == points.count || points[index + 1].y == nil
            // A line of one point has no length, so a dot shows it.
            if run == 1, endsHere {
                dots += "<circle class=\"dot \(line.style.rawValue)\" cx=\"\(x)\" cy=\"\(y)\" r=\"2.5\"/>"
            }
        }
        return path.isEmpty ? "" : "<path class=\"line \(line.style.rawValue)\" d=\"\(path)\"/>" + dots
    }

    /// A coordinate, rounded to a tenth.
    private func number(_ value: Double) -> String { NumberText.trimmed((value * 10).rounded() / 10) }
}
