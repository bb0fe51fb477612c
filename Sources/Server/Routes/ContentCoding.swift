import HTTP
import HTTPTypes

/// The codings of a request's content (RFC 9110, section 8.4). Bodies are taken as they are: to decode one would cost
/// many times the bytes that it came in.
enum ContentCoding {
    /// Refuses a body with a coding, 415 with what is accepted (section 15.5.16).
    static func requireIdentity(_ fields: HTTPFields) throws(APIError) {
        for value in fields[values: .contentEncoding] {
            for coding in FieldList.members(of: value) where !coding.equalsIgnoringASCIICase("identity") {
                throw .compressedBody
            }
        }
    }
}
