// What a page of a plugin asks xrm with: await xrm.ask("query { openTickets { id } }").
// It stands for who looks at the page, on the operations of the plugin alone.
globalThis.xrm = (() => {
  let held = null; // the promise of a token
  const early = 30_000; // before a token expires, another one is asked for

  // Only a page of xrm can frame this one, and nothing that is secret is in the question.
  const fresh = () =>
    new Promise((resolve, reject) => {
      if (parent === window) return reject(new Error("Open this page in xrm, below /pages: it is shown in a frame there."));
      const { port1, port2 } = new MessageChannel();
      const late = setTimeout(() => reject(new Error("xrm has given this page no token.")), 10_000);
      port1.onmessage = ({ data }) => {
        clearTimeout(late);
        port1.close();
        if (data.error) return reject(new Error(data.error));
        resolve({ ...data, until: Date.now() + data.seconds * 1000 - early });
      };
      parent.postMessage({ xrm: "token" }, "*", [port2]);
    });

  const token = async (refused) => {
    const now = await held?.catch(() => null);
    if (now && now.token !== refused && Date.now() < now.until) return now;
    held = fresh();
    return held;
  };

  const send = ({ api, token }, body) =>
    fetch(api, {
      method: "POST", credentials: "omit", body,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", Accept: "application/graphql-response+json" },
    });

  // ask returns the data of the answer. Where anything is wrong it throws an Error, whose
  // errors are those of the answer.
  const ask = async (query, variables = {}) => {
    const body = JSON.stringify({ query, variables });
    let given = await token();
    let answer = await send(given, body);
    if (answer.status === 401) {
      given = await token(given.token);
      answer = await send(given, body);
    }
    const { data, errors } = await answer.json();
    if (errors) throw Object.assign(new Error(errors[0].message), { data, errors });
    return data;
  };

  return { ask };
})();
