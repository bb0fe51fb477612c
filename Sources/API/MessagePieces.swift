internal import Chat
internal import JSON
internal import Primitives
internal import Storage

// Lists and pages of messages as bodies that are produced while they are sent: at most one slice of messages and one
// piece of JSON is in memory.

/// The messages of a list, in the envelope, followed by `has_more`.
struct MessageListPieces<C: Context>: ResponsePieces {
    private let context: C
    private var reader: MessageListReader
    private var encoding: MessagesEncoding
    private var hasBegun = false

    init(_ reader: MessageListReader, in context: C) {
        self.context = context
        self.reader = reader
        encoding = MessagesEncoding(
            format: context.settings.messageFormat, images: context.settings.imageLinks)
    }

    mutating func next() async throws(APIError) -> ResponsePiece {
        var writer = JSONWriter.piece
        let isFirst = !hasBegun
        if isFirst { writer.raw("{\"status\":200,\"message\":\"Messages\",\"data\":[") }
        hasBegun = true
        while writer.bytes.count < Limits.responsePieceByteCount {
            if encoding.isEmpty {
                let more: [Message]?
                do throws(StorageError) { more = try await reader.next() } catch { throw context.storageFailure(error) }
                guard let more else {
                    writer.raw("],\"has_more\":")
                    writer.boolean(reader.hasMore)
                    writer.raw("}")
                    return ResponsePiece(bytes: writer.bytes, isLast: true)
                }
                encoding.take(more)
            }
            if !isFirst { await context.pieceTurn() }
            encoding.write(to: &writer, byteCountMax: Limits.responsePieceByteCount, at: context.civilTime)
        }
        return ResponsePiece(bytes: writer.bytes, isLast: false)
    }
}

/// The messages of a page, in the envelope, and how to continue from it.
struct MessagePagePieces<C: Context>: ResponsePieces {
    /// What follows the messages.
    enum Continuation: Sendable {
        /// The page has a number.
        case numbered(Int, limit: Int, pageCount: Int)
        /// The client continues towards older messages.
        case older
        /// The client continues towards newer messages, if there are any.
        case newer(hasMore: Bool)
    }

    private let context: C
    private let continuation: Continuation
    /// Nil for an empty page.
    private var reader: MessagePageReader?
    private var encoding: MessagesEncoding
    private var hasBegun = false
    private var newestID: String?
    private var oldestID: String?

    init(_ reader: MessagePageReader?, _ continuation: Continuation, in context: C) {
        self.context = context
        self.reader = reader
        self.continuation = continuation
        encoding = MessagesEncoding(
            format: context.settings.messageFormat, images: context.settings.imageLinks)
    }

    mutating func next() async throws(APIError) -> ResponsePiece {
        var writer = JSONWriter.piece
        let isFirst = !hasBegun
        if isFirst { writer.raw("{\"status\":200,\"message\":\"Messages\",\"data\":{\"messages\":[") }
        hasBegun = true
        while writer.bytes.count < Limits.responsePieceByteCount {
            if encoding.isEmpty {
                let more: [Message]?
                do throws(StorageError) { more = try await reader?.next() } catch {
                    throw context.storageFailure(error)
                }
                guard let more else {
                    end(&writer)
                    return ResponsePiece(bytes: writer.bytes, isLast: true)
                }
                newestID = newestID ?? more.first?.id.text
                oldestID = more.last?.id.text ?? oldestID
                encoding.take(more)
            }
            if !isFirst { await context.pieceTurn() }
            encoding.write(to: &writer, byteCountMax: Limits.responsePieceByteCount, at: context.civilTime)
        }
        return ResponsePiece(bytes: writer.bytes, isLast: false)
    }

    private func end(_ writer: inout JSONWriter) {
        writer.raw("]")
        let cursor: String?
        switch continuation {
        case .numbered(let number, let limit, let pageCount):
            writer.raw(",\"pagination\":{\"page\":")
            writer.number(number)
            writer.raw(",\"limit\":")
            writer.number(limit)
            writer.raw(",\"total_pages\":")
            writer.number(pageCount)
            writer.raw(",\"has_next\":")
            writer.boolean(number < pageCount)
            writer.raw(",\"has_prev\":")
            writer.boolean(number > 1)
            writer.raw("}")
            // From a numbered page a client may continue by cursor, towards older messages.
            cursor = number < pageCount ? oldestID : nil
        case .older: cursor = reader?.hasMore == true ? oldestID : nil
        // Each page is newest first, so the cursor towards newer messages is the page's first message.
        case .newer(let hasMore): cursor = hasMore ? newestID : nil
        }
        writer.raw(",\"next_cursor\":")
        writer.string(orNull: cursor)
        writer.raw("}}")
    }
}

extension JSONWriter {
    /// A writer with room for a piece of a response.
    fileprivate static var piece: JSONWriter {
        var writer = JSONWriter()
        writer.bytes.reserveCapacity(Limits.responsePieceByteCount + 2_048)
        return writer
    }
}
