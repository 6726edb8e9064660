// How GraphiQL asks the API: by POST, with the key, and answered with JSON or,
// to a subscription, with server-sent events.

// judge hears why a request got no answer, or "" when it got one.
export function fetcherFor(key, judge) {
  return async (request) => {
    const stop = new AbortController();
    try {
      const response = await fetch(location.pathname, {
        method: "POST",
        headers: {
          Accept: "application/graphql-response+json, text/event-stream",
          "Content-Type": "application/json",
          ...(key && { Authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(request),
        signal: stop.signal,
      });
      if (response.headers.get("Content-Type") === "text/event-stream") {
        judge("");
        return subscription(response, stop);
      }
      const answer = await response.json();
      const refusal = answer.errors?.find((error) => error.extensions?.code === "UNAUTHENTICATED");
      judge(refusal?.message ?? "");
      return answer;
    } catch (error) {
      judge(`no answer: ${error.message}`);
      throw error;
    }
  };
}

// subscription gives the results until it is stopped. A generator alone would
// not stop before the next result.
function subscription(response, stop) {
  const results = resultsOf(response, stop.signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => results.next(),
    return: () => {
      stop.abort();
      return results.return();
    },
  };
}

async function* resultsOf(response, stopped) {
  let text = "";
  try {
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      const events = (text + part).split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = event.match(/^event: next\ndata: (.*)$/)?.[1];
        if (data) yield JSON.parse(data);
      }
    }
  } catch (error) {
    if (!stopped.aborted) throw error;
  }
}
