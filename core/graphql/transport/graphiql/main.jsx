// The page behind the address of the API: GraphiQL, and a field for the key.
import { setNonce } from "get-nonce";
import { GraphiQL } from "graphiql";
import { StrictMode, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { fetcherFor } from "./fetcher.js";
import "graphiql/style.css";
import "./page.css";

// The key lives as long as the tab, and no longer.
const stored = "xrm-api-key";

const welcome = `# Ctrl+Enter runs the query, Ctrl+Space says what
# fits; the book on the left explains every field.

{
  customers(
    filter: {country: {eq: "DE"}}
    orderBy: [{displayName: ASC}]
    first: 1
  ) {
    totalCount
    nodes {
      number
      displayName
      phone { e164 }
      orders(
        first: 1, orderBy: [{placedOn: DESC}]
      ) {
        totalCount
        nodes { lines { product { name } } }
      }
    }
  }
}
`;

function Page() {
  const [key, setKey] = useState(sessionStorage.getItem(stored) ?? "");
  const [typed, setTyped] = useState(key);
  // An answer that comes late is about the key that it was asked with.
  const [verdict, setVerdict] = useState({ key, fault: "" });
  const fetcher = useMemo(() => fetcherFor(key, (fault) => setVerdict({ key, fault })), [key]);
  const fault = key && verdict.key === key ? verdict.fault : "";

  const use = (event) => {
    event.preventDefault();
    const given = typed.trim();
    if (given) sessionStorage.setItem(stored, given);
    else sessionStorage.removeItem(stored);
    setKey(given);
  };

  return (
    <>
      <form className="key" onSubmit={use}>
        <strong>xrm</strong>
        <label htmlFor="key">API key</label>
        <input
          id="key"
          type="password"
          autoComplete="off"
          spellCheck="false"
          placeholder="the content of admin.key, or a key of your own"
          aria-invalid={fault !== ""}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <button type="submit" disabled={typed.trim() === key}>
          Use it
        </button>
        <span role="status" className={fault && "fault"}>
          {fault || (key ? "in use until this tab is closed" : "no answer without a key")}
        </span>
      </form>
      <main>
        {/* A new key starts anew: what may be seen depends on it. Without one
            there is no schema to ask for. */}
        <GraphiQL
          key={key}
          fetcher={fetcher}
          schema={key ? undefined : null}
          defaultQuery={welcome}
          isHeadersEditorEnabled={false}
          showPersistHeadersSettings={false}
        />
      </main>
    </>
  );
}

const root = document.getElementById("root");
// GraphiQL's dialogs add a style element; the nonce is how the policy knows it.
setNonce(root.dataset.nonce);
createRoot(root).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
