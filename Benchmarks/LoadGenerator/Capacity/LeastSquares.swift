/// Least squares with non-negative coefficients. Pure.
enum LeastSquares {
    /// The coefficients that minimise Σ (weight × (row · coefficients − target))² with none below 0.
    ///
    /// The minimum lies where some coefficients are 0 and the rest are an ordinary least-squares solution, so trying
    /// every such set finds it exactly. O(2ᵏ × n × k²) for k columns, of which there are at most eight.
    static func nonNegative(rows: [[Double]], targets: [Double], weights: [Double]) -> [Double] {
        let columnCount = rows.first?.count ?? 0
        precondition(columnCount <= 8 && rows.count == targets.count && rows.count == weights.count, "a small system")
        var best = [Double](repeating: 0, count: columnCount)
        var bestError = squaredError(best, rows, targets, weights)
        for mask in 1..<(1 << columnCount) {
            let columns = (0..<columnCount).filter { mask >> $0 & 1 == 1 }
            guard columns.count <= rows.count else { continue }
            guard let solution = ordinary(columns, rows, targets, weights), solution.allSatisfy({ $0 >= 0 }) else {
                continue
            }
            var coefficients = [Double](repeating: 0, count: columnCount)
            for (index, column) in columns.enumerated() { coefficients[column] = solution[index] }
            let error = squaredError(coefficients, rows, targets, weights)
            if error < bestError {
                best = coefficients
                bestError = error
            }
        }
        return best
    }

    private static func squaredError(
        _ coefficients: [Double], _ rows: [[Double]], _ targets: [Double], _ weights: [Double]
    ) -> Double {
        rows.indices.reduce(0) { sum, row in
            let error = (zip(rows[row], coefficients).reduce(0) { $0 + $1.0 * $1.1 } - targets[row]) * weights[row]
            return sum + error * error
        }
    }

    /// The unconstrained solution with only `columns`, by the normal equations; nil when they are not independent.
    private static func ordinary(
        _ columns: [Int], _ rows: [[Double]], _ targets: [Double], _ weights: [Double]
    ) -> [Double]? {
        // Columns differ by many powers of ten (streams, deliveries, 1), so each is scaled to a maximum of 1.
        let scales = columns.map { column in rows.indices.map { abs(rows[$0][column] * weights[$0]) }.max() ?? 0 }
        guard scales.allSatisfy({ $0 > 0 }) else { return nil }
        let count = columns.count
        var matrix = [[Double]](repeating: [Double](repeating: 0, count: count + 1), count: count)
        for row in rows.indices {
            let values = columns.indices.map { rows[row][columns[$0]] * weights[row] / scales[$0] }
            for i in 0..<count {
                for j in 0..<count { matrix[i][j] += values[i] * values[j] }
                matrix[i][count] += values[i] * targets[row] * weights[row]
            }
        }
        return eliminate(&matrix).map { solution in solution.indices.map { solution[$0] / scales[$0] } }
    }

    /// Solves a square system, whose last column is the right side, by elimination with pivoting.
    private static func eliminate(_ matrix: inout [[Double]]) -> [Double]? {
        let count = matrix.count
        for column in 0..<count {
            let pivot = (column..<count).max { abs(matrix[$0][column]) < abs(matrix[$1][column]) } ?? column
            guard abs(matrix[pivot][column]) > 1e-10 else { return nil }
            matrix.swapAt(column, pivot)
            for row in 0..<count where row != column {
                let factor = matrix[row][column] / matrix[column][column]
                for index in column...count { matrix[row][index] -= factor * matrix[column][index] }
            }
        }
        return (0..<count).map { matrix[$0][count] / matrix[$0][$0] }
    }
}
