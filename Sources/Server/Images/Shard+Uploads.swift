import Auth
import HTTP
import HTTPTypes
import Primitives
import Reactor

// Bodies as they arrive. Only those that a route reads are kept, and only from those who may call it; of an upload the
// image alone is kept, and its limits hold while it arrives.

extension Shard {
    /// Decides, with the head alone, how the body of a request is to be read; what it throws is answered at once, and
    /// the body is not read.
    func prepareBody(_ state: HTTPConnection, _ head: RequestHead) throws(APIError) {
        guard head.body != .none, case .matched(let route, _) = router.match(head.method, path: head.path),
            route.readsBody
        else { return }
        // Strangers do not make us hold anything.
        let user = try identity(token: Request.bearerToken(of: head)).userID
        try ContentCoding.requireIdentity(head.fields)
        state.keepsBody = true
        guard route == .uploadImage else { return }
        let form = try ImageFormReader(contentType: head.fields[.contentType])
        let ownCount = uploadCounts[user, default: 0]
        guard ownCount < ServerLimits.userUploadCountMax else { throw .tooManyOwnUploads }
        guard uploadCount < ServerLimits.uploadCountMax else { throw .tooManyUploads }
        uploadCount += 1
        uploadCounts[user] = ownCount + 1
        state.upload = (user, form)
        state.parser.setBodyBytesMax(ServerLimits.uploadByteCountMax)
    }

    /// Takes a piece of a body.
    func bodyReceived(_ state: HTTPConnection, _ bytes: Span<UInt8>) throws(APIError) {
        if state.upload != nil {
            try state.upload?.form.receive(bytes)
        } else if state.keepsBody {
            state.body.append(contentsOf: bytes)
        }
    }

    /// The upload's memory is free again; once for each that was prepared.
    func releaseUpload(_ state: HTTPConnection) {
        guard let user = state.upload?.user, let ownCount = uploadCounts[user] else { return }
        state.upload = nil
        uploadCount -= 1
        uploadCounts[user] = ownCount == 1 ? nil : ownCount - 1
    }
}
