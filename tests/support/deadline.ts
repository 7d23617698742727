/**
 * Waiting in tests: for an event, under a deadline, never for a time.
 *
 * @module
 */

/** Milliseconds after which a test gives up waiting; far above what anything here takes. */
const DEADLINE_MS = 20_000;

/**
 * Waits for a promise, and fails the test where it takes too long.
 *
 * @param promise What is waited for.
 * @param what Its name for the failure's message.
 */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`Nothing came within ${DEADLINE_MS} ms: ${what}`)),
    DEADLINE_MS,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Looks again and again until something holds, and fails the test where it does not come to hold.
 *
 * @param holds Looks once.
 * @param what Its name for the failure's message.
 */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`Does not hold: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
