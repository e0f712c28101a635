/** Files imported with `with { type: "text" }`. */
declare module "*.sql" {
  const text: string;
  export default text;
}

declare module "*.worker.txt" {
  const text: string;
  export default text;
}
