// MLflow's client prints …/#/experiments/ID/runs/ID; what it means is a page of ours.
"use strict";

function follow() {
  const place = /^#\/experiments\/([^/?]+)(?:\/runs\/([^/?]+))?/.exec(location.hash);
  if (place === null) return;
  const page = place[2] ? `runs/${place[2]}` : `experiments/${place[1]}`;
  location.replace(`${location.pathname.replace(/\/*$/, "")}/explorer/${page}`);
}

addEventListener("hashchange", follow);
follow();
