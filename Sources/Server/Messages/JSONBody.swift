import FoundationEssentials
import Primitives

/// Reads JSON bodies.
enum JSONBody {
    /// The value that the body holds; unknown keys are ignored.
    static func decode<Value: Decodable>(_ type: Value.Type, from json: [UInt8]) throws(APIError) -> Value {
        // The decoder is lenient about broken UTF-8; the interface is not.
        guard let valid = String(validating: json, as: UTF8.self) else { throw .malformedBody }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(valid.utf8))
        } catch {
            throw .malformedBody
        }
    }

    /// Checks the text of a message: it comes through byte for byte, or not at all.
    static func checkText(_ text: String, byteCountMax: Int) throws(APIError) {
        guard !text.utf8.contains(0) else { throw .malformedBody }
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else { throw .messageEmpty }
        guard text.utf8.count <= byteCountMax else { throw .messageTooLong(byteCountMax: byteCountMax) }
    }

    /// Checks an identifier that is to be looked up.
    static func checkIdentifier(_ text: String, name: String) throws(APIError) {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw .missingField(name) }
    }
}
