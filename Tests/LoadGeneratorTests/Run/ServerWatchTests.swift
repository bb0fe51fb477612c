import Testing

@testable import LoadGenerator

@Suite struct ServerWatchTests {
    @Test func `objects of a slab that were freed do not count`() {
        let text = """
            slabinfo - version: 2.1
            # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit>
            TCP                 120    4000   2368   13    8 : tunables    0    0    0 : slabdata    308    308      0
            filp                  7      32    256   32    2 : tunables    0    0    0 : slabdata      1      1      0
            ext4_inode_cache   9000    9000   1100   29    8 : tunables    0    0    0 : slabdata    311    311      0
            tw_sock_TCP           0      16    248   16    1 : tunables    0    0    0 : slabdata      1      1      0

            """
        #expect(ServerWatch.slabs(text) == ["TCP": 120 * 2_368, "filp": 7 * 256])
        #expect(ServerWatch.slabs("") == [:])
    }

    @Test func `processors of a list are counted`() {
        #expect(ServerWatch.processorCount("0,2-3") == 3)
        #expect(ServerWatch.processorCount("7") == 1)
        #expect(ServerWatch.processorCount("") == 0)
    }
}
