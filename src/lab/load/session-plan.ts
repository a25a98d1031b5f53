/** The order of requests in one client session, worked out once from the mix. Pure. */
import type { Scenario } from '../../run.ts';
import { Action } from '../../wire/bep15.ts';

/** Announces that each hash needs at least in a session: started, completed or none, stopped. */
const LEAST_VISITS = 3;

/**
 * One session, step by step. The mix is kept exactly: a session is the mix once, or as many times as it takes for
 * each hash to be announced three times.
 */
export interface SessionPlan {
  readonly steps: number;
  readonly hashesPerWorker: number;
  /** BEP 15 action of each step. */
  readonly action: Uint8Array;
  /** Which of the worker's hashes an announce step is for. */
  readonly hash: Uint16Array;
  /** How many announces of that hash stand before it in the session. */
  readonly visit: Uint32Array;
  /** 1 where it is the session's last announce of that hash. */
  readonly lastVisit: Uint8Array;
  /** The visit at which a leecher has the whole file. */
  readonly completeVisit: number;
}

/** @param mix - requests of each kind in one round; `connect` may be 0 */
export function planSession(mix: Scenario['mix'], hashesPerWorker: number): SessionPlan {
  const rounds = Math.max(1, Math.ceil((LEAST_VISITS * hashesPerWorker) / mix.announce));
  const perRound = mix.connect + mix.announce + mix.scrape;
  const steps = rounds * perRound;
  const announces = rounds * mix.announce;
  const plan = {
    steps,
    hashesPerWorker,
    action: new Uint8Array(steps),
    hash: new Uint16Array(steps),
    visit: new Uint32Array(steps),
    lastVisit: new Uint8Array(steps),
    completeVisit: Math.max(1, Math.floor(announces / hashesPerWorker / 2)),
  };
  let announced = 0;
  for (let step = 0; step < steps; step++) {
    const action = actionAt(step % perRound, mix);
    plan.action[step] = action;
    if (action !== Action.announce) continue;
    plan.hash[step] = announced % hashesPerWorker;
    plan.visit[step] = Math.floor(announced / hashesPerWorker);
    plan.lastVisit[step] = announced >= announces - hashesPerWorker ? 1 : 0;
    announced++;
  }
  return plan;
}

/** Connects come first in their share of the round; scrapes stand evenly between the announces. */
function actionAt(place: number, mix: Scenario['mix']): number {
  const perRound = mix.connect + mix.announce + mix.scrape;
  const connectsBefore = Math.ceil((place * mix.connect) / perRound);
  if (Math.ceil(((place + 1) * mix.connect) / perRound) > connectsBefore) return Action.connect;
  const others = mix.announce + mix.scrape;
  const placeAmongOthers = place - connectsBefore;
  const scrapesBefore = Math.floor((placeAmongOthers * mix.scrape) / others);
  return Math.floor(((placeAmongOthers + 1) * mix.scrape) / others) > scrapesBefore
    ? Action.scrape
    : Action.announce;
}
