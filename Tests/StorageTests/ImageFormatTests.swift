import Testing

@testable import Storage

@Suite struct ImageFormatTests {
    private static let signatures: [(ImageFormat, [UInt8])] = [
        (.jpeg, [0xff, 0xd8, 0xff]),
        (.png, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
        (.gif, Array("GIF87a".utf8)),
        (.gif, Array("GIF89a".utf8)),
        (.webp, Array("RIFF".utf8) + [0xff, 0, 0x0d, 0x0a] + Array("WEBP".utf8)),
    ]

    @Test func `a format is recognised by its signature alone`() {
        for (format, signature) in Self.signatures {
            #expect(ImageFormat(signature: signature) == format)
            #expect(ImageFormat(signature: signature + [0, 0xff]) == format)
            #expect(signature.count <= ImageFormat.signatureByteCountMax)
        }
    }

    @Test func `a signature that is cut short, or differs in a bit, has no format`() {
        for (format, signature) in Self.signatures {
            for count in signature.indices { #expect(ImageFormat(signature: signature.prefix(count)) == nil) }
            for index in signature.indices where !(format == .webp && (4..<8).contains(index)) {
                for bit in 0..<8 {
                    var other = signature
                    other[index] ^= 1 << bit
                    #expect(ImageFormat(signature: other) == nil, "\(format), byte \(index), bit \(bit)")
                }
            }
        }
    }

    @Test(arguments: [
        "", "<svg xmlns=", "%PDF-1.7", "BM", "RIFF0000WAVE", "RIFX0000WEBP", "GIF88a", " GIF89a", "II*\0",
        "\0\0\0\u{20}ftypavif",
    ])
    func `other files have no format`(text: String) {
        #expect(ImageFormat(signature: Array(text.utf8)) == nil)
    }

    @Test(arguments: ImageFormat.allCases)
    func `an extension gives its format`(format: ImageFormat) {
        #expect(ImageFormat(fileExtension: format.fileExtension) == format)
        #expect(format.mediaType.description.hasPrefix("image/"))
    }

    @Test(arguments: ["", "jpeg", "PNG", ".gif", "html", "svg"])
    func `other extensions have no format`(fileExtension: String) {
        #expect(ImageFormat(fileExtension: fileExtension) == nil)
    }
}
