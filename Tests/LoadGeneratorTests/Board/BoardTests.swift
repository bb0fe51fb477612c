import Glibc
import LoadGenerator
import Primitives
import Testing

@Suite struct BoardTests {
    @Test func `lanes, channels and the run's own words do not overlap`() throws {
        let board = try Board(laneCount: 3, channelCount: 5)
        board.beganAt = .init(nanoseconds: 1)
        board.startAt = .init(nanoseconds: 2)
        board.drainUntil = .init(nanoseconds: 3)
        for lane in 0..<3 {
            board.setPhase(.posted, ofLane: lane)
            for count in Board.Count.allCases { board.set(count, UInt64(lane + 10), ofLane: lane) }
            board.recordLive(nanoseconds: .max, ofLane: lane)
        }
        for channel in 0..<5 { board.setIssued(UInt32(channel + 100), ofChannel: UInt32(channel)) }
        #expect(board.noteUnacknowledged(channel: 4, sequence: 9))
        #expect(board.beganAt.nanoseconds == 1)
        #expect(board.startAt?.nanoseconds == 2)
        #expect(board.drainUntil?.nanoseconds == 3)
        #expect(board.commonPhase == .posted)
        #expect(board.total(.delivered) == 33)
        #expect((0..<5).map { board.issued(ofChannel: $0) } == [100, 101, 102, 103, 104])
        #expect(board.unacknowledged() == [4: [9]])
        #expect(!board.isStopping && !board.isOver && board.stoppedAt == nil && board.endedAt == nil)
    }

    @Test func `another mapping of the same memory shows the same`() throws {
        let board = try Board(laneCount: 1, channelCount: 1)
        board.setIssued(7, ofChannel: 0)
        // Each board closes its own.
        let descriptor = dup(board.descriptor)
        let other = try Board(descriptor: descriptor, laneCount: 1, channelCount: 1)
        #expect(other.issued(ofChannel: 0) == 7)
        other.isStopping = true
        #expect(board.isStopping)
    }

    @Test func `the phase of a run is that of its slowest lane`() throws {
        let board = try Board(laneCount: 2, channelCount: 1)
        board.setPhase(.finished, ofLane: 0)
        #expect(board.commonPhase == .connecting)
        board.setPhase(.ready, ofLane: 1)
        #expect(board.commonPhase == .ready)
    }

    @Test func `the recipients of a message are ranked, also when messages overlap or arrive out of order`() throws {
        let board = try Board(laneCount: 1, channelCount: 1)
        let steps: [(sequence: UInt32, rank: Int)] = [(2, 1), (1, 1), (1, 2), (2, 2), (1, 3), (2, 3)]
        for step in steps { #expect(board.recipientRank(step.sequence, ofChannel: 0) == step.rank) }
    }

    @Test func `a message whose slot a later one has is not tracked`() throws {
        let board = try Board(laneCount: 1, channelCount: 1)
        #expect(board.recipientRank(1, ofChannel: 0) == 1)
        var later: UInt32 = 2
        while board.recipientRank(1, ofChannel: 0) != nil, later < 1 << 24 {
            #expect(board.recipientRank(later, ofChannel: 0) == 1)
            later += 1
        }
        #expect(later > 1_000 && later < 1 << 24)
    }

    @Test(arguments: [(1, 1_000), (4_096, 1_000), (65_536, 60), (1_000_000, 6)])
    func `a channel tracks as many messages at a time as memory allows`(
        pair: (channelCount: Int, messageCount: UInt32)
    ) throws {
        let board = try Board(laneCount: 1, channelCount: pair.channelCount)
        let channel = UInt32(pair.channelCount - 1)
        for sequence in 1...pair.messageCount {
            #expect(board.recipientRank(sequence, ofChannel: channel) == 1)
        }
        for sequence in 1...pair.messageCount {
            #expect(board.recipientRank(sequence, ofChannel: channel) == 2)
        }
        // The last channel's slots end before the words after them.
        #expect(board.unacknowledged() == [:])
    }

    @Test func `live percentiles are exact to a sixteenth`() throws {
        let board = try Board(laneCount: 2, channelCount: 1)
        for value in 1...1_000 { board.recordLive(nanoseconds: UInt64(value) * 1_000, ofLane: value % 2) }
        let buckets = board.liveBuckets()
        let p50 = Double(try #require(buckets.value(atPercentile: 50)))
        let p99 = Double(try #require(buckets.value(atPercentile: 99)))
        #expect(abs(p50 / 500_000 - 1) < 0.07)
        #expect(abs(p99 / 990_000 - 1) < 0.07)
        #expect(board.liveBuckets().since(buckets).value(atPercentile: 50) == nil)
    }
}
