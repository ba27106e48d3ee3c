import { useState, type FormEvent } from "react";
import { refusalOfKey } from "./graph-fetcher.ts";

interface HeaderProps {
  readonly apiKey: string | null;
  readonly onKey: (apiKey: string | null) => void;
}

const KeyForm = ({ onKey }: Pick<HeaderProps, "onKey">) => {
  const [typed, setTyped] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const apiKey = typed.trim();
    if (apiKey === "") return;
    setBusy(true);
    const refused = await refusalOfKey(apiKey);
    setBusy(false);
    setRefusal(refused);
    if (refused === null) onKey(apiKey);
  };
  return (
    <form className="key" onSubmit={(event) => void submit(event)}>
      {refusal !== null && (
        <span className="refusal" role="alert">
          {refusal}
        </span>
      )}
      <input
        type="password"
        name="api-key"
        aria-label="API key"
        placeholder="API key"
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <button type="submit" disabled={busy}>
        {busy ? "Checking…" : "Use key"}
      </button>
    </form>
  );
};

const KeyInUse = ({ apiKey, onKey }: { readonly apiKey: string; readonly onKey: HeaderProps["onKey"] }) => (
  <div className="key">
    <span className="in-use" title="Kept in this tab only">
      {apiKey.slice(0, 12)}…
    </span>
    <button type="button" onClick={() => onKey(null)}>
      Forget key
    </button>
  </div>
);

/** Name, links and the key of this tab. */
export const Header = ({ apiKey, onKey }: HeaderProps) => (
  <header className="top">
    <a className="brand" href="/">
      <img src={"/graphiql/tessera.svg"} alt="" width="22" height="22" />
      Tessera
    </a>
    <nav>
      <a href="/docs">REST reference</a>
      <a href="/readyz">Health</a>
    </nav>
    {apiKey === null ? <KeyForm onKey={onKey} /> : <KeyInUse apiKey={apiKey} onKey={onKey} />}
  </header>
);
