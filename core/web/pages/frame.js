// Hands the page of a plugin that is framed here a token, whenever it asks. The answer
// goes through the port that came with the question, so that nobody but the document
// that has asked can get it.
addEventListener("message", async (event) => {
  const frame = document.querySelector("iframe");
  if (event.source !== frame?.contentWindow) return;
  const origin = frame.sandbox.contains("allow-same-origin") ? new URL(frame.src).origin : "null";
  if (event.origin !== origin || event.data?.xrm !== "token" || event.ports.length !== 1) return;
  const [port] = event.ports;
  try {
    const answer = await fetch(frame.dataset.token, { method: "POST" });
    if (answer.status === 401) return location.reload(); // to sign in again
    if (!answer.ok) return port.postMessage({ error: await answer.text() });
    port.postMessage({ ...(await answer.json()), api: new URL("/graphql", location.href).href });
  } catch {
    port.postMessage({ error: "The server cannot be reached. Try again in a moment." });
  }
});
