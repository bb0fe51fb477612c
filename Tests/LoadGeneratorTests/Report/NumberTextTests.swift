import Testing

@testable import LoadGenerator

@Suite struct NumberTextTests {
    @Test(arguments: [
        (0.0, "0 ns"), (842, "842 ns"), (999.6, "1.00 µs"), (84_200, "84.2 µs"), (999_600, "1.00 ms"),
        (8_421_000, "8.42 ms"), (1_200_000_000, "1.20 s"), (120_000_000_000, "120 s"),
    ]) func `durations have three digits and the unit that fits`(pair: (Double, String)) {
        #expect(NumberText.duration(pair.0) == pair.1)
    }

    @Test(arguments: [(354.0, "354 B"), (4608, "4.50 KiB"), (1_288_490_189, "1.20 GiB"), (1023.7, "1.00 KiB")])
    func `bytes are in powers of 1024`(pair: (Double, String)) {
        #expect(NumberText.bytes(pair.0) == pair.1)
    }

    @Test(arguments: [
        (1.0, "100 %"), (0.99999, "> 99.99 %"), (0.9997, "99.97 %"), (0.314, "31.4 %"), (0.0031, "0.310 %"), (0, "0 %"),
    ]) func `a share that is not all is not written as 100 percent`(pair: (Double, String)) {
        #expect(NumberText.percent(pair.0) == pair.1)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_014_000, "-1,014,000")])
    func `thousands are separated`(pair: (Int, String)) {
        #expect(NumberText.count(pair.0) == pair.1)
    }

    @Test(arguments: [
        (0.003141, "0.00314"), (0.09996, "0.100"), (0.9996, "1.00"), (9.996, "10.0"), (99.96, "100"),
        (-3.14159, "-3.14"),
        (Double.infinity, "–"),
    ]) func `three digits are significant`(pair: (Double, String)) {
        #expect(NumberText.significant(pair.0) == pair.1)
    }

    @Test(arguments: [(0.0, "0"), (950, "950"), (1500, "1.5 k"), (20_000, "20 k"), (3e6, "3 M"), (0.25, "0.25")])
    func `axis labels are short`(pair: (Double, String)) {
        #expect(NumberText.shortCount(pair.0) == pair.1)
    }
}
