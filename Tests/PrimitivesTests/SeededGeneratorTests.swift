import Primitives
import Testing

@Suite struct SeededGeneratorTests {
    @Test func `the sequence is SplitMix64's`() {
        var generator = SeededGenerator(seed: 1_234_567)
        let numbers = (0..<5).map { _ in generator.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func `numbers of the unit interval fill it and stay below 1`() {
        var generator = SeededGenerator(seed: 1)
        var counts = Array(repeating: 0, count: 10)
        for _ in 0..<10_000 {
            let number = generator.unitInterval()
            #expect(number >= 0 && number < 1)
            counts[Int(number * 10)] += 1
        }
        #expect(counts.allSatisfy { 800...1_200 ~= $0 })
    }
}
