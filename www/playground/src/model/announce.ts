/** Tells screen readers what changed, at most once a second. */
import { effect } from "@preact/signals";
import { hero } from "./hero";
import { announcement } from "./panels";

const PAUSE_MS = 1_000;

export function announceChanges(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return effect(() => {
    const title = hero.value?.title;
    if (!title || title === announcement.peek()) return;
    clearTimeout(timer);
    timer = setTimeout(() => { announcement.value = title; }, PAUSE_MS);
  });
}
