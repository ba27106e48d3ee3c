import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";
import { connectGraph } from "./graph-fetcher.ts";
import { Header } from "./header.tsx";
import { readSessionKey, writeSessionKey } from "./session-key.ts";
import { openingTabs } from "./tabs.ts";

const Explorer = ({ apiKey }: { readonly apiKey: string }) => {
  const graph = useMemo(() => connectGraph(apiKey), [apiKey]);
  useEffect(() => graph.close, [graph]);
  const tabs = useMemo(() => openingTabs(Date.now()), []);
  return (
    <GraphiQL
      fetcher={graph.fetcher}
      defaultTabs={tabs}
      defaultEditorToolsVisibility={false}
      isHeadersEditorEnabled={false}
      showPersistHeadersSettings={false}
      shouldPersistHeaders={false}
    >
      <GraphiQL.Logo> </GraphiQL.Logo>
    </GraphiQL>
  );
};

const Welcome = () => (
  <main className="welcome">
    <h1>Ask the graph</h1>
    <p>
      Paste an API key above to explore the schema, run queries and follow live subscriptions. <code>npm start</code>{" "}
      prints one for the demo tenant; it is also in <code>.tessera/demo.json</code>.
    </p>
    <p className="quiet">The key stays in this browser tab and is sent in the Authorization header alone.</p>
  </main>
);

/** The whole page: a header with the key, and GraphiQL once there is one. */
export const Console = () => {
  const [apiKey, setApiKey] = useState(readSessionKey);
  const useKey = (next: string | null): void => {
    writeSessionKey(next);
    setApiKey(next);
  };
  return (
    <div className="page">
      <Header apiKey={apiKey} onKey={useKey} />
      {apiKey === null ? <Welcome /> : <Explorer key={apiKey} apiKey={apiKey} />}
    </div>
  );
};
