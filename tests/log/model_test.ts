import { SharedLog } from "../../lib/log/shared.ts";
import { systemClock } from "../../lib/system_clock.ts";
import { ModelRedis } from "../simulation/model_redis.ts";
import { ModelStore } from "../simulation/model_store.ts";
import { testLog } from "./contract.ts";

testLog("log in the model of Redis", {
  outlivesClose: true,
  create() {
    let store: ModelStore;
    const redis = new ModelRedis(
      systemClock.wallNow,
      (channel, publication) => store.publish(channel, publication),
    );
    let instances = 0;
    return Promise.resolve({
      async open(options = {}) {
        const settings = {
          historyMessagesMax: 100_000,
          historyDays: 365,
          messagesPerSecond: 0,
          messagesBurst: 1,
          ...options,
        };
        store = new ModelStore(`i${++instances}`, redis, systemClock, settings);
        const log = new SharedLog({ store, clock: systemClock });
        await store.connect();
        return log;
      },
      breakStore: () => store.cut(),
      mendStore: () => void store.connect(),
      dispose: () => Promise.resolve(store.cut()),
    });
  },
});
