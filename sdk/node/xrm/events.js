// What has happened, and what is due.
import { decode, instant } from "./values.js";

export function eventFromWire(e) {
  const changes = e.changes.map(({ path, from, to }) => ({ path, before: decode(from) ?? null, after: decode(to) ?? null }));
  return { ...e, at: instant(e.at), changes, payload: decode(e.payload), changed: (path) => changes.some((c) => c.path === path) };
}

// topicFits says whether "order.created" or "order.*" concerns what happened. The change of
// a party also concerns the topics of its roles.
export function topicFits(topic, event) {
  const [subject, action] = topic.split(".");
  const [of, what] = event.topic.split(".");
  return (subject === of || event.roles.includes(subject)) && ["*", what].includes(action);
}

// activity is a line of the timeline. An event that comes again replaces its own.
export function activity({ party, subject, summary, kind = "note", direction = "internal", at }, plugin, event) {
  return { party, subject, summary: summary || undefined, kind, direction, at: at ?? event.at, source: `${plugin}:${event.id}` };
}
