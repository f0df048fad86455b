// Starts GraphiQL on the address of this page, with one tab for each worked example.
"use strict";

// An example is an operation below a line "# variables: {…}"; the text above it explains it.
function tabsOf(text) {
  return text
    .split(/^# ----.*$/m)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const variables = /^# variables: (.*)$/m.exec(part);
      return {
        query: part.replace(/^# variables: .*\n/m, ""),
        variables: variables ? JSON.stringify(JSON.parse(variables[1]), null, 2) : "",
      };
    });
}

// Queries are POSTed to this address, subscriptions come over a socket to it.
function fetcher() {
  return GraphiQL.createFetcher({
    url: location.pathname,
    subscriptionUrl: location.origin.replace(/^http/, "ws") + location.pathname,
    enableIncrementalDelivery: false,
  });
}

async function start() {
  const examples = await fetch(location.pathname.replace(/graphql$/, "explorer/examples.graphql"));
  const graphiql = React.createElement(GraphiQL, {
    fetcher: fetcher(),
    defaultTabs: tabsOf(await examples.text()),
    defaultEditorToolsVisibility: "variables",
  });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(graphiql);
}

start();
