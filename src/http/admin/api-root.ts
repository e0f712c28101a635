/** Where the API's routes begin; a version that breaks callers will begin elsewhere. */
export const API_ROOT = "/api/v1";
