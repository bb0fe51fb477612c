import Storage
import Testing

@testable import API

@Suite struct ImageFormReaderTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]

    /// A form of parts, each a name and its content.
    private static func form(_ parts: [(String, [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, content) in parts {
            bytes += Array("--x\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n".utf8)
            bytes += content + Array("\r\n".utf8)
        }
        return bytes + Array("--x--\r\n".utf8)
    }

    private static func read(
        _ bytes: [UInt8], pieceByteCount: Int = 4_096, taken: ([UInt8]) -> Void = { _ in }
    ) throws(APIError) -> ImageForm {
        var reader = try ImageFormReader(contentType: "multipart/form-data; boundary=x")
        for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
            try reader.receive(Array(bytes[start..<min(bytes.count, start + pieceByteCount)]).span)
            taken(reader.takePending())
        }
        return try reader.finish()
    }

    private static func code(_ bytes: [UInt8], pieceByteCount: Int = 4_096) -> String? {
        do throws(APIError) {
            _ = try read(bytes, pieceByteCount: pieceByteCount)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: [1, 2, 3, 11, 12, 13, 4_096])
    func `the image and the shop are kept, other fields are not`(pieceByteCount: Int) throws {
        let bytes = Self.form([
            ("caption", Array("hello".utf8)), ("file", Self.png), ("shop_id", Array("bäckerei".utf8)),
            ("file2", [1, 2, 3]),
        ])
        var taken: [UInt8] = []
        let form = try Self.read(bytes, pieceByteCount: pieceByteCount) { taken += $0 }
        #expect(taken == Self.png)
        #expect(form.byteCount == Self.png.count)
        #expect(form.format == .png)
        #expect(form.shopID == "bäckerei")
    }

    @Test func `a form need not name the shop`() throws {
        #expect(try Self.read(Self.form([("file", Self.png)])).shopID == nil)
    }

    @Test(arguments: [1_000, 65_536, 1 << 30])
    func `five megabytes are accepted, and a byte more is not`(pieceByteCount: Int) throws {
        let largest = Self.png + [UInt8](repeating: 0, count: 5_242_880 - Self.png.count)
        #expect(try Self.read(Self.form([("file", largest)]), pieceByteCount: pieceByteCount).byteCount == 5_242_880)
        #expect(Self.code(Self.form([("file", largest + [0])]), pieceByteCount: pieceByteCount) == "image_too_large")
    }

    @Test func `a file is refused at the first byte that no image can have`() throws {
        var reader = try ImageFormReader(contentType: "multipart/form-data; boundary=x")
        let start = Self.form([("file", [])]).dropLast("\r\n--x--\r\n".utf8.count)
        try reader.receive(Array(start).span)
        for byte in Array("no image at".utf8) { try reader.receive([byte].span) }
        #expect(throws: APIError.self) { try reader.receive([UInt8(ascii: "l")].span) }
    }

    @Test(arguments: [1, 4_096])
    func `a form with a missing, repeated or wrong part is refused with its reason`(pieceByteCount: Int) {
        let id = Array("a".utf8)
        let cases: [(String, [(String, [UInt8])])] = [
            ("missing_field", []), ("missing_field", [("shop_id", id)]), ("missing_field", [("file", [])]),
            ("repeated_field", [("file", Self.png), ("file", Self.png)]),
            ("repeated_field", [("file", []), ("file", Self.png)]),
            ("repeated_field", [("shop_id", id), ("shop_id", id), ("file", Self.png)]),
            ("missing_field", [("shop_id", [UInt8](repeating: 97, count: 129)), ("file", Self.png)]),
            ("missing_field", [("shop_id", [0xff]), ("file", Self.png)]),
            ("unknown_image_type", [("file", Array("short".utf8))]),
            ("unknown_image_type", [("file", Array("<html><body>".utf8))]),
        ]
        for (code, parts) in cases {
            #expect(Self.code(Self.form(parts), pieceByteCount: pieceByteCount) == code)
        }
    }

    @Test func `a truncated body is not a form`() {
        #expect(Self.code(Array(Self.form([("file", Self.png)]).dropLast(4))) == "truncated_multipart")
    }

    @Test(arguments: [nil, "", "application/json", "multipart/form-data"])
    func `another type is refused before the body`(contentType: String?) {
        do throws(APIError) {
            _ = try ImageFormReader(contentType: contentType)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == "not_multipart")
            #expect(error.status == APIError.unknownImageType.status)
        }
    }
}
