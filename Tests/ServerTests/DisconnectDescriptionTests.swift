import FoundationEssentials
import Sessions
import Testing
import WebSocket

@testable import Server

/// README.md and the OpenAPI description agree with the table of `Disconnect` about the ends of streams.
@Suite struct DisconnectDescriptionTests {
    private struct Description: Decodable {
        let paths: [String: [String: Operation]]
    }

    private struct Operation: Decodable {
        let ends: [End]?

        private enum CodingKeys: String, CodingKey {
            case ends = "x-disconnects"
        }
    }

    private struct End: Decodable, Hashable {
        let label: String
        let codes: [UInt16]
        let reason: String
        let client: String
    }

    @Test func `the description has every end, with its codes, its reason and the client's reaction`() throws {
        let description = try JSONDecoder().decode(Description.self, from: Data(PackageResources.openapi_json))
        let described = description.paths.values.flatMap(\.values).compactMap(\.ends)
        let ends = Disconnect.allCases.map { end in
            End(label: end.label, codes: end.codes.map(\.rawValue), reason: end.reason, client: end.advice.text)
        }
        #expect(described == [ends])
    }

    @Test func `README.md's table has every code and the client's reaction`() throws {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "README.md")
        var advice: [String: String] = [:]
        for line in String(decoding: try Data(contentsOf: readme), as: UTF8.self).split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmed }
            guard cells.count == 3, let codes = cells.first?.split(separator: ", "),
                codes.allSatisfy({ Int($0) ?? 0 >= 1_000 })
            else { continue }
            for code in codes { advice[String(code)] = cells[2] }
        }
        var sent: Set<String> = []
        for end in Disconnect.allCases {
            for code in end.codes {
                sent.insert("\(code.rawValue)")
                #expect(advice["\(code.rawValue)"] == end.advice.text, "\(code)")
            }
        }
        // A normal end is the client's own code; the others are for servers to come.
        #expect(Set(advice.keys).subtracting(sent) == ["1000", "1013"])
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
