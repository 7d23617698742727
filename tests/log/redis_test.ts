import { HAS_REDIS, TestRedis } from "../support/redis.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { testLog } from "./contract.ts";
import { openRedisTestLog, type TestRedisLog } from "./redis_support.ts";

testLog("log in Redis", {
  outlivesClose: true,
  ignore: !HAS_REDIS,
  async create() {
    const redis = await TestRedis.start();
    const proxy = await FaultProxy.listen(redis.port);
    let current: TestRedisLog | undefined;
    return {
      async open(options = {}) {
        current?.link.close();
        current = await openRedisTestLog({ url: proxy.url.replace("http", "redis") }, options);
        return current.log;
      },
      breakStore() {
        proxy.refuse();
        proxy.cut();
      },
      mendStore: () => proxy.heal(),
      async dispose() {
        current?.link.close();
        await proxy[Symbol.asyncDispose]();
        await redis[Symbol.asyncDispose]();
      },
    };
  },
});
