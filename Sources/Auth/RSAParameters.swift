/// What makes the numbers of an RSA key acceptable, beside what OpenSSL checks itself.
enum RSAParameters {
    /// The length of a big-endian number in bits.
    static func bitCount(of number: [UInt8]) -> Int {
        guard let first = number.firstIndex(where: { $0 != 0 }) else { return 0 }
        return (number.count - first) * 8 - number[first].leadingZeroBitCount
    }

    /// Whether the exponent is odd, at least 3 and below 2³³, as BoringSSL requires. A large one makes each verification
    /// slow; with 1, every message is its own signature.
    static func isValidExponent(_ exponent: [UInt8]) -> Bool {
        (2...33).contains(bitCount(of: exponent)) && isOdd(exponent)
    }

    /// Whether the number is odd, as products of two large primes are.
    static func isOdd(_ number: [UInt8]) -> Bool { number.last.map { $0 & 1 == 1 } ?? false }

    /// Whether a modulus comes from the generator of ROCA (CVE-2017-15361), whose keys can be factored: modulo each small
    /// prime, it is a power of 65537. A modulus of another generator is so with a probability of about 2⁻²⁸.
    static func isROCA(_ modulus: [UInt8]) -> Bool {
        smallPrimes.allSatisfy { prime in
            let remainder = modulus.reduce(0) { ($0 << 8 | Int($1)) % prime }
            var power = 1
            repeat {
                if power == remainder { return true }
                power = power * 65_537 % prime
            } while power != 1
            return false
        }
    }

    /// The primes modulo which 65537 does not generate all numbers.
    private static let smallPrimes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]
}
