import Testing

@testable import Server

@Suite struct DrainProgressTests {
    private func drained() -> DrainProgress {
        var progress = DrainProgress()
        _ = progress.began()
        _ = progress.connectionsEnded()
        return progress
    }

    @Test func `a stop begins once`() {
        var progress = DrainProgress()
        #expect(!progress.isDraining)
        let began = [progress.began(), progress.began()]
        #expect(began == [true, false] && progress.isDraining)
    }

    @Test func `an announced stop refuses nothing yet, and begins after that`() {
        var progress = DrainProgress()
        #expect(!progress.isAnnounced)
        progress.announced()
        #expect(progress.isAnnounced && !progress.isDraining && !progress.isDrained)
        let began = progress.began()
        progress.announced()
        #expect(began && progress.isAnnounced && progress.isDraining)
    }

    @Test func `the other shards are notified once that no connection is left, and only after the stop began`() {
        var progress = DrainProgress()
        let early = progress.connectionsEnded()
        _ = progress.began()
        let told = [progress.connectionsEnded(), progress.connectionsEnded()]
        #expect(!early && told == [true, false])
        let beganAgain = progress.began()
        #expect(!beganAgain && progress.isDraining)
    }

    @Test func `the stop is complete when all shards are drained, this one included`() {
        var progress = drained()
        #expect(!progress.isComplete(shardCount: 2))
        progress.shardDrained()
        #expect(!progress.isComplete(shardCount: 2))
        progress.shardDrained()
        #expect(progress.isComplete(shardCount: 2))
    }

    @Test func `shards that are drained early count, and this one must be drained itself`() {
        var progress = DrainProgress()
        progress.shardDrained()
        progress.shardDrained()
        _ = progress.began()
        #expect(!progress.isComplete(shardCount: 2))
        _ = progress.connectionsEnded()
        #expect(progress.isComplete(shardCount: 2))
    }
}
