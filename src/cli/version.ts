/** The version that was built. */
import packageJson from "../../package.json" with { type: "json" };

export const VERSION: string = packageJson.version;
