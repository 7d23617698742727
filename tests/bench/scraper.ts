/**
 * What a Prometheus does to a server that is measured.
 *
 * @module
 */

/** Milliseconds between two scrapes: Prometheus' own default is a minute. */
const SCRAPE_EVERY_MS = 1000;

/** Scrapes until it is told to end. */
export interface Scraper {
  /**
   * Ends.
   *
   * @throws {Error} If a scrape was not answered as it should be, or none was made.
   */
  end(): Promise<void>;
}

/**
 * Reads a server's metrics every second.
 *
 * @param port Where it listens on this machine.
 * @param key What it takes as `METRICS_KEY`.
 */
export function startScraping(port: number, key: string): Scraper {
  const headers = { "Authorization": `Bearer ${key}`, "Accept-Encoding": "identity" };
  let fault: string | undefined, count = 0;
  async function scrape(): Promise<void> {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
      const text = await response.text();
      if (!text.includes("natter_deliveries_total")) fault = `a scrape got ${response.status}`;
      else count++;
    } catch (error) {
      fault = String(error);
    }
  }
  const timer = setInterval(scrape, SCRAPE_EVERY_MS);
  return {
    end() {
      clearInterval(timer);
      if (fault === undefined && count > 0) return Promise.resolve();
      return Promise.reject(new Error(fault ?? "nothing was scraped"));
    },
  };
}
