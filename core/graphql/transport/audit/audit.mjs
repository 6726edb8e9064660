// Prints the result of every audit of the GraphQL-over-HTTP specification
// against the address given, one JSON object a line.
import { auditServer } from "graphql-http";

const [url] = process.argv.slice(2);
for (const { id, name, status, reason } of await auditServer({ url })) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
