internal import HTTP
package import HTTPTypes

/// The codings of a request's content (RFC 9110, section 8.4). The server accepts bodies without a coding only: to
/// decode one would cost many times the bytes that it arrived in.
package enum ContentCoding {
    /// Refuses a body with a coding: 415, with the codings that are accepted (section 15.5.16).
    package static func requireIdentity(_ fields: HTTPFields) throws(APIError) {
        for value in fields[values: .contentEncoding] {
            for coding in FieldList.members(of: value) where !coding.equalsIgnoringASCIICase("identity") {
                throw .compressedBody
            }
        }
    }
}
