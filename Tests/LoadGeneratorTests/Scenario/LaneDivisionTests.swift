import LoadGenerator
import Testing

@Suite struct LaneDivisionTests {
    @Test(arguments: [(1, 1, false), (4, 2, false), (2, 1, true), (6, 1, true), (6, 2, true), (12, 3, true)])
    func `every stream and every shop belongs to one lane`(laneCount: Int, processCount: Int, hasPostingLanes: Bool) {
        let division = LaneDivision(
            laneCount: laneCount, processCount: processCount, hasPostingLanes: hasPostingLanes)
        for parts in [
            (0..<laneCount).compactMap { division.streams(ofLane: $0) },
            (0..<laneCount).compactMap { division.shops(ofLane: $0) },
        ] {
            let numbers = parts.flatMap { part in (0..<part.count(of: 101)).map { part.index + $0 * part.count } }
            #expect(numbers.sorted() == Array(0..<101))
        }
    }

    @Test func `the first lane of each process posts and does nothing else`() {
        let division = LaneDivision(laneCount: 6, processCount: 2, hasPostingLanes: true)
        #expect((0..<6).map { division.shops(ofLane: $0)?.index } == [0, nil, nil, 1, nil, nil])
        #expect((0..<6).map { division.streams(ofLane: $0)?.index } == [nil, 0, 1, nil, 2, 3])
    }
}
