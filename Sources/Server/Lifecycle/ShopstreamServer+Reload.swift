import Logging
import Primitives
import Reactor
import Storage

// SIGHUP: reads files again that may have changed. A file that cannot be used changes nothing.

extension ShopstreamServer {
    /// Reads the settings, the certificates, the keys and the members again, and logs the outcome. Settings that cannot
    /// be used end it. Reading blocks a thread of the pool, as the files may be on a disk that hangs; requests continue
    /// meanwhile. Call it again only after it has returned.
    public func reload(from sources: SettingSources) async {
        guard await reloadSettings(from: sources) else { return }
        certificates?.reload()
        await reloadKeys()
        await reloadMembers()
    }

    private func reloadMembers() async {
        guard let path = configuration.membersPath else { return }
        let rows: [Membership]
        do throws(MembersFile.ParseError) {
            rows = try MembersFile.load(path: path)
        } catch {
            log.warning("the members file cannot be used", metadata: ["reason": "\(error)"])
            return
        }
        do throws(StorageError) {
            try await shards.importMembers(rows)
            log.notice("members read again", metadata: ["file": "\(path)", "lines": "\(rows.count)"])
        } catch {
            log.warning("the members were not imported", metadata: ["reason": "\(error)"])
        }
    }
}
