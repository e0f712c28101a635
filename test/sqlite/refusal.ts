/** What a call was refused with, as a value. */
import { AppError } from "../../src/core/app-error.ts";

/** @throws TypeError when it was not refused */
export async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new TypeError("it was not refused");
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  const refusal = await refusalOf(work);
  return refusal.code;
}
