import Testing

@testable import API

@Suite struct UUIDTextTests {
    @Test(
        arguments: [
            (0, 0, "00000000-0000-0000-0000-000000000000"), (.max, .max, "ffffffff-ffff-ffff-ffff-ffffffffffff"),
            (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, "01234567-89ab-cdef-fedc-ba9876543210"),
        ] as [(UInt64, UInt64, String)])
    func `the digits of a UUID are its bits`(high: UInt64, low: UInt64, text: String) {
        #expect(UUIDText.text(high: high, low: low) == text)
    }

    @Test func `every digit is written in every place`() {
        for shift in stride(from: 0, to: 64, by: 4) as StrideTo<UInt64> {
            for digit in 0..<16 as Range<UInt64> {
                let digits = String(digit << shift, radix: 16)
                let half = String(repeating: "0", count: 16 - digits.count) + digits
                let text = UUIDText.text(high: digit << shift, low: digit << shift)
                #expect(text.filter { $0 != "-" } == half + half)
                #expect(UUIDText.isUUID(text.utf8))
            }
        }
    }
}
