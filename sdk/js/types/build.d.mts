/** What each world exports. */
export const WORLDS: Readonly<Record<World, string>>;
/** What a plugin may import. */
export const CAPABILITIES: readonly string[];
/** What a plugin is for. */
export type World = "classifier" | "router" | "drafter" | "notifier" | "enricher" | "checker";
/**
 * Builds a component. It imports only what the code uses.
 * @throws says what is wrong with the source
 */
export function build(options: {
  world: World;
  /** The module that exports the plugin: JavaScript or TypeScript. */
  entry: string;
  /** Where the component goes. */
  out: string;
  /** Removes what only people read from the source; true when not given. */
  minify?: boolean;
}): Promise<{ bytes: number; capabilities: string[]; seconds: number }>;
