/// <reference lib="dom" />
/**
 * axe-core on a page.
 *
 * @module
 */

import axe from "axe-core";
import type { Visitor } from "./visitor.ts";

/**
 * What axe-core has to say, in short.
 *
 * @param visitor Whose page; its policy must be bypassed, for axe-core comes as a script.
 */
export async function findings(visitor: Visitor): Promise<string[]> {
  await visitor.page.evaluate(axe.source);
  return await visitor.page.evaluate(async () => {
    interface Axe {
      run(options: unknown): Promise<{
        violations: {
          id: string;
          impact: string;
          nodes: { target: unknown; failureSummary: string }[];
        }[];
      }>;
    }
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target, failureSummary }) =>
        `${impact} ${id}: ${JSON.stringify(target)} ${failureSummary}`
      )
    );
  });
}
