import Testing

@Suite struct `Any sequence of events agrees with a queue for each client` {
    @Test(arguments: 0..<60 as Range<UInt64>)
    func `any sequence of events sends what a queue for each client would send, byte for byte`(seed: UInt64) {
        let model = NaiveModel(seed: seed)
        for round in 0..<70 {
            for _ in 0..<Int.random(in: 0...12, using: &model.generator) { model.step() }
            if model.problem == nil { model.flush() }
            if model.problem != nil { break }
            if round % 10 == 0 { model.checkCounts() }
            if round % 35 == 34 { model.drain() }
        }
        if model.problem == nil { model.end() }
        #expect(model.problem == nil, "seed \(seed)")
    }
}
