// The page behind the address of the API: GraphiQL, and a field for the key.
import { setNonce } from "get-nonce";
import { GraphiQL } from "graphiql";
import { StrictMode, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "./page.css";

// The key lives as long as the tab, and no longer.
const stored = "xrm-api-key";

const welcome = `# Write a query and press Ctrl+Enter; Ctrl+Space says what fits.
# The book on the left explains every field.

{
  __typename
}
`;

function fetcherFor(key) {
  return async (request) => {
    const response = await fetch(location.pathname, {
      method: "POST",
      headers: {
        Accept: "application/graphql-response+json",
        "Content-Type": "application/json",
        ...(key && { Authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(request),
    });
    return response.json();
  };
}

function Page() {
  const [key, setKey] = useState(sessionStorage.getItem(stored) ?? "");
  const [typed, setTyped] = useState(key);
  const fetcher = useMemo(() => fetcherFor(key), [key]);

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
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <button type="submit" disabled={typed.trim() === key}>
          Use it
        </button>
        <span role="status">{key ? "in use until this tab is closed" : "no answer without a key"}</span>
      </form>
      <main>
        {/* A new key starts anew: what may be seen depends on it. */}
        <GraphiQL
          key={key}
          fetcher={fetcher}
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
