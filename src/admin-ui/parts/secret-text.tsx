/** A secret that is shown once, with a way to copy it. */
import { useState } from "preact/hooks";
import { Button } from "./button.tsx";

export function SecretText({ text }: { readonly text: string }) {
  const [hasCopied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <div class="secret">
      <code>{text}</code>
      <Button icon={hasCopied ? "check" : "copy"} onClick={copy}>
        {hasCopied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
