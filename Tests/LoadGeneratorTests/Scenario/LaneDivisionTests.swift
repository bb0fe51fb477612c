import LoadGenerator
import Testing

@Suite struct LaneDivisionTests {
    @Test(
        arguments: [(1, 1, false), (4, 2, false), (2, 1, true), (6, 1, true), (6, 2, true), (12, 3, true)],
        [1, 2, 10, 99, 101, 500])
    func `every stream and every shop belongs to one lane`(
        lanes: (count: Int, processCount: Int, hasPostingLanes: Bool), streamsTogether: Int
    ) {
        let division = LaneDivision(
            laneCount: lanes.count, processCount: lanes.processCount, hasPostingLanes: lanes.hasPostingLanes,
            streamsTogether: streamsTogether)
        for parts in [
            (0..<lanes.count).compactMap { division.streams(ofLane: $0) },
            (0..<lanes.count).compactMap { division.shops(ofLane: $0) },
        ] {
            let numbers = parts.flatMap { part in (0..<part.count(of: 101)).map { part.number(of: $0) } }
            #expect(numbers.sorted() == Array(0..<101))
        }
    }

    @Test func `streams with consecutive numbers have the same lane`() {
        let division = LaneDivision(laneCount: 3, processCount: 1, hasPostingLanes: true, streamsTogether: 3)
        let numbers = (1...2).map { lane in
            division.streams(ofLane: lane).map { share in (0..<share.count(of: 11)).map { share.number(of: $0) } }
        }
        #expect(numbers == [[0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10]])
    }

    @Test func `the first lane of each process posts and does nothing else`() {
        let division = LaneDivision(laneCount: 6, processCount: 2, hasPostingLanes: true)
        #expect((0..<6).map { division.shops(ofLane: $0)?.index } == [0, nil, nil, 1, nil, nil])
        #expect((0..<6).map { division.streams(ofLane: $0)?.index } == [nil, 0, 1, nil, 2, 3])
    }
}
