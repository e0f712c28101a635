/** Opens a seed installation's Redis by its address. */
import type { SeedSource } from "../../core/revocation/seed-source.ts";
import { parseRedisAddress } from "../../redis/address.ts";
import type { RedisSecrets } from "../../redis/clients.ts";

/**
 * @param prefix what stands before `jwt-rules:` in its keys; undefined: as the seed has it
 * @throws AppError usage (the address), unavailable
 */
export async function openSeed(
  address: string,
  secrets: RedisSecrets,
  prefix: string | undefined,
): Promise<SeedSource> {
  const parsed = parseRedisAddress(address);
  // Taken in when it is needed: a server and the other commands need not carry a Redis client.
  const { openSeedRedis } = await import("../../redis/seed-redis.ts");
  return openSeedRedis(parsed, secrets, prefix);
}
